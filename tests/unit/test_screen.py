"""Reading a usage limit off a dead agent's screen."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.instants import format_instant
from supervisor.screen import UNNAMED_LIMIT, limited_until

AT = 1_795_169_580.0  # 2026-11-20T10:13:00Z
DAY = 1_795_132_800.0  # that day's midnight
UNTIL = re.compile(r"You.ve (?:hit|reached) your (?:usage )?limit(?:.*? (?:resets|again) at (?P<until>[^.\n]+))?")
SECONDS = re.compile(r"retry in (?P<seconds>\d+\w*)")


def until(screen: str) -> float | None:
    return limited_until(UNTIL, screen, AT)


@pytest.mark.parametrize("screen", ["", "all is well", "your limit is the sky\n"])
def test_a_screen_without_a_limit_names_none(screen: str) -> None:
    """Only the profile's own pattern makes a limit."""
    assert until(screen) is None


@pytest.mark.parametrize(
    ("named", "at"),
    [
        ("2026-11-20T18:30:00Z", DAY + 18.5 * 3600),
        ("2026-11-20T18:30:00+02:00", DAY + 16.5 * 3600),
        ("18:34", DAY + 18 * 3600 + 34 * 60),
        ("6:34 PM", DAY + 18 * 3600 + 34 * 60),
        ("6:34pm", DAY + 18 * 3600 + 34 * 60),
        ("11:05 am", DAY + 11 * 3600 + 5 * 60),
        ("12:00 PM", DAY + 12 * 3600),
        ("12:15 AM", DAY + 86400 + 15 * 60),
        ("9:00", DAY + 86400 + 9 * 3600),
        ("10:13", DAY + 86400 + 10 * 3600 + 13 * 60),
    ],
)
def test_a_named_end_is_an_instant(named: str, at: float) -> None:
    """RFC 3339 or a clock time in UTC; a clock time that is past, or just now, means tomorrow's.

    Kills: twelve o'clock taken for noon at night, a limit that ended yesterday.
    """
    assert until(f"You've hit your usage limit; resets at {named}") == at


@pytest.mark.parametrize(
    "screen", ["You've hit your limit", "You\N{RIGHT SINGLE QUOTATION MARK}ve reached your usage limit, again at dawn"]
)
def test_an_unnamed_end_is_an_hour(screen: str) -> None:
    """A limit without an end, or with one that can't be read, is waited for all the same."""
    assert until(screen) == AT + UNNAMED_LIMIT


@pytest.mark.parametrize(
    ("named", "seconds"), [("90", 90.0), ("30m", 1800.0), ("1h30m", 5400.0), ("2fortnights", 3600.0)]
)
def test_a_named_span_counts_from_the_death(named: str, seconds: float) -> None:
    """Seconds or a span; what is neither is the unnamed limit."""
    assert limited_until(SECONDS, f"retry in {named}", AT) == AT + seconds


def test_the_last_limit_on_the_screen_counts() -> None:
    """An older limit further up is over. Kills: the first match."""
    older, newer = "2026-11-20T01:00:00Z", "2026-11-20T12:00:00Z"
    screen = f"You've hit your limit, resets at {older}\n$\nYou've hit your limit, resets at {newer}\n"
    assert until(screen) == DAY + 12 * 3600


@given(st.text(max_size=30))
def test_whatever_is_named_is_read(named: str) -> None:
    """No text on a screen can crash the supervisor. Kills: an hour or a digit that no clock has."""
    pattern = re.compile(r"until (?P<until>.*)", re.DOTALL)
    assert limited_until(pattern, f"until {named}", AT) is not None
    pattern = re.compile(r"in (?P<seconds>.*)", re.DOTALL)
    assert limited_until(pattern, f"in {named}", AT) is not None


@given(st.integers(0, 99), st.integers(0, 99), st.sampled_from(["", "AM", "PM"]))
def test_a_clock_time_is_within_a_day(hour: int, minute: int, half: str) -> None:
    """A clock time names the next such time, at most a day ahead; what no clock shows is the unnamed limit."""
    found = limited_until(re.compile(r"until (?P<until>.*)"), f"until {hour}:{minute:02} {half}", AT)
    assert found is not None
    assert AT < found <= AT + 86400


@given(st.integers(-(10**9), 10**9))
def test_an_instant_reads_back(milliseconds: int) -> None:
    """What an agent names in RFC 3339 is kept to the millisecond, past or future."""
    at = AT + milliseconds / 1000
    found = limited_until(re.compile(r"until (?P<until>\S+)"), f"until {format_instant(at)}", AT)
    assert found == pytest.approx(at, abs=0.001)


@pytest.mark.parametrize("digit", ["\N{SUPERSCRIPT TWO}", "\N{ARABIC-INDIC DIGIT THREE}"])
def test_a_digit_of_another_script_is_no_crash(digit: str) -> None:
    """Kills: `isdigit` before `float`."""
    assert limited_until(re.compile(r"in (?P<seconds>.*)"), f"in {digit}", AT) is not None
