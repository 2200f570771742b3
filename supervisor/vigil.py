"""Following what live workers do, on a slow timer of its own: neither a cycle nor a restart ever waits for it.

Only workers of steps with a `stall_after` are looked at, `LOOKS` times within it, and all that are due share one
listing of tmux and one reading of the process table; a screen is read only where there was new output. Decides nothing:
it leaves an `Activity` with what is known of the attempt, and asks for a cycle when that comes to mean something else.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import NamedTuple

from board.errors import BoardError
from board.model import Task
from supervisor import looks
from supervisor.activity import LOOKS, TAIL, Activity, Block, Glimpse, doing_of, follow, repeated
from supervisor.census import Census, Tree, Usage
from supervisor.control import TmuxError
from supervisor.model import Alive
from supervisor.output import tidied
from supervisor.overview import Overview
from supervisor.panes import Output
from supervisor.policy import stall_limit
from supervisor.server import Server
from supervisor.sight import Known
from supervisor.tools import Tools

TICK = 1.0  # seconds until a new worker is noticed
SHORTEST = 0.25  # seconds between two looks, however soon a stall is one


class Watched(NamedTuple):
    """A live worker to be followed; `limit` is what makes a stall of it."""

    task: Task
    known: Known
    limit: float


class Vigil:
    def __init__(self, eyes: Overview, tools: Tools, wake: Callable[[], None]) -> None:
        self._eyes = eyes
        self._tools = tools
        self._wake = wake
        self._census = Census()
        self._due: dict[str, float] = {}
        self._failures = 0

    async def keep(self) -> None:
        """Until it is cancelled."""
        while True:
            await self.round(time.monotonic())
            soonest = min(self._due.values(), default=math.inf)
            await asyncio.sleep(min(TICK, max(0.0, soonest - time.monotonic())))

    async def round(self, now: float) -> None:
        """Looks at whoever is due at `now`. What fails is told once, and looked at in a later round all the same."""
        watched = self._watched()
        due = [each for each in watched if self._due.get(each.known.attempt.mark, 0.0) <= now]
        self._due = {each.known.attempt.mark: self._next(each, now) for each in watched}
        if not due or self._tools.server is None:
            return
        failures = self._failures
        try:
            await self._look(self._tools.server, due, now)
        except (TmuxError, BoardError, OSError, ValueError) as error:
            self._failed(f"{type(error).__name__}: {error}")
        if self._failures == failures:
            self._failures = 0

    def _watched(self) -> list[Watched]:
        view = self._eyes.board
        found = []
        for kept in self._eyes.kept.values():
            limit = stall_limit(kept.task.step, view.board.settings.stall_after if view is not None else 0.0)
            if limit > 0 and kept.known is not None and isinstance(kept.verdict, Alive):
                found.append(Watched(kept.task, kept.known, limit))
        return found

    def _next(self, each: Watched, now: float) -> float:
        """Instants that all workers of one `stall_after` share, so that one look serves them all."""
        due = self._due.get(each.known.attempt.mark, 0.0)
        pause = max(SHORTEST, each.limit / LOOKS)
        return due if due > now else (math.floor(now / pause) + 1) * pause

    async def _look(self, server: Server, due: list[Watched], now: float) -> None:
        outputs = await server.outputs(self._tools.session)
        trees = [Tree(each.known.attempt.mark, each.known.process) for each in due if each.known.process is not None]
        usage = await asyncio.to_thread(self._census.take, trees)
        if usage is None:
            return self._failed("the process table could not be read")
        for each in due:
            output, cpu = outputs.get(each.known.pane or ""), usage.get(each.known.attempt.mark)
            if output is None or cpu is None:
                continue  # gone meanwhile, or not to be seen: a look that failed is no glimpse
            try:
                self._follow(each, await self._glimpse(server, each, output, cpu, now))
            except TmuxError as error:
                self._failed(f"{type(error).__name__}: {error}")
        return None

    def _follow(self, each: Watched, glimpse: Glimpse) -> None:
        before = each.known.activity
        each.known.activity = follow(before, glimpse)
        if _has_changed(before, each.known.activity, each.limit):
            self._wake()

    async def _glimpse(self, server: Server, each: Watched, output: Output, cpu: Usage, now: float) -> Glimpse:
        last = each.known.activity.last if each.known.activity is not None else None
        block, progress = (last.block, last.progress) if last is not None else (None, "")
        if last is None or output.mark != last.output:
            block = await self._block(server, each, output)
        if block is not None:
            progress = await self._progress(each.task)
        signals = each.known.hooked.count if each.known.hooked is not None else 0
        return Glimpse(now, self._tools.engine.clock(), output.mark, cpu, block, progress, signals)

    async def _block(self, server: Server, each: Watched, output: Output) -> Block | None:
        if output.is_full_screen or each.known.pane is None:
            return None
        return repeated(tidied("\n".join(await server.tail(each.known.pane, TAIL))).splitlines()[-TAIL:])

    async def _progress(self, task: Task) -> str:
        """Another word after each checkpoint, step and commit."""
        view = self._eyes.board
        head = await looks.tip_of(self._tools.site(view.board, task)) if view is not None else None
        return repr((task.step.id, task.checkpoint, head))

    def _failed(self, problem: str) -> None:
        if not self._failures:
            self._tools.tell("look_failed", None, source="activity", problem=problem)
        self._failures += 1


def _has_changed(before: Activity | None, after: Activity, limit: float) -> bool:
    return type(doing_of(before, limit)) is not type(doing_of(after, limit))
