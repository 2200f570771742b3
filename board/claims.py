"""Leases and fencing tokens: who may write to a task, and until when. Pure.

Theory of operation. A grant gives its holder a token that is higher than any granted for the task before: than the
one in the record, than the last one that the record remembers, and than `floor`, the highest grant file on disk, so
that a task which was deleted and added again, or a board that was restored from a copy, can't hand out an old number.
The lease expires; an expired claim may be taken over, but until somebody does its holder's token is still the current
one, and a write by the holder renews the lease. A write that shows any other token is stale: its worker has to stop.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import NamedTuple

from board.model import Claim, Task

_WHOLE_ABOVE = 60.0  # leases of a minute and more are kept in whole seconds: they are read by people


class Kind(StrEnum):
    PERSON = "person"
    WORKER = "worker"
    SUPERVISOR = "supervisor"


class Actor(NamedTuple):
    """Who asks. `token` is what they show for this task (from their grant file), None when they show nothing.
    `is_named` is False for a name that we only made up from the account: it never proves to be a holder."""

    name: str
    token: int | None = None
    kind: Kind = Kind.PERSON
    is_named: bool = True


class Fence(StrEnum):
    CURRENT = "current"
    STALE = "stale"
    ABSENT = "absent"  # no token shown: not the holder


def fence(task: Task, actor: Actor) -> Fence:
    """Is the token that `actor` shows the current one?"""
    if actor.token is None:
        return Fence.ABSENT
    if task.claim is not None and actor.token == task.claim.token:
        return Fence.CURRENT
    return Fence.STALE


def is_expired(claim: Claim, now: float) -> bool:
    """May somebody else take this over? True from the very instant `expires_at` on."""
    return is_past(claim.expires_at, now)


def is_past(expires_at: float, now: float) -> bool:
    return now >= expires_at


def highest_token(task: Task) -> int:
    return max(task.last_token, task.claim.token if task.claim else 0)


def grant(task: Task, by: str, now: float, lease: float, floor: int) -> Claim:
    """A new claim with a token above every earlier one."""
    at = stamp(now, lease)
    return Claim(by, max(highest_token(task), floor) + 1, at, _until(now, lease))


def renewed(claim: Claim, now: float, lease: float) -> Claim:
    """The same claim with a fresh lease; never shorter than what was promised."""
    return claim._replace(expires_at=max(claim.expires_at, _until(now, lease)))


def stamp(now: float, lease: float = _WHOLE_ABOVE) -> float:
    return float(math.floor(now)) if lease >= _WHOLE_ABOVE else round(now, 3)


def _until(now: float, lease: float) -> float:
    return float(math.ceil(now + lease)) if lease >= _WHOLE_ABOVE else round(now + lease, 3)
