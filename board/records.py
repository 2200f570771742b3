"""From a checked file's plain records to the values of `model`. Total on what `check` lets through; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from board.instants import parse_instant, parse_span
from board.model import (
    DEFAULT_PRIORITY,
    ONLY_STEP,
    Approval,
    Blocked,
    Board,
    Checkpoint,
    Claim,
    Ending,
    Record,
    Run,
    Status,
    Step,
    Task,
    Tasks,
    run_key,
)
from board.settings import read_settings, strings

_SHARED = ("stall_after", "on_stall", "max_runtime")  # a task says these once for all of its steps


def read_board(data: Record) -> Board:
    """The board that a checked document means (`check.problems` found nothing). Total on what check lets through."""
    tasks = Tasks.of([read_task(record) for record in data.get("tasks") or ()])
    return board_of(data, tasks)


def board_of(data: Record, tasks: Tasks) -> Board:
    return Board(read_settings(data.get("settings") or {}), data.get("agents") or {}, tasks)


def read_task(record: Record) -> Task:
    steps = _steps(record)
    current = record.get("step")
    return Task(
        id=str(record["id"]),
        title=str(record.get("title") or record["id"]),
        status=Status(record.get("status") or Status.TODO),
        agent=record.get("agent"),
        brief=record.get("brief"),
        priority=record.get("priority", DEFAULT_PRIORITY),
        after=tuple(record.get("after") or ()),
        steps=steps,
        step=next((step for step in steps if step.id == current), steps[0]),
        done_when=strings(record, "done_when"),
        claim=_claim(record.get("claim")),
        last_token=record.get("last_token") or 0,
        checkpoint=_checkpoint(record.get("checkpoint")),
        run=_run(record.get(run_key(record))),
        blocked=_blocked(record.get("blocked")),
        approved=_approval(record.get("approved")),
        record=record,
    )


def _steps(record: Record) -> tuple[Step, ...]:
    listed = record.get("steps")
    if listed:
        shared = {key: record[key] for key in _SHARED if key in record}
        return tuple(_step(str(item["id"]), {**shared, **item}) for item in listed)
    return (_step(ONLY_STEP, record),)


def _step(step_id: str, item: Record) -> Step:
    command = item.get("run") if isinstance(item.get("run"), str) else None
    prompt = item.get("prompt")
    if prompt is None and command is None:
        prompt = str(item.get("title") or "")
    return Step(
        id=step_id,
        prompt=prompt,
        run=command,
        resumable=bool(item.get("resumable", False)),
        gate=item.get("gate"),
        done_if=item.get("done_if"),
        stall_after=_span(item, "stall_after"),
        on_stall=item.get("on_stall") or "tell",
        max_runtime=_span(item, "max_runtime"),
        kind=item.get("kind"),
    )


def _claim(value: Any) -> Claim | None:
    if not isinstance(value, Mapping):
        return None
    return Claim(str(value["by"]), value["token"], _instant(value, "at") or 0.0, _instant(value, "expires_at") or 0.0)


def _checkpoint(value: Any) -> Checkpoint | None:
    if not isinstance(value, Mapping):
        return None
    commit = value.get("commit")
    return Checkpoint(None if commit is None else str(commit), value.get("note"), _instant(value, "at"))


def _run(value: Any) -> Run | None:
    if not isinstance(value, Mapping):
        return None
    return Run(
        step=str(value["step"]),
        attempt=value.get("attempt") or 0,
        started_at=_instant(value, "started_at"),
        token=value.get("token"),
        head=None if value.get("head") is None else str(value["head"]),
        progressed=bool(value.get("progressed", False)),
        stale=value.get("stale") or 0,
        restarts=tuple(at for item in value.get("restarts") or () if (at := parse_instant(str(item))) is not None),
        ended_at=_instant(value, "ended_at"),
        last_exit=value.get("last_exit"),
        ending=Ending(value["ending"]) if value.get("ending") else None,
    )


def _blocked(value: Any) -> Blocked | None:
    if not isinstance(value, Mapping):
        return None
    return Blocked(str(value["on"]), str(value.get("by", "")), _instant(value, "at"), value.get("rule"))


def _approval(value: Any) -> Approval | None:
    if not isinstance(value, Mapping):
        return None
    return Approval(str(value["step"]), str(value.get("by", "")), _instant(value, "at"))


def _span(record: Record, key: str) -> float | None:
    value = record.get(key)
    return None if value is None else parse_span(str(value))


def _instant(record: Record, key: str) -> float | None:
    value = record.get(key)
    return None if value is None else parse_instant(str(value))
