"""A recorded history decided again: each decision by itself, by today's law, beside what it was. Pure.

What would have followed from another decision is not played through: the next one is decided on what was really seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from board.settings import RestartPolicy
from supervisor.case import VERSION, outcome
from supervisor.decide import decide
from supervisor.model import Case, Decision
from supervisor.recall import case_of

Law = Callable[[Case], Decision]
Record = Mapping[str, Any]

# The events that say what the law decided; a hold stands in `decision_made`, and `step_held` is its deed.
DECISIONS: Final = frozenset(
    {
        "decision_made",
        "worker_started",
        "worker_restarted",
        "worker_stopped",
        "worker_superseded",
        "orphan_ended",
        "step_settled",
    }
)


class Unfit(StrEnum):
    """Why a decision can't be decided again."""

    NO_CASE = "without a case"
    OTHER_VERSION = "of another version"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Replayed:
    """One decision; `outcome` is what its action comes to, `why` are today's words."""

    ts: str
    task: str
    step: str
    event: str
    rule: str
    outcome: str
    rule_now: str
    outcome_now: str
    why: str

    @property
    def differs(self) -> bool:
        return (self.rule, self.outcome) != (self.rule_now, self.outcome_now)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The restart policy as it might have been; None: as it was."""

    intensity: int | None = None
    period: float | None = None
    stale: int | None = None
    backoff: float | None = None

    def of(self, policy: RestartPolicy) -> RestartPolicy:
        pause = policy.backoff
        if self.backoff is not None:
            pause = pause._replace(initial=self.backoff, factor=1.0, cap=self.backoff)
        return policy._replace(
            intensity=policy.intensity if self.intensity is None else self.intensity,
            period=policy.period if self.period is None else self.period,
            stale=policy.stale if self.stale is None else self.stale,
            backoff=pause,
        )


AS_IT_WAS: Final = WhatIf()


def replayed(
    records: Iterable[Record], passed: Counter[str], what_if: WhatIf = AS_IT_WAS, law: Law = decide
) -> Iterator[Replayed]:
    """Every decision among the records, in their order; those that can't be decided again are counted in `passed`."""
    for record in records:
        # A worker that was ended on a person's word has no rule: the law was not asked.
        if record.get("event") not in DECISIONS or not isinstance(record.get("rule"), str):
            continue
        found = _replayed(record, what_if, law)
        if isinstance(found, Unfit):
            passed[found] += 1
        else:
            yield found


def _replayed(record: Record, what_if: WhatIf, law: Law) -> Replayed | Unfit:
    version, then = record.get("case_v"), record.get("outcome")
    if version is None:
        return Unfit.NO_CASE
    if version != VERSION:
        return Unfit.OTHER_VERSION
    try:
        case = case_of(record)
    except ValueError:
        return Unfit.DAMAGED
    if not isinstance(then, str):
        return Unfit.DAMAGED
    now = law(replace(case, policy=what_if.of(case.policy)))
    return Replayed(
        ts=str(record.get("ts")),
        task=case.task.id,
        step=case.task.step.id,
        event=str(record["event"]),
        rule=str(record["rule"]),
        outcome=then,
        rule_now=str(now.rule),
        outcome_now=outcome(now.action, case.now),
        why=now.why,
    )
