"""What is done about a worker that lives: nothing, but for what the record says is to be ended."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.model import Ending
from supervisor.activity import BeingEnded, Doing, Looping, Overdue, Stalled, Working
from supervisor.agents.needs import Asking, AtLimit, Failing
from supervisor.model import Alive, Decision, End, Nothing, Rule
from tests.boards import NOW
from tests.unit.test_decide import decided

STALLED = Stalled(NOW - 600, 600)
LOOPING = Looping(NOW - 600, ("trying", "failed"), 12)
ASKING = Asking(NOW - 9, "permission-prompt", "screen", "May I?")
LIMITED, FAILING = AtLimit(NOW - 9, "usage-limit", "screen", NOW), Failing(NOW - 9, "login", "screen", "401")
NEEDS = (ASKING, LIMITED, FAILING)


def about(doing: Doing, **step: Any) -> Decision:
    return decided({"_verdict": Alive(7, "%1", doing), "_grace": 7.0, **step})


@pytest.mark.parametrize("doing", [Working(), STALLED, LOOPING, *NEEDS])
@pytest.mark.parametrize("on_stall", [None, "tell"])
def test_the_living_are_let_be(doing: Doing, on_stall: str | None) -> None:
    """A stall and a loop are told, in the decision's words, and nobody is ended for them. Mutant killed: `tell`
    as `restart`."""
    decision = about(doing, on_stall=on_stall)
    assert (decision.rule, decision.action) == (Rule.ALIVE, Nothing())


def test_what_is_odd_is_said() -> None:
    """The words name what was seen and for how long, or how often; never what the worker wrote."""
    assert about(STALLED).why == "pid 7 lives, but showed neither output nor CPU for 10m"
    assert about(LOOPING).why == "pid 7 lives, but said the same 2 lines at least 12 times in a row"
    assert about(ASKING).why == "pid 7 lives, and waits for an answer (permission-prompt, says its screen)"
    until = "2026-11-20T10:13:00Z"
    assert about(LIMITED).why == f"pid 7 lives, but is at its usage limit until {until} (usage-limit, says its screen)"
    assert about(FAILING).why == "pid 7 lives, but its agent failed (login, says its screen)"
    assert about(Overdue(7200)).why == "pid 7 lives, but its step may run for 2h at most"


@pytest.mark.parametrize(
    ("step", "ends"),
    [
        ({}, True),
        ({"resumable": False}, False),
        ({"gate": "human"}, False),
        ({"resumable": False, "approved": {"step": "main", "by": "alice", "at": "2026-11-20T10:13:00Z"}}, False),
    ],
)
def test_a_stall_ends_only_what_a_machine_may_start_again(step: dict[str, Any], ends: bool) -> None:
    """Whatever `on_stall` says: a step that isn't resumable, or is gated, is only told. Mutants killed: `_may_restart`
    always true; without the gate."""
    action = about(STALLED, on_stall="restart", **step).action
    assert action == (End(7.0, Ending.STALLED) if ends else Nothing())


@pytest.mark.parametrize("resumable", [True, False])
def test_a_runtime_that_is_over_ends_any_worker(resumable: bool) -> None:
    """Whether it may be repeated is for the law to say, after its death."""
    assert about(Overdue(60), resumable=resumable).action == End(7.0, Ending.MAX_RUNTIME)


@pytest.mark.parametrize("ending", list(Ending))
def test_an_ending_that_was_begun_is_carried_out(ending: Ending) -> None:
    """Also of a step of which the permission was taken away meanwhile: the worker may have been told already."""
    assert about(BeingEnded(ending), resumable=False).action == End(7.0, ending)


@pytest.mark.parametrize("doing", NEEDS)
def test_who_needs_a_person_is_never_ended_for_its_silence(doing: Doing) -> None:
    """Also where a stall would be: the answer may be typed this minute. Mutant: asking is a stall."""
    assert about(doing, on_stall="restart", resumable=True).action == Nothing()


@given(st.booleans(), st.sampled_from([None, "tell", "restart"]), st.sampled_from([None, "human"]))
def test_a_loop_ends_nobody(resumable: bool, on_stall: str | None, gate: str | None) -> None:
    """Saying the same is no crime, at whatever step."""
    assert about(LOOPING, resumable=resumable, on_stall=on_stall, gate=gate).action == Nothing()


@pytest.mark.parametrize("doing", [STALLED, Overdue(60), BeingEnded(Ending.STALLED)])
def test_what_goes_before_alive_goes_before_this(doing: Doing) -> None:
    """A task that was called off, or taken by another one, is ended for that reason and is no stall."""
    called_off = about(doing, on_stall="restart", status="cancelled")
    assert (called_off.rule, called_off.action) == (Rule.SETTLED, End(7.0))
    claim = {"by": "alice", "token": 4, "at": "2026-11-20T10:00:00Z", "expires_at": "2026-11-20T12:00:00Z"}
    taken = about(doing, on_stall="restart", claim=claim)
    assert (taken.rule, taken.action) == (Rule.SUPERSEDED, End(0.0))
