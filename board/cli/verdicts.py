"""The last verdicts on a task, from the journal, as people read them: what was seen, by what, and what it came to."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from board.instants import format_clock, format_moment, format_span, parse_instant
from board.journal.wanted import Record
from board.render import table

_HEADERS: Final = ("WHEN", "SEEN", "BY", "RULE", "CAME TO", "BECAUSE")
_FIELDS: Final = ("ts", "seen", "source", "seen_at", "rule", "outcome", "next_at", "why")


class Told(NamedTuple):
    """The newest of what the journal holds of one task, oldest first."""

    events: list[Record]
    verdicts: list[Record]


def newest(found: Iterable[Record], events: int, verdicts: int) -> Told:
    told: tuple[deque[Record], deque[Record]] = (deque(maxlen=events), deque(maxlen=verdicts))
    for record in found:
        told[0].append(record)
        if "rule" in record and "seen" in record:
            told[1].append(record)
    return Told(list(told[0]), list(told[1]))


def lines(verdicts: Iterable[Record], now: float, env: Mapping[str, str]) -> str:
    rows = [_row(record, now) for record in verdicts]
    return f"\nverdicts:\n{table(_HEADERS, rows, env)}" if rows else ""


def records(verdicts: Iterable[Record]) -> list[dict[str, Any]]:
    return [{name: record.get(name) for name in _FIELDS} for record in verdicts]


def _row(record: Record, now: float) -> tuple[str, ...]:
    at, seen_at, next_at = (_instant(record, name) for name in ("ts", "seen_at", "next_at"))
    before = f", {format_span(at - seen_at)} before" if at and seen_at and at > seen_at else ""
    until = f", until {format_clock(next_at, now)}" if next_at is not None else ""
    return (
        str(record["ts"]) if at is None else format_moment(at, now),
        str(record["seen"]),
        f"{record.get('source')}{before}",
        str(record["rule"]),
        f"{record.get('outcome')}{until}",
        str(record.get("why") or ""),
    )


def _instant(record: Record, name: str) -> float | None:
    value = record.get(name)
    return None if value is None else parse_instant(str(value))
