"""A name that lost its claim is a worker left behind: what it wants to write is refused, whatever the command."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from board.claims import Actor
from board.moves import Ask, Change, Outcome, Reason, Refused, block, checkpoint, claim, done, fail, release, renew
from board.queries import claimable
from tests.boards import NOW, ask, claimed

WRITES: dict[str, Callable[[Ask], Outcome]] = {
    "renew": renew,
    "release": release,
    "checkpoint": lambda asked: checkpoint(asked, None, "half"),
    "block": lambda asked: block(asked, "a key"),
    "done": lambda asked: done(asked, {}),
    "fail": lambda asked: fail(asked, "no"),
}


def stale(actor: Actor) -> Ask:
    record = {"id": "t", "status": "in_progress", "claim": claimed("bob", 2)}
    return ask(record, actor, NOW)


@pytest.mark.parametrize("name", WRITES)
def test_a_named_holder_of_an_old_token_is_refused(name: str) -> None:
    """Alice's grant file says token 1, the board says bob's 2: stop. Mutant: EITHER lets any person pass."""
    refused = WRITES[name](stale(Actor("alice", 1)))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.STALE
    assert refused.remedy == "stop working on it"


def test_a_person_who_never_held_it_may_block_it() -> None:
    """Whoever shows no token at all is a person who looks after the board."""
    assert isinstance(block(stale(Actor("carol")), "a key"), Change)


def test_a_claim_on_a_todo_task_still_counts() -> None:
    """A status put back by hand gives nobody's lease away: not by name, not as the next one, until it ends."""
    record = {"id": "t", "status": "todo", "claim": claimed("bob", 2, NOW - 60, 120)}
    asked = ask(record, Actor("carol"), NOW)
    refused = claim(asked, 0)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.HELD
    assert not list(claimable(asked.board, NOW))
    assert [task.id for task in claimable(asked.board, NOW + 60)] == ["t"]


def test_force_takes_it_away_all_the_same() -> None:
    """`release --force` is a person's decision, also of one who held the task before."""
    assert isinstance(release(stale(Actor("alice", 1)), force=True), Change)
