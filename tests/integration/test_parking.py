"""Parked work: kept without a touch of the tree, and brought back as it was, staged and unstaged apart."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from board import parking, snapshot, unparking
from board.errors import NotFound, RefusedError
from tests import repositories as repos
from tests.dying import Death, dies
from tests.mess import files, mess, project, staged
from tests.repositories import git
from tests.yards import tree_in


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    repos.isolate(monkeypatch)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return project(tmp_path)


def fresh(repo: Path, tree: Path) -> Path:
    """The tree removed and made again."""
    git(repo, "worktree", "remove", "--force", "--force", str(tree))
    return tree_in(repo, tree.name)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_a_tree_holds_comes_back_as_it_was(repo: Path, seed: int) -> None:
    """Parking changes neither tree, index nor HEAD; in a tree made anew every file, mode, link and staged line is back.

    Mutants: the index copied without its time; `add -u` alone; hidden changes not seen; staged state not recorded.
    """
    tree = tree_in(repo)
    mess(tree, random.Random(seed), 14)
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


def test_nothing_to_park_is_no_state(repo: Path) -> None:
    """A clean tree makes no reference, and asking again for what is parked already makes no second state."""
    tree = tree_in(repo)
    assert parking.park(str(tree), "refund") is None
    (tree / "new").write_text("x")
    first, second = parking.park(str(tree), "refund"), parking.park(str(tree), "refund")
    assert first is not None
    assert second == first._replace(is_new=False)


def test_a_file_changed_within_the_index_s_own_instant_is_parked(repo: Path) -> None:
    """git looks into files that are as young as its index; a copy of it must be as old. Mutant: `copyfile`."""
    tree = tree_in(repo)
    git(tree, "config", "core.trustctime", "false")
    instant = (tree / "a").stat().st_mtime_ns - 10**10
    for text in ("1234\n", "5678\n"):
        (tree / "a").write_text(text)
        os.utime(tree / "a", ns=(instant, instant))
        if text == "1234\n":
            git(tree, "add", "a")
    os.utime(git_path(tree, "index"), ns=(instant, instant))
    parked = parking.park(str(tree), "refund")
    assert parked is not None
    assert git(repo, "show", f"{parked.commit}:a") == "5678"


def git_path(tree: Path, name: str) -> Path:
    return tree / git(tree, "rev-parse", "--git-path", name)


def test_the_newest_state_comes_back_first_and_the_older_stays(repo: Path) -> None:
    """States are a chain: parking again never loses the one before. Mutant: no parent for the state before."""
    tree = tree_in(repo)
    for text in ("one", "two"):
        (tree / "a").write_text(text)
        parking.park(str(tree), "refund")
    git(tree, "checkout", "--quiet", "--", "a")
    assert unparking.unpark(str(repo), str(tree), "refund").left == 1
    assert (tree / "a").read_text() == "two"
    git(tree, "checkout", "--quiet", "--", "a")
    assert unparking.unpark(str(repo), str(tree), "refund").left == 0
    assert (tree / "a").read_text() == "one"
    with pytest.raises(NotFound):
        unparking.unpark(str(repo), str(tree), "refund")


def test_other_changes_are_not_written_over(repo: Path) -> None:
    """A tree with changes of its own is refused, and stays as it is. Mutant: no look before the way back."""
    tree = tree_in(repo)
    (tree / "a").write_text("parked")
    parking.park(str(tree), "refund")
    (tree / "a").write_text("of today")
    with pytest.raises(RefusedError, match="changes of its own"):
        unparking.unpark(str(repo), str(tree), "refund")
    assert (tree / "a").read_text() == "of today"
    assert parking.newest(str(repo), "refund") is not None


def test_work_goes_on_where_the_branch_moved(repo: Path) -> None:
    """On a later commit the parked changes are merged in, and what was parked is kept as it was."""
    tree = tree_in(repo)
    (tree / "run.sh").write_text("parked")
    (tree / "new").write_text("new")
    parked = parking.park(str(tree), "refund")
    git(tree, "checkout", "--quiet", "--", ".")
    (tree / "new").unlink()
    repos.commit(tree, "later.txt", "later")
    done = unparking.unpark(str(repo), str(tree), "refund")
    assert (done.conflicts, (tree / "run.sh").read_text(), (tree / "new").read_text()) == ((), "parked", "new")
    assert parked is not None
    assert git(repo, "merge-base", "--is-ancestor", parked.commit, f"{parking.KEPT}refund") == ""


def test_a_conflict_leaves_both(repo: Path) -> None:
    """Where both sides changed a file both stand in it, and the parked state stays. Mutant: dropped all the same."""
    tree = tree_in(repo)
    (tree / "README.md").write_text("parked\n")
    parked = parking.park(str(tree), "refund")
    git(tree, "checkout", "--quiet", "--", ".")
    repos.commit(tree, "README.md", "committed\n")
    assert unparking.unpark(str(repo), str(tree), "refund").conflicts == ("README.md",)
    text = (tree / "README.md").read_text()
    assert "parked\n" in text
    assert "committed\n" in text
    assert parked is not None
    assert parking.newest(str(repo), "refund") == parked.commit


def test_an_ignored_file_in_the_way_is_not_written_over(repo: Path) -> None:
    """What git ignores is somebody's too: only a copy of the main tree's makes room. Mutant: no look at it."""
    tree = tree_in(repo)
    (tree / ".env").write_text("A=parked\n")
    parking.park(str(tree), "refund", [".env"])
    (tree / ".env").write_text("A=mine\n")
    with pytest.raises(RefusedError, match=r"\.env in .* would be overwritten"):
        unparking.unpark(str(repo), str(tree), "refund")
    assert (tree / ".env").read_text() == "A=mine\n"
    (repo / ".env").write_text("A=mine\n")
    unparking.unpark(str(repo), str(tree), "refund")
    assert (tree / ".env").read_text() == "A=parked\n"


@pytest.mark.parametrize("what", ["nested", "merge", "unmerged", "unborn"])
def test_what_can_not_be_kept_whole_is_refused(repo: Path, what: str) -> None:
    """A repository within, an operation under way, an unmerged index, no commit: said, and nothing is half kept."""
    tree = tree_in(repo)
    (tree / "a").write_text("changed\n")
    if what == "nested":
        repos.repository(tree / "inner")
    elif what == "merge":
        git_path(tree, "MERGE_HEAD").write_text(git(tree, "rev-parse", "HEAD"))
    elif what == "unmerged":
        blob = git(tree, "rev-parse", "HEAD:run.sh")
        lines = "".join(f"100644 {blob} {stage}\tx\n" for stage in (1, 2, 3))
        subprocess.run(["git", "-C", tree, "update-index", "--index-info"], input=lines, text=True, check=True)
    else:
        git(tree, "symbolic-ref", "HEAD", "refs/heads/fresh")
    with pytest.raises(RefusedError):
        parking.park(str(tree), "refund")
    assert parking.newest(str(repo), "refund") is None


def test_a_half_unparked_tree_begins_anew_and_keeps_what_stood_there(repo: Path) -> None:
    """After a death in the midst the next one goes from HEAD again; what anybody wrote meanwhile has a reference.

    Mutants: no note of what was begun; nothing kept before the tree goes back to HEAD.
    """
    tree = tree_in(repo)
    (tree / "run.sh").write_text("parked\n")
    (tree / "new").write_text("new\n")
    parking.park(str(tree), "refund")
    tree = fresh(repo, tree)
    death = Death("stash apply", 1, "torn", torn=f"cd '{tree}'; echo half > run.sh; echo of-somebody > other")
    assert dies(lambda: unparking.unpark(str(repo), str(tree), "refund"), repo.parent, death)
    assert unparking.unpark(str(repo), str(tree), "refund").is_anew
    assert git(tree, "status", "--porcelain").split("\n") == ["M run.sh", "?? new"]
    assert git(repo, "show", f"{parking.KEPT}refund:other") == "of-somebody"
