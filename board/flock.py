"""Waiting for an advisory lock that ends with its holder, however that ends. It opens and closes nothing."""

from __future__ import annotations

import fcntl
import time
from typing import Final

_PAUSE: Final = 0.005  # seconds between two tries


def is_taken(lock: int, patience: float) -> bool:
    """The descriptor's lock, waited for up to `patience` seconds; False where others had it all the time. Raises
    OSError where it can't be locked at all."""
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_PAUSE)
        else:
            return True
