"""Carrying the law out: each task's case to a decision, each decision to one operation of the hands."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Coroutine
from typing import Any

from board.errors import BoardError
from board.model import ENDED, HELD, Board, Status, Task
from board.queries import in_order, unmet
from supervisor import faults
from supervisor.control import TmuxError
from supervisor.decide import decide
from supervisor.disk import Disk
from supervisor.hands import Hands
from supervisor.keeping import Facts, Grounds, Keeping
from supervisor.model import Alive, Case, Decision, End, Hold, Lingering, Look, Nothing, Rule, Settle, Start, Wait
from supervisor.overview import RETRY, Overview
from supervisor.report import Report
from supervisor.starting import Starter
from supervisor.tools import Tools

LOOK_AGAIN_AFTER = 30.0  # seconds until a fact that could not be told is asked about again
LOOKING = "looking"  # the one operation that writes nothing
FRESH_FOR = 10.0  # seconds for which a fact is good enough to start upon


class Enforcer:
    """`wake` asks for a cycle now, `look_again_at` for one at an instant. `is_dry` only looks and tells."""

    def __init__(self, eyes: Overview, tools: Tools, report: Report, wake: Callable[[], None], *, is_dry: bool) -> None:
        self.eyes = eyes
        self.tools = tools
        self.report = report
        self.hands = Hands(tools)
        self.starter = Starter(tools)
        self.disk = Disk(tools.tell)
        report.unwritable = lambda: self.disk.standing
        self.wake = wake
        self.is_dry = is_dry
        self.clock = tools.engine.clock
        self.look_again_at: Callable[[float], None] = lambda _: None

    def decide_all(self, board: Board, *, may_start: bool) -> None:
        now = self.clock()
        for keeping in list(self.eyes.kept.values()):
            if keeping.operation is not None or not keeping.is_fresh:
                continue
            if keeping.not_before <= now:
                self._decide(keeping, board, now)
            else:
                self.look_again_at(keeping.not_before)
        self.eyes.close_incident()
        if not self.is_dry and may_start:
            self._start_new(board)

    def restate(self, board: Board) -> None:
        """Says how things stand without deciding anything: for the last look before we leave."""
        for keeping in self.eyes.kept.values():
            if not self._concerns(keeping.task, board, keeping):
                keeping.decision = _standing(keeping.task, keeping.decision)

    def _decide(self, keeping: Keeping, board: Board, now: float) -> None:
        task = keeping.task
        if not self._concerns(task, board, keeping):
            keeping.decision = _standing(task, keeping.decision)
            return
        before = keeping.decision
        self._forget_old_facts(keeping, now)
        case = self._case(keeping, board, now)
        keeping.decision = decide(case)
        keeping.grounds = Grounds(case, keeping.decision, keeping.known.last if keeping.known else None)
        self.report.decision(keeping, before)
        self._renew(keeping, now)
        if self.is_dry:
            self._look_only(keeping, board)
        else:
            self._act(keeping, board)

    def _forget_old_facts(self, keeping: Keeping, now: float) -> None:
        """A look that failed is tried again, and a look from before a pause is repeated before a start."""
        age = now - keeping.facts.at
        is_about_to_start = isinstance(keeping.decision.action, Start | Wait) and not keeping.facts.has_failed
        if (keeping.facts.has_failed and age > LOOK_AGAIN_AFTER) or (is_about_to_start and age > FRESH_FOR):
            keeping.facts = Facts()

    def _concerns(self, task: Task, board: Board, keeping: Keeping) -> bool:
        """Ours, or free for us to take, or something of ours still runs for it."""
        if self.eyes.is_ours(task) or isinstance(keeping.verdict, Alive | Lingering):
            return True
        if task.status is not Status.TODO or unmet(board, task):
            return False
        return self.eyes.profile(board, task) is not None

    def _case(self, keeping: Keeping, board: Board, now: float) -> Case:
        facts = keeping.facts
        return Case(
            task=keeping.task,
            holder=self.tools.ledger.name,
            verdict=keeping.verdict,
            now=now,
            policy=board.settings.restart,
            attempt=keeping.known.attempt if keeping.known else None,
            settles_on_exit=self.eyes.settles(board, keeping.task),
            done_if=facts.done_if,
            drift=facts.drift,
            progressed=facts.progress,
            limited_until=facts.limit if self._has_limit(board, keeping.task) else None,
            login_refused=facts.login if self._has_login(board, keeping.task) else False,
            slot_at=self.eyes.incident.slots.get(keeping.task.id) if self.eyes.incident else None,
            draw=keeping.draw,
            grace=board.settings.grace,
        )

    def _has_limit(self, board: Board, task: Task) -> bool:
        profile = self.eyes.profile(board, task)
        return profile is not None and profile.limited is not None

    def _has_login(self, board: Board, task: Task) -> bool:
        profile = self.eyes.profile(board, task)
        return profile is not None and profile.auth is not None

    def _look_only(self, keeping: Keeping, board: Board) -> None:
        match keeping.decision.action:
            case Look(fact=fact):
                self.operate(keeping, LOOKING, self.hands.look(keeping, fact, board))
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
                    self.look_again_at(until)
            case Look(fact=fact):
                self.operate(keeping, LOOKING, self.hands.look(keeping, fact, board))
            case Settle():
                self.operate(keeping, "settling", self.hands.settle(keeping, board, decision.rule))
            case Hold(on=on):
                self.operate(keeping, "holding", self.hands.hold(keeping, board, on))
            case End() as action:
                self.operate(keeping, "stopping", self.hands.end(keeping, decision.rule, action))
            case Start() as start:
                if self.eyes.is_ours(keeping.task):
                    self.operate(keeping, "starting", self._started(keeping, board, start))

    def _start_new(self, board: Board) -> None:
        """Fresh starts in order of priority, as far as there are places; whoever we hold has a place already."""
        held = {task.id for task in board.tasks if self.eyes.is_ours(task) and self._takes_a_place(task)}
        held |= {name for name, kept in self.eyes.kept.items() if kept.busy == "starting"}
        ready = [kept.task for kept in self.eyes.kept.values() if self._wants_start(kept) and kept.task.id not in held]
        for task in in_order(ready):
            if len(held) >= board.settings.max_workers:
                return
            keeping = self.eyes.kept[task.id]
            assert isinstance(keeping.decision.action, Start)
            held.add(task.id)
            self.operate(keeping, "starting", self._started(keeping, board, keeping.decision.action))

    def _takes_a_place(self, task: Task) -> bool:
        """Whatever runs or is about to; not what waits at a gate until a person comes."""
        kept = self.eyes.kept.get(task.id)
        return task.status in HELD and (kept is None or kept.decision.rule is not Rule.GATED)

    def _wants_start(self, keeping: Keeping) -> bool:
        return (
            keeping.operation is None
            and keeping.is_fresh
            and isinstance(keeping.decision.action, Start)
            and keeping.task.status is Status.TODO
            and keeping.not_before <= self.clock()
        )

    async def _started(self, keeping: Keeping, board: Board, start: Start) -> None:
        await self.starter.start(keeping, board, start)
        if self.eyes.incident is not None:
            self.eyes.incident.slots.pop(keeping.task.id, None)
        self.eyes.fell.discard(keeping.task.id)
        keeping.draw = random.random()  # noqa: S311 - jitter, not a secret

    def _note_end(self, keeping: Keeping) -> None:
        """A death whose restart has to wait stands in the record at once: it outlives us."""
        death = keeping.death
        if death is not None and self.eyes.is_ours(keeping.task):
            with contextlib.suppress(BoardError):
                self.tools.ledger.note_end(keeping.task, *death)

    def _renew(self, keeping: Keeping, now: float) -> None:
        claim = keeping.task.claim
        if claim is None or not self.eyes.is_ours(keeping.task) or keeping.task.status not in HELD or self.is_dry:
            return
        lease = max(claim.expires_at - claim.at, 0.1) if claim.at else 1.0
        lease = min(lease, self.eyes.board.board.settings.lease) if self.eyes.board else lease
        if claim.expires_at - now < lease / 2:
            with contextlib.suppress(BoardError):
                self.tools.ledger.renew(keeping.task)
            self.look_again_at(now + lease / 2)
        else:
            self.look_again_at(claim.expires_at - lease / 2)

    def operate(self, keeping: Keeping, name: str, work: Coroutine[Any, Any, None]) -> None:
        async def guarded() -> None:
            try:
                await work
                keeping.failures = 0
            except (BoardError, TmuxError, OSError) as error:
                self._put_off(keeping)
                if not self.disk.refused(error, self.clock()):
                    self.tools.tell("look_failed", keeping.task.id, source=name, problem=str(error))
            except Exception as error:  # noqa: BLE001 - one task's fault must not become all tasks'
                self._put_off(keeping)
                faults.note(self.tools, error, keeping.task.id)
            else:
                if name != LOOKING:
                    self.disk.took(self.clock())

        keeping.run(name, guarded(), self.wake)

    def _put_off(self, keeping: Keeping) -> None:
        keeping.failures += 1
        keeping.not_before = self.clock() + RETRY * min(keeping.failures, 30)


def _standing(task: Task, before: Decision) -> Decision:
    """What is to be said of a task that waits for a person or is over: the rule that held it, if one did."""
    blocked = task.blocked if task.status is Status.BLOCKED else None
    if blocked is not None and blocked.rule in set(Rule):
        why = before.why if before.rule == blocked.rule else blocked.on
        return Decision(Rule(blocked.rule), Nothing(), why)
    if blocked is not None:
        return Decision(Rule.SETTLED, Nothing(), f"waits for {blocked.on}")
    if task.status in ENDED or task.status is Status.REVIEW:
        return Decision(Rule.SETTLED, Nothing(), f"the task is {task.status}")
    return Decision(before.rule, Nothing(), before.why)
