"""Which prefixes of tokens may stand in a long text, asked of as little of it as will do. It matches no token.

Where nothing but a word's beginning stands before a prefix, its first three characters are looked up among those of all
words; of the others several share three characters, without which none of them is there.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from board.journal.patterns import compiled
from board.journal.row import DATA_EDGE, EDGE, UPPER_EDGE
from board.journal.tokens import BY_PREFIX

# Characters of words in which a token's beginning stands, and how long such a word is at least.
WORD: Final = "[A-Za-z0-9_-]"
WORD_LEAST: Final = 12
RUN_LEAST: Final = 12
_HEAD: Final = r"(?<![A-Za-z0-9])(?=([A-Za-z0-9]..))"
_ESCAPED: Final = r"[\\%][^\s\"'<>]{8,}"


class Beginnings(NamedTuple):
    """Prefixes by their first three characters where nothing but a word's beginning stands before them; the others by
    three characters that several of them have."""

    by_head: dict[str, list[str]]
    inside: dict[str, list[str]]

    def there(self, s: str) -> Iterator[str]:
        """Those that stand in a text, and perhaps a few more."""
        for head in self.by_head.keys() & set(compiled(_HEAD).findall(s)):
            yield from self.by_head[head]
        for part, prefixes in self.inside.items():
            if part in s:
                yield from prefixes


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
    return Beginnings(dict(by_head), _by_part(inside))


def _by_part(prefixes: list[str]) -> dict[str, list[str]]:
    """As few parts as can be had by taking the most common one first."""
    left, found = list(prefixes), {}
    while left:
        count = Counter(part for prefix in left for part in {prefix[i : i + 3] for i in range(max(1, len(prefix) - 2))})
        part = max(sorted(count), key=lambda each: count[each])
        found[part] = [prefix for prefix in left if part in prefix]
        left = [prefix for prefix in left if part not in prefix]
    return found


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


# Where a prefix may stand: in words of `WORD_LEAST` characters, in texts without blanks and quotes, or anywhere.
ANYWHERE: Final = tuple(prefix for prefix in BY_PREFIX if " " in prefix or prefix == "://")
IN_WORDS: Final = _beginnings(prefix for prefix in BY_PREFIX if _is_a_word(prefix))
IN_RUNS: Final = _beginnings(prefix for prefix in BY_PREFIX if not _is_a_word(prefix) and prefix not in ANYWHERE)


def likely(s: str) -> set[str]:
    """All that stand in a text, and perhaps a few more."""
    return {*IN_WORDS.there(s), *IN_RUNS.there(s), *escaped(s), *ANYWHERE}
