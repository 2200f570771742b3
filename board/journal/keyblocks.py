"""Private keys that stand in blocks of lines, whole or in part: which lines are one, and what of them is the secret.

PEM (RFC 7468), OpenSSH, SSH2 (RFC 4716), PGP (RFC 9580), age, OpenVPN and PuTTY: also with the beginning or the end
missing, in a diff, behind a log's prefix, or with line breaks written as `\\n`. It masks nothing.
"""

from collections.abc import Iterator
from typing import Final

from board.journal.patterns import compiled
from board.journal.units import MORE, Candidate, Found, Text, Unit, lines_from

KIND: Final = "pem"
# In how many lines and characters an end is looked for: a key of 8,192 bits has 100 lines of 64.
LINES_TO_END: Final = 160
CHARACTERS_TO_END: Final = 32 * 1024
LINES_BEFORE_END: Final = 64
_LEAST: Final = 40  # base64 characters that a line of a key has, except its last two

_LABEL: Final = r"(?:[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?|AGE ENCRYPTED FILE|OpenVPN Static key V[0-9])"
BEGIN: Final = rf"-{{4,5}} ?BEGIN {_LABEL} ?-{{4,5}}"
END: Final = rf"-{{4,5}} ?END {_LABEL} ?-{{4,5}}"
_BREAK: Final = r"(?:\\{1,4}[nrt]|[\s\"'`+,|>\\#*│┃║-])"
_HEADER: Final = r"[A-Z][A-Za-z-]{2,20}: "
_BODY: Final = rf"{_BREAK}*+(?=[A-Za-z0-9+/]{{16}}|{_HEADER})"
_BASE64: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_FRAME: Final = " \t\"'`,;|\\│┃║"  # what may stand behind a key's line
_PUTTY: Final = r"^[ \t]*Private-Lines: ([0-9]{1,3})[ \t]*$"


def may_hold(s: str) -> bool:
    return "PRIVATE KEY" in s or "AGE ENCRYPTED FILE" in s or "OpenVPN Static key" in s or "Private-Lines" in s


def candidates(text: Text) -> Iterator[Candidate]:
    """Lines with a beginning, and the first lines of keys that have lost theirs."""
    if may_hold(text.s):
        for m in compiled(BEGIN).finditer(text.s):
            yield Candidate(text.line_start(m.start()), block)
        for m in compiled(END).finditer(text.s):
            at = text.line_start(m.start())
            start = _top(text, at)
            if start is not None and _is_below(base64_end(text.line(start))[0], m.start() - at):
                yield Candidate(start, tail, last=at - 1)
        for m in compiled("(?m)" + _PUTTY).finditer(text.s):
            yield Candidate(text.line_start(m.start()), putty)
    if not text.is_all and (start := _top(text, len(text.s))) is not None:
        yield Candidate(start, lambda _text, _at: MORE, last=len(text.s))


def base64_end(line: str) -> tuple[int, int]:
    """The base64 word at a line's end, behind whatever a log or a diff puts before it: where it starts and ends."""
    framed = line.rstrip(_FRAME)
    while framed.endswith(("\\n", "\\r")):
        framed = framed[:-2].rstrip(_FRAME)
    start = len(framed.rstrip(_BASE64))
    # Padding ends base64: in `key=MIIE...` the word begins behind the sign.
    return max(start, framed.rstrip("=").rfind("=", start) + 1), len(framed)


def _is_key_line(line: str, least: int = _LEAST) -> bool:
    start, end = base64_end(line)
    return end - start >= least


def _top(text: Text, below: int) -> int | None:
    """The first of at most 64 lines of base64 that end just above `below`; the last two of them may be short.

    All begin at one column, as END does: words at the ends of lines that say something else don't.
    """
    start = None
    shorts = 0
    column: int | None = None
    at = below
    for _ in range(LINES_BEFORE_END):
        if at == 0:
            break
        at = text.line_start(at - 1)
        line = text.line(at)
        begins = base64_end(line)[0]
        if column is not None and not _is_below(column, begins):
            break
        if _is_key_line(line):
            start = at
        elif start is None and shorts < 2 and _is_key_line(line, 1):
            shorts += 1
        else:
            break
        column = begins
    return start


def _is_below(column: int, other: int) -> bool:
    """The sign of a diff is also one of base64, and a line's number may be longer than the last one."""
    return abs(column - other) <= 2


# --- a key with its beginning


def block(text: Text, start: int) -> Found:
    """From the last BEGIN of the line to END, to the next BEGIN, or as far as lines look like a key's."""
    line = text.line(start)
    begin = list(compiled(BEGIN).finditer(line))[-1]
    if compiled(END).search(line, begin.end()) is not None:
        return None
    if (is_body := _has_body(text, start, begin.end())) is None:
        return MORE
    if not is_body:
        return None
    after = text.next_line(start)
    if after is None:
        return None if text.is_all else MORE
    secret = start + begin.start()
    for at, each in lines_from(text, after, LINES_TO_END):
        if at - start > CHARACTERS_TO_END:
            break
        end = compiled(END).search(each) if "END " in each else None
        if end is not None:
            return Unit(start, text.whole(at), KIND, ((secret, at + end.end()),))
        if "BEGIN " in each and compiled(BEGIN).search(each) is not None:
            break
        if text.next_line(at) is None and not text.is_all:
            return MORE
    last = _last_line(text, start, after)
    return Unit(start, text.whole(last), KIND, ((secret, text.line_end(last)),))


def _has_body(text: Text, start: int, begin_end: int) -> bool | None:
    """Behind a key's beginning there is base64 or a header, here or in the next line: alone it is source text."""
    line = text.line(start)
    if compiled(_BODY).match(line, begin_end) is not None:
        return True
    if compiled(rf"{_BREAK}*+\Z").match(line, begin_end) is None:
        return False
    after = text.next_line(start)
    if after is None:
        return False if text.is_all else None
    following = text.line(after)
    return compiled(_BODY).match(following) is not None or _is_key_line(following, 16)


def _last_line(text: Text, start: int, after: int) -> int:
    """The last line that looks like the key's: base64, a header, an empty one between them, and one short line."""
    last = start
    for at, line in lines_from(text, after, LINES_TO_END):
        if at - start > CHARACTERS_TO_END:
            break
        if _is_key_line(line):
            last = at
        elif _is_key_line(line, 4) and last != start and not line[: base64_end(line)[0]].strip(" \t+|>│┃║-"):
            return at
        elif compiled(rf"[\s\"'+|>#*│┃║-]*+(?:{_HEADER}.{{0,200}})?").fullmatch(line) is None:
            break
    return last


# --- a key without


def tail(text: Text, start: int) -> Found:
    """Base64 lines down to an END; the first is a whole one."""
    if not _is_key_line(text.line(start)):
        return None
    for at, line in lines_from(text, start, LINES_BEFORE_END + 1):
        end = compiled(END).search(line) if "END " in line else None
        if end is not None:
            first = start + base64_end(text.line(start))[0]
            return Unit(start, text.whole(at), KIND, ((first, at + end.end()),))
        if not _is_key_line(line, 1):
            break
    return None


def putty(text: Text, start: int) -> Found:
    m = compiled(_PUTTY).match(text.line(start))
    after = text.next_line(start)
    count = 0 if m is None else min(int(m[1]), LINES_TO_END)
    if after is None or not count:
        return None if text.is_all or not count else MORE
    last = None
    taken = 0
    for at, line in lines_from(text, after, count):
        if not _is_key_line(line, 1):
            break
        last, taken = at, taken + 1
        if text.next_line(at) is None and taken < count and not text.is_all:
            return MORE
    if last is None:
        return None
    return Unit(start, text.whole(last), KIND, ((after, text.line_end(last)),))


# --- a key in one line


def in_line(line: str) -> list[tuple[int, int]]:
    """Keys whose line breaks are written out as `\\n`: the spans of all of them, in order."""
    found: list[tuple[int, int]] = []
    if not may_hold(line):
        return found
    at = 0
    last = max((m.start() for m in compiled(END).finditer(line)), default=-1)
    for m in compiled(f"{BEGIN}|{END}").finditer(line):
        if m.start() < at:
            continue
        is_open = m.end() > last
        span = (
            _from_begin(line, m.start(), m.end(), is_open=is_open)
            if "BEGIN" in m[0]
            else _to_end(line, at, m.start(), m.end())
        )
        if span is not None:
            found.append(span)
            at = span[1]
    return found


def _from_begin(line: str, start: int, begin_end: int, *, is_open: bool) -> tuple[int, int] | None:
    """`is_open`: no END follows; a search for it behind each of many beginnings would take long."""
    if compiled(_BODY).match(line, begin_end) is None:
        return None
    if not is_open and (end := compiled(END).search(line, begin_end)) is not None:
        return start, end.end()
    eaten = compiled(rf"(?:\\{{1,4}}[nrt]|[ ]?{_HEADER}|[A-Za-z0-9+/=,-])*+").match(line, begin_end)
    return start, begin_end if eaten is None else eaten.end()


def _to_end(line: str, least: int, start: int, end: int) -> tuple[int, int] | None:
    """Base64 pieces with written line breaks between them, before an END."""
    at = start
    top = None
    while at > least:
        gap = compiled(r"(?:\\{1,4}[nr])?\Z").search(line, max(least, at - 6), at)
        piece_end = at if gap is None else gap.start()
        piece = line[max(least, piece_end - 4096) : piece_end]
        first = base64_end(piece)[0]
        if first == len(piece):
            break
        at = piece_end - len(piece) + first
        is_more = at > least and line[at - 1] == "\\" and line[at] in "nr"
        at += is_more  # the letter of a written line break stands before the piece as if it were its own
        if piece_end - at >= 16:
            top = at
        if not is_more:
            break
    return None if top is None else (top, end)
