"""Secrets that another line announces: a YAML block or list, `name:` above `value:`, forms, netrc. Masks nothing."""

from collections.abc import Iterator
from typing import Final

from board.journal.marks import Marks
from board.journal.patterns import compiled
from board.journal.rules import is_plain, is_random, secret_kind
from board.journal.units import MORE, Candidate, Finder, Found, Text, Unit, lines_from

MOST_LINES: Final = 64
_BLOCK_SIGN: Final = r"(?:![\w!]+[ \t]+)?[|>][-+0-9]{0,3}[ \t]*(?:#[^\n]*)?"
_BLOCK: Final = r"([ \t]*(?:- +)?)[\"']?([A-Za-z0-9_.-]+)[\"']?[ \t]*:[ \t]*" + _BLOCK_SIGN
_NAMED: Final = r"[ \t{-]*[\"']?(?:name|key|Name|Key)[\"']?[ \t]*:[ \t]*[\"']?([A-Za-z0-9_.-]+)[\"']?,?[ \t]*"
_VALUE: Final = r"[ \t]*[\"']?(?:value|Value)[\"']?[ \t]*:[ \t]*([\"']?)([^\n]+?)\1[ \t]*,?[ \t]*"
_LOGIN: Final = r"[ \t]*(?:machine[ \t]+\S+[ \t]+)?login[ \t]+\S+[ \t]*"
_THEN: Final = r"[ \t]*password[ \t]+(\S+)[ \t]*"
_KEY: Final = r"[ \t]*<key>([^<>\n]{1,64})</key>[ \t]*"
_STRING: Final = r"[ \t]*<string>([^<>\n]{4,})</string>[ \t]*"
# What every second line of a pair has, the first line, the second.
_PAIRS: Final = (
    (r"alue[\"']?[ \t]*:", _NAMED, _VALUE),
    ("password", _LOGIN, _THEN),
    ("<string>", _KEY, _STRING),
)
_FIELD: Final = r"(?i:content-disposition: form-data;).{0,64}\bname=\"?([A-Za-z0-9_.-]+)\"?[ \t]*"
_LIST: Final = r"([ \t]*)[\"']?([A-Za-z0-9_.-]+?)s[\"']?[ \t]*:[ \t]*(?:\[[ \t]*)?"
_ITEM: Final = r"([ \t]*)(?:- +)?([\"']?)([^\s\"'#:]{8,})\2,?[ \t]*"


# The ends of lines that may open a block (its sign is the group) or a list.
_OPENS: Final = rf"(?m):(?=[ \t]*[|>!\n\[])[ \t]*(?:(?:\[[ \t]*)?(?=\n)|({_BLOCK_SIGN})$)"


def candidates(text: Text, marks: Marks) -> Iterator[Candidate]:
    block, items = _block(marks), _list(marks)
    for m in compiled(_OPENS).finditer(text.s):
        if m[1] is not None:
            yield Candidate(text.line_start(m.start()), block)
        elif text.s[m.start() - 1] in "s\"' \t" and _is(_LIST, text.line(start := text.line_start(m.start()))):
            yield Candidate(start, items)
    for m in compiled("form-data;").finditer(text.s):
        if _is(_FIELD, text.line(start := text.line_start(m.start()))):
            yield Candidate(start, _field(marks))
    for hint, first, second in _PAIRS:
        find = _pair(first, second, marks)
        yield from (Candidate(start, find) for start in _firsts(text, hint) if _is(first, text.line(start)))


def _firsts(text: Text, hint: str) -> Iterator[int]:
    """The lines before those with a hint, and the last one, which may still be followed by such a line."""
    for m in compiled(hint).finditer(text.s):
        if (second := text.line_start(m.start())) > 0:
            yield text.line_start(second - 1)
    yield text.line_start(len(text.s) - 1)


def _is(pattern: str, line: str) -> bool:
    return compiled(pattern).fullmatch(line) is not None


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


def _list(marks: Marks) -> Finder:
    """Items that look drawn, under a name in the plural: `tokens:`."""

    def find(text: Text, start: int) -> Found:
        opening = compiled(_LIST).fullmatch(text.line(start))
        kind = None if opening is None else secret_kind(opening[2])
        if kind is None:
            return None
        after = text.next_line(start)
        if after is None:
            return None if text.is_all else MORE
        spans: list[tuple[int, int]] = []
        end = text.whole(start)
        for at, line in lines_from(text, after, MOST_LINES):
            item = compiled(_ITEM).fullmatch(line)
            if item is None:
                break
            if is_random(item[3]) and not marks.is_marked(item[3]):
                spans.append((at + item.start(3), at + item.end(3)))
            end = text.whole(at)
            if text.next_line(at) is None and not text.is_all:
                return MORE
        return Unit(start, end, kind, tuple(spans), is_one=False) if spans else None

    return find


def _field(marks: Marks) -> Finder:
    """A form's field (RFC 7578): its header, an empty line, its value."""

    def find(text: Text, start: int) -> Found:
        named = compiled(_FIELD).search(text.line(start))
        kind = None if named is None else secret_kind(named[1])
        if kind is None:
            return None
        following = list(lines_from(text, start, 3))
        if len(following) < 3:
            return None if text.is_all or (len(following) == 2 and following[1][1].strip()) else MORE
        at, value = following[2]
        if following[1][1].strip() or not value.strip() or marks.is_marked(value) or is_plain(value, kind):
            return None
        return Unit(start, text.whole(at), kind, ((at, at + len(value.rstrip())),), is_one=False)

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
