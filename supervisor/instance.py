"""One supervisor a board: a lock that the kernel frees when its holder dies, and a note of who and since when."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path

from board.errors import RefusedError
from board.instants import format_instant, format_span, parse_instant
from supervisor.processes import ProcessId, identify, is_alive


@dataclass(frozen=True, slots=True)
class Note:
    by: str
    process: ProcessId
    started_at: float

    def since(self, now: float) -> str:
        held_for = format_span(max(0.0, now - self.started_at))
        return f"{self.by} (pid {self.process.pid}) since {format_instant(self.started_at)}, for {held_for}"


class Instance:
    """Holds `.board/supervisor.lock` while open."""

    def __init__(self, side: str) -> None:
        self._path = Path(side) / "supervisor.lock"
        self._fd = -1

    def take(self, by: str, now: float) -> None:
        """Raises RefusedError naming the holder when another supervisor has this board."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            note = read_note(str(self._path.parent))
            who = note.since(now) if note else "another supervisor"
            raise RefusedError(f"this board is kept by {who}", "supervisor stop, or supervisor status") from None
        self._fd = fd
        me = identify(os.getpid())
        mine = {"by": by, "pid": os.getpid(), "ticks": me.ticks if me else 0, "started_at": format_instant(now)}
        os.ftruncate(fd, 0)
        os.pwrite(fd, json.dumps(mine).encode(), 0)

    def release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def read_note(side: str) -> Note | None:
    """Who took the lock last; None when nobody did."""
    try:
        note = json.loads((Path(side) / "supervisor.lock").read_text(encoding="utf-8"))
        started_at = parse_instant(str(note["started_at"])) or 0.0
        return Note(str(note["by"]), ProcessId(int(note["pid"]), int(note["ticks"])), started_at)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def running(side: str) -> Note | None:
    """The supervisor that keeps this board now; None when its process is proved gone, or there never was one."""
    note = read_note(side)
    return None if note is None or is_alive(note.process) is False else note
