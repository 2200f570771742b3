"""What came of a task's last run, as it is kept in `.board/results/<task>.json`: a supervisor writes, people read.

A result is of one ending of one run: its `of` says which, and is told from the record alone. So whoever finds a record
whose ending has no result yet, writes it, however often somebody died in between. Nothing is composed here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from board.instants import format_instant, parse_instant
from board.model import Status, Task

VERSION: Final = 1
LARGEST: Final = 1 << 20  # bytes
_ENDINGS: Final = {
    Status.DONE: "done",
    Status.REVIEW: "said_done",
    Status.FAILED: "failed",
    Status.BLOCKED: "blocked",
}
ENDED: Final = frozenset(_ENDINGS)


class Ending(NamedTuple):
    """How a run stands in the record as over: `of` differs for each ending; `why` is the record's word, if it has
    one."""

    of: str
    at: float | None
    why: str | None


def ending_of(task: Task) -> Ending | None:
    """None for a task that goes on, or of which nothing was ever started."""
    run = task.run
    if run is None or task.status not in ENDED:
        return None
    record = task.record.get(_ENDINGS[task.status])
    said: Mapping[str, Any] = record if isinstance(record, Mapping) else {}
    at = parse_instant(str(said.get("at"))) if said.get("at") else run.ended_at
    shown = "" if at is None else format_instant(at)
    why = said.get("on") or said.get("why") or said.get("note")
    return Ending(f"{task.status} {run_of(task)} {shown}", at, None if why is None else str(why))


def run_of(task: Task) -> str:
    """The run that the record is about: the same text for each of its endings."""
    run = task.run
    return "" if run is None else f"{run.step}.{run.token or 0}.{run.attempt}"


def folder(side: str) -> str:
    return os.path.join(side, "results")


def path_of(side: str, task_id: str) -> str:
    return os.path.join(folder(side), f"{task_id}.json")


def read(side: str, task_id: str) -> dict[str, Any] | None:
    """None where none is stored. Raises ValueError for what is no result, OSError for what can't be read."""
    try:
        fd = os.open(path_of(side, task_id), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    with os.fdopen(fd, "rb") as file:
        data = file.read(LARGEST + 1)
    found = json.loads(data) if len(data) <= LARGEST else None
    if not isinstance(found, dict) or found.get("v") != VERSION or not isinstance(found.get("of"), str):
        raise ValueError("it is no result")
    return found
