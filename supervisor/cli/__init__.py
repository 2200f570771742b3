"""The `supervisor` command line: words in, an exit code out. The commands stand in the modules beside it.

It has the manners of `board`: the same options, exit codes and one-line failures, by the same code.
"""

from __future__ import annotations

from collections.abc import Sequence

from board.cli import serve
from supervisor.cli.table import SUPERVISOR


def main(words: Sequence[str] | None = None) -> int:
    """`board.cli.serve` for `supervisor`: garbage is collected here, for `run` goes on for days."""
    return serve(SUPERVISOR, words)
