"""The `supervisor` command line: words in, an exit code out. The commands stand in the modules beside it.

It has the manners of `board`: the same options, exit codes and one-line failures.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from board.cli import _mend_streams as mend_streams
from board.cli import _mute as mute
from board.errors import BoardError
from supervisor.cli import parser


def main(words: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; it raises nothing but SystemExit, and that only for `--help`."""
    if "_ARGCOMPLETE" in os.environ:
        from supervisor.cli.completion import answer

        answer()
    words = list(sys.argv[1:] if words is None else words)
    mend_streams()
    try:
        code = _run(words)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = mute()
    except Exception as error:  # noqa: BLE001 - the last line of defence says it in one line
        code = _tell(error, as_json="--json" in words)
    return code


def _run(words: list[str]) -> int:
    before, name, after = parser.split(words)
    if name is None:
        return _alone(before)
    from board.cli.context import Context

    command = parser.command_named(name)
    args = parser.parse(command, [*before, *after])
    return parser.handler(command)(Context(args, os.environ, os.getcwd)) or 0


def _alone(words: list[str]) -> int:
    """`supervisor` without a command."""
    if "--version" in words:
        from importlib.metadata import PackageNotFoundError, version

        try:
            sys.stdout.write(f"supervisor {version('crewboard')}\n")
        except PackageNotFoundError:
            sys.stdout.write("supervisor, from a folder that isn't installed\n")
        return 0
    parser.check_alone(words)
    from supervisor.cli.pages import overview

    sys.stdout.write(overview())
    return 0


def _tell(error: Exception, *, as_json: bool) -> int:
    """A failure in its one line. Python's own trace-back only where somebody asked for it."""
    from board.cli import failure

    if os.environ.get("BOARD_DEBUG") and not isinstance(error, BoardError):
        import traceback

        traceback.print_exception(error)
    told = failure.understood(error)
    try:
        if isinstance(error, OSError) and error.filename is None:
            mute()
        return _said(told, as_json=as_json)
    except OSError:
        mute()
        return told.exit_code


def _said(error: BoardError, *, as_json: bool) -> int:
    from board.cli import failure
    from board.render import clean

    lines = failure.lines(error)
    if not isinstance(error, failure.Misused | failure.InvalidFile):
        lines[0] = clean(f"supervisor: {error}")
    elif isinstance(error, failure.InvalidFile) and not error.problems:
        lines = [clean(f"supervisor: {error}")]
    sys.stdout.flush()
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    if as_json:
        import json

        sys.stdout.write(json.dumps({"error": failure.record(error)}, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return error.exit_code
