"""Instants and spans: what people may write, what we write, and that both mean the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.instants import format_instant, format_span, parse_instant, parse_span


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("30s", 30),
        ("10m", 600),
        ("2h", 7200),
        ("1d", 86400),
        ("100ms", 0.1),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("0s", 0),
    ],
)
def test_spans_people_write(text: str, seconds: float) -> None:
    """Units are named; only nothing at all needs none."""
    assert parse_span(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "10", "-1s", "1 h", " 1h", "1h ", "1w", "h", "1h-", "1h 30m", "ten", "1H", "1.h", "0.5"]
)
def test_what_is_no_span(text: str) -> None:
    """A number without a unit isn't guessed at: None, never zero. Mutant killed: the rest behind a match ignored."""
    assert parse_span(text) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *[
            (0, "0ms"),
            (0.25, "250ms"),
            (1, "1s"),
            (59.9, "59s"),
            (60, "1m"),
            (200, "3m20s"),
            (3600, "1h"),
            (7500, "2h05m"),
        ],
        *[(86400, "1d"), (90000, "1d01h"), (-5, "-5s"), (-7500, "-2h05m")],
    ],
)
def test_spans_as_people_read_them(seconds: float, text: str) -> None:
    """Two units are enough."""
    assert format_span(seconds) == text


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-20T10:00:00Z", 1795168800),
        ("2026-11-20T10:00:00", 1795168800),
        ("2026-11-20 10:00:00Z", 1795168800),
        ("2026-11-20t10:00:00z", 1795168800),
        ("2026-11-20T12:00:00+02:00", 1795168800),
        ("2026-11-20T04:30:00-0530", 1795168800),
        ("2026-11-20T10:00:00.125Z", 1795168800.125),
    ],
)
def test_instants_people_write(text: str, at: float) -> None:
    """Any RFC 3339 zone; none at all is UTC."""
    assert parse_instant(text) == pytest.approx(at, abs=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        *["", "now", "2026-11-20", "1795168800", "2026-11-20T10:00"],
        *["2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-20T25:00:00Z", "0000-01-01T00:00:00Z"],
    ],
)
def test_what_is_no_instant(text: str) -> None:
    """None is «could not tell»; no day is made up."""
    assert parse_instant(text) is None


@given(st.integers(0, 4_000_000_000_000))
def test_what_we_write_we_read(milliseconds: int) -> None:
    """To the millisecond, always in UTC, and shorter where that is zero."""
    text = format_instant(milliseconds / 1000)
    assert text.endswith("Z")
    assert ("." in text) == (milliseconds % 1000 != 0)
    found = parse_instant(text)
    assert found is not None
    assert round(found * 1000) == milliseconds


@given(st.integers(0, 4_000_000_000), st.integers(0, 4_000_000_000))
def test_their_texts_sort_as_they_do(first: int, second: int) -> None:
    """People sort and compare them with ordinary tools."""
    assert (format_instant(first) < format_instant(second)) == (first < second)
