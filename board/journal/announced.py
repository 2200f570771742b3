"""Secrets that another line announces: a YAML block or list, `name:` above `value:`, forms, netrc. Masks nothing."""

from collections.abc import Iterator
from typing import Final

from board.journal.marks import Marks
from board.journal.patterns import compiled
from board.journal.rules import is_plain, is_random, secret_kind
from board.journal.units import MORE, Candidate, Finder, Found, Text, Unit, lines_from

MOST_LINES: Final = 64
_BLOCK_SIGN: Final = r":[ \t]*(?:![\w!]+[ \t]+)?[|>][-+0-9]{0,3}[ \t]*(?:#[^\n]*)?$"
_BLOCK: Final = r"([ \t]*(?:- +)?)[\"']?([A-Za-z0-9_.-]+)[\"']?[ \t]*" + _BLOCK_SIGN
_NAMED: Final = r"[ \t{-]*[\"']?(?:name|key|Name|Key)[\"']?[ \t]*:[ \t]*[\"']?([A-Za-z0-9_.-]+)[\"']?,?[ \t]*"
_VALUE: Final = r"[ \t]*[\"']?(?:value|Value)[\"']?[ \t]*:[ \t]*([\"']?)([^\n]+?)\1[ \t]*,?[ \t]*"
_LOGIN: Final = r"[ \t]*(?:machine[ \t]+\S+[ \t]+)?login[ \t]+\S+[ \t]*"
_THEN: Final = r"[ \t]*password[ \t]+(\S+)[ \t]*"
_KEY: Final = r"[ \t]*<key>([^<>\n]{1,64})</key>[ \t]*"
_STRING: Final = r"[ \t]*<string>([^<>\n]{4,})</string>[ \t]*"
_FIELD: Final = r"(?i:content-disposition: form-data;).{0,64}\bname=\"?([A-Za-z0-9_.-]+)\"?[ \t]*"
_LIST: Final = r"([ \t]*)[\"']?([A-Za-z0-9_.-]+?)s[\"']?[ \t]*:[ \t]*(?:\[[ \t]*)?"
_ITEM: Final = r"([ \t]*)(?:- +)?([\"']?)([^\s\"'#:]{8,})\2,?[ \t]*"


def candidates(text: Text, marks: Marks) -> Iterator[Candidate]:
    s = text.s
    if "|" in s or ">" in s:
        for m in compiled("(?m)" + _BLOCK_SIGN).finditer(s):
            yield Candidate(text.line_start(m.start()), _block(marks))
    named, login = _pair(_NAMED, _VALUE, marks), _pair(_LOGIN, _THEN, marks)
    for hint, then, pattern, find in (
        (r"ame[\"']?[ \t]*:", "alue", _NAMED, named),
        (r"ey[\"']?[ \t]*:", "alue", _NAMED, named),
        ("login ", "password", _LOGIN, login),
        ("<key>", "<string>", _KEY, _pair(_KEY, _STRING, marks)),
        ("form-data;", "", _FIELD, _field(marks)),
        (r":[ \t]*(?:\[[ \t]*)?\n", "", _LIST, _list(marks)),
    ):
        # Where what has to follow is nowhere, only the last line may still be followed by it.
        since = 0 if then in s else text.line_start(len(s) - 1)
        for m in compiled(hint).finditer(s, since):
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
