"""People's own rules as the redactor takes them: where their secrets stand in a text, and which values are none.

Reads no file and tries no pattern out (`loading`, `trial`), and decides nothing about our own token shapes (`rules`).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias

Prompts: TypeAlias = Literal["fingerprint", "keep"]
Span: TypeAlias = tuple[str, int, int]  # a secret's kind, and where it starts and ends
Finder: TypeAlias = Callable[[str], Iterable[Span]]

PATTERN: Final = "re:"  # what begins so in the allow list is a regular expression


class OwnRule(NamedTuple):
    """A text that has `literal` is searched for `regex`. Without a usable one (None) each line with `literal` is
    secret: a rule that can't be used must not leave in the open what it was written for."""

    kind: str
    literal: str
    regex: str | None


class Own(NamedTuple):
    """`allow` holds values that are no secrets, and patterns of such behind `re:`; `more` are rules of another make."""

    rules: tuple[OwnRule, ...] = ()
    allow: tuple[str, ...] = ()
    prompts: Prompts = "fingerprint"
    more: tuple[Finder, ...] = ()
    more_kinds: frozenset[str] = frozenset()

    @property
    def kinds(self) -> frozenset[str]:
        """What our marks may say because of these rules."""
        return self.more_kinds.union(rule.kind for rule in self.rules)

    def find(self, text: str) -> Iterator[Span]:
        """Each rule's secrets, none of them empty, rule by rule: those of two rules may overlap."""
        for rule in self.rules:
            if rule.literal in text:
                yield from _lines_with(rule, text) if rule.regex is None else _matches(rule, rule.regex, text)
        for finder in self.more:
            yield from finder(text)

    def is_allowed(self, value: str) -> bool:
        """Is it a false alarm that people named?"""
        if not self.allow:
            return False
        texts, patterns = _allowing(self.allow)
        return value in texts or any(pattern.search(value) for pattern in patterns)


def _matches(rule: OwnRule, regex: str, text: str) -> Iterator[Span]:
    for at in compiled(regex).finditer(text):
        group = 1 if at.re.groups and at[1] is not None else 0
        start, end = at.span(group)
        if start < end:
            yield rule.kind, start, end


def _lines_with(rule: OwnRule, text: str) -> Iterator[Span]:
    """From a line's first visible character to its last one."""
    at = text.find(rule.literal)
    while at >= 0:
        start = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[start:end]
        start += len(line) - len(line.lstrip())
        yield rule.kind, start, max(start, end - len(line) + len(line.rstrip()))
        at = text.find(rule.literal, end)


@lru_cache(maxsize=4)
def _allowing(allow: tuple[str, ...]) -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    texts = frozenset(each for each in allow if not each.startswith(PATTERN))
    return texts, tuple(compiled(each.removeprefix(PATTERN)) for each in allow if each.startswith(PATTERN))


@lru_cache(maxsize=256)
def compiled(regex: str) -> re.Pattern[str]:
    """Without the warnings that Python has for some patterns: they were written by people, not by us."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile(regex)
