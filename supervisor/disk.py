"""A disk that takes nothing: one incident for all tasks, however many of them wait for it. It only tells.

Nothing has to be done about it: what can't be recorded isn't done, and each operation is tried again.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Final

from board.errors import Unwritable

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


class Disk:
    def __init__(self, tell: Callable[..., None]) -> None:
        self._tell = tell
        self._since: float | None = None
        self._problem = ""

    @property
    def standing(self) -> tuple[str, float] | None:
        """What is wrong, and since when; None while things are written, as far as anybody tried."""
        return None if self._since is None else (self._problem, self._since)

    def refused(self, error: Exception, now: float) -> bool:
        """Is that what the error says? The first of several is told."""
        if not isinstance(error, Unwritable) and not (isinstance(error, OSError) and error.errno in _FULL):
            return False
        if self._since is None:
            self._since, self._problem = now, str(error)
            self._tell("write_failed", None, problem=self._problem)
        return True

    def took(self, now: float) -> None:
        """Something was written. The problem is said again: where the journal is on the same disk it wasn't heard."""
        if self._since is not None:
            self._tell("write_recovered", None, problem=self._problem, failed_for_s=round(now - self._since, 3))
            self._since = None
