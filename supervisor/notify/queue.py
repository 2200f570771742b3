"""`.board/notify/`: messages that are to be sent, one file each, and what each rule has told. 0700, bounded, redacted.

Writing takes `Redacted` alone. A file that can't be read is no message; it goes when it is the oldest of too
many. Names sort by age.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final, NamedTuple

from board.journal.redact import Redacted

MOST: Final = 200  # messages
_MEMORY: Final = "memory"
_BIGGEST: Final = 1 << 20  # bytes


class Entry(NamedTuple):
    """One message on one way. `record` is as it was queued; `served` marks the addresses of a file that have it."""

    name: str
    record: Mapping[str, Any]

    @property
    def way(self) -> str:
        return str(self.record.get("way"))

    @property
    def attempts(self) -> int:
        return int(self.record.get("attempts") or 0)

    @property
    def due_at(self) -> float:
        return float(self.record.get("due_at") or 0.0)

    @property
    def at(self) -> float:
        return float(self.record.get("at") or 0.0)

    @property
    def served(self) -> frozenset[str]:
        return frozenset(self.record.get("served") or ())


class Queue:
    def __init__(self, side: str) -> None:
        self.folder = os.path.join(side, "notify")

    def put(self, text: Redacted, name: str = "") -> None:
        """On disk on return; a new message, or one of this name anew. Raises OSError."""
        os.makedirs(self.folder, 0o700, exist_ok=True)
        self._write(name or _new_name(), text)

    def hold(self, text: Redacted) -> str:
        """A message that is on disk, and that nobody sends before it is let go; its name. Raises OSError."""
        os.makedirs(self.folder, 0o700, exist_ok=True)
        name = _new_name()
        self._write(f".{name}", text)
        return name

    def let_go(self, names: Collection[str]) -> None:
        """These are to be sent, unless that was said of them already; what else is held nobody knows of: it goes."""
        with suppress(OSError):
            for held in [each for each in os.listdir(self.folder) if each.startswith(".") and each.endswith(".json")]:
                path = os.path.join(self.folder, held)
                if held[1:] in names:
                    os.replace(path, os.path.join(self.folder, held[1:]))
                else:
                    os.unlink(path)

    def make_room(self) -> int:
        """How many of the oldest had to go, because there are too many."""
        names = self.names()
        over = names[: max(0, len(names) - MOST)]
        for name in over:
            self.remove(name)
        if over:
            self.lose(len(over))
        return len(over)

    def lose(self, count: int) -> None:
        """So many messages were given up: one byte each, so that two who count at once lose none."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        with suppress(OSError):
            fd = os.open(os.path.join(self.folder, "lost"), flags, 0o600)
            try:
                os.write(fd, b"." * count)
            finally:
                os.close(fd)

    def lost(self) -> int:
        """How many were given up, ever."""
        try:
            return os.stat(os.path.join(self.folder, "lost")).st_size
        except OSError:
            return 0

    def entries(self) -> list[Entry]:
        found = ((name, _read(os.path.join(self.folder, name))) for name in self.names())
        return [Entry(name, record) for name, record in found if record is not None]

    def names(self) -> list[str]:
        try:
            listed = os.listdir(self.folder)
        except OSError:
            return []
        return sorted(name for name in listed if name.endswith(".json") and not name.startswith((".", _MEMORY)))

    def remove(self, name: str) -> None:
        with suppress(OSError):
            os.unlink(os.path.join(self.folder, name))

    def memory(self) -> dict[str, Any]:
        """What `remember` kept; empty where there is none, or one that can't be read."""
        return _read(os.path.join(self.folder, f"{_MEMORY}.json")) or {}

    def remember(self, text: Redacted) -> None:
        """Raises OSError."""
        os.makedirs(self.folder, 0o700, exist_ok=True)
        self._write(f"{_MEMORY}.json", text)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Is nobody else sending? The kernel frees it when we die."""
        os.makedirs(self.folder, 0o700, exist_ok=True)
        fd = os.open(os.path.join(self.folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(fd)

    def _write(self, name: str, text: Redacted) -> None:
        aside = os.path.join(self.folder, f".{name}.{os.getpid()}")
        fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                file.write(f"{text}\n")
                file.flush()
                os.fsync(fd)
            os.replace(aside, os.path.join(self.folder, name))
        except OSError:
            with suppress(OSError):
                os.unlink(aside)
            raise


def _new_name() -> str:
    return f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}.json"


def _read(path: str) -> dict[str, Any] | None:
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read(_BIGGEST))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
