"""`board.git` against the real git: what it answers, and what it answers when it can't tell."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from board import git, program
from tests import repositories as repos


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    repos.isolate(monkeypatch)


@pytest.fixture(params=["plain", "with space", "ünï-码", "-dash"])
def named(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return repos.repository(tmp_path / request.param)


def test_every_answer_survives_odd_folder_names(named: Path) -> None:
    """Spaces, unicode and a leading dash in a path change nothing."""
    path = str(named)
    inner = named / "a b" / "ç"
    inner.mkdir(parents=True)
    assert git.root(str(inner)) == path
    assert git.common_dir(str(inner)) == str(named / ".git")
    assert git.head(path) == repos.git(named, "rev-parse", "HEAD")
    assert git.branch(path) == "main"
    assert [tree.path for tree in git.worktrees(path)] == [path]


def test_version_is_a_tuple_that_compares() -> None:
    """The version can be held against a minimum."""
    found = git.version()
    assert found is not None
    assert found >= (2, 30)


def test_a_missing_git_is_said_not_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the program every question raises GitMissing, and the version could not be told."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git.version() is None
    with pytest.raises(git.GitMissing) as caught:
        git.root(str(tmp_path))
    assert caught.value.status is None
    assert "install git" in str(caught.value)


def test_an_error_carries_argv_status_and_stderr(tmp_path: Path) -> None:
    """A failure can be shown and told apart without parsing prose."""
    repo = repos.repository(tmp_path / "r")
    with pytest.raises(git.GitError) as caught:
        git.run(str(repo), "show", "nothing-such")
    assert caught.value.argv == ("git", "-C", str(repo), "show", "nothing-such")
    assert caught.value.status == 128
    assert "nothing-such" in caught.value.stderr


def test_outside_of_a_repository_there_is_no_root_and_other_questions_raise(tmp_path: Path) -> None:
    """No repository is an answer to `root` alone; nobody else makes one up."""
    assert git.root(str(tmp_path)) is None
    for question in (git.head, git.branch, git.dirty, git.unpushed, git.default_branch):
        with pytest.raises(git.GitError):
            question(str(tmp_path))


def test_a_folder_that_is_gone_raises(tmp_path: Path) -> None:
    """A path that can't be looked at is doubt, not «no repository»."""
    with pytest.raises(git.GitError):
        git.root(str(tmp_path / "gone"))


def test_a_bare_repository_has_no_tree(tmp_path: Path) -> None:
    """A bare repository has no top of a worktree, but has a common folder."""
    bare = repos.bare_remote(repos.repository(tmp_path / "r"), tmp_path / "r.git")
    assert git.root(str(bare)) is None
    assert git.common_dir(str(bare)) == str(bare)


def test_a_hooks_environment_does_not_redirect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside of a git hook of another repository the answers are still those of the path that was asked about."""
    mine, other = repos.repository(tmp_path / "mine"), repos.repository(tmp_path / "other", "elsewhere")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    assert git.root(str(mine)) == str(mine)
    assert git.branch(str(mine)) == "main"
    assert git.dirty(str(mine)) == []


def test_an_unborn_repository_has_a_branch_and_no_head(tmp_path: Path) -> None:
    """A repository without a commit answers each question without an error."""
    repo = str(repos.unborn(tmp_path / "r", "develop"))
    assert git.head(repo) is None
    assert git.branch(repo) == "develop"
    assert git.default_branch(repo) == "develop"
    assert git.is_ancestor(repo, "HEAD") is None
    assert git.is_merged(repo, "develop") is None
    assert git.unpushed(repo) is None
    assert git.dirty(repo) == []


def test_a_detached_head_has_no_branch(tmp_path: Path) -> None:
    """Detached is None, and HEAD is still known."""
    repo = repos.repository(tmp_path / "r")
    repos.git(repo, "checkout", "--quiet", "--detach")
    assert git.branch(str(repo)) is None
    assert git.head(str(repo)) == repos.git(repo, "rev-parse", "main")


def test_a_branch_that_is_named_like_a_tag_keeps_its_name(tmp_path: Path) -> None:
    """An ambiguous name isn't answered as `heads/x`."""
    repo = repos.repository(tmp_path / "r")
    repos.git(repo, "tag", "t")
    repos.git(repo, "checkout", "--quiet", "-b", "t")
    assert git.branch(str(repo)) == "t"


def test_ancestry_is_yes_no_or_unknown(tmp_path: Path) -> None:
    """A commit that isn't here is None, never False."""
    repo = repos.repository(tmp_path / "r")
    first = git.head(str(repo)) or ""
    second = repos.commit(repo)
    repos.git(repo, "reset", "--quiet", "--hard", first)
    assert git.is_ancestor(str(repo), first[:7]) is True
    assert git.is_ancestor(str(repo), first, second) is True
    assert git.is_ancestor(str(repo), second) is False
    assert git.is_ancestor(str(repo), "3f2a9c1") is None
    assert git.is_ancestor(str(repo), "--all") is None
    assert git.has_commit(str(repo), second)
    assert not git.has_commit(str(repo), "3f2a9c1" + "0" * 33)


def test_an_ambiguous_short_id_is_doubt(tmp_path: Path) -> None:
    """Four digits that several commits begin with are neither here nor missing."""
    repo = repos.repository(tmp_path / "r")
    tree = repos.git(repo, "rev-parse", "HEAD^{tree}")
    seen: dict[str, str] = {}
    for number in range(5000):
        made = repos.git(repo, "commit-tree", tree, "-m", str(number))
        if made[:4] in seen:
            break
        seen[made[:4]] = made
    with pytest.raises(git.GitError, match="short for several"):
        git.is_ancestor(str(repo), made[:4])


def test_a_shallow_clone_says_no_only_when_it_can_know(tmp_path: Path) -> None:
    """What is cut off can't be denied; what is visibly beside HEAD can. Mutant killed: shallow always False."""
    source = repos.repository(tmp_path / "source")
    old = git.head(str(source)) or ""
    for number in range(3):
        repos.commit(source, text=f"{number}\n")
    shallow = repos.clone(source, tmp_path / "shallow", "--depth", "2")
    path = str(shallow)
    assert git.is_ancestor(path, old) is None
    repos.git(shallow, "fetch", "--quiet", "--depth", "1", "origin", old)
    assert git.has_commit(path, old)
    assert git.is_ancestor(path, old) is None
    start = git.head(path) or ""
    lost = repos.commit(shallow, text="amended away\n")
    repos.git(shallow, "reset", "--quiet", "--hard", start)
    repos.commit(shallow, text="instead\n")
    assert git.is_ancestor(path, lost) is False
    assert git.is_ancestor(path, start) is True


def test_dirty_names_staged_modified_and_untracked_files(tmp_path: Path) -> None:
    """Nothing uncommitted is missed, odd names aren't quoted, and what git ignores doesn't count."""
    repo = repos.repository(tmp_path / "r")
    repos.commit(repo, ".gitignore", "*.log\n")
    repos.git(repo, "config", "status.showUntrackedFiles", "no")
    (repo / "README.md").write_text("other\n")
    (repo / "new folder").mkdir()
    (repo / "new folder" / 'ü "q".txt').touch()
    (repo / "staged").touch()
    (repo / "x.log").touch()
    repos.git(repo, "add", "staged")
    assert sorted(git.dirty(str(repo))) == [" M README.md", '?? new folder/ü "q".txt', "A  staged"]


def test_unpushed_counts_what_no_remote_has(tmp_path: Path) -> None:
    """None without a remote, zero after a push, and a push of another branch's name counts too."""
    repo = repos.repository(tmp_path / "r", "develop")
    path = str(repo)
    assert git.unpushed(path) is None
    repos.bare_remote(repo, tmp_path / "bare remote.git")
    assert git.unpushed(path) == 0
    repos.git(repo, "checkout", "--quiet", "-b", "task")
    repos.commit(repo)
    repos.commit(repo, "other")
    assert git.unpushed(path) == 2
    repos.git(repo, "push", "--quiet", "origin", "HEAD:refs/heads/elsewhere")
    assert git.unpushed(path) == 0


def test_a_remote_that_was_never_pushed_to_has_nothing(tmp_path: Path) -> None:
    """A remote without branches makes every commit unpushed, not none."""
    repo = repos.repository(tmp_path / "r")
    repos.git(repo, "remote", "add", "origin", str(tmp_path / "nowhere"))
    assert git.unpushed(str(repo)) == 1


def test_merged_is_seen_through_merge_and_rebase(tmp_path: Path) -> None:
    """Work that reached the branch as a merge or as the same patches is merged; other work isn't."""
    repo = repos.repository(tmp_path / "r")
    path = str(repo)
    repos.git(repo, "checkout", "--quiet", "-b", "task")
    one = repos.commit(repo, "one")
    two = repos.commit(repo, "two")
    assert git.is_merged(path, "main") is False
    assert git.is_merged(path, "nothing-such") is None
    repos.git(repo, "checkout", "--quiet", "main")
    repos.commit(repo, "meanwhile")
    repos.git(repo, "cherry-pick", one)
    repos.git(repo, "checkout", "--quiet", "task")
    assert git.is_merged(path, "main") is False
    repos.git(repo, "checkout", "--quiet", "main")
    repos.git(repo, "cherry-pick", two)
    repos.git(repo, "checkout", "--quiet", "task")
    assert git.is_merged(path, "main") is True
    repos.commit(repo, "three")
    repos.git(repo, "branch", "--quiet", "integrated")
    assert git.is_merged(path, "integrated") is True


def test_a_merge_commit_is_never_taken_for_picked(tmp_path: Path) -> None:
    """What only a merge commit holds has no patch to find again. Mutant killed: `cherry` without the merge count."""
    repo = repos.repository(tmp_path / "r")
    repos.git(repo, "checkout", "--quiet", "-b", "task")
    repos.git(repo, "checkout", "--quiet", "main")
    repos.commit(repo, "meanwhile")
    repos.git(repo, "checkout", "--quiet", "task")
    repos.git(repo, "merge", "--quiet", "--no-commit", "--no-ff", "main")
    (repo / "evil").write_text("only in the merge\n")
    repos.git(repo, "add", "evil")
    repos.git(repo, "commit", "--quiet", "-m", "Merge")
    assert git.is_merged(str(repo), "main") is False


@pytest.mark.parametrize("branch", ["main", "master", "develop", "trunk"])
def test_the_default_branch_is_found_whatever_its_name(tmp_path: Path, branch: str) -> None:
    """From origin when there is one; else by the usual names; else what the main worktree has, not the task's."""
    repo = repos.repository(tmp_path / "r", branch)
    repos.git(repo, "worktree", "add", "--quiet", "-b", "task", str(tmp_path / "tree"))
    assert git.default_branch(str(tmp_path / "tree")) == branch
    repos.bare_remote(repo, tmp_path / "r.git")
    clone = repos.clone(tmp_path / "r.git", tmp_path / "clone")
    repos.git(clone, "checkout", "--quiet", "-b", "main2")
    assert git.default_branch(str(clone)) == branch


def test_a_question_that_hangs_ends_with_all_that_it_started(tmp_path: Path) -> None:
    """Past the time-out GitTimeout is raised, though a grandchild holds the pipe; nothing is left running."""
    repo = repos.repository(tmp_path / "r")
    mark = tmp_path / "pid"
    repos.git(repo, "config", "alias.hang", f"!echo $$ > '{mark}'; sleep 600")
    began = time.monotonic()
    with pytest.raises(git.GitTimeout):
        git.run(str(repo), "hang", timeout=0.5)
    assert time.monotonic() - began < 0.5 + program.GRACE + 2
    assert not (Path("/proc") / mark.read_text().strip() / "cwd").exists()


def test_a_daemon_that_keeps_the_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A program is over when it has ended itself; a helper that it left behind doesn't hold us up, nor is it ended."""
    began = time.monotonic()
    ended = program.run_program(("/bin/sh", "-c", "sleep 30 & echo $!"), dict(os.environ), 20.0)
    assert time.monotonic() - began < 10
    assert ended.status == 0
    os.kill(int(ended.stdout), 15)


def test_much_output_is_read_whole_or_to_the_asked_tail(tmp_path: Path) -> None:
    """A megabyte neither blocks nor is cut; with a tail only the last bytes of both streams are kept."""
    words = ("/bin/sh", "-c", "head -c 1000000 /dev/zero; echo end >&2")
    whole = program.run_program(words, dict(os.environ), 20.0)
    assert (len(whole.stdout), whole.stderr) == (1_000_000, b"end\n")
    assert program.run_program(words, dict(os.environ), 20.0, tail=6).stdout == b"\0\0end\n"
