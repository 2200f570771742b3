"""The one door to `Redacted`: a text goes in, what may be written comes out. Reads no clock, file or environment.

Strip what a terminal hides, then known values, places, token shapes, and `name=value` pairs, until nothing changes
any more: so a second pass finds nothing to do. Whatever goes wrong in here yields `[REDACTED:failed]`, never the text.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, NewType

from board.journal.events import PROMPTS, Scalar
from board.journal.marks import MARKER, fingerprint, is_marked, mark
from board.journal.pairs import named_secrets
from board.journal.rules import (
    PREFIXES,
    compiled,
    forms_of,
    home_shapes,
    is_plain,
    is_worth_masking,
    known_from_environment,
    secret_named,
)

if TYPE_CHECKING:
    from board.journal.own import Own
    from board.journal.stream import Stream

__all__ = ["Redacted", "Redactor", "known_from_environment", "secret_named"]

Redacted = NewType("Redacted", str)

FAILED: Final = Redacted("[REDACTED:failed]")
LINE_LIMIT: Final = 64 * 1024
_CUT: Final = " [REDACTED:cut]"
_CUT_TO: Final = LINE_LIMIT - 1024  # marks that are longer than their secrets must not bring the next cut about
_LAST_WORD_FOR: Final = 4096  # characters searched backwards for a place between words, where a line is cut
_WORD_CHARACTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:%~/+=[]-"
_ROUNDS: Final = 5
_AS_THEY_ARE: Final = frozenset(("ts", "level", "event"))

_ESCAPES: Final = (
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]?"  # CSI: colours, cursor
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*+(?:\x07|\x9c|\x1b\\)?"  # OSC (links, titles), DCS
    r"|\x1b[ -/]*+[0-~]?"
)
_UNSEEN: Final = (
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


class Redactor:
    """Masks secrets as `[REDACTED:kind:8hex]`: the same value under the same key has the same mark."""

    def __init__(
        self, *, home: str, user: str, host: str, key: bytes, known: Mapping[str, str], own: "Own | None" = None
    ) -> None:
        """`key` (not empty) makes marks of this installation; `known` are values to mask wherever they stand; `own`
        are people's rules and false alarms."""
        if not key:
            raise ValueError("a redactor needs a key: marks without one can be guessed")
        self._key = key[:64]
        self._user, self._host = user, host
        self._home = home.rstrip("/")
        self._known_values = known
        self._own = own
        self._needles: list[tuple[str, str]] | None = None
        self._shapes: list[tuple[str, str]] | None = None

    def text(self, s: str) -> Redacted:
        """Any text, also of many lines. Never raises; doing it twice changes nothing."""
        try:
            return self._settled(str(s))
        except Exception:  # noqa: BLE001 - fails closed: no fault in here may let the text through
            return FAILED

    def stream(self, *, width: int | None = None) -> "Stream":
        """For text that comes in pieces; `width` is the column at which a terminal wrapped it."""
        from board.journal.stream import Stream

        return Stream(self.text, LINE_LIMIT, width)

    def knowing(self, more: Mapping[str, str]) -> "Redactor":
        """The same redactor, with more values to mask wherever they stand."""
        known = {**self._known_values, **more}
        return Redactor(home=self._home, user=self._user, host=self._host, key=self._key, known=known, own=self._own)

    def value(self, x: object) -> Scalar:
        """A scalar that may be written: a text is one line of at most 64 KiB, no number is infinite."""
        match x:
            case None | bool() | int():
                return x
            case float():
                return x if x - x == 0 else None
        try:
            return self.text(_cut_line(str(x)))
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

    def _settled(self, s: str) -> Redacted:
        for _ in range(_ROUNDS):
            done = self._once(s)
            if done == s:
                return Redacted(done)
            s = done
        return FAILED

    def _once(self, s: str) -> str:
        s = _cut(_stripped(s))
        s = self._places(self._known(s))
        if self._own is not None:
            s = self._own.masked(s, self._mark)
        return self._pairs(self._tokens(s))

    def _mark(self, kind: str, secret: str) -> str:
        """The mark in a secret's place; a false alarm that people named stays."""
        if self._own is not None and self._own.is_allowed(secret):
            return secret
        return mark(kind, secret, self._key)

    def _known(self, s: str) -> str:
        if self._needles is None:
            self._needles = _needles(self._known_values)
        for needle, secret in self._needles:
            if needle in s:
                parts = compiled(MARKER).split(s)
                known = mark("known", secret, self._key)
                s = "".join(x if i % 2 else x.replace(needle, known) for i, x in enumerate(parts))
        return s

    def _places(self, s: str) -> str:
        if self._shapes is None:
            self._shapes = list(home_shapes(self._home))
        for needle, pattern in self._shapes:
            if needle in s:
                s = compiled(pattern).sub("~", s)
        if self._host and self._host != "localhost" and f"@{self._host}" in s:
            pattern = rf"(?<![A-Za-z0-9_.+-])([A-Za-z0-9_.+-]++)@{re.escape(self._host)}(?![A-Za-z0-9_-])"
            s = compiled(pattern).sub(lambda m: f"{'user' if m[1] == self._user else m[1]}@host", s)
        return s

    def _tokens(self, s: str) -> str:
        for prefix, rule in PREFIXES:
            if prefix in s:
                s = compiled(rule.pattern).sub(partial(self._masked, rule.kind), s)
        return s

    def _masked(self, kind: str, m: re.Match[str]) -> str:
        group = m.lastindex or 0
        secret = m[group]
        if group and (is_marked(secret) or is_plain(secret, kind)):
            return m[0]
        start, end = m.start(group) - m.start(), m.end(group) - m.start()
        return m[0][:start] + self._mark(kind, secret) + m[0][end:]

    def _pairs(self, s: str) -> str:
        done, out = 0, []
        for kind, start, end in named_secrets(s):
            out += [s[done:start], self._mark(kind, s[start:end])]
            done = end
        return "".join(out) + s[done:]


def _stripped(s: str) -> str:
    """What a reader would see: without escape sequences, overwritten text and characters of no width."""
    if s.isascii() and s.isprintable():
        return s
    if "\x1b" in s or not s.isascii():
        s = compiled(_ESCAPES).sub("", s)
    if "\r" in s:
        s = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in s.split("\n"))
    if "\b" in s:
        s = compiled(r"[^\n\x08]?\x08").sub("", s)
    s = compiled(_UNSEEN).sub("", s)
    return compiled(r"[\ud800-\udfff]").sub("\ufffd", s)


def _cut(s: str) -> str:
    return s if len(s) <= LINE_LIMIT else "\n".join(map(_cut_line, s.split("\n")))


def _cut_line(line: str) -> str:
    """At most 64 Ki characters, cut where no word is: half a secret would be too short for its rule."""
    if len(line) <= LINE_LIMIT:
        return line
    tail = line[_CUT_TO - _LAST_WORD_FOR : _CUT_TO]
    kept = tail.rstrip(_WORD_CHARACTERS) or tail
    return line[: _CUT_TO - len(tail) + len(kept)] + _CUT


def _needles(known: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each known value in the forms in which it may be written, longest first."""
    found: dict[str, str] = {}
    for value in known.values():
        for secret in {_stripped(value), *_stripped(value).split("\n")}:
            if is_worth_masking(secret):
                found.update({form: secret for form in forms_of(secret) if len(form) >= 8})
    return sorted(found.items(), key=lambda pair: (-len(pair[0]), pair[0]))
