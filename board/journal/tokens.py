"""Secrets that show by their own form: where each one stands in a text. Masks nothing, and knows no names.

A literal prefix leads to the few formats that own it, and each is matched at that place only: one big alternation
would look at every character with every format.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Final, NamedTuple

from board.journal.formats import FORMATS
from board.journal.marks import Marks
from board.journal.patterns import compiled
from board.journal.rules import is_plain

_BEFORE: Final = 512  # characters that are looked at before a token's mark

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


def tokens(s: str, marks: Marks) -> list[Span]:
    """In order, none in another; of formats at one place the first of the table names the kind."""
    from board.journal.prefixes import standing

    found = sorted(span for prefix in standing(s) for span in tokens_of(prefix, s, marks))
    return merged(Span(start, end, kind) for start, _, end, kind in found)


def tokens_of(prefix: str, s: str, marks: Marks) -> Iterator[tuple[int, int, int, str]]:
    """All that begin with this prefix: start, place in the table, end, kind."""
    at = s.find(prefix)
    while at >= 0:
        behind = at + 1
        for found in tokens_at(prefix, s, at, marks):
            yield found
            behind = max(behind, found[2])  # what begins inside of it is part of it
        at = s.find(prefix, behind)


def tokens_at(prefix: str, s: str, at: int, marks: Marks) -> Iterator[tuple[int, int, int, str]]:
    """What the formats of a prefix that stands here make of it."""
    for place, kind, pattern, before in BY_PREFIX[prefix]:
        m = compiled(pattern).match(s, at)
        if m is not None and (span := _secret(m, kind, before, marks)) is not None:
            yield span[0], place, span[1], kind


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
    done = 0
    for span in sorted(found, key=itemgetter(0)):
        if span[0] < done:
            done = max(span[1], done)
            spans[-1] = spans[-1]._replace(end=done)
        elif span[1] > span[0]:
            spans.append(span)
            done = span[1]
    return spans
