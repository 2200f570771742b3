"""The journal, followed: each record once, however its segments are packed or deleted meanwhile. Writes nothing.

Theory of operation. How far a segment was read is an offset, the same in the plain and in the packed file. The newest
segments stay open, so that what stands in them can be read after they were deleted; a segment is over when it was
read to its end after it was sealed or removed, for then nobody appends to it.
"""

import os
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from board.journal.files import Segment, go_to, is_final, listed, opened, size_of, status_of, whole_lines
from board.journal.wanted import Found, Record, Sieve, Wanted

_KEPT_OPEN: Final = 4
_Key = tuple[str, int]
_Identity = tuple[int, int]  # inode and last change, which a sealed file never has again


def follow(
    folder: str,
    *,
    wait: Callable[[], bool],
    task: str | None = None,
    event: str | None = None,
    since: float | None = None,
    grep: str | None = None,
) -> Iterator[Record]:
    """Records that are written from now on; with `since` first those that are there, without a gap between.

    `wait` is called whenever there is nothing new, and ends the following by returning False. A line is
    taken when it is whole, so that one that is being written comes later and is not lost.
    """
    wanted = Wanted(task, () if event is None else (event,), since, grep)
    follower = Follower(folder, wanted, from_now=since is None)
    return (found.record for found in follower.go_on(wait))


class Follower:
    """`from_now`: what stands there when it is made is not told; `ends` says how far that went."""

    def __init__(self, folder: str, wanted: Wanted, *, from_now: bool) -> None:
        self._folder = folder
        self._sieve = Sieve(wanted)
        self._files: dict[_Key, BinaryIO] = {}
        self._read_to: dict[_Key, int] = {}
        self._over: dict[_Key, _Identity | None] = {}  # with the plain file that was read; None for a packed one
        if from_now:
            there = listed(folder)
            for place, segment in enumerate(there):
                self._pass(segment, is_new=len(there) - place <= _KEPT_OPEN)

    @property
    def ends(self) -> dict[_Key, int]:
        """How far each segment was read; one that is over to its end, however far that is."""
        return {**self._read_to, **dict.fromkeys(self._over, 1 << 62)}

    def _pass(self, segment: Segment, *, is_new: bool) -> None:
        key = segment[:2]
        if segment.is_packed:
            self._over[key] = None
        elif is_new and (file := opened(self._folder, segment)) is not None:
            self._files[key] = file
            self._read_to[key] = os.fstat(file.fileno()).st_size if file.seekable() else 1 << 62
        else:
            self._read_to[key] = size_of(self._folder, segment)

    def go_on(self, wait: Callable[[], bool]) -> Iterator[Found]:
        try:
            while True:
                is_idle = True
                for segment in self._due():
                    for found in self._new(segment):
                        is_idle = False
                        yield found
                if is_idle and not wait():
                    return
        finally:
            for file in self._files.values():
                file.close()

    def _due(self) -> list[Segment]:
        there = {segment[:2]: segment for segment in listed(self._folder) if self._sieve.may_hold(segment.day)}
        for key in [key for key in self._over if key not in there or self._is_another(there[key])]:
            del self._over[key]
        mine = {key: Segment(*key) for key in self._files}
        return [segment for key, segment in sorted({**mine, **there}.items()) if key not in self._over]

    def _is_another(self, segment: Segment) -> bool:
        """Was the plain file that was read to its end cleared away, and one of its name begun anew?"""
        was = self._over[segment[:2]]
        status = None if was is None or segment.is_packed else status_of(self._folder, segment)
        return status is not None and _identity(status) != was

    def _new(self, segment: Segment) -> Iterator[Found]:
        """Its new records. Afterwards it is open, or over, or old and known to have nothing new."""
        key = segment[:2]
        file = self._files.get(key) or self._reopened(segment)
        if file is None:
            return
        self._files[key] = file
        # Asked before it is read: what is final now is read to its end below.
        status = os.fstat(file.fileno()) if file.seekable() else None
        go_to(file, self._read_to.get(key, 0))
        yield from self._sieve.found(self._lines(file, key))
        if status is None or is_final(status):
            self._over[key] = None if status is None else _identity(status)
            self._read_to.pop(key, None)
            self._files.pop(key).close()
        elif len(self._files) > _KEPT_OPEN:
            self._files.pop(min(self._files)).close()

    def _reopened(self, segment: Segment) -> BinaryIO | None:
        """None where there is nothing new in it, or it was deleted."""
        read_to = self._read_to.get(segment[:2], 0)
        if read_to and not segment.is_packed:
            size = size_of(self._folder, segment)
            if size == read_to:
                return None
            if size < read_to:  # cleared away, and one of its name begun anew
                self._read_to[segment[:2]] = 0
        return opened(self._folder, segment)

    def _lines(self, file: BinaryIO, key: _Key) -> Iterator[bytes]:
        for raw, end in whole_lines(file, self._read_to.get(key, 0)):
            self._read_to[key] = end
            yield raw


def _identity(status: os.stat_result) -> _Identity:
    return status.st_ino, status.st_mtime_ns
