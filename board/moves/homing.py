"""A task's branch brought home: who may ask for it and when, and what goes on record. It moves no task. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from board.claims import Fence, Kind, fence
from board.model import HELD, Status
from board.moves.ask import Ask, Change, Outcome, Reason, Refused, Told

_AGREED: Final = (Status.DONE, Status.REVIEW)


def may_merge(ask: Ask, definition: Sequence[str], *, force: bool = False) -> Refused | None:
    """Work is merged once it is done or at review; earlier only where `merged` is part of being done, or by force.

    A worker needs the current token, and never overrules anything.
    """
    task, is_worker = ask.task, ask.actor.kind is Kind.WORKER
    if is_worker and fence(task, ask.actor) is not Fence.CURRENT:
        token = f"token {ask.actor.token} for {task.id} is stale" if ask.actor.token else f"{task.id} isn't yours"
        return Refused(Reason.STALE if ask.actor.token else Reason.NOT_HOLDER, token, "stop working on it")
    if force and is_worker:
        return Refused(Reason.NOT_PERSON, "--force is a person's word, and you are a worker", f"board merge {task.id}")
    if force or task.status in _AGREED or (task.status in HELD and "merged" in definition):
        return None
    reason = f"{task.id} is {task.status}: work is merged once it is done or at review"
    return Refused(Reason.NOT_READY, reason, "finish it, or --force --why")


def merged(ask: Ask, record: Mapping[str, Any], told: Mapping[str, Any]) -> Outcome:
    """What git has done already goes on record whatever became of the task meanwhile."""
    full = {"by": ask.actor.name, "at": ask.at, **record}
    patch = {"merged": {key: value for key, value in full.items() if value is not None}}
    fields = {key: full.get(key) for key in ("by", "commit", "was", "why")} | {"into_branch": full.get("into"), **told}
    return Change(ask.task.id, patch, (Told("task_merged", fields),))
