"""Lines that belong together: what each kind of unit is made of, and how a text of many lines is gone through.

A unit is found from its first line on, and only what stands behind that line decides how far it goes: so the same
units come out however a text was cut. It masks nothing.
"""

from collections.abc import Callable, Iterator
from enum import Enum
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple


class Unit(NamedTuple):
    """Whole lines from `start` to `end`, and the parts of them that are one secret: `spans`, in order, none empty.

    `is_one`: the first part is marked and the others go; else each of them has a mark.
    """

    start: int
    end: int
    kind: str
    spans: tuple[tuple[int, int], ...]
    is_one: bool = True


class More(Enum):
    """What follows decides."""

    MORE = "more"


MORE: Final = More.MORE
Found = Unit | More | None


class Text(NamedTuple):
    """Visible text of whole lines. `is_all`: nothing will follow, and the last line may have no end."""

    s: str
    is_all: bool

    def line_start(self, at: int) -> int:
        return self.s.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """Behind the line's last character."""
        end = self.s.find("\n", at)
        return len(self.s) if end < 0 else end

    def next_line(self, at: int) -> int | None:
        """Where the line behind the one at `at` starts; None: there is none."""
        end = self.s.find("\n", at)
        return None if end < 0 or end + 1 >= len(self.s) else end + 1

    def line(self, start: int) -> str:
        return self.s[start : self.line_end(start)]

    def whole(self, at: int) -> int:
        """Where the line of `at` is over, its line's end included."""
        return min(len(self.s), self.line_end(at) + 1)


Finder = Callable[[Text, int], Found]


class Candidate(NamedTuple):
    """A line in which a unit may start; where another unit reaches into it, it may start in the first line behind that
    which is `able`, up to `last`."""

    start: int
    find: Finder
    last: int = -1
    able: Callable[[str], bool] = lambda _line: True


def walk(text: Text, candidates: list[Candidate], most: int | None = None) -> tuple[list[Unit], int]:
    """The units from left to right, or as many as are asked for, and where the lines start that wait for more."""
    units: list[Unit] = []
    done = 0
    waiting = [(each.start, place) for place, each in enumerate(candidates)]
    heapify(waiting)
    while waiting and (most is None or len(units) < most):
        start, place = heappop(waiting)
        each = candidates[place]
        if start < done:
            later = _able_from(text, done, each)
            if later is not None:
                heappush(waiting, (later, place))
            continue
        match each.find(text, start):
            case Unit() as unit:
                units.append(unit)
                done = unit.end
            case More():
                return units, start
    return units, len(text.s)


def _able_from(text: Text, start: int, each: Candidate) -> int | None:
    at: int | None = start
    while at is not None and at <= each.last:
        if each.able(text.line(at)):
            return at
        at = text.next_line(at)
    return None


def lines_from(text: Text, start: int, most: int) -> Iterator[tuple[int, str]]:
    """Up to `most` lines from the one at `start` on, each with its place."""
    at: int | None = start
    for _ in range(most):
        if at is None:
            return
        yield at, text.line(at)
        at = text.next_line(at)
