"""`board.landing` over the real git: work comes home whole or not at all, and nobody's own files are touched."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from board import git_refs, landing, treelock
from board.landing import Conflict, Conflicted, Landed, Order, Unfit, land
from tests import repositories as repos
from tests.grove import Grove
from tests.waiting import eventually


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    repos.isolate(monkeypatch)


@pytest.fixture
def grove(tmp_path: Path) -> Grove:
    made = Grove(repos.repository(tmp_path / "my repo ü", "develop"))
    made.write({"id": "api"})
    return made


def order(grove: Grove, into: str = "develop", **changed: Any) -> Order:
    made = Order(str(grove.repo), "api", grove.tip("api"), into, "Merge api: Ünï", str(grove.root), (str(grove.path),))
    return made._replace(**changed)


def state(grove: Grove) -> tuple[str, ...]:
    """Every ref, what every tree shows as changed, and the trees themselves."""
    trees = repos.git(grove.repo, "worktree", "list", "--porcelain")
    return repos.git(grove.repo, "for-each-ref"), repos.git(grove.repo, "status", "--porcelain"), trees


def clashing(grove: Grove) -> None:
    grove.work("api", "a ü.txt", "theirs\n")
    repos.commit(grove.repo, "a ü.txt", "ours\n")


def test_forward_where_that_can_be(grove: Grove) -> None:
    """The base has no commit of its own: it moves to the very commit, and the files are there. The board that stands
    changed in the same folder is no obstacle. Mutant: `--no-ff` always."""
    tip, was = grove.work("api"), grove.tip("develop")
    assert land(order(grove)) == Landed(tip, was, "fast-forward", 1)
    assert (grove.tip("develop"), (grove.repo / "work.txt").read_text()) == (tip, "mine\n")
    assert land(order(grove)) == Landed(tip, tip, None, 0)


def test_a_merge_commit_otherwise(grove: Grove) -> None:
    """Both parents, the message that was asked for, and the identity of the person's configuration."""
    tip, was = grove.work("api"), repos.commit(grove.repo, "other.txt")
    done = land(order(grove))
    assert isinstance(done, Landed)
    assert done == Landed(grove.tip("develop"), was, "merge commit", 1)
    said = repos.git(grove.repo, "show", "--no-patch", "--format=%P|%s|%an", "develop")
    assert said == f"{was} {tip}|Merge api: Ünï|Ada"
    assert repos.git(grove.repo, "status", "--porcelain") == "?? tasks.yaml"


@pytest.mark.parametrize(
    "config", [("merge.ff", "false"), ("merge.ff", "only"), ("branch.develop.mergeOptions", "--squash")]
)
def test_a_persons_configuration_does_not_change_what_a_merge_is(grove: Grove, config: tuple[str, str]) -> None:
    """Settings for merges by hand neither refuse nor squash this one."""
    grove.work("api")
    repos.git(grove.repo, "config", *config)
    assert isinstance(done := land(order(grove)), Landed)
    assert done.how == "fast-forward"
    grove.work("api", "more.txt")
    repos.commit(grove.repo, "other.txt")
    assert isinstance(done := land(order(grove)), Landed)
    assert done.how == "merge commit"


@pytest.mark.parametrize("kind", ["changed", "staged", "untracked"])
def test_never_in_a_checkout_that_is_not_clean(grove: Grove, kind: str) -> None:
    """Nothing is merged, every byte stays, and the files are named. Mutant: the look at changes left out."""
    grove.work("api")
    name = "new ü.txt" if kind == "untracked" else "README.md"
    (grove.repo / name).write_text("mine\n")
    if kind == "staged":
        repos.git(grove.repo, "add", name)
    before = state(grove)
    done = land(order(grove))
    assert isinstance(done, Unfit)
    assert (done.reason, name in done.message) == ("dirty", True)
    assert (state(grove), (grove.repo / name).read_text()) == (before, "mine\n")


WAITING = {
    "merge": ("merge", "side"),
    "rebase": ("rebase", "side"),
    "cherry-pick": ("cherry-pick", "side"),
    "bisect": ("bisect", "start", "develop", "develop~1"),
}


@pytest.mark.parametrize("what", WAITING)
def test_never_where_git_waits_for_somebody(grove: Grove, what: str) -> None:
    """A merge, rebase, pick or bisection of the target is somebody's, also where HEAD left the branch for it.
    Mutants: `_hindered` that asks for no such thing; borrowers not asked for."""
    grove.work("api")
    repos.git(grove.repo, "branch", "--quiet", "side")
    repos.commit(grove.repo, "x.txt", "ours\n")
    repos.git(grove.repo, "switch", "--quiet", "side")
    repos.commit(grove.repo, "x.txt", "theirs\n")
    repos.git(grove.repo, "switch", "--quiet", "develop")
    with contextlib.suppress(subprocess.CalledProcessError):  # it stops in a conflict: that is what is wanted here
        repos.git(grove.repo, *WAITING[what])
    if what == "bisect":
        repos.git(grove.repo, "checkout", "--quiet", "--detach", "develop~1")
    before = state(grove)
    done = land(order(grove))
    assert isinstance(done, Unfit)
    assert (done.reason, done.message.startswith(f"a {what} is under way")) == ("under_way", True)
    assert state(grove) == before


def test_conflicts_are_named_and_left_to_the_person(grove: Grove) -> None:
    """Each file with what both did; the merge stays open in the clean checkout, a second one is refused, and ending or
    giving it up is git's own business."""
    clashing(grove)
    (grove.tree("api") / "README.md").unlink()
    repos.git(grove.tree("api"), "commit", "--quiet", "-am", "Remove it")
    repos.commit(grove.repo, "README.md", "changed\n")
    done = land(order(grove))
    assert done == Conflicted(
        (Conflict("README.md", "deleted by the task"), Conflict("a ü.txt", "added by both")), str(grove.repo)
    )
    assert git_refs.under_way(str(grove.repo)) == "merge"
    again = land(order(grove))
    assert isinstance(again, Unfit)
    assert again.reason == "under_way"
    (grove.repo / "a ü.txt").write_text("both\n")
    repos.git(grove.repo, "add", "a ü.txt", "README.md")
    repos.git(grove.repo, "commit", "--quiet", "--no-edit")
    assert land(order(grove)) == Landed(grove.tip("develop"), grove.tip("develop"), None, 0)


def test_conflicts_where_nobody_has_the_target_checked_out(grove: Grove) -> None:
    """They are told, and nothing is left behind: no tree, no ref, no half a merge."""
    clashing(grove)
    repos.git(grove.repo, "switch", "--quiet", "--detach", "develop~1")
    before = state(grove)
    assert land(order(grove)) == Conflicted((Conflict("a ü.txt", "added by both"),), None)
    assert state(grove) == before


@pytest.mark.parametrize("is_forward", [True, False])
def test_into_a_branch_that_nobody_has_checked_out(grove: Grove, is_forward: bool) -> None:
    """With HEAD detached in the main tree, or another branch there, dirty or not: only the target's ref moves, and no
    file. Mutant: merged where HEAD is."""
    grove.work("api")
    was = grove.tip("develop") if is_forward else repos.commit(grove.repo, "other.txt")
    repos.git(grove.repo, "switch", "--quiet", "--detach", "develop")
    (grove.repo / "README.md").write_text("mine\n")
    head = repos.git(grove.repo, "rev-parse", "HEAD")
    done = land(order(grove))
    assert isinstance(done, Landed)
    assert (done.was, done.commit, done.how) == (
        was,
        grove.tip("develop"),
        "fast-forward" if is_forward else "merge commit",
    )
    assert repos.git(grove.repo, "rev-parse", "HEAD") == head
    assert ((grove.repo / "README.md").read_text(), (grove.repo / "work.txt").exists()) == ("mine\n", False)
    assert [path.name for path in grove.root.iterdir()] == ["api"]
    if not is_forward:
        assert repos.git(grove.repo, "ls-tree", "--name-only", "develop").split() == [
            "README.md",
            "other.txt",
            "work.txt",
        ]


def test_into_a_branch_of_another_tree(grove: Grove) -> None:
    """It is merged where it is checked out, so that that tree's files and its branch go together."""
    grove.work("api")
    release = grove.repo.parent / "release"
    repos.git(grove.repo, "worktree", "add", "--quiet", "-b", "release", str(release))
    assert isinstance(land(order(grove, "release")), Landed)
    assert (release / "work.txt").read_text() == "mine\n"
    assert repos.git(release, "status", "--porcelain") == ""
    assert grove.tip("develop") != grove.tip("release")


def test_a_merge_that_died_beside_leaves_nothing_in_the_way(grove: Grove) -> None:
    """The spare tree of a merge that was killed, whole or half removed, is cleared by the next one."""
    grove.work("api")
    repos.commit(grove.repo, "other.txt")
    repos.git(grove.repo, "switch", "--quiet", "--detach", "develop")
    spare = grove.root / landing.SPARE
    repos.git(grove.repo, "worktree", "add", "--quiet", "--detach", str(spare), "develop")
    (spare / "half.txt").touch()
    (spare / ".git").unlink()
    assert isinstance(land(order(grove)), Landed)
    assert not spare.exists()


def test_hooks_have_their_say(grove: Grove) -> None:
    """One that refuses takes the merge back whole; one that agrees is run, in the tree that is merged into."""
    grove.work("api")
    repos.commit(grove.repo, "other.txt")
    hook = grove.repo / ".git" / "hooks" / "pre-merge-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho not on a Friday >&2\nexit 1\n")
    hook.chmod(0o755)
    before = state(grove)
    done = land(order(grove))
    assert isinstance(done, Unfit)
    assert (done.reason, "not on a Friday" in done.message) == ("refused_by_git", True)
    assert state(grove) == before
    hook.write_text('#!/bin/sh\npwd > "$(git rev-parse --git-common-dir)/ran"\n')
    assert isinstance(land(order(grove)), Landed)
    assert (grove.repo / ".git" / "ran").read_text().strip() == str(grove.repo)


def test_no_such_branch_to_merge_into(grove: Grove) -> None:
    """Said with what to do; nothing is made up."""
    grove.work("api")
    done = land(order(grove, "main"))
    assert isinstance(done, Unfit)
    assert done.reason == "no_branch"


def test_a_target_that_moved_meanwhile_is_not_moved_back(grove: Grove) -> None:
    """Somebody commits between our look and our write: theirs stays, ours is tried again. Mutant: no old value."""
    grove.work("api")
    was = grove.tip("develop")
    repos.git(grove.repo, "switch", "--quiet", "--detach", "develop")
    theirs = repos.commit(grove.repo, "other.txt")
    repos.git(grove.repo, "update-ref", "refs/heads/develop", theirs)
    done = landing._moved(order(grove), was, Landed(grove.tip("api"), was, "fast-forward", 1))
    assert isinstance(done, Unfit)
    assert (done.reason, grove.tip("develop")) == ("moved", theirs)


def test_two_at_once(grove: Grove) -> None:
    """The second waits for the first, or is told that it is busy; both works are in at the end."""
    grove.work("api")
    grove.work("web", "web.txt")
    with treelock.held(str(grove.repo), 1), pytest.raises(treelock.TreesBusy):
        land(order(grove), patience=0.05)
    both = [order(grove), order(grove, branch="web", tip=grove.tip("web"))]
    threads = [threading.Thread(target=land, args=(each,)) for each in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for name in ("work.txt", "web.txt"):
        assert (grove.repo / name).exists()
    assert repos.git(grove.repo, "status", "--porcelain") == "?? tasks.yaml"


def test_killed_at_any_moment_it_loses_nothing(grove: Grove) -> None:
    """SIGKILL of whoever merges, at moments drawn from a fixed seed: asked again, the work is home, each branch still
    has its commits, and the checkout is clean. A merge commit, in the checkout and beside it."""
    rounds = int(os.environ.get("CREWBOARD_KILL_ROUNDS", "6"))
    draw = random.Random(7)
    code = "import sys; from board.landing import Order, land; print(land(Order(*sys.argv[1:7], (sys.argv[7],))))"
    for n in range(rounds):
        if n == rounds // 2:
            repos.git(grove.repo, "switch", "--quiet", "--detach", "develop")
        tip = grove.work("api", f"work{n}.txt")
        ours = repos.commit(grove.repo, f"other{n}.txt")
        repos.git(grove.repo, "update-ref", "refs/heads/develop", ours)
        words = [*order(grove)[:6], str(grove.path)]
        process = subprocess.Popen([sys.executable, "-c", code, *words], stdout=subprocess.DEVNULL)
        try:
            process.wait(draw.uniform(0.05, 0.35))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        eventually(lambda: isinstance(land(order(grove)), Landed), 20)
        assert repos.git(grove.repo, "rev-list", "--count", tip, ours, "--not", "develop") == "0"
        if n >= rounds // 2:
            repos.git(grove.repo, "reset", "--quiet", "--hard", "develop")
        assert repos.git(grove.repo, "status", "--porcelain") == "?? tasks.yaml"
