"""Files beside the board that hold a text of ours for as long as it isn't the board: what a write makes, and what one
whose writer died has left. It doesn't know versions or tasks.

Theory of operation. A text is written aside and synced (`.board-tmp`), and gets the name by which it changes places
with the board (`.board-swap`) just before that. So as long as a file of either name holds a text, nobody can have seen
that text as the board; after the exchange the file of the second name is what stood there before.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, NamedTuple

from board.reading import revision
from board.stamps import stamp

_ASIDE: Final = ".board-tmp"
_READY: Final = ".board-swap"


class Left(NamedTuple):
    """A file that is there now. `may_be_replaced`: by its name it may be what stood under the board's name."""

    path: str
    rev: str
    may_be_replaced: bool


class Aside:
    """The files beside the board at `real`. Writing is for who holds the board's lock; anybody may look."""

    def __init__(self, real: str) -> None:
        self._real = real
        self._folder, self._name = os.path.split(real)

    def write(self, raw: bytes, like: os.stat_result | None, mode: int = 0o644) -> str:
        """The path of a synced file that holds `raw`, with the mode and owner of the file that it is `like`. Raises
        OSError, and then there is no such file."""
        path = f"{self._real}.{os.getpid()}.{stamp()}{_ASIDE}"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(raw)
                file.flush()
                os.fchmod(file.fileno(), stat.S_IMODE(like.st_mode) if like is not None else mode)
                if like is not None and (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(file.fileno(), like.st_uid, like.st_gid)
                now = stamp()
                os.utime(file.fileno(), ns=(now, now))
                os.fsync(file.fileno())
        except BaseException:
            with suppress(OSError):
                os.unlink(path)
            raise
        return path

    def made_ready(self, path: str) -> str:
        """The same file under the name by which it changes places with the board."""
        ready = _ready(path)
        os.rename(path, ready)
        return ready

    def forget(self, path: str) -> None:
        """The file that `write` named, by whichever name it has now."""
        for name in (path, _ready(path)):
            with suppress(OSError):
                os.unlink(name)  # what stays all the same goes with the next write

    def left(self) -> Iterator[Left]:
        """What is there; under the lock, and before a write of one's own, only dead writers' files are."""
        for name in os.listdir(self._folder):
            if name.startswith(f"{self._name}.") and name.endswith((_ASIDE, _READY)):
                path = os.path.join(self._folder, name)
                with suppress(FileNotFoundError), open(path, "rb") as file:
                    yield Left(path, revision(file.read()), name.endswith(_READY))

    def revisions(self) -> frozenset[str]:
        """Of the texts that are there: none of them is the board, or has been since it was written."""
        return frozenset(left.rev for left in self.left())


def _ready(path: str) -> str:
    return path.removesuffix(_ASIDE) + _READY
