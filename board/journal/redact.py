"""The one door to `Redacted`: a text goes in, what may be written comes out. Reads no clock, file or environment.

Strip what a terminal hides, then people's places, then secrets, until nothing changes any more: so a second pass finds
nothing to do. Whatever goes wrong in here yields `[REDACTED:failed]`, never the text.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NewType

from board.journal.events import PROMPTS, Scalar
from board.journal.known import known_from_environment, needles
from board.journal.lines import Lines
from board.journal.longlines import LIMIT, cut
from board.journal.marks import FAILED as _FAILED
from board.journal.marks import Marks, fingerprint
from board.journal.places import placed, shapes_of
from board.journal.rules import KINDS as NAME_KINDS
from board.journal.rules import secret_named
from board.journal.tokens import KINDS as TOKEN_KINDS
from board.journal.visible import visible

if TYPE_CHECKING:
    from board.journal.own import Own
    from board.journal.sieve import Sieve
    from board.journal.stream import Stream

__all__ = ["LINE_LIMIT", "Redacted", "Redactor", "known_from_environment", "secret_named"]

Redacted = NewType("Redacted", str)

FAILED: Final = Redacted(_FAILED)
LINE_LIMIT: Final = LIMIT
_KINDS: Final = frozenset({*TOKEN_KINDS, *NAME_KINDS, "known", "pem"})
_AS_THEY_ARE: Final = frozenset(("ts", "level", "event"))
_REMEMBERED: Final = 2048  # short texts without a secret: a journal says the same words again and again


class Redactor:
    """Masks secrets as `[REDACTED:kind:8hex]`: the same value under the same key has the same mark."""

    def __init__(
        self, *, home: str, user: str, host: str, key: bytes, known: Mapping[str, str], own: "Own | None" = None
    ) -> None:
        """`key` (not empty) makes marks of this installation; `known` are values to mask wherever they stand; `own`
        are people's rules and false alarms."""
        self._given = (home, user, host)
        self._key = key
        self._known = known
        self._own = own
        self.shapes = shapes_of(home, user, host)
        self._needles: list[tuple[str, str]] | None = None
        self._sieve: Sieve | None = None
        self._clean: set[str] = set()
        self.marks = Marks(key, _KINDS if own is None else {*_KINDS, *own.kinds})
        self._lines = Lines(self.marks, self.needles, self.placed, own)

    def text(self, s: str) -> Redacted:
        """Any text, also of many lines. Never raises; doing it twice changes nothing."""
        try:
            s = str(s)
            return Redacted(self._one(s) if "\n" not in s and len(s) <= LIMIT else self._many(s))
        except Exception:  # noqa: BLE001 - fails closed: no fault in here may let the text through
            return FAILED

    def value(self, x: object) -> Scalar:
        """A scalar that may be written: a text is one line of at most 64 KiB, no number is infinite."""
        match x:
            case None | bool() | int():
                return x
            case float():
                return x if x - x == 0 else None
        try:
            return self.text(cut(str(x)))
        except Exception:  # noqa: BLE001 - fails closed, as `text` does
            return FAILED

    def line(self, record: Mapping[str, Scalar], dumps: Callable[[object], str]) -> Redacted:
        """A record as one written line; its keys, `ts`, `level` and `event` come from the closed list."""
        safe = {name: x if name in _AS_THEY_ARE else self._field(name, x) for name, x in record.items()}
        return Redacted(dumps(safe))

    def _field(self, name: str, x: Scalar) -> Scalar:
        if name in PROMPTS and isinstance(x, str) and (self._own is None or self._own.prompts != "keep"):
            return Redacted(fingerprint(x, self._key))
        return self.value(x)

    def stream(self, *, width: int | None = None) -> "Stream":
        """For text that comes in pieces; `width` is the column at which a terminal wrapped it."""
        from board.journal.stream import Stream

        return Stream(self, width)

    def knowing(self, more: Mapping[str, str]) -> "Redactor":
        """The same redactor, with more values to mask wherever they stand."""
        home, user, host = self._given
        known = {**self._known, **more}
        return Redactor(home=home, user=user, host=host, key=self._key, known=known, own=self._own)

    def _one(self, s: str) -> str:
        if s in self._clean:
            return s
        done = self.settled(self.placed(visible(s)))
        if done == s and len(s) <= 64:
            if len(self._clean) >= _REMEMBERED:
                self._clean.clear()
            self._clean.add(s)
        return done

    def _many(self, s: str) -> str:
        stream = self.stream()
        return stream.feed(s) + stream.close()

    # --- what a stream asks for

    def placed(self, s: str) -> str:
        return placed(s, self.shapes)

    def settled(self, s: str) -> str:
        return self._lines.settled(s)

    def spans(self, s: str) -> Sequence[tuple[int, int, str]]:
        return self._lines.spans(s)

    def hot(self, s: str) -> list[int]:
        if self._sieve is None:
            from board.journal.sieve import Sieve

            self._sieve = Sieve([needle for needle, _ in self.needles()], self.marks, self._own)
        return self._sieve.hot(s)

    def needles(self) -> list[tuple[str, str]]:
        if self._needles is None:
            self._needles = needles(self._known, self.placed)
        return self._needles
