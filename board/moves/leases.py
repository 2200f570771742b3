"""Moves of whoever wants or has the right to work: claim, renew, release, start. Pure."""

from __future__ import annotations

from board.claims import Kind, grant, is_expired, stamp
from board.lifecycle import Verb, move_for
from board.model import Run, Status, Task, run_key
from board.moves.ask import (
    Ask,
    Change,
    Outcome,
    Reason,
    Refused,
    Told,
    guard,
    held_by_another,
    illegal,
    is_holder,
    renewed_claim,
    unclaimed,
    working,
)
from board.patch import GONE
from board.queries import unmet


def claim(ask: Ask, floor: int) -> Outcome:
    """A grant, or the holder's own grant again. `floor` is the highest token ever granted as far as the disk knows."""
    task, actor = ask.task, ask.actor
    if move_for(Verb.CLAIM, task.status) is None:
        return illegal(ask, Verb.CLAIM)
    if task.claim is not None and is_holder(task, actor):
        return renewal(ask, "claim_renewed")
    if task.claim is not None and not is_expired(task.claim, ask.now):
        return held_by_another(ask)
    missing = unmet(ask.board, task)
    if missing:
        return Refused(Reason.NOT_READY, f"{task.id} waits for {', '.join(missing)}", "finish those first")
    if task.is_gated:
        return Refused(
            Reason.NOT_READY,
            f"{task.id}: step {task.step.id} waits for a person's approval",
            f"board approve {task.id}",
        )
    return _grant(ask, floor)


def _grant(ask: Ask, floor: int) -> Change:
    task = ask.task
    claimed = grant(task, ask.actor.name, ask.now, ask.lease, floor)
    told = [Told("task_claimed", {"by": claimed.by, "token": claimed.token})]
    if task.claim is not None:
        told.insert(0, Told("claim_expired", {"by": task.claim.by, "token": task.claim.token}))
    patch = {"status": str(Status.CLAIMED), "claim": claimed.record(), "last_token": GONE}
    return Change(task.id, patch, tuple(told), claimed)


def renew(ask: Ask) -> Outcome:
    return guard(ask, Verb.RENEW) or renewal(ask, "claim_renewed")


def renewal(ask: Ask, event: str) -> Change:
    held = renewed_claim(ask)
    assert held is not None
    told = Told(event, {"by": held.by, "token": held.token})
    return Change(ask.task.id, {"claim": held.record()}, (told,), held)


def release(ask: Ask, *, force: bool = False) -> Outcome:
    """Back to `todo`. Somebody else's live claim only with `force`: its worker is fenced off from then on."""
    task = ask.task
    refused = guard(ask, Verb.RELEASE)
    is_overruled = force and ask.actor.kind is Kind.PERSON and move_for(Verb.RELEASE, task.status) is not None
    if refused and not is_overruled:
        return refused
    live = task.claim is not None and not is_expired(task.claim, ask.now)
    if live and not is_holder(task, ask.actor) and not force:
        return held_by_another(ask)._replace(remedy=f"board release {task.id} --force takes it away from them")
    patch = {"status": str(Status.TODO), **unclaimed(task)}
    return Change(task.id, patch, (Told("claim_released", {"by": ask.actor.name}),))


def start(ask: Ask, head: str | None = None) -> Outcome:
    """`in_progress`, with the attempt on record. Starting again after an attempt that ended is a further attempt."""
    task = ask.task
    refused = guard(ask, Verb.START)
    if refused:
        return refused
    if task.is_gated:
        return Refused(
            Reason.NOT_READY, f"{task.id}: step {task.step.id} waits for approval", f"board approve {task.id}"
        )
    running = task.status is Status.IN_PROGRESS and task.started and task.run and task.run.ended_at is None
    if running:
        return renewal(ask, "claim_renewed")
    run = next_run(task, ask.now, head)
    patch = {**working(ask), "step": task.step.id, "approved": GONE, run_key(task.record): run.record()}
    return Change(task.id, patch, (Told("task_started", {"step": run.step, "attempt": run.attempt}),))


def next_run(task: Task, now: float, head: str | None) -> Run:
    """The record of the attempt that is about to start; tallies are the law's business and start at nothing here."""
    before = task.run if task.run is not None and task.run.step == task.step.id else None
    token = task.claim.token if task.claim is not None else None
    return Run(task.step.id, before.attempt + 1 if before else 1, stamp(now), token, head)
