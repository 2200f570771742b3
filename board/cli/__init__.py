"""A command line: words in, an exit code out. What the commands of `board` do stands in the modules beside this one.

`supervisor` is served by the same door. Only what every command needs is imported up here; each command imports the
rest when it runs.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from board.cli import parser
from board.cli.parser import BOARD, Program
from board.errors import BoardError


def run() -> NoReturn:
    """`main` as a program. It ends with the command: Python's own way out takes every module apart first, which costs a
    claim an eighth of its time, and what was written has been flushed."""
    guard("board")
    code = main()
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(code)


def guard(name: str) -> None:
    """From now on whatever escapes every handler of this process, or can't be raised, is one redacted line."""

    def tell(error: BaseException | None) -> None:
        from board.cli import hooks

        hooks.tell(name, error)

    sys.excepthook = lambda _, error, __: tell(error)
    sys.unraisablehook = lambda seen: tell(seen.exc_value)


def main(words: Sequence[str] | None = None) -> int:
    """`serve` for `board`."""
    was_collecting = gc.isenabled()
    gc.disable()  # a command ends before its garbage matters; looking for it takes 40 % of the time at 10,000 tasks
    try:
        return serve(BOARD, words)
    finally:
        if was_collecting:
            gc.enable()


def serve(program: Program, words: Sequence[str] | None) -> int:
    """Runs one command and returns its exit code; it raises nothing but SystemExit, and that only for `--help`.

    Without `words` they are those that this process was started with.
    """
    if "_ARGCOMPLETE" in os.environ:
        from board.cli.completion import answer

        answer(program)
    words = list(sys.argv[1:] if words is None else words)
    _mend_streams()
    try:
        code = _run(program, words)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = _mute()
    except Exception as error:  # noqa: BLE001 - the last line of defence says it in one line
        code = _tell(program, error, words)
    return code


def _run(program: Program, words: list[str]) -> int:
    before, name, after = parser.split(words)
    if name is None:
        return _alone(program, before)
    from board.cli.context import Context

    command = parser.command_named(program, name)
    args = parser.parse(program, command, [*before, *after])
    return parser.handler(program, command)(Context(args, os.environ, os.getcwd)) or 0


def _alone(program: Program, words: list[str]) -> int:
    """The program without a command."""
    if "--version" in words:
        from importlib.metadata import PackageNotFoundError, version

        try:
            sys.stdout.write(f"{program.name} {version('crewboard')}\n")
        except PackageNotFoundError:
            sys.stdout.write(f"{program.name}, from a folder that isn't installed\n")
        return 0
    parser.check_alone(program, words)
    from importlib import import_module

    sys.stdout.write(import_module(f"{program.package}.pages").overview())
    return 0


def _tell(program: Program, error: Exception, words: list[str]) -> int:
    """A failure in its one line. Python's own trace-back only where somebody asked for it."""
    from board.cli import failure

    try:
        if os.environ.get("BOARD_DEBUG") and not isinstance(error, BoardError):
            from board.cli import hooks

            hooks.trace(error)
        if isinstance(error, OSError) and error.filename is None:
            _mute()  # it may well be our own output that can't be written
        return failure.tell(failure.understood(error), program.name, as_json="--json" in words)
    except OSError:
        _mute()
        return failure.understood(error).exit_code


def _mend_streams() -> None:
    """A closed output is a silent one, and no name in a foreign encoding may end a command."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # Before anything else is opened, or a board's file would get this number.
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _mute() -> int:
    """Nobody reads our output any more: what is still buffered must not fail once again while Python ends."""
    try:
        number = os.open(os.devnull, os.O_WRONLY)
        os.dup2(number, sys.stdout.fileno())
        os.close(number)
    except (OSError, ValueError):
        pass
    return 0
