"""What each move writes: fencing, leases, approvals, progress. Who may make which is the table's test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from board.claims import Actor, Kind
from board.instants import format_instant, parse_instant
from board.moves import (
    Ask,
    Change,
    Outcome,
    Reason,
    Refused,
    advance,
    approve,
    block,
    cancel,
    checkpoint,
    claim,
    done,
    fail,
    release,
    renew,
    reopen,
    review,
    start,
    unblock,
)
from board.queries import claimable, is_ready, waits_for
from board.records import read_task
from tests.boards import LEASE, NOW, Record, after, ask, board, claimed, ran

STEPS: list[Record] = [{"id": "one", "run": "true", "resumable": True}, {"id": "two", "run": "true"}]
HOLDER = Actor("w", 3, Kind.WORKER)
STALE = Actor("w", 2, Kind.WORKER)
ALICE = Actor("alice")

HOLDERS_WRITES: dict[str, Callable[[Ask], Outcome]] = {
    "claim": lambda asked: claim(asked, 9),
    "renew": renew,
    "start": start,
    "checkpoint": lambda asked: checkpoint(asked, "3f2a9c1", "half"),
    "advance": advance,
}
FENCED: dict[str, Callable[[Ask], Outcome]] = {
    **{name: move for name, move in HOLDERS_WRITES.items() if name != "claim"},
    "release": release,
    "block": lambda asked: block(asked, "a key"),
    "review": review,
    "done": lambda asked: done(asked, {}),
    "fail": lambda asked: fail(asked, "no use"),
}


def working(**record: Any) -> Record:
    held = {"id": "t", "steps": STEPS, "step": "one", "status": "in_progress", "claim": claimed("w"), "run": ran("one")}
    return {key: value for key, value in {**held, **record}.items() if value is not None}


def refused(outcome: Outcome) -> Reason:
    assert isinstance(outcome, Refused), outcome
    assert outcome.message
    return outcome.reason


# --- fencing


@pytest.mark.parametrize("name", FENCED)
@pytest.mark.parametrize("status", ["claimed", "in_progress"])
def test_a_stale_token_is_refused_at_every_write(name: str, status: str) -> None:
    """A worker that was replaced can write nothing, and is told to stop. Kills: any write without its fence."""
    outcome = FENCED[name](ask(working(status=status), STALE))
    assert isinstance(outcome, Refused)
    assert (outcome.reason, outcome.remedy) == (Reason.STALE, "stop working on it")
    assert "token 2" in outcome.message
    assert "token 3" in outcome.message


@pytest.mark.parametrize("name", FENCED)
@pytest.mark.parametrize("status", ["todo", "blocked", "review", "done", "failed", "cancelled"])
def test_a_token_is_stale_once_its_claim_has_ended(name: str, status: str) -> None:
    """Where nobody's claim is current, the last holder's token is as stale as any other, and it is told to stop."""
    record = working(status=status, claim=None, last_token=3, blocked={"on": "a key", "by": "alice"})
    outcome = FENCED[name](ask(record, HOLDER))
    assert isinstance(outcome, Refused)
    assert (outcome.reason, outcome.remedy) == (Reason.STALE, "stop working on it")


def test_a_supervisor_is_fenced_like_a_worker() -> None:
    """A decision made under an older token can't be carried out. Kills: a fence for workers only."""
    older = Actor("s", 2, Kind.SUPERVISOR)
    for move in (
        release,
        lambda asked: block(asked, "a key"),
        lambda asked: fail(asked, "x"),
        cancel,
        approve,
        advance,
    ):
        assert refused(move(ask(working(), older))) is Reason.STALE


def test_a_person_is_not_stopped_by_an_old_grant() -> None:
    """Whoever once held a task may still speak as a person."""
    assert isinstance(cancel(ask(working(), Actor("alice", 2))), Change)


def test_an_expired_lease_that_nobody_took_is_still_its_holders() -> None:
    """Expiry allows a take-over; until it happens the holder may write. Kills: a fence that looks at the clock."""
    record = working(claim=claimed("w", at=NOW - 3 * LEASE))
    for move in FENCED.values():
        assert isinstance(move(ask(record, HOLDER)), Change)


# --- leases


def test_a_claim_is_granted_above_every_earlier_token() -> None:
    """Above the record's memory and above the disk's. Kills: either one left out."""
    for last, floor, token in ((0, 0, 1), (7, 0, 8), (0, 9, 10), (7, 9, 10)):
        outcome = claim(ask({"id": "t", "last_token": last}, ALICE), floor)
        assert isinstance(outcome, Change)
        assert outcome.grant is not None
        assert outcome.grant.token == token
        left = after({"id": "t", "last_token": last}, outcome)
        assert left == {"id": "t", "status": "claimed", "claim": outcome.grant.record()}


def test_the_same_holder_gets_the_same_grant() -> None:
    """Claiming twice is harmless: no new token, a fresh lease, the same instant of the grant."""
    record = working(claim=claimed("w", at=NOW - LEASE))
    outcome = claim(ask(record, HOLDER), 9)
    assert isinstance(outcome, Change)
    assert outcome.grant is not None
    assert (outcome.grant.token, outcome.grant.at) == (3, NOW - LEASE)
    assert after(record, outcome)["status"] == "in_progress"


def test_a_name_alone_is_no_holder() -> None:
    """Another process under the same name, without the token, doesn't get the grant."""
    assert refused(claim(ask(working(), Actor("w")), 0)) is Reason.HELD


@pytest.mark.parametrize(("ago", "granted"), [(LEASE - 1, False), (LEASE, True), (LEASE + 1, True)])
def test_a_lease_ends_at_its_very_instant(ago: float, granted: bool) -> None:
    """One second before it is held, from the named instant on it may be taken. Kills: `>` for `>=`."""
    outcome = claim(ask(working(claim=claimed("w", at=NOW - ago)), ALICE), 0)
    if not granted:
        assert refused(outcome) is Reason.HELD
        return
    assert isinstance(outcome, Change)
    assert outcome.grant is not None
    assert (outcome.grant.by, outcome.grant.token) == ("alice", 4)
    assert [told.name for told in outcome.events] == ["claim_expired", "task_claimed"]


@pytest.mark.parametrize("name", HOLDERS_WRITES)
@pytest.mark.parametrize("ended", [False, True])
def test_every_write_of_the_holder_renews_its_lease(name: str, ended: bool) -> None:
    """Whoever works needs no heartbeat. Kills: a write that forgets the lease."""
    run = ran("one", ended_at=NOW - 1) if ended else ran("one")
    left = after(record := working(run=run), HOLDERS_WRITES[name](ask(record, HOLDER, NOW + 3600)))
    assert parse_instant(left["claim"]["expires_at"]) == NOW + 3600 + LEASE
    assert {**left["claim"], "expires_at": ""} == {**record["claim"], "expires_at": ""}


def test_a_renewal_never_shortens_a_lease() -> None:
    """A lease that was promised longer stays so when the board's setting is shortened."""
    left = after(record := working(), renew(ask(record, HOLDER, NOW, lease="10m")))
    assert left["claim"] == record["claim"]


def test_a_claim_waits_for_predecessors_and_approval() -> None:
    """Nobody gets a task that isn't ready: unfinished or unknown predecessors, a gate without a person's word."""
    waits = {"id": "t", "after": ["a", "b"]}
    outcome = claim(ask(waits, ALICE, NOW, {"id": "a", "status": "done"}), 0)
    assert refused(outcome) is Reason.NOT_READY
    assert isinstance(outcome, Refused)
    assert "waits for b" in outcome.message
    assert refused(claim(ask({"id": "t", "gate": "human"}, ALICE), 0)) is Reason.NOT_READY


def test_a_live_claim_is_taken_away_only_by_force() -> None:
    """A person releases an expired or an own claim freely, a live one of somebody else with `--force`; the token is
    remembered, so that its worker is fenced off."""
    outcome = release(ask(working(), ALICE))
    assert refused(outcome) is Reason.HELD
    assert isinstance(outcome, Refused)
    assert outcome.remedy == "board release t --force takes it away from them"
    for record, actor, force in (
        (working(), ALICE, True),
        (working(), HOLDER, False),
        (working(claim=claimed("w", at=NOW - LEASE)), ALICE, False),
    ):
        left = after(record, release(ask(record, actor), force=force))
        assert (left["status"], left.get("claim"), left["last_token"]) == ("todo", None, 3)
        assert left["run"] == record["run"], "that the step was started is not forgotten"


def test_a_worker_takes_nothing_away_by_force() -> None:
    """Kills: `--force` without a look at who asks."""
    stranger = Actor("x", None, Kind.WORKER)
    assert refused(release(ask(working(), stranger), force=True)) is Reason.HELD


# --- starting


def test_a_start_is_on_record_and_uses_up_the_approval() -> None:
    """The attempt is known by the token that it was started under. Kills: an approval that outlives its attempt."""
    approval = {"step": "one", "by": "alice", "at": format_instant(NOW)}
    record = working(status="claimed", run=None, approved=approval, steps=[{**STEPS[0], "gate": "human"}])
    left = after(record, start(ask(record, HOLDER), "3f2a9c1"))
    started = {"step": "one", "attempt": 1, "started_at": format_instant(NOW), "token": 3, "head": "3f2a9c1"}
    assert left["run"] == started
    assert "approved" not in left


def test_starting_again_counts_an_attempt_only_after_an_end() -> None:
    """Said twice of the same attempt it is a renewal; after an end it is the next one."""
    running = working()
    assert after(running, start(ask(running, HOLDER)))["run"] == running["run"]
    ended = working(run=ran("one", 4, ended_at=NOW, last_exit="exit 1"))
    assert after(ended, start(ask(ended, HOLDER)))["run"]["attempt"] == 5
    other = working(step="two", run=ran("one", 4))
    assert after(other, start(ask(other, HOLDER)))["run"]["attempt"] == 1


def test_a_gated_step_is_not_started_unapproved() -> None:
    """Not even by its holder."""
    record = working(status="claimed", run=None, steps=[{**STEPS[0], "gate": "human"}])
    assert refused(start(ask(record, HOLDER))) is Reason.NOT_READY


# --- working


def test_a_checkpoint_that_moved_is_progress() -> None:
    """The first one, another commit and another note are; the same one again isn't. Kills: every word as progress."""
    old: Record = {"commit": "3f2a9c1", "note": "half", "at": format_instant(NOW - 9)}
    for before, commit, note, moved in (
        (None, None, "begun", True),
        (old, "77aa001", "half", True),
        (old, "3f2a9c1", "most", True),
        (old, "3f2a9c1", None, True),
        (old, "3f2a9c1", "half", False),
    ):
        record: Record = working(checkpoint=before)
        left = after(record, checkpoint(ask(record, HOLDER), commit, note))
        assert left["run"].get("progressed", False) is moved
        assert left["checkpoint"]["at"] == format_instant(NOW)


def test_a_checkpoint_keeps_what_is_known_of_the_run() -> None:
    """Progress is added to the record; tallies and attempt stay as they are."""
    record = working(run=ran("one", 3, stale=1, restarts=[NOW - 9]))
    left = after(record, checkpoint(ask(record, HOLDER), "3f2a9c1", None))
    assert left["run"] == {**record["run"], "progressed": True}


def test_a_checkpoint_of_another_step_is_no_progress_of_this_one() -> None:
    """Before the current step was started its run is another step's."""
    record = working(step="two")
    assert after(record, checkpoint(ask(record, HOLDER), "3f2a9c1", None))["run"] == record["run"]


def test_advancing_twice_settles_one_step() -> None:
    """A worker that says it twice, or an earlier step's worker, never settles a step that it didn't work on."""
    record = working(steps=[*STEPS, {"id": "three", "run": "true"}])
    left = after(record, advance(ask(record, HOLDER), "one"))
    assert (left["step"], left["status"]) == ("two", "in_progress")
    assert not read_task(left).started
    assert refused(advance(ask(left, HOLDER), "one")) is Reason.NOTHING_TO_DO
    last = after(left, advance(ask(left, HOLDER)))
    assert refused(advance(ask(last, HOLDER))) is Reason.NOTHING_TO_DO, "the last step ends with done"


def test_advancing_uses_up_the_approval() -> None:
    """A word for one step is none for the next."""
    record = working(approved={"step": "one", "by": "alice"})
    assert "approved" not in after(record, advance(ask(record, HOLDER)))


# --- waiting for a person


def test_a_block_names_what_it_waits_for_and_ends_the_claim() -> None:
    """Whoever goes on later gets a new token."""
    record = working(claim=claimed("w", token=3))
    left = after(record, block(ask(record, HOLDER), "a key", "too-often"))
    assert left["blocked"] == {"on": "a key", "by": "w", "at": format_instant(NOW), "rule": "too-often"}
    assert (left["status"], left.get("claim"), left["last_token"]) == ("blocked", None, 3)
    again = claim(ask(after(left, unblock(ask(left, ALICE))), ALICE), 0)
    assert isinstance(again, Change)
    assert again.grant is not None
    assert again.grant.token == 4


def test_unblocking_forgives_and_permits_nothing() -> None:
    """The tallies begin anew, and a step that may not be repeated is still known to have been started."""
    spent = ran("one", 3, stale=2, restarts=[NOW - 9], last_exit="signal 9")
    record = working(status="blocked", claim=None, last_token=3, blocked={"on": "x", "by": "s"}, run=spent)
    left = after(record, unblock(ask(record, ALICE)))
    assert left == {
        **{key: value for key, value in record.items() if key != "blocked"},
        "status": "todo",
        "run": {key: value for key, value in spent.items() if key not in ("stale", "restarts")},
    }
    assert read_task(left).started
    assert not read_task(left).is_approved


def test_approving_what_was_held_frees_it_for_one_attempt() -> None:
    """The word names the step and who gave it; the task goes back to `todo`, its tallies cleared."""
    held = {"on": "a person", "by": "s", "rule": "no-progress"}
    record = working(status="blocked", claim=None, last_token=3, blocked=held, run=ran("one", 2, stale=2))
    left = after(record, approve(ask(record, ALICE)))
    assert left["status"] == "todo"
    assert left["approved"] == {"step": "one", "by": "alice", "at": format_instant(NOW)}
    assert "blocked" not in left
    assert "stale" not in left["run"]


def test_approving_does_not_lift_a_persons_own_block() -> None:
    """What a person named as missing is still missing. Kills: `approve` as `unblock`."""
    record = working(status="blocked", claim=None, blocked={"on": "a key", "by": "bob"})
    left = after(record, approve(ask(record, ALICE)))
    assert (left["status"], left["blocked"]) == ("blocked", record["blocked"])


def test_an_approval_of_nothing_is_refused() -> None:
    """An ungated step that never ran needs no word, and stores none for later."""
    assert refused(approve(ask({"id": "t", "run": "true"}, ALICE))) is Reason.NOTHING_TO_DO
    gated = {"id": "t", "run": "true", "gate": "human"}
    assert after(gated, approve(ask(gated, ALICE)))["approved"]["step"] == "main"


# --- ending and beginning again

ENDINGS: list[tuple[str, Callable[[Ask], Outcome]]] = [
    ("done", lambda asked: done(asked, {"commit": "3f2a9c1", "why": None})),
    ("failed", lambda asked: fail(asked, "no use")),
    ("cancelled", lambda asked: cancel(asked, "no use")),
]


@pytest.mark.parametrize(("key", "move"), ENDINGS)
def test_an_ending_tells_who_when_and_why_and_ends_the_claim(key: str, move: Callable[[Ask], Outcome]) -> None:
    """Nothing that a worker had is left in force."""
    record = working(approved={"step": "one", "by": "alice"})
    left = after(record, move(ask(record, HOLDER._replace(kind=Kind.PERSON))))
    more = {"commit": "3f2a9c1"} if key == "done" else {"why": "no use"}
    assert left[key] == {"by": "w", "at": format_instant(NOW), **more}
    assert (left["status"], left["last_token"]) == (key, 3)
    assert not {"claim", "approved", "blocked"} & set(left)


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_reopening_keeps_that_a_step_was_started(status: str) -> None:
    """What may not be repeated isn't repeated because its task was given up in between. Kills: `run` dropped."""
    record = working(status=status, claim=None, last_token=3, step="two", run=ran("two"), **{status: {"by": "alice"}})
    left = after(record, reopen(ask(record, ALICE)))
    assert (left["status"], left["step"], left["run"], left["last_token"]) == ("todo", "two", record["run"], 3)
    assert status not in left


@pytest.mark.parametrize("status", ["done", "review"])
def test_reopening_what_was_done_starts_over(status: str) -> None:
    """From the first step, as if never run; the token goes on rising."""
    record = working(status=status, claim=None, last_token=3, step="two", run=ran("two"), done={"by": "w"})
    left = after(record, reopen(ask(record, ALICE)))
    assert left == {"id": "t", "steps": STEPS, "status": "todo", "last_token": 3}


def test_a_task_whose_run_is_a_command_keeps_it() -> None:
    """Where `run` is the task's own command, attempts stand under `ran`. Kills: a command overwritten by its run."""
    record = {"id": "t", "run": "make", "status": "claimed", "claim": claimed("w")}
    left = after(record, start(ask(record, HOLDER)))
    assert (left["run"], left["ran"]["attempt"]) == ("make", 1)
    ended = {**left, "status": "done", "last_token": 3}
    assert after(ended, reopen(ask(ended, ALICE)))["run"] == "make"


# --- what is next


def test_ready_is_todo_ungated_and_after_what_is_done() -> None:
    """And whatever keeps it from being so is named."""
    gate = {"id": "g", "gate": "human", "after": ["a", "missing"], "run": "true"}
    read = board(gate, {"id": "a", "status": "done"}, {"id": "b"}, {"id": "c", "after": ["b"]})
    assert [task.id for task in read.tasks if is_ready(read, task)] == ["b"]
    assert waits_for(read, read.tasks[0]) == ["missing", "approval of main"]


def test_next_hands_out_by_priority_and_nothing_unsafe() -> None:
    """Ready or abandoned tasks, 0 first, the file's order within; never a step that may not be repeated."""
    gone = claimed("w", at=NOW - LEASE)
    read = board(
        {"id": "ready"},
        {"id": "held", "status": "claimed", "claim": claimed("w")},
        {"id": "abandoned", "status": "in_progress", "claim": gone, "resumable": True, "run": "true", "ran": ran()},
        {"id": "unsafe", "status": "in_progress", "claim": gone, "run": "true", "ran": ran()},
        {"id": "unsafe-todo", "status": "todo", "run": "true", "ran": ran()},
        {"id": "first", "priority": 0},
    )
    assert [task.id for task in claimable(read, NOW)] == ["first", "ready", "abandoned"]


# --- a worker's word, and what comes behind it

SAID: Record = {"commit": "3f2a9c1", "checks": [{"check": "make", "exit": 0, "took": "1.5s"}]}


@pytest.mark.parametrize("own", [True, False])
def test_a_worker_that_calls_it_done_waits_for_a_person(own: bool) -> None:
    """With `review: human` every holder's `done` is a review, evidence and all, and the claim ends; a person settles
    it. Mutants: the board's word is not asked; the task's is not; the evidence is dropped."""
    record, settings = (working(review="human"), {}) if own else (working(), {"review": "human"})
    for actor in (HOLDER, HOLDER._replace(kind=Kind.SUPERVISOR), HOLDER._replace(kind=Kind.PERSON)):
        change = done(ask(record, actor, NOW, **settings), SAID)
        waits = after(record, change)
        assert (waits["status"], waits.get("claim"), waits.get("done")) == ("review", None, None)
        assert waits["said_done"] == {"by": "w", "at": format_instant(NOW), **SAID}
        assert [told.name for told in change.events] == ["review_requested"]  # type: ignore[union-attr]
        ended = after(waits, done(ask(waits, ALICE, NOW, **settings), {"commit": "3f2a9c1"}))
        assert (ended["status"], ended["done"]["by"], ended.get("said_done")) == ("done", "alice", None)


def test_a_task_may_do_without_the_review_that_its_board_wants() -> None:
    """Its own word goes before the board's."""
    record = working(review="none")
    assert after(record, done(ask(record, HOLDER, NOW, review="human"), {}))["status"] == "done"


def test_nobody_agrees_with_themselves() -> None:
    """Who called it done can't settle it under the same name: an agent that says it twice. Where no review is wanted
    a person may. Mutant: the name is not compared."""
    record = after(working(review="human"), done(ask(working(review="human"), HOLDER), SAID))
    assert refused(done(ask(record, Actor("w", 3)), {})) is Reason.NOT_PERSON
    assert refused(done(ask(record, Actor("w"), NOW), {"forced": True})) is Reason.NOT_PERSON
    plain = after(working(), review(ask(working(), HOLDER), "see there"))
    assert plain["said_done"]["note"] == "see there"
    assert after(plain, done(ask(plain, Actor("w"), NOW), {}))["status"] == "done"


def test_what_is_sent_back_says_why_until_it_is_called_done_again() -> None:
    """A person's reason stands in the record for the next worker, and no longer than that."""
    record = after(working(review="human"), done(ask(working(review="human"), HOLDER), SAID))
    back = after(record, reopen(ask(record, ALICE), "the error paths"))
    assert (back["status"], back["reopened"]["why"], back.get("said_done")) == ("todo", "the error paths", None)
    again = {**working(review="human"), "reopened": back["reopened"]}
    assert "reopened" not in after(again, done(ask(again, HOLDER), SAID))
    assert "reopened" not in after(record, reopen(ask(record, ALICE)))


@pytest.mark.parametrize(
    ("own", "boards", "lets_go"),
    [
        (None, None, False),
        ("review", None, True),
        (None, "review", True),
        ("done", "review", False),
        ("review", "done", True),
    ],
)
def test_what_is_up_for_review_lets_go_only_where_that_is_said(
    own: str | None, boards: str | None, lets_go: bool
) -> None:
    """`unlock: review` of a task, else of the board; done always lets go, and nothing else ever does. Mutants: the
    board's word first; any status lets go."""
    settings = {"unlock": boards} if boards else {}
    for status, expected in (("review", lets_go), ("done", True), ("in_progress", False), ("failed", False)):
        first = {"id": "first", "status": status, **({"unlock": own} if own else {})}
        read = board(first, {"id": "t", "after": ["first"]}, **settings)
        assert is_ready(read, read.tasks[1]) is expected
        assert ("t" in [task.id for task in claimable(read, NOW)]) is expected
        assert waits_for(read, read.tasks[1]) == ([] if expected else ["first"])
