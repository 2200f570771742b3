"""A case as the journal keeps it: what a decision was made on, as flat fields; `recall` reads them back. Pure.

Theory of operation. Everything that the law may ask about is kept, and nothing else: an instant as its distance from
`case_now_s` (a difference of two near numbers is exact, so that what comes back is what went in, to the last bit), a
policy whole (tomorrow's defaults are not today's), a text only as the fact that there is one. Absent means None, no or
nobody looked. Whoever adds to the law's questions adds a field here, and raises `VERSION` when one changes its meaning.
"""

from __future__ import annotations

from typing import Final, assert_never

from board.model import Task
from supervisor.activity import BeingEnded, Doing, Looping, Overdue, Stalled, Working
from supervisor.agents.needs import Asking, AtLimit, Failing
from supervisor.model import (
    Absent,
    Action,
    Alive,
    Answer,
    Case,
    Dead,
    End,
    Hold,
    Lingering,
    Look,
    Nothing,
    Settle,
    Start,
    Unknown,
    Unseen,
    Verdict,
    Wait,
)

VERSION: Final = 1
Scalar = str | int | float | bool | None


def record(case: Case) -> dict[str, Scalar]:
    """Fields of the decision's event; those that say nothing are left out."""
    task, step, policy = case.task, case.task.step, case.policy
    full: dict[str, Scalar] = {
        "step": step.id,
        "case_v": VERSION,
        "case_now_s": case.now,
        "case_status": str(task.status),
        "case_is_command": step.run is not None,
        "case_is_resumable": step.resumable,
        "case_has_gate": step.gate == "human",
        "case_restarts_on_stall": step.on_stall == "restart",
        "case_is_approved": task.is_approved,
        "case_has_done_if": step.done_if is not None,
        "case_has_checkpoint": task.checkpoint is not None,
        "case_settles_on_exit": case.settles_on_exit,
        "case_claim_token": task.claim.token if task.claim else None,
        "case_is_ours": task.claim is not None and task.claim.by == case.holder,
        "case_attempt_token": case.attempt.token if case.attempt else None,
        **_verdict_fields(case.verdict, case.now),
        **_run_fields(task, case.now),
        "case_done_if": _fact(case.done_if),
        "case_drift": _fact(case.drift if isinstance(case.drift, Unseen) else case.drift is not None),
        "case_progress": _fact(case.progressed),
        "case_limited_in_s": _limit(case),
        "case_login_refused": _refused(case.login_refused),
        "case_slot_in_s": None if case.slot_at is None else case.slot_at - case.now,
        "case_draw": case.draw,
        "case_grace_s": case.grace,
        "case_intensity": policy.intensity,
        "case_period_s": policy.period,
        "case_backoff_s": policy.backoff.initial,
        "case_backoff_factor": policy.backoff.factor,
        "case_backoff_cap_s": policy.backoff.cap,
        "case_stale_allowed": policy.stale,
    }
    return {name: value for name, value in full.items() if value is not None and value is not False}


def _verdict_fields(verdict: Verdict, now: float) -> dict[str, Scalar]:
    match verdict:
        case Absent():
            return {"case_verdict": "absent"}
        case Alive():
            return {"case_verdict": "alive", "case_pid": verdict.pid, **_doing_fields(verdict.doing, now)}
        case Lingering():
            return {"case_verdict": "lingering", "case_lingering_count": verdict.count}
        case Dead():
            return {"case_verdict": "dead", "case_exit": verdict.exit.words(), "case_dead_for_s": now - verdict.at}
        case Unknown():
            return {"case_verdict": "unknown"}
        case _:
            assert_never(verdict)


def _doing_fields(doing: Doing, now: float) -> dict[str, Scalar]:
    match doing:
        case Working():
            return {}
        case Stalled(limit=limit):
            return {"case_doing": "stalled", "case_limit_s": limit}
        case Looping(lines=lines, times=times):
            return {"case_doing": "looping", "case_loop_lines_count": len(lines), "case_loop_times_count": times}
        case Overdue(limit=limit):
            return {"case_doing": "overdue", "case_limit_s": limit}
        case Asking(rule=rule, source=source):
            return {"case_doing": "asking", "case_agent_rule": rule, "case_agent_source": source}
        case AtLimit(rule=rule, source=source, until=until):
            ends = None if until is None else until - now
            by: dict[str, Scalar] = {"case_agent_rule": rule, "case_agent_source": source}
            return {"case_doing": "limited", **by, "case_ends_in_s": ends}
        case Failing(rule=rule, source=source):
            return {"case_doing": "failing", "case_agent_rule": rule, "case_agent_source": source}
        case BeingEnded(why=why):
            return {"case_doing": "being ended", "case_ending": str(why)}
        case _:
            assert_never(doing)


def _run_fields(task: Task, now: float) -> dict[str, Scalar]:
    """The attempt on record, if it is one at the current step: of another one the law takes no notice."""
    run = task.run
    if run is None or run.started_at is None or not task.started:
        return {}
    return {
        "case_started_for_s": now - run.started_at,
        "case_stale": run.stale or None,
        "case_restarts_for_s": " ".join(repr(now - at) for at in run.restarts) or None,
        "case_ended_for_s": None if run.ended_at is None else now - run.ended_at,
        "case_last_exit": run.last_exit,
    }


def _fact(answer: Answer) -> Scalar:
    """«no» is a fact as well, so a text says it."""
    if isinstance(answer, Unseen):
        return None if answer is Unseen.NOT_LOOKED else answer.value
    return "yes" if answer else "no"


def _refused(answer: Answer) -> Scalar:
    """Here «nobody looked» is what is kept in full: for most agents there is nothing to look for, and that is «no»."""
    return answer.value if isinstance(answer, Unseen) else "yes" if answer else None


def _limit(case: Case) -> Scalar:
    if case.limited_until is None or isinstance(case.limited_until, Unseen):
        return case.limited_until.value if case.limited_until is not None else None
    return case.limited_until - case.now


# --- what was decided


def outcome(action: Action, now: float) -> str:
    """What an action comes to, without its words for people: two of these are the same deed or another one."""
    match action:
        case Nothing():
            return "nothing"
        case Wait(until=until):
            return "wait" if until is None else f"wait {_seconds(until - now)}"
        case Look(fact=fact):
            return f"look for {fact}"
        case Settle():
            return "settle"
        case Hold():
            return "hold"
        case End(grace=grace, ending=ending):
            return f"end after {_seconds(grace)}{'' if ending is None else f', {ending}'}"
        case Start():
            tally = f", stale {action.stale}" if action.stale else ""
            return f"{'resume' if action.resume else 'start'}{', counted' if action.counted else ''}{tally}"
        case _:
            assert_never(action)


def _seconds(span: float) -> str:
    return f"{round(span, 3):g} s" if abs(span) < 1e5 else f"{round(span)} s"
