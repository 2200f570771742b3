"""The legal moves of a task: one table of who may do what in which status, and where it leads.

The table is the whole truth: `moves` asks it, the README's diagram is printed from it, and a test proves that every
status can be reached and left. What else a move needs (a fresh token, finished predecessors) is not its business.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from board.model import Status


class Who(StrEnum):
    """Who may make a move. A holder shows the current token; a person is anyone who isn't a worker on a task."""

    HOLDER = "holder"
    PERSON = "person"
    EITHER = "holder or person"
    ANYONE = "anyone"


class Verb(StrEnum):
    CLAIM = "claim"
    RENEW = "renew"
    RELEASE = "release"
    START = "start"
    CHECKPOINT = "checkpoint"
    ADVANCE = "advance"
    BLOCK = "block"
    UNBLOCK = "unblock"
    APPROVE = "approve"
    REVIEW = "review"
    DONE = "done"
    FAIL = "fail"
    CANCEL = "cancel"
    REOPEN = "reopen"


class Move(NamedTuple):
    verb: Verb
    source: Status
    target: Status
    who: Who


_S, _V = Status, Verb

TABLE: Final[tuple[Move, ...]] = (
    Move(_V.CLAIM, _S.TODO, _S.CLAIMED, Who.ANYONE),
    Move(_V.BLOCK, _S.TODO, _S.BLOCKED, Who.ANYONE),
    Move(_V.APPROVE, _S.TODO, _S.TODO, Who.PERSON),
    Move(_V.CANCEL, _S.TODO, _S.CANCELLED, Who.PERSON),
    # Only an expired claim may be taken over; `claims` decides that.
    Move(_V.CLAIM, _S.CLAIMED, _S.CLAIMED, Who.ANYONE),
    Move(_V.RENEW, _S.CLAIMED, _S.CLAIMED, Who.HOLDER),
    Move(_V.START, _S.CLAIMED, _S.IN_PROGRESS, Who.HOLDER),
    Move(_V.RELEASE, _S.CLAIMED, _S.TODO, Who.EITHER),
    # A holder who reports work has started it: agents know claim, checkpoint, block and done.
    Move(_V.CHECKPOINT, _S.CLAIMED, _S.IN_PROGRESS, Who.HOLDER),
    Move(_V.ADVANCE, _S.CLAIMED, _S.IN_PROGRESS, Who.HOLDER),
    Move(_V.REVIEW, _S.CLAIMED, _S.REVIEW, Who.HOLDER),
    Move(_V.DONE, _S.CLAIMED, _S.DONE, Who.HOLDER),
    Move(_V.BLOCK, _S.CLAIMED, _S.BLOCKED, Who.EITHER),
    Move(_V.FAIL, _S.CLAIMED, _S.FAILED, Who.EITHER),
    Move(_V.APPROVE, _S.CLAIMED, _S.CLAIMED, Who.PERSON),
    Move(_V.CANCEL, _S.CLAIMED, _S.CANCELLED, Who.PERSON),
    Move(_V.CLAIM, _S.IN_PROGRESS, _S.CLAIMED, Who.ANYONE),
    Move(_V.START, _S.IN_PROGRESS, _S.IN_PROGRESS, Who.HOLDER),
    Move(_V.RENEW, _S.IN_PROGRESS, _S.IN_PROGRESS, Who.HOLDER),
    Move(_V.CHECKPOINT, _S.IN_PROGRESS, _S.IN_PROGRESS, Who.HOLDER),
    Move(_V.ADVANCE, _S.IN_PROGRESS, _S.IN_PROGRESS, Who.HOLDER),
    Move(_V.RELEASE, _S.IN_PROGRESS, _S.TODO, Who.EITHER),
    Move(_V.BLOCK, _S.IN_PROGRESS, _S.BLOCKED, Who.EITHER),
    Move(_V.REVIEW, _S.IN_PROGRESS, _S.REVIEW, Who.HOLDER),
    Move(_V.DONE, _S.IN_PROGRESS, _S.DONE, Who.HOLDER),
    Move(_V.FAIL, _S.IN_PROGRESS, _S.FAILED, Who.EITHER),
    Move(_V.APPROVE, _S.IN_PROGRESS, _S.IN_PROGRESS, Who.PERSON),
    Move(_V.CANCEL, _S.IN_PROGRESS, _S.CANCELLED, Who.PERSON),
    Move(_V.UNBLOCK, _S.BLOCKED, _S.TODO, Who.PERSON),
    Move(_V.APPROVE, _S.BLOCKED, _S.TODO, Who.PERSON),
    # A person who has looked may say that the step did finish, or that the task did.
    Move(_V.ADVANCE, _S.BLOCKED, _S.TODO, Who.PERSON),
    Move(_V.DONE, _S.BLOCKED, _S.DONE, Who.PERSON),
    Move(_V.FAIL, _S.BLOCKED, _S.FAILED, Who.PERSON),
    Move(_V.CANCEL, _S.BLOCKED, _S.CANCELLED, Who.PERSON),
    Move(_V.DONE, _S.REVIEW, _S.DONE, Who.PERSON),
    Move(_V.REOPEN, _S.REVIEW, _S.TODO, Who.PERSON),
    Move(_V.CANCEL, _S.REVIEW, _S.CANCELLED, Who.PERSON),
    Move(_V.REOPEN, _S.DONE, _S.TODO, Who.PERSON),
    Move(_V.REOPEN, _S.FAILED, _S.TODO, Who.PERSON),
    Move(_V.REOPEN, _S.CANCELLED, _S.TODO, Who.PERSON),
)

_BY_KEY: Final = {(move.verb, move.source): move for move in TABLE}


def move_for(verb: Verb, status: Status) -> Move | None:
    """The row for this verb in this status; None where the move is illegal."""
    return _BY_KEY.get((verb, status))


def verbs_from(status: Status) -> tuple[Verb, ...]:
    return tuple(dict.fromkeys(move.verb for move in TABLE if move.source is status))


def diagram() -> str:
    """The table as a Mermaid state diagram, moves that stay in place left out."""
    arrows: dict[tuple[Status, Status], list[str]] = {}
    for move in TABLE:
        if move.source is not move.target:
            arrows.setdefault((move.source, move.target), []).append(move.verb)
    lines = [f"    {source} --> {target}: {', '.join(verbs)}" for (source, target), verbs in arrows.items()]
    return "\n".join(["stateDiagram-v2", "    [*] --> todo", *lines])
