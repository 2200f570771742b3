"""`board status --watch`: the page again and again. It looks at nothing itself.

On a terminal the page is redrawn; piped, each one that says something else is told.
"""

from __future__ import annotations

import gc
import sys
import time
from typing import Any, Final

from board.cli import standing
from board.cli.context import Context

_EVERY: Final = 2.0  # seconds: a look starts a git process for each tree


def again_and_again(ctx: Context) -> None:
    """Until it is interrupted."""
    gc.enable()  # unlike other commands this one stays
    try:
        if ctx.args.json or not sys.stdout.isatty():
            _print_each(ctx)
        else:
            _redraw(ctx)
    except KeyboardInterrupt:
        sys.stdout.write("\n" if sys.stdout.isatty() else "")


def _print_each(ctx: Context) -> None:
    before: Any = None
    while True:
        seen = standing.look(ctx)
        news = _news(standing.record(seen))
        if news != before:
            sys.stdout.write("\n" if before is not None else "")
            standing.show(ctx, seen)
            sys.stdout.flush()
            before = news
        time.sleep(_EVERY)


def _news(record: dict[str, Any]) -> dict[str, Any]:
    """Without what only grows older."""
    tasks = [{**each, "checkpoint_age_s": None} for each in record["tasks"]]
    return {**record, "at": None, "tasks": tasks}


def _redraw(ctx: Context) -> None:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from board.cli.standing_page import page

    def drawn() -> Text:
        return Text.from_ansi(page(standing.look(ctx), ctx.env))

    with Live(drawn(), console=Console(highlight=False), auto_refresh=False) as live:
        while True:
            time.sleep(_EVERY)
            live.update(drawn(), refresh=True)
