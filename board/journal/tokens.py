"""Secrets that show by their own form: where each one stands in a text. Masks nothing, and knows no names.

A literal prefix leads to the few formats that own it, and each is matched at that place only: one big alternation
would look at every character with every format.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from board.journal.formats import FORMATS
from board.journal.marks import Marks
from board.journal.patterns import compiled
from board.journal.row import DATA_EDGE, EDGE, UPPER_EDGE
from board.journal.rules import is_plain

# Characters of words in which a token's beginning stands, and how long such a word is at least.
WORD: Final = "[A-Za-z0-9_-]"
WORD_LEAST: Final = 12
_HEAD: Final = r"(?<![A-Za-z0-9])(?=([A-Za-z0-9]..))"
_ESCAPED: Final = r"[\\%][^\s\"'<>]{8,}"
_BEFORE: Final = 512  # characters that are looked at before a token's mark
RUN: Final = r"[^\s\"'<>]{12,}"

KINDS: Final = frozenset(each.kind for each in FORMATS)


class Span(NamedTuple):
    start: int
    end: int
    kind: str


def _by_prefix() -> dict[str, list[tuple[int, str, str, str]]]:
    """Prefix -> its formats' place in the table, kind, pattern and what may stand before."""
    found: defaultdict[str, list[tuple[int, str, str, str]]] = defaultdict(list)
    for place, each in enumerate(FORMATS):
        for prefix in each.prefixes:
            found[prefix].append((place, each.kind, each.pattern, each.before))
    return dict(found)


BY_PREFIX: Final = _by_prefix()
_EDGES: Final = (EDGE, DATA_EDGE, UPPER_EDGE)


def _is_a_word(prefix: str) -> bool:
    """Whether the tokens of a prefix begin with `WORD_LEAST` characters of `WORD`: no class of theirs has others."""
    if re.fullmatch(WORD + "+", prefix) is None:
        return False
    for _, _, pattern, _ in BY_PREFIX[prefix]:
        for edge in _EDGES:
            pattern = pattern.replace(edge, "")  # noqa: PLW2901
        if compiled(r"\[[^\]]*[+/%=~.]").search(pattern) is not None:
            return False
    return True


class Beginnings(NamedTuple):
    """Prefixes by their first three characters where nothing but a word's beginning stands before them, and others."""

    by_head: dict[str, list[str]]
    inside: tuple[str, ...]

    def there(self, s: str) -> Iterator[str]:
        """Those that stand in a text, and perhaps a few more."""
        for head in self.by_head.keys() & set(compiled(_HEAD).findall(s)):
            yield from self.by_head[head]
        yield from (prefix for prefix in self.inside if prefix in s)


def escaped(s: str) -> Iterator[str]:
    """Prefixes behind a sign that is written as letters, such as `\\n`: no letter stands before them."""
    if "\\" in s or "%" in s:
        behind = "\n".join(compiled(_ESCAPED).findall(s))
        yield from (prefix for prefix in BY_PREFIX if behind and prefix in behind)


def _beginnings(prefixes: Iterable[str]) -> Beginnings:
    by_head: defaultdict[str, list[str]] = defaultdict(list)
    inside: list[str] = []
    for prefix in prefixes:
        is_edged = prefix[0].isalnum() and all(pattern.startswith(EDGE) for _, _, pattern, _ in BY_PREFIX[prefix])
        (by_head[prefix[:3]] if is_edged else inside).append(prefix)
    return Beginnings(dict(by_head), tuple(inside))


# Where a prefix may stand: in words of `WORD_LEAST` characters, in texts without blanks and quotes, or anywhere.
ANYWHERE: Final = tuple(prefix for prefix in BY_PREFIX if " " in prefix or prefix == "://")
IN_WORDS: Final = _beginnings(prefix for prefix in BY_PREFIX if _is_a_word(prefix))
IN_RUNS: Final = _beginnings(prefix for prefix in BY_PREFIX if not _is_a_word(prefix) and prefix not in ANYWHERE)


def tokens(s: str, marks: Marks) -> list[Span]:
    """In order, none in another; of formats at one place the first of the table names the kind."""
    may_be = {*IN_WORDS.there(s), *IN_RUNS.there(s), *escaped(s), *ANYWHERE}
    found = sorted(span for prefix in may_be if prefix in s for span in tokens_of(prefix, s, marks))
    return merged(Span(start, end, kind) for start, _, end, kind in found)


def tokens_of(prefix: str, s: str, marks: Marks) -> Iterator[tuple[int, int, int, str]]:
    """All that begin with this prefix: start, place in the table, end, kind."""
    at = s.find(prefix)
    while at >= 0:
        behind = at + 1
        for place, kind, pattern, before in BY_PREFIX[prefix]:
            m = compiled(pattern).match(s, at)
            if m is not None and (span := _secret(m, kind, before, marks)) is not None:
                yield span[0], place, span[1], kind
                behind = max(behind, span[1])  # what begins inside of it is part of it
        at = s.find(prefix, behind)


def _secret(m: re.Match[str], kind: str, before: str, marks: Marks) -> tuple[int, int] | None:
    group = m.lastindex or 0
    if before:
        ahead = m.string[max(0, m.start(group) - _BEFORE) : m.start(group)]
        return m.start(group) - len(ahead) + len(ahead.rstrip(before)), m.end(group)
    if group and (marks.is_marked(m[group]) or is_plain(m[group], kind)):
        return None
    return m.span(group)


def merged(found: Iterable[Span]) -> list[Span]:
    """In order; those that overlap are one, named by who begins first, or came first."""
    spans: list[Span] = []
    for start, end, kind in sorted(found, key=lambda span: span.start):
        if spans and start < spans[-1].end:
            spans[-1] = spans[-1]._replace(end=max(end, spans[-1].end))
        elif end > start:
            spans.append(Span(start, end, kind))
    return spans
