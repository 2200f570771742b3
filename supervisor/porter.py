"""A task's ports, ready before it is started: what `board.granting` does, beside the loop. Decides nothing.

A task that has all of its ports, reserved and free, pays for a few looks. Everything else is done in a thread with an
engine of its own, because it may wait for other processes; what there is to tell is told by us.
"""

from __future__ import annotations

import asyncio
import os

from board.engine import Engine
from board.granting import Clerk, Granted, is_settled
from board.journal.events import Event
from board.model import Task
from board.ports import wanted
from board.reservations import Reservations, folder_of
from board.store import FileStore
from supervisor.profiles import Profiles
from supervisor.tools import Tools


class _Kept:
    """A journal for a thread: its events wait for who may write them."""

    def __init__(self) -> None:
        self.events: list[tuple[Event, float]] = []

    def append(self, event: Event, at: float) -> None:
        self.events.append((event, at))


class Porter:
    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._reservations = Reservations(folder_of(os.environ))
        self._trouble: str | None = None

    async def ready(self, task: Task) -> Task:
        """The task as it stands once it has all of its ports. Raises RefusedError, and what the engine raises."""
        if not wanted(task) or is_settled(task, self._tools.engine.store.real, self._reservations):
            return task
        kept = _Kept()
        try:
            granted = await asyncio.to_thread(self._grant, task, kept)
        finally:
            for event, at in kept.events:
                self._tools.engine.sink.append(event, at)
        self._tell(granted.trouble)
        return granted.task

    def _grant(self, task: Task, kept: _Kept) -> Granted:
        store = self._tools.engine.store
        engine = Engine(FileStore(store.path), kept, self._tools.engine.clock, _names(store.side))
        return Clerk(engine, self._reservations, _names).grant(task.id, self._tools.ledger.actor(task), moves=True)

    def _tell(self, trouble: str | None) -> None:
        """Once, until it is over."""
        if trouble is not None and trouble != self._trouble:
            self._tools.tell("reservation_failed", None, problem=trouble)
        self._trouble = trouble


def _names(side: str) -> frozenset[str]:
    return frozenset(Profiles(side).names())
