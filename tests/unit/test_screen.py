"""Reading a usage limit off a dead agent's screen."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.instants import format_instant, parse_instant
from supervisor.screen import UNNAMED_LIMIT, Zones, limited_until, named_until
from supervisor.zones import zones_of

AT = 1_795_169_580.0  # 2026-11-20T10:13:00Z
DAY = 1_795_132_800.0  # that day's midnight
UTC_ALONE = zones_of({"TZ": "UTC"})
UNTIL = re.compile(r"You.ve (?:hit|reached) your (?:usage )?limit(?:.*? (?:resets|again) at (?P<until>[^.\n]+))?")
SECONDS = re.compile(r"retry in (?P<seconds>\d+\w*)")


def until(screen: str) -> float | None:
    return limited_until(UNTIL, screen, AT, UTC_ALONE)


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
    """RFC 3339 or a clock time; a clock time that is past, or just now, means tomorrow's.

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
    assert limited_until(SECONDS, f"retry in {named}", AT, UTC_ALONE) == AT + seconds


def test_the_last_limit_on_the_screen_counts() -> None:
    """An older limit further up is over. Kills: the first match."""
    older, newer = "2026-11-20T01:00:00Z", "2026-11-20T12:00:00Z"
    screen = f"You've hit your limit, resets at {older}\n$\nYou've hit your limit, resets at {newer}\n"
    assert until(screen) == DAY + 12 * 3600


@given(st.text(max_size=30))
def test_whatever_is_named_is_read(named: str) -> None:
    """No text on a screen can crash the supervisor. Kills: an hour or a digit that no clock has."""
    pattern = re.compile(r"until (?P<until>.*)", re.DOTALL)
    assert limited_until(pattern, f"until {named}", AT, UTC_ALONE) is not None
    pattern = re.compile(r"in (?P<seconds>.*)", re.DOTALL)
    assert limited_until(pattern, f"in {named}", AT, UTC_ALONE) is not None


@given(st.integers(0, 99), st.integers(0, 99), st.sampled_from(["", "AM", "PM"]))
def test_a_clock_time_is_within_a_day(hour: int, minute: int, half: str) -> None:
    """A clock time names the next such time, at most a day ahead; what no clock shows is the unnamed limit."""
    found = limited_until(re.compile(r"until (?P<until>.*)"), f"until {hour}:{minute:02} {half}", AT, UTC_ALONE)
    assert found is not None
    assert AT < found <= AT + 86400


@given(st.integers(-(10**9), 10**9))
def test_an_instant_reads_back(milliseconds: int) -> None:
    """What an agent names in RFC 3339 is kept to the millisecond, past or future."""
    at = AT + milliseconds / 1000
    found = limited_until(re.compile(r"until (?P<until>\S+)"), f"until {format_instant(at)}", AT, UTC_ALONE)
    assert found == pytest.approx(at, abs=0.001)


@pytest.mark.parametrize("digit", ["\N{SUPERSCRIPT TWO}", "\N{ARABIC-INDIC DIGIT THREE}"])
def test_a_digit_of_another_script_is_no_crash(digit: str) -> None:
    """Kills: `isdigit` before `float`."""
    assert limited_until(re.compile(r"in (?P<seconds>.*)"), f"in {digit}", AT, UTC_ALONE) is not None


# --- whose clock


def ends(text: str, now: str, zone: str) -> str | None:
    at = parse_instant(now)
    assert at is not None
    found = named_until(text, at, zones_of({"TZ": zone}))
    return None if found is None else format_instant(found)


@pytest.mark.parametrize(
    ("text", "now", "zone", "until"),
    [
        # midnight: its day is not ours
        ("12:15 AM", "2026-11-20T23:10:00Z", "Europe/Berlin", "2026-11-20T23:15:00Z"),
        ("12:05 AM", "2026-11-20T23:10:00Z", "Europe/Berlin", "2026-11-21T23:05:00Z"),
        ("11:55 PM", "2026-11-21T04:50:00Z", "America/Lima", "2026-11-21T04:55:00Z"),
        ("11:55 PM", "2026-11-21T05:00:00Z", "America/Lima", "2026-11-22T04:55:00Z"),
        ("6:34 PM", "2026-11-20T10:00:00Z", "Pacific/Kiritimati", "2026-11-21T04:34:00Z"),
        # the night in which clocks are set forward: a day of 23 hours, before and behind it
        ("6:30 AM", "2026-03-28T22:00:00Z", "Europe/Berlin", "2026-03-29T04:30:00Z"),
        ("1:30 AM", "2026-03-28T22:00:00Z", "Europe/Berlin", "2026-03-29T00:30:00Z"),
        ("9:00 AM", "2026-03-08T06:30:00Z", "America/New_York", "2026-03-08T13:00:00Z"),
        # and back: an hour that is there twice is its next one, first the one and then the other
        ("6:30 AM", "2026-10-24T22:00:00Z", "Europe/Berlin", "2026-10-25T05:30:00Z"),
        ("2:30 AM", "2026-10-25T00:10:00Z", "Europe/Berlin", "2026-10-25T00:30:00Z"),
        ("2:30 AM", "2026-10-25T00:40:00Z", "Europe/Berlin", "2026-10-25T01:30:00Z"),
        ("2:30 AM", "2026-10-25T01:40:00Z", "Europe/Berlin", "2026-10-26T01:30:00Z"),
        # a zone of its own, and a day
        ("4:30pm (Europe/Berlin)", "2026-07-01T10:00:00Z", "America/Lima", "2026-07-01T14:30:00Z"),
        ("5pm (Asia/Kolkata)", "2026-07-01T10:00:00Z", "UTC", "2026-07-01T11:30:00Z"),
        ("Nov 23rd, 2026 4:30 AM", "2026-11-20T10:00:00Z", "Europe/Berlin", "2026-11-23T03:30:00Z"),
        ("Nov 3rd, 2026 4:30 AM", "2026-11-20T10:00:00Z", "UTC", "2026-11-03T04:30:00Z"),
        ("Jan 2, 5pm (Europe/Berlin)", "2026-12-30T10:00:00Z", "UTC", "2027-01-02T16:00:00Z"),
        ("Feb 29 at 5pm", "2026-12-30T10:00:00Z", "UTC", "2028-02-29T17:00:00Z"),
        # what names no instant
        ("5", "2026-07-01T10:00:00Z", "UTC", None),
        ("13:00 PM", "2026-07-01T10:00:00Z", "UTC", None),
        ("Feb 30, 2026 4:30 AM", "2026-07-01T10:00:00Z", "UTC", None),
        ("Foo 3 4:30 AM", "2026-07-01T10:00:00Z", "UTC", None),
        ("4:30pm (Mars/Base)", "2026-07-01T10:00:00Z", "UTC", None),
        ("4:30pm (../etc/passwd)", "2026-07-01T10:00:00Z", "UTC", None),
        ("4:30pm (Europe)", "2026-07-01T10:00:00Z", "UTC", None),
        ("4:30pm", "2026-07-01T10:00:00Z", "Mars/Base", None),
        ("4:30pm", "2026-07-01T10:00:00Z", "/etc/passwd", None),
        ("4:30pm", "2026-07-01T10:00:00Z", "", "2026-07-01T16:30:00Z"),
        ("4:30pm", "2026-07-01T10:00:00Z", ":Europe/Berlin", "2026-07-01T14:30:00Z"),
    ],
)
def test_a_clock_is_that_of_who_says_the_time(text: str, now: str, zone: str, until: str | None) -> None:
    """Around midnight and where clocks are set, in the speaker's zone; what can't be read names nothing.

    Mutants killed: the day is ours; tomorrow is 86,400 s away; the second of two equal hours alone; the zone in
    brackets ignored; a day without a year is this year's."""
    assert ends(text, now, zone) == until


@given(
    st.integers(1_700_000_000, 1_900_000_000),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
    st.integers(60, 86_400),
)
def test_what_a_clock_shows_is_read_back(now: int, zone: str, ahead: int) -> None:
    """A limit's end as an agent shows it, to the minute, is that minute; or an hour before it in the night in which
    clocks are set back, never behind it. Mutants killed: a fixed offset; the offset of now."""
    end = (now + ahead) // 60 * 60
    shown = datetime.fromtimestamp(end, ZoneInfo(zone))
    found = named_until(shown.strftime("%b %d, %Y %I:%M %p"), now, zones_of({"TZ": zone}))
    assert found is not None
    assert found == end or (shown.fold == 1 and found == (end - 1800 if zone == "Australia/Lord_Howe" else end - 3600))
    plain = named_until(shown.strftime("%I:%M %p"), now, zones_of({"TZ": zone}))
    assert plain is not None
    assert now < plain <= end or end <= now


@pytest.mark.parametrize("said", [None, "/usr/share/zoneinfo/Europe/Berlin", ":America/Lima", "UTC", ""])
def test_its_clock_is_that_of_its_machines_programs(said: str | None) -> None:
    """In summer and winter, as `date` has it with the same environment. Mutants killed: a file or a colon in the name
    not known; winter's offset all the year. (A machine that keeps UTC itself can't tell the first case from UTC.)"""
    env = {} if said is None else {"TZ": said}
    local = zones_of(env).local()
    assert local is not None
    for at in (AT, AT + 200 * 86400):
        argv = ["date", "-d", f"@{int(at)}", "+%z"]
        shown = subprocess.run(
            argv, env={**env, "PATH": os.environ["PATH"]}, capture_output=True, check=True, text=True
        )
        assert datetime.fromtimestamp(at, local).strftime("%z") == shown.stdout.strip()


def test_nobody_is_asked_for_a_zone_without_need() -> None:
    """A screen without a clock time reads no file. Mutant killed: the zone is found first."""

    def fails(*_: object) -> None:
        raise AssertionError

    zones = Zones(fails, fails)
    assert named_until("2026-11-20T18:30:00Z", AT, zones) == DAY + 18.5 * 3600
    assert limited_until(SECONDS, "retry in 90", AT, zones) == AT + 90
