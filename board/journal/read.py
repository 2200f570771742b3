"""The journal, read back: records in order, the last ones, every line of a file. Writes nothing.

A line that is torn, or that is not a record of ours, is passed over; `everything` tells those too. A packed segment
that is damaged gives what can be unpacked.
"""

import os
from collections import deque
from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import islice

from board.journal.events import VERSION
from board.journal.files import (
    LONGEST,
    PACKED,
    Segment,
    is_damaged,
    lines_backwards,
    listed,
    open_file,
    opened,
    whole_lines,
)
from board.journal.wanted import Found, Record, Sieve, Wanted, parsed

Ends = Mapping[tuple[str, int], int]  # how far each segment is to be read, by day and number


class Flaw(StrEnum):
    """Why a line is no record that can be used."""

    TORN = "torn"
    FOREIGN = "foreign"
    OTHER_VERSION = "of another version"


def segments(folder: str) -> list[str]:
    """The names of the journal's files in the order in which they were begun: by day, then by number."""
    return [segment.name for segment in listed(folder)]


def records(
    folder: str,
    *,
    task: str | None = None,
    event: str | None = None,
    since: float | None = None,
    grep: str | None = None,
) -> Iterator[Record]:
    """All records there are now. `since` is epoch seconds, inclusive; `grep` a regular expression over the raw line."""
    wanted = Wanted(task, () if event is None else (event,), since, grep)
    return (found.record for found in find(folder, wanted))


def find(folder: str, wanted: Wanted) -> Iterator[Found]:
    """All that there is now, in order. Raises re.error for a `grep` that is no regular expression."""
    sieve = Sieve(wanted)
    for segment in listed(folder):
        if sieve.may_hold(segment.day):
            yield from _forwards(folder, segment, sieve, None)


def find_last(folder: str, wanted: Wanted, count: int, ends: Ends | None = None) -> list[Found]:
    """The last `count`, oldest first; read from the end. `ends`: of what stood there at one moment, and no more."""
    sieve = Sieve(wanted)
    found: list[Found] = []
    for segment in reversed(listed(folder)):
        end = None if ends is None else ends.get(segment[:2], 0)
        if len(found) >= count or not sieve.may_hold(segment.day):
            break
        found += _last_first(folder, segment, sieve, count - len(found), end)
    return found[::-1]


def _last_first(folder: str, segment: Segment, sieve: Sieve, count: int, end: int | None) -> list[Found]:
    file = None if segment.is_packed else opened(folder, segment)
    if file is None or not file.seekable():  # what is packed can only be read from its beginning
        if file is not None:
            file.close()
        return [*deque(_forwards(folder, segment, sieve, end), maxlen=count)][::-1]
    with file:
        size = os.fstat(file.fileno()).st_size
        backwards = sieve.found(lines_backwards(file, size if end is None else min(size, end)))
        return list(islice(backwards, count))


def _forwards(folder: str, segment: Segment, sieve: Sieve, end: int | None) -> Iterator[Found]:
    file = opened(folder, segment)
    if file is not None:
        with file:
            yield from sieve.found(raw for raw, _ in whole_lines(file, end=end))


def everything(path: str) -> Iterator[Record | Flaw]:
    """Every line of one file: its record, or what is wrong with it. Raises OSError.

    Where the file was packed meanwhile, what was packed is read.
    """
    try:
        file = open_file(path)
    except FileNotFoundError:
        file = open_file(path + PACKED)
    with file:
        last = b"\n"
        while raw := file.readline(LONGEST):
            last = raw
            is_long = len(raw) == LONGEST and not raw.endswith(b"\n")
            while is_long and len(rest := file.readline(LONGEST)) == LONGEST and not rest.endswith(b"\n"):
                pass  # nothing of such a line is kept
            yield Flaw.FOREIGN if is_long else _judged(raw)
        if is_damaged(file) and last.endswith(b"\n"):
            yield Flaw.TORN


def _judged(raw: bytes) -> Record | Flaw:
    record = parsed(raw) if raw.endswith(b"\n") else None
    if record is not None:
        return record if record.get("v") == VERSION else Flaw.OTHER_VERSION
    # Whoever writes after a line that was cut closes it: it need not be the last one.
    is_cut = raw.startswith(b'{"ts":') and not raw.endswith(b"}\n")
    return Flaw.TORN if is_cut or not raw.endswith(b"\n") else Flaw.FOREIGN
