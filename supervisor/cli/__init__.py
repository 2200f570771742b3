"""The `supervisor` command line: words in, an exit code out. The commands stand in the modules beside it.

It has the manners of `board`: the same options, exit codes and one-line failures, by the same code.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from board.cli import guard, serve
from supervisor.cli.table import SUPERVISOR


def run() -> NoReturn:
    """`main` as a program."""
    from board.cli import hooks

    guard("supervisor")
    hooks.guard_threads("supervisor")
    sys.exit(main())


def main(words: Sequence[str] | None = None) -> int:
    """`board.cli.serve` for `supervisor`: garbage is collected here, for `run` goes on for days."""
    return serve(SUPERVISOR, words)
