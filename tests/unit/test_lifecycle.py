"""The table of legal moves: what it promises as a graph, and that the moves themselves keep to it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from itertools import product

import pytest

from board.claims import Actor, Kind
from board.lifecycle import TABLE, Move, Verb, Who, diagram, move_for, verbs_from
from board.model import Status
from board.moves import (
    Ask,
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
from tests.boards import NOW, Record, after, ask, claimed, ran

MOVES: dict[Verb, Callable[[Ask], Outcome]] = {
    Verb.CLAIM: lambda asked: claim(asked, 0),
    Verb.RENEW: renew,
    Verb.RELEASE: lambda asked: release(asked, force=True),
    Verb.START: start,
    Verb.CHECKPOINT: lambda asked: checkpoint(asked, "3f2a9c1", None),
    Verb.ADVANCE: advance,
    Verb.BLOCK: lambda asked: block(asked, "a key"),
    Verb.UNBLOCK: unblock,
    Verb.APPROVE: approve,
    Verb.REVIEW: review,
    Verb.DONE: lambda asked: done(asked, {}),
    Verb.FAIL: lambda asked: fail(asked, "no use"),
    Verb.CANCEL: cancel,
    Verb.REOPEN: reopen,
}

WORKER = Actor("w", 3, Kind.WORKER)
STRANGER = Actor("x", 2, Kind.WORKER)
SUPERVISOR = Actor("s", None, Kind.SUPERVISOR)
PERSON = Actor("alice")
HOLDING_PERSON = Actor("alice", 3)
ACTORS = (WORKER, STRANGER, SUPERVISOR, PERSON, HOLDING_PERSON)
PERSONS_VERBS = {Verb.UNBLOCK, Verb.APPROVE, Verb.CANCEL, Verb.REOPEN}

# The table of the design, kept by hand: which words lead out of each status.
LEAVES = {
    "todo": "claim block cancel",
    "claimed": "start release",
    "in_progress": "advance block done fail release",
    "blocked": "unblock",
    "review": "done reopen",
    "done": "reopen",
    "failed": "reopen",
    "cancelled": "reopen",
}


def record_in(status: Status) -> Record:
    """A task as it stands in `status`: in the first of two steps, which was started and needed a person's word."""
    steps = [{"id": "one", "run": "true", "resumable": True}, {"id": "two", "run": "true"}]
    record: Record = {
        "id": "t",
        "steps": steps,
        "step": "one",
        "status": str(status),
        "run": ran("one"),
        "last_token": 3,
    }
    if status in (Status.CLAIMED, Status.IN_PROGRESS):
        record |= {"claim": claimed(token=3, ttl=60)}  # its lease is just over: it may be taken
    if status is Status.BLOCKED:
        record |= {"blocked": {"on": "a person", "by": "s", "rule": "not-resumable"}}
    return record


def fitting(move: Move) -> Iterator[Actor]:
    """Who may make this move, by the table's own word."""
    held = move.source in (Status.CLAIMED, Status.IN_PROGRESS)
    if move.who is Who.ANYONE:
        yield from (WORKER, PERSON, SUPERVISOR) if held else (PERSON, SUPERVISOR)
    if move.who in (Who.PERSON, Who.EITHER):
        yield from (PERSON, SUPERVISOR)
    if move.who in (Who.HOLDER, Who.EITHER) and held:
        yield WORKER


# --- the graph


def test_every_status_can_be_reached() -> None:
    """From `todo`, by moves of the table alone."""
    reached, grew = {Status.TODO}, True
    while grew:
        more = {move.target for move in TABLE if move.source in reached}
        grew = not more <= reached
        reached |= more
    assert reached == set(Status)


@pytest.mark.parametrize("status", Status)
def test_every_status_can_be_left_and_leads_back(status: Status) -> None:
    """No status is a trap: each leads back to `todo`, so that a person can always begin again."""
    reached = {status}
    for _ in Status:
        reached |= {move.target for move in TABLE if move.source in reached}
    assert {move.target for move in TABLE if move.source is status} - {status}
    assert Status.TODO in reached


@pytest.mark.parametrize("status", Status)
def test_the_design_names_the_ways_out(status: Status) -> None:
    """Whatever the design promises as a way out of a status is one."""
    for verb in LEAVES[status].split():
        move = move_for(Verb(verb), status)
        assert move is not None
        assert move.target is not status or verb == "advance"


def test_one_row_a_verb_and_status() -> None:
    """The table is a function: no (verb, status) pair has two answers, and it is read as it stands."""
    keys = [(move.verb, move.source) for move in TABLE]
    assert len(keys) == len(set(keys))
    assert all(move_for(move.verb, move.source) == move for move in TABLE)


def test_a_persons_word_is_no_workers_move() -> None:
    """Approving, unblocking, cancelling and reopening are a person's in every status."""
    assert {move.who for move in TABLE if move.verb in PERSONS_VERBS} == {Who.PERSON}


@pytest.mark.parametrize("status", ["blocked", "review", "done", "failed", "cancelled"])
def test_what_waits_for_a_person_is_moved_by_a_person(status: str) -> None:
    """No worker gets out of a block or an ending by itself, and an ending is left by `reopen` alone.

    Kills: a row that lets a holder, or `unblock` in another status than `blocked`, out.
    """
    rows = [move for move in TABLE if move.source == status]
    assert {move.who for move in rows} == {Who.PERSON}
    assert (Verb.UNBLOCK in {move.verb for move in rows}) == (status == "blocked")
    if status in ("done", "failed", "cancelled"):
        assert [move.verb for move in rows] == [Verb.REOPEN]


def test_the_diagram_is_the_table() -> None:
    """Every move that changes the status is an arrow, and every arrow is such a move."""
    head, first, *lines = diagram().splitlines()
    assert (head, first.strip()) == ("stateDiagram-v2", "[*] --> todo")
    drawn = set()
    for line in lines:
        found = re.fullmatch(r" +(\w+) --> (\w+): (.+)", line)
        assert found is not None, line
        drawn |= {(found[1], found[2], verb) for verb in found[3].split(", ")}
    assert drawn == {(m.source, m.target, m.verb) for m in TABLE if m.source is not m.target}


@pytest.mark.parametrize("status", Status)
def test_the_verbs_from_a_status_are_the_tables(status: Status) -> None:
    """What a refusal offers instead is legal, and complete."""
    assert set(verbs_from(status)) == {verb for verb in Verb if move_for(verb, status) is not None}


# --- the moves keep to it


@pytest.mark.parametrize("move", TABLE, ids=lambda move: f"{move.verb}-{move.source}")
def test_a_legal_move_leads_where_the_table_says(move: Move) -> None:
    """Everybody whom the table lets make a move can make it, and the task then stands in the row's target.

    A holder who asks to claim again is told of the grant that it has, and the task stays as it is.
    """
    actors = list(fitting(move))
    assert actors
    for actor in actors:
        record = record_in(move.source)
        left = after(record, MOVES[move.verb](ask(record, actor)))
        stays = move.verb is Verb.CLAIM and actor is WORKER
        assert left["status"] == (move.source if stays else move.target)


ILLEGAL = [(verb, status) for verb, status in product(Verb, Status) if move_for(verb, status) is None]


@pytest.mark.parametrize(("verb", "status"), ILLEGAL)
def test_an_illegal_move_is_refused_and_changes_nothing(verb: Verb, status: Status) -> None:
    """Whoever asks: a refusal with a remedy, and the record as it was.

    Kills: any move that forgets its guard.
    """
    for actor in ACTORS:
        record = record_in(status)
        before = copy.deepcopy(record)
        outcome = MOVES[verb](ask(record, actor))
        assert isinstance(outcome, Refused), actor
        assert outcome.reason in (Reason.ILLEGAL, Reason.STALE)
        assert outcome.message
        assert outcome.remedy
        assert record == before


@pytest.mark.parametrize("move", TABLE, ids=lambda move: f"{move.verb}-{move.source}")
def test_nobody_else_may_make_a_move(move: Move) -> None:
    """A worker makes no person's move, and who doesn't hold the task makes no holder's move."""
    outsiders = {Who.PERSON: [WORKER, STRANGER], Who.EITHER: [STRANGER], Who.HOLDER: [STRANGER, PERSON, SUPERVISOR]}
    for actor in outsiders.get(move.who, []):
        record = record_in(move.source)
        outcome = MOVES[move.verb](ask(record, actor))
        assert isinstance(outcome, Refused), actor
        if actor is WORKER and move.source in (Status.CLAIMED, Status.IN_PROGRESS):
            assert outcome.reason is Reason.NOT_PERSON
        elif actor.token is not None:
            assert outcome.reason is Reason.STALE
        else:
            assert outcome.reason is Reason.NOT_HOLDER


def test_a_claim_left_behind_by_a_hand_edit_opens_nothing() -> None:
    """A person who writes `status: done` beside a claim ends the task: its holder can't claim or renew it any more.

    Kills: the holder's renewal asked before the table.
    """
    for status in ("blocked", "review", "done", "failed", "cancelled"):
        record = {"id": "t", "status": status, "claim": claimed(token=3), "blocked": {"on": "x", "by": "alice"}}
        for verb in (Verb.CLAIM, Verb.RENEW, Verb.CHECKPOINT):
            assert isinstance(MOVES[verb](ask(record, WORKER, NOW)), Refused)


BACK = [move for move in TABLE if move.target is Status.TODO is not move.source]


@pytest.mark.parametrize("move", BACK, ids=lambda move: f"{move.verb}-{move.source}")
def test_what_is_todo_has_no_claim(move: Move) -> None:
    """A board whose `todo` task has a claim is invalid: no move may leave one, whatever a person left behind.

    Kills: `reopen`, `unblock`, `approve` or `advance` that leave the claim; a token forgotten with it.
    """
    record = {**record_in(move.source), "claim": claimed(token=3), "last_token": None}
    for actor in fitting(move):
        left = after(record, MOVES[move.verb](ask(record, actor)))
        assert "claim" not in left
        assert left["last_token"] == 3
