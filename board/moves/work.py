"""Moves of whoever works: checkpoint, advance, block, unblock, review. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from board.instants import format_instant
from board.lifecycle import Verb
from board.model import Status, Task, run_key
from board.moves.ask import (
    Ask,
    Change,
    Outcome,
    Reason,
    Refused,
    Told,
    claim_record,
    forgiven,
    guard,
    target_of,
    unclaimed,
    working,
)
from board.patch import GONE


def checkpoint(ask: Ask, commit: str | None, note: str | None) -> Outcome:
    task = ask.task
    refused = guard(ask, Verb.CHECKPOINT)
    if refused:
        return refused
    old = task.checkpoint
    moved = old is None or (commit, note) != (old.commit, old.note)
    fields = {"commit": commit, "note": note, "at": format_instant(round(ask.now, 3))}
    patch = {
        **working(ask),
        "step": task.step.id,
        "checkpoint": {key: value for key, value in fields.items() if value is not None},
        **_progress(task, moved=moved),
    }
    told = Told("checkpoint_recorded", {"step": task.step.id, "commit": commit, "note": note, "by": ask.actor.name})
    return Change(task.id, patch, (told,))


def advance(ask: Ask, step: str | None = None) -> Outcome:
    """Settles the current step. `step` names the one that the caller means: an old worker that says it twice, or a
    worker of an earlier step, must not settle a step that it never worked on."""
    task = ask.task
    refused = guard(ask, Verb.ADVANCE)
    if refused:
        return refused
    if step is not None and step != task.step.id:
        return Refused(
            Reason.NOTHING_TO_DO,
            f"{task.id} is at step {task.step.id}, not {step}",
            f"board show {task.id}",
        )
    following = task.next_step()
    if following is None:
        return Refused(Reason.NOTHING_TO_DO, f"{task.step.id} is the last step of {task.id}", f"board done {task.id}")
    target = target_of(ask, Verb.ADVANCE)
    patch: dict[str, Any] = {"status": str(target), "step": following.id, "approved": GONE, "blocked": GONE}
    patch |= {"claim": claim_record(ask)} if target is Status.IN_PROGRESS else unclaimed(task)
    told = Told("step_advanced", {"step": task.step.id, "to_step": following.id, "by": ask.actor.name})
    return Change(task.id, patch, (told,))


def block(ask: Ask, on: str, rule: str | None = None, why: str | None = None) -> Outcome:
    """Waits for something that has a name. The claim ends: whoever goes on later gets a new token."""
    task = ask.task
    refused = guard(ask, Verb.BLOCK)
    if refused:
        return refused
    fields = {"on": on, "by": ask.actor.name, "at": ask.at, "rule": rule}
    patch = {
        "status": str(Status.BLOCKED),
        "blocked": {key: value for key, value in fields.items() if value is not None},
        **unclaimed(task),
    }
    told = Told("task_blocked", {"step": task.step.id, "on": on, "by": ask.actor.name, "rule": rule, "why": why})
    return Change(task.id, patch, (told,))


def unblock(ask: Ask) -> Outcome:
    """Back to `todo` with the restart tallies cleared: a person has looked."""
    task = ask.task
    refused = guard(ask, Verb.UNBLOCK)
    if refused:
        return refused
    patch = {"status": str(Status.TODO), "blocked": GONE, **unclaimed(task), **forgiven(task)}
    return Change(task.id, patch, (Told("task_unblocked", {"by": ask.actor.name}),))


def review(ask: Ask, note: str | None = None, evidence: Mapping[str, Any] | None = None) -> Outcome:
    """A worker's word that it is done, kept with the `evidence` for a person to judge."""
    refused = guard(ask, Verb.REVIEW)
    if refused:
        return refused
    record = {"by": ask.actor.name, "at": ask.at, "note": note, **(evidence or {})}
    patch = {
        "status": str(Status.REVIEW),
        "said_done": {key: value for key, value in record.items() if value is not None},
        "reopened": GONE,
        "approved": GONE,
        **unclaimed(ask.task),
    }
    told = {key: record.get(key) for key in ("by", "note", "commit", "forced", "why")} | {"step": ask.task.step.id}
    return Change(ask.task.id, patch, (Told("review_requested", told),))


def _progress(task: Task, *, moved: bool) -> dict[str, Any]:
    if not moved or task.run is None or task.run.progressed or not task.started:
        return {}
    return {run_key(task.record): task.run._replace(progressed=True).record()}
