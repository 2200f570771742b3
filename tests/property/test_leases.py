"""Leases and fencing tokens as a state machine, against a model that keeps its own arithmetic.

Mutants that it was seen to kill: expiry with `>` for `>=`; a take-over without a look at the deadline, and a release;
a grant without `floor`, without the record's claim, and with the same token again; `last_token` forgotten when a claim
ends; a renewal that may shorten, or counts from the old deadline; a checkpoint that doesn't renew; a renewal unguarded;
the same holder refused; a holder told by name; a fence that lets lower tokens pass; a lease cut to whole seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from board.claims import Actor, Kind, grant, is_expired, renewed
from board.instants import parse_instant
from board.model import Claim
from board.moves import Ask, Change, Outcome, Reason, Refused, block, checkpoint, claim, release, renew, start, unblock
from board.records import read_task
from tests.boards import NOW, Record, after, ask, task

NAMES = st.sampled_from(["ann", "bob", "cy"])
WRITES: dict[str, Callable[[Ask], Outcome]] = {
    "renew": renew,
    "checkpoint": lambda asked: checkpoint(asked, None, str(asked.now)),
    "start": start,
}


class Leases(RuleBasedStateMachine):
    """One task, three people who remember every token that they were given, and a clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.ttl = 60
        self.record: Record = {"id": "t"}
        # the model
        self.state = "todo"
        self.token: int | None = None
        self.deadline = 0.0
        self.granted = [0]
        self.remembered = 0  # by the record: 0 once it was deleted
        self.theirs: dict[str, list[int]] = {"ann": [], "bob": [], "cy": []}

    @initialize(ttl=st.sampled_from([5, 60, 7200]))
    def begin(self, ttl: int) -> None:
        self.ttl = ttl

    def asked(self, name: str, shown: int | None, kind: Kind) -> Ask:
        return ask(self.record, Actor(name, shown, kind), self.now, lease=f"{self.ttl}s")

    def shown(self, name: str, data: st.DataObject) -> int | None:
        return data.draw(st.sampled_from([None, *self.theirs[name][-2:]]), label="token shown")

    def apply(self, outcome: Outcome) -> None:
        self.record = after(self.record, outcome)

    # --- time

    @rule(step=st.sampled_from([-1, 0, 1]))
    def pass_a_lease(self, step: int) -> None:
        self.now += self.ttl + step

    @rule(step=st.sampled_from([-1, 0, 1]))
    def pass_until_the_deadline(self, step: int) -> None:
        self.now = max(self.now, self.deadline + step)

    @rule()
    def pass_a_moment(self) -> None:
        self.now += 1

    # --- moves

    @rule(name=NAMES, data=st.data(), kind=st.sampled_from([Kind.PERSON, Kind.WORKER]))
    def claim(self, name: str, data: st.DataObject, kind: Kind) -> None:
        shown = self.shown(name, data)
        floors = [max(self.granted), *([0] if self.remembered else [])]  # grant files may be cleared away, too
        outcome = claim(self.asked(name, shown, kind), data.draw(st.sampled_from(floors), label="floor"))
        if self.state == "blocked":
            assert isinstance(outcome, Refused)
        elif self.state == "held" and shown == self.token and shown is not None:
            assert isinstance(outcome, Change)
            assert outcome.grant is not None
            assert outcome.grant.token == self.token, "the same holder has the same grant"
            self.deadline = max(self.deadline, self.now + self.ttl)
            self.apply(outcome)
        elif self.state == "held" and self.now < self.deadline:
            assert isinstance(outcome, Refused)
            assert outcome.reason is Reason.HELD
        else:
            assert isinstance(outcome, Change)
            assert outcome.grant is not None
            assert outcome.grant.token > max(self.granted), "tokens rise strictly"
            assert outcome.grant.by == name
            self.state, self.token, self.deadline = "held", outcome.grant.token, self.now + self.ttl
            self.granted.append(self.token)
            self.remembered = self.token
            self.theirs[name].append(self.token)
            self.apply(outcome)

    @rule(name=NAMES, data=st.data(), write=st.sampled_from(sorted(WRITES)), kind=st.sampled_from(list(Kind)))
    def write(self, name: str, data: st.DataObject, write: str, kind: Kind) -> None:
        shown = self.shown(name, data)
        is_started = self.record.get("status") == "in_progress"
        outcome = WRITES[write](self.asked(name, shown, kind))
        if self.state == "held" and shown == self.token and shown is not None:
            assert isinstance(outcome, Change), f"{write} of the holder, whether expired or not ({is_started})"
            self.deadline = max(self.deadline, self.now + self.ttl)
            self.apply(outcome)
        else:
            assert isinstance(outcome, Refused)
            assert (outcome.reason is Reason.STALE) == (shown is not None)
            assert shown is None or outcome.remedy == "stop working on it"

    @rule(name=NAMES, data=st.data(), force=st.booleans())
    def release(self, name: str, data: st.DataObject, force: bool) -> None:
        shown = self.shown(name, data)
        outcome = release(self.asked(name, shown, Kind.PERSON), force=force)
        is_mine = shown is not None and shown == self.token
        is_anybodys = shown is None and self.now >= self.deadline  # a stale token is none, whatever the hour
        if self.state == "held" and (force or is_mine or is_anybodys):
            self.state, self.token = "todo", None
            self.apply(outcome)
        else:
            assert isinstance(outcome, Refused)
            assert self.state != "held" or (outcome.reason is Reason.STALE) == (shown is not None)

    @precondition(lambda self: self.state != "blocked")
    @rule(name=NAMES)
    def block(self, name: str) -> None:
        self.apply(block(self.asked(name, None, Kind.PERSON), "a key"))
        self.state, self.token = "blocked", None

    @precondition(lambda self: self.state == "blocked")
    @rule(name=NAMES)
    def unblock(self, name: str) -> None:
        self.apply(unblock(self.asked(name, None, Kind.PERSON)))
        self.state = "todo"

    @rule()
    def delete_and_add(self) -> None:
        """By hand: nothing of the record is left, and only the grant files remember."""
        self.record, self.state, self.token, self.remembered = {"id": "t"}, "todo", None, 0

    # --- what holds at any time

    @invariant()
    def the_record_is_the_model(self) -> None:
        held = self.record.get("claim")
        assert (held is not None) == (self.state == "held")
        if held is not None:
            assert held["token"] == self.token
            assert parse_instant(held["expires_at"]) == self.deadline

    @invariant()
    def the_highest_token_is_remembered(self) -> None:
        known = read_task(self.record)
        assert max(known.last_token, known.claim.token if known.claim else 0) == self.remembered


TestLeases = Leases.TestCase
TestLeases.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


# --- fractions of a second

spans = st.one_of(st.floats(0.001, 59.9), st.floats(60, 10**6))
moments = st.floats(0, 10**6).map(lambda offset: NOW + offset)


def read_back(held: Claim) -> Claim:
    """As the file has it."""
    found = task(claim=held.record()).claim
    assert found is not None
    return found


@given(moments, spans)
def test_a_lease_is_as_long_as_promised(now: float, lease: float) -> None:
    """Never shorter, and at most a second longer, as written and as read back; it begins when it was granted.

    Kills: `floor` for `ceil`, milliseconds cut off where leases are short.
    """
    held = read_back(grant(task(), "ann", now, lease, 0))
    longest = now + lease + (1 if lease >= 60 else 0)
    assert now + lease - 0.001 <= held.expires_at <= math.nextafter(longest, math.inf) + 0.001
    assert now - 1 <= held.at <= now + 0.001
    assert is_expired(held, held.expires_at)
    assert not is_expired(held, math.nextafter(held.expires_at, 0))


@given(moments, spans, st.floats(0, 10**6), spans)
def test_a_renewal_only_lengthens(now: float, lease: float, later: float, again: float) -> None:
    """Whatever the board's lease is by then: never earlier than promised before, and a whole lease from now on."""
    held = grant(task(), "ann", now, lease, 0)
    fresh = renewed(held, now + later, again)
    assert fresh.expires_at >= held.expires_at
    assert fresh.expires_at >= now + later + again - 0.001
    assert fresh._replace(expires_at=held.expires_at) == held


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_a_grant_is_above_all_that_is_remembered(last: int, current: int, floor: int) -> None:
    """The record's claim, its memory and the disk: whichever is highest. Kills: each of the three left out."""
    record: dict[str, Any] = {"last_token": last}
    if current:
        record["claim"] = Claim("ann", current, NOW, NOW).record()
    assert grant(task(**record), "bob", NOW, 60, floor).token == max(last, current, floor) + 1
