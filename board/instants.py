"""Instants and spans as the board writes them: RFC 3339 in UTC, and `30s 10m 2h 1d 100ms`.

Pure: nobody asks the time here. Instants are epoch seconds, spans are seconds, both floats.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?[ ]?([Zz]|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?",
    re.ASCII,
)


def parse_span(text: str) -> float | None:
    """Seconds of `1h30m`, `10m` or `100ms`; None when it isn't a span. A bare `0` is no pause at all."""
    if text == "0":
        return 0.0
    total, end = 0.0, 0
    for match in _SPAN.finditer(text):
        if match.start() != end:
            return None
        total += float(match[1]) * _UNITS[match[2]]
        end = match.end()
    return total if text and end == len(text) else None


def format_span(seconds: float) -> str:
    """The two largest units that matter, for people: `2h05m`, `3m20s`, `12s`, `250ms`."""
    if seconds < 0:
        return "-" + format_span(-seconds)
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return _pair(whole, 60, "m", "s", 1)
    if whole < 86400:
        return _pair(whole, 3600, "h", "m", 60)
    return _pair(whole, 86400, "d", "h", 3600)


def _pair(whole: int, big: int, big_unit: str, small_unit: str, small: int) -> str:
    rest = whole % big // small
    return f"{whole // big}{big_unit}{rest:02d}{small_unit}" if rest else f"{whole // big}{big_unit}"


def parse_instant(text: str) -> float | None:
    """Epoch seconds of an RFC 3339 instant; one without a zone is taken as UTC; None when it isn't one."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    try:
        moment = datetime(*(int(part) for part in match.group(1, 2, 3, 4, 5, 6)), tzinfo=UTC)  # type: ignore[arg-type,misc]
    except ValueError:
        return None
    seconds = moment.timestamp()
    if match[7]:
        seconds += float(f"0.{match[7]}")
    zone = match[8]
    if zone and zone not in "Zz":
        minutes = int(zone[1:3]) * 60 + int(zone[-2:])
        seconds += -60 * minutes if zone[0] == "+" else 60 * minutes
    return seconds


def format_instant(at: float) -> str:
    """`2026-11-20T10:12:09Z`, or with milliseconds where they aren't zero."""
    milliseconds = round(at * 1000)
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    rest = milliseconds % 1000
    return f"{text}.{rest:03d}Z" if rest else f"{text}Z"


def format_clock(at: float, now: float) -> str:
    """`10:12:09Z`, or the whole instant where it is another day's."""
    text = format_instant(float(int(at)))
    return text[11:] if text[:10] == format_instant(now)[:10] else text


def format_moment(at: float, now: float) -> str:
    """A clock for who compares and a span for who waits: `10:12:09Z, 2m ago` or `10:15:00Z, in 51s`."""
    span = f"in {format_span(at - now)}" if at > now else f"{format_span(now - at)} ago"
    return f"{format_clock(at, now)}, {span}"
