"""Seeing everything: the board as it stands (or the last good one), every attempt's verdict, and mass deaths.

It keeps what is remembered between two looks, attaches to the tmux server when it is new, and decides nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from board.engine import Engine
from board.errors import BoardError, Busy, InvalidBoard
from board.model import Board, Status, Task
from board.views import View
from supervisor.control import NoServer, TmuxError, TmuxRefused
from supervisor.judge import attempt_of, judge
from supervisor.keeping import Incident, Keeping
from supervisor.model import SETUP, Alive, Attempt, Dead, Observation, read_mark
from supervisor.profiles import Profile
from supervisor.report import Report
from supervisor.scope import open_session
from supervisor.sight import Known, Listing, Looker, list_panes
from supervisor.tmux import Tmux
from supervisor.tools import Tools

RETRY = 1.0  # seconds after a look that failed
MASS = 3  # so many deaths in one look, and more than what still lives, are one incident


class Overview:
    """`look_again_at` asks for another cycle at an instant. `is_dry` makes and attaches nothing new."""

    def __init__(self, engine: Engine, tools: Tools, tmux: Tmux, report: Report, *, is_dry: bool) -> None:
        self.engine = engine
        self.tools = tools
        self.tmux = tmux
        self.report = report
        self.is_dry = is_dry
        self.kept: dict[str, Keeping] = {}
        self.incident: Incident | None = None
        self.fell: set[str] = set()
        self.board: View | None = None
        self.look_again_at: Callable[[float], None] = lambda _: None
        self._broken: str | None = None

    def read(self) -> View | None:
        """The board, or the last good one while the file is broken."""
        try:
            view = self.engine.read() if self.is_dry else self.engine.settle()
        except Busy:
            self.look_again_at(self.engine.clock() + RETRY)
            return self.board
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
            self.look_again_at(self.engine.clock() + RETRY)
            return self.board
        if self._broken is not None:
            self.tools.tell("board_recovered", None, rev=view.rev)
            self._broken = None
        self.tools.mask_as(view.board.settings.redact)
        self.report.whole(view)
        self.board = view
        return view

    async def listing(self, board: Board) -> Listing:
        server, now = self.tools.server, self.engine.clock()
        listing = await list_panes(server, self.tools.session, now) if server else Listing(now, None, server_gone=True)
        if listing.panes is not None:
            return listing
        if listing.server_gone and server is not None:
            self._saw_fall(board, "tmux server gone")
        elif not listing.server_gone and not self._is_detached(listing):
            self.tools.tell("look_failed", None, source="tmux", problem=listing.problem)
            self.look_again_at(now + RETRY)
            return listing
        return await self._connect(board, listing)

    async def _connect(self, board: Board, listing: Listing) -> Listing:
        """Attach to our session, made anew when it isn't there."""
        session = self.tools.session
        try:
            if self.tools.server is not None:
                await self.tools.server.close()
            self.tools.server = None
            if self.is_dry:
                self.tools.server = await self.tmux.connect(session)
            else:
                was_there = await asyncio.to_thread(self._has_session)
                unscoped = await asyncio.to_thread(open_session, self.tmux, session, self.engine.store.folder)
                if unscoped is not None:
                    self.tools.tell("scope_refused", None, problem=unscoped)
                self.tools.server = await self.tmux.connect(session)
                await self.tools.learn_environment(self.tools.server)
                if not was_there:
                    self._saw_fall(board, "tmux server gone, or the machine was started again")
        except (TmuxError, OSError) as error:
            if not self.is_dry:
                self.tools.tell("look_failed", None, source="tmux", problem=f"{type(error).__name__}: {error}")
            self.look_again_at(self.engine.clock() + RETRY)
            return listing
        return await list_panes(self.tools.server, session, self.engine.clock())

    def _is_detached(self, listing: Listing) -> bool:
        return (listing.problem or "").startswith("Detached")

    def _has_session(self) -> bool:
        try:
            self.tmux.run("has-session", "-t", f"={self.tools.session}")
        except (NoServer, TmuxRefused):
            return False
        return True

    def _saw_fall(self, board: Board, cause: str) -> None:
        """Whoever ran under the server that is gone died with it: one incident, told once."""
        fallen = [
            task for task in board.tasks if self.is_ours(task) and attempt_of(task, self.tools.session) is not None
        ]
        known = self.incident.slots if self.incident is not None else {}
        if self.incident is not None and fallen and all(task.id in known for task in fallen):
            self.incident.cause = cause  # the deaths were seen first: it is the same one
        elif fallen and not self.fell:
            self._open_incident(cause, fallen, board)
        self.fell |= {task.id for task in fallen}

    def _open_incident(self, cause: str, tasks: list[Task], board: Board) -> None:
        now = self.engine.clock()
        self.incident = Incident.of(cause, now, tasks, board.settings.restart)
        self.tools.tell("mass_death_seen", None, cause=cause, dead_count=len(tasks), workers_count=len(tasks))

    def close_incident(self) -> None:
        """Who has been started or held has had its turn; an incident without turns is over."""
        if self.incident is None:
            return
        waiting = {name for name, kept in self.kept.items() if self.is_ours(kept.task)}
        for name in [name for name in self.incident.slots if name not in waiting]:
            del self.incident.slots[name]
            self.fell.discard(name)
        if not self.incident.slots:
            self.incident = None

    async def look_at_all(self, board: Board, listing: Listing) -> None:
        looker = Looker(listing, self.tools.server, self.fell)
        present = {read_mark(mark) for mark in listing.panes or ()}
        home = self.tools.session
        marked = {attempt.task: attempt for attempt in present if attempt is not None and attempt.home == home}
        wanted = {task.id for task in board.tasks}
        for task_id in [name for name in self.kept if name not in wanted and self.kept[name].operation is None]:
            del self.kept[task_id]
        found = (self._keeping(task, self._attempt(task, marked.get(task.id), listing)) for task in board.tasks)
        concerned = [kept for kept in found if kept is not None and kept.operation is None and kept.is_fresh]
        for kept in concerned:
            self._listen(kept, board)
        await looker.look([kept.known for kept in concerned if kept.known is not None and not self._is_told_dead(kept)])
        for keeping in concerned:
            self._judge(keeping, board)
        self._note_deaths(board)

    def _listen(self, keeping: Keeping, board: Board) -> None:
        """As its profile says now, whatever it said when it was started."""
        profile = self.profile(board, keeping.task) if keeping.known is not None else None
        if keeping.known is not None and profile is not None:
            keeping.known.listen_to(profile.order)

    def _is_told_dead(self, keeping: Keeping) -> bool:
        """Once proved dead an attempt stays dead: it isn't looked at again."""
        return isinstance(keeping.verdict, Dead) and keeping.told_dead == keeping.mark

    def _judge(self, keeping: Keeping, board: Board) -> None:
        known, task = keeping.known, keeping.task
        seen = known.last if known is not None else None
        keeping.verdict = judge(task, known.attempt if known is not None else None, seen, board.settings.stall_after)
        if isinstance(keeping.verdict, Alive):
            self._adopt(keeping, board)
            self.report.living(keeping, keeping.verdict)
            self._come_back_for(task, seen)

    def _attempt(self, task: Task, marked: Attempt | None, listing: Listing) -> Attempt | None:
        """Whom to look at: a stray that still runs in the task's window before the record's latest attempt."""
        recorded = attempt_of(task, self.tools.session)
        pane = (listing.panes or {}).get(marked.mark) if marked is not None else None
        is_stray = pane is not None and marked != recorded and not pane.is_dead
        return marked if recorded is None or is_stray else recorded

    def _keeping(self, task: Task, attempt: Attempt | None) -> Keeping | None:
        """The runtime state of a task that concerns us; None for one that doesn't."""
        is_candidate = task.status is Status.TODO or self.is_ours(task)
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

    def _adopt(self, keeping: Keeping, board: Board) -> None:
        known = keeping.known
        if known is None or known.process is None or known.is_watched:
            return
        known.is_watched = True
        self.tools.watch(known.process)
        if not known.is_ours and known.attempt.token != SETUP:
            self.tools.tell(
                "worker_adopted",
                keeping.task.id,
                worker=known.attempt.worker,
                pid=known.process.pid,
                pane=known.pane,
                token=known.attempt.token,
            )
            self.tools.adopt_output(board, keeping)

    def _come_back_for(self, task: Task, seen: Observation | None) -> None:
        """A worker that may run for so long only is looked at when that is over."""
        limit = task.step.max_runtime
        if limit and seen is not None and seen.ran_for is not None and seen.ran_for < limit:
            self.look_again_at(self.engine.clock() + limit - seen.ran_for)

    def _note_deaths(self, board: Board) -> None:
        fresh = [
            kept
            for kept in self.kept.values()
            if isinstance(kept.verdict, Dead)
            and kept.told_dead != kept.mark
            and kept.operation is None
            and kept.is_fresh
        ]
        for kept in fresh:
            kept.told_dead = kept.mark
            if kept.death is not None and self.is_ours(kept.task) and not self._succeeded(board, kept):
                self.report.death(kept, board)
        living = sum(isinstance(kept.verdict, Alive) for kept in self.kept.values())
        ours = [kept for kept in fresh if self.is_ours(kept.task) and kept.death is not None]
        failed = [kept.task for kept in ours if not (self._succeeded(board, kept) or is_ended_by_us(kept.task))]
        if len(failed) >= MASS and len(failed) > living and self.incident is None:
            self._open_incident("most workers died together", failed, board)

    def _succeeded(self, board: Board, keeping: Keeping) -> bool:
        verdict = keeping.verdict
        return isinstance(verdict, Dead) and verdict.exit.is_success and self.settles(board, keeping.task)

    def settles(self, board: Board, task: Task) -> bool:
        """Does exit 0 settle the current step? A command's does, an agent's only where its profile says so."""
        profile = self.profile(board, task)
        return profile is not None and profile.settles == "exit"

    def profile(self, board: Board, task: Task) -> Profile | None:
        """None for a step that no machine can start."""
        try:
            return self.tools.profiles.for_step(board, task, task.step)
        except BoardError:
            return None

    def is_ours(self, task: Task) -> bool:
        return task.claim is not None and task.claim.by == self.tools.ledger.name


def is_ended_by_us(task: Task) -> bool:
    """Whom we ended ourselves did not die with the others."""
    return task.run is not None and task.run.ending is not None
