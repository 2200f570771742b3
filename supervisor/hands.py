"""Acting: what each of the law's actions does to the record, the pane and the processes. No rule is decided here.

An operation works on one task at a time; whatever refuses or fails leaves the record as the last word, and the next
cycle looks and decides again.
"""

from __future__ import annotations

import asyncio
import signal
import time

from board.done import Finding
from board.journal.events import Scalar
from board.model import Board, Task
from supervisor import looks
from supervisor.agents.needs import settled_of
from supervisor.agents.reading import State
from supervisor.control import TmuxError
from supervisor.decide import STOPPED
from supervisor.keeping import Keeping
from supervisor.kin import survivors
from supervisor.launch import Site
from supervisor.model import SETUP, Answer, Dead, End, Exit, Fact, Rule, Unseen
from supervisor.processes import ProcessId
from supervisor.screen import is_refused, limited_until
from supervisor.sight import Known
from supervisor.tools import Tools
from supervisor.watcher import end

LAST_WORDS = 2.0  # seconds for a worker's output to be read to its end, before its window is closed
LAST_TURN = 1.0  # seconds of a grace for which an idle agent is not believed: its last turn may be about to go on
GLANCE = 0.25  # seconds between two looks at whether it is idle
KILL_GRACE = 5.0  # seconds between SIGTERM and SIGKILL


class Hands:
    def __init__(self, tools: Tools) -> None:
        self.tools = tools

    # --- looking things up for the law

    async def look(self, keeping: Keeping, fact: Fact, board: Board) -> None:
        site = self.tools.site(board, keeping.task)
        match fact:
            case "done_if":
                keeping.facts.done_if = await looks.done_if(keeping.task, site)
                failed = keeping.facts.done_if is Unseen.FAILED
            case "drift":
                # Whoever is asked for one is asked for the other next, and the next start notes the commit, too.
                keeping.facts.drift, _ = await asyncio.gather(
                    looks.drift(keeping.task, site), self._progress(keeping, site)
                )
                failed = keeping.facts.drift is Unseen.FAILED
            case "limit":
                keeping.facts.limit = await self._limit(keeping, board)
                failed = keeping.facts.limit is Unseen.FAILED
            case "login":
                keeping.facts.login = await self._login(keeping, board)
                failed = keeping.facts.login is Unseen.FAILED
            case "progress":
                await self._progress(keeping, site)
                failed = keeping.facts.progress is Unseen.FAILED
        keeping.facts.at = self.tools.engine.clock()
        if failed:
            self.tools.tell("look_failed", keeping.task.id, source=fact, step=keeping.task.step.id)

    async def _progress(self, keeping: Keeping, site: Site) -> None:
        keeping.facts.head = await looks.tip_of(site)
        keeping.facts.progress = await looks.progress(keeping.task, site, keeping.facts.head)

    # --- settling and holding

    async def settle(self, keeping: Keeping, board: Board, rule: Rule) -> None:
        """The step is over: the next one, or, after the last, the definition of done."""
        await self.tools.capture(keeping)
        task = self._taken(keeping.task)
        following = task.next_step()
        exit_status = keeping.verdict.exit.status if isinstance(keeping.verdict, Dead) else None
        if following is not None:
            self.tools.ledger.settle(task, keeping.death)
        elif not await self._finish(keeping, board, task):
            # The law settled it; the definition of done had the last word.
            self.tools.tell("decision_made", task.id, **keeping.told(), rule=str(rule), why=keeping.decision.why)
            return
        self.tools.tell(
            "step_settled",
            task.id,
            **keeping.told(),
            **_attempt(keeping),
            rule=str(rule),
            why=keeping.decision.why,
            exit_status=exit_status,
            next_step=following.id if following else None,
        )

    def _taken(self, task: Task) -> Task:
        """A task that nobody holds is claimed first: only a holder settles."""
        if task.claim is not None and task.claim.by == self.tools.ledger.name:
            return task
        return self.tools.ledger.take_up(task).task

    async def _finish(self, keeping: Keeping, board: Board, task: Task) -> bool:
        proof = await looks.proof(board, task, self.tools.site(board, task))
        for finding in proof.findings:
            self._tell_check(task, finding)
        if proof.failed:
            # The details are what programs said, and the board may be shared.
            on = self.tools.redactor.text("; ".join(f"{finding.item} ({finding.detail})" for finding in proof.failed))
            self.tools.ledger.hold(task, f"its definition of done: {on}", "", "definition of done", keeping.death)
            return False
        self.tools.ledger.finish(task, proof.evidence(), keeping.death)
        await self._close(keeping)
        return True

    def _tell_check(self, task: Task, finding: Finding) -> None:
        self.tools.tell(
            "done_check_passed" if finding.ok else "done_check_failed",
            task.id,
            step=task.step.id,
            check=finding.item,
            exit_status=finding.exit_status,
            why=None if finding.ok else finding.detail,
            output=None if finding.ok else finding.tail or None,
            took_s=round(finding.seconds, 3),
        )

    async def hold(self, keeping: Keeping, board: Board, on: str) -> None:
        await self.tools.capture(keeping)
        task, decision = keeping.task, keeping.decision
        self.tools.ledger.hold(task, on, str(decision.rule), decision.why, keeping.death)
        cause = keeping.verdict.exit if isinstance(keeping.verdict, Dead) else Exit()
        self.tools.tell(
            "step_held",
            task.id,
            step=task.step.id,
            **_attempt(keeping),
            rule=str(decision.rule),
            cause=cause.words(),
            why=decision.why,
            item=on,
            exit_status=cause.status,
            signal=cause.signal,
            meaning=self.tools.meaning(board, task, cause),
        )

    # --- ending

    async def end(self, keeping: Keeping, rule: Rule, action: End) -> None:
        """The worker's whole tree: first `grace` seconds to end by itself, then SIGTERM, then SIGKILL. One that nobody
        called off is told by SIGINT what the grace is for; another one whose agent is idle has had enough of it."""
        known, ending = keeping.known, action.ending
        if known is None:
            return
        if ending is not None:
            self.tools.ledger.note_ending(keeping.task, ending)
            found = await asyncio.to_thread(survivors, known.attempt.mark, known.process)
            await end(found or (), action.grace, signals=(signal.SIGINT,))
        elif action.grace and known.process is not None:
            await self._given_grace(known, known.process, action.grace)
        left = await self.end_tree(known)
        event = {Rule.SUPERSEDED: "worker_superseded", Rule.ALIVE: "orphan_ended"}.get(rule, "worker_stopped")
        event = event if ending is None else "worker_stopped"
        pid = known.process.pid if known.process else None
        if left:
            self.tools.tell(
                "look_failed", keeping.task.id, source="process tree", problem=f"{left} processes still live"
            )
            return
        self.tools.tell(
            event,
            keeping.task.id,
            **keeping.told(),
            worker=known.attempt.worker,
            rule=str(rule),
            cause=None if ending is None else str(ending),
            why=keeping.decision.why,
            token=known.attempt.token if known.attempt.token != SETUP else None,
            pid=pid,
            pane=known.pane,
        )

    async def _given_grace(self, known: Known, process: ProcessId, grace: float) -> None:
        """Until it ended, its agent is idle, or the grace is over: an agent in its own screen never ends by itself."""
        over = time.monotonic() + grace
        living = await end([process], min(LAST_TURN, grace), signals=())
        while living and (left := over - time.monotonic()) > 0:
            if settled_of(known.heard, self.tools.engine.clock()).state is State.IDLE:
                return
            living = await end([process], min(GLANCE, left), signals=())

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
            await self.tools.capture(keeping, STOPPED)
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

    async def _limit(self, keeping: Keeping, board: Board) -> float | Unseen | None:
        """Until when the dead agent said that it is at its usage limit; None when it said nothing of the kind."""
        profile = self.tools.profiles.for_step(board, keeping.task, keeping.task.step)
        if profile is None or profile.limited is None or not isinstance(keeping.verdict, Dead):
            return None
        screen = await self._last_screen(keeping)
        if not isinstance(screen, str):
            return screen
        return limited_until(profile.limited, screen, keeping.verdict.at, self.tools.zones(profile))

    async def _login(self, keeping: Keeping, board: Board) -> Answer:
        """Did the dead agent end because its login was refused? By its last screen, and by how it ended."""
        profile = self.tools.profiles.for_step(board, keeping.task, keeping.task.step)
        if profile is None or profile.auth is None or not isinstance(keeping.verdict, Dead):
            return False
        screen = await self._last_screen(keeping)
        if is_refused(profile.auth, screen if isinstance(screen, str) else "", keeping.verdict.exit):
            return True
        return screen if isinstance(screen, Unseen) else False

    async def _last_screen(self, keeping: Keeping) -> str | Unseen | None:
        """None where the dead agent has none left."""
        known = keeping.known
        if known is None:
            return None
        await self.tools.capture(keeping)
        if not known.is_captured:
            return None if known.pane is None else Unseen.FAILED
        return known.screen

    async def _close(self, keeping: Keeping) -> None:
        known, server = keeping.known, self.tools.server
        if known is None or known.window is None or server is None:
            return
        # With the window goes what tmux holds of the output and no reader has taken yet.
        await self.tools.recorder.until_ended(known.attempt, LAST_WORDS)
        try:
            await server.close_window(known.window)
        except TmuxError:
            return


def _attempt(keeping: Keeping) -> dict[str, Scalar]:
    known = keeping.known
    return {} if known is None else {"worker": known.attempt.worker, "token": known.attempt.token}
