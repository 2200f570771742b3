"""Whom each port is kept for: one folder for all boards of a user, one small file a port. Judges nothing.

Theory of operation. Who looks for a port holds the folder's lock until its board's record has it, so that a reservation
whose board doesn't say so was left by somebody who died on the way, or is over. The lock ends with its holder. A file
is written aside and renamed: one that can't be understood is nobody's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, NamedTuple

from board.errors import Busy
from board.ports import Reservation

_LOCK: Final = ".lock"


class Unreadable(NamedTuple):
    """Somebody's, and we may not see whose."""


class Unusable(Exception):
    """The folder can't be made, written or locked. Its text says why."""


def folder_of(env: Mapping[str, str]) -> str:
    """Where this user's reservations are; the environment moves it as it moves other programs' state."""
    state = env.get("XDG_STATE_HOME", "")
    if not os.path.isabs(state):
        state = os.path.join(env.get("HOME") or os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, "crewboard", "ports")


class Reservations:
    def __init__(self, folder: str, patience: float = 10.0) -> None:
        """`patience`: seconds for which others may hold the lock."""
        self.folder = folder
        self._patience = patience

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One process or thread at a time. Raises Unusable, and Busy where others hold it for too long."""
        from board import flock

        if not os.path.isabs(self.folder):
            raise Unusable(f"{self.folder}: there is no home folder to keep it in")
        try:
            os.makedirs(self.folder, 0o700, exist_ok=True)
            lock = os.open(os.path.join(self.folder, _LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Unusable(f"{self.folder}: {error.strerror}") from None
        try:
            try:
                is_ours = flock.is_taken(lock, self._patience)
            except OSError as error:
                raise Unusable(f"{self.folder}: {error.strerror}") from None
            if not is_ours:
                raise Busy(f"{self.folder} is held by another for {self._patience:g} s", "try again")
            yield
        finally:
            os.close(lock)

    def of(self, port: int) -> Reservation | Unreadable | None:
        """Who has this port; None for nobody."""
        try:
            with open(self._path(port), encoding="utf-8") as file:
                kept = json.loads(file.read(10_000))
            return Reservation(str(kept["board"]), str(kept["task"]), str(kept["name"]))
        except FileNotFoundError:
            return None
        except OSError:
            return Unreadable()
        except (ValueError, KeyError, TypeError):
            return None

    def put(self, port: int, kept: Reservation) -> None:
        """For who holds the lock. Raises Unusable."""
        path = self._path(port)
        aside = f"{path}.{os.getpid()}.tmp"
        try:
            fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                file.write(json.dumps(kept._asdict()) + "\n")
            os.replace(aside, path)
        except OSError as error:
            raise Unusable(f"{self.folder}: {error.strerror}") from None

    def drop(self, port: int) -> None:
        """For who holds the lock. One that can't be taken away is seen to be over by the next who wants it."""
        try:
            os.unlink(self._path(port))
        except OSError:
            return

    def _path(self, port: int) -> str:
        return os.path.join(self.folder, str(port))
