"""What a tree tells of the work in it, against the real git: whether anything is new, and what was left behind."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from board.home import head_log
from board.instants import format_instant
from board.model import Task
from board.templates import template_text
from supervisor.commits import _new_commit
from supervisor.launch import Left, Site, prepare
from supervisor.leftover import left_in
from supervisor.looks import progress, tip_of
from supervisor.model import Answer, Attempt, Unseen
from supervisor.profiles import Profile
from tests import repositories as repos
from tests.boards import NOW, claimed, ran, task


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    repos.isolate(monkeypatch)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A task's own tree, on its branch `t`, with a commit of its own."""
    repo = repos.repository(tmp_path / "my repo ü")
    made = tmp_path / "trees" / "t"
    repos.git(repo, "worktree", "add", "--quiet", "-b", "t", str(made), "main")
    repos.commit(made, "first.txt", message="First")
    return made


def site(tree: Path) -> Site:
    return Site(str(tree / "tasks.yaml"), str(tree / ".board"), str(tree), "t")


def worked(tree: Path, **record: object) -> Task:
    """The task, whose attempt began where its tree stands."""
    return task(status="in_progress", claim=claimed(), run=ran(head=repos.git(tree, "rev-parse", "HEAD")), **record)


def ask(one: Task, tree: Path) -> Answer:
    async def asked() -> Answer:
        return await progress(one, site(tree), await tip_of(site(tree)))

    return asyncio.run(asked())


def amend(tree: Path) -> None:
    repos.git(tree, "commit", "--quiet", "--amend", "-m", "First, better")


def rebase(tree: Path) -> None:
    repos.commit(tree.parent.parent / "my repo ü", "other.txt")
    repos.git(tree, "rebase", "--quiet", "main")


@pytest.mark.parametrize("move", [repos.commit, amend, rebase])
def test_a_commit_that_was_not_there_is_progress(tree: Path, move: object) -> None:
    """New, amended or rebased. Mutant: progress ignored."""
    one = worked(tree)
    assert ask(one, tree) is False
    move(tree)  # type: ignore[operator]
    assert ask(one, tree) is True
    assert _new_commit(one, site(tree)) is not None


def test_a_branch_that_only_went_back_brought_nothing(tree: Path) -> None:
    """Less than before is no progress, and no checkpoint. Mutant: any other commit is progress."""
    one = worked(tree)
    repos.git(tree, "reset", "--quiet", "--hard", "HEAD~1")
    assert ask(one, tree) is False
    assert _new_commit(one, site(tree)) is None


def test_a_foreign_branch_in_the_tree_is_no_progress_of_the_task(tree: Path) -> None:
    """Whatever else is checked out, the task's own branch is what counts; and nothing there is a checkpoint. Mutants:
    the tree's HEAD is asked; the branch is not compared."""
    one = worked(tree)
    repos.git(tree, "checkout", "--quiet", "-b", "elsewhere")
    repos.commit(tree, "foreign.txt")
    assert ask(one, tree) is False
    assert _new_commit(one, site(tree)) is None
    repos.git(tree, "checkout", "--quiet", "--detach")
    assert _new_commit(one, site(tree)) is None
    repos.git(tree, "checkout", "--quiet", "t")
    repos.commit(tree, "second.txt")
    repos.git(tree, "checkout", "--quiet", "elsewhere")
    assert ask(one, tree) is True


def test_what_cannot_be_told_is_doubt(tree: Path) -> None:
    """A start at a commit that nobody knows any more, and a tree that is gone, are neither progress nor none."""
    lost = task(status="in_progress", claim=claimed(), run=ran(head="0" * 39 + "1"))
    assert ask(lost, tree) is Unseen.FAILED
    assert ask(worked(tree), tree.parent / "gone") is Unseen.FAILED
    assert ask(worked(tree)._replace(run=None), tree) is True


def test_a_commit_on_record_is_no_news(tree: Path) -> None:
    """Neither the one that the worker said itself, by its short name too, nor the one that it began with."""
    one = worked(tree)
    assert _new_commit(one, site(tree)) is None
    commit = repos.commit(tree, "second.txt", message="Second\n\nMore words")
    found = _new_commit(one, site(tree))
    assert (found and found.id, found and found.subject) == (commit, "Second")
    for said in (commit, commit[:8]):
        at = {"commit": said, "at": format_instant(NOW)}
        assert _new_commit(one._replace(checkpoint=worked(tree, checkpoint=at).checkpoint), site(tree)) is None


def test_the_log_of_head_is_found_without_git(tree: Path, tmp_path: Path) -> None:
    """In a linked tree, in a main one, and below either; outside of both there is none."""
    for where in (tree, tmp_path / "my repo ü"):
        log = head_log(str(where))
        assert log is not None
        size = Path(log).stat().st_size
        repos.commit(where, "more.txt")
        assert Path(log).stat().st_size > size
    assert head_log(str(tmp_path)) is None


# --- what is told to whoever goes on


def told(one: Task, where: Site, redact: object = str) -> Left:
    return asyncio.run(left_in(one, where, NOW, redact))  # type: ignore[arg-type]


def test_whoever_goes_on_is_told_where_the_work_stands(tree: Path) -> None:
    """Branch, commit and subject, the checkpoint with its note and age, what came after it, and what is uncommitted,
    the board's own files aside. Mutant: nothing is looked at."""
    first = repos.git(tree, "rev-parse", "HEAD")
    point = {"commit": first, "note": "4 of 7", "at": format_instant(NOW - 720)}
    second = repos.commit(tree, "second.txt", message="Second")
    (tree / "first.txt").write_text("changed\n")
    (tree / "with blank").touch()
    (tree / "tasks.yaml").touch()
    left = told(worked(tree, checkpoint=point), site(tree))
    assert left.checkpoint == f"{first[:9]} (First), 4 of 7, {format_instant(NOW - 720)} (12m ago)"
    assert left.tree == (
        f"on branch `t`, at {second[:9]} (Second), 1 commit after the checkpoint; "
        "uncommitted: M first.txt, ?? with blank"
    )
    repos.git(tree, "stash", "--quiet", "--all")
    repos.git(tree, "reset", "--quiet", "--hard", first)
    assert told(worked(tree, checkpoint=point), site(tree)).tree == (
        f"on branch `t`, at {first[:9]} (First); nothing is uncommitted"
    )


def test_what_is_told_is_bounded_printable_and_redacted(tree: Path) -> None:
    """Many files, long names, line ends and bytes that are no text in them, secrets in names and subjects. Mutants: the
    files are not counted; the subject is told as it is; the redactor is left out of either."""
    secret = "".join(random.Random(20261120).choices("abcdefghijkmnpqrstuvwxyz", k=32))
    commit = repos.commit(tree, "x.txt", message=f"{'long ' * 20} {secret} {'long ' * 200}")
    for number in range(400):
        (tree / f"new {number:03} {'x' * 200}").touch()
    (tree / "a\nb\x1b[31m").touch()
    (tree / f"0 {secret}").touch()
    Path(os.fsdecode(bytes(tree) + b"/1 \xff")).touch()
    note = {"commit": commit, "note": "n" * 5000, "at": format_instant(NOW)}
    left = told(worked(tree, checkpoint=note), site(tree), lambda text: text.replace(secret, "[hidden]"))
    for text in (left.checkpoint, left.tree):
        assert (secret in text, "[hidden]" in text) == (False, True)
        assert len(text) < 2500
        assert text.isprintable()
        text.encode("utf-8")
    assert left.tree.endswith(" and 391 more")


def test_outside_of_a_repository_there_is_only_the_note(tmp_path: Path) -> None:
    """No git, no words about it; a tree that is gone is no failure."""
    plain = Site(str(tmp_path / "tasks.yaml"), str(tmp_path / ".board"), str(tmp_path))
    point = {"note": "half", "at": format_instant(NOW)}
    assert told(task(checkpoint=point), plain) == Left(f"half, {format_instant(NOW)} (0ms ago)")
    assert told(task(), plain) == Left()
    assert told(task(checkpoint=point), Site("b", "s", str(tmp_path / "gone"), "t")).tree == ""


@pytest.mark.parametrize("number", [1, 2])
def test_the_briefs_have_a_place_for_it(tmp_path: Path, number: int) -> None:
    """A person's reason for sending it back reaches whoever starts or goes on; the tree only whoever goes on."""
    plain = Site(str(tmp_path / "t.yaml"), str(tmp_path), str(tmp_path), "t", Left("3f2a9c1 (First)", "at 3f2a9c1"))
    one = task(title="Do it", reopened={"by": "alice", "at": format_instant(NOW), "why": "the error paths"})
    profile = Profile("sh", start=("sh",), resume=("sh",), env={})
    brief = prepare(one, Attempt("home", "t", number, number), profile, plain, "grant").brief
    assert "It was called done before, and sent back by a person: the error paths\n" in brief
    assert ("It stands at 3f2a9c1.\n" in brief, "3f2a9c1 (First)" in brief) == (number == 2, number == 2)
    assert "${stands}" in template_text("briefs/resume.md")
