"""A case goes into the journal and comes back: the law says of what is read the same as of what was seen."""

from __future__ import annotations

import json
from dataclasses import fields as dataclass_fields
from typing import Any

import orjson
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from board.instants import format_instant
from board.journal.events import Event, line_record
from board.journal.kinds import EVENTS
from board.journal.redact import Redactor
from board.model import Approval, Checkpoint, Claim, Ending, Run, Status, Step, Task
from board.settings import Backoff, RestartPolicy
from supervisor.activity import BeingEnded, Doing, Looping, Overdue, Stalled, Working
from supervisor.agents.needs import Asking, AtLimit, Failing
from supervisor.case import outcome, record
from supervisor.decide import STOPPED, decide
from supervisor.model import (
    Absent,
    Alive,
    Attempt,
    Case,
    Dead,
    Decision,
    End,
    Exit,
    Hold,
    Lingering,
    Look,
    Nothing,
    Rule,
    Settle,
    Start,
    Unknown,
    Unseen,
    Verdict,
    Wait,
)
from supervisor.recall import ANOTHER, DOUBT, DRIFTED, SOMETHING, US, case_of
from tests.boards import NOW, claimed, ran, task

REDACTOR = Redactor(home="/home/dev", user="dev", host="box", key=b"k", known={"TOKEN": "a-very-secret-value"})
SEARCH = settings(max_examples=20_000, phases=[Phase.generate], database=None, derandomize=True)
DECISIONS = ("decision_made", "worker_started", "worker_restarted", "step_settled", "worker_stopped")

# --- the whole space; `plain` texts are those that stand for texts in the journal

spans = st.one_of(st.sampled_from([0.0, 0.001, 0.5, 10.0, 600.0]), st.floats(0, 1e7))
instants = spans.map(lambda span: NOW - span)
exits = st.one_of(
    st.builds(Exit, status=st.sampled_from([0, 1, 255])),
    st.builds(Exit, signal=st.sampled_from([9, 15])),
    st.builds(Exit, cause=st.sampled_from([STOPPED, "tmux server gone", "pane gone", "not started: no pane"])),
    st.just(Exit()),
)


words, sources = st.sampled_from(["permission-prompt", "input-box"]), st.sampled_from(["screen", "file"])
doings: st.SearchStrategy[Doing] = st.one_of(
    st.just(Working()),
    st.builds(Stalled, instants, spans),
    st.builds(Looping, instants, st.lists(st.text(), min_size=1, max_size=50).map(tuple), st.integers(4, 99)),
    st.builds(Overdue, spans),
    st.builds(Asking, instants, words, sources, st.text()),
    st.builds(AtLimit, instants, words, sources, st.none() | instants),
    st.builds(Failing, instants, words, sources, st.text()),
    st.builds(BeingEnded, st.sampled_from(Ending)),
)


def verdicts(doubts: st.SearchStrategy[str]) -> st.SearchStrategy[Verdict]:
    return st.one_of(
        st.just(Absent()),
        st.builds(Alive, st.none() | st.integers(1, 9999), st.just("%1"), doings),
        st.builds(Lingering, st.integers(1, 9)),
        st.builds(Dead, exits, instants),
        st.builds(Unknown, doubts),
    )


runs = st.fixed_dictionaries(
    {},
    optional={
        "stale": st.integers(0, 4),
        "restarts": st.lists(instants, max_size=5),
        "ended_at": instants,
        "token": st.integers(1, 4),
        "last_exit": exits.map(Exit.words),
        "progressed": st.just(True),
    },
)


@st.composite
def tasks(draw: st.DrawFn, done_if: str, holders: tuple[str, ...]) -> Task:
    """A record as a board may hold it, read by the board's own reader."""
    step = {
        **draw(st.sampled_from([{"prompt": "work"}, {"run": "work"}])),
        "id": "one",
        **({"resumable": True} if draw(st.booleans()) else {}),
        **({"gate": "human"} if draw(st.booleans()) else {}),
        **({"on_stall": "restart"} if draw(st.booleans()) else {}),
        **({"done_if": done_if} if draw(st.booleans()) else {}),
    }
    said: dict[str, Any] = {"status": str(draw(st.sampled_from(Status))), "steps": [step, {"id": "two", "run": "true"}]}
    if draw(st.booleans()):
        said["claim"] = claimed(draw(st.sampled_from(holders)), draw(st.integers(1, 4)))
    if draw(st.booleans()):
        said["run"] = ran(draw(st.sampled_from(["one", "two"])), draw(st.integers(1, 4)), **draw(runs))
    if draw(st.booleans()):
        said["approved"] = {"step": draw(st.sampled_from(["one", "two"])), "by": "alice", "at": format_instant(NOW)}
    if draw(st.booleans()):
        said["checkpoint"] = {"note": "half", "at": format_instant(NOW)}
    return task(**said)


answers = st.booleans() | st.sampled_from(Unseen)
policies = st.builds(
    RestartPolicy,
    intensity=st.integers(0, 5),
    period=spans,
    backoff=st.builds(Backoff, spans, st.sampled_from([1.0, 1.5, 2.0]), spans),
    stale=st.integers(0, 3),
)


def cases(done_if: str, drifts: st.SearchStrategy[str], doubts: st.SearchStrategy[str], other: str) -> Any:
    return st.builds(
        Case,
        task=tasks(done_if, (US, other)),
        holder=st.just(US),
        verdict=verdicts(doubts),
        now=spans.map(lambda span: NOW + span),
        policy=policies,
        attempt=st.none() | st.builds(Attempt, st.just("h"), st.just("t"), st.integers(1, 4), st.integers(1, 4)),
        settles_on_exit=st.booleans(),
        done_if=answers,
        drift=st.none() | st.sampled_from(Unseen) | drifts,
        progressed=answers,
        limited_until=st.none() | st.sampled_from(Unseen) | spans.map(lambda span: NOW + span),
        login_refused=answers,
        slot_at=st.none() | spans.map(lambda span: NOW + span),
        draw=st.floats(0, 1, exclude_max=True),
        grace=spans,
    )


plain = cases(SOMETHING, st.just(DRIFTED), st.just(DOUBT), ANOTHER)
worded = cases("./check --password=hunter22", st.text(min_size=1), st.text(), "alice")


@st.composite
def deaths(draw: st.DrawFn) -> Case:
    """A resumable step that was ours and died: what reaches the law's later rules, which chance alone seldom does."""
    fields = {key: value for key, value in draw(runs).items() if key != "ended_at" or draw(st.booleans())}
    died = {"status": "in_progress", "resumable": True, "prompt": "work", "claim": claimed(US), "run": ran(**fields)}
    return Case(
        task=task(**died),
        holder=US,
        verdict=Dead(draw(exits), draw(instants)),
        now=NOW + draw(spans),
        policy=draw(policies),
        attempt=Attempt("h", "t", 3, 1),
        drift=None,
        progressed=draw(st.sampled_from([True, True, False])),
        limited_until=draw(st.none() | st.sampled_from(Unseen) | spans.map(lambda span: NOW + span)),
        login_refused=draw(st.sampled_from([False, False, True, *Unseen])),
        slot_at=draw(st.none() | spans.map(lambda span: NOW + span)),
        draw=draw(st.floats(0, 1, exclude_max=True)),
    )


def test_the_space_is_the_whole_law() -> None:
    """Each rule decides some of the cases: none of them is compared in vain."""
    for rule in Rule:
        find(st.one_of(plain, deaths()), lambda case, rule=rule: decide(case).rule is rule, settings=SEARCH)


def written(case: Case) -> dict[str, Any]:
    """The case as a reader finds it: a decision's line, redacted, on disk and back."""
    line = line_record(Event("decision_made", case.task.id, record(case)), case.now)
    return json.loads(REDACTOR.line(line, lambda found: orjson.dumps(found).decode()))  # type: ignore[no-any-return]


@pytest.mark.parametrize("step", [{"run": "work"}, {"prompt": "work"}])
@pytest.mark.parametrize("settles_on_exit", [True, False])
def test_a_success_is_settled_again(step: dict[str, str], *, settles_on_exit: bool) -> None:
    """Exit 0 settles a command, and an agent where its profile says so. Mutant killed: a command without words."""
    record_of = task(status="in_progress", steps=[{**step, "id": "one"}], claim=claimed(US, 1), run=ran("one", 1))
    attempt = Attempt("h", "t", 1, 1)
    case = Case(record_of, US, Dead(Exit(0), NOW), NOW, RestartPolicy(), attempt, settles_on_exit, grace=1.0)
    assert decide(case_of({"task": case.task.id, **record(case)})) == decide(case)
    assert (decide(case).rule is Rule.SETTLED) == (settles_on_exit or "run" in step)


@settings(max_examples=800)
@given(st.one_of(plain, deaths()))
def test_the_law_says_the_same_of_what_is_read_back(case: Case) -> None:
    """Rule, action to the last bit, and words: nothing that the law looks at is lost, rounded or masked on the way.

    Mutants seen red: the age of a death in milliseconds; the draw or the tally left out; `FAILED` written
    as «not looked»; the claim's holder left out; the run of an earlier step taken for one of this step.
    """
    assert decide(case_of({"task": case.task.id, **record(case)})) == decide(case)
    assert decide(case_of(written(case))) == decide(case)


@settings(max_examples=300)
@given(worded)
def test_texts_change_words_and_nothing_else(case: Case) -> None:
    """What people and programs wrote is not kept, and the law decides alike without it.

    Mutant seen red: `done_if`'s own text in the case.
    """
    kept = record(case)
    assert not any(isinstance(value, str) and "hunter22" in value for value in kept.values())
    then, now = decide(case), decide(case_of({"task": "t", **kept}))
    assert (now.rule, bare(now)) == (then.rule, bare(then))


def bare(decision: Decision) -> object:
    return Hold if isinstance(decision.action, Hold) else decision.action


@given(plain)
def test_what_is_read_back_is_written_alike(case: Case) -> None:
    """A second journal of the same cases holds the same fields."""
    kept = {"task": "t", **record(case)}
    assert {"task": "t", **record(case_of(kept))} == kept


@given(plain)
def test_every_field_is_in_the_closed_list(case: Case) -> None:
    """No field of a case is dropped by a line of any event that carries it. Mutant seen red: a name left out there."""
    for name in DECISIONS:
        assert "dropped_fields" not in line_record(Event(name, "t", record(case)), NOW)


odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=9),
    st.just(10**400),
    st.just([]),
    st.just({}),
)


@settings(max_examples=400)
@given(plain, st.data())
def test_a_damaged_case_is_a_value_error_or_a_case(case: Case, data: st.DataObject) -> None:
    """Whatever stands in a field, the law is asked or the reader says that this is no case; nothing else is raised.

    Mutant seen red: numbers without a bound.
    """
    kept = {"task": "t", **record(case)}
    names = st.sampled_from([*kept, *(name for name in EVENTS["decision_made"].fields if name.startswith("case_"))])
    for name in data.draw(st.lists(names, min_size=1, max_size=3)):
        kept[name] = data.draw(odd)
    try:
        found = case_of(kept)
    except ValueError:
        return
    decision = decide(found)
    assert outcome(decision.action, found.now)


# --- what is thought about, and what is left out on purpose

LAWFUL = {
    Case: "task holder verdict now policy attempt settles_on_exit done_if drift progressed limited_until "
    "login_refused slot_at draw grace",
    Task: "id title status agent brief priority after steps step done_when claim last_token checkpoint run blocked "
    "approved record",
    Run: "step attempt started_at token head progressed stale restarts ended_at last_exit ending",
    Step: "id prompt run resumable gate done_if stall_after on_stall max_runtime kind",
    Claim: "by token at expires_at",
    Checkpoint: "commit note at",
    Approval: "step by at",
    RestartPolicy: "intensity period backoff stale spacing",
    Backoff: "initial factor cap",
    Attempt: "home task token number",
    Exit: "status signal cause",
    Start: "resume counted stale",
    End: "grace ending",
    Alive: "pid pane doing",
}


def test_a_new_field_is_thought_about() -> None:
    """Whoever adds a field decides whether the law may look at it: then `supervisor.case` has to keep it.

    (A new verdict, action or field without a default is the type checker's to tell.)
    """
    for kind, names in LAWFUL.items():
        there = kind._fields if issubclass(kind, tuple) else [each.name for each in dataclass_fields(kind)]  # type: ignore[arg-type,attr-defined]
        assert list(there) == names.split(), f"{kind.__name__}: does the law look at it? see supervisor/case.py"


def test_outcomes_differ_as_the_deeds_do() -> None:
    """Two deeds have the same words only where they are the same deed; what is for people makes no difference."""
    deeds = [
        Nothing(),
        Wait(None),
        Wait(NOW + 2),
        Wait(NOW + 3),
        Look("drift"),
        Settle(),
        Hold("a person"),
        End(0.0),
        End(2.0),
        End(2.0, Ending.STALLED),
        End(2.0, Ending.MAX_RUNTIME),
        Start(resume=True, counted=True, stale=0),
        Start(resume=True, counted=True, stale=1),
        Start(resume=True, counted=False, stale=0),
        Start(resume=False, counted=False, stale=0),
    ]
    assert len({outcome(deed, NOW) for deed in deeds}) == len(deeds)
    assert outcome(Hold("one"), NOW) == outcome(Hold("other"), NOW)
    assert outcome(Wait(NOW + 2.5), NOW) == "wait 2.5 s"
