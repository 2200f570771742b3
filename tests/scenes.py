"""Scenes for the inbox: a board of plain records, a status and journal lines as they are on disk, and a fixed now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from board.inbox.finding import items
from board.inbox.item import Item
from board.inbox.scene import Place, Scene
from board.instants import format_instant
from board.journal.events import instant
from tests.boards import HOLDER, NOW, board

Record = Mapping[str, Any]


def scene(
    *tasks: Record,
    status: Record | None = None,
    runs: bool | None = True,
    records: Sequence[Record] = (),
    problems: tuple[str, ...] = (),
    now: float = NOW,
) -> Scene:
    view = {"at": format_instant(NOW), "session": "crew", "supervisor": {"by": HOLDER}, **(status or {})}
    return Scene(
        "/b/tasks.yaml", board(*tasks), problems, view, runs, records, lambda _: Place("/b", None), "here", now
    )


def found(*tasks: Record, **more: Any) -> dict[str, Item]:
    return {item.key: item for item in items(scene(*tasks, **more))}


def line(event: str, task: str | None = None, before: float = 60.0, **fields: Any) -> dict[str, Any]:
    """A journal line of so many seconds ago."""
    about = {} if task is None else {"task": task}
    return {"ts": instant(NOW - before), "level": "warn", "event": event, **about, **fields}
