"""A case read back from the fields that `case.record` wrote, as far as the law can tell. Pure; it decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from board.model import Approval, Checkpoint, Claim, Ending, Run, Status, Step, Task
from board.settings import Backoff, RestartPolicy
from supervisor.activity import LONGEST_BLOCK, BeingEnded, Doing, Looping, Overdue, Stalled, Working
from supervisor.agents.needs import Asking, AtLimit, Failing
from supervisor.case import VERSION
from supervisor.judge import read_exit
from supervisor.model import Absent, Alive, Answer, Attempt, Case, Dead, Lingering, Unknown, Unseen, Verdict

# What stands for a text or a name that is not kept.
US: Final = "us"
ANOTHER: Final = "somebody else"
SOMETHING: Final = "what it says"
DRIFTED: Final = "its tree is not what the record says"
DOUBT: Final = "it could not be told"

Fields = Mapping[str, Any]

_MOST: Final = 1e12  # no instant, span or count of ours is larger: what is was not written by us


class _Kept(NamedTuple):
    """The fields of one case. Each of these raises ValueError for what can't have been written by `record`."""

    fields: Fields

    def number(self, name: str) -> float:
        found = self.maybe(name)
        if found is None:
            raise ValueError(f"{name} is missing")
        return found

    def maybe(self, name: str) -> float | None:
        value = self.fields.get(name)
        return None if value is None else _bounded(name, value)

    def whole(self, name: str) -> int | None:
        value = self.maybe(name)
        if isinstance(value, float):
            raise ValueError(f"{name} is no whole number")  # noqa: TRY004 - of a file, not of a caller
        return value

    def count(self, name: str) -> int:
        return self.whole(name) or 0

    def flag(self, name: str) -> bool:
        return self.fields.get(name) is True

    def text(self, name: str) -> str | None:
        value = self.fields.get(name)
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{name} is no text")
        return value

    def ago(self, name: str) -> float | None:
        age = self.maybe(name)
        return None if age is None else self.number("case_now_s") - age

    def ahead(self, name: str) -> float | None:
        span = self.maybe(name)
        return None if span is None else self.number("case_now_s") + span

    def fact(self, name: str) -> Answer:
        value = self.text(name)
        return value == "yes" if value in ("yes", "no") else Unseen(value or Unseen.NOT_LOOKED.value)


def _bounded(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _MOST:
        raise ValueError(f"{name} is no number")
    return value


def case_of(fields: Fields) -> Case:
    """The case that `record` wrote, as far as the law can tell. Raises ValueError where the fields are no case."""
    kept = _Kept(fields)
    if kept.whole("case_v") != VERSION:
        raise ValueError("a case of another version")
    drift, now = kept.fact("case_drift"), kept.number("case_now_s")
    return Case(
        task=_task(kept),
        holder=US,
        verdict=_verdict(kept),
        now=now,
        policy=_policy(kept),
        attempt=_attempt(kept),
        settles_on_exit=kept.flag("case_settles_on_exit"),
        done_if=kept.fact("case_done_if"),
        drift=drift if isinstance(drift, Unseen) else DRIFTED if drift else None,
        progressed=kept.fact("case_progress"),
        limited_until=_limited_until(kept),
        login_refused=kept.text("case_login_refused") is not None and kept.fact("case_login_refused"),
        slot_at=kept.ahead("case_slot_in_s"),
        draw=kept.number("case_draw"),
        grace=kept.number("case_grace_s"),
    )


def _task(kept: _Kept) -> Task:
    """Every field by its name: a new one is thought about here, or the type checker complains."""
    step = Step(
        id=kept.text("step") or "",
        prompt=None if kept.flag("case_is_command") else SOMETHING,
        run=SOMETHING if kept.flag("case_is_command") else None,
        resumable=kept.flag("case_is_resumable"),
        gate="human" if kept.flag("case_has_gate") else None,
        on_stall="restart" if kept.flag("case_restarts_on_stall") else "tell",
        done_if=SOMETHING if kept.flag("case_has_done_if") else None,
    )
    return Task(
        id=kept.text("task") or "",
        title="",
        status=Status(kept.text("case_status") or ""),
        agent=None,
        brief=None,
        priority=0,
        after=(),
        steps=(step,),
        step=step,
        done_when=None,
        claim=_claim(kept),
        last_token=0,
        checkpoint=Checkpoint(None, None, None) if kept.flag("case_has_checkpoint") else None,
        run=_run(kept, step),
        blocked=None,
        approved=Approval(step.id, ANOTHER, None) if kept.flag("case_is_approved") else None,
        record={},
    )


def _claim(kept: _Kept) -> Claim | None:
    token = kept.whole("case_claim_token")
    now = kept.number("case_now_s")
    return None if token is None else Claim(US if kept.flag("case_is_ours") else ANOTHER, token, now, now)


def _attempt(kept: _Kept) -> Attempt | None:
    token = kept.whole("case_attempt_token")
    return None if token is None else Attempt("", kept.text("task") or "", token, 0)


def _run(kept: _Kept, step: Step) -> Run | None:
    started_at, now = kept.ago("case_started_for_s"), kept.number("case_now_s")
    if started_at is None:
        return None
    return Run(
        step=step.id,
        attempt=0,
        started_at=started_at,
        stale=kept.count("case_stale"),
        restarts=tuple(
            now - _bounded("case_restarts_for_s", float(age))
            for age in (kept.text("case_restarts_for_s") or "").split()
        ),
        ended_at=kept.ago("case_ended_for_s"),
        last_exit=kept.text("case_last_exit"),
    )


def _verdict(kept: _Kept) -> Verdict:
    match kept.text("case_verdict"):
        case "absent":
            return Absent()
        case "alive":
            return Alive(kept.whole("case_pid"), None, _doing(kept))
        case "lingering":
            return Lingering(kept.count("case_lingering_count"))
        case "dead":
            at = kept.number("case_now_s") - kept.number("case_dead_for_s")
            return Dead(read_exit(kept.text("case_exit") or ""), at)
        case "unknown":
            return Unknown(DOUBT)
        case other:
            raise ValueError(f"no verdict: {other!r}")


def _doing(kept: _Kept) -> Doing:
    match kept.text("case_doing"):
        case None:
            return Working()
        case "stalled":
            return Stalled(kept.number("case_now_s"), kept.number("case_limit_s"))
        case "looping":
            lines = (SOMETHING,) * min(kept.count("case_loop_lines_count"), LONGEST_BLOCK)
            return Looping(kept.number("case_now_s"), lines, kept.count("case_loop_times_count"))
        case "overdue":
            return Overdue(kept.number("case_limit_s"))
        case "asking":
            return Asking(*_told_by(kept))
        case "limited":
            return AtLimit(*_told_by(kept), kept.ahead("case_ends_in_s"))
        case "failing":
            return Failing(*_told_by(kept))
        case "being ended":
            return BeingEnded(Ending(kept.text("case_ending") or ""))
        case other:
            raise ValueError(f"nothing that a worker does: {other!r}")


def _told_by(kept: _Kept) -> tuple[float, str, str]:
    return kept.number("case_now_s"), kept.text("case_agent_rule") or "", kept.text("case_agent_source") or ""


def _policy(kept: _Kept) -> RestartPolicy:
    pause = Backoff(*(kept.number(f"case_backoff_{part}") for part in ("s", "factor", "cap_s")))
    return RestartPolicy(
        intensity=kept.count("case_intensity"),
        period=kept.number("case_period_s"),
        backoff=pause,
        stale=kept.count("case_stale_allowed"),
    )


def _limited_until(kept: _Kept) -> float | Unseen | None:
    value = kept.fields.get("case_limited_in_s")
    return Unseen(value) if isinstance(value, str) else kept.ahead("case_limited_in_s")
