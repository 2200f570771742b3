"""Which version was a text edited from? Found by content, because an editor says nothing of the kind.

Theory of operation. It is the version that shares most lines with the text: an edit changes few lines, and every write
of ours that the editor hasn't seen makes a version differ by its lines as well. Of two that are as near it is the
newer. An edit that takes back just what the last write brought can't be told from one that never saw it, and counts as
that: then the newest text stays, and is said to. Versions are differences of each other, so only the lines that a
version changed are counted anew.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from board.delta import Delta
from board.history import History

_READ_AT_MOST: Final = 256 * 1024 * 1024  # bytes of versions; at least one chain is read however long it is


def origin(history: History, raw: bytes, rev: str) -> bytes | None:
    """The text of that version; None where there is no version at all."""
    same = history.find(rev)
    if same is not None:
        return same[1]
    lines = _Lines(raw)
    best: tuple[tuple[int, int], bytes] | None = None
    before, spent = b"", 0
    for version, text, delta in history.walk():
        if delta is None:
            if best is not None and spent > _READ_AT_MOST:
                break
            lines.read(text)
        else:
            lines.change(before, text, delta)
        before, spent = text, spent + len(text)
        rank = (lines.distance(), -version.number)
        if best is None or rank < best[0]:
            best = (rank, text)
    return best[1] if best is not None else None


class _Lines:
    """How many lines a version has that the text hasn't, and the other way round."""

    def __init__(self, raw: bytes) -> None:
        self._mine = Counter(raw.split(b"\n"))
        self._theirs: Counter[bytes] = Counter()
        self._shared = 0

    def read(self, text: bytes) -> None:
        self._theirs = Counter(text.split(b"\n"))
        self._shared = sum(min(count, self._mine[line]) for line, count in self._theirs.items())

    def change(self, before: bytes, after: bytes, delta: Delta) -> None:
        """From the lines of one version to those of the next: only those around the difference are counted."""
        start = before.rfind(b"\n", 0, delta.start) + 1
        end = before.find(b"\n", len(before) - delta.rest)
        end = end if end >= 0 else len(before)
        for line in before[start:end].split(b"\n"):
            self._theirs[line] -= 1
            self._shared -= self._theirs[line] < self._mine[line]
        for line in after[start : len(after) - (len(before) - end)].split(b"\n"):
            self._shared += self._theirs[line] < self._mine[line]
            self._theirs[line] += 1

    def distance(self) -> int:
        return self._mine.total() + self._theirs.total() - 2 * self._shared
