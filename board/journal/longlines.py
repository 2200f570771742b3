"""A line of more than 64 Ki characters, redacted in parts: cut where no word is, so that no secret is halved.

Where there is no such place, or where a secret goes on behind the cut, what follows of it is left out.
"""

from collections.abc import Callable
from typing import Final, Protocol

from board.journal.marks import CUT, Marks
from board.journal.patterns import compiled

LIMIT: Final = 64 * 1024
_LAST_PLACE_FOR: Final = 4096  # characters searched backwards for a place between words
# Behind one of these no escape sequence, no name and no value is under way.
_PLACES: Final = r"[\s,{}\[\]()]"
_ENDS_WORD: Final = r"[\s\"'<>,;{}()\[\]]"
CUT_TO: Final = LIMIT - 1024  # marks that are longer than their secrets must not bring the next cut about


class Engine(Protocol):
    marks: Marks

    def settled(self, s: str) -> str: ...


class LongLine:
    """Feed it the raw line in pieces, its end excluded."""

    def __init__(self, engine: Engine, seen: Callable[[str], str]) -> None:
        self._engine = engine
        self._seen = seen
        self._rest = ""
        self._until: str | None = None  # the pattern at which what was left out is over

    def feed(self, raw: str) -> str:
        self._rest += raw
        out: list[str] = []
        while len(self._rest) > LIMIT or (self._until is not None and self._rest):
            if self._until is not None and not self._skip():
                break
            if len(self._rest) > LIMIT:
                out.append(self._part())
        return "".join(out)

    def close(self) -> str:
        rest, self._rest = self._rest, ""
        return self._engine.settled(self._seen(rest))

    def _skip(self) -> bool:
        assert self._until is not None
        m = compiled(self._until).search(self._rest)
        self._rest = "" if m is None else self._rest[m.start() :]
        self._until = None if m is not None else self._until
        return m is not None

    def _part(self) -> str:
        place = _place(self._rest)
        raw, self._rest = self._rest[: place or LIMIT], self._rest[place or LIMIT :]
        done = self._engine.settled(self._seen(raw))
        if place is None:
            self._until = _ENDS_WORD
            return done + CUT
        m = compiled(self._engine.marks.grammar + r"\Z").search(done, max(0, len(done) - 64))
        if m is not None and not raw.endswith(m[0]):
            quote = done[m.start() - 1 : m.start()]
            self._until = rf"(?<!\\){quote}" if quote and quote in "\"'" else _ENDS_WORD
        return done


def _place(raw: str) -> int | None:
    """Behind the last character of the first 64 Ki that ends no word's middle."""
    for m in reversed(list(compiled(_PLACES).finditer(raw, LIMIT - _LAST_PLACE_FOR, LIMIT))):
        before = raw[max(0, m.start() - 8) : m.start()].rstrip()
        if not before.endswith((":", "=", "-")):
            return m.end()
    return None


def cut(line: str) -> str:
    """At most 64 Ki characters, cut between words, with the cut named: for a value that has to be short."""
    if len(line) <= LIMIT:
        return line
    place = max(
        (m.end() for m in compiled(r"[^\w.:%~/+=\[\]-]").finditer(line, CUT_TO - _LAST_PLACE_FOR, CUT_TO)),
        default=CUT_TO,
    )
    return line[:place] + " " + CUT
