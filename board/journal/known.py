"""Values that are known to be secret, found wherever they stand and however they are written. Guesses nothing.

A worker prints its environment as JSON, in a URL, in a shell's quotes, as base64 in a header: each way is a text to
look for, a needle. The shortest has 8 characters.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from board.journal.marks import Marks
from board.journal.patterns import compiled
from board.journal.rules import is_worth_masking, secret_named
from board.journal.visible import visible

SHORTEST: Final = 8
_BASE64_OFFSETS: Final = ((0, 0), (1, 2), (2, 3))  # bytes before the value, and the characters that they decide too
_GRAM: Final = 4
_HTML: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"}


def known_from_environment(env: Mapping[str, str]) -> dict[str, str]:
    """The values of an environment that are worth masking wherever they appear."""
    return {name: value for name, value in env.items() if is_worth_masking(value) and secret_named(name)}


def needles(known: Mapping[str, str], places: Callable[[str], str]) -> list[tuple[str, str]]:
    """Each known value in the forms in which it may be written, longest first, with the value that it stands for.

    `places` is what is done to people's paths before values are looked for: a value may hold one.
    """
    found: dict[str, str] = {}
    for value in known.values():
        seen = visible(value)
        for secret in dict.fromkeys((seen, *seen.split("\n"))):
            if is_worth_masking(secret):
                forms = {form for form in forms_of(secret) if len(form) >= SHORTEST}
                forms |= {placed for form in forms if len(placed := places(form)) >= SHORTEST}
                found.update(dict.fromkeys(forms, secret))
    return sorted(found.items(), key=lambda pair: (-len(pair[0]), pair[0]))


def masked(s: str, found: list[tuple[str, str]], marks: Marks) -> str:
    """The text with each needle's place marked; what stands inside a mark is no place."""
    for needle, secret in found:
        if needle in s:
            mark = marks.mark("known", secret)
            parts = marks.apart(s)
            s = "".join(part if i % 2 else part.replace(needle, mark) for i, part in enumerate(parts))
    return s


def places(s: str, word: str) -> Iterator[int]:
    at = s.find(word)
    while at >= 0:
        yield at
        at = s.find(word, at + len(word))


class Cores:
    """What of each needle every way of writing it has: its longest word, or all of it where none is long enough."""

    def __init__(self, needles: Iterable[str]) -> None:
        self.all: Final = list(dict.fromkeys(map(_core, needles)))
        self._by_gram: dict[int, list[str]] = {}
        for core in filter(_is_a_core, self.all):
            # Wherever it stands in a text, one of these is four characters of those that the text is cut into.
            for gram in {core[at : at + _GRAM] for at in range(_GRAM)}:
                self._by_gram.setdefault(_grams(gram)[0], []).append(core)
        self._others = [core for core in self.all if not _is_a_core(core)]

    def places(self, s: str, words: Iterable[str]) -> Iterator[int]:
        """Where they stand in an ASCII text; `words` are at least those of the text that have `SHORTEST` characters."""
        long = "\n".join(word for word in words if len(word) >= SHORTEST)
        grams = self._by_gram.keys() & set(_grams(long)) if self._by_gram else ()
        there = {core for gram in grams for core in self._by_gram[gram] if core in long}
        for core in (*there, *self._others):
            yield from places(s, core)


def _core(needle: str) -> str:
    word = max(compiled("[A-Za-z0-9]+").findall(needle), key=len, default="")
    return word if _is_a_core(word) else needle.encode("ascii", "replace").decode("ascii")


def _is_a_core(word: str) -> bool:
    return len(word) >= SHORTEST and word.isascii() and word.isalnum()


def _grams(s: str) -> Sequence[int]:
    """An ASCII text cut into four characters each, as numbers; what is left at its end is left out."""
    return memoryview(s.encode("ascii")[: len(s) // _GRAM * _GRAM]).cast("I")


def forms_of(secret: str) -> Iterator[str]:
    """As it is, and as JSON, Python, a URL, a shell, HTML, hexadecimal and base64 write it."""
    from json.encoder import encode_basestring, encode_basestring_ascii

    yield secret
    for quoted in (encode_basestring(secret)[1:-1], encode_basestring_ascii(secret)[1:-1]):
        yield from (quoted, quoted.replace("/", "\\/"), quoted.replace("\\", "\\\\").replace('"', '\\"'))
    yield from (
        repr(secret)[1:-1],
        secret.replace("'", "\\'"),
        secret.replace("'", "'\\''"),
        secret.replace("'", "'\"'\"'"),
    )
    yield compiled(r"[^\w@%+=:,./-]").sub(r"\\\g<0>", secret)
    yield from _in_html(secret)
    raw = secret.encode("utf-8", "replace")
    yield from (raw.hex(), raw.hex().upper())
    yield from _in_urls(raw)
    yield from _in_base64(raw)


def _in_html(secret: str) -> Iterator[str]:
    for apostrophe in ("&#x27;", "&#39;", "'"):
        quoted = {**_HTML, "'": apostrophe}
        yield "".join(quoted.get(sign, sign) for sign in secret)
    yield secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _in_urls(raw: bytes) -> Iterator[str]:
    for safe in ("-._~", "-._~/", "-._~!'()*"):
        quoted = "".join(chr(b) if (b < 128 and chr(b).isalnum()) or chr(b) in safe else f"%{b:02X}" for b in raw)
        yield from (quoted, quoted.replace("%20", "+"), compiled("%..").sub(lambda m: m[0].lower(), quoted))


def _in_base64(raw: bytes) -> Iterator[str]:
    """Neighbouring bytes decide the first and last characters of a base64 text: what stands between is sure."""
    from binascii import b2a_base64

    for offset, skipped in _BASE64_OFFSETS:
        sure = b2a_base64(bytes(offset) + raw).decode()[skipped : (offset + len(raw)) * 8 // 6]
        yield from (sure, sure.replace("+", "-").replace("/", "_"))
