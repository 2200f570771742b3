"""The journal, read back: records in order, new ones as they come, one line for people. Writes nothing.

A line that is torn, or that is not a record of ours, is passed over; `everything` tells those too.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

from board.journal.events import CASE, VERSION, instant

Record: TypeAlias = dict[str, Any]

_SEGMENT: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\.([0-9]+))?\.jsonl")
_LONGEST: Final = 4 * 1024 * 1024  # bytes; each of our texts has 64 KiB at most
_SHOWN_APART: Final = frozenset(("ts", "level", "event", "task", "step", "v"))


class Flaw(StrEnum):
    """Why a line is no record that can be used."""

    TORN = "torn"
    FOREIGN = "foreign"
    OTHER_VERSION = "of another version"


def segments(folder: str) -> list[str]:
    """The names of the journal's files in the order in which they were begun: by day, then by number."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    found = [m for m in map(_SEGMENT.fullmatch, names) if m is not None]
    return [m[0] for m in sorted(found, key=lambda m: (m[1], int(m[2] or 1)))]


def records(
    folder: str,
    *,
    task: str | None = None,
    event: str | None = None,
    since: float | None = None,
    grep: str | None = None,
) -> Iterator[Record]:
    """All records there are now. `since` is epoch seconds, inclusive; `grep` a regular expression over the raw line."""
    wanted = _Wanted(task, event, None if since is None else instant(since), _searcher(grep))
    for name in segments(folder):
        if wanted.may_hold(name):
            for raw, _ in _lines(os.path.join(folder, name), 0):
                yield from wanted.of(raw)


def follow(
    folder: str,
    *,
    wait: Callable[[], bool],
    task: str | None = None,
    event: str | None = None,
    since: float | None = None,
    grep: str | None = None,
) -> Iterator[Record]:
    """Records that are written from now on; with `since` first those that are there, without a gap between.

    `wait` is called whenever there is nothing new, and ends the following by returning False. A line is
    taken when it is whole, so that one that is being written comes later and is not lost.
    """
    wanted = _Wanted(task, event, None if since is None else instant(since), _searcher(grep))
    read_to = {name: _size(os.path.join(folder, name)) for name in segments(folder)} if since is None else {}
    while True:
        is_idle = True
        for name in segments(folder):
            if not wanted.may_hold(name) or _size(os.path.join(folder, name)) <= read_to.get(name, 0):
                continue
            for raw, end in _lines(os.path.join(folder, name), read_to.get(name, 0)):
                read_to[name] = end
                is_idle = False
                yield from wanted.of(raw)
        if is_idle and not wait():
            return


def everything(path: str) -> Iterator[Record | Flaw]:
    """Every line of one file: its record, or what is wrong with it. Raises OSError."""
    with open(path, "rb") as file:
        while raw := file.readline(_LONGEST):
            is_long = len(raw) == _LONGEST and not raw.endswith(b"\n")
            while is_long and len(rest := file.readline(_LONGEST)) == _LONGEST and not rest.endswith(b"\n"):
                pass  # nothing of such a line is kept
            yield Flaw.FOREIGN if is_long else _judged(raw)


def _judged(raw: bytes) -> Record | Flaw:
    record = _parsed(raw) if raw.endswith(b"\n") else None
    if record is not None:
        return record if record.get("v") == VERSION else Flaw.OTHER_VERSION
    # Whoever writes after a line that was cut closes it: it need not be the last one.
    is_cut = raw.startswith(b'{"ts":') and not raw.endswith(b"}\n")
    return Flaw.TORN if is_cut or not raw.endswith(b"\n") else Flaw.FOREIGN


def render(record: Record) -> str:
    """One line for people, without colour: `10:13:00 worker_restarted refund-tests/write rule=restart attempt=2`."""
    subject = "/".join(_shown(str(record[key])) for key in ("task", "step") if record.get(key) is not None)
    head = [str(record.get("ts", ""))[11:19], str(record.get("event", ""))]
    told = ((key, x) for key, x in record.items() if key not in _SHOWN_APART and not key.startswith(CASE))
    facts = [f"{_shown(key)}={_shown(x)}" for key, x in told if x is not None]
    return " ".join([*(_shown(word) for word in head if word), *([subject] if subject else []), *facts])


class _Wanted(NamedTuple):
    task: str | None
    event: str | None
    since: str | None
    search: Callable[[str], object] | None

    def may_hold(self, segment: str) -> bool:
        return self.since is None or segment[:10] >= self.since[:10]

    def of(self, raw: bytes) -> Iterator[Record]:
        if any(word is not None and word.encode() not in raw for word in (self.task, self.event)):
            return
        record = _parsed(raw)
        if record is None or (self.since is not None and record["ts"] < self.since):
            return
        if self.task not in (None, record.get("task")) or self.event not in (None, record["event"]):
            return
        if self.search is None or self.search(raw.decode()):
            yield record


def _searcher(grep: str | None) -> Callable[[str], object] | None:
    return None if grep is None else re.compile(grep).search


def _lines(path: str, start: int) -> Iterator[tuple[bytes, int]]:
    """Whole lines from `start` on, each with the offset behind it."""
    with suppress(FileNotFoundError), open(path, "rb") as file:
        file.seek(start)
        for raw in file:
            if not raw.endswith(b"\n"):
                return
            start += len(raw)
            yield raw, start


def _parsed(raw: bytes) -> Record | None:
    try:
        record = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    is_ours = isinstance(record, dict) and isinstance(record.get("ts"), str) and isinstance(record.get("event"), str)
    return record if is_ours else None


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def _shown(value: object) -> str:
    """One word or a quoted text; nothing in it moves a terminal's cursor."""
    if not isinstance(value, str):
        return json.dumps(value)
    if re.fullmatch(r"[\w.,:;/@~+%=\[\]-]+", value):
        return value
    return json.dumps(value, ensure_ascii=not value.isprintable())
