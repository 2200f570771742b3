"""Acting: what each of the law's actions does to the record, the pane and the processes. No rule is decided here.

An operation works on one task at a time; whatever refuses or fails leaves the record as the last word, and the next
cycle looks and decides again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass

from board import worktree
from board.claims import Actor, Kind
from board.engine import Engine
from board.errors import BoardError
from board.journal.events import Event, Scalar
from board.journal.redact import Redactor
from board.model import Board, Run, Task
from board.moves import claim
from board.program import environment, run_program
from supervisor import looks
from supervisor.control import TmuxError, TmuxRefused
from supervisor.decide import STOPPED
from supervisor.keeping import Keeping
from supervisor.launch import Site, missing_program, prepare, write_brief
from supervisor.ledger import Ledger, Opening
from supervisor.model import Attempt, Dead, Exit, Fact, Rule, Start, Unseen
from supervisor.output import keep_output
from supervisor.panes import ATTEMPT_OPTION
from supervisor.processes import ProcessId, identify, survivors
from supervisor.profiles import Profiles
from supervisor.screen import limited_until
from supervisor.server import Server
from supervisor.sight import Known
from supervisor.watcher import end

KILL_GRACE = 5.0  # seconds between SIGTERM and SIGKILL


@dataclass(slots=True)
class Tools:
    """What hands work with. `server` changes when tmux's server does."""

    engine: Engine
    ledger: Ledger
    profiles: Profiles
    redactor: Redactor
    session: str
    watch: Callable[[ProcessId], None]
    server: Server | None = None

    def tell(self, name: str, task: str | None, **fields: Scalar) -> None:
        given = {key: value for key, value in fields.items() if value is not None}
        self.engine.sink.append(Event(name, task, given), self.engine.clock())


class Hands:
    def __init__(self, tools: Tools) -> None:
        self.tools = tools

    # --- looking things up for the law

    async def look(self, keeping: Keeping, fact: Fact, board: Board) -> None:
        site = self.site(board, keeping.task)
        match fact:
            case "done_if":
                keeping.facts.done_if = await looks.done_if(keeping.task, site)
                failed = keeping.facts.done_if is Unseen.FAILED
            case "drift":
                keeping.facts.drift = await looks.drift(keeping.task, site)
                failed = keeping.facts.drift is Unseen.FAILED
            case "progress":
                keeping.facts.progress = await looks.progress(keeping.task, site)
                failed = keeping.facts.progress is Unseen.FAILED
        if failed:
            self.tools.tell("look_failed", keeping.task.id, source=fact, step=keeping.task.step.id)

    def site(self, board: Board, task: Task) -> Site:
        """Where the task works, if it has been made: its worktree, else the board's folder."""
        store = self.tools.engine.store
        trees = board.settings.worktrees
        if trees.enabled and task.record.get("worktree") is not False and looks.git_here(store.folder):
            top = worktree.main_top(store.folder)
            return Site(store.real, store.side, worktree.place(top, trees.root, task.id), task.id)
        return Site(store.real, store.side, store.folder)

    # --- starting

    async def start(self, keeping: Keeping, board: Board, action: Start) -> None:
        task, server = keeping.task, self.tools.server
        profile = self.tools.profiles.for_step(board, task, task.step)
        if server is None or profile is None:
            return
        site = self.site(board, task)
        missing = missing_program(profile, self.tools.engine.store.folder)
        if missing is not None:
            self._block(keeping, f"the program {missing}, which is not on the PATH (agent {profile.name})")
            return
        if not await self._ready_tree(keeping, board, site):
            return
        head = await looks.tree_head(site)
        before = keeping.death
        pane = await server.open_window(self.tools.session, task.id, site.tree)
        await self.capture(keeping)
        # Rendered once for nothing: a brief that can't be read must not cost a recorded start.
        prepare(task, Attempt(self.tools.session, task.id, 0, _next_number(task)), profile, site, "")
        last_exit = before[0].words() if before else task.run.last_exit if task.run and task.started else None
        result = self.tools.ledger.begin(task, Opening(action, head, last_exit))
        run, granted = result.task.run, result.change.grant
        assert run is not None
        assert granted is not None
        attempt = Attempt(self.tools.session, task.id, granted.token, run.attempt)
        grant = self.tools.engine.grants.path(task.id, granted.token)
        launch = prepare(result.task, attempt, profile, site, grant)
        if task.step.run is None:
            write_brief(launch)
        keeping.known = Known(attempt, pane=pane.id, window=pane.window_id, is_ours=True)
        try:
            pid = await server.respawn(pane.id, launch.argv, launch.env, launch.cwd, {ATTEMPT_OPTION: attempt.mark})
        except TmuxRefused as refusal:
            self.tools.ledger.note_end(result.task, Exit(cause=f"not started: {refusal}"), self.tools.engine.clock())
            return
        keeping.known.process = identify(pid)
        if keeping.known.process is not None:
            keeping.known.is_watched = True
            self.tools.watch(keeping.known.process)
        self._tell_start(keeping, run, action, pid, profile.name)

    def _tell_start(self, keeping: Keeping, run: Run, action: Start, pid: int, agent: str) -> None:
        task, is_restart = keeping.task, action.resume
        died_at = keeping.verdict.at if isinstance(keeping.verdict, Dead) else None
        waited = round(self.tools.engine.clock() - died_at, 3) if is_restart and died_at is not None else None
        self.tools.tell(
            "worker_restarted" if is_restart else "worker_started",
            task.id,
            step=run.step,
            worker=f"{task.id}.{run.attempt}",
            rule=str(Rule.RESTART),
            cause=run.last_exit if is_restart else None,
            attempt=run.attempt,
            why=keeping.decision.why,
            pid=pid,
            pane=keeping.known.pane if keeping.known else None,
            agent=agent,
            commit=run.head,
            waited_s=waited,
        )

    async def _ready_tree(self, keeping: Keeping, board: Board, site: Site) -> bool:
        if site.branch is None:
            return True
        settings, store = board.settings.worktrees, self.tools.engine.store
        plan = worktree.Plan(store.folder, settings.root, site.branch, settings.base, settings.copy, settings.setup)
        try:
            tree = await asyncio.to_thread(worktree.ensure, plan)
        except BoardError as error:
            self._block(keeping, f"its worktree: {error}")
            return False
        if not tree.created:
            return True
        self.tools.tell("worktree_created", keeping.task.id, path=tree.path, branch=tree.branch, base=settings.base)
        return await self._set_up(keeping, board, site)

    async def _set_up(self, keeping: Keeping, board: Board, site: Site) -> bool:
        for command in board.settings.worktrees.setup:
            env = {**environment(os.environ), "BOARD_TASK": keeping.task.id, "BOARD_FILE": site.board}
            ended = await asyncio.to_thread(run_program, ["sh", "-c", command], env, 600.0, cwd=site.tree, tail=4000)
            if ended.status != 0:
                self.tools.tell(
                    "setup_failed", keeping.task.id, command=command, exit_status=ended.status, took_s=ended.seconds
                )
                self._block(keeping, f"setup: `{command}` ended with exit {ended.status}")
                return False
        return True

    # --- settling and holding

    async def settle(self, keeping: Keeping, board: Board, rule: Rule) -> None:
        """The step is over: the next one, or, after the last, the definition of done."""
        await self.capture(keeping)
        task = self._taken(keeping.task)
        following = task.next_step()
        exit_status = keeping.verdict.exit.status if isinstance(keeping.verdict, Dead) else None
        if following is not None:
            self.tools.ledger.settle(task, keeping.death)
        elif not await self._finish(keeping, board, task):
            return
        self.tools.tell(
            "step_settled",
            task.id,
            step=task.step.id,
            rule=str(rule),
            why=keeping.decision.why,
            exit_status=exit_status,
            next_step=following.id if following else None,
        )

    def _taken(self, task: Task) -> Task:
        """A task that nobody holds is claimed first: only a holder settles."""
        if task.claim is not None and task.claim.by == self.tools.ledger.name:
            return task
        engine = self.tools.engine
        actor = Actor(self.tools.ledger.name, None, Kind.SUPERVISOR)
        floor = engine.grants.highest(task.id)
        return engine.change(task.id, actor, lambda ask: claim(ask, floor)).task

    async def _finish(self, keeping: Keeping, board: Board, task: Task) -> bool:
        site = self.site(board, task)
        findings = await looks.definition_of_done(board, task, site)
        failed = [finding for finding in findings if not finding.ok]
        for finding in failed:
            self.tools.tell(
                "done_check_failed", task.id, check=finding.item, exit_status=finding.exit_status, why=finding.detail
            )
        if failed:
            on = "; ".join(f"{finding.item} ({finding.detail})" for finding in failed)
            self.tools.ledger.hold(task, f"its definition of done: {on}", "", "definition of done", keeping.death)
            return False
        commit = await looks.tree_head(site)
        self.tools.ledger.finish(task, looks.evidence(findings, commit), keeping.death)
        await self._close(keeping)
        return True

    async def hold(self, keeping: Keeping, on: str) -> None:
        await self.capture(keeping)
        task, decision = keeping.task, keeping.decision
        self.tools.ledger.hold(task, on, str(decision.rule), decision.why, keeping.death)
        cause = keeping.verdict.exit if isinstance(keeping.verdict, Dead) else Exit()
        self.tools.tell(
            "step_held",
            task.id,
            step=task.step.id,
            worker=f"{task.id}.{task.run.attempt}" if task.run else None,
            rule=str(decision.rule),
            cause=cause.words(),
            why=decision.why,
            item=on,
            exit_status=cause.status,
            signal=cause.signal,
        )

    def _block(self, keeping: Keeping, on: str) -> None:
        self.tools.ledger.hold(keeping.task, on, "", on, keeping.death)

    # --- ending

    async def end(self, keeping: Keeping, rule: Rule, grace: float) -> None:
        """The worker's whole tree: first `grace` seconds to end by itself, then SIGTERM, then SIGKILL."""
        known = keeping.known
        if known is None:
            return
        if grace and known.process is not None:
            await end([known.process], grace, signals=())
        left = await self.end_tree(known)
        event = {Rule.SUPERSEDED: "worker_superseded", Rule.ALIVE: "orphan_ended"}.get(rule, "worker_stopped")
        pid = known.process.pid if known.process else None
        if left:
            self.tools.tell(
                "look_failed", keeping.task.id, source="process tree", problem=f"{left} processes still live"
            )
            return
        self.tools.tell(
            event,
            keeping.task.id,
            worker=known.attempt.worker,
            rule=str(rule),
            why=keeping.decision.why,
            token=known.attempt.token,
            pid=pid,
            pane=known.pane,
        )

    async def end_tree(self, known: Known) -> int | None:
        """How many of the attempt's processes still live after SIGTERM and SIGKILL; None: could not tell."""
        for _ in range(3):  # what is forked while we look is seen by the next look
            found = await asyncio.to_thread(survivors, known.attempt.mark, known.process)
            if not found:
                return None if found is None else 0
            await end(found, KILL_GRACE)
        found = await asyncio.to_thread(survivors, known.attempt.mark, known.process)
        return None if found is None else len(found)

    async def wind_down(self, keeping: Keeping, by: str, *, block: bool) -> None:
        """A person wants this worker stopped: end it, keep its output, and put the task where it belongs."""
        known, task = keeping.known, keeping.task
        if known is not None:
            if await self.end_tree(known) != 0:
                self.tools.tell("look_failed", task.id, source="process tree", problem="its processes still live")
                return
            await self.capture(keeping)
            self.tools.tell("worker_stopped", task.id, worker=known.attempt.worker, by=by, why=STOPPED)
        now = self.tools.engine.clock()
        if task.claim is None or task.claim.by != self.tools.ledger.name:
            return
        if block or (task.started and not task.step.resumable):
            rule = "" if block else str(Rule.NOT_RESUMABLE)
            self.tools.ledger.hold(task, f"a person: stopped by {by}", rule, STOPPED, (Exit(cause=STOPPED), now))
        else:
            self.tools.ledger.put_back(task, now)

    # --- the pane

    async def capture(self, keeping: Keeping) -> None:
        """The attempt's output, redacted, behind what its task's log holds already; once an attempt."""
        known, server = keeping.known, self.tools.server
        if known is None or known.pane is None or server is None or known.is_captured:
            return
        try:
            text = await server.capture(known.pane)
        except TmuxError as error:
            self.tools.tell("look_failed", keeping.task.id, source="screen", problem=str(error))
            return
        known.is_captured = True
        known.screen = text
        kept = keep_output(self.tools.engine.store.side, known.attempt, self.tools.redactor, text)
        self.tools.tell(
            "worker_output_captured",
            keeping.task.id,
            worker=known.attempt.worker,
            path=kept.path,
            lines_count=kept.lines,
            size_bytes=kept.size,
        )

    async def limit(self, keeping: Keeping, board: Board) -> float | None:
        """Until when the dead agent said that it is at its usage limit; None when it said nothing of the kind."""
        profile = self.tools.profiles.for_step(board, keeping.task, keeping.task.step)
        if profile is None or profile.limited is None or not isinstance(keeping.verdict, Dead):
            return None
        await self.capture(keeping)
        screen = keeping.known.screen if keeping.known else ""
        return limited_until(profile.limited, screen, keeping.verdict.at)

    async def _close(self, keeping: Keeping) -> None:
        known, server = keeping.known, self.tools.server
        if known is None or known.window is None or server is None:
            return
        try:
            await server.close_window(known.window)
        except TmuxError:
            return


def _next_number(task: Task) -> int:
    return task.run.attempt + 1 if task.run is not None and task.started else 1
