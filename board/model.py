"""What a board is: frozen values read from plain records; nothing here decides, writes or asks the time.

A record is the dict that the YAML file holds for a task; `Task.record` keeps it whole, so that people's own `x-` keys
and whatever a later version adds pass through untouched. Values are `NamedTuple`s because importing `dataclasses`
costs a hot command a quarter of its time.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from board.instants import format_instant, parse_instant
from board.settings import Settings, read_settings, strings

ONLY_STEP: Final = "main"  # the id of the one step of a task that lists none
DEFAULT_PRIORITY: Final = 5

Record = Mapping[str, Any]


class Status(StrEnum):
    TODO = "todo"
    CLAIMED = "claimed"
    IN_PROGRESS = "in_progress"
    BLOCKED = "blocked"
    REVIEW = "review"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED: Final = frozenset({Status.DONE, Status.FAILED, Status.CANCELLED})
HELD: Final = frozenset({Status.CLAIMED, Status.IN_PROGRESS})


class Claim(NamedTuple):
    """A granted lease. `token` rises with each grant; the claim may be taken over once `expires_at` has passed."""

    by: str
    token: int
    at: float
    expires_at: float

    def record(self) -> dict[str, Any]:
        return {
            "by": self.by,
            "token": self.token,
            "at": format_instant(self.at),
            "expires_at": format_instant(self.expires_at),
        }


class Checkpoint(NamedTuple):
    commit: str | None
    note: str | None
    at: float | None


class Run(NamedTuple):
    """The latest attempt at a step, as it must survive the death of everything else.

    `started_at` is on disk before the worker starts, with the `token` that it was granted. `head` is the tree's
    commit at that moment, `progressed` says that a checkpoint moved since. `stale` counts the deaths in a row that
    brought nothing, `restarts` are the instants that count against the intensity, `last_exit` is the death's
    evidence in words, `ended_at` its instant.
    """

    step: str
    attempt: int
    started_at: float | None = None
    token: int | None = None
    head: str | None = None
    progressed: bool = False
    stale: int = 0
    restarts: tuple[float, ...] = ()
    ended_at: float | None = None
    last_exit: str | None = None

    def record(self) -> dict[str, Any]:
        full = {
            "step": self.step,
            "attempt": self.attempt,
            "started_at": _text(self.started_at),
            "token": self.token,
            "head": self.head,
            "progressed": self.progressed or None,
            "stale": self.stale or None,
            "restarts": [format_instant(at) for at in self.restarts] or None,
            "ended_at": _text(self.ended_at),
            "last_exit": self.last_exit,
        }
        return {key: value for key, value in full.items() if value is not None}


class Blocked(NamedTuple):
    """`on` names what is waited for. `rule` is the law's rule when the supervisor held the task for a person."""

    on: str
    by: str
    at: float | None
    rule: str | None = None


class Approval(NamedTuple):
    step: str
    by: str
    at: float | None


class Step(NamedTuple):
    """One ordered part of a task: exactly one of `prompt` (an agent works on it) and `run` (a command) is set."""

    id: str
    prompt: str | None = None
    run: str | None = None
    resumable: bool = False
    gate: str | None = None
    done_if: str | None = None


class Task(NamedTuple):
    id: str
    title: str
    status: Status
    agent: str | None
    brief: str | None
    priority: int
    after: tuple[str, ...]
    steps: tuple[Step, ...]
    step: Step
    done_when: tuple[str, ...] | None
    claim: Claim | None
    last_token: int
    checkpoint: Checkpoint | None
    run: Run | None
    blocked: Blocked | None
    approved: Approval | None
    record: Record

    @property
    def started(self) -> bool:
        """Has the current step been started at least once, and not been settled since?"""
        return self.run is not None and self.run.step == self.step.id and self.run.started_at is not None

    @property
    def is_approved(self) -> bool:
        return self.approved is not None and self.approved.step == self.step.id

    def next_step(self) -> Step | None:
        index = self.steps.index(self.step) + 1
        return self.steps[index] if index < len(self.steps) else None


class Board(NamedTuple):
    settings: Settings
    agents: Mapping[str, Record]
    tasks: tuple[Task, ...]
    by_id: Mapping[str, Task]

    def find(self, task_id: str) -> Task | None:
        return self.by_id.get(task_id)


def read_board(data: Record) -> Board:
    """The board that a checked document means (`check.problems` found nothing). Total on what check lets through."""
    tasks = tuple(read_task(record) for record in data.get("tasks") or ())
    by_id = {task.id: task for task in tasks}
    return Board(read_settings(data.get("settings") or {}), data.get("agents") or {}, tasks, by_id)


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
        return tuple(_step(str(item["id"]), item) for item in listed)
    return (_step(ONLY_STEP, record),)


def _step(step_id: str, item: Record) -> Step:
    command = item.get("run") if isinstance(item.get("run"), str) else None
    prompt = item.get("prompt")
    if prompt is None and command is None:
        prompt = str(item.get("title") or "")
    return Step(step_id, prompt, command, bool(item.get("resumable", False)), item.get("gate"), item.get("done_if"))


def run_key(record: Record) -> str:
    """Where this record keeps its `Run`: `run`, or `ran` where `run` is the task's own command."""
    return "ran" if isinstance(record.get("run"), str) else "run"


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
    )


def _blocked(value: Any) -> Blocked | None:
    if not isinstance(value, Mapping):
        return None
    return Blocked(str(value["on"]), str(value.get("by", "")), _instant(value, "at"), value.get("rule"))


def _approval(value: Any) -> Approval | None:
    if not isinstance(value, Mapping):
        return None
    return Approval(str(value["step"]), str(value.get("by", "")), _instant(value, "at"))


def _instant(record: Record, key: str) -> float | None:
    value = record.get(key)
    return None if value is None else parse_instant(str(value))


def _text(at: float | None) -> str | None:
    return None if at is None else format_instant(at)
