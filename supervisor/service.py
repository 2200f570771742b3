"""The loop: look at everything, decide each task by the law, act, say what was seen; then wait for the next cause.

Causes are a death (pidfd), a change of the board or a request (watchfiles), a timer, and a slow sweep as a net. The
loop is crash-only: nothing it knows is needed again, so that being killed at any point is an ordinary way to end. One
supervisor a board; what runs when it starts is adopted, never started again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from board.engine import Engine
from board.errors import BoardError
from supervisor import faults, signals
from supervisor.answering.desk import Desk
from supervisor.beside import lookers
from supervisor.commits import Commits
from supervisor.control import TmuxError
from supervisor.drifting import Drifts, drifts_of
from supervisor.enforce import Enforcer
from supervisor.instance import Instance
from supervisor.keeping import CalledOff
from supervisor.model import Alive, Lingering
from supervisor.notify.bell import Bell
from supervisor.overview import Overview
from supervisor.report import Report
from supervisor.sdnotify import Heart
from supervisor.tmux import Tmux
from supervisor.tools import Tools
from supervisor.watcher import Watcher
from supervisor.watching import changes
from supervisor.wishes import Wishes

SWEEP = 10.0  # seconds: the net under all other causes
SHORTEST = 0.01
SAY_AFTER = 0.02  # seconds from a cycle until the status is written: none of that stands before a restart
LEAVE = 3.0  # seconds for operations under way when we are told to leave


@dataclass(frozen=True, slots=True)
class Mode:
    """`once`: one pass, then leave. `dry`: decide and tell, and touch nothing."""

    once: bool = False
    dry: bool = False


class Supervisor:
    def __init__(self, engine: Engine, tools: Tools, tmux: Tmux, mode: Mode) -> None:
        self.engine = engine
        self.tools = tools
        self.tmux = tmux
        self.mode = mode
        self.report = Report(engine, tools)
        self.report.is_dry = tools.is_dry = mode.dry
        self._wake = asyncio.Event()
        tools.wake = self._wake.set
        self.eyes = Overview(engine, tools, tmux, self.report, is_dry=mode.dry)
        self.law = Enforcer(self.eyes, tools, self.report, self._wake.set, is_dry=mode.dry)
        self.wishes = Wishes(self.eyes, tools, self.law)
        self.lookers = lookers(self.eyes, tools, self._wake.set, self._say_soon)
        self.desk = Desk(self.eyes, tools)
        self.commits = Commits(self.eyes, tools, self.law.operate)
        self.bell: Bell | None = None
        self.eyes.look_again_at = self.law.look_again_at = self._at
        self._next_at: float | None = None
        self._stopping: signals.Request | None = None
        self.heart = Heart()
        self._watcher: Watcher | None = None
        self._saying: asyncio.TimerHandle | None = None
        self._drifts: Drifts | None = None

    # --- life

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Keeps the board until SIGTERM, SIGINT or a request; workers go on. Raises RefusedError for a second one.

        A dry run only looks once, so it may stand beside whoever keeps the board: it takes no lock.
        """
        if self.mode.dry:
            return await self._rehearse()
        instance = Instance(self.engine.store.side)
        self.engine.store.prepare()
        instance.take(self.tools.ledger.name, self.engine.clock())
        self._watcher = Watcher()
        self.tools.watch = lambda process: self._watching().watch(process, lambda _: self._wake.set())
        self._handle_signals()
        self._drifts = drifts_of(self.engine, self.tools, self._wake)
        self.report.drift = self._drifts.status
        await self.tools.recorder.attach(may_start=self._stopping is None)
        beside = [asyncio.create_task(each) for each in self._beside()]
        for each in beside:
            each.add_done_callback(partial(faults.over, self.tools))
        self.tools.tell("supervisor_started", None, pid=os.getpid(), by=self.tools.ledger.name, dry_run=self.mode.dry)
        try:
            with faults.noted(self.tools):
                await self._loop(ready)
        finally:
            await faults.ended(beside)
            await self._leave()
            instance.release()

    def _beside(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """What goes on beside the loop, for as long as it does."""
        seen = (looker.keep() for looker in (*self.lookers, self.desk))
        tells = (self.bell.keep(),) if self.bell is not None and not self.mode.once else ()
        return (self._watch_files(), self._record(), self.commits.keep(self._wake.set), *seen, *tells)

    async def _rehearse(self) -> None:
        self._handle_signals()
        try:
            await self.cycle()
            await self._finish_operations()
        finally:
            await self._end_operations()
            await self._let_go()

    async def end_worker(self, task_id: str, by: str) -> bool:
        """For a board that nobody keeps: looks once, ends this task's worker, decides nothing, and leaves.

        False when there was none. Raises RefusedError beside a running supervisor, BoardError when it can't be ended.
        """
        instance = Instance(self.engine.store.side)
        self.engine.store.prepare()
        instance.take(self.tools.ledger.name, self.engine.clock())
        self.stop(by)  # said before the first look, so that nothing is decided
        await self.tools.recorder.attach(may_start=False)
        try:
            await self.cycle()
            kept = self.eyes.kept.get(task_id)
            if kept is None or (kept.known is None and not self.eyes.is_ours(kept.task)):
                return False
            await self.law.hands.wind_down(kept, by, block=True)
            await self.cycle()
            if isinstance(kept.verdict, Alive | Lingering):
                raise BoardError(f"{task_id}: its processes still live", f"board log {task_id}")
            return True
        finally:
            await self.tools.recorder.leave()
            self._say()
            self.report.leave()
            await self._let_go()
            instance.release()

    async def _loop(self, ready: Callable[[], None]) -> None:
        await self.cycle()
        if self.mode.once:
            await self._finish_operations()
            return
        self._say()
        ready()
        self.heart.ready(self._status())
        while self._stopping is None:
            self.heart.turned(asyncio.get_running_loop().time(), self._status())
            await self._sleep()
            await self.cycle()
        self.heart.stopping()
        if self._stopping.workers:
            await self._wind_down_all(self._stopping.by)

    async def _finish_operations(self) -> None:
        """What one pass began (a look, a start) is brought to its end, and what follows from a look is done too."""
        for _ in range(20):
            pending = [kept.operation for kept in self.eyes.kept.values() if kept.operation is not None]
            if not pending:
                return
            await asyncio.gather(*pending, return_exceptions=True)
            await self.cycle()

    async def _leave(self) -> None:
        await self._end_operations()
        await self.tools.recorder.leave()
        self._say()
        self.report.leave()
        self.tools.tell("supervisor_stopped", None, pid=os.getpid(), workers_count=self._running())
        self._watching().close()
        await self._let_go()

    async def _let_go(self) -> None:
        if self.tools.server is not None:
            with contextlib.suppress(TmuxError, OSError):
                await self.tools.server.close()

    async def _end_operations(self) -> None:
        """A start that was recorded is brought to its end; a long look or wait is given up."""
        pending = [kept.operation for kept in self.eyes.kept.values() if kept.operation is not None]
        if pending:
            _, late = await asyncio.wait(pending, timeout=LEAVE)
            for operation in late:
                operation.cancel()

    def stop(self, by: str, *, workers: bool = False) -> None:
        self._stopping = signals.Request("stop", by, workers=workers)
        self._wake.set()

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop, number.name)
        loop.add_signal_handler(signal.SIGHUP, self._reload)

    def _reload(self) -> None:
        self.tools.profiles.forget()
        self._wake.set()

    async def _watch_files(self) -> None:
        requests = signals.folder(self.engine.store.side)
        requests.mkdir(mode=0o700, exist_ok=True)
        ours = (self.engine.store.real, str(requests))
        try:
            async for changed in changes((self.engine.store.folder, str(requests))):
                if any(path.startswith(ours) for _, path in changed):
                    self._wake.set()
                    self.desk.noticed.set()
        except (OSError, RuntimeError) as error:
            self.tools.tell("look_failed", None, source="watchfiles", problem=str(error))

    async def _record(self) -> None:
        if self._stopping is None:
            await self.tools.recorder.keep()

    def _status(self) -> str:
        running = self._running()
        return f"keeping {self.engine.store.real}: {running} worker{' runs' if running == 1 else 's run'}"

    def _running(self) -> int:
        return sum(isinstance(kept.verdict, Alive) for kept in self.eyes.kept.values())

    def _watching(self) -> Watcher:
        assert self._watcher is not None
        return self._watcher

    async def _sleep(self) -> None:
        now = self.engine.clock()
        pause = SWEEP if self._next_at is None else min(SWEEP, max(SHORTEST, self._next_at - now))
        pause = min(pause, self.heart.rests_for(asyncio.get_running_loop().time()))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), pause)

    # --- one cycle

    async def cycle(self) -> None:
        self._wake.clear()
        self._next_at = None
        view = self.eyes.read()
        for kept in self.eyes.kept.values():
            kept.is_fresh = kept.operation is None
        if view is None:
            return self._say_soon()
        board = view.board
        if self._drifts is not None and self._drifts.next_at:
            self._at(self._drifts.next_at)
        if not self.mode.dry:
            self.wishes.take(board, self.stop)
        listing = await self.eyes.listing(board)
        await self.eyes.look_at_all(board, listing)
        if self._stopping is None:
            self.law.decide_all(board, may_start=listing.panes is not None)
            if not self.mode.dry:
                self.commits.look(board)
        else:
            self.law.restate(board)
        if self.tools.tidy is not None:
            self.tools.tidy.look(board.settings.journal, self.engine.clock())
        return self._say_soon()

    def _at(self, instant: float) -> None:
        self._next_at = instant if self._next_at is None else min(self._next_at, instant)

    # --- requests

    async def _wind_down_all(self, by: str) -> None:
        everybody = list(self.eyes.kept.values())
        running = [kept for kept in everybody if self.eyes.is_ours(kept.task) or isinstance(kept.verdict, Alive)]
        for kept in everybody:
            kept.called_off = CalledOff(by, is_final=False)
        pending = [kept.operation for kept in everybody if kept.operation is not None]
        await asyncio.gather(*pending, return_exceptions=True)
        view = self.engine.read()
        for kept in running:
            kept.task = view.board.find(kept.task.id) or kept.task
        await asyncio.gather(*(self.law.hands.wind_down(kept, by, block=False) for kept in running))
        await self.cycle()

    def _say_soon(self) -> None:
        if self._saying is None:
            self._saying = asyncio.get_running_loop().call_later(SAY_AFTER, self._say)

    def _say(self) -> None:
        if self._saying is not None:
            self._saying.cancel()
            self._saying = None
        if self._drifts is not None and self.eyes.board is not None and self._stopping is None:
            self._drifts.look(self.eyes.board, self.eyes.kept, self.engine.clock())
            if self._drifts.is_due_before(self._next_at):
                self._wake.set()  # for a cycle that sleeps until then
        self.report.say(self.eyes.kept, self.eyes.incident, self.eyes.board.board if self.eyes.board else None)
