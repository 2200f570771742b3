"""What a board is: frozen values read from plain records; nothing here decides, writes or asks the time.

A record is the dict that the YAML file holds for a task; `Task.record` keeps it whole, so that people's own `x-` keys
and whatever a later version adds pass through untouched. Values are `NamedTuple`s because importing `dataclasses`
costs a hot command a quarter of its time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple, overload

from board.instants import format_instant
from board.settings import Settings

SETUP: Final = "setup"  # what a task waits for whose tree could not be readied
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


class Ending(StrEnum):
    """Why a living worker that nobody called off is ended."""

    STALLED = "stalled"
    MAX_RUNTIME = "max_runtime"


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
    evidence in words, `ended_at` its instant. `ending` is why we end the worker ourselves, on disk before the first
    signal: however it takes that, an exit 0 is then no success.
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
    ending: Ending | None = None

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
            "ending": None if self.ending is None else str(self.ending),
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
    """One ordered part of a task: exactly one of `prompt` (an agent works on it) and `run` (a command) is set.

    `stall_after` and `max_runtime` are its own or its task's, None where neither says it, and 0 is never.
    `kind` names the brief that its agent is given, None for the usual one.
    """

    id: str
    prompt: str | None = None
    run: str | None = None
    resumable: bool = False
    gate: str | None = None
    done_if: str | None = None
    stall_after: float | None = None
    on_stall: str = "tell"
    max_runtime: float | None = None
    kind: str | None = None


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

    @property
    def is_gated(self) -> bool:
        """Does the current step wait for a person's word?"""
        return self.step.gate == "human" and not self.is_approved

    def next_step(self) -> Step | None:
        index = self.steps.index(self.step) + 1
        return self.steps[index] if index < len(self.steps) else None


class Brief(NamedTuple):
    """What other tasks and «what comes next» need to know of a task. `expires_at`: of its claim, None where there is
    none. `is_risky`: its step was started, never settled, and may not be started again without a person."""

    status: str
    priority: int
    after: tuple[str, ...]
    is_gated: bool
    is_risky: bool
    expires_at: float | None
    agent: str | None = None
    unlock: str | None = None  # its own word on it, if any


class Tasks(Sequence[Task]):
    """The tasks in the file's order. Each is read when it is asked for, and kept; a brief tells what most need."""

    def __init__(self, ids: Sequence[str], read: Callable[[int], Task], brief: Callable[[int], Brief]) -> None:
        self.ids = ids
        self._places = dict(zip(ids, range(len(ids)), strict=True))
        self._read = read
        self._brief = brief
        self._kept: dict[int, Task] = {}

    def changed(self, task: Task, place: int, read: Callable[[int], Task], brief: Callable[[int], Brief]) -> Tasks:
        """The tasks of the next version of the same board, in which one is another or new at the end."""
        ids = self.ids if place < len(self.ids) else [*self.ids, task.id]
        new = Tasks(ids, read, brief)
        new._kept = {**self._kept, place: task}
        return new

    @classmethod
    def of(cls, tasks: Sequence[Task]) -> Tasks:
        return cls([task.id for task in tasks], tasks.__getitem__, lambda place: brief_of(tasks[place]))

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, place: int) -> Task: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Task]: ...
    def __getitem__(self, place: int | slice) -> Task | Sequence[Task]:
        if isinstance(place, slice):
            return [self[one] for one in range(len(self))[place]]
        at = range(len(self))[place]
        task = self._kept.get(at)
        if task is None:
            task = self._kept[at] = self._read(at)
        return task

    def find(self, task_id: str) -> Task | None:
        place = self._places.get(task_id)
        return None if place is None else self[place]

    def place(self, task_id: str) -> int | None:
        return self._places.get(task_id)

    def brief(self, place: int) -> Brief:
        return self._brief(place)

    def brief_by_id(self, task_id: str) -> Brief | None:
        place = self._places.get(task_id)
        return None if place is None else self._brief(place)


class Board(NamedTuple):
    settings: Settings
    agents: Mapping[str, Record]
    tasks: Tasks

    def find(self, task_id: str) -> Task | None:
        return self.tasks.find(task_id)


def brief_of(task: Task) -> Brief:
    is_risky = task.started and not task.step.resumable and not task.is_approved
    expires_at = None if task.claim is None else task.claim.expires_at
    unlock = task.record.get("unlock")
    return Brief(str(task.status), task.priority, task.after, task.is_gated, is_risky, expires_at, task.agent, unlock)


def run_key(record: Record) -> str:
    """Where this record keeps its `Run`: `run`, or `ran` where `run` is the task's own command."""
    return "ran" if isinstance(record.get("run"), str) else "run"


def _text(at: float | None) -> str | None:
    return None if at is None else format_instant(at)
