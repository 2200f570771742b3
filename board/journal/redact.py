"""The one door to `Redacted`: a text goes in, what may be written comes out. Reads no clock, file or environment.

Strip what a terminal hides, then people's places, then secrets, until nothing changes any more: so a second pass finds
nothing to do. Whatever goes wrong in here yields `[REDACTED:failed]`, never the text.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from board.journal.events import PROMPTS, Scalar
from board.journal.known import known_from_environment, needles
from board.journal.longlines import LIMIT, cut
from board.journal.marks import FAILED, Marks, Redacted, fingerprint
from board.journal.places import Shapes
from board.journal.rules import KINDS, may_name_a_secret, secret_named
from board.journal.visible import visible

if TYPE_CHECKING:
    from board.journal.lines import Lines
    from board.journal.own import Own
    from board.journal.sieve import Sieve
    from board.journal.stream import Stream

__all__ = ["FAILED", "LINE_LIMIT", "Redacted", "Redactor", "is_harmless", "known_from_environment", "secret_named"]

LINE_LIMIT: Final = LIMIT
_AS_THEY_ARE: Final = frozenset(("ts", "level", "event"))
_INSTANT: Final = len("2026-11-20T10:13:00.120Z")
_SHORT: Final = 12  # characters that the shortest token has
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
        self._shapes = Shapes(home, user, host)
        self._needles: list[tuple[str, str]] | None = None
        self._sieve: Sieve | None = None
        self._clean: set[str] = set()
        self.marks = Marks(key, self._kinds)

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
        done = self.placed(visible(s))
        if self._own is not None or self.needles() or not is_harmless(done):
            done = self.settled(done)
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
        return self._shapes.placed(s)

    @cached_property
    def _lines(self) -> "Lines":
        from board.journal.lines import Lines

        return Lines(self.marks, self.needles, self.placed, self.hot, self._own)

    def _kinds(self) -> frozenset[str]:
        from board.journal.tokens import KINDS as TOKEN_KINDS

        return KINDS.union(TOKEN_KINDS, ("known", "pem"), () if self._own is None else self._own.kinds)

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


def is_harmless(s: str) -> bool:
    """A few short words or an instant of ours, as most values of a journal are: the rules need not be loaded."""
    bare = s.replace("-", "").replace(":", "").replace(".", "")
    if len(s) == _INSTANT and bare.replace("T", "").removesuffix("Z").isdigit():
        return True
    words = s.replace("@", " ").split()
    is_plain = s.replace("-", "").replace("_", "").replace("@", "").replace(" ", "").isalnum()
    return is_plain and " -" not in s and all(len(word) < _SHORT for word in words) and not may_name_a_secret(s)
