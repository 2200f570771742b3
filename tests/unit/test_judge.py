"""From a look to a verdict: only proof makes `Dead`, and only of the attempt that the record is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.model import Ending, Task
from supervisor.activity import Activity, BeingEnded, Doing, Glimpse, Overdue, Stalled, Working, follow
from supervisor.agents.needs import Asking
from supervisor.judge import attempt_of, judge, read_exit
from supervisor.model import (
    Absent,
    Alive,
    Attempt,
    Dead,
    Exit,
    Lingering,
    Observation,
    Source,
    Sure,
    Unknown,
    Verdict,
    read_mark,
)
from tests.boards import HOME, NOW, claimed, ran, task

STEPS = [{"id": "one", "run": "true"}, {"id": "two", "run": "true"}]
NOW_RUNNING = Attempt(HOME, "t", 3, 2)


def working(**record: Any) -> Task:
    given_keys = {"steps": STEPS, "step": "one", "status": "in_progress", "claim": claimed(), "run": ran("one", 2)}
    return task(**{key: value for key, value in {**given_keys, **record}.items() if value is not None})


def seen(**fields: Any) -> Observation:
    """A look at a pane that is dead with a process that is gone, unless said otherwise."""
    gone = {"listed": True, "pane": "%7", "pane_is_dead": True, "pid": 70, "process_lives": False, "ended": Exit(1)}
    return Observation(at=NOW, source=Source.TMUX, **{**gone, **fields})


def verdict(**fields: Any) -> Verdict:
    return judge(working(), NOW_RUNNING, seen(**fields))


# --- whose attempt


def test_the_latest_attempt_is_told_by_the_record() -> None:
    """Home, task, the grant's token and the attempt's number; a released claim is remembered by its token."""
    assert attempt_of(working(), HOME) == NOW_RUNNING
    assert attempt_of(working(claim=None, status="todo", last_token=3), HOME) == NOW_RUNNING


def test_an_attempt_without_a_token_is_nobodys() -> None:
    """A record that says started and remembers no token is still an attempt to look for: it can't be waited on forever.
    Mutant: no attempt at all."""
    assert attempt_of(working(claim=None), HOME) == replace(NOW_RUNNING, token=0)


@pytest.mark.parametrize("change", [{"run": None}, {"run": {"step": "one"}}, {"step": "two"}])
def test_no_attempt_is_on_record(change: dict[str, Any]) -> None:
    """A step that wasn't started, or that nobody was ever granted, has no attempt."""
    assert attempt_of(working(**change), HOME) is None


@given(st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True), st.integers(1, 10**9), st.integers(1, 10**6))
def test_a_mark_reads_back(name: str, token: int, number: int) -> None:
    """The mark on a pane names its attempt and no other."""
    attempt = Attempt("crew-1a2b", name, token, number)
    assert read_mark(attempt.mark) == attempt


@pytest.mark.parametrize("mark", [None, "", "t.3.1", "crew/t.3", "crew/t.3.x", "crew/t.3.1.2", "a/b/t.3.1"])
def test_another_ones_mark_is_no_attempt(mark: str | None) -> None:
    """What we didn't write on a pane is not taken for ours."""
    assert read_mark(mark) is None


# --- proof


def test_a_process_that_is_gone_with_all_that_it_started_is_dead() -> None:
    """The proof: it does not live, and nothing with its mark does."""
    assert verdict() == Dead(Exit(1), NOW)
    assert verdict(process_lives=None) == Dead(Exit(1), NOW)  # tmux says that the pane's process is dead


DOUBTS: list[dict[str, Any]] = [
    {"listed": False, "problem": "timed out"},
    {"listed": False, "process_lives": True},
    {"process_lives": None, "pane_is_dead": False},
    {"process_lives": None, "pane": None, "pane_is_dead": False},
    {"process_lives": None, "pane": None, "listed": False, "server_gone": True},
    {"others": None},
    {"others": None, "pane": None, "server_gone": True},
]


@pytest.mark.parametrize("fields", DOUBTS)
def test_a_failed_look_is_unknown(fields: dict[str, Any]) -> None:
    """A look that failed says nothing, whatever else it seems to say. Kills: «not listed» or None taken for gone."""
    found = verdict(**fields)
    assert isinstance(found, Unknown)
    assert found.why


def test_a_worker_in_its_pane_is_alive() -> None:
    """Who lives in a pane that we can see is let be."""
    assert verdict(process_lives=True, pane_is_dead=False) == Alive(70, "%7")


@pytest.mark.parametrize("fields", [{"listed": True}, {"listed": False, "server_gone": True}])
def test_a_worker_without_a_pane_lingers(fields: dict[str, Any]) -> None:
    """A process that outlived its pane or its server is neither alive nor dead: it has to be ended first.

    Kills: an orphan taken for dead.
    """
    assert verdict(process_lives=True, pane=None, pane_is_dead=False, **fields) == Lingering(1)


def test_what_a_dead_worker_started_lingers() -> None:
    """Nothing is restarted beside children of the attempt before."""
    assert verdict(others=2) == Lingering(2)


# --- what a live one does

LIVES: dict[str, Any] = {"process_lives": True, "pane_is_dead": False}


def quiet(span: float) -> Activity:
    first = Glimpse(0.0, NOW - span, "", {})
    return follow(Activity(first, first, first), Glimpse(span, NOW, "", {}))


def alive_doing(stall_after: float = 0.0, attempt: Attempt = NOW_RUNNING, /, **given: Any) -> Doing:
    """Fields of the look, and keys of the step beginning with an underscore."""
    step = {key[1:]: value for key, value in given.items() if key.startswith("_")}
    fields = {key: value for key, value in given.items() if not key.startswith("_")}
    record = working(steps=[{**STEPS[0], **step}, STEPS[1]], run=ran("one", 2, **fields.pop("run", {})))
    found = judge(record, attempt, seen(**LIVES, **fields), stall_after)
    assert isinstance(found, Alive)
    return found.doing


def test_a_stall_is_the_steps_the_tasks_or_the_boards() -> None:
    """The nearest word counts, and 0 is a word. Mutant killed: `or` for «unless None»."""
    hangs = {"activity": quiet(60)}
    assert alive_doing(60, **hangs) == Stalled(NOW - 60, 60)
    assert alive_doing(61, **hangs) == Working()
    assert alive_doing(0, **hangs) == Working()
    assert alive_doing(61, _stall_after="1m", **hangs) == Stalled(NOW - 60, 60)
    assert alive_doing(60, _stall_after=0, **hangs) == Working()
    assert alive_doing(60, _stall_after="2m", **hangs) == Working()


def test_a_runtime_is_over_at_its_very_end() -> None:
    """By the worker's own age alone; what can't be told, and 0, end nobody. Mutants killed: None or 0 as a limit."""
    assert alive_doing(_max_runtime="1m", ran_for=60.0) == Overdue(60)
    assert alive_doing(_max_runtime="1m", ran_for=59.9) == Working()
    assert alive_doing(_max_runtime="1m", ran_for=None) == Working()
    assert alive_doing(_max_runtime=0, ran_for=1e9) == Working()
    assert alive_doing(ran_for=1e9) == Working()


def test_who_waits_for_an_answer_is_no_stall() -> None:
    """It is silent, and must not be ended for that. Mutant: a stall goes before a need."""
    asks = Asking(NOW - 60, "permission-prompt", "screen", "May I?")
    assert alive_doing(60, activity=quiet(60), need=asks) == asks
    assert alive_doing(_max_runtime="1m", ran_for=60.0, need=asks) == Overdue(60)


def test_over_time_goes_before_a_stall_and_what_was_begun_before_all() -> None:
    """Whom we began to end is being ended, whatever it does by now."""
    all_of_it = {"_max_runtime": "1m", "ran_for": 99.0, "activity": quiet(60)}
    assert alive_doing(60, **all_of_it) == Overdue(60)
    assert alive_doing(60, run={"ending": "stalled"}, **all_of_it) == BeingEnded(Ending.STALLED)
    assert alive_doing(run={"ending": "max_runtime"}) == BeingEnded(Ending.MAX_RUNTIME)


@pytest.mark.parametrize("attempt", [Attempt(HOME, "t", 2, 2), Attempt(HOME, "t", 3, 1)])
def test_an_earlier_workers_doings_are_not_this_attempts(attempt: Attempt) -> None:
    """Neither its age nor its silence is held against the record's own. Mutant killed: `is_latest` dropped."""
    assert alive_doing(60, attempt, _max_runtime="1m", ran_for=99.0, activity=quiet(60)) == Working()


@pytest.mark.parametrize("ended", [Exit(0), Exit(143), Exit(signal=15), Exit(), None])
def test_whom_we_ended_had_no_success(ended: Exit | None) -> None:
    """Its exit stays as evidence, and the reason is ours. Mutant killed: exit 0 taken at its word."""
    found = judge(working(run=ran("one", 2, ending="max_runtime")), NOW_RUNNING, seen(ended=ended))
    assert isinstance(found, Dead)
    assert not found.exit.is_success
    assert found.exit.words() == "max_runtime"
    assert (found.exit.status, found.exit.signal) == ((ended or Exit()).status, (ended or Exit()).signal)


@pytest.mark.parametrize(
    ("fields", "sure"),
    [
        ({}, Sure.PROVED),
        (LIVES, Sure.PROVED),
        ({"process_lives": None}, Sure.LIKELY),
        ({"process_lives": None, "pane_is_dead": False}, Sure.DOUBTFUL),
        ({"others": None}, Sure.DOUBTFUL),
        ({"listed": False, "process_lives": None, "pane_is_dead": False}, Sure.DOUBTFUL),
    ],
)
def test_a_look_says_how_sure_it_is(fields: dict[str, Any], sure: Sure) -> None:
    """Proved is the kernel's word on that very process and on all that it started; tmux's own is likely."""
    assert seen(**fields).sure is sure


observations = st.builds(
    Observation,
    at=st.just(NOW),
    source=st.sampled_from(Source),
    listed=st.booleans(),
    pane=st.sampled_from([None, "%7"]),
    pane_is_dead=st.booleans(),
    pid=st.sampled_from([None, 70]),
    process_lives=st.sampled_from([None, True, False]),
    others=st.sampled_from([None, 0, 1]),
    ended=st.sampled_from([None, Exit(), Exit(0), Exit(signal=9)]),
    server_gone=st.booleans(),
)


@given(observations)
def test_dead_is_always_proved(observed: Observation) -> None:
    """Of all looks there are: whoever is called dead does not live, and every part of the look succeeded.

    Kills: each single condition taken out of the verdict.
    """
    if isinstance(judge(working(), NOW_RUNNING, observed), Dead):
        assert observed.process_lives is False or (observed.pane_is_dead and observed.process_lives is None)
        assert observed.others == 0
        assert observed.listed or observed.server_gone


@given(observations, st.integers(1, 4), st.integers(1, 3))
def test_only_the_records_own_attempt_can_be_dead(observed: Observation, token: int, number: int) -> None:
    """How any other attempt ended decides nothing. Kills: the comparison with `attempt_of` dropped."""
    attempt = Attempt(HOME, "t", token, number)
    if attempt != NOW_RUNNING:
        assert not isinstance(judge(working(), attempt, observed), Dead)


def test_nothing_seen_is_nothing_to_judge() -> None:
    """A task without an attempt, or without a look, is neither dead nor doubtful."""
    assert judge(working(), None, seen()) == Absent()
    assert judge(working(), NOW_RUNNING, None) == Absent()


def test_an_earlier_steps_pane_never_settles_this_step() -> None:
    """Step one's dead pane, exit 0, still stands there while step two is current: it means nothing to step two.

    Kills: `attempt != attempt_of(...)` dropped.
    """
    exit_0 = seen(ended=Exit(0))
    assert judge(working(step="two"), NOW_RUNNING, exit_0) == Absent()
    assert judge(working(step="two", claim=claimed(token=4), run=ran("two", 1)), NOW_RUNNING, exit_0) == Absent()


def test_an_earlier_worker_that_lives_is_seen() -> None:
    """As long as it lives it matters, whichever step it worked on: it has to be ended."""
    lives = seen(process_lives=True, pane_is_dead=False)
    assert judge(working(step="two"), NOW_RUNNING, lives) == Alive(70, "%7")
    assert judge(working(claim=claimed(token=9)), NOW_RUNNING, lives) == Alive(70, "%7")


# --- how it ended


def exit_of(record: dict[str, Any] | None = None, **fields: Any) -> Exit:
    found = judge(working(**(record or {})), NOW_RUNNING, seen(**fields))
    assert isinstance(found, Dead)
    return found.exit


def test_a_lost_exit_stays_lost() -> None:
    """tmux says dead and no more: nobody can tell, and that is no success. Kills: a lost exit as 0."""
    assert exit_of(ended=Exit()) == Exit()
    assert exit_of(ended=None) == Exit()
    assert not Exit().is_success


def test_the_seen_exit_goes_before_the_recorded_one() -> None:
    """What the pane says is nearer than what was written; what it can't say is taken from the record."""
    noted = {"run": ran("one", 2, ended_at=NOW - 9, last_exit="signal 15")}
    assert exit_of(noted, ended=Exit(7)) == Exit(7)
    assert exit_of(noted, ended=Exit()) == Exit(signal=15)
    assert exit_of(noted, ended=None, pane=None) == Exit(signal=15)


def test_the_exit_of_the_attempt_before_is_not_this_ones() -> None:
    """`last_exit` without `ended_at` tells of the attempt before. Kills: reading it without its instant."""
    assert exit_of({"run": ran("one", 2, last_exit="exit 0")}, ended=None) == Exit()


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"pane": None}, "pane gone"),
        ({"pane": None, "server_gone": True}, "tmux server gone"),
        ({"pane": None, "listed": False, "server_gone": True}, "tmux server gone"),
    ],
)
def test_a_vanished_pane_is_a_cause_of_its_own(fields: dict[str, Any], cause: str) -> None:
    """Where no exit can be known, what vanished is said instead; it is no success."""
    found = exit_of(ended=None, **fields)
    assert found == Exit(cause=cause)
    assert not found.is_success


exits = st.one_of(
    st.just(Exit()),
    st.builds(Exit, status=st.integers(0, 255)),
    st.builds(Exit, signal=st.integers(1, 64)),
    st.sampled_from(["pane gone", "tmux server gone", "stopped by a person"]).map(lambda cause: Exit(cause=cause)),
)


@given(exits)
def test_a_recorded_exit_reads_back(ended: Exit) -> None:
    """What was written of a death is what is read of it. Kills: `exit unknown` as a cause, a signal as a status."""
    assert read_exit(ended.words()) == ended


@given(st.one_of(st.text(max_size=20), st.from_regex(r"(exit|signal) \w{1,4}", fullmatch=True)))
def test_whatever_stands_there_is_read(words: str) -> None:
    """A record that a person wrote is a cause in their words, never a crash and never a success but for `exit 0`."""
    found = read_exit(words)
    assert not found.is_success or (words.startswith("exit ") and int(words.split()[1]) == 0)
    assert found.cause is None or found.words() == words


@pytest.mark.parametrize("cause", [None, "pane gone"])
@pytest.mark.parametrize("signal", [None, 9])
@pytest.mark.parametrize("status", [None, 0, 1])
def test_success_is_exit_0_alone(status: int | None, signal: int | None, cause: str | None) -> None:
    """Kills: a signal or a cause overlooked beside a status of 0, and None read as 0."""
    assert Exit(status, signal, cause).is_success == ((status, signal, cause) == (0, None, None))
