"""SIGKILL at any moment of parking, unparking and removing: no commit and no uncommitted byte is ever lost.

CREWBOARD_KILLS raises the number of rounds of each deed.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from board import custody, git, parking, removing, unparking
from board.custody import Yard
from tests import repositories as repos
from tests.dying import Death, dies, unlock
from tests.mess import files, mess, precious, project, staged
from tests.yards import remove, tree_in, yard_of

ROUNDS = int(os.environ.get("CREWBOARD_KILLS", "2"))
CALLS = 48  # of git in the longest deed, about


@pytest.fixture
def yard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Yard:
    repos.isolate(monkeypatch)
    repo = project(tmp_path)
    return yard_of(repo)


def messy(yard: Yard, dice: random.Random) -> Path:
    tree = tree_in(yard.top)
    mess(tree, dice)
    return tree


def end(yard: Yard) -> None:
    """The tree gone, whatever it took."""
    removing.end_all(yard.top, yard.common)
    if custody.subject(yard, "refund").known is not None:
        remove(yard, force=True)


def drawn(deed: str) -> list[random.Random]:
    return [random.Random(f"{deed} {number}") for number in range(ROUNDS)]


def killed(yard: Yard, deed: Callable[[], object], dice: random.Random, words: str) -> bool:
    """Does nobody work on any more?"""
    death = Death.drawn(dice, CALLS, words)
    if dies(deed, Path(yard.top).parent, death) and death.moment == "together":
        unlock(Path(yard.common))
    return death.moment != "beside"


def test_a_park_that_is_killed_loses_nothing_and_is_ended_by_the_next(yard: Yard) -> None:
    """The tree stays as it was, and the next one parks it all. Mutant: the tree reset when it is parked."""
    for dice in drawn("park")[: max(1, ROUNDS // 2)]:
        tree = messy(yard, dice)
        before, state = precious(Path(yard.top), tree), (files(tree), staged(tree))
        killed(yard, lambda: parking.park(str(tree), "refund"), dice, "update-ref")  # noqa: B023
        assert (files(tree), staged(tree)) == state
        parking.park(str(tree), "refund")
        end(yard)
        assert before <= precious(Path(yard.top), tree)


def test_a_removal_that_is_killed_is_ended_and_loses_nothing(yard: Yard) -> None:
    """Whoever comes next ends it, and every blob and commit of the tree has a reference that stays.

    Mutants: nothing tied before the folder goes; nothing parked.
    """
    for dice in drawn("remove"):
        tree = messy(yard, dice)
        before, state = precious(Path(yard.top), tree), (files(tree), staged(tree))
        if killed(yard, lambda: remove(yard, force=True), dice, "worktree remove"):
            assert before <= precious(Path(yard.top), tree)
        end(yard)
        assert before <= precious(Path(yard.top), tree)
        assert not tree.exists()
        assert removing.begun(yard.common) == []
        if parking.newest(yard.top, "refund") is not None:
            unparking.unpark(yard.top, str(tree_in(yard.top)), "refund")
            assert (files(tree), staged(tree)) == state


def test_an_unpark_that_is_killed_begins_anew_and_loses_nothing(yard: Yard) -> None:
    """The parked state stays until it is back whole; what a half one left is no obstacle to the next.

    Mutant: the reference dropped first.
    """
    for dice in drawn("unpark"):
        tree = messy(yard, dice)
        before, state = precious(Path(yard.top), tree), (files(tree), staged(tree))
        end(yard)
        tree_in(yard.top)
        if parking.newest(yard.top, "refund") is None:
            continue
        if killed(yard, lambda: unparking.unpark(yard.top, str(tree), "refund"), dice, "stash apply"):  # noqa: B023
            assert before <= precious(Path(yard.top), tree)
        if parking.newest(yard.top, "refund") is not None:
            unparking.unpark(yard.top, str(tree), "refund")
        assert (files(tree), staged(tree)) == state
        assert before <= precious(Path(yard.top), tree)
        assert git.resolve(yard.top, parking.PRESERVED + "refund") is None
