"""What may be removed and what may not, against the real git: nothing that only one tree has is ever lost."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from board import custody, parking, removing, worktree
from board.custody import Yard
from board.errors import NotFound, RefusedError
from board.git import worktrees as list_worktrees
from tests import repositories as repos
from tests.dying import Death, dies
from tests.mess import files, project, referred
from tests.repositories import git
from tests.yards import BOARD, remove, tree_in, yard_of


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    repos.isolate(monkeypatch)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.file.allow")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "always")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return project(tmp_path)


@pytest.fixture
def tree(repo: Path) -> Path:
    return tree_in(repo)


def refused(yard: Yard, *, force: bool = False) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        remove(yard, force=force)
    return caught.value


def test_a_clean_tree_goes_and_its_branch_stays(repo: Path, tree: Path) -> None:
    """Nothing in it is its own: git removes it, and the branch is left unless it was asked for."""
    done = remove(yard_of(repo))
    assert done.ended.is_removed
    assert not tree.exists()
    assert git(repo, "branch", "--list", "refund") != ""
    with pytest.raises(NotFound):
        remove(yard_of(repo))
    tree_in(repo)
    assert remove(yard_of(repo), branch=True).ended.branch_is_gone
    assert git(repo, "branch", "--list", "refund") == ""


def _modified(tree: Path) -> None:
    (tree / "a").write_text("mine\n")


def _staged(tree: Path) -> None:
    (tree / "a").write_text("mine\n")
    git(tree, "add", "a")
    git(tree, "restore", "--source=HEAD", "--worktree", "a")


def _untracked(tree: Path) -> None:
    (tree / "new").write_text("mine\n")


def _unseen(tree: Path) -> None:
    git(tree, "update-index", "--assume-unchanged", "a")
    (tree / "a").write_text("mine\n")


def _committed(tree: Path) -> None:
    repos.commit(tree, "new", "mine\n")


def _detached(tree: Path) -> None:
    git(tree, "switch", "--quiet", "--detach")
    repos.commit(tree, "new", "mine\n")


def _env(tree: Path) -> None:
    (tree / ".env").write_text("mine\n")


LOST = {
    "modified": (_modified, "dirty"),
    "staged": (_staged, "dirty"),
    "untracked": (_untracked, "dirty"),
    "unseen": (_unseen, "dirty"),
    "committed": (_committed, "unpushed"),
    "detached": (_detached, "unpushed"),
    "env": (_env, "ignored"),
}


@pytest.mark.parametrize("what", LOST)
def test_what_only_this_tree_has_keeps_it_there_and_force_keeps_it_elsewhere(repo: Path, tree: Path, what: str) -> None:
    """Refused with the word for it and what to do; with force it goes, and the bytes have a reference that stays.

    Mutants: git's own word on what is dirty; no look at the index; no look at commits; none at copied files; `force`
    that doesn't park.
    """
    make, kind = LOST[what]
    make(tree)
    mine = subprocess.run(["git", "hash-object", "--stdin"], input=b"mine\n", capture_output=True, check=True)
    error = refused(yard_of(repo))
    assert error.reason == kind
    assert "--force` parks it first" in error.remedy
    assert tree.exists()
    assert remove(yard_of(repo), force=True).ended.is_removed
    assert not tree.exists()
    assert mine.stdout.decode().strip() in referred(repo)


def test_pushed_or_merged_commits_are_no_loss(repo: Path, tree: Path) -> None:
    """On a remote, merged, or picked commit by commit into the base: somebody else has it. Mutant: ancestry alone."""
    repos.commit(tree, "new", "mine\n")
    git(tree, "push", "--quiet", "origin", "refund")
    assert remove(yard_of(repo)).ended.is_removed
    tree = tree_in(repo, "ended")
    picked = repos.commit(tree, "other", "mine\n")
    assert refused_kind(repo, "ended") == "unpushed"
    repos.commit(repo, "later", "of others\n")
    git(repo, "cherry-pick", picked)
    done = remove(yard_of(repo), "ended", branch=True)
    assert done.ended.branch_is_gone
    assert picked in referred(repo)


def refused_kind(repo: Path, task: str) -> str:
    with pytest.raises(RefusedError) as caught:
        remove(yard_of(repo), task)
    return caught.value.reason


def test_an_amended_commit_outlives_its_tree(repo: Path, tree: Path) -> None:
    """What only the tree's own past leads to gets a reference. Mutant: nothing tied."""
    first = repos.commit(tree, "new", "first\n")
    git(tree, "reset", "--quiet", "--hard", "HEAD~1")
    assert remove(yard_of(repo)).ended.is_removed
    assert first in referred(repo)


def test_somebody_in_the_tree_keeps_it_there_even_with_force(repo: Path, tree: Path) -> None:
    """A process whose folder is there, or below, is named. Mutant: no look at processes."""
    (tree / "dir" / "deep").mkdir(exist_ok=True)
    command = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    with subprocess.Popen(command, cwd=tree / "dir", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        error = refused(yard_of(repo), force=True)
        assert (error.reason, f"pid {process.pid} " in error.message) == ("in_use", True)
        assert process.stdin is not None
        process.stdin.close()
    assert remove(yard_of(repo)).ended.is_removed


def test_a_worker_or_a_holder_keeps_it_there(repo: Path, tree: Path) -> None:
    """The supervisor's running worker and a claimed task are refused with the way out."""
    running = yard_of(repo, seen={"refund": {"state": "running", "pid": 7}})
    assert refused(running, force=True).remedy == "`supervisor stop refund`"
    claim = "{by: alice, token: 1, at: 2026-11-20T10:00:00Z, expires_at: 2026-11-20T12:00:00Z}"
    held = BOARD.replace("- id: refund", f"- {{id: refund, status: claimed, claim: {claim}}}")
    error = refused(yard_of(repo, held), force=True)
    assert (error.reason, "held by alice" in error.message) == ("held", True)


def test_a_locked_tree_stays_for_the_reason_that_is_given(repo: Path, tree: Path) -> None:
    """A person's lock is respected; git's own mark on a whole tree is not one; a half-made tree just goes."""
    git(repo, "worktree", "lock", "--reason", "on a stick", str(tree))
    error = refused(yard_of(repo), force=True)
    assert "locked (on a stick)" in error.message
    git(repo, "worktree", "unlock", str(tree))
    git(repo, "worktree", "lock", "--reason", "initializing", str(tree))
    assert remove(yard_of(repo)).ended.is_removed
    tree_in(repo)
    git(repo, "worktree", "lock", "--reason", "initializing", str(tree))
    (tree / git(tree, "rev-parse", "--git-path", "index")).unlink()
    assert remove(yard_of(repo)).ended.is_removed
    assert not tree.exists()


def test_a_tree_whose_folder_is_gone_leaves_git_s_books_and_loses_nothing(repo: Path, tree: Path) -> None:
    """What was staged, and commits on no branch, are kept before git forgets the tree. Mutant: `git worktree prune`."""
    git(tree, "switch", "--quiet", "--detach")
    commit = repos.commit(tree, "new", "committed\n")
    (tree / "a").write_text("staged\n")
    git(tree, "add", "a")
    blob = git(tree, "rev-parse", ":a")
    shutil.rmtree(tree)
    assert remove(yard_of(repo)).ended.is_removed
    assert {commit, blob} <= referred(repo)
    assert len(list_worktrees(str(repo))) == 1


@pytest.mark.parametrize("what", ["clean", "dirty", "stashed", "former"])
def test_a_submodule_is_looked_into(tmp_path: Path, what: str) -> None:
    """A tree with submodules goes when they hold nothing of their own either, and never otherwise, force or not.

    Mutants: `--force` without a look inside; a look at the submodule's HEAD alone; none at former submodules.
    """
    library = repos.repository(tmp_path / "library")
    repo = project(tmp_path, submodule=library)
    tree = tree_in(repo)
    git(tree, "submodule", "--quiet", "update", "--init")
    inner = tree / "lib"
    if what == "dirty":
        (inner / "new").write_text("mine\n")
    elif what == "stashed":
        (inner / "README.md").write_text("mine\n")
        git(inner, "stash", "--quiet")
    elif what == "former":
        git(inner, "switch", "--quiet", "-c", "work")
        repos.commit(inner, "new", "mine\n")
        git(inner, "checkout", "--quiet", "HEAD~1")
        git(tree, "submodule", "--quiet", "deinit", "--force", "lib")
    if what == "clean":
        assert remove(yard_of(repo)).ended.is_removed
    else:
        assert refused(yard_of(repo), force=True).reason == "nested"
        assert tree.exists()


@pytest.mark.parametrize("where", ["inner", "built/inner"])
def test_a_repository_within_keeps_the_tree(repo: Path, tree: Path, where: str) -> None:
    """Untracked or ignored: its commits would go with it. Mutant: git's own check, which sees no ignored one."""
    (tree / where).parent.mkdir(exist_ok=True)
    repos.repository(tree / where)
    assert refused(yard_of(repo), force=True).reason == "nested"
    assert (tree / where / "README.md").exists()


def test_a_merge_under_way_keeps_the_tree(repo: Path, tree: Path) -> None:
    """Half a merge can't be parked, so it isn't removed."""
    (tree / git(tree, "rev-parse", "--git-path", "MERGE_HEAD")).write_text(git(tree, "rev-parse", "HEAD"))
    error = refused(yard_of(repo), force=True)
    assert (error.reason, error.remedy) == ("under_way", "finish it, or `git merge --abort`")


def test_a_copy_of_the_main_tree_s_is_no_loss_and_built_files_are_named(repo: Path, tree: Path) -> None:
    """An unchanged `.env` and what is built again go; the latter is listed."""
    (repo / ".env").write_text("A=1\n")
    (tree / ".env").write_text("A=1\n")
    (tree / "built").mkdir()
    (tree / "built" / "x").write_text("x")
    done = remove(yard_of(repo))
    assert done.ended.is_removed
    assert done.findings is not None
    assert "built/" in done.findings.others


def test_a_tree_that_is_not_ours_is_not_removed(repo: Path) -> None:
    """A task that works elsewhere, and a name that nobody has."""
    with pytest.raises(RefusedError) as caught:
        remove(yard_of(repo), "aside")
    assert caught.value.reason == "not_ours"
    with pytest.raises(NotFound):
        remove(yard_of(repo), "nobody")


# --- torn removals

TORN = "cd '{tree}' && rm -rf dir many .gitignore a link .git"


def torn(repo: Path, tree: Path, *, forgotten: bool = False) -> None:
    """What a git leaves that is killed in the middle of its removal; `forgotten`: after it struck the tree off."""
    (tree / "built").mkdir()
    (tree / "built" / "x").write_text("x")
    admin = git(tree, "rev-parse", "--absolute-git-dir")
    shell = TORN.format(tree=tree) + (f"; rm -rf '{admin}'" if forgotten else "")
    assert dies(lambda: remove(yard_of(repo)), repo.parent, Death("worktree remove", 1, "torn", torn=shell))
    assert tree.exists()


@pytest.mark.parametrize(("by", "forgotten"), [("remove", True), ("ensure", False), ("ensure", True)])
def test_a_torn_removal_is_ended_by_whoever_comes_next(repo: Path, tree: Path, by: str, forgotten: bool) -> None:
    """The next one ends it; who makes trees gets a whole one. Mutants: no intent; `.gitignore` not put back."""
    before = files(tree)
    torn(repo, tree, forgotten=forgotten)
    if by == "remove":
        removing.end_all(str(repo), str(repo / ".git"))
        assert not tree.exists()
        assert len(list_worktrees(str(repo))) == 1
    else:
        assert worktree.ensure(worktree.Plan(str(repo), "../{repo}.worktrees", "refund", "origin/HEAD")).created
        assert files(tree) == before
    assert removing.begun(str(repo / ".git")) == []


def _write(tree: Path) -> Callable[[], None]:
    (tree / "run.sh").write_text("of today\n")
    return lambda: None


def _enter(tree: Path) -> Callable[[], None]:
    command = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    process = subprocess.Popen(command, cwd=tree, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return lambda: process.communicate() and None


@pytest.mark.parametrize("come", [_write, _enter])
def test_a_torn_removal_is_taken_back_where_somebody_has_come(
    repo: Path, tree: Path, come: Callable[[Path], Callable[[], None]]
) -> None:
    """A file written since, or a process in it: what is missing comes back, and what is there stays as it is.

    Mutants: no look at what was written; none at who works there.
    """
    before = files(tree)
    torn(repo, tree)
    leave = come(tree)
    ended = removing.end_all(str(repo), str(repo / ".git"))
    assert [one.is_removed for one in ended] == [False]
    after = files(tree)
    leave()
    assert {name for name in before if before[name] != after.get(name)} <= {"run.sh"}
    assert removing.begun(str(repo / ".git")) == []


def test_a_removed_tree_comes_back_with_its_parked_work(repo: Path, tree: Path) -> None:
    """After a removal by force, the branch where the work began is made again even when it is gone."""
    head = repos.commit(tree, "new", "mine\n")
    (tree / "a").write_text("parked\n")
    yard = yard_of(repo)
    remove(yard, force=True)
    git(repo, "branch", "--quiet", "-D", "refund")
    custody.revive_branch(yard, custody.subject(yard, "refund"))
    assert git(repo, "rev-parse", "refund") == head
    assert parking.newest(str(repo), "refund") is not None
