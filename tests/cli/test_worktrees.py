"""`board worktree` as people and scripts type it: what it prints, what it refuses, with which exit code."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest

from board import treelock
from tests import repositories as repos
from tests.cli.conftest import Run, use
from tests.programs import board
from tests.repositories import git

TASKS = """\
version: 1
settings: {worktrees: {enabled: true}}
tasks:
  - {id: refund, title: Refund}
  - {id: old, title: Old, status: done}
  - {id: aside, title: Aside, worktree: false}
"""


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A board in a repository, without a remote; git ignores the board."""
    use(monkeypatch, tmp_path)
    repos.isolate(monkeypatch)
    made = repos.repository(tmp_path / "repo")
    repos.commit(made, ".gitignore", "tasks.yaml\n.board/\n.env\n")
    (made / "tasks.yaml").write_text(TASKS, encoding="utf-8")
    monkeypatch.chdir(made)
    return made


def tree_of(run: Run, task: str = "refund") -> Path:
    ended = run("worktree", "open", task, "--create")
    assert ended.code == 0, ended
    return Path(ended.out.rstrip("\n"))


def rows(run: Run, *words: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(run("worktree", "list", "--json", *words).out)["worktrees"]
    return found


def test_open_prints_the_path_and_makes_nothing_unasked(run: Run, repo: Path) -> None:
    """Exit 4 where there is no tree; with --create it is made once; a task without one works in the board's folder."""
    ended = run("worktree", "open", "refund")
    assert (ended.code, ended.out) == (4, "")
    assert "`board worktree open refund --create` makes it" in ended.err
    tree = tree_of(run)
    assert tree == repo.parent / "repo.worktrees" / "refund"
    assert run("worktree", "open", "refund").out == f"{tree}\n"
    assert json.loads(run("worktree", "open", "refund", "--json").out)["worktree"]["path"] == str(tree)
    assert run("worktree", "open", "aside").out == f"{repo}\n"
    assert "worktree_created refund" in run("log").out


def test_a_shell_and_an_editor_start_in_the_tree(repo: Path) -> None:
    """They get the task's variables and take the place of the command."""
    env = {**repos.IDENTITY, "SHELL": "/usr/bin/env", "EDITOR": "echo edits"}
    assert board("worktree", "open", "refund", "--create", "-q", cwd=repo, env=env).code == 0
    said = board("worktree", "open", "refund", "--shell", cwd=repo, env=env).out
    assert "BOARD_TASK=refund\n" in said
    assert "COMPOSE_PROJECT_NAME=repo-worktrees-refund\n" in said
    tree = repo.parent / "repo.worktrees" / "refund"
    assert board("worktree", "open", "refund", "--editor", cwd=repo, env=env).out == f"edits {tree}\n"
    assert board("worktree", "open", "refund", "--editor", cwd=repo, env={"EDITOR": "no-such"}).code == 1


def test_the_list_says_what_each_tree_holds(run: Run, repo: Path) -> None:
    """Dirty, ahead, merged, parked, in use, and sizes; trees without a task, and parked work without a tree."""
    tree = tree_of(run)
    repos.commit(tree, "new", "x")
    (tree / "README.md").write_text("changed")
    git(repo, "worktree", "add", "--quiet", "-b", "stray", str(tree.parent / "stray"))
    old = tree_of(run, "old")
    (old / "new").write_text("x")
    assert run("worktree", "park", "old").code == 0
    assert run("worktree", "remove", "old", "--force").code == 0
    by_task = {row["task"]: row for row in rows(run, "--size")}
    assert list(by_task) == ["refund", "old", "stray"]
    mine = by_task["refund"]
    facts = {key: mine[key] for key in ("status", "state", "branch", "dirty", "ahead", "behind", "merged", "unpushed")}
    assert facts == {
        "status": "todo",
        "state": "there",
        "branch": "refund",
        "dirty": 1,
        "ahead": 1,
        "behind": 0,
        "merged": False,
        "unpushed": None,
    }
    assert (mine["size_is_whole"], mine["parked"], mine["pids"]) == (True, None, [])
    assert (by_task["stray"]["status"], by_task["old"]["state"]) == (None, "none")
    assert by_task["old"]["parked"]
    shown = run("worktree").out.splitlines()
    assert shown[0].split()[:5] == ["TASK", "STATUS", "BRANCH", "DIRTY", "AHEAD"]
    assert shown[1].split()[:7] == ["refund", "todo", "refund", "1", "1", "0", "no"]
    assert run("worktree", "list", "-q").out.split() == ["refund", "old", "stray"]
    assert run("worktree", "list", "nobody").code == 4


def test_how_far_a_branch_is_from_home_is_one_figure(run: Run, repo: Path) -> None:
    """`status` counts as `worktree list` does, also where main and origin's main have come apart: what either has is
    home. Mutant killed: a list that counts from the first base only."""
    git(repo, "clone", "--quiet", "--bare", str(repo), str(repo.parent / "origin.git"))
    git(repo, "remote", "add", "origin", (repo.parent / "origin.git").as_uri())
    git(repo, "fetch", "--quiet")
    git(repo, "remote", "set-head", "origin", "--auto")
    tree = tree_of(run)
    repos.commit(tree, "mine", "x")
    git(repo, "push", "--quiet", "origin", "refund:main")
    repos.commit(tree, "more", "x")
    repos.commit(repo, "theirs", "x")
    listed = next(row for row in rows(run) if row["task"] == "refund")
    status = next(row for row in json.loads(run("status", "--json").out)["tasks"] if row["task"] == "refund")
    assert [(seen["ahead"], seen["behind"]) for seen in (listed, status)] == [(1, 1)] * 2


def test_park_and_unpark_say_what_they_kept(run: Run, repo: Path) -> None:
    """The tree stays as it is; what git ignores is named; a tree that was removed is made again."""
    tree = tree_of(run)
    (tree / "README.md").write_text("changed")
    (tree / ".env").write_text("A=2")
    ended = run("worktree", "park", "refund")
    assert "board: .env not kept: git ignores it; --ignored parks it too\n" in ended.err
    assert ended.out.startswith("parked refund: 1 file as ")
    assert "(it was already)" in run("worktree", "park", "refund").out
    assert json.loads(run("worktree", "park", "refund", "--ignored", "--json").out)["parked"]["files"] == [
        ".env",
        "README.md",
    ]
    assert run("worktree", "unpark", "refund").out == f"unparked refund in {tree}; 1 more parked before it\n"
    assert run("worktree", "remove", "refund", "--force").code == 0
    assert not tree.exists()
    assert run("worktree", "unpark", "refund").code == 0
    assert ((tree / "README.md").read_text(), (tree / ".env").read_text()) == ("changed", "A=2")
    told = [line.split()[2] for line in run("log").out.splitlines() if "worktree_" in line]
    assert told[:2] == ["worktree_created", "worktree_parked"]
    assert told[-2:] == ["worktree_created", "worktree_unparked"]


def test_a_refused_removal_says_what_would_be_lost(run: Run, repo: Path) -> None:
    """Exit 5 in one line, with the ways out; scripts branch on the word."""
    tree = tree_of(run)
    (tree / "README.md").write_text("changed")
    ended = run("worktree", "remove", "refund", "--json")
    assert (ended.code, ended.err.count("\n")) == (5, 1)
    assert f"board: {tree} stays: not committed: README.md; `board worktree park refund`, or `board work" in ended.err
    assert json.loads(ended.out)["error"]["reason"] == "dirty"
    removed = run("worktree", "remove", "refund", "--force", "--branch", "--json")
    assert removed.code == 0
    assert json.loads(removed.out)["removed"]["branch_deleted"] is True
    assert "worktree_removed refund" in run("log").out


def test_prune_removes_what_is_safe_and_says_why_the_rest_stays(run: Run, repo: Path) -> None:
    """Trees of ended tasks, clean, merged, old enough; a dry run changes nothing."""
    tree, old = tree_of(run), tree_of(run, "old")
    assert "kept old: it changed not long ago\n" in run("worktree", "prune").out
    dry = json.loads(run("worktree", "prune", "--older", "0s", "--dry-run", "--json").out)
    assert ([each["task"] for each in dry["removed"]], old.exists()) == (["old"], True)
    ended = run("worktree", "prune", "--older", "0s")
    assert ended.out == "removed old\nkept refund: refund is todo\n"
    assert (old.exists(), tree.exists()) == (False, True)
    old = tree_of(run, "old")
    (old / "new").write_text("x")
    assert "kept old: not committed: new\n" in run("worktree", "prune", "--older", "0s").out


USAGE = {
    "no such action": ("worktree", "burn"),
    "an option of another action": ("worktree", "park", "refund", "--force"),
    "no span": ("worktree", "prune", "--older", "soon"),
    "prune one": ("worktree", "prune", "refund"),
    "no task named": ("worktree", "park"),
}


@pytest.mark.parametrize("what", USAGE)
def test_words_that_make_no_sense_are_exit_2(run: Run, repo: Path, what: str) -> None:
    """One line that says what to type instead."""
    ended = run(*USAGE[what])
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)


def test_other_exit_codes(run: Run, repo: Path, tmp_path: Path) -> None:
    """4 for nobody's name or nothing parked, 5 for what isn't ours and outside of a repository, 75 for a held lock."""
    assert run("worktree", "park", "nobody").code == 4
    assert run("worktree", "unpark", "refund").code == 4
    assert run("worktree", "remove", "aside").code == 5
    (tmp_path / "tasks.yaml").write_text(TASKS, encoding="utf-8")
    assert run("worktree", "--board", str(tmp_path / "tasks.yaml")).code == 5


def test_a_lock_that_is_held_is_busy(run: Run, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who parks beside another who makes trees waits, and then says so with exit 75."""
    tree_of(run)
    lock = os.open(repo / ".git" / treelock.LOCK_NAME, os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        with pytest.raises(treelock.TreesBusy) as caught, treelock.held(str(repo), 0.05):
            pass
        assert caught.value.exit_code == 75
    finally:
        os.close(lock)
