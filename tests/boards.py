"""Small boards for tests, read by the product's own readers from plain records, with nothing added in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from board.claims import Actor
from board.instants import format_instant
from board.model import Board, Task
from board.moves import Ask, Change, Outcome
from board.patch import patched
from board.records import read_board, read_task

NOW = 1_795_169_580.0  # 2026-11-20T10:13:00Z
LEASE = 7200.0
HOLDER = "supervisor@here"
HOME = "crew"

Record = dict[str, Any]


def task(**record: Any) -> Task:
    return read_task({"id": "t", **record})


def board(*records: Mapping[str, Any], **settings: Any) -> Board:
    return read_board({"version": 1, "settings": settings, "tasks": list(records)})


def claimed(by: str = HOLDER, token: int = 3, at: float = NOW - 60, ttl: float = LEASE) -> Record:
    return {"by": by, "token": token, "at": format_instant(at), "expires_at": format_instant(at + ttl)}


def ran(step: str = "main", attempt: int = 1, **fields: Any) -> Record:
    """A run's record, started a minute ago unless said otherwise; instants are given as floats."""
    shown: Record = {key: format_instant(value) if key.endswith("_at") else value for key, value in fields.items()}
    if "restarts" in fields:
        shown["restarts"] = [format_instant(at) for at in fields["restarts"]]
    return {"step": step, "attempt": attempt, "started_at": format_instant(NOW - 60), **shown}


def ask(record: Mapping[str, Any], actor: Actor, now: float = NOW, *others: Mapping[str, Any], **settings: Any) -> Ask:
    """A request about the task that `record` describes, on a board of it and `others`."""
    read = board(record, *others, **settings)
    return Ask(read, read.tasks[0], actor, now)


def after(record: Mapping[str, Any], outcome: Outcome) -> Record:
    """The record as it reads once the change is applied; fails where the request was refused."""
    assert isinstance(outcome, Change), outcome
    return patched(record, outcome.patch)
