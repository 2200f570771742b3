"""The arithmetic of restarting: pauses, tallies, turns."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.model import Run
from board.settings import Backoff, RestartPolicy
from supervisor.policy import JITTER, due_at, next_slot, pause, recent, stale_after

NOW = 1000.0
draws = st.floats(0, 1, exclude_max=True)


def run(**fields: Any) -> Run:
    return Run("main", 1)._replace(**fields)


@pytest.mark.parametrize(("restart", "seconds"), [(1, 2.0), (2, 4.0), (3, 8.0), (8, 256.0), (9, 300.0), (10**9, 300.0)])
def test_the_pause_doubles_up_to_its_cap(restart: int, seconds: float) -> None:
    """`initial * factor ** (n - 1)`, at most `cap`, however high n is. Kills: an exponent off by one, an overflow."""
    assert pause(Backoff(2.0, 2.0, 300.0), restart, 0.0) == seconds


@given(st.integers(1, 1000), draws, st.floats(0, 100), st.floats(1, 10), st.floats(0, 500))
def test_the_pause_is_bounded(restart: int, draw: float, initial: float, factor: float, cap: float) -> None:
    """Never negative, and never more than a tenth above the cap."""
    assert 0 <= pause(Backoff(initial, factor, cap), restart, draw) <= cap * (1 + JITTER)


@given(st.integers(1, 12), draws)
def test_the_draw_adds_a_tenth_at_most(restart: int, draw: float) -> None:
    """Kills: a draw that can shorten the pause."""
    plain = pause(Backoff(), restart, 0.0)
    assert plain <= pause(Backoff(), restart, draw) <= plain * 1.1


@pytest.mark.parametrize("restart", [1, 5, 10**6])
def test_backoff_0_is_no_pause(restart: int) -> None:
    """Zero means zero, however often."""
    assert pause(Backoff(0.0, 2.0, 300.0), restart, 0.9) == 0.0


def test_restarts_count_for_a_whole_period() -> None:
    """One that lies exactly `period` back counts no more. Kills: `<=`."""
    policy = RestartPolicy(period=100.0)
    assert recent(run(restarts=(899.9, 900.0, 900.1, 1000.0)), policy, NOW) == (900.1, 1000.0)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=60), st.integers(0, 5), st.floats(1, 200))
def test_no_period_holds_more_than_the_intensity(gaps: list[float], intensity: int, period: float) -> None:
    """Restarting whenever the tally allows never puts more than `intensity` restarts into any window of one period."""
    policy, now = RestartPolicy(intensity=intensity, period=period), NOW
    tally, made = run(), []
    for gap in gaps:
        now += gap
        left = recent(tally, policy, now)
        if len(left) < intensity:
            tally = tally._replace(restarts=(*left, now))
            made.append(now)
    assert all(sum(1 for at in made if end - period < at <= end) <= intensity for end in made)


def test_the_pause_grows_with_the_restarts_that_still_count() -> None:
    """A quiet period brings the pause back to its beginning; it counts from the death."""
    policy = RestartPolicy(period=100.0, backoff=Backoff(2.0, 2.0, 300.0))
    assert due_at(run(), policy, 990.0, NOW, 0.0) == 992.0
    assert due_at(run(restarts=(950.0, 960.0)), policy, 990.0, NOW, 0.0) == 998.0
    assert due_at(run(restarts=(800.0, 810.0)), policy, 990.0, NOW, 0.0) == 992.0


def test_progress_clears_the_stale_tally_and_its_lack_adds_one() -> None:
    """This death is counted in."""
    assert stale_after(run(stale=4), progressed=True) == 0
    assert stale_after(run(stale=4), progressed=False) == 5
    assert stale_after(run(), progressed=False) == 1


def test_turns_are_spaced_from_the_first_on() -> None:
    """The first task comes back at once, each later one `spacing` after the one before."""
    policy = RestartPolicy(spacing=1.5)
    assert [next_slot(NOW, place, policy) for place in range(3)] == [1000.0, 1001.5, 1003.0]


def test_a_clock_that_was_set_back_holds_nobody_for_so_long() -> None:
    """A death an hour ahead has no pause, a moment ahead it has; the restarts that lie ahead still count.
    Mutants killed: an hour waited for; any instant ahead taken for a clock that was set."""
    policy = RestartPolicy(backoff=Backoff(2.0, 2.0, 300.0), period=100.0)
    ahead = run(restarts=(NOW + 3590.0, NOW + 3595.0))
    assert due_at(ahead, policy, NOW + 3600.0, NOW, 0.0) == NOW
    assert len(recent(ahead, policy, NOW)) == 2
    assert due_at(run(), policy, NOW + 0.5, NOW, 0.0) == NOW + 2.5
