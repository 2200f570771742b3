"""Parked work: kept without a touch of the tree, and brought back as it was, staged and unstaged apart."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from board import parking, snapshot, unparking, worktree
from tests import repositories as repos
from tests.mess import files, mess, project, staged
from tests.repositories import git

ROOT = "../{repo}.worktrees"


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    repos.isolate(monkeypatch)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return project(tmp_path)


def tree_for(repo: Path, task: str = "refund") -> Path:
    return Path(worktree.ensure(worktree.Plan(str(repo), ROOT, task, "origin/HEAD")).path)


def fresh(repo: Path, tree: Path) -> Path:
    """The tree removed and made again."""
    git(repo, "worktree", "remove", "--force", "--force", str(tree))
    return tree_for(repo, tree.name)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_a_tree_holds_comes_back_as_it_was(repo: Path, seed: int) -> None:
    """Parking changes neither tree, index nor HEAD; in a tree made anew every file, mode, link and staged line is back.

    Mutants: the index copied without its time; `add -u` alone; hidden changes not seen; staged state not recorded.
    """
    tree = tree_for(repo)
    mess(tree, random.Random(seed))
    index = (tree / git(tree, "rev-parse", "--git-dir") / "index").read_bytes()
    before, lines, head = files(tree), staged(tree), git(tree, "rev-parse", "HEAD")
    parked = parking.park(str(tree), "refund")
    assert (tree / git(tree, "rev-parse", "--git-dir") / "index").read_bytes() == index
    assert (files(tree), staged(tree), git(tree, "rev-parse", "HEAD")) == (before, lines, head)
    if parked is None:
        assert snapshot.take(str(tree)).is_clean
        return
    again = fresh(repo, tree)
    done = unparking.unpark(str(repo), str(again), "refund")
    assert (files(again), staged(again)) == (before, lines)
    assert (done.conflicts, done.left, parking.newest(str(repo), "refund")) == ((), 0, None)
