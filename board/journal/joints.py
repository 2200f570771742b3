"""Words that a terminal cut in two: at its last column, or at the border of a box. Finds where, and masks nothing.

A joint is a stretch of text that isn't there for who reads the word: a line's end, borders, an indent.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from board.journal.patterns import compiled
from board.journal.units import MORE, Candidate, Found, More, Text, Unit, lines_from

MOST_LINES: Final = 64
_SIDE: Final = "│┃║|▏▕┆┊╎"
_PART: Final = r"[A-Za-z0-9_+/=.%~:@&?$!*^(){}\[\]-]"
# A full line of a box: its words go up to the border, but for the blanks that every line has there, as on its left.
_FULL: Final = rf"(?<={_PART})([ ]{{0,4}})[{_SIDE}][ \t]*\n"
_PADDING: Final = rf"[ \t]*[{_SIDE}]([ ]*)"
# One blank is a blank between words; more are an indent.
_NEXT: Final = rf"(?:[ \t]{{2,}}|[ \t]*[{_SIDE}>⎿][ \t]{{0,3}})?(?={_PART})"
_NEXT_BOXED: Final = rf"[ \t]*[{_SIDE}][ \t]{{0,3}}(?={_PART})"
# Base64 in lines (RFC 2045 has 76 characters, RFC 7468 has 64) of which one looks like text that was coded.
_BASE64_LINE: Final = "[A-Za-z0-9+/_-]{56,128}"
_BASE64_REST: Final = "[A-Za-z0-9+/_-]{1,128}={0,2}"
_BASE64_START: Final = rf"\n{_BASE64_LINE}(?=\n|\Z)"
_BASE64_TEXT: Final = "(?:[I-Za-f][A-Za-z0-9+/_-]{3}){8}"
_MARKED: Final = r"\[REDACTED:[a-z0-9]{1,16}(?::[0-9a-f]{8})?\]\Z"
KIND: Final = "wrapped"

# Finds secrets in a text of one line: start, end, kind.
Finds = Callable[[str], Sequence[tuple[int, int, str]]]


def candidates(text: Text, width: int | None) -> Iterator[Candidate]:
    """The first lines of words that go on in the next."""
    for side in _SIDE:
        if side in text.s:
            for m in compiled(re.escape(side) + r"[ \t]*\n").finditer(text.s):
                yield Candidate(text.line_start(m.start()), chain(width))
    for start, last in base64_lines(text.s):
        yield Candidate(start, coded, last, _is_whole)
    if width is not None:
        at = 0
        for line in text.s.split("\n")[: -1 if text.s.endswith("\n") else None]:
            if len(line) == width:
                yield Candidate(at, chain(width))
            at += len(line) + 1


def base64_lines(s: str) -> Iterator[tuple[int, int]]:
    """The first line of each run of base64, and each 64th; with each the last line of its run."""
    done = 0
    firsts = (0,) if compiled(_BASE64_LINE).fullmatch(s, 0, _line_end(s, 0)) is not None else ()
    for start in (*firsts, *(m.start() + 1 for m in compiled(_BASE64_START).finditer(s))):
        if start < done:
            continue
        at, run = start, list[int]()
        while at < len(s) and compiled(_BASE64_REST).fullmatch(s, at, end := _line_end(s, at)) is not None:
            run.append(at)
            at = end + 1
        done = at
        yield from ((each, run[-1]) for each in run[::MOST_LINES])


def coded(text: Text, start: int) -> Found:
    """At most 64 lines of base64 of which one looks like text that was coded; the first is a whole one."""
    if not _is_whole(text.line(start)):
        return None
    joints: list[tuple[int, int]] = []
    is_text = False
    last = start
    for at, line in lines_from(text, start, MOST_LINES):
        if compiled(_BASE64_REST).fullmatch(line) is None:
            break
        if at != start:
            joints.append((at - 1, at))
        is_text = is_text or compiled(_BASE64_TEXT).search(line) is not None
        last = at
        if text.next_line(at) is None and not text.is_all and len(joints) + 1 < MOST_LINES:
            return MORE
    return Unit(start, text.whole(last), KIND, tuple(joints)) if joints and is_text else None


def _is_whole(line: str) -> bool:
    return compiled(_BASE64_LINE).fullmatch(line) is not None


def _line_end(s: str, at: int) -> int:
    end = s.find("\n", at)
    return len(s) if end < 0 else end


def chain(width: int | None) -> Callable[[Text, int], Found]:
    """A finder of lines each of which goes on in the next, at most 64; the joints are the unit's spans."""

    def find(text: Text, start: int) -> Found:
        joints: list[tuple[int, int]] = []
        at = start
        for _ in range(MOST_LINES):
            joint = _joint(text, at, width)
            if joint is MORE:
                return MORE
            if joint is None:
                break
            joints.append(joint)
            at = text.line_start(joint[1])
        return Unit(start, text.whole(at), KIND, tuple(joints)) if joints else None

    return find


def _joint(text: Text, at: int, width: int | None) -> tuple[int, int] | More | None:
    end = text.line_end(at)
    line = text.s[at:end]
    full = _full(text.s, at, end)
    is_wide = width is not None and len(line) == width
    if full is None and not (is_wide and compiled(_PART).fullmatch(line[-1:]) is not None):
        return None
    # A mark of ours is whole: what stands behind it in the next line isn't its rest.
    if compiled(_MARKED).search(text.s, at, end if full is None else full.start()) is not None:
        return None
    if end >= len(text.s):
        return None if text.is_all else MORE
    after = end + 1
    if after >= len(text.s):
        return None if text.is_all else MORE
    goes_on = compiled(_NEXT if full is None else _NEXT_BOXED).match(text.s, after, text.line_end(after))
    if goes_on is None:
        return None
    return (end if full is None else full.start()), goes_on.end()


def _full(s: str, start: int, end: int) -> re.Match[str] | None:
    """The right border of a box's line that has no room left."""
    left = compiled(_PADDING).match(s, start, end)
    if left is None:
        return None
    right = compiled(_FULL).search(s, left.end(), end + 1)
    return right if right is not None and len(right[1]) <= max(1, len(left[1])) and right.end() == end + 1 else None


def rejoined(s: str, joints: Sequence[tuple[int, int]]) -> tuple[str, list[int]]:
    """The text without its joints, and where each of its characters stood; one place more, the end."""
    parts: list[str] = []
    at: list[int] = []
    done = 0
    for start, end in (*joints, (len(s), len(s))):
        parts.append(s[done:start])
        at += range(done, start)
        done = end
    return "".join(parts), [*at, len(s)]


def across(joints: Sequence[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """The pieces of a written text from `start` to `end` that lie between joints: two or more if it crosses one."""
    pieces: list[tuple[int, int]] = []
    for gap_start, gap_end in joints:
        if start < gap_start and gap_end < end:
            pieces.append((start, gap_start))
            start = gap_end
    return [*pieces, (start, end)]
