"""The one door to `Redacted`: a text goes in, what may be written comes out. Reads no clock, file or environment.

Strip what a terminal hides, then known values, places, token shapes, and `name=value` pairs, until nothing changes
any more: so a second pass finds nothing to do. Whatever goes wrong in here yields `[REDACTED:failed]`, never the text.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, NamedTuple, NewType

from board.journal.events import Scalar
from board.journal.rules import (
    KINDS,
    PREFIXES,
    compiled,
    forms_of,
    home_shapes,
    is_code,
    is_expression,
    is_plain,
    is_prose,
    is_worth_masking,
    known_from_environment,
    may_name_a_secret,
    secret_kind,
    secret_named,
)

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

_MARKER: Final = r"(\[REDACTED:(?:(?:" + "|".join(sorted(KINDS)) + r"):[0-9a-f]{8}|failed|cut)\])"

_ESCAPES: Final = (
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]?"  # CSI: colours, cursor
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*+(?:\x07|\x9c|\x1b\\)?"  # OSC (links, titles), DCS
    r"|\x1b[ -/]*+[0-~]?"
)
_UNSEEN: Final = (
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)

_NAME: Final = (
    _MARKER + r"|(?<![A-Za-z0-9_.-])(?:"
    r"(?P<flag>--?[A-Za-z][A-Za-z0-9_.-]++)[ \t]{1,4}(?=[^\s=:-])"
    r"|(?P<key>[A-Za-z0-9_.-]++)(?:\\{0,3}[\"'])?\]?"
    r"(?P<sep>[ \t]{0,8}(?:=>|:=|=(?!=)|:[ \t]?(?:str|bytes|string|String|Final)(?: \| None)?[ \t]?=(?!=)|:(?!:))"
    r"[ \t]{0,8}))"
)
_OPENING: Final = r"([bBrRuUfF]{0,2})(\\{0,3}[\"'`])"
_BARE: Final = r"(?:[^\s\"'`&;,\\]|[&;,](?!\s|\Z|[A-Za-z0-9_.-]{1,64}[=:])|\\(?![nrt\"']))++"
_SCHEME: Final = r"(?i:bearer|basic|digest|token|apikey|negotiate|aws4-hmac-sha256)[ \t]{1,4}"
_REST: Final = r"(?:[^\n\"'\\]|\\(?![nrt\"']))*+"
_YAML_REST: Final = r"(?:[^\n#\\]|\\(?![nrt\"'])|(?<![ \t])#)*+"


class Redactor:
    """Masks secrets as `[REDACTED:kind:8hex]`: the same value under the same key has the same mark."""

    def __init__(self, *, home: str, user: str, host: str, key: bytes, known: Mapping[str, str]) -> None:
        """`key` (not empty) makes marks of this installation; `known` are values to mask wherever they stand."""
        if not key:
            raise ValueError("a redactor needs a key: marks without one can be guessed")
        self._key = key[:64]
        self._user, self._host = user, host
        self._home = home.rstrip("/")
        self._known_values = known
        self._needles: list[tuple[str, str]] | None = None
        self._shapes: list[tuple[str, str]] | None = None

    def text(self, s: str) -> Redacted:
        """Any text, also of many lines. Never raises; doing it twice changes nothing."""
        try:
            return self._settled(str(s))
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
            return self.text(_cut_line(str(x)))
        except Exception:  # noqa: BLE001 - fails closed, as `text` does
            return FAILED

    def line(self, record: Mapping[str, Scalar], dumps: Callable[[object], str]) -> Redacted:
        """A record as one written line; its keys, `ts`, `level` and `event` come from the closed list."""
        safe = {name: x if name in _AS_THEY_ARE else self.value(x) for name, x in record.items()}
        return Redacted(dumps(safe))

    def _settled(self, s: str) -> Redacted:
        for _ in range(_ROUNDS):
            done = self._once(s)
            if done == s:
                return Redacted(done)
            s = done
        return FAILED

    def _once(self, s: str) -> str:
        s = _cut(_stripped(s))
        return self._pairs(self._tokens(self._places(self._known(s))))

    def _mark(self, kind: str, secret: str) -> str:
        from hashlib import blake2b

        digest = blake2b(secret.encode("utf-8", "replace"), key=self._key, digest_size=4).hexdigest()
        return f"[REDACTED:{kind}:{digest}]"

    def _known(self, s: str) -> str:
        if self._needles is None:
            self._needles = _needles(self._known_values)
        for needle, secret in self._needles:
            if needle in s:
                parts = compiled(_MARKER).split(s)
                mark = self._mark("known", secret)
                s = "".join(x if i % 2 else x.replace(needle, mark) for i, x in enumerate(parts))
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
        if group and (_is_marked(secret) or is_plain(secret, kind)):
            return m[0]
        start, end = m.start(group) - m.start(), m.end(group) - m.start()
        return m[0][:start] + self._mark(kind, secret) + m[0][end:]

    def _pairs(self, s: str) -> str:
        if not may_name_a_secret(s):
            return s
        done, out = 0, []
        at = compiled(_NAME).search(s)
        while at is not None:
            position = at.end()
            found = _secret_after(s, at) if at[1] is None else None
            if found is not None:
                kind, start, end = found
                out += [s[done:start], self._mark(kind, s[start:end])]
                position = done = end
            at = compiled(_NAME).search(s, position)
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


def _is_marked(value: str) -> bool:
    """Our own mark and nothing else: who writes more than a mark can't hide behind it."""
    return compiled(_MARKER + r"[)\]}>.:]*").fullmatch(value) is not None


def _secret_after(s: str, at: re.Match[str]) -> tuple[str, int, int] | None:
    """The kind and the span of the secret that a name announces, if it announces one."""
    key = at["key"] or at["flag"]
    if key[0] in "nrt" and at.start() and s[at.start() - 1] == "\\":
        key = key[1:]
    kind = "cookie" if key.lower() in ("cookie", "set-cookie") else secret_kind(key)
    if kind is None or (key.lower() == "pass" and ":" in (at["sep"] or " ")):
        return None
    sep = at["sep"] or " "
    name = Name(key, kind, sep.strip() or " ", sep != sep.strip(), at.end())
    start, end = _value_span(s, name, is_first=_stands_first(s, at.start()))
    value = s[start:end]
    is_none = not value or _is_marked(value) or is_plain(value, kind) or (kind == "cookie" and "=" not in value)
    return None if is_none else (kind, start, end)


class Name(NamedTuple):
    """A name that announces a secret, and where its value starts."""

    key: str
    kind: str
    sep: str
    is_spaced: bool
    end: int

    @property
    def is_shell(self) -> bool:
        return self.sep == "=" and not self.is_spaced and self.key.isupper()


def _value_span(s: str, name: Name, *, is_first: bool) -> tuple[int, int]:
    opening = compiled(_OPENING).match(s, name.end)
    start = name.end if opening is None else opening.end()
    scheme = compiled(_SCHEME).match(s, start) if name.kind == "auth" else None
    inside = start if scheme is None else scheme.end()
    if opening is not None:
        end = _matched_to(_quoted(opening[2]), s, start)
        return (end, end) if _is_no_literal(s, opening, end) else (min(inside, end), end)
    if name.sep == ":" and (scheme is not None or name.kind == "cookie"):
        end = _matched_to(_REST, s, inside)
        return inside, end
    return start, _bare_end(s, name, is_first=is_first)


def _is_no_literal(s: str, opening: re.Match[str], end: int) -> bool:
    """A template's text, or a quote that closes: `input('Password: ', echo)`."""
    start, quote = opening.start(), opening[2]
    is_template = ("f" in opening[1].lower() or quote == "`") and "{" in s[opening.end() : end]
    line = max(s.rfind("\n", max(0, start - 512), start), start - 512, 0)
    closes = s.count(quote, line, start) % 2 == 1 and s[opening.end() : opening.end() + 1] in " ,;)]}+"
    return is_template or closes


def _bare_end(s: str, name: Name, *, is_first: bool) -> int:
    """Where an unquoted value ends: with its word, or with its line when the name stands first in it (YAML)."""
    end = _matched_to(_BARE, s, name.end)
    word = s[name.end : end]
    while word and word[-1] in ")]}>.:" and not _is_marked(word):
        word = word[:-1]
    is_source = not name.is_shell and is_code(word, name.key, is_pair=name.sep == ":")
    is_variable = name.is_spaced and name.sep == "=" and name.kind != "password" and is_expression(word)
    if is_source or is_variable or is_plain(word, name.kind) or is_prose(word, name.kind, name.sep) or _is_marked(word):
        return name.end
    if name.sep == ":" and is_first and name.is_spaced:
        return name.end + len(s[name.end : _matched_to(_YAML_REST, s, name.end)].rstrip())
    return name.end + len(word)


def _stands_first(s: str, start: int) -> bool:
    line = s.rfind("\n", max(0, start - 64), start) + 1
    return (line > 0 or start <= 64) and not s[line:start].strip(" \t-")


def _quoted(close: str) -> str:
    """What stands between quotes; escaped ones (JSON within JSON) end at the same escape, all end with the line."""
    if len(close) == 1:
        return rf"(?:[^\\\n{close}]|\\.)*+"
    return rf"(?:(?!(?<!\\){re.escape(close)})[^\n])*+"


def _matched_to(pattern: str, s: str, start: int) -> int:
    m = compiled(pattern).match(s, start)
    return start if m is None else m.end()


def _needles(known: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each known value in the forms in which it may be written, longest first."""
    found: dict[str, str] = {}
    for value in known.values():
        for secret in {_stripped(value), *_stripped(value).split("\n")}:
            if is_worth_masking(secret):
                found.update({form: secret for form in forms_of(secret) if len(form) >= 8})
    return sorted(found.items(), key=lambda pair: (-len(pair[0]), pair[0]))
