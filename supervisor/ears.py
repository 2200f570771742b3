"""What live workers' process trees listen on, on a slow timer of its own: no cycle and no restart waits for it.

While the machine's listening sockets and our workers are the same, a look is one small reading. Decides nothing: it
leaves the ports with what is known of the attempt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from board import listeners
from supervisor.census import Census, Tree
from supervisor.model import Alive
from supervisor.overview import Overview
from supervisor.sight import Known

EVERY = 5.0  # seconds
EVERY_UNHELPED = 60.0  # where the system doesn't say cheaply whether anything changed


class Ears:
    """`say` is called when what is known of somebody has changed."""

    def __init__(self, eyes: Overview, say: Callable[[], None]) -> None:
        self._eyes = eyes
        self._say = say
        self._census = Census()
        self._heard: tuple[frozenset[str], frozenset[str]] | None = None

    async def keep(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(await self.round())

    async def round(self) -> float:
        """Looks if anything may have changed; how long it may rest then."""
        watched = [
            kept.known
            for kept in self._eyes.kept.values()
            if isinstance(kept.verdict, Alive) and kept.known is not None and kept.known.process is not None
        ]
        if not watched:
            return EVERY
        sockets = await asyncio.to_thread(listeners.sockets)
        marks = frozenset(known.attempt.mark for known in watched)
        if sockets is not None and self._heard == (sockets, marks):
            return EVERY
        found = await asyncio.to_thread(self._listen, watched)
        if found is None:
            return EVERY
        self._heard = None if sockets is None else (sockets, marks)
        self._note(watched, found)
        return EVERY if sockets is not None else EVERY_UNHELPED

    def _listen(self, watched: list[Known]) -> dict[str, frozenset[int]] | None:
        trees = [Tree(known.attempt.mark, known.process) for known in watched if known.process is not None]
        taken = self._census.take(trees)
        if taken is None:
            return None
        return {mark: listeners.ports_of(pid for pid, _ in usage) for mark, usage in taken.items()}

    def _note(self, watched: list[Known], found: dict[str, frozenset[int]]) -> None:
        has_changed = False
        for known in watched:
            ports = found.get(known.attempt.mark)
            heard = None if ports is None else tuple(sorted(ports))
            has_changed = has_changed or heard != known.listening
            known.listening = heard
        if has_changed:
            self._say()
