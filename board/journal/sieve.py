"""Which lines of a long text have to be looked at closely. Decides nothing: a line that it leaves out has no secret.

Nine lines of ten hold none. So the whole text is asked for literals first, by the C loop of `in` and only where words
are long enough, or in one pass by the Aho-Corasick automaton of the optional `ahocorasick-rs`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from board.journal import idioms, keyblocks, notations
from board.journal.hidden import coded_places, veiled
from board.journal.known import places
from board.journal.marks import Marks
from board.journal.patterns import compiled
from board.journal.prefixes import ANYWHERE, IN_RUNS, IN_WORDS, RUN, WORD, WORD_LEAST, escaped
from board.journal.rules import STEMS, secret_kind
from board.journal.tokens import BY_PREFIX, tokens_of

if TYPE_CHECKING:
    from board.journal.own import Own

_NEEDLE_WORD: Final = 8
# What stands behind a name's stem when the name announces something: the rest of the name, then a sign or a blank.
_ANNOUNCES: Final = (
    r"([a-z0-9_.-]*+)(?:\\{0,3}[\"'`])?\]?[ \t]{0,8}(?:[:=><(,]|(?:by|as|is|was|to|are|now|reads)?[ ]?['\"])"
)
_FLAG: Final = r"([a-z0-9_.-]*+)[ \t]"
_HINTS: Final = (*idioms.HINTS, *notations.HINTS)
_LONGEST_NAME: Final = 128
_NAME: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
_BY_PLACE: Final = frozenset(("PWD", "Cookie", "cookie", "Set-Cookie", "set-cookie", "--cookie"))
_TO_LOWER: Final = {**{i: i + 32 for i in range(ord("A"), ord("Z") + 1)}}


class Sieve:
    def __init__(self, needles: list[str], marks: Marks, own: "Own | None", *, fast: bool = True) -> None:
        self._needles = needles
        self._marks = marks
        self._own = own
        # What of a value every way of writing it has: its longest word, if that is long enough to be told from others.
        self._cores = list(dict.fromkeys(map(_core, needles)))
        self._finder = _finder(self._cores) if fast else None

    def hot(self, s: str) -> list[int]:
        """Places in lines that have to be looked at, in order; a line may have several."""
        runs = _once(RUN, s)
        low = s.lower() if s.isascii() else s.translate(_TO_LOWER)
        found = set(self._found(s, low) if self._finder is not None else self._sought(s, low, runs))
        found.update(m.start() for m in compiled(notations.PGPASS_HINT).finditer(s))
        found.update(self._veiled(s, runs))
        if keyblocks.may_hold(s):
            found.update(m.start() for m in compiled(f"{keyblocks.BEGIN}|{keyblocks.END}").finditer(s))
        if self._own is not None:
            found.update(start for _, start, _ in self._own.find(s))
        return sorted(found)

    # --- all literals at once

    def _found(self, s: str, low: str) -> Iterator[int]:
        assert self._finder is not None
        words, seen = self._finder.words, set[str]()
        for number, start, end in self._finder.search(low):
            word = words[number]
            if word in self._finder.stems:
                if _announces(s, low, start, end):
                    yield start
            elif word not in self._finder.prefixes:
                yield start
            if word not in seen:
                seen.add(word)
                for prefix in self._finder.prefixes.get(word, ()):
                    yield from (at for at, *_ in tokens_of(prefix, s, self._marks))

    # --- one literal after the other

    def _sought(self, s: str, low: str, runs: str) -> Iterator[int]:
        words = _once(f"{WORD}{{{WORD_LEAST},}}", runs)
        for prefix in (*IN_WORDS.there(words), *IN_RUNS.there(runs), *escaped(s), *ANYWHERE):
            if prefix in s:
                yield from (start for start, *_ in tokens_of(prefix, s, self._marks))
        if self._cores:
            yield from self._known(s, words)
        yield from self._names(s, low)

    def _known(self, s: str, words: str) -> Iterator[int]:
        shorter = _once(f"{WORD}{{{_NEEDLE_WORD},}}", s)
        for core in self._cores:
            where = words if len(core) >= WORD_LEAST else shorter if len(core) >= _NEEDLE_WORD else s
            if core in where:
                yield from places(s, core)

    def _names(self, s: str, low: str) -> Iterator[int]:
        for stem in STEMS:
            yield from (at for at in places(low, stem) if _announces(s, low, at, at + len(stem)))
        for hint in _HINTS:
            yield from places(low, hint)

    def _veiled(self, s: str, runs: str) -> Iterator[int]:
        yield from coded_places(s)
        found = list(veiled(runs))
        if found and self._is_telling("\n".join(text for _, text in found)):
            for word in {word for word, text in found if self._is_telling(text)}:
                yield from places(s, word)

    def _names_anything(self, text: str) -> bool:
        return any(True for _ in self._names(text, text.translate(_TO_LOWER)))

    def _is_telling(self, text: str) -> bool:
        if any(prefix in text for prefix in BY_PREFIX) or keyblocks.may_hold(text) or self._names_anything(text):
            return True
        return self._own is not None and any(True for _ in self._own.find(text))


class _Finder(NamedTuple):
    """One automaton for literals in lower case: names' stems, hints, prefixes, and words of known values."""

    search: Callable[[str], Iterable[tuple[int, int, int]]]
    words: tuple[str, ...]
    stems: frozenset[str]
    prefixes: dict[str, list[str]]


def _finder(cores: list[str]) -> _Finder | None:
    """None without the extra."""
    try:
        import ahocorasick_rs as ac
    except ImportError:
        return None
    prefixes: dict[str, list[str]] = {}
    for prefix in BY_PREFIX:
        prefixes.setdefault(prefix.translate(_TO_LOWER), []).append(prefix)
    words = tuple(dict.fromkeys((*STEMS, *prefixes, *_HINTS, *(core.translate(_TO_LOWER) for core in cores))))
    automaton = ac.AhoCorasick(list(words), implementation=ac.Implementation.ContiguousNFA)
    return _Finder(partial(automaton.find_matches_as_indexes, overlapping=True), words, frozenset(STEMS), prefixes)


def _core(needle: str) -> str:
    """Of a needle without a long word all of it."""
    word = max(re.findall("[A-Za-z0-9]+", needle) or [""], key=len)
    return word if len(word) >= _NEEDLE_WORD else needle


def _once(pattern: str, s: str) -> str:
    """Each different word: a terminal says the same again and again."""
    return "\n".join(set(compiled(pattern).findall(s)))


def _announces(s: str, low: str, at: int, behind: int) -> bool:
    """Whether what stands around a name's stem looks as if a secret followed."""
    if any(compiled(hint).match(low, behind) is not None for hint in (notations.SAYS, notations.SPOKEN_HINT)):
        return True
    if (m := compiled(_ANNOUNCES).match(low, behind)) is not None:
        return _names_a_secret(s, at, m.end(1))
    m = compiled(_FLAG).match(low, behind)
    if m is None or not _names_a_secret(s, at, m.end(1)):
        return False
    if low[low.rfind("\n", 0, at) + 1 : at].strip(" \t-_abcdefghijklmnopqrstuvwxyz") == "":
        return True  # `requirepass x`: a line of a name and a value
    before = low[max(0, at - 64, low.rfind("\n", 0, at)) : at]
    return "-" in before or any(hint in before for hint in idioms.SET_HINTS)


def _names_a_secret(s: str, at: int, end: int) -> bool:
    """Whether the name around a stem does, alone or as one of many: `tokens`. A written line break is no part of it."""
    before = s[max(0, at - _LONGEST_NAME) : at]
    start = at - len(before) + len(before.rstrip(_NAME))
    name = s[start:end]
    if s[start - 1 : start] == "\\" and name[0] in "nrt":
        name = name[1:]
    return name in _BY_PLACE or secret_kind(name) is not None or secret_kind(name.rstrip("s")) is not None
