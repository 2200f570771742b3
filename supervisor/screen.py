"""Reading a worker's screen: what text means, by a profile's own patterns. Pure; nothing is captured here."""

from __future__ import annotations

import re

from board.instants import parse_instant, parse_span
from supervisor.model import Exit

UNNAMED_LIMIT = 3600.0  # seconds to wait at a limit whose end the agent didn't name


def limited_until(pattern: re.Pattern[str], screen: str, at: float) -> float | None:
    """The end of the usage limit that the last match names, as an instant; None when the screen shows no limit.

    The pattern may have a group `until` (RFC 3339, or a clock time `6:34 PM` or `18:34` in UTC) or `seconds` (a number,
    or a span like `30m`); without either the limit is taken to last `UNNAMED_LIMIT` from `at`.
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
    return _until(groups.get("until") or "", at)


def is_refused(pattern: re.Pattern[str], screen: str, ended: Exit) -> bool:
    """Does a dead agent's last screen, or a last line that says how it ended (`exit 41`), tell of a refused login?
    One that was killed did not end over it, whatever it had said."""
    if ended.signal is not None or ended.cause is not None:
        return False
    return pattern.search(f"{screen.rstrip()}\n{ended.words()}") is not None


def _until(text: str, at: float) -> float:
    instant = parse_instant(text)
    if instant is not None:
        return instant
    clock = re.fullmatch(r"(\d{1,2}):(\d\d)\s*([AaPp][Mm])?", text.strip())
    if clock is None or int(clock[1]) > 23 or int(clock[2]) > 59:
        return at + UNNAMED_LIMIT
    hour = int(clock[1]) % 12 + (12 if (clock[3] or "").lower() == "pm" else 0) if clock[3] else int(clock[1])
    day = at - at % 86400
    named = day + hour * 3600 + int(clock[2]) * 60
    return named if named > at else named + 86400
