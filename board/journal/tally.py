"""How much was masked, told from the marks in a text before and after. It keeps no value and masks nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from board.journal.marks import Marks
from board.journal.patterns import compiled

_BEGINS: Final = "[REDACTED:"
_LONGEST: Final = 160  # characters of a mark
MOST: Final = 65_536  # marks that are told apart

_Mark = tuple[str, str]  # a kind and its figures, which some marks don't have


class Found(NamedTuple):
    """How often a kind was masked. `different_count` is None for marks that don't say of which value they are; with
    `is_more` it is the least that there were."""

    kind: str
    masked_count: int
    different_count: int | None
    is_more: bool = False


class Tally:
    """Feed it what comes in and what goes out, each in pieces of any size, what comes in first."""

    def __init__(self, marks: Marks) -> None:
        self._known: set[_Mark] = set()
        self._before = _Counted(marks.grammar, self._known)
        self._after = _Counted(marks.grammar, self._known)

    def came(self, piece: str) -> None:
        self._before.feed(piece)

    def went(self, piece: str) -> None:
        self._after.feed(piece)

    def found(self) -> Sequence[Found]:
        """Kind by kind; what was marked already when it came is not counted."""
        new = self._after.counts - self._before.counts
        return [_of_kind(kind, new) for kind in sorted({kind for kind, _ in new})]


def _of_kind(kind: str, new: Counter[_Mark]) -> Found:
    figures = [each for at, each in new if at == kind]
    told = [each for each in figures if each != _OTHERS]
    different = len(told) if any(told) or _OTHERS in figures else None
    return Found(kind, sum(count for (at, _), count in new.items() if at == kind), different, _OTHERS in figures)


_OTHERS: Final = "…"  # the figures of all those for which there is no room


class _Counted:
    def __init__(self, grammar: str, known: set[_Mark]) -> None:
        self._grammar = grammar
        self._known = known
        self._rest = ""
        self.counts: Counter[_Mark] = Counter()

    def feed(self, piece: str) -> None:
        text = self._rest + piece
        end = 0
        if _BEGINS in text:
            for at in compiled(self._grammar).finditer(text):
                self._count(at[0])
                end = at.end()
        cut = text.rfind("[", max(end, len(text) - _LONGEST))
        self._rest = text[cut:] if cut >= 0 else ""

    def _count(self, mark: str) -> None:
        kind, _, figures = mark[len(_BEGINS) : -1].partition(":")
        if (kind, figures) not in self._known:
            if len(self._known) >= MOST:
                figures = _OTHERS if figures else figures
            else:
                self._known.add((kind, figures))
        self.counts[kind, figures] += 1
