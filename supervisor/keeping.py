"""What the supervisor remembers of each task between two looks. All of it may be lost: board and panes know better."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from board.model import Task
from board.settings import RestartPolicy
from supervisor.case import Scalar, outcome, record
from supervisor.model import Absent, Answer, Case, Dead, Decision, Exit, Nothing, Observation, Rule, Unseen, Verdict
from supervisor.policy import next_slot
from supervisor.sight import Known
from supervisor.status import seen_words


@dataclass(slots=True)
class Facts:
    """Answers to the law's questions about one attempt, the last of them given at `at`; asked anew for the next.
    `head` is the tree's commit as it was seen when progress was looked for."""

    done_if: Answer = Unseen.NOT_LOOKED
    drift: str | Unseen | None = Unseen.NOT_LOOKED
    progress: Answer = Unseen.NOT_LOOKED
    limit: float | Unseen | None = Unseen.NOT_LOOKED
    login: Answer = Unseen.NOT_LOOKED
    head: str | None = None
    at: float = 0.0

    @property
    def has_failed(self) -> bool:
        return Unseen.FAILED in (self.done_if, self.drift, self.progress, self.limit, self.login)


@dataclass(frozen=True, slots=True)
class Grounds:
    """A decision and what it was made on: the case, and the look that it rests on (None: only the record was asked)."""

    case: Case
    decision: Decision
    seen: Observation | None

    def told(self) -> dict[str, Scalar]:
        """As fields of the decision's event: the evidence for people, and the case to be decided again."""
        verdict, seen = self.case.verdict, self.seen
        return {
            **record(self.case),
            "seen": seen_words(verdict),
            "source": str(seen.source) if seen else "board",
            "seen_at": verdict.at if isinstance(verdict, Dead) else seen.at if seen else None,
            "outcome": outcome(self.decision.action, self.case.now),
        }


class CalledOff(NamedTuple):
    """Who wants what is under way to end, where that may take long; `is_final` unless it is to be begun anew later."""

    by: str
    is_final: bool


@dataclass(slots=True)
class Keeping:
    """One task's runtime state. `busy` names the operation under way; a task has at most one at a time."""

    task: Task
    known: Known | None = None
    verdict: Verdict = field(default_factory=Absent)
    decision: Decision = field(default_factory=lambda: Decision(Rule.SETTLED, Nothing()))
    grounds: Grounds | None = None
    facts: Facts = field(default_factory=Facts)
    facts_of: tuple[str, object] = ("", None)
    draw: float = 0.0
    told_dead: str = ""
    busy: str | None = None
    operation: asyncio.Task[None] | None = None
    not_before: float = 0.0
    failures: int = 0
    called_off: CalledOff | None = None
    is_fresh: bool = True  # does it agree with the board as read in this cycle?

    @property
    def mark(self) -> str:
        return self.known.attempt.mark if self.known is not None else ""

    @property
    def death(self) -> tuple[Exit, float] | None:
        """How the attempt ended and when, unless the record says so already."""
        if not isinstance(self.verdict, Dead):
            return None
        recorded = self.task.run is not None and self.task.run.ended_at is not None
        return None if recorded else (self.verdict.exit, self.verdict.at)

    def told(self) -> dict[str, Scalar]:
        """The last decision's grounds, as fields of its event."""
        return {} if self.grounds is None else self.grounds.told()

    def run(self, name: str, work: Coroutine[Any, Any, None], ended: Callable[[], None]) -> None:
        """Starts the task's one operation; `ended` is called when it is over, however it went."""
        assert self.operation is None
        self.busy, self.called_off = name, None

        def over(_: asyncio.Task[None]) -> None:
            self.busy = self.operation = None
            self.is_fresh = False
            ended()

        self.operation = asyncio.get_running_loop().create_task(work, name=f"{name} {self.task.id}")
        self.operation.add_done_callback(over)

    def forget_facts_of_others(self) -> None:
        """Facts hold for one attempt under one record; a person's edit or a new start makes them stale."""
        record = self.task.record
        of = (self.mark, {key: record.get(key) for key in ("checkpoint", "approved", "status", "steps", "done_if")})
        if of != self.facts_of:
            self.facts, self.facts_of = Facts(), of


@dataclass(slots=True)
class Incident:
    """A mass death: who died, and whose turn in the recovery is when."""

    cause: str
    at: float
    slots: dict[str, float]

    @classmethod
    def of(cls, cause: str, at: float, tasks: list[Task], policy: RestartPolicy) -> Incident:
        """Turns in order of priority, `spacing` apart, the first one at once."""
        ordered = sorted(tasks, key=lambda task: task.priority)
        return cls(cause, at, {task.id: next_slot(at, place, policy) for place, task in enumerate(ordered)})
