"""What glimpses of a live worker come to: when it moves, when it is quiet, what is a loop and what only looks so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.activity import (
    LONGEST_BLOCK,
    LOOKS,
    MANY,
    TAIL,
    Activity,
    Block,
    Glimpse,
    Looping,
    Stalled,
    Working,
    doing_of,
    follow,
    repeated,
)
from tests.boards import NOW

LIMIT = 60.0
PAUSE = LIMIT / LOOKS
WORKER, CHILD, OTHER = (70, 1), (71, 5), (71, 9)
LOOP = Block(("retrying", "connection refused"), 9)


def glimpses(count: int, **fields: Any) -> list[Glimpse]:
    """One each `PAUSE`; a field that is a list has a value for each glimpse, any other stays as it is."""
    still: dict[str, Any] = {"output": "0/0/0/7", "cpu": {WORKER: 1.0}}
    made = []
    for number in range(count):
        given = {key: value[number] if isinstance(value, list) else value for key, value in {**still, **fields}.items()}
        made.append(Glimpse(number * PAUSE, NOW + number * PAUSE, **given))
    return made


def followed(seen: Iterable[Glimpse]) -> Activity:
    activity = None
    for each in seen:
        activity = follow(activity, each)
    assert activity is not None
    return activity


def doing(seen: Iterable[Glimpse], limit: float = LIMIT) -> Working | Stalled | Looping:
    return doing_of(followed(seen), limit)


# --- quiet


def test_neither_output_nor_cpu_for_so_long_is_a_stall() -> None:
    """It begins at the first glimpse and is one at the very instant that makes it so."""
    assert doing(glimpses(LOOKS)) == Working()
    assert doing(glimpses(LOOKS + 1)) == Stalled(NOW, LIMIT)


@pytest.mark.parametrize(
    "fields",
    [
        {"output": [f"0/0/0/{second}" for second in range(9)]},
        {"cpu": [{WORKER: 1.0 + second} for second in range(9)]},
        {"cpu": [{WORKER: 1.0, CHILD: float(second)} for second in range(9)]},
        {"cpu": [{WORKER: 1.0, (80 + second, 1): 1.0} for second in range(9)]},
        {"signals": list(range(9))},
    ],
    ids=["output", "cpu", "a child's cpu", "children that come and go", "its agent's hooks"],
)
def test_any_of_them_is_life(fields: dict[str, Any]) -> None:
    """A worker that computes in silence, talks without effort, or whose agent says something of itself, moves. Mutants
    killed: «and» for «or» between two of them; signals that don't count; the worker's own process alone counted; a
    new process without a look before taken for idle."""
    assert doing(glimpses(9, **fields)) == Working()


def test_a_last_sign_begins_it_anew() -> None:
    """What moved once is quiet from then on, not from the beginning. Mutant killed: quiet since the first glimpse."""
    seen = glimpses(LOOKS + 3, output=["a", "a", "b", *"bbbb"])
    assert doing(seen[:-1]) == Working()
    assert doing(seen) == Stalled(NOW + 2 * PAUSE, LIMIT)


def test_an_idle_programs_timers_are_no_work() -> None:
    """Less than a thousandth of a core is no life; more is."""
    idle = [{WORKER: 1.0 + number * PAUSE * 0.0009} for number in range(9)]
    busy = [{WORKER: 1.0 + number * PAUSE * 0.0011} for number in range(9)]
    assert isinstance(doing(glimpses(9, cpu=idle)), Stalled)
    assert doing(glimpses(9, cpu=busy)) == Working()


@pytest.mark.parametrize(
    "cpu", [[{WORKER: 1.0, CHILD: 5.0}, {WORKER: 1.0}], [{WORKER: 1.0, CHILD: 5.0}, {WORKER: 1.0, OTHER: 0.0}]]
)
def test_a_pid_that_came_back_takes_nothing_away(cpu: list[Mapping[tuple[int, int], float]]) -> None:
    """Who ended, or was replaced under its pid, takes no time with it that would hide another's work.
    Mutant killed: processes told apart by their pid alone."""
    work = [{**cpu[0], (9, 9): 1.0}, {**cpu[1], (9, 9): 2.0}]
    assert followed(glimpses(2, cpu=work)).quiet_for == 0
    assert followed(glimpses(2, cpu=cpu)).quiet_for == PAUSE


def test_a_failed_look_neither_makes_nor_breaks_a_stall() -> None:
    """Between two glimpses that tell the same nothing has moved; the time after the last one counts for nothing.
    Mutant killed: quiet until now instead of until the latest glimpse."""
    first, *_, last = glimpses(LOOKS + 1)
    assert doing([first, last]) == Stalled(NOW, LIMIT)
    assert doing([first]) == Working()


def test_a_clock_that_jumps_makes_no_stall() -> None:
    """Wall time may leap either way: it is for people's eyes. Mutant killed: `at` counted instead of `clock`."""
    first, second = glimpses(2)
    for leap in (-1e6, 1e6):
        jumped = Glimpse(second.clock, second.at + leap, second.output, second.cpu)
        assert doing([first, jumped]) == Working()
    late = glimpses(LOOKS + 1)[-1]
    assert isinstance(doing([first, Glimpse(late.clock, NOW - 1e6, late.output, late.cpu)]), Stalled)


def test_never_is_never() -> None:
    """A limit of 0, or nothing followed, makes no stall and no loop. Mutant killed: `>=` without a look at 0."""
    assert doing(glimpses(99), 0.0) == Working()
    assert doing(glimpses(99, block=LOOP, output=[str(number) for number in range(99)]), 0.0) == Working()
    assert doing_of(None, LIMIT) == Working()


# --- loops


def looping(count: int = LOOKS + 1, **fields: Any) -> list[Glimpse]:
    moves = {"output": [f"{number}/0/0/7" for number in range(count)], "block": LOOP, "progress": "none"}
    return glimpses(count, **{**moves, **fields})


def test_the_same_again_and_again_is_a_loop() -> None:
    """For as long as makes a stall the new output always ended in the same block, without any progress."""
    assert doing(looping()) == Looping(NOW, LOOP.lines, LOOP.times)
    assert doing(looping(LOOKS)) == Working()


@pytest.mark.parametrize(
    "fields",
    [
        {"progress": ["a", "a", "b", "b", "b"]},
        {"block": [LOOP, LOOP, None, LOOP, LOOP]},
        {"block": [LOOP, LOOP, Block(("another",), 9), LOOP, LOOP]},
        {"output": ["a", "a", "a", "a", "b"]},
    ],
    ids=["progress", "other output between", "another block between", "it was said once, long ago"],
)
def test_what_moves_on_is_no_loop(fields: dict[str, Any]) -> None:
    """Mutants killed: progress ignored; a loop that survives other output; old output that repeats, taken for new."""
    busy = [{WORKER: float(number)} for number in range(LOOKS + 1)]
    assert doing(looping(cpu=busy, **fields)) == Working()


def test_a_loop_that_falls_silent_is_a_stall() -> None:
    """Once nothing is said any more, that is what is told."""
    seen = looping(2 * LOOKS + 2, output=[str(min(number, LOOKS)) for number in range(2 * LOOKS + 2)])
    assert isinstance(doing(seen[: LOOKS + 1]), Looping)
    assert isinstance(doing(seen), Stalled)


# --- what an output ends in


def test_a_block_is_found_wherever_the_output_was_cut() -> None:
    """Any phase of the same lines is the same block, also with a half written last line. Mutant killed: `_turned`."""
    text = ["start", *(["alpha", "beta", "gamma"] * 9)]
    found = {repeated(text[:cut]) for cut in (26, 27, 28)}
    found.add(repeated([*text, "alp"]))
    assert {block.lines for block in found if block} == {("alpha", "beta", "gamma")}
    assert None not in found


@pytest.mark.parametrize(
    ("lines", "block"),
    [
        (["boom"] * MANY, ("boom",)),
        (["boom"] * (MANY - 2), None),
        (["ab"] * 40, None),
        (["...."] * 40, None),
        ([], None),
        (["", ""] * 40, None),
        (["one long block", *map(str, range(LONGEST_BLOCK - 1))] * MANY, "itself"),
        (["one long block", *map(str, range(LONGEST_BLOCK))] * MANY, None),
    ],
)
def test_a_block_has_a_word_a_size_and_a_number(lines: list[str], block: tuple[str, ...] | str | None) -> None:
    """Four times or more, at most fifty lines, and a word in it."""
    found = repeated(lines)
    assert (found is None) == (block is None)
    if found is not None and block != "itself":
        assert (found.lines, found.times) == (block, len(lines))


FALSE = {
    "a progress bar": [f"[{'#' * (number % 40):40}] {number} %" for number in range(200)],
    "a progress bar on one line": ["Downloading the world", "[####      ] 40 %"],
    "a runner's dots": ["running the tests", "." * 1900],
    "a runner's dots, a line each": ["running the tests", *["."] * 190],
    "a runner's rows of dots": [f"tests/unit/test_it.py {'.' * 60} [{number} %]" for number in range(100)],
    "a runner's names": [f"PASSED tests/test_it.py::test_{number}" for number in range(200)],
    "a counter": [f"attempt {number}: connection refused" for number in range(200)],
    "a clock": [line for second in range(60) for line in (f"12:00:{second:02}", "3 pods are running", "")],
    "a spinner": ["Working", "⠋ thinking"],
    "a table's empty rows": ["name  state", *["|     |     |"] * 60],
    "an editor's tildes": ["the file", *["~"] * 60],
    "twice the same, and something else": ["boom"] * 3 + ["mended"],
}


@pytest.mark.parametrize("name", FALSE)
def test_what_only_looks_like_a_loop(name: str) -> None:
    """Output that is alike and not the same. Mutants killed: no word asked for; two repetitions taken for a loop."""
    assert repeated(FALSE[name][-TAIL:]) is None


@given(st.lists(st.sampled_from(["alpha", "beta", "...", "12", ""]), max_size=TAIL))
def test_a_found_block_really_stands_there(lines: list[str]) -> None:
    """Whatever the output: the block's lines are its last ones, so many times over, but for one half line."""
    block = repeated(lines)
    if block is None:
        return
    size, turns = len(block.lines), [block.lines[at:] + block.lines[:at] for at in range(len(block.lines))]
    tails = [tuple(end[-size * block.times :]) for end in (lines, lines[:-1])]
    assert any(turn * block.times in tails for turn in turns)
    assert block.times >= MANY
