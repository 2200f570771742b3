"""The supervisor's side of `.board/signals/`: what waits there, and what was last heard of each task.

A door to files: nothing is judged. What was heard outlives us in `.board/cache/agents/`, one file a task, for an agent
that waits says nothing more.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import asdict, replace
from typing import NamedTuple

from board.journal.redact import Redacted
from supervisor.agents.reading import State
from supervisor.hooks import folder
from supervisor.hooks.latest import Latest, Signal, read_signal

LEFT_AFTER = 60.0  # seconds after which what was written aside belongs to nobody any more


class Waiting(NamedTuple):
    """`signal` is None for a file that holds none."""

    name: folder.Name
    signal: Signal | None


def waiting(side: str) -> list[Waiting]:
    """Oldest first; each stays until it is dropped."""
    found = []
    for name in sorted(folder.names(side), key=lambda each: each.order):
        data = _read(os.path.join(folder.folder(side), name.name))
        if data is not None:
            found.append(Waiting(name, read_signal(name, data)))
    return found


def take(side: str) -> list[Signal]:
    """Every signal that waits, oldest first; each is taken once."""
    found = waiting(side)
    drop(side, found)
    return [each.signal for each in found if each.signal is not None]


def drop(side: str, many: list[Waiting]) -> None:
    for each in many:
        folder.drop(side, each.name)


def sweep(side: str, now: float | None = None) -> None:
    """Removes what hooks that were killed have left aside."""
    place, now = folder.folder(side), time.time() if now is None else now
    with contextlib.suppress(OSError):
        for name in os.listdir(place):
            path = os.path.join(place, name)
            if name.startswith(".") and now - os.lstat(path).st_mtime > LEFT_AFTER:
                os.unlink(path)


def _read(path: str) -> bytes | None:
    """None where it is gone. A name that leads elsewhere, or what isn't a file, is never opened or waited for."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError:
        return b""
    try:
        return os.read(fd, folder.LARGEST + 1)
    except OSError:
        return b""
    finally:
        os.close(fd)


# --- what was heard last


def _kept(side: str, task: str) -> str:
    return os.path.join(side, "cache", "agents", f"{task}.json")


def keep(side: str, task: str, latest: Latest, text: Redacted, message: Redacted | None = None) -> None:
    """`text` stands in the place of what it asks, `message` of what it said last. Aside, then renamed. Raises
    OSError."""
    path = _kept(side, task)
    os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    aside = f"{path}.tmp"
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8", errors="replace") as file:
        json.dump({**asdict(replace(latest, queue=())), "text": text, "message": message or ""}, file)
    os.replace(aside, path)


def kept(side: str, task: str, mark: str) -> Latest | None:
    """None where nothing was heard of this very attempt, or it can't be read."""
    try:
        with open(_kept(side, task), encoding="utf-8") as file:
            given = json.load(file)
        latest = Latest(**{**given, "state": State(given["state"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    numbers = (latest.since, latest.at, latest.order, latest.began, latest.ticks, latest.count)
    is_sound = latest.mark == mark and all(isinstance(each, int | float) for each in numbers)
    return latest if is_sound else None
