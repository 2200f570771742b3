"""A tree's making killed at any moment: the next one finishes or undoes it, and nobody's byte is lost meanwhile."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from board import git
from board.treelock import WorktreeError
from board.worktree import Plan, ensure
from tests import repositories as repos
from tests.waiting import eventually

ROUNDS = int(os.environ.get("CREWBOARD_KILLS", "8"))
ROOT = "../{repo}.worktrees"
COPIED = 200_000  # bytes of a file to copy
_CODE = """
import sys
from board.worktree import Plan, ensure
print(flush=True)
sys.stdin.readline()
ensure(Plan(*sys.argv[1:], 'origin/HEAD', ('.env*', 'big'), ('make',)))
print('made', flush=True)
"""


class World:
    """A repository with an origin, work of somebody's that stands in no commit, and another task's tree."""

    def __init__(self, folder: Path) -> None:
        self.repo = repos.repository(folder / "my repo ü", "develop")
        for number in range(200):
            path = self.repo / "src" / f"{number % 10}" / f"{number}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{number}\n" * 50)
        repos.git(self.repo, "add", "--all")
        repos.commit(self.repo, ".gitignore", ".env*\nbig/\n")
        repos.bare_remote(self.repo, folder / "origin.git")
        (self.repo / ".env").write_text("A=1\n")
        (self.repo / "big").mkdir()
        (self.repo / "big" / "file").write_bytes(b"x" * COPIED)
        (self.repo / "README.md").write_text("unsaved\n")
        self.other = Path(ensure(self.plan("other")).path)
        repos.commit(self.other, "work.txt", "mine\n")
        (self.other / "unsaved.txt").write_text("mine\n")
        repos.git(self.other, "add", "unsaved.txt")

    def plan(self, task: str) -> Plan:
        return Plan(str(self.repo), ROOT, task, "origin/HEAD", (".env*", "big"), ("make",))

    def kept(self) -> tuple[set[str], dict[str, bytes], set[str]]:
        """Every object, every byte of the two folders of somebody's, every ref."""
        objects = repos.git(self.repo, "cat-file", "--batch-all-objects", "--batch-check").splitlines()
        paths = [path for top in (self.repo, self.other) for path in top.rglob("*") if ".git" not in path.parts]
        refs = repos.git(self.repo, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return set(objects), {str(path): path.read_bytes() for path in paths if path.is_file()}, set(refs)


def begin(world: World, task: str) -> subprocess.Popen[str]:
    """A process that makes the tree as soon as it is let go, and is ready to be."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-c", _CODE, str(world.repo), ROOT, task], stdin=pipe, stdout=pipe, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def kill(process: subprocess.Popen[str], *, whole: bool) -> None:
    """By itself, as a supervisor dies, or with the git that it started, as a machine does."""
    groups = [child.pid for child in psutil.Process(process.pid).children()] if whole else []
    process.send_signal(signal.SIGKILL)
    for group in groups:  # each program that we start leads one of its own
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    process.communicate(timeout=30)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    repos.isolate(monkeypatch)
    return World(tmp_path)


def test_a_making_killed_at_any_moment_is_finished_or_undone(world: World) -> None:
    """After each kill one more call gives the whole tree, with its copies, not ready; no branch is left over; and every
    object, ref and file of others is as it was.

    Mutant seen red, with 120 rounds: nobody clears the lock of a branch that a killed git left. The single moments have
    tests of their own beside those of `board.worktree` and `board.copying`.
    """
    draw = random.Random(7)
    process = begin(world, "whole")
    began = time.monotonic()
    let_go(process)
    process.communicate(timeout=60)
    takes = time.monotonic() - began
    before = world.kept()
    for number in range(ROUNDS):
        task = f"task-{number}"
        process = begin(world, task)
        let_go(process)
        pause(draw.uniform(0, takes))
        kill(process, whole=number % 2 == 1)
        made = ensure(world.plan(task))
        tree = Path(made.path)
        assert not made.is_ready
        assert git.dirty(made.path) == []
        assert len(list(tree.rglob("src/*/*.txt"))) == 200
        assert ((tree / ".env").read_text(), (tree / "big" / "file").stat().st_size) == ("A=1\n", COPIED)
        assert sorted(path.name for path in (tree / "big").iterdir()) == ["file"]
        assert git.branch(made.path) == task
        objects, files, refs = world.kept()
        assert (before[0] - objects, files) == (set(), before[1])
        assert refs - before[2] == {f"refs/heads/{task} {made.commit}"}
        before = (objects, files, refs)


def pause(seconds: float) -> None:
    """The one moment that a draw decides."""
    until = time.monotonic() + seconds
    eventually(lambda: time.monotonic() >= until, seconds + 1)


def test_whoever_comes_next_waits_for_the_git_of_a_killed_one(world: World) -> None:
    """git goes on without us, and so does our lock: its tree isn't taken away under it, nor half of it handed out.
    Mutant seen red: git started without the lock."""
    hook = world.repo / ".git" / "hooks" / "post-checkout"
    folder = world.repo.parent
    hook.write_text(
        f"#!/bin/sh\ntouch '{folder}/hooked'; for _ in $(seq 400); do test -e '{folder}/go' && exit; sleep 0.05; done\n"
    )
    hook.chmod(0o755)
    process = begin(world, "refund")
    let_go(process)
    eventually((folder / "hooked").exists, 10)
    kill(process, whole=False)
    with pytest.raises(WorktreeError, match="held by another"):
        ensure(world.plan("refund"), lock_for=0.3)
    (folder / "go").touch()
    made = ensure(world.plan("refund"))
    assert (made.created, made.is_ready, made.warnings) == (True, False, ())
    assert git.dirty(made.path) == []
