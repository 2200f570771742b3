"""Moves that decide: a person's approval, and the ways in which a task ends or begins again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from board.lifecycle import Verb
from board.model import HELD, Status, run_key
from board.moves.ask import Ask, Change, Outcome, Reason, Refused, Told, forgiven, guard, unclaimed
from board.moves.work import review
from board.patch import GONE
from board.queries import wants_review


def approve(ask: Ask) -> Outcome:
    """A person's word for one attempt of the current step: opens its gate, or allows one more run of what was held."""
    task = ask.task
    refused = guard(ask, Verb.APPROVE)
    if refused:
        return refused
    held = task.blocked is not None and task.blocked.rule is not None
    if task.step.gate != "human" and not held and not task.started:
        return Refused(
            Reason.NOTHING_TO_DO,
            f"{task.id}: step {task.step.id} waits for no approval",
            f"board why {task.id}",
        )
    patch: dict[str, Any] = {"approved": {"step": task.step.id, "by": ask.actor.name, "at": ask.at}}
    if held:
        patch |= {"status": str(Status.TODO), "blocked": GONE, **unclaimed(task), **forgiven(task)}
    return Change(task.id, patch, (Told("step_approved", {"step": task.step.id, "by": ask.actor.name}),))


def done(ask: Ask, evidence: Mapping[str, Any]) -> Outcome:
    """`evidence` (commit, checks, forced and why) is what the definition of done was seen to be; checked before.

    Where a person's word is wanted, a holder's puts the task up for review, and nobody agrees with themselves.
    """
    refused = guard(ask, Verb.DONE) or _is_own_word(ask)
    if refused:
        return refused
    if ask.task.status in HELD and wants_review(ask.board, ask.task):
        return review(ask, evidence=evidence)
    record = {"by": ask.actor.name, "at": ask.at, **evidence}
    patch = {
        "status": str(Status.DONE),
        "done": {key: value for key, value in record.items() if value is not None},
        "said_done": GONE,
        "reopened": GONE,
        "blocked": GONE,
        "approved": GONE,
        **unclaimed(ask.task),
    }
    told = {key: record.get(key) for key in ("by", "commit", "forced", "why")} | {"step": ask.task.step.id}
    return Change(ask.task.id, patch, (Told("task_done", told),))


def _is_own_word(ask: Ask) -> Refused | None:
    said = ask.task.record.get("said_done")
    by = said.get("by") if isinstance(said, Mapping) else None
    if ask.task.status is not Status.REVIEW or by != ask.actor.name or not wants_review(ask.board, ask.task):
        return None
    return Refused(
        Reason.NOT_PERSON,
        f"{by} is who calls {ask.task.id} done: it takes somebody else's word",
        f"another name: board done {ask.task.id}",
    )


def fail(ask: Ask, why: str) -> Outcome:
    return guard(ask, Verb.FAIL) or _ended(ask, Status.FAILED, "failed", why)


def cancel(ask: Ask, why: str | None = None) -> Outcome:
    return guard(ask, Verb.CANCEL) or _ended(ask, Status.CANCELLED, "cancelled", why)


def _ended(ask: Ask, status: Status, key: str, why: str | None) -> Change:
    record = {"by": ask.actor.name, "at": ask.at, "why": why}
    patch = {
        "status": str(status),
        key: {name: value for name, value in record.items() if value is not None},
        "said_done": GONE,
        "reopened": GONE,
        "blocked": GONE,
        "approved": GONE,
        **unclaimed(ask.task),
    }
    return Change(ask.task.id, patch, (Told(f"task_{key}", {"by": ask.actor.name, "why": why}),))


def reopen(ask: Ask, why: str | None = None) -> Outcome:
    """Back to `todo`; the next worker is told `why`. What was done starts over from its first step; what failed or was
    cancelled keeps its step and its run, so that a step which may not be repeated is still known to have been started.
    """
    task = ask.task
    refused = guard(ask, Verb.REOPEN)
    if refused:
        return refused
    ended = dict.fromkeys(("said_done", "done", "failed", "cancelled"), GONE)
    patch: dict[str, Any] = {"status": str(Status.TODO), **ended, **unclaimed(task)}
    if task.status in (Status.DONE, Status.REVIEW):
        patch |= {"step": GONE, run_key(task.record): GONE}
    patch["reopened"] = GONE if why is None else {"by": ask.actor.name, "at": ask.at, "why": why}
    return Change(task.id, patch, (Told("task_reopened", {"by": ask.actor.name, "why": why}),))
