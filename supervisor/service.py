"""The loop: look at everything, decide each task by the law, act, say what was seen; then wait for the next cause.

Causes are a death (pidfd), a change of the board or a request (watchfiles), a timer, and a slow sweep as a net. The
loop is crash-only: nothing it knows is needed again, so that being killed at any point is an ordinary way to end. One
supervisor a board; what runs when it starts is adopted, never started again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from board.engine import Engine, View
from board.errors import BoardError, InvalidBoard
from board.model import HELD, Board, Status, Task
from board.queries import in_order, unmet
from supervisor import signals
from supervisor.control import NoServer, TmuxError, TmuxRefused
from supervisor.decide import decide
from supervisor.hands import Hands, Tools
from supervisor.instance import Instance
from supervisor.judge import attempt_of, judge
from supervisor.keeping import Incident, Keeping
from supervisor.model import (
    Alive,
    Attempt,
    Case,
    Dead,
    Decision,
    End,
    Hold,
    Lingering,
    Look,
    Nothing,
    Observation,
    Settle,
    Start,
    Wait,
    read_mark,
)
from supervisor.processes import Watcher
from supervisor.report import Report
from supervisor.sight import Known, Listing, Looker, list_panes
from supervisor.tmux import Tmux

SWEEP = 5.0  # seconds: the net under all other causes
RETRY = 1.0  # seconds after an operation that failed
SHORTEST = 0.01
MASS = 3  # so many deaths in one look, and more than half of all workers, are one incident


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
        self.hands = Hands(tools)
        self.kept: dict[str, Keeping] = {}
        self.incident: Incident | None = None
        self.report = Report(engine, tools)
        self.report.is_dry = mode.dry
        self._board: View | None = None
        self._broken: str | None = None
        self._wake = asyncio.Event()
        self._next_at: float | None = None
        self._fell: set[str] = set()
        self._stopping: signals.Request | None = None
        self._watcher: Watcher | None = None

    # --- life

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Keeps the board until SIGTERM, SIGINT or a request; workers go on. Raises RefusedError for a second one."""
        instance = Instance(self.engine.store.side)
        self.engine.store.prepare()
        instance.take(self.tools.ledger.name, self.engine.clock())
        self._watcher = Watcher()
        self.tools.watch = lambda process: self._watching().watch(process, lambda _: self._wake.set())
        self._handle_signals()
        watching = asyncio.create_task(self._watch_files())
        self.tools.tell("supervisor_started", None, pid=os.getpid(), by=self.tools.ledger.name, dry_run=self.mode.dry)
        try:
            await self._loop(ready)
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await watching
            await self._leave()
            instance.release()

    async def _loop(self, ready: Callable[[], None]) -> None:
        await self.cycle()
        if self.mode.once or self.mode.dry:
            await self._finish_operations()
            self._say()
            return
        ready()
        while self._stopping is None:
            await self._sleep()
            await self.cycle()
        if self._stopping.workers:
            await self._wind_down_all(self._stopping.by)

    async def _finish_operations(self) -> None:
        """What one pass began (a look, a start) is brought to its end, and what follows from a look is done too."""
        for _ in range(20):
            pending = [kept.operation for kept in self.kept.values() if kept.operation is not None]
            if not pending:
                return
            await asyncio.gather(*pending, return_exceptions=True)
            await self.cycle()

    async def _leave(self) -> None:
        for kept in self.kept.values():
            if kept.operation is not None:
                kept.operation.cancel()
        self.report.leave()
        running = sum(isinstance(kept.verdict, Alive) for kept in self.kept.values())
        self.tools.tell("supervisor_stopped", None, pid=os.getpid(), workers_count=running)
        self._watching().close()
        if self.tools.server is not None:
            with contextlib.suppress(TmuxError, OSError):
                await self.tools.server.close()

    def stop(self, by: str, *, workers: bool = False) -> None:
        self._stopping = signals.Request("stop", by, workers=workers)
        self._wake.set()

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop, number.name)
        loop.add_signal_handler(signal.SIGHUP, self._wake.set)

    async def _watch_files(self) -> None:
        from watchfiles import awatch

        requests = signals.folder(self.engine.store.side)
        requests.mkdir(mode=0o700, exist_ok=True)
        ours = (self.engine.store.real, str(requests))
        try:
            async for changes in awatch(self.engine.store.folder, requests, recursive=False, debounce=200, step=20):
                if any(path.startswith(ours) for _, path in changes):
                    self._wake.set()
        except (OSError, RuntimeError) as error:
            self.tools.tell("look_failed", None, source="watchfiles", problem=str(error))

    def _watching(self) -> Watcher:
        assert self._watcher is not None
        return self._watcher

    async def _sleep(self) -> None:
        now = self.engine.clock()
        pause = SWEEP if self._next_at is None else min(SWEEP, max(SHORTEST, self._next_at - now))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), pause)

    # --- one cycle

    async def cycle(self) -> None:
        self._wake.clear()
        self._next_at = None
        view = self._read()
        for kept in self.kept.values():
            kept.is_fresh = kept.operation is None
        if view is None:
            self._say()
            return
        board = view.board
        self._take_requests(board)
        listing = await self._list(board)
        await self._look_at_all(board, listing)
        if self._stopping is None:
            self._decide_all(board, may_start=listing.panes is not None)
        self._say()

    def _read(self) -> View | None:
        """The board, or the last good one while the file is broken."""
        try:
            view = self.engine.read()
        except (InvalidBoard, BoardError) as error:
            if self._broken is None:
                place = error.problems[0] if isinstance(error, InvalidBoard) and error.problems else None
                self.tools.tell(
                    "board_broken",
                    None,
                    path=self.engine.store.path,
                    line=place.line if place else None,
                    column=place.column if place else None,
                    problem=place.message if place else error.message,
                )
            self._broken = str(error)
            self.report.broken(error)
            self._at(self.engine.clock() + RETRY)
            return self._board
        if self._broken is not None:
            self.tools.tell("board_recovered", None, rev=view.rev)
            self._broken = None
        self.report.whole(view)
        self._board = view
        return view

    async def _list(self, board: Board) -> Listing:
        server, now = self.tools.server, self.engine.clock()
        listing = await list_panes(server, self.tools.session, now) if server else Listing(now, None, server_gone=True)
        if listing.panes is not None:
            return listing
        if listing.server_gone and server is not None:
            self._saw_fall(board, "tmux server gone")
        elif not listing.server_gone and not self._is_detached(listing):
            self.tools.tell("look_failed", None, source="tmux", problem=listing.problem)
            self._at(now + RETRY)
            return listing
        return await self._connect(board, listing)

    def _is_detached(self, listing: Listing) -> bool:
        return (listing.problem or "").startswith("Detached")

    async def _connect(self, board: Board, listing: Listing) -> Listing:
        """Attach to our session, made anew when it isn't there."""
        session = self.tools.session
        try:
            if self.tools.server is not None:
                await self.tools.server.close()
            self.tools.server = None
            if self.mode.dry:
                self.tools.server = await self.tmux.connect(session)
            else:
                was_there = await asyncio.to_thread(self._has_session)
                await asyncio.to_thread(self.tmux.ensure_server_and_session, session, self.engine.store.folder)
                self.tools.server = await self.tmux.connect(session)
                if not was_there:
                    self._saw_fall(board, "tmux server gone, or the machine was started again")
        except (TmuxError, OSError) as error:
            if not self.mode.dry:
                self.tools.tell("look_failed", None, source="tmux", problem=f"{type(error).__name__}: {error}")
            self._at(self.engine.clock() + RETRY)
            return listing
        return await list_panes(self.tools.server, session, self.engine.clock())

    def _has_session(self) -> bool:
        try:
            self.tmux.run("has-session", "-t", f"={self.tools.session}")
        except (NoServer, TmuxRefused):
            return False
        return True

    def _saw_fall(self, board: Board, cause: str) -> None:
        """Whoever ran under the server that is gone died with it: one incident, told once."""
        fallen = [
            task for task in board.tasks if self._is_ours(task) and attempt_of(task, self.tools.session) is not None
        ]
        if fallen and not self._fell:
            self._open_incident(cause, fallen, board)
        self._fell |= {task.id for task in fallen}

    def _open_incident(self, cause: str, tasks: list[Task], board: Board) -> None:
        now = self.engine.clock()
        self.incident = Incident.of(cause, now, tasks, board.settings.restart)
        self.tools.tell("mass_death_seen", None, cause=cause, dead_count=len(tasks), workers_count=len(tasks))

    # --- looking

    async def _look_at_all(self, board: Board, listing: Listing) -> None:
        looker = Looker(listing, self.tools.server, self._fell)
        present = {read_mark(mark) for mark in listing.panes or ()}
        home = self.tools.session
        marked = {attempt.task: attempt for attempt in present if attempt is not None and attempt.home == home}
        wanted = {task.id for task in board.tasks}
        for task_id in [name for name in self.kept if name not in wanted and self.kept[name].operation is None]:
            del self.kept[task_id]
        for task in board.tasks:
            attempt = attempt_of(task, self.tools.session) or marked.get(task.id)
            keeping = self._keeping(task, attempt)
            if keeping is None or keeping.operation is not None or not keeping.is_fresh:
                continue
            seen = await self._seen(keeping, looker)
            keeping.verdict = judge(task, attempt, seen)
            if isinstance(keeping.verdict, Alive):
                self._adopt(keeping)
        self._note_deaths(board)

    def _keeping(self, task: Task, attempt: Attempt | None) -> Keeping | None:
        """The runtime state of a task that concerns us; None for one that doesn't."""
        is_candidate = task.status is Status.TODO or self._is_ours(task)
        keeping = self.kept.get(task.id)
        if keeping is None and not is_candidate and attempt is None:
            return None
        if keeping is None:
            keeping = self.kept[task.id] = Keeping(task, draw=random.random())  # noqa: S311 - jitter, not a secret
        keeping.task = task
        if keeping.operation is None and keeping.is_fresh:
            if attempt is None:
                keeping.known = None
            elif keeping.known is None or keeping.known.attempt != attempt:
                keeping.known = Known(attempt)
            keeping.forget_facts_of_others()
        return keeping

    async def _seen(self, keeping: Keeping, looker: Looker) -> Observation | None:
        """Once proved dead an attempt stays dead: it isn't looked at again."""
        known = keeping.known
        if known is None:
            return None
        if isinstance(keeping.verdict, Dead) and keeping.told_dead == keeping.mark:
            return known.last
        return await looker.look(known)

    def _adopt(self, keeping: Keeping) -> None:
        known = keeping.known
        if known is None or known.process is None or known.is_watched:
            return
        known.is_watched = True
        self.tools.watch(known.process)
        if not known.is_ours:
            self.tools.tell(
                "worker_adopted",
                keeping.task.id,
                worker=known.attempt.worker,
                pid=known.process.pid,
                pane=known.pane,
                token=known.attempt.token,
            )

    def _note_deaths(self, board: Board) -> None:
        fresh = [
            kept
            for kept in self.kept.values()
            if isinstance(kept.verdict, Dead) and kept.told_dead != kept.mark and kept.operation is None
        ]
        for kept in fresh:
            kept.told_dead = kept.mark
            if kept.death is not None and not self._succeeded(board, kept):
                self.report.death(kept)
        living = sum(isinstance(kept.verdict, Alive) for kept in self.kept.values())
        ours = [kept for kept in fresh if self._is_ours(kept.task) and kept.death is not None]
        failed = [kept.task for kept in ours if not self._succeeded(board, kept)]
        if len(failed) >= MASS and len(failed) > living and self.incident is None:
            self._open_incident("most workers died together", failed, board)

    def _succeeded(self, board: Board, keeping: Keeping) -> bool:
        verdict = keeping.verdict
        return isinstance(verdict, Dead) and verdict.exit.is_success and self._settles(board, keeping.task)

    def _is_ours(self, task: Task) -> bool:
        return task.claim is not None and task.claim.by == self.tools.ledger.name

    # --- deciding and acting

    def _decide_all(self, board: Board, *, may_start: bool) -> None:
        now = self.engine.clock()
        for keeping in list(self.kept.values()):
            if keeping.operation is not None or not keeping.is_fresh:
                continue
            if keeping.not_before <= now:
                self._decide(keeping, board, now)
            else:
                self._at(keeping.not_before)
        self._close_incident()
        if not self.mode.dry and may_start:
            self._start_new(board)

    def _decide(self, keeping: Keeping, board: Board, now: float) -> None:
        task = keeping.task
        if not self._concerns(task, board, keeping):
            keeping.decision = Decision(keeping.decision.rule, Nothing(), keeping.decision.why)
            return
        before = keeping.decision
        keeping.decision = decide(self._case(keeping, board, now))
        self.report.decision(keeping, before)
        self._renew(keeping, now)
        if self.mode.dry:
            self._look_only(keeping, board)
        else:
            self._act(keeping, board)

    def _concerns(self, task: Task, board: Board, keeping: Keeping) -> bool:
        """Ours, or free for us to take, or something of ours still runs for it."""
        if self._is_ours(task) or isinstance(keeping.verdict, Alive | Lingering):
            return True
        if task.status is not Status.TODO or unmet(board, task):
            return False
        return self._startable(board, task)

    def _startable(self, board: Board, task: Task) -> bool:
        try:
            return self.tools.profiles.for_step(board, task, task.step) is not None
        except BoardError:
            return False

    def _case(self, keeping: Keeping, board: Board, now: float) -> Case:
        facts = keeping.facts
        return Case(
            task=keeping.task,
            holder=self.tools.ledger.name,
            verdict=keeping.verdict,
            now=now,
            policy=board.settings.restart,
            attempt=keeping.known.attempt if keeping.known else None,
            settles_on_exit=self._settles(board, keeping.task),
            done_if=facts.done_if,
            drift=facts.drift,
            progressed=facts.progress,
            limited_until=keeping.limited_until,
            slot_at=self.incident.slots.get(keeping.task.id) if self.incident else None,
            draw=keeping.draw,
            grace=board.settings.grace,
        )

    def _settles(self, board: Board, task: Task) -> bool:
        try:
            profile = self.tools.profiles.for_step(board, task, task.step)
        except BoardError:
            return False
        return profile is not None and profile.settles == "exit"

    def _look_only(self, keeping: Keeping, board: Board) -> None:
        match keeping.decision.action:
            case Look(fact=fact):
                self._operate(keeping, "looking", self.hands.look(keeping, fact, board))
            case _:
                self.report.would(keeping)

    def _act(self, keeping: Keeping, board: Board) -> None:
        decision = keeping.decision
        match decision.action:
            case Nothing():
                pass
            case Wait(until=until):
                self._note_end(keeping)
                if until is not None:
                    self._at(until)
            case Look(fact=fact):
                self._operate(keeping, "looking", self.hands.look(keeping, fact, board))
            case Settle():
                self._operate(keeping, "settling", self.hands.settle(keeping, board, decision.rule))
            case Hold(on=on):
                self._operate(keeping, "holding", self.hands.hold(keeping, on))
            case End(grace=grace):
                self._operate(keeping, "stopping", self.hands.end(keeping, decision.rule, grace))
            case Start() as start:
                if self._is_ours(keeping.task):
                    self._operate(keeping, "starting", self._started(keeping, board, start))

    def _start_new(self, board: Board) -> None:
        """Fresh starts in order of priority, as far as there are places; whoever we hold has a place already."""
        held = {task.id for task in board.tasks if self._is_ours(task) and task.status in HELD}
        held |= {name for name, kept in self.kept.items() if kept.busy == "starting"}
        ready = [kept.task for kept in self.kept.values() if self._wants_start(kept) and kept.task.id not in held]
        for task in in_order(ready):
            if len(held) >= board.settings.max_workers:
                return
            keeping = self.kept[task.id]
            assert isinstance(keeping.decision.action, Start)
            held.add(task.id)
            self._operate(keeping, "starting", self._started(keeping, board, keeping.decision.action))

    def _wants_start(self, keeping: Keeping) -> bool:
        return (
            keeping.operation is None
            and keeping.is_fresh
            and isinstance(keeping.decision.action, Start)
            and keeping.task.status is Status.TODO
            and keeping.not_before <= self.engine.clock()
        )

    async def _started(self, keeping: Keeping, board: Board, start: Start) -> None:
        await self.hands.start(keeping, board, start)
        if self.incident is not None:
            self.incident.slots.pop(keeping.task.id, None)
        self._fell.discard(keeping.task.id)
        keeping.draw = random.random()  # noqa: S311 - jitter, not a secret

    def _close_incident(self) -> None:
        """Who has been started or held has had its turn; an incident without turns is over."""
        if self.incident is None:
            return
        waiting = {name for name, kept in self.kept.items() if self._is_ours(kept.task)}
        for name in [name for name in self.incident.slots if name not in waiting]:
            del self.incident.slots[name]
            self._fell.discard(name)
        if not self.incident.slots:
            self.incident = None

    def _note_end(self, keeping: Keeping) -> None:
        """A death whose restart has to wait stands in the record at once: it outlives us."""
        death = keeping.death
        if death is not None and self._is_ours(keeping.task):
            with contextlib.suppress(BoardError):
                self.tools.ledger.note_end(keeping.task, *death)

    def _renew(self, keeping: Keeping, now: float) -> None:
        claim = keeping.task.claim
        if claim is None or not self._is_ours(keeping.task) or keeping.task.status not in HELD or self.mode.dry:
            return
        lease = max(claim.expires_at - claim.at, 0.1) if claim.at else 1.0
        lease = min(lease, self._board.board.settings.lease) if self._board else lease
        if claim.expires_at - now < lease / 2:
            with contextlib.suppress(BoardError):
                self.tools.ledger.renew(keeping.task)
            self._at(now + lease / 2)
        else:
            self._at(claim.expires_at - lease / 2)

    def _operate(self, keeping: Keeping, name: str, work: Coroutine[Any, Any, None]) -> None:
        async def guarded() -> None:
            try:
                await work
                keeping.failures = 0
            except (BoardError, TmuxError, OSError) as error:
                keeping.failures += 1
                keeping.not_before = self.engine.clock() + RETRY * min(keeping.failures, 30)
                self.tools.tell("look_failed", keeping.task.id, source=name, problem=str(error))

        keeping.run(name, guarded(), self._wake.set)

    def _at(self, instant: float) -> None:
        self._next_at = instant if self._next_at is None else min(self._next_at, instant)

    # --- requests

    def _take_requests(self, board: Board) -> None:
        for request in signals.take(self.engine.store.side) if not self.mode.dry else ():
            self.tools.tell("request_received", request.task, by=request.by, request=request.kind)
            if request.task is None:
                self.stop(request.by, workers=request.workers)
            elif (keeping := self.kept.get(request.task)) is not None and keeping.operation is None:
                self._operate(keeping, "stopping", self.hands.wind_down(keeping, request.by, block=True))
            elif board.find(request.task) is not None:
                signals.ask(self.engine.store.side, request)  # busy just now: it is asked again in a moment
                self._at(self.engine.clock() + RETRY)

    async def _wind_down_all(self, by: str) -> None:
        running = [kept for kept in self.kept.values() if self._is_ours(kept.task) or isinstance(kept.verdict, Alive)]
        pending = [kept.operation for kept in running if kept.operation is not None]
        await asyncio.gather(*pending, return_exceptions=True)
        view = self.engine.read()
        for kept in running:
            kept.task = view.board.find(kept.task.id) or kept.task
        await asyncio.gather(*(self.hands.wind_down(kept, by, block=False) for kept in running))
        await self.cycle()

    def _say(self) -> None:
        self.report.say(self.kept, self.incident, self._board.board if self._board else None)
