"""The law of restarting: the rules in their order, the first that applies is the answer. Pure.

Each rule is one small function from a case to a decision, or None where it doesn't apply. A fact that has to be looked
up outside is asked for with `Look`, and the case is decided again once it is known; a failed look decides nothing.
`TABLE` is the law as the README prints it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from board.instants import format_span
from board.model import ENDED, HELD, Run, Status
from supervisor.living import alive
from supervisor.model import (
    SETUP,
    Absent,
    Alive,
    Case,
    Dead,
    Decision,
    End,
    Hold,
    Lingering,
    Look,
    Nothing,
    Rule,
    Settle,
    Start,
    Unknown,
    Unseen,
    Wait,
)
from supervisor.policy import due_at, recent, stale_after

LOOK_AGAIN: Final = 0.5  # seconds between two looks at what could not be told
STOPPED: Final = "stopped by a person"  # a death that we caused on request: neither stale nor counted


def decide(case: Case) -> Decision:
    """What to do about this task now, and by which rule."""
    for rule in RULES:
        decision = rule(case)
        if decision is not None:
            return decision
    raise AssertionError("the last rule always applies")


def settled(case: Case) -> Decision | None:
    task = case.task
    if _is_over(case):
        lives = isinstance(case.verdict, Alive | Lingering)
        action = End(case.grace) if lives else Nothing()
        return Decision(
            Rule.SETTLED, action, f"the task is {task.status}" if _is_ended(case) else "the step is settled"
        )
    is_success = isinstance(case.verdict, Dead) and case.verdict.exit.is_success and not _is_replaced(case)
    if is_success and (task.step.run or case.settles_on_exit):
        return Decision(Rule.SETTLED, Settle(), f"step {task.step.id} ended with exit 0")
    return None


def superseded(case: Case) -> Decision | None:
    claim, attempt = case.task.claim, case.attempt
    lives = isinstance(case.verdict, Alive | Lingering)
    is_current = claim is not None and claim.by == case.holder and (attempt is None or claim.token == attempt.token)
    if lives and attempt is not None and attempt.token == SETUP:
        return Decision(Rule.SUPERSEDED, End(0.0), "a setup command that nobody waits for: setup is begun anew")
    if lives and attempt is not None and not is_current:
        now = f"token {claim.token} is {claim.by}'s" if claim else "nobody's claim is current"
        return Decision(Rule.SUPERSEDED, End(0.0), f"its token {attempt.token} is stale: {now}")
    if case.task.status in (Status.TODO, *HELD) and claim is not None and claim.by != case.holder:
        return Decision(Rule.SUPERSEDED, Nothing(), f"the task is {claim.by}'s now")
    return None


def unknown(case: Case) -> Decision | None:
    if isinstance(case.verdict, Unknown):
        return Decision(Rule.UNKNOWN, Wait(case.now + LOOK_AGAIN), case.verdict.why)
    if isinstance(case.verdict, Absent) and case.task.started:
        return Decision(Rule.UNKNOWN, Wait(case.now + LOOK_AGAIN), "it was started, and nobody has looked yet")
    return None


def already_done(case: Case) -> Decision | None:
    step = case.task.step
    if step.done_if is None:
        return None
    if case.done_if is Unseen.NOT_LOOKED:
        return Decision(Rule.ALREADY_DONE, Look("done_if"), f"asking `{step.done_if}`")
    if case.done_if is Unseen.FAILED:
        return Decision(Rule.ALREADY_DONE, Wait(case.now + 60 * LOOK_AGAIN), f"`{step.done_if}` gave no answer")
    if case.done_if:
        return Decision(Rule.ALREADY_DONE, Settle(), f"`{step.done_if}` exits 0")
    return None


def not_resumable(case: Case) -> Decision | None:
    task = case.task
    if not task.started or task.is_approved:
        return None
    if task.step.resumable:
        return _without_login(case)
    return Decision(
        Rule.NOT_RESUMABLE,
        Hold(f"a person: step {task.step.id} ended ({_evidence(case)}) and may not be repeated by a machine"),
        f"step {task.step.id} was started, ended with {_evidence(case)}, and is not marked resumable",
    )


def _without_login(case: Case) -> Decision | None:
    """A login that was refused is refused again. Once that death is on record a person has been asked already."""
    run = _failed_run(case)
    if run is None or run.ended_at is not None or not isinstance(case.verdict, Dead):
        return None
    if case.login_refused is Unseen.NOT_LOOKED:
        return Decision(Rule.NOT_RESUMABLE, Look("login"), "looking whether its login was refused")
    if case.login_refused is not True:
        return None
    return Decision(
        Rule.NOT_RESUMABLE,
        Hold(f"a person: its login was refused ({_evidence(case)}); log its agent in, then board unblock"),
        f"step {case.task.step.id} ended with {_evidence(case)}: its login was refused, and would be again",
    )


def gated(case: Case) -> Decision | None:
    if not case.task.is_gated:
        return None
    return Decision(Rule.GATED, Wait(None), f"step {case.task.step.id} waits for a person's approval")


def drifted(case: Case) -> Decision | None:
    if not case.task.started and case.task.checkpoint is None:
        return None
    if case.drift is Unseen.NOT_LOOKED:
        return Decision(Rule.DRIFTED, Look("drift"), "looking at its tree")
    if case.drift is Unseen.FAILED:
        return Decision(Rule.DRIFTED, Wait(case.now + 60 * LOOK_AGAIN), "its tree could not be looked at")
    if case.drift is None:
        return None
    return Decision(Rule.DRIFTED, Hold(f"a person: {case.drift}"), str(case.drift))


def limited(case: Case) -> Decision | None:
    if case.limited_until is None or _failed_run(case) is None:
        return None
    if case.limited_until is Unseen.NOT_LOOKED:
        return Decision(Rule.LIMITED, Look("limit"), "looking for a usage limit on its screen")
    if case.limited_until is Unseen.FAILED or case.limited_until <= case.now:
        return None
    left = format_span(case.limited_until - case.now)
    return Decision(Rule.LIMITED, Wait(case.limited_until), f"the agent is at its usage limit for another {left}")


def no_progress(case: Case) -> Decision | None:
    run = _failed_run(case)
    if run is None:
        return None
    if case.progressed is Unseen.NOT_LOOKED:
        return Decision(Rule.NO_PROGRESS, Look("progress"), "looking for progress")
    if case.progressed is Unseen.FAILED:
        return Decision(Rule.NO_PROGRESS, Wait(case.now + 60 * LOOK_AGAIN), "could not tell whether it progressed")
    deaths = stale_after(run, progressed=bool(case.progressed))
    if deaths <= case.policy.stale:
        return None
    times = "once" if deaths == 1 else f"{deaths} times in a row"
    return Decision(
        Rule.NO_PROGRESS,
        Hold(f"a person: step {case.task.step.id} died {times} without progress ({_evidence(case)})"),
        f"nothing advanced since the last start, {times}: the same run would only repeat",
    )


def too_often(case: Case) -> Decision | None:
    run = _failed_run(case)
    if run is None or case.slot_at is not None:
        return None
    used = len(recent(run, case.policy, case.now))
    if used < case.policy.intensity:
        return None
    span = format_span(case.policy.period)
    return Decision(
        Rule.TOO_OFTEN,
        Hold(f"a person: {used} restarts within {span} are used up ({_evidence(case)})"),
        f"{used} of {case.policy.intensity} restarts within {span} are used up",
    )


def mass_death(case: Case) -> Decision | None:
    if case.slot_at is None or case.slot_at <= case.now:
        return None
    return Decision(Rule.MASS_DEATH, Wait(case.slot_at), "most workers died together; they come back one by one")


def backoff(case: Case) -> Decision | None:
    run = _failed_run(case)
    if run is None or case.slot_at is not None:
        return None
    due = due_at(run, case.policy, _ended_at(case, run), case.now, case.draw)
    if due <= case.now:
        return None
    return Decision(Rule.BACKOFF, Wait(due), f"next start in {format_span(due - case.now)}")


def restart(case: Case) -> Decision:
    run = _failed_run(case)
    if run is None:
        resume = case.task.started
        why = "one attempt was approved" if case.task.is_approved else "resumed" if resume else "first start"
        return Decision(Rule.RESTART, Start(resume=resume, counted=False, stale=0), why)
    stale = stale_after(run, progressed=case.progressed is True)
    progress = "it progressed since its last start" if not stale else "its first death without progress"
    why = f"{_evidence(case)}; step {case.task.step.id} is resumable and {progress}"
    # A mass death is nobody's own fault: it doesn't count against the intensity.
    return Decision(Rule.RESTART, Start(resume=True, counted=case.slot_at is None, stale=stale), why)


RULES: Final[tuple[Callable[[Case], Decision | None], ...]] = (
    settled,
    superseded,
    unknown,
    alive,
    already_done,
    not_resumable,
    gated,
    drifted,
    limited,
    no_progress,
    too_often,
    mass_death,
    backoff,
    restart,
)

TABLE: Final[tuple[tuple[Rule, str, str], ...]] = (
    (
        Rule.SETTLED,
        "the step or task is settled",
        "nothing; what still runs is ended once its agent is idle, or after a grace",
    ),
    (Rule.SUPERSEDED, "the board's token is not this worker's", "its whole process tree is ended; never restarted"),
    (Rule.UNKNOWN, "the look failed or timed out; the process may live", "wait and look again"),
    (
        Rule.ALIVE,
        "the process lives, or something that it started",
        "nothing; a stall or a loop is told; orphans are ended first, and so is who runs past `max_runtime`",
    ),
    (Rule.ALREADY_DONE, "`done_if` exits 0", "the step is settled without running"),
    (
        Rule.NOT_RESUMABLE,
        "it was started, and the record does not say `resumable: true`, or its login was refused",
        "held for a person",
    ),
    (Rule.GATED, "`gate: human` without an approval for this attempt", "wait; one approval is one attempt"),
    (Rule.DRIFTED, "worktree gone, branch changed, checkpoint no ancestor of HEAD", "held for a person"),
    (Rule.LIMITED, "the agent ended at a usage limit", "wait until the named time"),
    (Rule.NO_PROGRESS, "more than `stale` deaths in a row brought nothing", "held for a person"),
    (Rule.TOO_OFTEN, "`intensity` restarts within `period` are used up", "held for a person"),
    (Rule.MASS_DEATH, "most workers died together, or their tmux server did", "one by one, `spacing` apart"),
    (Rule.BACKOFF, "the pause is not over", "wait, with the time in the status"),
    (Rule.RESTART, "none of the above", "resume from the checkpoint"),
)


def _is_ended(case: Case) -> bool:
    return case.task.status in ENDED or case.task.status in (Status.BLOCKED, Status.REVIEW)


def _is_over(case: Case) -> bool:
    """The task needs no worker, or the attempt that was seen worked on a step that is settled by now."""
    stepped_past = case.attempt is not None and not case.task.started and isinstance(case.verdict, Alive | Lingering)
    return _is_ended(case) or (stepped_past and not _is_stale(case))


def _is_stale(case: Case) -> bool:
    claim = case.task.claim
    return case.attempt is not None and (claim is None or claim.token != case.attempt.token)


def _is_replaced(case: Case) -> bool:
    """Was the task granted anew since the attempt that was seen?"""
    claim = case.task.claim
    if claim is None or case.attempt is None:
        return False
    return (claim.by, claim.token) != (case.holder, case.attempt.token)


def _failed_run(case: Case) -> Run | None:
    """The attempt whose death the tallies are about; None for a first start, an approved one, or after our own stop."""
    run = case.task.run
    if isinstance(case.verdict, Absent) or not case.task.started or case.task.is_approved or run is None:
        return None
    return None if run.ended_at is not None and run.last_exit == STOPPED else run


def _ended_at(case: Case, run: Run) -> float:
    if run.ended_at is not None:
        return run.ended_at
    return case.verdict.at if isinstance(case.verdict, Dead) else case.now


def _evidence(case: Case) -> str:
    if isinstance(case.verdict, Dead):
        return case.verdict.exit.words()
    recorded = case.task.run.last_exit if case.task.run is not None else None
    return recorded or "exit unknown"
