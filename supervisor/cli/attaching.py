"""`supervisor attach`: to the worker of a task, or to the next one that needs somebody."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from board.cli.context import Context
from board.cli.inbox import Shown, look, seen_record
from board.errors import NotFound, UsageError
from board.inbox.item import Item
from board.render import clean
from supervisor.cli.panes import Home, Window, asked_windows, home


def attach(ctx: Context) -> None:
    """On a terminal it doesn't return: this process becomes tmux. Elsewhere only `--next` has something to say."""
    if ctx.args.next:
        return _attach_next(ctx)
    if not _is_terminal():
        raise UsageError("attach needs a terminal", "supervisor logs ID shows what a worker printed")
    if ctx.args.id:
        ctx.task()
    at = home(ctx)
    _become_tmux(at, _window_id(at, ctx.args.id))
    return None


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _become_tmux(at: Home, window: str | None) -> None:
    argv = at.tmux.attach_argv(at.session, window)
    sys.stdout.flush()
    os.execvp(argv[0], argv)  # noqa: S606 - no shell is wanted


# --- the next one that needs somebody


def _attach_next(ctx: Context) -> None:
    """Says which it is, and why, before it goes there."""
    if ctx.args.id:
        raise UsageError("a task, or --next", "leave out the one or the other")
    seen = look(ctx)
    if not seen.items:
        raise NotFound(
            "nobody needs you", f"{seen.hidden} put off: board inbox --all" if seen.hidden else "board inbox"
        )
    at = home(ctx)
    item, window = _next(seen, asked_windows(at) or [])
    record = seen_record(ctx, item)
    if ctx.args.json:
        return ctx.emit({**record, "origin": {**record["origin"], "window": window.id, "pane": window.pane}})
    if ctx.args.quiet:
        return ctx.write(f"{item.origin.task}\n")
    more = len(seen.items) - 1
    others = f"; {more} more in board inbox" if more else ""
    ctx.say(clean(f"{record['key']}: {record['question']}{others}"))
    return _become_tmux(at, window.id) if _is_terminal() else None


def _next(seen: Shown, found: Sequence[Window]) -> tuple[Item, Window]:
    """The first item whose task still has a window; a dead worker's shows how it ended. Raises NotFound."""
    by_task = {window.name: window for window in found}
    for item in seen.items:
        window = by_task.get(item.origin.task or "")
        if window is not None:
            return item, window
    count = "1 item has" if len(seen.items) == 1 else f"{len(seen.items)} items have"
    raise NotFound(f"nobody needs you in a window: {count} none", "board inbox")


def _window_id(at: Home, task_id: str | None) -> str | None:
    found = asked_windows(at)
    if found is None:
        raise NotFound(f"there is no tmux session {at.session}", "supervisor start makes it")
    if task_id is None:
        return None
    mine = [window for window in found if window.name == task_id]
    if not mine:
        raise NotFound(f"{task_id} has no window yet", f"supervisor why {task_id}")
    return mine[0].id
