"""`.board/output/<task>.log`: its lines, how they are appended, and how it is kept small. It redacts nothing.

    2026-11-20T10:13:00.120Z what the worker wrote
    === attempt 2 (token 5) 2026-11-20T10:13:00.119Z
    --- output dropped: 123,456 bytes 2026-11-20T10:13:04.020Z

A worker's line begins with its instant, so that none can pass for one of ours, which begin with `===` or `---`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from board.journal.events import instant
from board.journal.redact import Redacted
from supervisor.model import SETUP, Attempt

BIGGEST: Final = 16 * 1024 * 1024  # bytes of a log, of which one older one is kept beside it
_STAMP: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
_WORKERS: Final = re.compile(rf"({_STAMP}) (.*)", re.DOTALL)
_OURS: Final = re.compile(rf"((?:===|---) .*) ({_STAMP})", re.DOTALL)


class Entry(NamedTuple):
    """One line as it is read back; `ts` is None in a log of times when lines had none."""

    ts: str | None
    text: str
    is_ours: bool


def log_path(side: str, task: str) -> str:
    return os.path.join(side, "output", f"{task}.log")


def heading(number: int, token: int) -> str:
    return f"=== setup {number}" if token == SETUP else f"=== attempt {number} (token {token})"


def worker_line(at: float, text: Redacted) -> Redacted:
    return Redacted(f"{instant(at)} {text}\n")


def our_line(at: float, text: Redacted) -> Redacted:
    """`text` begins with `===` or `---`."""
    return Redacted(f"{text} {instant(at)}\n")


def entry(line: str) -> Entry:
    if found := _WORKERS.fullmatch(line):
        return Entry(found[1], found[2], is_ours=False)
    if found := _OURS.fullmatch(line):
        return Entry(found[2], found[1], is_ours=True)
    return Entry(None, line, is_ours=line.startswith("=== attempt "))


def has_ending(side: str, attempt: Attempt) -> bool:
    """Is all that this attempt wrote in its task's log, or was there?"""
    sought = f"\n{heading(attempt.number, attempt.token)} ended".encode()
    for path in (log_path(side, attempt.task), f"{log_path(side, attempt.task)}.1"):
        with suppress(OSError), open(path, "rb") as file:
            if sought in file.read():
                return True
    return False


class OutLog:
    """One task's log. Not for several writers at once: a full one is renamed."""

    def __init__(self, path: str, biggest: int = BIGGEST) -> None:
        self._path = path
        self._biggest = biggest
        self._fd: int | None = None
        self._is_torn = False

    def append(self, lines: Sequence[Redacted]) -> int:
        """One write; how many bytes of it did not get to the disk. Never raises for the disk's sake."""
        data = "".join(lines).encode("utf-8", "replace")
        if not data:
            return 0
        try:
            fd = self._opened()
            ahead = b"\n" if self._is_torn else b""
            done = os.write(fd, ahead + data) - len(ahead)
        except OSError:
            return len(data)
        self._is_torn = 0 < done < len(data)
        return len(data) - max(0, done)

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _opened(self) -> int:
        if self._fd is not None:
            now = os.fstat(self._fd)
            if now.st_nlink and now.st_size < self._biggest:
                return self._fd
            self.close()
            if now.st_nlink:
                os.replace(self._path, f"{self._path}.1")
        with suppress(FileExistsError):
            os.mkdir(os.path.dirname(self._path), 0o700)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._fd = os.open(self._path, flags, 0o600)
        size = os.fstat(self._fd).st_size
        self._is_torn = size > 0 and os.pread(self._fd, 1, size - 1) != b"\n"
        return self._fd
