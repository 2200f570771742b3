"""When a screen is read: at rest, not at each repaint; twice where it matters; not at all where nothing was written."""

from __future__ import annotations

from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents.schedule import LEAST, Watch, noticed, read


def reads(marks: list[str], *, signals: list[object] | None = None, is_open: bool = False) -> list[int]:
    """The seconds at which the screen is read, with one look a second; the second read of two finds it settled."""
    watch: Watch | None = None
    found: list[int] = []
    opened = False
    for second, mark in enumerate(marks):
        watch = noticed(watch, mark, signals[second] if signals else None, float(second))
        if watch.is_due(float(second)):
            found.append(second)
            opened = is_open and not opened
            watch = read(watch, float(second), is_open=opened)
    return found


def test_a_screen_at_rest_is_read_once() -> None:
    """When it is new to us, and a moment after its last output. Mutants: read at each look; read in between."""
    assert reads(["a", "b", "b", "b", "b", "b", "b", "b"]) == [0, 2]


def test_what_would_be_acted_upon_is_read_twice() -> None:
    """The second time right after the first, though nothing was written. Mutant: the same read counted twice."""
    assert reads(["a", "a", "a", "a", "a", "a"], is_open=True) == [0, 1]


def test_a_screen_that_never_rests_is_read_now_and_then() -> None:
    """Each `RESTLESS` seconds. Mutants: never; at each look."""
    found = reads([str(second) for second in range(31)])
    assert found == [0, 5, 10, 15, 20, 25, 30]


def test_a_bell_or_a_title_is_a_cause_at_once() -> None:
    """As soon as the least pause between two reads allows. Mutant: only output is a cause."""
    assert reads(["a"] * 8, signals=[0, 0, 0, 0, 0, 1, 1, 1]) == [0, 5]
    assert reads(["a"] * 8, signals=[0, 0, 1, 1, 1, 1, 1, 1]) == [0, 2]


def test_an_unread_screen_is_not_unchanged() -> None:
    """Nobody's word on a screen is confirmed that was written to since. Mutant: confirmed all the same."""
    watch = read(noticed(None, "a", None, 0.0), 0.0, is_open=False)
    assert watch.is_unchanged
    assert not noticed(watch, "b", None, 1.0).is_unchanged
    assert not noticed(None, "a", None, 0.0).is_unchanged


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_reads_are_rare_and_the_last_word_is_read(seconds: list[tuple[bool, bool]]) -> None:
    """Two reads are apart by the least pause, and soon after the last output it has been read.

    Mutants: a called screen is read whenever it is called; a pause that nothing ends.
    """
    moves, calls = zip(*seconds, *[(False, False)] * 8, strict=True)
    marks = [str(count) for count in accumulate(moves)]
    found = reads(marks, signals=list(accumulate(calls)))
    assert all(later - earlier >= LEAST for earlier, later in pairwise(found))
    last = max((at for at in range(1, len(marks)) if marks[at] != marks[at - 1]), default=0)
    assert last <= found[-1] <= len(seconds) + LEAST
