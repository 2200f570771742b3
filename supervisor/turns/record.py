"""What is remembered of agents' turns, in `.board/turns/`, one file a task: that it was asked outlives whoever asked.

A door to files: nothing is decided. It holds no text of anybody's but why something could not be delivered, redacted.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from typing import Any

from board.journal.redact import Redacted
from supervisor.agents.reading import Source
from supervisor.turns.turn import Progress, Turn

BIGGEST = 1 << 16  # bytes


def _path(side: str, task: str) -> str:
    return os.path.join(side, "turns", f"{task}.json")


def keep(side: str, task: str, turn: Turn, why: Redacted) -> None:
    """On the disk on return. `why` stands in the place of the turn's own. Raises OSError."""
    path = _path(side, task)
    os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    aside = f"{path}.tmp"
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8", errors="replace") as file:
        json.dump({**asdict(turn), "why": why}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)


def kept(side: str, task: str, mark: str) -> Turn | None:
    """None where this very attempt was neither asked nor told anything. Raises OSError or ValueError for a file that
    can't be read: then nobody knows, and nobody is asked."""
    try:
        with open(_path(side, task), encoding="utf-8") as file:
            given = json.loads(file.read(BIGGEST))
    except FileNotFoundError:
        return None
    return _read(given, mark)


def _read(given: Any, mark: str) -> Turn | None:
    try:
        if given["mark"] != mark:
            return None
        asked_on, by = given.pop("asked_on"), given.pop("ended_by")
        turn = Turn(**given)
        numbers = (turn.try_at, turn.tries, *(each or 0.0 for each in (turn.ended_at, turn.asked_at, turn.limit)))
        is_sound = all(isinstance(each, int | float) for each in numbers)
        if not is_sound or not (isinstance(turn.waits, bool) and isinstance(turn.has_begun, bool)):
            raise ValueError("no record of turns")
        progress = None if asked_on is None else Progress(str(asked_on[0]), asked_on[1] and str(asked_on[1]))
        return replace(turn, asked_on=progress, ended_by=None if by is None else Source(by))
    except (TypeError, KeyError, IndexError) as error:
        raise ValueError("no record of turns") from error
