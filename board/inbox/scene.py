"""What the inbox is derived from, put together: the board, the supervisor's status, the journal's last day. It reads,
writes nothing, and decides nothing.

Where a task's tree lies may cost a call of git, so it is asked only for what needs somebody.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from board.errors import BoardError
from board.model import Board, Task
from board.store import FileStore

DAY: Final = 86400.0  # for so long what only the journal knows needs somebody


class Place(NamedTuple):
    """Where a task's work lies; `branch` is None where it has no tree of its own."""

    folder: str
    branch: str | None


class Scene(NamedTuple):
    """`board` is the last good one where `problems` say why the file can't be used, None where there is none at all.
    `runs` is None where nobody ever kept the board, or its keeper's machine is another one. `records` are the
    journal's, oldest first."""

    path: str
    board: Board | None
    problems: tuple[str, ...]
    status: Mapping[str, Any]
    runs: bool | None
    records: Sequence[Mapping[str, Any]]
    place: Callable[[Task], Place]
    host: str
    now: float

    def seen(self, task_id: str) -> Mapping[str, Any]:
        """What the supervisor last wrote of this task."""
        tasks = self.status.get("tasks")
        found = tasks.get(task_id) if isinstance(tasks, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def told(self, *events: str) -> list[Mapping[str, Any]]:
        return [record for record in self.records if record.get("event") in events]

    @property
    def writer(self) -> Mapping[str, Any]:
        """Who wrote the status."""
        found = self.status.get("supervisor")
        return found if isinstance(found, Mapping) else {}


def status_of(side: str) -> Mapping[str, Any]:
    """Empty where there is none, or one that can't be read."""
    import json

    try:
        with open(os.path.join(side, "status.json"), encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def last_good(store: FileStore, profiles: frozenset[str]) -> Board | None:
    """The newest version that was a board; None where none was kept."""
    from board.reading import decoded
    from board.views import Views

    try:
        raw = store.history.newest()
        return None if raw is None else Views(store.side, profiles).draft(decoded(raw)).board
    except BoardError:
        return None


def records_of(side: str, events: Sequence[str], now: float) -> list[dict[str, Any]]:
    from board.journal.read import find
    from board.journal.wanted import Wanted

    wanted = Wanted(events=events, since=now - DAY)
    return [found.record for found in find(os.path.join(side, "journal"), wanted)]


def places(board: Board | None, folder: str, top_of: Callable[[str], str] | None = None) -> Callable[[Task], Place]:
    """git is asked at most once for all tasks of one board."""
    known: list[str] = []

    def top(asked: str) -> str:
        if not known:
            from board import worktree

            known.append((top_of or worktree.main_top)(asked))
        return known[0]

    def place(task: Task) -> Place:
        from board.home import home_of

        home = None if board is None else home_of(board, task, folder, top)
        return Place(home or folder, task.id if home else None)

    return place
