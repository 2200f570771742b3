"""Values that are known to be secret, found wherever they stand and however they are written. Guesses nothing.

A worker prints its environment as JSON, in a URL, in a shell's quotes, as base64 in a header: each way is a text to
look for, a needle. The shortest has 8 characters.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, zip_longest
from typing import Final

from board.journal.marks import Marks
from board.journal.patterns import compiled
from board.journal.rules import is_worth_masking, secret_named
from board.journal.visible import visible

SHORTEST: Final = 8
_BASE64_OFFSETS: Final = ((0, 0), (1, 2), (2, 3))  # bytes before the value, and the characters that they decide too
_GRAM: Final = 4
_MARK, _BEGIN, _OVER = "\x00", "\x01", "\x02"  # stand for marks while values are looked for: no visible text has them
_FEW: Final = 16  # needles, of which each may as well be asked for by itself
_LONG: Final = 4096  # characters of a text for which tables are made
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
    if not found or any(sign in s for sign in (_MARK, _BEGIN, _OVER)):
        return _masked_one_by_one(s, found, marks)
    apart = marks.apart(s)
    texts = _MARK.join(apart[::2])
    for number, (needle, _) in enumerate(found):
        texts = texts.replace(needle, f"{_BEGIN}{number}{_OVER}")
    put = [marks.mark("known", secret) for _, secret in found]
    texts = compiled(f"{_BEGIN}([0-9]+){_OVER}").sub(lambda m: put[int(m[1])], texts)
    return "".join(chain.from_iterable(zip_longest(texts.split(_MARK), apart[1::2], fillvalue="")))


def _masked_one_by_one(s: str, found: list[tuple[str, str]], marks: Marks) -> str:
    """For a text that has signs which no visible text has."""
    for needle, secret in found:
        if needle in s:
            parts = marks.apart(s)
            mark = marks.mark("known", secret)
            s = "".join(part if i % 2 else part.replace(needle, mark) for i, part in enumerate(parts))
    return s


def places(s: str, word: str) -> Iterator[int]:
    at = s.find(word)
    while at >= 0:
        yield at
        at = s.find(word, at + len(word))


class Needles:
    """Which of many needles a text may have, longest first, told by their cores."""

    def __init__(self, found: list[tuple[str, str]]) -> None:
        self._all = found
        self._numbers: dict[str, list[int]] = {}

    @cached_property
    def _cores(self) -> "Cores":
        for number, (needle, _) in enumerate(self._all):
            self._numbers.setdefault(_core(needle), []).append(number)
        return Cores(needle for needle, _ in self._all)

    def there(self, s: str) -> list[tuple[str, str]]:
        if len(self._all) < _FEW or (len(s) < _LONG and not self._numbers):
            return [pair for pair in self._all if pair[0] in s]
        cores = self._cores.there(s if s.isascii() else s.encode("ascii", "replace").decode("ascii"))
        numbers = sorted(number for core in cores for number in self._numbers[core])
        return [self._all[number] for number in numbers if self._all[number][0] in s]


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
        for core in (*self._long_in(long), *self._others):
            yield from places(s, core)

    def there(self, s: str) -> Iterator[str]:
        """Those that stand in an ASCII text."""
        yield from self._long_in(s)
        yield from (core for core in self._others if core in s)

    def _long_in(self, s: str) -> set[str]:
        grams = self._by_gram.keys() & set(_grams(s)) if self._by_gram else ()
        return {core for gram in grams for core in self._by_gram[gram] if core in s}


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
