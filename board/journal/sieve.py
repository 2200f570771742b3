"""Which lines of a long text have to be looked at closely. Decides nothing: a line that it leaves out has no secret.

Nine lines of ten hold none. So the whole text is asked for literals first: each of its different words once, by the C
loop of `in`, or all of it in one pass by the Aho-Corasick automaton of the optional `ahocorasick-rs`.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from board.journal import idioms, keyblocks, notations
from board.journal.hidden import coded_places, veiled
from board.journal.known import Cores, places
from board.journal.marks import Marks
from board.journal.patterns import compiled
from board.journal.prefixes import likely, part_of, words_of
from board.journal.rules import STEMS, secret_kind
from board.journal.tokens import BY_PREFIX, tokens_at, tokens_of

if TYPE_CHECKING:
    from board.journal.own import Own

# Characters of literals up to which an automaton is built that is fast and large: 5 MB instead of 0.4.
_MOST_FOR_DFA: Final = 16_000
# What stands behind a name's stem when the name announces something: the rest of the name, then a sign or a blank.
_BEHIND_NAME: Final = (
    r"([a-z0-9_.-]*+)(?:(?:\\{0,3}[\"'`])?\]?[ \t]{0,8}"
    r"(?:[:=><(,?]|\\{1,4}[nr]|[,;]?[ \t]{0,4}\\{0,3}[\"']?value|(?:by|as|is|was|to|are|now|reads)?[ ]?['\"])()|[ \t])"
)
_HINTS: Final = (*idioms.HINTS, *notations.HINTS)
_PARTS: Final = tuple((part_of(hint), hint) for hint in _HINTS)
_LONGEST_NAME: Final = 128
_NAME: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
_BY_PLACE: Final = frozenset(("PWD", "Cookie", "cookie", "Set-Cookie", "set-cookie", "--cookie"))


class Sieve:
    def __init__(self, needles: list[str], marks: Marks, own: "Own | None", *, fast: bool = True) -> None:
        self._marks = marks
        self._own = own
        self._cores = Cores(needles)
        self._finder = _finder(self._cores.all) if fast else None

    def hot(self, s: str) -> list[int]:
        """Places in lines that have to be looked at, in order; a line may have several."""
        found = {start for _, start, _ in self._own.find(s)} if self._own is not None else set()
        if not s.isascii():  # nothing that is looked for has other letters, and each of them is one sign here too
            s = s.encode("ascii", "replace").decode("ascii")
        low = s.lower()
        if self._finder is not None:
            found.update(self._found(s, low))
        else:
            found.update(self._sought(s, low))
        found.update(m.start() for m in compiled(notations.PGPASS_HINT).finditer(s))
        found.update(self._veiled(s))
        if keyblocks.may_hold(s):
            found.update(m.start() for m in compiled(f"{keyblocks.BEGIN}|{keyblocks.END}").finditer(s))
        return sorted(found)

    # --- all literals at once

    def _found(self, s: str, low: str) -> Iterator[int]:
        assert self._finder is not None
        words, stems, prefixes = self._finder.words, self._finder.stems, self._finder.prefixes
        for number, start, end in self._finder.search(low):
            word = words[number]
            if word in stems and _announces(s, low, start, end):
                yield start
            for prefix in prefixes.get(word, ()):
                if s.startswith(prefix, start) and any(True for _ in tokens_at(prefix, s, start, self._marks)):
                    yield start
            if word in self._finder.sure:
                yield start

    # --- one literal after the other

    def _sought(self, s: str, low: str) -> Iterator[int]:
        words = words_of(s)
        for prefix in {*likely(s, words)}:
            yield from (start for start, *_ in tokens_of(prefix, s, self._marks))
        yield from self._names(s, low, words.lines.lower())
        yield from self._cores.places(s, words.all)

    def _names(self, s: str, low: str, words: str) -> Iterator[int]:
        """`words` are the text's in lower case, as `Words.lines`."""
        for stem in STEMS:
            if stem in words:
                yield from (at for at in places(low, stem) if _announces(s, low, at, at + len(stem)))
        for part, hint in _PARTS:
            if part in words:
                yield from places(low, hint)

    def _veiled(self, s: str) -> Iterator[int]:
        yield from coded_places(s)
        found = list(veiled(s))
        if found and self._is_telling("\n".join(text for _, text in found)):
            for word in {word for word, text in found if self._is_telling(text)}:
                yield from places(s, word)

    def _names_anything(self, text: str) -> bool:
        low = text.lower()
        return any(True for _ in self._names(text, low, words_of(low).lines))

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
    sure: frozenset[str]  # hints and known values, of which some are prefixes too


def _finder(cores: list[str]) -> _Finder | None:
    """None without the extra."""
    try:
        import ahocorasick_rs as ac
    except ImportError:
        return None
    prefixes: dict[str, list[str]] = {}
    for prefix in BY_PREFIX:
        prefixes.setdefault(prefix.lower(), []).append(prefix)
    sure = frozenset((*_HINTS, *(core.lower() for core in cores)))
    words = tuple({*STEMS, *prefixes, *sure})
    is_small = sum(map(len, words)) <= _MOST_FOR_DFA
    kind = ac.Implementation.DFA if is_small else ac.Implementation.ContiguousNFA
    automaton = ac.AhoCorasick(list(words), implementation=kind)
    return _Finder(
        partial(automaton.find_matches_as_indexes, overlapping=True), words, frozenset(STEMS), prefixes, sure
    )


def _announces(s: str, low: str, at: int, behind: int) -> bool:
    """Whether what stands around a name's stem looks as if a secret followed."""
    is_spoken = low[at - 1 : at] == " " and low.startswith(notations.SPOKEN_LAST, at)
    if is_spoken and low.endswith(notations.SPOKEN, max(0, at - 16), at):
        return True
    m = compiled(_BEHIND_NAME).match(low, behind)
    if m is None:
        return False
    if low[m.end(1)] == " " and compiled(notations.SAYS).match(low, behind) is not None:
        return True
    if not _is_secret(name := _name_around(s, at, m.end(1))):
        return False
    return m.lastindex == 2 or _is_set(low, at, name)


def _is_set(low: str, at: int, name: str) -> bool:
    """Whether a name with a blank behind it is a flag, a setting, or a line's first word."""
    line = low[max(0, at - 64, low.rfind("\n", 0, at) + 1) : at]
    line = line[max(line.rfind("\\n"), -2) + 2 :]
    if name.startswith("-") or not line.strip(" \t-_abcdefghijklmnopqrstuvwxyz"):
        return True  # `--token x`, or `requirepass x`: a line of a name and a value
    return any(hint in line for hint in idioms.SET_HINTS)


def _name_around(s: str, at: int, end: int) -> str:
    """The whole name that has a stem at `at`; a written line break is no part of it."""
    before = s[max(0, at - _LONGEST_NAME) : at]
    start = at - len(before) + len(before.rstrip(_NAME))
    name = s[start:end]
    return name[1:] if s[start - 1 : start] == "\\" and name[0] in "nrt" else name


def _is_secret(name: str) -> bool:
    """Also of one of many: `tokens`."""
    return name in _BY_PLACE or secret_kind(name) is not None or secret_kind(name.rstrip("s")) is not None
