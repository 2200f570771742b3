"""What changed in a roll since it was written, a frame a write: a change of one task needn't rewrite ten thousand rows.

Theory of operation. A frame says: who has the columns of the text `rev_was`, and puts these rows in place, has those of
the text `rev`. That stays true whatever else stands in the file, since a revision is the hash of a text; so frames
need no order and no file that they belong to, may be lost, cut or stand there twice, and one that doesn't go on from
where the reader is, is passed over. Each has a keyed checksum of its own, as everything in the cache has.
"""

from __future__ import annotations

import marshal
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final, NamedTuple

from board.roll import Row

Spot = tuple[int, int]  # where a record stands on its shelf, and how long it is
MAX_BYTES: Final = 16 * 1024  # some sixty frames; then the roll is written anew
_LENGTH: Final = 4


class Frame(NamedTuple):
    """`rows` with their places; the records at the places of `spots` were put on a shelf, each at its spot."""

    rev_was: str
    rev: str
    rows: list[tuple[int, Row]]
    shelf: str
    spots: list[tuple[int, Spot]]


class StepLog:
    """One file. `checksum` is of a length of its own, `check` bytes. Nothing here raises but `append`, OSError."""

    def __init__(self, path: str, checksum: Callable[[bytes], bytes], check: int) -> None:
        self.path = path
        self._sum = checksum
        self._check = check

    def append(self, frame: Frame) -> int:
        """The file's length with it. For who holds the board's lock."""
        rows = [(place, tuple(row)) for place, row in frame.rows]  # marshal takes exact types alone
        body = marshal.dumps((frame.rev_was, frame.rev, rows, frame.shelf, frame.spots))
        fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(fd, self._sum(body) + len(body).to_bytes(_LENGTH, "little") + body)
            return os.fstat(fd).st_size
        finally:
            os.close(fd)

    def read(self, start: int = 0) -> tuple[list[Frame], int]:
        """The whole frames from an offset on, and where they end. What comes behind a broken one isn't read."""
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return [], 0
        try:
            raw = os.pread(fd, 4 * MAX_BYTES, start)
        except OSError:
            raw = b""
        finally:
            os.close(fd)
        frames = list(self._frames(raw))
        return [frame for frame, _ in frames], start + (frames[-1][1] if frames else 0)

    def _frames(self, raw: bytes) -> Iterator[tuple[Frame, int]]:
        at, front = 0, self._check + _LENGTH
        while at + front < len(raw):
            end = at + front + int.from_bytes(raw[at + self._check : at + front], "little")
            body = raw[at + front : end]
            if raw[at : at + self._check] != self._sum(body):
                return
            try:
                frame = Frame(*marshal.loads(body))
                yield frame._replace(rows=[(place, Row(*row)) for place, row in frame.rows]), end
            except (ValueError, EOFError, TypeError):
                return
            at = end

    def clear(self) -> None:
        with suppress(OSError):
            os.unlink(self.path)
