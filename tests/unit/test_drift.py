"""`board.drift`: what was seen of a task and its tree comes to findings; what could not be told comes to none."""

from __future__ import annotations

from typing import Any

import pytest

from board.claims import is_past
from board.drift import Doubt, Finding, Kind, Stray, Survey, Tree, find
from board.instants import format_instant
from board.model import HELD, Board, Status
from tests.boards import NOW, board, claimed, ran

COMMIT = "3f2a9c1" + "0" * 33
DONE = {"status": "done", "done": {"by": "alice", "commit": COMMIT}}
REVIEW = {"status": "review"}
OVER = claimed(by="alice", at=NOW - 9000, ttl=7200)
WORKING = {"status": "in_progress", "claim": claimed(), "run": ran()}
DESERTED = {"status": "in_progress", "claim": OVER, "run": ran(started_at=NOW - 9000)}
WELL = Tree(
    "/w/api",
    is_there=True,
    checked_out="api",
    tip=COMMIT,
    dirty=0,
    ahead=0,
    behind=0,
    unkept=0,
    since=0,
    touched_at=NOW,
)


def on(record: dict[str, Any]) -> Board:
    return board({"id": "api", **record}, lease="2h")


def found(record: dict[str, Any], tree: Tree | Doubt | None, *, lives: bool | None = False) -> list[Finding]:
    trees = {} if tree is None else {"api": tree}
    return find(on(record), Survey("/w", trees), {"api": lives}, NOW)


def kinds(record: dict[str, Any], tree: Tree | Doubt | None, *, lives: bool | None = False) -> list[Kind]:
    return [each.kind for each in found(record, tree, lives=lives)]


@pytest.mark.parametrize("record", [DONE, REVIEW, WORKING, {}, {"status": "blocked", "blocked": {"on": "x"}}])
def test_all_is_well(record: dict[str, Any]) -> None:
    """A tree as it should be is no drift, whatever the task's status."""
    assert kinds(record, WELL, lives=True) == []


def test_dirty_is_drift_only_once_the_worker_said_done() -> None:
    """Done and reviewed work lies committed; whoever still works may have as many changes as they like.
    Mutants: every status; done alone."""
    dirty = WELL._replace(dirty=2)
    assert kinds(DONE, dirty) == kinds(REVIEW, dirty) == [Kind.DIRTY]
    assert kinds(WORKING, dirty, lives=True) == kinds({}, dirty) == []
    assert found(DONE, dirty)[0].detail == "it is done, with 2 changes in /w/api that nobody committed"
    assert kinds(DONE, dirty._replace(dirty=None)) == []


def test_a_branch_that_moved_after_done_until_it_reaches_a_base() -> None:
    """Commits on top, or a commit that was rewritten away; not once the base has them, and not while at work.
    Mutant: `ahead` unread."""
    moved = WELL._replace(since=2, ahead=3, unkept=0)
    assert kinds(DONE, moved) == [Kind.MOVED]
    assert found(DONE, moved)[0].detail.endswith("2 commits since 3f2a9c1")
    assert found(DONE, moved._replace(since=-1))[0].detail.endswith("3f2a9c1 isn't in it any more")
    assert kinds(DONE, moved._replace(ahead=0)) == kinds(DONE, moved._replace(since=None)) == []
    assert kinds(REVIEW, moved) == kinds(WORKING, moved, lives=True) == []


def test_done_work_that_nobody_else_has() -> None:
    """Only done work is to be merged or pushed, and either of them is enough. Mutant: `ahead` instead of `unkept`."""
    alone = WELL._replace(ahead=1, unkept=1)
    assert [(each.kind, each.remedy) for each in found(DONE, alone)] == [(Kind.UNMERGED, "board merge api")]
    assert kinds(DONE, alone._replace(unkept=0)) == kinds(DONE, alone._replace(unkept=None)) == []
    assert kinds(REVIEW, alone) == []


def test_another_branch_is_checked_out() -> None:
    """Also none at all; but in the middle of a rebase HEAD is detached, and a live worker may look around.
    Mutants: `under_way` unread; `lives` unread."""
    aside = WELL._replace(checked_out="aside")
    assert kinds(DONE, aside) == kinds(REVIEW, aside) == kinds(WORKING, aside) == [Kind.ELSEWHERE]
    assert found(DONE, aside)[0].detail == "its tree is on branch aside, not on api"
    assert "on no branch" in found(DONE, aside._replace(checked_out=None))[0].detail
    assert kinds(DONE, aside._replace(checked_out=None, under_way="rebase")) == []
    assert kinds(WORKING, aside, lives=True) == kinds(WORKING, aside, lives=None) == []
    assert kinds(DONE, aside._replace(is_there=False)) == []


def test_a_tree_that_is_gone_from_under_its_task() -> None:
    """Work under way has its tree, unless nobody ever made one (no branch), or nobody began. Done work needs none.
    Mutant: done work that needs a tree."""
    gone = WELL._replace(is_there=False, checked_out=None, dirty=None)
    assert kinds(WORKING, gone, lives=True) == [Kind.GONE]
    assert kinds(WORKING, gone._replace(tip=None), lives=True) == []
    assert kinds({"status": "claimed", "claim": claimed()}, gone) == []
    assert kinds(DONE, gone) == kinds(REVIEW, gone) == []


@pytest.mark.parametrize("record", [DONE, REVIEW, WORKING])
def test_work_that_nothing_reaches_any_more(record: dict[str, Any]) -> None:
    """Neither tree nor branch, and a commit that git will delete: the remedy gives it its branch back."""
    lost = Tree("/w/api", lost=COMMIT)
    assert kinds(record, lost, lives=True) == [Kind.GONE]
    assert found(record, lost, lives=True)[0].remedy == "git -C /w branch api 3f2a9c100000"


def test_held_and_nobody_works_there() -> None:
    """The lease is over, no worker lives, and nothing moved for as long as a lease lasts, in a tree or without one.
    Mutants: the lease unread; `lives` unread, or doubt taken for no; `touched_at` unread."""
    still = WELL._replace(touched_at=NOW - 7200)
    for tree in (still, None):
        assert kinds(DESERTED, tree) == [Kind.ABANDONED]
        assert kinds(DESERTED, tree, lives=True) == kinds(DESERTED, tree, lives=None) == []
        assert kinds(WORKING, tree) == []
    assert kinds(DESERTED, still._replace(touched_at=NOW - 7199)) == []
    pointed = {**DESERTED, "checkpoint": {"commit": COMMIT, "at": format_instant(NOW - 60)}}
    assert kinds(pointed, still) == []
    assert found(DESERTED, None)[0].remedy == "board release api"
    assert kinds({"status": "in_progress"}, None) == [Kind.ABANDONED]
    assert kinds({**DESERTED, "status": "blocked", "blocked": {"on": "x"}}, still) == []


def test_the_instant_at_which_a_lease_is_over() -> None:
    """The same one as that from which the claim may be taken over."""
    edge = {"status": "claimed", "claim": claimed(at=NOW - 7200, ttl=7200)}
    assert is_past(NOW, NOW)
    assert kinds(edge, None) == [Kind.ABANDONED]
    assert kinds({"status": "claimed", "claim": claimed(at=NOW - 7200, ttl=7201)}, None) == []


@pytest.mark.parametrize("record", [DONE, REVIEW, DESERTED])
def test_doubt_is_no_drift(record: dict[str, Any]) -> None:
    """A look that failed says nothing, of one tree or of all."""
    assert kinds(record, Doubt("no answer")) == []
    assert find(on(record), Survey(doubt="git is not installed"), {}, NOW) == []


@pytest.mark.parametrize("status", [status for status in Status if status not in HELD])
def test_work_in_the_boards_folder_is_nobodys_drift(status: Status) -> None:
    """Without a tree of its own a task that nobody holds can't drift."""
    extra = {"blocked": {"on": "x"}} if status is Status.BLOCKED else {}
    assert kinds({"status": str(status), **extra}, None) == []


def test_a_stray_is_told_last_with_its_place() -> None:
    """Findings stand in the board's order; trees without a task come behind them."""
    two = board({"id": "b", **DONE}, {"id": "a", **DONE})
    trees = {name: WELL._replace(checked_out=name, dirty=1) for name in ("a", "b")}
    told = find(two, Survey("/w", trees, (Stray("old", "/w/old", None),)), {}, NOW)
    assert [(each.task, each.kind) for each in told] == [("b", Kind.DIRTY), ("a", Kind.DIRTY), ("old", Kind.STRAY)]
    assert told[2].detail == "/w/old is a tree of ours on no branch, and no task has its name"
