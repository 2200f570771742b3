"""What live workers' process trees listen on, on a slow timer of its own: no cycle and no restart waits for it.

While the machine's listening sockets and our workers are the same, a look is one small reading; it is taken often only
while a worker is new and its servers start. Decides nothing: it leaves the ports with what is known of the attempt.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from board import listeners
from supervisor.census import Census, Tree
from supervisor.model import Alive
from supervisor.overview import Overview
from supervisor.sight import Known

TICK = 1.0  # seconds until a new worker is noticed, and between two looks while one is new
NEW_FOR = 10.0  # seconds
EVERY = 30.0  # seconds between two looks otherwise
EVERY_UNHELPED = 60.0  # the same where the system doesn't say cheaply whether anything changed


class Ears:
    """`say` is called when what is known of somebody has changed."""

    def __init__(self, eyes: Overview, say: Callable[[], None]) -> None:
        self._eyes = eyes
        self._say = say
        self._census = Census()
        self._sockets: Mapping[str, int] | None = {}
        self._marks: frozenset[str] = frozenset()
        self._new_until = self._due = 0.0

    async def keep(self) -> None:
        """Until it is cancelled."""
        while True:
            await self.round(time.monotonic())
            await asyncio.sleep(TICK)

    async def round(self, now: float) -> None:
        """Looks, if anything may have changed at `now`."""
        watched = self._watched()
        marks = frozenset(known.attempt.mark for known in watched)
        if marks - self._marks:
            self._new_until = now + NEW_FOR
        is_same, self._marks = marks <= self._marks, marks
        if not watched or (is_same and now < self._due and now >= self._new_until):
            return
        sockets = await asyncio.to_thread(listeners.sockets)
        self._due = now + (EVERY_UNHELPED if sockets is None else EVERY)
        if is_same and sockets is not None and sockets == self._sockets:
            return
        found = await asyncio.to_thread(self._listen, watched, sockets)
        self._sockets = None if found is None else sockets
        if found is not None:
            self._note(watched, found)

    def _watched(self) -> list[Known]:
        return [
            kept.known
            for kept in self._eyes.kept.values()
            if isinstance(kept.verdict, Alive) and kept.known is not None and kept.known.process is not None
        ]

    def _listen(self, watched: list[Known], sockets: Mapping[str, int] | None) -> dict[str, frozenset[int]] | None:
        trees = [Tree(known.attempt.mark, known.process) for known in watched if known.process is not None]
        taken = self._census.take(trees)
        if taken is None:
            return None
        return {mark: listeners.ports_of((pid for pid, _ in usage), sockets) for mark, usage in taken.items()}

    def _note(self, watched: list[Known], found: dict[str, frozenset[int]]) -> None:
        has_changed = False
        for known in watched:
            ports = found.get(known.attempt.mark)
            heard = None if ports is None else tuple(sorted(ports))
            has_changed = has_changed or heard != known.listening
            known.listening = heard
        if has_changed:
            self._say()
