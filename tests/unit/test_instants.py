"""`board.instants`: what is read as an instant or a span, and what is refused."""

from __future__ import annotations

import pytest

from board.instants import parse_instant, parse_span


@pytest.mark.parametrize("zone", ["+24:00", "-99:00", "+00:60", "+2360", "-9999"])
def test_a_zone_that_no_clock_has_is_refused(zone: str) -> None:
    """Beyond 23:59 an offset is a slip of the pen: no instant, rather than one that is days away.

    Mutant killed: two digits of any kind for the zone's hours or minutes.
    """
    assert parse_instant(f"2026-11-20T10:00:00{zone}") is None


@pytest.mark.parametrize(
    ("zone", "hours"), [("Z", 0), ("+23:59", -23 - 59 / 60), ("-2359", 23 + 59 / 60), ("+0530", -5.5)]
)
def test_a_zone_is_taken_off(zone: str, hours: float) -> None:
    """The same wall clock further east is an earlier instant."""
    plain = parse_instant("2026-11-20T10:00:00")
    assert plain is not None
    assert parse_instant(f"2026-11-20T10:00:00{zone}") == pytest.approx(plain + hours * 3600)


def test_figures_of_other_scripts_are_no_figures() -> None:
    """Neither in an instant nor in a span, as in the schema's patterns. Mutant killed: a pattern without re.ASCII."""
    assert parse_instant("\u0662\u0660\u0662\u0666-11-20T10:00:00Z") is None
    assert parse_span("\u0661\u0660m") is None
