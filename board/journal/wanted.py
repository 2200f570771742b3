"""Which records somebody wants to see, told from lines that are mostly never parsed. Pure."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias

from board.journal.events import instant
from board.journal.kinds import LEVELS, Level

Record: TypeAlias = dict[str, Any]

_PLAIN: Final = re.compile(r"[\w.-]+", re.ASCII)
_TS: Final = b'{"ts":"'  # how our own lines begin
_TS_LENGTH: Final = len("2026-11-20T10:13:00.120Z")


class Wanted(NamedTuple):
    """`since` is epoch seconds, inclusive; `level` the least; `grep` a regular expression over the raw line."""

    task: str | None = None
    events: Collection[str] = ()
    since: float | None = None
    grep: str | None = None
    level: Level | None = None


class Found(NamedTuple):
    """A record and the line that it stands in, with its end."""

    record: Record
    raw: bytes


class Sieve:
    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._since = "" if wanted.since is None else instant(max(0.0, wanted.since))
        self._search = None if wanted.grep is None else re.compile(wanted.grep).search
        self._levels = frozenset(LEVELS[LEVELS.index(wanted.level) :] if wanted.level is not None else LEVELS)
        levels = self._levels if len(self._levels) < len(LEVELS) else ()
        # A line that has none of the words of one of these is not parsed.
        asked = ([wanted.task] if wanted.task is not None else [], wanted.events, levels)
        self._needles = [needles for words in asked if words and (needles := _quoted(words))]

    def may_hold(self, day: str) -> bool:
        return day >= self._since[:10]

    def found(self, lines: Iterable[bytes]) -> Iterator[Found]:
        for raw in lines:
            for needles in self._needles:
                if not any(needle in raw for needle in needles):
                    break
            else:
                record = self._record(raw)
                if record is not None:
                    yield Found(record, raw)

    def _record(self, raw: bytes) -> Record | None:
        if raw.startswith(_TS) and raw[len(_TS) : len(_TS) + _TS_LENGTH] < self._since.encode():
            return None
        record = parsed(raw)
        if record is None or record["ts"] < self._since or not self._is_wanted(record):
            return None
        return record if self._search is None or self._search(raw.decode("utf-8", "replace")) else None

    def _is_wanted(self, record: Record) -> bool:
        wanted = self._wanted
        if wanted.level is not None and record.get("level") not in self._levels:
            return False
        return wanted.task in (None, record.get("task")) and (not wanted.events or record["event"] in wanted.events)


def _quoted(words: Iterable[str]) -> list[bytes]:
    """As each stands in a line; none where one of them could be written in several ways."""
    words = list(words)
    return [f'"{word}"'.encode() for word in words] if all(map(_PLAIN.fullmatch, words)) else []


def parsed(raw: bytes) -> Record | None:
    try:
        record = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    is_ours = isinstance(record, dict) and isinstance(record.get("ts"), str) and isinstance(record.get("event"), str)
    return record if is_ours else None
