"""The `supervisor` command line: words in, an exit code out. The commands stand in the modules beside it.

It has the manners of `board`: the same options, exit codes and one-line failures, by the same code. An agent's hook
goes another way, before anything is imported that it doesn't use.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


def run() -> NoReturn:
    """`main` as a program."""
    if sys.argv[1:2] == ["hook"]:
        from supervisor.hooks import call

        call.run(sys.argv[2:])
    from board.cli import guard, hooks

    guard("supervisor")
    hooks.guard_threads("supervisor")
    sys.exit(main())


def main(words: Sequence[str] | None = None) -> int:
    """`board.cli.serve` for `supervisor`: garbage is collected here, for `run` goes on for days."""
    from board.cli import serve
    from supervisor.cli.table import SUPERVISOR

    return serve(SUPERVISOR, words)
