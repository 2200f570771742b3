"""The law of restarting, rule by rule: when each applies, when not, which of two wins, and what no case may lead to."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from board.instants import format_instant
from board.model import Ending, Status
from board.settings import Backoff, RestartPolicy
from supervisor.activity import BeingEnded, Looping, Overdue, Stalled, Working
from supervisor.decide import RULES, STOPPED, TABLE, decide
from supervisor.judge import attempt_of
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
    Wait,
)
from tests.boards import HOLDER, HOME, NOW, claimed, ran, task

Given = dict[str, Any]  # keys of a task's record; those of a `Case` begin with an underscore

SIGNAL_9 = Dead(Exit(signal=9), NOW - 30)
APPROVED = {"step": "main", "by": "alice", "at": format_instant(NOW)}

# A resumable step that died half a minute ago, with progress: nothing stands in the way of a restart.
PLAIN: Given = {
    "prompt": "work",
    "status": "in_progress",
    "resumable": True,
    "claim": claimed(),
    "run": ran(),
    "_verdict": SIGNAL_9,
    "_attempt": Attempt(HOME, "t", 3, 1),
    "_drift": None,
    "_progressed": True,
}
FIRST: Given = {**PLAIN, "status": "todo", "claim": None, "run": None, "_verdict": Absent(), "_attempt": None}
CALLED_OFF = {"status": "done", "claim": None, "last_token": 3}
EXIT_0 = Dead(Exit(0), NOW - 30)

# What makes a rule apply to PLAIN when nothing else does.
APPLIES: dict[Rule, Given] = {
    Rule.SETTLED: {"status": "cancelled"},
    Rule.SUPERSEDED: {"claim": claimed(by="alice", token=4)},
    Rule.UNKNOWN: {"_verdict": Unknown("timed out")},
    Rule.ALIVE: {"_verdict": Alive(7, "%1")},
    Rule.ALREADY_DONE: {"done_if": "./check", "_done_if": True},
    Rule.NOT_RESUMABLE: {"resumable": False},
    Rule.GATED: {"gate": "human"},
    Rule.DRIFTED: {"_drift": "branch changed"},
    Rule.LIMITED: {"_limited_until": NOW + 600},
    Rule.NO_PROGRESS: {"run": ran(stale=1), "_progressed": False},
    Rule.TOO_OFTEN: {"run": ran(restarts=[NOW - 500, NOW - 400, NOW - 300])},
    Rule.MASS_DEATH: {"_slot_at": NOW + 5},
    Rule.BACKOFF: {"run": {"ended_at": format_instant(NOW)}},
    Rule.RESTART: {},
}
ORDER = tuple(APPLIES)

# Pairs whose conditions exclude each other: one look has one verdict, and whoever waits for his turn after a mass death
# is excused from the intensity and has no pause of his own.
EXCLUDED = {
    (Rule.UNKNOWN, Rule.ALIVE),
    (Rule.TOO_OFTEN, Rule.MASS_DEATH),
    (Rule.MASS_DEATH, Rule.BACKOFF),
}
# A task that is over is superseded only as far as something still runs.
CONTEST: dict[tuple[Rule, Rule], Given] = {(Rule.SETTLED, Rule.SUPERSEDED): {"_verdict": Alive(7, "%1")}}
PAIRS = [pair for pair in combinations(ORDER, 2) if pair not in EXCLUDED]


def case_of(*changes: Given) -> Case:
    merged: Given = {"_policy": RestartPolicy(), "_now": NOW, "_holder": HOLDER, **PLAIN}
    for change in changes:
        run, more = merged.get("run"), change.get("run")
        merged |= change
        if isinstance(run, dict) and isinstance(more, dict):
            merged["run"] = run | more
    record = {key: value for key, value in merged.items() if not key.startswith("_") and value is not None}
    return Case(task(**record), **{key[1:]: value for key, value in merged.items() if key.startswith("_")})


def applied(rule: Rule, case: Case) -> Decision | None:
    """What this one rule says, wherever in the walk it stands."""
    return next(each for each in RULES if each.__name__.replace("_", "-") == rule)(case)


def decided(*changes: Given) -> Decision:
    return decide(case_of(*changes))


# --- the order


def test_the_rules_stand_in_the_order_of_the_law() -> None:
    """The walk, the printed table and the enumeration name the same fourteen rules in the same order."""
    assert [rule.__name__.replace("_", "-") for rule in RULES] == list(Rule) == [row[0] for row in TABLE] == list(ORDER)


@pytest.mark.parametrize("rule", ORDER)
def test_a_rule_applies(rule: Rule) -> None:
    """Each rule decides where its condition alone holds. Kills: any rule that never applies."""
    assert decided(APPLIES[rule]).rule is rule


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=str)
def test_the_earlier_of_two_rules_wins(first: Rule, second: Rule) -> None:
    """Where two rules both apply, the one that the law names first decides.

    Kills: every swap of two neighbours in `RULES` whose conditions can both hold.
    """
    case = case_of(APPLIES[second], APPLIES[first], CONTEST.get((first, second), {}))
    assert applied(second, case) is not None, "no contest: the later rule doesn't apply here"
    assert decide(case).rule is first


@pytest.mark.parametrize(("first", "second"), sorted(EXCLUDED), ids=str)
def test_excluded_pairs_can_not_both_apply(first: Rule, second: Rule) -> None:
    """The pairs left out above are left out for a reason that the code keeps."""
    case = case_of(APPLIES[second], APPLIES[first])
    assert applied(first, case) is None or applied(second, case) is None


# --- where a rule does not apply

NEAR: list[tuple[Rule, Given, Rule]] = [
    (Rule.SETTLED, {"_verdict": EXIT_0}, Rule.RESTART),  # an agent that ends without a word has died
    (Rule.SETTLED, {"_verdict": Dead(Exit(), NOW - 30), "_settles_on_exit": True}, Rule.RESTART),
    (Rule.SETTLED, {"_verdict": Dead(Exit(1), NOW - 30), "_settles_on_exit": True}, Rule.RESTART),
    (Rule.SETTLED, {"_verdict": Dead(Exit(0, 9), NOW - 30), "_settles_on_exit": True}, Rule.RESTART),
    (Rule.SUPERSEDED, {**FIRST, "status": "in_progress", "claim": claimed()}, Rule.RESTART),  # ours, never started
    (Rule.SUPERSEDED, {"claim": None, "status": "todo", "last_token": 3}, Rule.RESTART),  # proved dead, and released
    (Rule.UNKNOWN, FIRST, Rule.RESTART),
    (Rule.UNKNOWN, {"_verdict": Absent(), "run": {"step": "earlier"}}, Rule.RESTART),
    (Rule.ALIVE, {"_verdict": Absent()}, Rule.UNKNOWN),
    (Rule.ALIVE, FIRST, Rule.RESTART),
    (Rule.ALREADY_DONE, {"done_if": "./check", "_done_if": False}, Rule.RESTART),
    (Rule.ALREADY_DONE, {"_done_if": True}, Rule.RESTART),
    (Rule.NOT_RESUMABLE, {"resumable": False, "approved": APPROVED}, Rule.RESTART),
    (Rule.NOT_RESUMABLE, {**FIRST, "resumable": False}, Rule.RESTART),
    (Rule.NOT_RESUMABLE, {"resumable": False, "run": {"step": "earlier"}}, Rule.RESTART),
    (Rule.GATED, {"gate": "human", "approved": APPROVED}, Rule.RESTART),
    (Rule.DRIFTED, {**FIRST, "_drift": "branch changed"}, Rule.RESTART),
    (Rule.LIMITED, {"_limited_until": NOW}, Rule.RESTART),
    (Rule.LIMITED, {**FIRST, "_limited_until": NOW + 600}, Rule.RESTART),
    (Rule.LIMITED, {"_limited_until": Unseen.FAILED}, Rule.RESTART),  # a screen that is gone names no time to wait for
    (Rule.NO_PROGRESS, {"run": ran(stale=0), "_progressed": False}, Rule.RESTART),
    (Rule.NO_PROGRESS, {"run": ran(stale=9), "_progressed": True}, Rule.RESTART),
    (Rule.TOO_OFTEN, {"run": ran(restarts=[NOW - 600, NOW - 400, NOW - 300])}, Rule.RESTART),
    (Rule.MASS_DEATH, {"_slot_at": NOW}, Rule.RESTART),
    (Rule.BACKOFF, {"_verdict": Dead(Exit(1), NOW - 2)}, Rule.RESTART),
]


@pytest.mark.parametrize(("rule", "change", "instead"), NEAR)
def test_a_rule_does_not_apply(rule: Rule, change: Given, instead: Rule) -> None:
    """Just beside its condition a rule is silent, and what would have been decided without it is decided."""
    assert applied(rule, case_of(change)) is None
    assert decided(change).rule is instead


# --- what each rule does


@pytest.mark.parametrize("status", ["done", "failed", "cancelled", "blocked", "review"])
def test_what_is_settled_is_left_alone_and_ended_after_a_grace(status: str) -> None:
    """A task that needs no worker gets none; one that still runs has its grace."""
    change: Given = {"status": status, "claim": None, "last_token": 3, "_grace": 7.0}
    assert decided(change).action == Nothing()
    assert decided(change, {"_verdict": Alive(7, "%1")}).action == End(7.0)
    assert decided(change, {"_verdict": Lingering(2)}).action == End(7.0)


def test_exit_0_settles_a_command_and_a_headless_agent() -> None:
    """Exit 0 settles what was said to settle by it, and nothing else."""
    assert decided({"prompt": None, "run": "make", "ran": ran(), "_verdict": EXIT_0}).action == Settle()
    assert decided({"_settles_on_exit": True, "_verdict": EXIT_0}).action == Settle()
    assert isinstance(decided({"_verdict": EXIT_0}).action, Start)


def test_a_lost_exit_is_never_a_success() -> None:
    """An exit that nobody can tell does not settle a command. Kills: `status is None` read as 0."""
    lost = decided({"prompt": None, "run": "make", "ran": ran(), "_verdict": Dead(Exit(), NOW - 30)})
    assert (lost.rule, lost.action) == (Rule.RESTART, Start(resume=True, counted=True, stale=0))


def test_a_worker_of_a_settled_step_is_ended_after_a_grace() -> None:
    """Who said `advance` may still end by itself, while its token is the current one."""
    steps = [{"id": "one", "run": "true"}, {"id": "two", "run": "true"}]
    past: Given = {"steps": steps, "step": "two", "run": ran("one"), "_verdict": Alive(7, "%1"), "prompt": None}
    assert decided(past) == Decision(Rule.SETTLED, End(10.0), "the step is settled")
    assert decided(past, {"claim": claimed(token=4)}).rule is Rule.SUPERSEDED


@pytest.mark.parametrize("claim", [None, claimed(token=4), claimed(by="alice", token=4), claimed(by="alice")])
@pytest.mark.parametrize("verdict", [Alive(7, "%1"), Lingering(1)])
def test_a_superseded_worker_is_ended_at_once(claim: Given | None, verdict: Alive | Lingering) -> None:
    """Whoever lives under a token that isn't the current one of ours is ended, and nothing is started for it."""
    decision = decided({"claim": claim, "status": "in_progress" if claim else "todo", "_verdict": verdict})
    assert (decision.rule, decision.action) == (Rule.SUPERSEDED, End(0.0))


@pytest.mark.parametrize(
    ("verdict", "attempt"),
    [(verdict, PLAIN["_attempt"]) for verdict in (EXIT_0, SIGNAL_9, Absent())] + [(Absent(), None)],
)
def test_a_superseded_death_is_nobodys_business(verdict: Dead | Absent, attempt: Attempt | None) -> None:
    """A worker whose task somebody else took can settle, hold or restart nothing by dying, and neither can nobody.

    Kills: exit 0 settling a task that was taken over; a rule that is silent where no attempt of ours is known.
    """
    change: Given = {"claim": claimed(by="alice", token=4), "_settles_on_exit": True, "_verdict": verdict}
    decision = decided(change, {"_attempt": attempt})
    assert (decision.rule, decision.action) == (Rule.SUPERSEDED, Nothing())


@pytest.mark.parametrize("token", [3, None])
def test_a_worker_is_superseded_as_whoever_it_was_started_as(token: int | None) -> None:
    """Another one takes the task while our worker lives: it is the old attempt that is found, and ended.

    Without a token on record (a board of an earlier version) it is at least not restarted and nothing is held.
    Kills: the attempt named by the new holder's token, under which our worker is never found.
    """
    taken: Given = {"run": ran(token=token) if token else ran(), "claim": claimed("alice", token=4)}
    attempt = attempt_of(case_of(taken).task, HOME)
    assert attempt == Attempt(HOME, "t", token or 4, 1)
    decision = decided(taken, {"_attempt": attempt, "_verdict": Alive(7, "%1")})
    assert (decision.rule, decision.action) == (Rule.SUPERSEDED, End(0.0))
    assert f"token {attempt.token} is stale" in decision.why
    assert decided(taken, {"_attempt": attempt, "_verdict": SIGNAL_9}).action == Nothing()


def test_an_earlier_exit_0_of_our_own_settles_nothing() -> None:
    """Exit 0 under a token that we replaced ourselves does not settle the attempt that came after it."""
    assert decided({"claim": claimed(token=4), "_settles_on_exit": True, "_verdict": EXIT_0}).action != Settle()


def test_doubt_waits_and_looks_again_soon() -> None:
    """What could not be told changes nothing."""
    action = decided(APPLIES[Rule.UNKNOWN]).action
    assert isinstance(action, Wait)
    assert action.until is not None
    assert NOW < action.until <= NOW + 1


@pytest.mark.parametrize("approved", [None, APPROVED])
def test_what_was_started_is_not_started_unseen(approved: Given | None) -> None:
    """As long as nobody has looked at an attempt that is on record, it may live: waited for, whoever approved.

    Kills: Absent taken for dead, which would start a second worker beside the first.
    """
    unseen: Given = {"_verdict": Absent(), "approved": approved}
    for attempt in (PLAIN["_attempt"], None):
        decision = decided(unseen, {"_attempt": attempt})
        assert (decision.rule, decision.action) == (Rule.UNKNOWN, Wait(NOW + 0.5))


def test_the_living_are_left_alone_and_orphans_are_ended() -> None:
    """A worker that lives is no cause for anything; what outlived it is ended before anything else may start."""
    assert decided({"_verdict": Alive(7, "%1")}).action == Nothing()
    assert decided({"_verdict": Lingering(2)}).action == End(0.0)


FACTS = [
    ("done_if", {"done_if": "./check"}, "_done_if", Rule.ALREADY_DONE),
    ("drift", {}, "_drift", Rule.DRIFTED),
    ("progress", {}, "_progressed", Rule.NO_PROGRESS),
]


@pytest.mark.parametrize(("fact", "change", "key", "rule"), FACTS)
def test_a_missing_fact_is_looked_up_and_a_failed_look_starts_nothing(
    fact: str, change: Given, key: str, rule: Rule
) -> None:
    """The law asks for what it doesn't know, and where the look failed it waits. Kills: FAILED read as «no»."""
    asked = decided(change, {key: Unseen.NOT_LOOKED})
    assert (asked.rule, asked.action) == (rule, Look(fact))  # type: ignore[arg-type]
    failed = decided(change, {key: Unseen.FAILED})
    assert failed.rule is rule
    assert isinstance(failed.action, Wait)
    assert failed.action.until is not None
    assert failed.action.until > NOW


def test_a_usage_limit_is_looked_for_after_a_death_alone() -> None:
    """Its screen is asked once somebody died at it, and never of a step that is about to start for the first time."""
    unasked: Given = {"_limited_until": Unseen.NOT_LOOKED}
    assert (decided(unasked).rule, decided(unasked).action) == (Rule.LIMITED, Look("limit"))
    assert decided(FIRST, unasked).rule is Rule.RESTART


def test_a_refused_login_is_held_and_not_tried_again() -> None:
    """It is looked for once somebody died, before any restart, and asks a person to log the agent in; never of a first
    start, nor of a death that is on record: whoever unblocked it has been asked.

    Mutants killed: no look; held by an unanswered look; held again after `board unblock`; asked of a first start.
    """
    unasked: Given = {"_login_refused": Unseen.NOT_LOOKED, "run": {"ended_at": None}}
    assert (decided(unasked).rule, decided(unasked).action) == (Rule.NOT_RESUMABLE, Look("login"))
    refused: Given = {**unasked, "_login_refused": True}
    held = decided(refused)
    assert held.rule is Rule.NOT_RESUMABLE
    assert isinstance(held.action, Hold)
    assert "its login was refused (" in held.action.on
    for more in (
        {"_login_refused": False},
        {"_login_refused": Unseen.FAILED},
        FIRST,
        {"run": {"ended_at": format_instant(NOW - 90)}},
    ):
        assert decided(refused, more).rule is Rule.RESTART, more


def test_a_step_that_is_done_already_is_settled_unstarted() -> None:
    """`done_if` is asked before a first start as well as before a restart, and before anybody is asked to approve."""
    done: Given = {"done_if": "./check", "_done_if": True, "gate": "human", "resumable": False}
    assert decided(done).action == Settle()
    assert decided(FIRST, done).action == Settle()


def test_each_hold_asks_a_person_and_shows_the_evidence() -> None:
    """A held step names what it waits for, and how its worker ended."""
    for rule in (Rule.NOT_RESUMABLE, Rule.DRIFTED, Rule.NO_PROGRESS, Rule.TOO_OFTEN):
        action = decided(APPLIES[rule]).action
        assert isinstance(action, Hold)
        assert action.on.startswith("a person: ")
        assert "signal 9" in action.on or rule is Rule.DRIFTED


def test_a_gate_waits_for_nothing_but_a_person() -> None:
    """A gated step has no time at which it starts by itself, first or again."""
    assert decided(APPLIES[Rule.GATED]).action == Wait(None)
    assert decided(FIRST, APPLIES[Rule.GATED]).action == Wait(None)


@pytest.mark.parametrize("rule", [Rule.LIMITED, Rule.MASS_DEATH])
def test_a_named_time_is_waited_for_and_expires(rule: Rule) -> None:
    """The wait ends at the very instant that was named."""
    (until,) = APPLIES[rule].values()
    assert decided(APPLIES[rule]).action == Wait(until)
    assert decided(APPLIES[rule], {"_now": until - 0.001}).rule is rule
    assert decided(APPLIES[rule], {"_now": until}).rule is Rule.RESTART


# --- tallies


def test_a_restart_after_progress_counts_and_clears_the_stale_tally() -> None:
    """Progress forgives deaths without progress; the restart counts against the intensity all the same."""
    assert decided({"run": ran(stale=1)}).action == Start(resume=True, counted=True, stale=0)


def test_the_first_death_without_progress_is_counted() -> None:
    """Its restart carries the tally that stops the second one."""
    assert decided({"_progressed": False}).action == Start(resume=True, counted=True, stale=1)


def test_a_first_start_looks_at_no_earlier_attempt() -> None:
    """No tally, no drift and no permission to repeat is asked of a step that never ran."""
    unseen: Given = {"_drift": Unseen.FAILED, "_progressed": Unseen.FAILED, "resumable": False}
    none_left: Given = {"_policy": RestartPolicy(intensity=0, stale=0)}
    assert decided(FIRST, unseen, none_left).action == Start(resume=False, counted=False, stale=0)


def test_another_steps_attempts_are_not_this_steps() -> None:
    """What the step before used up is not held against the next one."""
    steps = [{"id": "one", "run": "true"}, {"id": "two", "run": "true"}]
    spent = ran("one", stale=5, restarts=[NOW - 3, NOW - 2, NOW - 1])
    change: Given = {"steps": steps, "step": "two", "run": spent, "_verdict": Absent(), "prompt": None}
    assert decided(change).action == Start(resume=False, counted=False, stale=0)


def test_intensity_0_makes_the_first_death_final() -> None:
    """Zero means zero. Kills: 0 as «unlimited»."""
    assert decided({"_policy": RestartPolicy(intensity=0)}).rule is Rule.TOO_OFTEN


def test_stale_0_makes_the_first_death_without_progress_final() -> None:
    """Zero means zero; with progress it is still restarted."""
    policy: Given = {"_policy": RestartPolicy(stale=0)}
    assert decided(policy, {"_progressed": False}).rule is Rule.NO_PROGRESS
    assert decided(policy).rule is Rule.RESTART


def test_backoff_0_restarts_at_once() -> None:
    """Without a pause the restart is decided in the very instant of the death."""
    policy: Given = {"_policy": RestartPolicy(backoff=Backoff(0.0, 2.0, 0.0))}
    assert decided(policy, {"_verdict": Dead(Exit(1), NOW), "_draw": 0.99}).rule is Rule.RESTART


def test_the_pause_counts_from_the_recorded_death() -> None:
    """A supervisor that came back later doesn't begin the pause anew. Kills: counting from the look."""
    seen_late: Given = {"_verdict": Dead(Exit(1), NOW)}
    assert decided(seen_late).rule is Rule.BACKOFF
    assert decided(seen_late, {"run": {"ended_at": format_instant(NOW - 30)}}).rule is Rule.RESTART


def test_a_mass_death_is_excused_from_the_intensity() -> None:
    """It does not count as a restart, used-up ones don't hold it back, and no pause is added to its turn."""
    spent = ran(stale=1, restarts=[NOW - 3, NOW - 2, NOW - 1])
    turn: Given = {"run": spent, "_slot_at": NOW, "_verdict": Dead(Exit(signal=1), NOW)}
    assert decided(turn).action == Start(resume=True, counted=False, stale=0)


def test_a_mass_death_without_progress_is_one_like_any_other() -> None:
    """Who brought nothing is tallied, and held at the tally's end, whoever else died with him.

    Kills: a worker that takes the server down with it again and again, and is restarted for ever.
    """
    barren: Given = {"_progressed": False, "_slot_at": NOW}
    assert decided(barren).action == Start(resume=True, counted=False, stale=1)
    assert decided(barren, {"run": ran(stale=1)}).rule is Rule.NO_PROGRESS
    assert decided(barren, {"run": ran(stale=1), "_slot_at": NOW + 5}).rule is Rule.NO_PROGRESS
    assert decided(barren, {"_progressed": Unseen.NOT_LOOKED}).action == Look("progress")
    assert isinstance(decided(barren, {"_progressed": Unseen.FAILED}).action, Wait)


def test_a_mass_death_excuses_from_nothing_else() -> None:
    """What may not be repeated, is gated, drifted, limited or barren stays so when many died together."""
    for rule in (Rule.NOT_RESUMABLE, Rule.GATED, Rule.DRIFTED, Rule.LIMITED, Rule.NO_PROGRESS):
        assert decided(APPLIES[rule], {"_slot_at": NOW}).rule is rule


def test_our_own_stop_is_no_death() -> None:
    """A resumable worker that a person had stopped goes on without a tally, and without a pause."""
    stopped = ran(stale=1, restarts=[NOW - 3, NOW - 2, NOW - 1], ended_at=NOW, last_exit=STOPPED)
    assert decided({"run": stopped, "_progressed": False}).action == Start(resume=True, counted=False, stale=0)


# --- approval


@pytest.mark.parametrize(
    "rule", [Rule.NOT_RESUMABLE, Rule.GATED, Rule.LIMITED, Rule.NO_PROGRESS, Rule.TOO_OFTEN, Rule.BACKOFF]
)
def test_an_approval_is_one_attempt_past_this_rule(rule: Rule) -> None:
    """A person's word opens what a person was asked about, and the attempt is not counted."""
    decision = decided(APPLIES[rule], {"approved": APPROVED})
    assert decision.action == Start(resume=True, counted=False, stale=0)


@pytest.mark.parametrize(
    "rule", [Rule.SETTLED, Rule.SUPERSEDED, Rule.UNKNOWN, Rule.ALIVE, Rule.ALREADY_DONE, Rule.DRIFTED]
)
def test_an_approval_does_not_pass_this_rule(rule: Rule) -> None:
    """It doesn't make a doubt a proof, a taken task ours, or a changed tree the old one."""
    assert decided(APPLIES[rule], {"approved": APPROVED}).rule is rule


def test_an_approval_of_another_step_opens_nothing() -> None:
    """Kills: `is_approved` without a look at the step."""
    other = {**APPROVED, "step": "earlier"}
    assert decided({"resumable": False, "approved": other}).rule is Rule.NOT_RESUMABLE
    assert decided({"gate": "human", "approved": other}).rule is Rule.GATED


# --- whatever the case

instants = st.sampled_from([NOW - 3600, NOW - 600, NOW - 1, NOW, NOW + 1, NOW + 3600])
answers = st.sampled_from([True, False, *Unseen])
exits = st.sampled_from([Exit(), Exit(0), Exit(1), Exit(signal=9), Exit(cause="pane gone")])
doings = st.sampled_from(
    [
        Working(),
        Stalled(NOW - 60, 60),
        Looping(NOW - 60, ("trying",), 9),
        Overdue(60),
        BeingEnded(Ending.STALLED),
        BeingEnded(Ending.MAX_RUNTIME),
    ]
)
verdicts = st.one_of(
    st.just(Absent()),
    st.builds(Alive, st.just(7), st.just("%1"), doings),
    st.just(Lingering(2)),
    st.builds(Dead, exits, instants),
    st.just(Unknown("timed out")),
)
policies = st.builds(
    RestartPolicy,
    intensity=st.integers(0, 3),
    period=st.sampled_from([0.0, 600.0]),
    backoff=st.sampled_from([Backoff(), Backoff(0.0, 1.0, 0.0)]),
    stale=st.integers(0, 2),
)
runs = st.builds(
    lambda step, stale, restarts, ended: ran(
        step, stale=stale, restarts=restarts, **({"ended_at": NOW - 5, "last_exit": ended} if ended else {})
    ),
    st.sampled_from(["main", "earlier"]),
    st.integers(0, 3),
    st.lists(instants, max_size=4),
    st.sampled_from([None, "exit 1", "signal 9", STOPPED]),
)
records = st.fixed_dictionaries(
    {"id": st.just("t"), "prompt": st.just("work"), "resumable": st.booleans()},
    optional={
        "status": st.sampled_from(Status).map(str),
        "gate": st.just("human"),
        "on_stall": st.sampled_from(["tell", "restart"]),
        "done_if": st.just("./check"),
        "claim": st.builds(claimed, st.sampled_from([HOLDER, "alice"]), st.integers(2, 4)),
        "last_token": st.integers(0, 4),
        "run": runs,
        "checkpoint": st.just({"commit": "3f2a9c1", "at": format_instant(NOW - 100)}),
        "approved": st.sampled_from([APPROVED, {**APPROVED, "step": "earlier"}]),
    },
)
cases = st.builds(
    Case,
    task=records.map(lambda record: task(**record)),
    holder=st.just(HOLDER),
    verdict=verdicts,
    now=st.just(NOW),
    policy=policies,
    attempt=st.one_of(st.none(), st.builds(Attempt, st.just(HOME), st.just("t"), st.integers(2, 4), st.just(1))),
    settles_on_exit=st.booleans(),
    done_if=answers,
    drift=st.sampled_from([None, "branch changed", *Unseen]),
    progressed=answers,
    limited_until=st.one_of(st.none(), instants, st.sampled_from(Unseen)),
    slot_at=st.one_of(st.none(), instants),
    draw=st.floats(0, 1, exclude_max=True),
)


@given(cases)
@settings(max_examples=500, deadline=None)
def test_the_law_is_total_and_never_unsafe(case: Case) -> None:
    """Whatever is known: there is an answer, and no start without permission, in doubt, or beside the living.

    Kills: a started step taken for a new one; Unknown, Alive or Lingering falling through; FAILED facts as «no»; a
    wait that lies in the past.
    """
    decision = decide(case)
    action, now, rule = decision.action, case.now, decision.rule
    approved = case.task.approved is not None and case.task.approved.step == "main"
    started = case.task.run is not None and case.task.run.step == "main"
    assert rule in set(Rule)
    if isinstance(action, Start):
        assert not started or case.task.step.resumable or approved
        assert case.task.step.gate is None or approved
        assert isinstance(case.verdict, Dead) or (isinstance(case.verdict, Absent) and not started)
        assert case.task.status in ("todo", "claimed", "in_progress")
        assert case.done_if is False or case.task.step.done_if is None
        assert case.drift is None or not (started or case.task.checkpoint)
        assert action.stale <= case.policy.stale
        assert action.resume is started
        assert (
            not isinstance(case.limited_until, float)
            or case.limited_until <= now
            or approved
            or not started
            or (case.task.run is not None and case.task.run.last_exit == STOPPED)
        )
    if isinstance(case.verdict, Unknown):
        assert isinstance(action, Wait | Nothing)
    if isinstance(action, Wait) and action.until is not None:
        assert action.until > now
    if isinstance(action, End):
        assert isinstance(case.verdict, Alive | Lingering)
    if isinstance(case.verdict, Alive) and action != Nothing() and rule not in (Rule.SETTLED, Rule.SUPERSEDED):
        assert isinstance(action, End)
        assert action.ending is not None
        step, doing = case.task.step, case.verdict.doing
        may_restart = step.resumable and step.gate is None and step.on_stall == "restart"
        assert isinstance(doing, Overdue | BeingEnded) or (isinstance(doing, Stalled) and may_restart)


@given(cases)
def test_a_taken_task_is_not_acted_on(case: Case) -> None:
    """Where another one holds the task, a death of ours starts, settles and holds nothing."""
    claim = case.task.claim
    if claim is None or claim.by == case.holder or (isinstance(case.verdict, Dead) and case.attempt is None):
        return  # a proof of nobody's death is no case
    action = decide(case).action
    if isinstance(case.verdict, Dead):
        assert not isinstance(action, Settle)
    if isinstance(case.verdict, Dead | Absent) and case.task.status in ("claimed", "in_progress"):
        assert action == Nothing()


@given(cases)
def test_a_decision_is_stable(case: Case) -> None:
    """The same case is decided the same, and a wait that is over is not decided again."""
    decision = decide(case)
    assert decide(case) == decision
    if isinstance(decision.action, Wait) and decision.rule in (Rule.LIMITED, Rule.MASS_DEATH, Rule.BACKOFF):
        assert decision.action.until is not None
        later = decide(replace(case, now=decision.action.until))
        assert ORDER.index(later.rule) > ORDER.index(decision.rule) or later.rule in (Rule.TOO_OFTEN, Rule.BACKOFF)


def test_a_todo_task_under_somebodys_claim_is_theirs() -> None:
    """A status put back by hand gives no lease away: nothing starts beside it. Mutant: only held statuses count."""
    decision = decided({**FIRST, "claim": claimed("alice")})
    assert (decision.rule, decision.action) == (Rule.SUPERSEDED, Nothing())
