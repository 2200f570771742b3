"""What every move has in common: the request, its answer, and the guard that lets it pass. Pure.

A change is a patch of one task's keys and the events that tell of it; nothing is read, written or timed here. The table
in `lifecycle` says which moves are legal and for whom, `claims` says whose token is current.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from board.claims import Actor, Fence, Kind, fence, highest_token, renewed, stamp
from board.instants import format_instant, format_span
from board.lifecycle import Move, Verb, Who, move_for, verbs_from
from board.model import Board, Claim, Status, Task, run_key
from board.patch import GONE

_PARTICIPLES: Final = {
    Verb.CLAIM: "claimed",
    Verb.RENEW: "renewed",
    Verb.RELEASE: "released",
    Verb.START: "started",
    Verb.CHECKPOINT: "given a checkpoint",
    Verb.ADVANCE: "advanced",
    Verb.BLOCK: "blocked",
    Verb.UNBLOCK: "unblocked",
    Verb.APPROVE: "approved",
    Verb.REVIEW: "put up for review",
    Verb.DONE: "settled as done",
    Verb.FAIL: "given up",
    Verb.CANCEL: "cancelled",
    Verb.REOPEN: "reopened",
}


class Reason(StrEnum):
    ILLEGAL = "illegal_move"
    HELD = "held_by_another"
    STALE = "stale_token"
    NOT_HOLDER = "not_holder"
    NOT_PERSON = "not_a_person"
    NOT_READY = "not_ready"
    NOTHING_TO_DO = "nothing_to_do"
    NO_PORT = "no_free_port"


class Refused(NamedTuple):
    """A well-formed request that the record forbids; the board stays as it was."""

    reason: Reason
    message: str
    remedy: str = ""


class Told(NamedTuple):
    """An event to journal, once the change is on disk."""

    name: str
    fields: Mapping[str, Any]


class Change(NamedTuple):
    task_id: str
    patch: Mapping[str, Any]
    events: tuple[Told, ...] = ()
    grant: Claim | None = None


Outcome = Change | Refused


class Ask(NamedTuple):
    """One request: the board as it stands, the task asked about, who asks, and the instant."""

    board: Board
    task: Task
    actor: Actor
    now: float

    @property
    def lease(self) -> float:
        return self.board.settings.lease

    @property
    def at(self) -> str:
        return format_instant(stamp(self.now))


def fenced(ask: Ask) -> Refused | None:
    """A worker that was left behind writes nothing, whatever it wants to write."""
    is_stale = fence(ask.task, ask.actor) is Fence.STALE and ask.actor.kind is not Kind.PERSON
    return _stale(ask) if is_stale else None


def guard(ask: Ask, verb: Verb) -> Refused | None:
    """None when the table lets this actor make the move now; a stale token is refused before anything else."""
    if (refused := fenced(ask)) is not None:
        return refused
    move = move_for(verb, ask.task.status)
    if move is None:
        return _stale(ask) if _was_holder(ask) else illegal(ask, verb)
    return _guard_who(ask, move)


def _guard_who(ask: Ask, move: Move) -> Refused | None:
    holds = is_holder(ask.task, ask.actor)
    is_person = ask.actor.kind is not Kind.WORKER
    if move.who is Who.PERSON and not is_person:
        return Refused(
            Reason.NOT_PERSON,
            f"{move.verb} {ask.task.id} is a person's word, and you are a worker",
            'board block --on "…" asks for one',
        )
    if holds or move.who in (Who.ANYONE, Who.PERSON):
        return None
    # A name that held it before and shows its old token is a worker that was left behind, not a passer-by.
    if move.who is Who.EITHER and is_person and not _was_holder(ask):
        return None
    return _stale(ask) if _was_holder(ask) else held_by_another(ask)


def is_holder(task: Task, actor: Actor) -> bool:
    return fence(task, actor) is Fence.CURRENT


def _was_holder(ask: Ask) -> bool:
    return fence(ask.task, ask.actor) is Fence.STALE


def _stale(ask: Ask) -> Refused:
    current = ask.task.claim
    now = f"token {current.token} was granted to {current.by}" if current else f"the task is {ask.task.status}"
    return Refused(
        Reason.STALE,
        f"token {ask.actor.token} for {ask.task.id} is stale: {now}",
        "stop working on it",
    )


def held_by_another(ask: Ask) -> Refused:
    held, task = ask.task.claim, ask.task
    if held is None:
        return Refused(Reason.NOT_HOLDER, f"nobody holds {task.id}", f"board claim {task.id} --as NAME")
    left = held.expires_at - ask.now
    until = f"for another {format_span(left)}" if left > 0 else f"and the lease expired {format_span(-left)} ago"
    reason = Reason.HELD if left > 0 else Reason.NOT_HOLDER
    return Refused(reason, f"{task.id} is held by {held.by} (token {held.token}) {until}", f"board show {task.id}")


def illegal(ask: Ask, verb: Verb) -> Refused:
    task = ask.task
    if task.status is Status.TODO and verb in (Verb.RENEW, Verb.START, Verb.CHECKPOINT, Verb.DONE, Verb.RELEASE):
        return Refused(Reason.ILLEGAL, f"{_cannot(task, verb)}: nobody holds it", f"board claim {task.id} --as NAME")
    legal = ", ".join(verbs_from(task.status))
    return Refused(Reason.ILLEGAL, f"{_cannot(task, verb)}: it is {task.status}", f"from there: {legal}")


def _cannot(task: Task, verb: Verb) -> str:
    return f"{task.id} can't be {_PARTICIPLES[verb]}"


def target_of(ask: Ask, verb: Verb) -> Status:
    move = move_for(verb, ask.task.status)
    assert move is not None
    return move.target


def renewed_claim(ask: Ask) -> Claim | None:
    held = ask.task.claim
    return None if held is None else renewed(held, ask.now, ask.lease)


def claim_record(ask: Ask) -> dict[str, Any] | None:
    held = renewed_claim(ask)
    return None if held is None else held.record()


def working(ask: Ask) -> dict[str, Any]:
    """The common part of a holder's write: in progress, the lease renewed."""
    return {"status": str(Status.IN_PROGRESS), "claim": claim_record(ask)}


def unclaimed(task: Task) -> dict[str, Any]:
    return {"claim": GONE, "last_token": highest_token(task) or GONE}


def forgiven(task: Task) -> dict[str, Any]:
    if task.run is None or not (task.run.stale or task.run.restarts):
        return {}
    return {run_key(task.record): task.run._replace(stale=0, restarts=()).record()}
