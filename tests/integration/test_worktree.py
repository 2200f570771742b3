"""`board.worktree` against the real git: trees are made once and never over anybody's work; doubt is no drift."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from board import git, treelock, worktree
from board.treelock import WorktreeError
from board.worktree import Tree, drift, ensure
from tests import repositories as repos
from tests.repositories import ROOT, plan


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    repos.isolate(monkeypatch)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repos.repository(tmp_path / "my repo ü", "develop")


def tree_of(repo: Path, task: str = "refund") -> Path:
    return repo.parent / f"{repo.name}.worktrees" / task


def ensure_elsewhere(repo: Path, task: str) -> subprocess.Popen[str]:
    """The same call in a process of its own, which waits for a line on its stdin and then prints the tree."""
    code = (
        "import sys; from board.worktree import Plan, ensure; print(flush=True); sys.stdin.readline();"
        "print(ensure(Plan(*sys.argv[1:], 'origin/HEAD')))"
    )
    words = (sys.executable, "-c", code, str(repo), ROOT, task)
    pipe = subprocess.PIPE
    return subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def all_at_once(started: list[subprocess.Popen[str]]) -> list[str]:
    """Lets them go together once each has come to the start; what each said, which failed if it is empty."""
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0] * len(started), said
    return [out for out, _ in said]


def hold_open(repo: Path, task: str = "refund") -> Tree:
    """A tree with a commit and an unsaved file: somebody's work."""
    tree = ensure(plan(repo, task))
    repos.commit(Path(tree.path), "work.txt", "mine\n")
    (Path(tree.path) / "unsaved.txt").write_text("mine\n")
    return tree


def test_a_tree_is_made_beside_the_repository_and_found_again(repo: Path) -> None:
    """The second call changes nothing and gives the same tree; spaces and unicode in the path don't matter."""
    made = ensure(plan(repo))
    head = repos.git(repo, "rev-parse", "HEAD")
    assert made == Tree(str(tree_of(repo)), "refund", head, created=True)
    assert git.branch(made.path) == "refund"
    assert ensure(plan(repo)) == made._replace(created=False)


def test_work_in_a_tree_survives_being_asked_for_again(repo: Path) -> None:
    """An existing tree is returned as it is: commits and unsaved files stay."""
    made = hold_open(repo)
    again = ensure(plan(repo))
    assert again.commit != made.commit
    assert git.dirty(again.path) == ["?? unsaved.txt"]


def test_asked_for_from_inside_of_a_tree_it_does_not_nest(repo: Path) -> None:
    """A worker's own tree and a subfolder lead to the same place as the main one."""
    first = ensure(plan(repo, "one"))
    inner = Path(first.path) / "inner"
    inner.mkdir()
    assert ensure(plan(inner, "two")).path == str(tree_of(repo, "two"))


def test_a_branch_of_that_name_is_taken_up(repo: Path) -> None:
    """A branch that exists already goes on from its own commits, whatever the base says."""
    repos.git(repo, "checkout", "--quiet", "-b", "refund")
    mine = repos.commit(repo)
    repos.git(repo, "checkout", "--quiet", "develop")
    assert ensure(plan(repo)).commit == mine


def test_a_tree_whose_folder_was_deleted_comes_back_on_its_branch(repo: Path) -> None:
    """git's own memory of a vanished folder is no obstacle, and the branch's commits are in the new one."""
    made = hold_open(repo)
    kept = git.head(made.path)
    shutil.rmtree(made.path)
    again = ensure(plan(repo))
    assert (again.created, again.commit) == (True, kept)
    assert git.dirty(again.path) == []


@pytest.mark.parametrize("what", ["folder", "file", "repository", "dangling link"])
def test_a_foreign_thing_at_the_path_is_refused_untouched(repo: Path, what: str) -> None:
    """What stands there and isn't ours is named with a remedy, and stays. Mutant killed: no check for `here`."""
    path = tree_of(repo)
    path.parent.mkdir()
    if what == "folder":
        path.mkdir()
        (path / "notes").write_text("mine\n")
    elif what == "file":
        path.write_text("mine\n")
    elif what == "repository":
        repos.repository(path)
    else:
        path.symlink_to("nowhere")
    with pytest.raises(WorktreeError) as caught:
        ensure(plan(repo))
    assert str(path) in caught.value.message
    assert "move it away" in caught.value.remedy
    assert os.path.lexists(path)
    assert git.resolve(str(repo), "refund") is None


def test_an_empty_folder_at_the_path_is_used(repo: Path) -> None:
    """An empty folder is nobody's."""
    tree_of(repo).mkdir(parents=True)
    assert ensure(plan(repo)).created


def test_a_tree_that_lost_its_git_file_is_refused_untouched(repo: Path) -> None:
    """A registered folder whose `.git` is gone may hold work: it is refused, not made anew."""
    made = hold_open(repo)
    (Path(made.path) / ".git").unlink()
    with pytest.raises(WorktreeError, match="not a worktree"):
        ensure(plan(repo))
    assert (Path(made.path) / "unsaved.txt").exists()


def test_a_tree_on_another_branch_or_detached_is_refused(repo: Path) -> None:
    """The tree is never switched under whoever is in it."""
    made = hold_open(repo)
    repos.git(Path(made.path), "switch", "--quiet", "-c", "aside")
    with pytest.raises(WorktreeError, match="is on aside, not on refund"):
        ensure(plan(repo))
    repos.git(Path(made.path), "switch", "--quiet", "--detach")
    with pytest.raises(WorktreeError, match="is on no branch"):
        ensure(plan(repo))


def test_a_branch_that_is_checked_out_elsewhere_is_refused(repo: Path) -> None:
    """One branch is one tree: two workers on it would overwrite each other's HEAD."""
    repos.git(repo, "checkout", "--quiet", "-b", "refund")
    with pytest.raises(WorktreeError, match="is checked out in"):
        ensure(plan(repo))


def test_a_half_made_tree_is_made_again(repo: Path) -> None:
    """An attempt that was killed while git filled the tree isn't handed to a worker with half of its files."""
    made = ensure(plan(repo))
    admin = Path(git.git_dir(made.path))
    (admin / "locked").write_text("initializing")
    (admin / "index").unlink()
    (Path(made.path) / "README.md").unlink()
    again = ensure(plan(repo))
    assert again.created
    assert git.dirty(again.path) == []
    assert (Path(again.path) / "README.md").exists()


@pytest.mark.parametrize(("mark", "still_locked"), [("initializing", False), ("on a stick", True)])
def test_a_whole_tree_is_never_taken_for_half_made(repo: Path, mark: str, still_locked: bool) -> None:
    """With an index, or a person's own lock, the tree and its work stay. Mutant killed: no look at the index."""
    made = hold_open(repo)
    lock = Path(git.git_dir(made.path)) / "locked"
    lock.write_text(mark)
    assert not ensure(plan(repo)).created
    assert git.dirty(made.path) == ["?? unsaved.txt"]
    assert lock.exists() is still_locked


def test_a_failed_attempt_leaves_no_branch(repo: Path) -> None:
    """After a failure the name is free again, so that the next attempt starts from the base of its own day."""
    tree_of(repo).parent.write_text("a file where the folder should be\n")
    with pytest.raises(WorktreeError, match="can't make"):
        ensure(plan(repo))
    assert git.resolve(str(repo), "refs/heads/refund") is None


def test_only_an_untouched_branch_is_forgotten(repo: Path) -> None:
    """A branch that has moved, or that a tree has, is somebody's. Mutant killed: `update-ref -d` without the commit."""
    start = repos.git(repo, "rev-parse", "HEAD")
    site = worktree._Site(str(repo), str(tree_of(repo)), "refund", str(repo / "note"))
    repos.git(repo, "checkout", "--quiet", "-b", "refund")
    worktree._forget_branch(site, start)
    assert git.resolve(str(repo), "refs/heads/refund") == start
    mine = repos.commit(repo)
    repos.git(repo, "checkout", "--quiet", "develop")
    worktree._forget_branch(site, start)
    assert git.resolve(str(repo), "refs/heads/refund") == mine
    worktree._forget_branch(site, mine)
    assert git.resolve(str(repo), "refs/heads/refund") is None


def test_the_base_is_origins_newest_and_is_not_tracked(repo: Path, tmp_path: Path) -> None:
    """What others have pushed since is in the tree; the branch has no upstream that a plain push would go to."""
    remote = repos.bare_remote(repo, tmp_path / "bare remote.git")
    colleague = repos.clone(remote, tmp_path / "colleague")
    newest = repos.commit(colleague)
    repos.git(colleague, "push", "--quiet", "origin", "HEAD")
    repos.git(repo, "config", "branch.autoSetupMerge", "always")
    made = ensure(plan(repo))
    assert (made.commit, made.warnings) == (newest, ())
    assert "refund" not in repos.git(repo, "config", "--get-regexp", r"branch\..*\.remote")


def test_an_origin_that_can_not_be_reached_is_a_warning(repo: Path, tmp_path: Path) -> None:
    """Offline a tree is still made, from what is known; the next one within the half minute doesn't try again, and
    its base may be as old. Mutant killed: a failed fetch remembered as one."""
    remote = repos.bare_remote(repo, tmp_path / "origin.git")
    remote.rename(tmp_path / "away")
    made = ensure(plan(repo))
    assert made.created
    assert "could not fetch" in made.warnings[0]
    (tmp_path / "away").rename(remote)
    assert ensure(plan(repo, "two")).warnings == made.warnings


def test_a_base_that_is_not_there_falls_back_and_says_so(repo: Path, tmp_path: Path) -> None:
    """First origin's main branch, then our own; a person who named a base is told what was used instead."""
    head = repos.git(repo, "rev-parse", "HEAD")
    lone = ensure(plan(repo, "one", base="release"))
    assert (lone.commit, lone.warnings) == (head, ("there is no release; started from develop",))
    repos.bare_remote(repo, tmp_path / "origin.git")
    repos.git(repo, "remote", "set-head", "origin", "--delete")
    repos.commit(repo, "local only")
    made = ensure(plan(repo, "two", base="--force"))
    assert (made.commit, made.warnings) == (head, ("there is no --force; started from origin/develop",))
    assert ensure(plan(repo, "three")).warnings == ()


def test_an_origin_whose_head_nobody_wrote_down_is_asked_for_it(repo: Path, tmp_path: Path) -> None:
    """After `git remote add` there is no origin/HEAD: it is found, also where a usual name would be wrong.
    Mutant killed: no question to origin."""
    repos.git(repo, "branch", "main")
    newest = repos.commit(repo, "only on develop")
    repos.bare_remote(repo, tmp_path / "origin.git")
    repos.git(repo, "push", "--quiet", "origin", "main")
    repos.git(repo, "remote", "set-head", "origin", "--delete")
    made = ensure(plan(repo))
    assert (made.commit, made.warnings) == (newest, ())


def test_an_empty_origin_says_what_was_used_instead(repo: Path, tmp_path: Path) -> None:
    """An origin without a commit is no obstacle: the repository's own main branch will do."""
    repos.git(repo, "init", "--quiet", "--bare", str(tmp_path / "origin.git"))
    repos.git(repo, "remote", "add", "origin", str(tmp_path / "origin.git"))
    assert ensure(plan(repo)).warnings == ("there is no origin/HEAD; started from develop",)


def test_a_shallow_clone_and_a_detached_head_will_do(repo: Path, tmp_path: Path) -> None:
    """Neither a cut history nor a HEAD without a branch is an obstacle: work starts from the main branch, and from
    what is checked out only where there is no branch at all."""
    newest = repos.commit(repo)
    shallow = repos.clone(repo, tmp_path / "shallow", "--depth", "1")
    assert ensure(plan(shallow)).created
    repos.git(repo, "checkout", "--quiet", "--detach", "HEAD~1")
    assert ensure(plan(repo)).commit == newest
    repos.git(repo, "branch", "--quiet", "-D", "develop")
    assert ensure(plan(repo, "two")).commit == git.head(str(repo))


def test_a_repository_without_a_commit_says_what_to_do(tmp_path: Path) -> None:
    """There is nothing to start from, and the refusal names the command that changes that."""
    with pytest.raises(WorktreeError) as caught:
        ensure(plan(repos.unborn(tmp_path / "new")))
    assert "no commit yet" in caught.value.message
    assert "commit --allow-empty" in caught.value.remedy


def test_no_repository_at_all_says_what_to_do(tmp_path: Path) -> None:
    """A folder without a repository, or none at all, is refused in the same words."""
    for folder in (tmp_path, tmp_path / "gone"):
        with pytest.raises(WorktreeError, match="not in a git repository"):
            ensure(plan(folder))


@pytest.mark.parametrize("task", ["", "../up", "a/b", "-f", ".git"])
def test_a_name_that_leaves_the_root_is_refused(repo: Path, task: str) -> None:
    """Whatever a board says, the tree is one folder under the root. Mutant killed: no check of the name."""
    with pytest.raises(WorktreeError, match="can't name"):
        ensure(plan(repo, task))


def test_twelve_at_once_all_succeed(repo: Path, tmp_path: Path) -> None:
    """Twelve processes, each its own tree of a repository with a remote, and none fails.

    Mutant killed: tracking branches with neither the lock nor the second attempt.
    """
    repos.bare_remote(repo, tmp_path / "origin.git")
    said = all_at_once([ensure_elsewhere(repo, f"task-{number}") for number in range(12)])
    assert all("created=True, warnings=()" in out for out in said)
    assert len(git.worktrees(str(repo))) == 13


def test_the_same_tree_asked_for_twelve_times_at_once_is_made_once(repo: Path) -> None:
    """One makes it and eleven find it. Mutant killed: no flock."""
    said = all_at_once([ensure_elsewhere(repo, "same") for _ in range(12)])
    assert sorted("created=True" in out for out in said) == [False] * 11 + [True]


def test_a_lock_that_is_held_is_waited_for_and_then_said(repo: Path) -> None:
    """Nothing is made beside another who makes trees. Mutant killed: no flock."""
    with (repo / ".git" / treelock.LOCK_NAME).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(WorktreeError, match="held by another"):
            ensure(plan(repo), lock_for=0.1)
    assert not tree_of(repo).exists()
    assert ensure(plan(repo), lock_for=0.1).created


def test_ignored_files_are_copied_with_mode_and_links_kept(repo: Path) -> None:
    """What git doesn't keep and the pattern names comes along: private stays private, a link stays a link."""
    repos.commit(repo, ".gitignore", ".env*\nconf/*.local\n.claude/\n")
    (repo / ".env").write_text("A=1\n")
    (repo / ".env").chmod(0o600)
    (repo / ".env.link").symlink_to("/nowhere/secret")
    (repo / "conf").mkdir()
    (repo / "conf" / "db ü.local").write_text("x\n")
    (repo / "conf" / "db ü.local").chmod(0o750)
    (repo / ".claude").mkdir()
    (repo / ".claude" / "settings.local.json").write_text("{}")
    (repo / ".claude" / "other.json").write_text("{}")
    made = ensure(plan(repo, copy=(".env*", "conf/*.local", "/.claude/")))
    tree = Path(made.path)
    assert made.warnings == ()
    assert (tree / ".env").read_text() == "A=1\n"
    assert (tree / ".env").stat().st_mode & 0o777 == 0o600
    assert (tree / ".env.link").readlink() == Path("/nowhere/secret")
    assert (tree / "conf" / "db ü.local").stat().st_mode & 0o777 == 0o750
    assert [path.name for path in (tree / ".claude").iterdir()] == ["other.json"]


def test_a_copy_never_overwrites_and_never_takes_tracked_files(repo: Path) -> None:
    """The worker's own file wins, a tracked file is git's business, and `.board` belongs to one place only."""
    repos.commit(repo, ".gitignore", ".env\n.board/\n")
    repos.commit(repo, ".env.example", "A=\n")
    (repo / ".env.example").write_text("A=changed here\n")
    (repo / ".env").write_text("A=1\n")
    (repo / ".board").mkdir()
    (repo / ".board" / "lock").touch()
    tree = Path(ensure(plan(repo, copy=("*", ".board/*"))).path)
    assert (tree / ".env.example").read_text() == "A=\n"
    assert not (tree / ".board").exists()
    (tree / ".env").write_text("A=mine\n")
    ensure(plan(repo))
    assert (tree / ".env").read_text() == "A=mine\n"


def test_a_copy_stays_inside_of_the_tree(repo: Path, tmp_path: Path) -> None:
    """A folder that is a link on the task's branch isn't written through. Mutant killed: no `_is_within`."""
    outside = tmp_path / "outside"
    outside.mkdir()
    repos.git(repo, "checkout", "--quiet", "-b", "refund")
    (repo / "conf").symlink_to(outside)
    repos.git(repo, "add", "conf")
    repos.git(repo, "commit", "--quiet", "-m", "A link")
    repos.git(repo, "checkout", "--quiet", "develop")
    (repo / "conf").mkdir()
    (repo / "conf" / "secret").write_text("x\n")
    ensure(plan(repo, copy=("conf/*",)))
    assert list(outside.iterdir()) == []


def test_a_copied_file_that_git_does_not_ignore_is_warned_about(repo: Path) -> None:
    """Such a file would keep the task from ever being clean: that is said when it is copied."""
    (repo / ".env").write_text("A=1\n")
    made = ensure(plan(repo))
    assert (Path(made.path) / ".env").exists()
    assert made.warnings == (".env was copied but git doesn't ignore it: `clean` will count it",)


def test_a_pattern_that_leaves_the_repository_copies_nothing(repo: Path, tmp_path: Path) -> None:
    """A bad pattern costs neither the tree nor a neighbour's file."""
    (tmp_path / "secret").write_text("x\n")
    made = ensure(plan(repo, copy=("../*", "/")))
    assert made.created
    assert not (Path(made.path).parent / "secret").exists()


def test_no_drift_when_all_is_as_recorded(repo: Path) -> None:
    """Progress on the branch, dirty or not, is no drift; neither is a record without a checkpoint."""
    made = hold_open(repo)
    assert drift(made.path, "refund", None) is None
    assert drift(made.path, None, None) is None
    assert drift(made.path, "refund", made.commit) is None
    assert drift(made.path, "refund", (git.head(made.path) or "")[:7]) is None


def test_a_tree_that_is_gone_has_drifted(repo: Path, tmp_path: Path) -> None:
    """Folder gone, replaced, cut off from its repository, or only an outer repository's: all are «worktree gone»."""
    made = ensure(plan(repo))
    (tmp_path / "file").touch()
    inner = repo / "inner"
    inner.mkdir()
    for path in (tree_of(repo, "other"), tmp_path / "file" / "x", tmp_path, inner):
        assert drift(str(path), None, None) == "worktree gone"
    shutil.rmtree(git.git_dir(made.path))
    assert drift(made.path, "refund", None) == "worktree gone"


def test_a_tree_on_another_branch_has_drifted(repo: Path) -> None:
    """The branch that is there and the one that was wanted are both named."""
    made = ensure(plan(repo))
    repos.git(Path(made.path), "switch", "--quiet", "-c", "aside")
    assert drift(made.path, "refund", None) == "branch is aside, not refund"
    repos.git(Path(made.path), "switch", "--quiet", "--detach")
    assert drift(made.path, "refund", None) == "branch is detached, not refund"


def test_a_checkpoint_that_was_reset_away_has_drifted(repo: Path) -> None:
    """A commit that HEAD no longer contains, or that never was, can't be gone on from."""
    made = ensure(plan(repo))
    lost = repos.commit(Path(made.path))
    repos.git(Path(made.path), "reset", "--quiet", "--hard", made.commit)
    assert drift(made.path, "refund", lost) == f"checkpoint {lost[:7]} is not an ancestor of HEAD"
    assert drift(made.path, "refund", "3f2a9c1") == "checkpoint 3f2a9c1 is not an ancestor of HEAD"


def test_doubt_is_an_error_and_never_drift(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken repository, a cut history and a missing git can't tell. Mutant killed: None taken for «no ancestor»."""
    old = git.head(str(repo)) or ""
    repos.commit(repo)
    shallow = repos.clone(repo, tmp_path / "shallow", "--depth", "1")
    repos.git(shallow, "fetch", "--quiet", "--depth", "1", "origin", "HEAD", old)
    with pytest.raises(git.GitError, match="shallow"):
        drift(str(shallow), "develop", old)
    (shallow / ".git" / "config").write_text("[broken\n")
    with pytest.raises(git.GitError):
        drift(str(shallow), "develop", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(git.GitMissing):
        drift(str(repo), "develop", None)
