"""Moves that decide: a person's approval, and the ways in which a task ends or begins again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from board.lifecycle import Verb
from board.model import Status, run_key
from board.moves.ask import Ask, Change, Outcome, Reason, Refused, Told, forgiven, guard, unclaimed
from board.patch import GONE


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
    """`evidence` (commit, checks, forced and why) is what the definition of done was seen to be; checked before."""
    refused = guard(ask, Verb.DONE)
    if refused:
        return refused
    record = {"by": ask.actor.name, "at": ask.at, **evidence}
    patch = {
        "status": str(Status.DONE),
        "done": {key: value for key, value in record.items() if value is not None},
        "blocked": GONE,
        "approved": GONE,
        **unclaimed(ask.task),
    }
    told = {key: record.get(key) for key in ("by", "commit", "why")} | {"step": ask.task.step.id}
    return Change(ask.task.id, patch, (Told("task_done", told),))


def fail(ask: Ask, why: str) -> Outcome:
    return guard(ask, Verb.FAIL) or _ended(ask, Status.FAILED, "failed", why)


def cancel(ask: Ask, why: str | None = None) -> Outcome:
    return guard(ask, Verb.CANCEL) or _ended(ask, Status.CANCELLED, "cancelled", why)


def _ended(ask: Ask, status: Status, key: str, why: str | None) -> Change:
    record = {"by": ask.actor.name, "at": ask.at, "why": why}
    patch = {
        "status": str(status),
        key: {name: value for name, value in record.items() if value is not None},
        "blocked": GONE,
        "approved": GONE,
        **unclaimed(ask.task),
    }
    return Change(ask.task.id, patch, (Told(f"task_{key}", {"by": ask.actor.name, "why": why}),))


def reopen(ask: Ask) -> Outcome:
    """Back to `todo`. What was done starts over from its first step; what failed or was cancelled keeps its step and
    its run, so that a step which may not be repeated is still known to have been started."""
    task = ask.task
    refused = guard(ask, Verb.REOPEN)
    if refused:
        return refused
    ended = dict.fromkeys(("done", "failed", "cancelled"), GONE)
    patch: dict[str, Any] = {"status": str(Status.TODO), **ended, **unclaimed(task)}
    if task.status in (Status.DONE, Status.REVIEW):
        patch |= {"step": GONE, run_key(task.record): GONE}
    return Change(task.id, patch, (Told("task_reopened", {"by": ask.actor.name}),))
