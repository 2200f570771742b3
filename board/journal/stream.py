"""Text that comes in pieces, redacted as it comes: the result does not depend on how it was cut.

Lines wait only for those that they may belong to. It knows no secret: `lines` masks one line, `units` says what goes
together.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, Protocol

from board.journal import announced, joints, keyblocks
from board.journal.longlines import LIMIT, LongLine
from board.journal.marks import FAILED, Marks, Redacted
from board.journal.units import Text, Unit, walk
from board.journal.visible import visible

# Characters that are gone through at once: a search over a whole block costs little more than one over a line.
_BLOCK: Final = 128 * 1024


class Engine(Protocol):
    """What a stream needs of the redactor that it belongs to."""

    marks: Marks

    def placed(self, s: str) -> str:
        """Visible text without people's places."""

    def hot(self, s: str) -> list[int]:
        """Places in those lines of a text that `settled` may alter."""

    def settled(self, s: str) -> str:
        """One line, redacted until nothing changes."""

    def spans(self, s: str) -> Sequence[tuple[int, int, str]]:
        """Secrets in one line, once looked at: start, end, kind."""


class Stream:
    """One text's way through a redactor. Feed it pieces, write what it gives back, close it for the rest."""

    def __init__(self, engine: Engine, width: int | None = None) -> None:
        """`width` is the column at which a terminal wrapped the text."""
        self._engine = engine
        self._width = width
        self._rest = ""  # raw, of the line that is not over
        self._held = ""  # visible, of lines that may go on
        self._long: LongLine | None = None

    def feed(self, piece: str) -> Redacted:
        """What is sure by now."""
        try:
            return Redacted("".join(self._fed(piece)))
        except Exception:  # noqa: BLE001 - fails closed: no fault in here may let the text through
            return self._failed()

    def close(self) -> Redacted:
        """The rest, after which another text may begin."""
        try:
            return Redacted(self._closed())
        except Exception:  # noqa: BLE001 - fails closed, as `feed` does
            return self._failed()

    def _failed(self) -> Redacted:
        self._rest = self._held = ""
        self._long = None
        return Redacted(FAILED + "\n")

    def _closed(self) -> str:
        rest, self._rest = self._rest, ""
        if self._long is not None:
            long, self._long = self._long, None
            return long.feed(rest) + long.close()
        return self._released(self._seen(rest), is_all=True)

    @property
    def waiting(self) -> int:
        """How many of the lines that were fed whole aren't given back yet."""
        return self._held.count("\n")

    def _fed(self, piece: str) -> Iterator[str]:
        self._rest += piece
        while self._rest:
            if self._long is not None:
                yield from self._lengthened()
                if self._long is not None:
                    return
            end = self._rest.rfind("\n") + 1
            ready = self._rest[: min(end, _BLOCK)]
            if end > _BLOCK:
                ready = ready[: ready.rfind("\n") + 1] or self._rest[: self._rest.find("\n") + 1]
            long_at = _first_long(ready or self._rest)
            if long_at is None:
                if not ready:
                    return
                self._rest = self._rest[len(ready) :]
                yield self._released(self._seen(ready), is_all=False)
            else:
                before, self._rest = self._rest[:long_at], self._rest[long_at:]
                yield self._released(self._seen(before), is_all=True)
                self._long = LongLine(self._engine, self._seen)

    def _lengthened(self) -> Iterator[str]:
        """A long line goes its own way to its end."""
        assert self._long is not None
        end = self._rest.find("\n")
        if end < 0:
            piece, self._rest = self._rest, ""
            yield self._long.feed(piece)
            return
        piece, self._rest = self._rest[:end], self._rest[end + 1 :]
        yield self._long.feed(piece) + self._long.close() + "\n"
        self._long = None

    def _seen(self, raw: str) -> str:
        return self._engine.placed(visible(raw))

    def _released(self, seen: str, *, is_all: bool) -> str:
        text = Text(self._held + seen, is_all)
        candidates = [
            *keyblocks.candidates(text),
            *announced.candidates(text, self._engine.marks),
            *joints.candidates(text, self._width),
        ]
        found, waits = walk(text, candidates)
        self._held = text.s[waits:]
        out, done = [], 0
        for unit in found:
            out += [self._lines(text.s[done : unit.start]), self._lines(self._joined(text.s, unit))]
            done = unit.end
        return "".join((*out, self._lines(text.s[done:waits])))

    def _joined(self, s: str, unit: Unit) -> str:
        """A unit's text in which what no line alone shows is marked."""
        if unit.kind == joints.KIND:
            return self._rejoined(s[unit.start : unit.end], [(a - unit.start, b - unit.start) for a, b in unit.spans])
        out, done = [], unit.start
        for start, end in unit.spans:
            out += [s[done:start], self._engine.marks.mark(unit.kind, s[start:end])]
            done = end
        return "".join((*out, s[done : unit.end]))

    def _rejoined(self, s: str, gaps: Sequence[tuple[int, int]]) -> str:
        whole, at = joints.rejoined(s, gaps)
        out, done = [], 0
        for start, end, kind in self._engine.spans(whole):
            pieces = joints.across(gaps, at[start], at[end - 1] + 1)
            if len(pieces) > 1:
                out += [s[done : pieces[0][0]], self._engine.marks.mark(kind, whole[start:end])]
                out += [s[left:right] for (_, left), (right, _) in pairwise(pieces)]
                done = pieces[-1][1]
        return "".join((*out, s[done:]))

    def _lines(self, s: str) -> str:
        """Lines that belong to no other."""
        if not s:
            return s
        out, done = [], 0
        for place in self._engine.hot(s):
            if place < done:
                continue
            start = s.rfind("\n", 0, place) + 1
            end = s.find("\n", place)
            end = len(s) if end < 0 else end
            out += [s[done:start], self._engine.settled(s[start:end])]
            done = end
        return "".join((*out, s[done:])) if out else s


def _first_long(raw: str) -> int | None:
    """Where the first line starts that is too long to be looked at as one."""
    if len(raw) <= LIMIT:
        return None
    start = 0
    while len(raw) - start > LIMIT:
        end = raw.rfind("\n", start, start + LIMIT + 1)
        if end < 0:
            return start
        start = end + 1
    return None
