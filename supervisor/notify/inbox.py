"""One look at the inbox by the supervisor: what needs somebody, and what of it is queued now. It sends nothing.

It has a board of its own: it may run in a thread beside the loop, though only in one at a time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from typing import NamedTuple

from board.engine import Engine
from board.errors import BoardError, InvalidBoard
from board.inbox import snoozes
from board.inbox.finding import items, scene_of
from board.inbox.item import Item
from board.inbox.scene import last_good, status_of
from board.journal.redact import Redactor
from board.model import Board
from board.store import FileStore
from supervisor.notify.queue import Queue
from supervisor.notify.telling import Telling


class Looked(NamedTuple):
    """`items` are all that need somebody and aren't put off; `again_at` is when something that waits may go."""

    items: tuple[Item, ...]
    again_at: float | None
    has_due: bool
    dropped: int


class Silent:
    def append(self, event: object, at: float) -> None:
        """Who only looks writes no journal."""


class Inbox:
    def __init__(self, path: str, profiles: Collection[str], top_of: Callable[[str], str]) -> None:
        self._store = FileStore(path)
        self._engine = Engine(self._store, Silent(), profiles=profiles)
        self._profiles = frozenset(profiles)
        self._top_of = top_of
        self._queue = Queue(self._store.side)
        self._good: Board | None = None

    def look(self, redactor: Redactor, now: float) -> Looked:
        """Queues what is to be told. Raises OSError where that can't be written: then it is told later."""
        board, problems = self._board()
        scene = scene_of(self._store, board, problems, now, self._top_of)
        found = items(scene._replace(runs=True))
        known = snoozes.read(self._store.side)
        awake = tuple(item for item in found if not snoozes.is_put_off(known, item, now))
        again_at = None
        if board is not None and board.settings.notify:
            again_at = Telling(self._store, self._queue, board, redactor, now).tell(awake)
        dropped = self._queue.make_room()
        due = [entry.due_at for entry in self._queue.entries()]
        soonest = min((at for at in (*due, again_at) if at is not None and at > now), default=None)
        return Looked(awake, soonest, any(at <= now for at in due), dropped)

    def has_our_status(self) -> bool:
        """Is the status ours, and not what a dead supervisor saw last?"""
        writer = status_of(self._store.side).get("supervisor")
        return isinstance(writer, dict) and writer.get("pid") == os.getpid()

    def _board(self) -> tuple[Board | None, tuple[str, ...]]:
        """The board or the last good one, and what is wrong with the file."""
        try:
            self._good = self._engine.read().board
        except InvalidBoard as error:
            if self._good is None:
                self._good = last_good(self._store, self._profiles)
            listed = tuple(problem.at(self._store.path) for problem in error.problems)
            return self._good, listed or (str(error),)
        except BoardError:
            return self._good, ()
        return self._good, ()
