"""Secrets that another line announces: a YAML block under a secret's name, `name:` above `value:`, netrc. Masks nothing."""

from collections.abc import Iterator
from typing import Final

from board.journal.marks import Marks
from board.journal.patterns import compiled
from board.journal.rules import is_plain, secret_kind
from board.journal.units import MORE, Candidate, Finder, Found, Text, Unit, lines_from

MOST_LINES: Final = 64
_BLOCK_SIGN: Final = r":[ \t]*(?:![\w!]+[ \t]+)?[|>][-+0-9]{0,3}[ \t]*(?:#[^\n]*)?$"
_BLOCK: Final = r"([ \t]*(?:- +)?)[\"']?([A-Za-z0-9_.-]+)[\"']?[ \t]*" + _BLOCK_SIGN
_NAMED: Final = r"[ \t{-]*[\"']?(?:name|key|Name|Key)[\"']?[ \t]*:[ \t]*[\"']?([A-Za-z0-9_.-]+)[\"']?,?[ \t]*"
_VALUE: Final = r"[ \t]*[\"']?(?:value|Value)[\"']?[ \t]*:[ \t]*([\"']?)([^\n]+?)\1[ \t]*,?[ \t]*"
_LOGIN: Final = r"[ \t]*(?:machine[ \t]+\S+[ \t]+)?login[ \t]+\S+[ \t]*"
_PASSWORD: Final = r"[ \t]*password[ \t]+(\S+)[ \t]*"


def candidates(text: Text, marks: Marks) -> Iterator[Candidate]:
    s = text.s
    if "|" in s or ">" in s:
        for m in compiled("(?m)" + _BLOCK_SIGN).finditer(s):
            yield Candidate(text.line_start(m.start()), _block(marks))
    for hint, pattern, find in (
        (r"ame[\"']?[ \t]*:", _NAMED, _pair(_NAMED, _VALUE, marks)),
        (r"ey[\"']?[ \t]*:", _NAMED, _pair(_NAMED, _VALUE, marks)),
        ("login ", _LOGIN, _pair(_LOGIN, _PASSWORD, marks)),
    ):
        if hint[:2] in s:
            for m in compiled(hint).finditer(s):
                if compiled(pattern).fullmatch(text.line(start := text.line_start(m.start()))) is not None:
                    yield Candidate(start, find)


def _block(marks: Marks) -> Finder:
    def find(text: Text, start: int) -> Found:
        opening = compiled(_BLOCK).fullmatch(text.line(start))
        kind = None if opening is None else secret_kind(opening[2])
        if opening is None or kind is None:
            return None
        after = text.next_line(start)
        if after is None:
            return None if text.is_all else MORE
        spans: list[tuple[int, int]] = []
        end = text.whole(start)
        for at, line in lines_from(text, after, MOST_LINES):
            indent = len(line) - len(line.lstrip(" \t"))
            if line.strip() and indent <= len(opening[1]):
                break
            if line.strip() and not marks.is_marked(line.strip()):
                spans.append((at + indent, at + len(line.rstrip())))
            end = text.whole(at)
            if text.next_line(at) is None and not text.is_all:
                return MORE
        return Unit(start, end, kind, tuple(spans), is_one=False)

    return find


def _pair(first: str, second: str, marks: Marks) -> Finder:
    """A line that names, and the next one that has the value as its last group."""

    def find(text: Text, start: int) -> Found:
        named = compiled(first).fullmatch(text.line(start))
        if named is None:
            return None
        kind = secret_kind(named[1]) if named.re.groups else "password"
        if kind is None:
            return None
        after = text.next_line(start)
        if after is None:
            return None if text.is_all else MORE
        said = compiled(second).fullmatch(text.line(after))
        if said is None or not said.lastindex:
            return None
        value = said[said.lastindex]
        if marks.is_marked(value) or is_plain(value, kind):
            return None
        span = said.span(said.lastindex)
        return Unit(start, text.whole(after), kind, ((after + span[0], after + span[1]),), is_one=False)

    return find
