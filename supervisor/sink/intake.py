"""What came from a pipe and was not worked on yet: bounded, and what there is no room for is dropped and counted. Pure.

It drops whole lines, so that no half of a secret is left at either end of a gap.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

ROOM: Final = 1 << 20  # bytes


class Gap(NamedTuple):
    """So many bytes are missing here."""

    dropped: int


class Intake:
    """`feed` and `take` work at two ends of a queue; once it is full nothing goes in until half of it has gone out."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._parts: deque[bytearray | Gap] = deque()
        self._size = 0
        self._dropped = 0
        self._is_dropping = False

    @property
    def is_empty(self) -> bool:
        return not self._parts

    @property
    def has_gap(self) -> bool:
        """Is something missing that no `Gap` tells of yet?"""
        return self._dropped > 0

    def skip_line(self) -> None:
        """What comes next is the rest of a line whose beginning is lost."""
        self._is_dropping = True

    def feed(self, piece: bytes) -> None:
        if self._is_dropping:
            self._try_again(piece)
        elif self._size + len(piece) <= self._room:
            self._add(piece)
        else:
            self._overflow(piece)

    def take(self, most: int) -> bytes | Gap | None:
        """The oldest piece, of at most so many bytes; None when there is nothing."""
        if not self._parts:
            return None
        first = self._parts[0]
        if isinstance(first, Gap):
            self._parts.popleft()
            return first
        piece = bytes(first[:most])
        del first[:most]
        self._size -= len(piece)
        if not first:
            self._parts.popleft()
        return piece

    def end(self) -> None:
        """Nothing came for a while, or nothing will come: what is missing by now is a gap of its own."""
        if self._dropped:
            self._parts.append(Gap(self._dropped))
            self._dropped = 0

    def _try_again(self, piece: bytes) -> None:
        """A line that begins after there is room again is taken in."""
        start = piece.find(b"\n") + 1 if self._size <= self._room // 2 else 0
        if start == 0:
            self._dropped += len(piece)
            return
        self._dropped += start
        self.end()
        self._is_dropping = False
        if rest := piece[start:]:
            self.feed(rest)

    def _overflow(self, piece: bytes) -> None:
        room = self._room - self._size
        self._add(piece[:room])
        tail = self._parts[-1]
        assert isinstance(tail, bytearray)
        half_a_line = len(tail) - (tail.rfind(b"\n") + 1)
        self._dropped += half_a_line + len(piece) - room
        self._is_dropping = True
        if half_a_line:
            del tail[-half_a_line:]
            self._size -= half_a_line
        if not tail:
            self._parts.pop()

    def _add(self, piece: bytes) -> None:
        if not self._parts or isinstance(self._parts[-1], Gap):
            self._parts.append(bytearray())
        tail = self._parts[-1]
        assert isinstance(tail, bytearray)
        tail += piece
        self._size += len(piece)
