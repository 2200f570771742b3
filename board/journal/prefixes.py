"""Which prefixes of tokens may stand in a long text, asked of as little of it as will do. It matches no token.

Where nothing but a word's beginning stands before a prefix, its first three characters are looked up among those of all
words; of the others several share three characters, without which none of them is there; and those that have no three
such characters are found by a sign.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from typing import Final, NamedTuple

from board.journal.patterns import compiled
from board.journal.row import DATA_EDGE, EDGE, STRICT_EDGE, UPPER_EDGE
from board.journal.tokens import BY_PREFIX

# Characters of words in which a token's beginning stands, and how long such a word is at least.
WORD: Final = "[A-Za-z0-9_-]"
WORD_LEAST: Final = 12
# Makes line ends of what is no word's character, in ASCII text.
_NO_WORD: Final = {sign: "\n" for sign in range(128) if re.fullmatch(WORD, chr(sign)) is None}
_SHORT: Final = 4096  # characters of a text for which alone no tables are made
_HEAD_SIZE: Final = 3
_LEAST_PART: Final = 3
_MOST_PART: Final = 8
_HEAD: Final = r"(?<![A-Za-z0-9])(?=([A-Za-z0-9]..))"
# The same behind what `EDGE` takes for a sign, by the sign that each begins with.
_ESCAPED: Final = (
    ("%", r"%[0-9A-Fa-f]{2}(?=([A-Za-z0-9]..))"),
    ("\\", r"\\(?:[nrt]|u00[0-9A-Fa-f]{2}|x[0-9A-Fa-f]{2})(?=([A-Za-z0-9]..))"),
)


class _Sign(NamedTuple):
    """Prefixes that have one sign: a pattern whose groups say which of them, and what may stand where each does."""

    pattern: str
    found: list[list[str]]

    def there(self, s: str) -> Iterator[str]:
        for number in {m.lastindex or 0 for m in compiled(self.pattern).finditer(s)}:
            yield from self.found[number]


class Words(NamedTuple):
    """The different words of a text: a terminal says the same again and again."""

    all: Collection[str]
    lines: str  # each of them in its line, and an empty one at each end
    long: str  # those of `WORD_LEAST` characters


def words_of(s: str) -> Words:
    words = set(s.translate(_NO_WORD).split())
    long = "\n".join([word for word in words if len(word) >= WORD_LEAST])
    return Words(words, "\n".join(("", *words, "")), long)


def part_of(literal: str) -> str:
    """What `Words.lines` of a text has if the text has the literal: the longest of its words, with a line's end where a
    word ends; empty where it has none."""
    lines = literal.translate(_NO_WORD)
    longest = max(compiled(f"{WORD}+").finditer(literal), key=lambda m: m.end() - m.start(), default=None)
    return "" if longest is None else lines[max(0, longest.start() - 1) : longest.end() + 1]


def standing(s: str) -> list[str]:
    """Those that stand in a text, but for some that begin no token there."""
    if len(s) <= _SHORT and not _tables.cache_info().currsize:
        return [prefix for prefix in BY_PREFIX if prefix in s]
    return [prefix for prefix in {*likely(s, words_of(s))} if prefix in s]


def likely(s: str, words: Words) -> Iterator[str]:
    """All that stand in a text, and perhaps a few more, some of them twice."""
    heads = set(compiled(_HEAD).findall(words.long))
    for begin, escaped in _ESCAPED:
        if begin in s:
            heads.update(compiled(escaped).findall(s))
    tables = _tables()
    for head in tables.by_head.keys() & heads:
        yield from tables.by_head[head]
    for parts, where in ((tables.in_long_words, words.long), (tables.in_words, words.lines)):
        for part, prefixes in parts.items():
            if part in where:
                yield from prefixes
    for sign in tables.signs:
        yield from sign.there(s)


def _is_edged(prefix: str) -> bool:
    return prefix[0].isalnum() and all(pattern.startswith(EDGE) for _, _, pattern, _ in BY_PREFIX[prefix])


def _by_head(prefixes: Iterable[str]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for prefix in prefixes:
        found[prefix[:_HEAD_SIZE]].append(prefix)
    return dict(found)


def _by_part(prefixes: Iterable[str]) -> dict[str, list[str]]:
    """As few parts as can be had by taking the most common one first."""
    left, found = list(prefixes), {}
    while left:
        count = Counter(part for prefix in left for part in _parts(prefix))
        part = max(sorted(count), key=lambda each: count[each])
        found[part] = [prefix for prefix in left if part in _parts(prefix)]
        left = [prefix for prefix in left if part not in _parts(prefix)]
    return found


def _parts(prefix: str) -> set[str]:
    """Of its longest word, if that is long enough to be told from others."""
    part = part_of(prefix)
    size = min(len(part), _MOST_PART)
    is_told = size >= _LEAST_PART and len(part.strip("\n")) > 1
    return {part[i : i + size] for i in range(len(part) - size + 1)} if is_told else set()


def _by_sign(prefixes: Iterable[str]) -> list[_Sign]:
    groups: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for prefix in prefixes:
        before, sign, after = re.split(f"(?!{WORD})(.)", prefix, maxsplit=1)
        groups[sign].append((before, after, prefix))
    return [_sign(sign, group) for sign, group in groups.items()]


def _sign(sign: str, group: list[tuple[str, str, str]]) -> _Sign:
    places = "|".join(f"(?<={re.escape(before + sign)})(?={re.escape(after)})()" for before, after, _ in group)
    # Where one is, another of which as much is the same may be too.
    found = [
        [other for b, a, other in group if before.endswith(b) or b.endswith(before) if after.startswith(a[:1])]
        for before, after, _ in group
    ]
    return _Sign(f"{re.escape(sign)}(?:{places})", [[], *found])


_EDGES: Final = (EDGE, STRICT_EDGE, DATA_EDGE, UPPER_EDGE)


def _is_a_word(prefix: str) -> bool:
    """Whether each token of a prefix begins with `WORD_LEAST` characters of `WORD`; when in doubt, not."""
    return re.fullmatch(WORD + "+", prefix) is not None and all(
        len(prefix) + _least(pattern) >= WORD_LEAST for _, _, pattern, _ in BY_PREFIX[prefix]
    )


def _least(pattern: str) -> int:
    """At least so many characters of words stand behind a token's prefix, before any other sign."""
    for edge in _EDGES:
        pattern = pattern.replace(edge, "")
    # What looks ahead, and what may be absent, counts for nothing.
    pattern = compiled(r"\(\?=[^()]*\)|\(\?:[^()]*\)\?").sub("", pattern).replace("(?:", "(")
    words = compiled(r"\[[^\]]*[^\]\w-][^\]]*\]|[^\[\](){}|?*+,\w-]").split(pattern)[0]
    return sum(map(int, compiled(r"\]\{([0-9]+)").findall(words)))


class _Tables(NamedTuple):
    """Where a prefix may stand: in words of `WORD_LEAST` characters, by its head or by a part of it; in words of any
    length; or anywhere."""

    by_head: dict[str, list[str]]
    in_long_words: dict[str, list[str]]
    in_words: dict[str, list[str]]
    signs: list[_Sign]


@cache
def _tables() -> _Tables:
    """Made for the first long text: it takes as long as starting a program does."""
    words = [prefix for prefix in BY_PREFIX if _is_a_word(prefix)]
    others = [prefix for prefix in BY_PREFIX if not _is_a_word(prefix)]
    return _Tables(
        _by_head(prefix for prefix in words if _is_edged(prefix)),
        _by_part(prefix for prefix in words if not _is_edged(prefix)),
        _by_part(prefix for prefix in others if _parts(prefix)),
        _by_sign(prefix for prefix in others if not _parts(prefix)),
    )
