"""A recorded history is decided again: what differs, what can't be asked again, and what if."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from board.journal.events import Event, line_record
from board.settings import Backoff, RestartPolicy
from supervisor.case import outcome, record
from supervisor.decide import decide
from supervisor.model import Case, Decision, Hold, Rule, Start
from supervisor.replay import DECISIONS, Replayed, WhatIf, replayed
from tests.boards import NOW, ran
from tests.unit.test_decide import PLAIN, case_of

RESTART = case_of(PLAIN)
HELD = case_of({"resumable": False})
LOOPING = case_of({"run": ran(restarts=[NOW - 500, NOW - 400])})


def line(case: Case, event: str = "decision_made", **more: Any) -> dict[str, Any]:
    """What the supervisor would have told of this case."""
    decision = decide(case)
    told = {**record(case), "rule": str(decision.rule), "outcome": outcome(decision.action, case.now), **more}
    return dict(line_record(Event(event, "t", told), case.now))


def again(*lines: dict[str, Any], **how: Any) -> tuple[list[Replayed], Counter[str]]:
    passed: Counter[str] = Counter()
    return list(replayed(lines, passed, **how)), passed


@pytest.mark.parametrize("case", [RESTART, HELD, LOOPING])
def test_the_same_law_decides_the_same(case: Case) -> None:
    """Nothing differs where nothing changed."""
    found, passed = again(line(case))
    assert [each.differs for each in found] == [False]
    assert not passed


def test_a_changed_law_is_seen() -> None:
    """Another rule, or another deed by the same rule, differs; other words for people don't.

    Mutants seen red: the rule alone compared; the outcome alone compared.
    """

    def another_rule(case: Case) -> Decision:
        return replace(decide(case), rule=Rule.TOO_OFTEN)

    def another_deed(case: Case) -> Decision:
        return replace(decide(case), action=Start(resume=True, counted=False, stale=0))

    def other_words(case: Case) -> Decision:
        return replace(decide(case), why="in other words")

    def another_hold(case: Case) -> Decision:
        return replace(decide(case), action=Hold("somebody"))

    assert again(line(RESTART), law=another_rule)[0][0].differs
    assert again(line(RESTART), law=another_deed)[0][0].differs
    assert not again(line(RESTART), law=other_words)[0][0].differs
    assert not again(line(HELD), law=another_hold)[0][0].differs


def test_what_is_told_of_a_difference() -> None:
    """Then and now, each by rule and deed, with today's words. Mutant seen red: then and now swapped."""
    (found,), _ = again(line(LOOPING, "worker_restarted"), what_if=WhatIf(intensity=2))
    assert (found.task, found.step, found.event) == ("t", "main", "worker_restarted")
    assert (found.rule, found.outcome) == ("restart", "resume, counted")
    assert (found.rule_now, found.outcome_now) == ("too-often", "hold")
    assert found.why == "2 of 2 restarts within 10m are used up"


def test_what_can_not_be_decided_again_is_counted() -> None:
    """Older journals, later versions and damage are told apart; the rest of the history is replayed.

    Mutants seen red: a case of another version decided all the same; damage that ends the walk.
    """
    bare = {key: value for key, value in line(RESTART).items() if not key.startswith("case_")}
    later = line(RESTART, case_v=2)
    odd = [line(RESTART, case_status="odd"), line(RESTART, case_draw="x"), line(RESTART, outcome=None)]
    found, passed = again(line(RESTART), bare, later, *odd, line(HELD))
    assert len(found) == 2
    assert passed == {"without a case": 1, "of another version": 1, "damaged": 3}


def test_what_is_no_decision_is_no_matter() -> None:
    """Deaths, deeds on a person's word and the board's own events are neither decided nor counted."""
    others: list[dict[str, Any]] = [
        {"event": "worker_died", "task": "t"},
        {"event": "worker_stopped", "task": "t", "why": "stopped by a person"},
        {"event": "step_held", "task": "t", "rule": "gated"},
        {"event": 3},
        {},
    ]
    assert again(*others) == ([], Counter())


def test_what_if_changes_what_it_names() -> None:
    """Each override replaces its part of the policy that was in force, and no other."""
    policy = RestartPolicy(5, 60.0, Backoff(1.0, 3.0, 9.0), 2, 7.0)
    assert WhatIf().of(policy) == policy
    assert WhatIf(intensity=0, stale=0).of(policy) == policy._replace(intensity=0, stale=0)
    assert WhatIf(period=1.0).of(policy) == policy._replace(period=1.0)
    assert WhatIf(backoff=0.0).of(policy) == policy._replace(backoff=Backoff(0.0, 1.0, 0.0))


def test_every_decision_of_the_list_is_an_event_that_carries_a_case() -> None:
    """The walk knows the events by name: none of them may lose its case in the journal."""
    for name in DECISIONS:
        assert "dropped_fields" not in line(RESTART, name)
