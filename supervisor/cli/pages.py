"""The words of the overview that `supervisor --help` shows. Its shape is `board`'s."""

from __future__ import annotations

from typing import Final

from board.cli.pages import Words, page
from supervisor.cli.table import SUPERVISOR

_WORDS: Final = Words(
    about=(
        "Keeps a board's workers in tmux: starts what is ready, sees every death, restarts only what the record allows."
    ),
    quiet="say less",
    exits="""\
  0 done; 1 our fault; 2 usage; 3 the board file is missing, broken or invalid; 4 no such task; 5 refused;
  75 busy, try again
""",
    example="supervisor doctor && supervisor start && supervisor status --watch",
)


def overview() -> str:
    return page(SUPERVISOR, _WORDS)
