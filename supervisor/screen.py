"""Reading a worker's screen: what text means, by a profile's own patterns. Pure; nothing is captured here."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple

from board.instants import parse_instant, parse_span
from supervisor.model import Exit

UNNAMED_LIMIT = 3600.0  # seconds to wait at a limit whose end the agent didn't name
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOMENT: Final = re.compile(
    rf"(?:(?P<month>{'|'.join(_MONTHS)}) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:, (?P<year>\d{{4}}))?,? (?:at )?)?"
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d))? ?(?P<half>[AaPp][Mm])?(?: \((?P<zone>[\w/+-]{1,64})\))?",
    re.ASCII,
)
_LEAP: Final = 9  # years among which each day of a year is found, 29 February too


class Zones(NamedTuple):
    """Whose clock it is: how its own zone is found, and one that it names. Asked where a time is to be read; None:
    could not tell."""

    local: Callable[[], tzinfo | None]
    named: Callable[[str], tzinfo | None]


NOWHERE: Final = Zones(lambda: None, lambda _: None)


def limited_until(pattern: re.Pattern[str], screen: str, at: float, zones: Zones) -> float | None:
    """The end of the usage limit that the last match names, as an instant; None when the screen shows no limit.

    The pattern may have a group `until` (what `named_until` reads) or `seconds` (a number, or a span like `30m`);
    without either, or where it can't be read, the limit is taken to last `UNNAMED_LIMIT` from `at`.
    """
    found = None
    for found in pattern.finditer(screen):  # noqa: B007 - the last one counts: a screen may show an older limit
        pass
    if found is None:
        return None
    groups = found.groupdict()
    if groups.get("seconds"):
        text = groups["seconds"]
        seconds = float(text) if text.isdecimal() else parse_span(text)
        return at + seconds if seconds is not None else at + UNNAMED_LIMIT
    until = named_until(groups.get("until") or "", at, zones)
    return at + UNNAMED_LIMIT if until is None else until


def is_refused(pattern: re.Pattern[str], screen: str, ended: Exit) -> bool:
    """Does a dead agent's last screen, or a last line that says how it ended (`exit 41`), tell of a refused login?
    One that was killed did not end over it, whatever it had said."""
    if ended.signal is not None or ended.cause is not None:
        return False
    return pattern.search(f"{screen.rstrip()}\n{ended.words()}") is not None


def named_until(text: str, at: float, zones: Zones) -> float | None:
    """The next instant behind `at` that these words name; None for what is none, or is of a clock that nobody knows.

    RFC 3339, or a clock time with or without a day and a zone: `6:34 PM`, `18:34`, `Nov 21st, 2026 6:34 PM`, `4:30pm
    (Europe/Berlin)`. A day without a year is the next of that name; one with it may be past, as an RFC 3339 one may.
    """
    instant = parse_instant(text.strip())
    if instant is not None:
        return instant
    found = _MOMENT.fullmatch(" ".join(text.split()))
    if found is None or (found["minute"] is None and found["half"] is None):
        return None
    zone = zones.local() if found["zone"] is None else zones.named(found["zone"])
    clock = _clock(found)
    if zone is None or clock is None:
        return None
    try:
        instants = _instants(found, clock, zone, at)
        return min((each for each in instants if each > at or found["year"]), default=None)
    except (ValueError, OverflowError):
        return None


def _clock(found: re.Match[str]) -> time | None:
    hour, minute, half = int(found["hour"]), int(found["minute"] or 0), (found["half"] or "").lower()
    if hour > (12 if half else 23) or minute > 59:
        return None
    return time(hour % 12 + (12 if half == "pm" else 0) if half else hour, minute)


def _instants(found: re.Match[str], clock: time, zone: tzinfo, at: float) -> Iterator[float]:
    """Whatever may be meant: an hour that is there twice, when clocks are set back, is two of them."""
    today = datetime.fromtimestamp(at, zone).date()
    for day in _days(found, today):
        for fold in (0, 1):
            yield datetime.combine(day, clock.replace(fold=fold), zone).timestamp()


def _days(found: re.Match[str], today: date) -> Iterator[date]:
    if found["month"] is None:
        yield from (today, today + timedelta(days=1))
        return
    month, day = _MONTHS.index(found["month"]) + 1, int(found["day"])
    for year in [int(found["year"])] if found["year"] else range(today.year, today.year + _LEAP):
        if day <= monthrange(year, month)[1]:
            yield date(year, month, day)
