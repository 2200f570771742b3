"""`board.done` against real trees and real commands: each item both ways, and what it says when it can't tell."""

from __future__ import annotations

import _thread
import os
import shutil
import threading
from pathlib import Path

import psutil
import pytest

from board.done import Finding, Progress, Terms, check
from board.program import GRACE
from tests import repositories as repos
from tests.waiting import eventually


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    repos.isolate(monkeypatch)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repos.repository(tmp_path / "my repo ü", "develop")


def ask(item: str, tree: Path, terms: Terms | None = None) -> Finding:
    return check([item], str(tree), terms or Terms())[0]


def is_gone(pid: int, started_at: float) -> bool:
    """Ended, be it unreaped, or its number is another's by now."""
    try:
        process = psutil.Process(pid)
        return process.create_time() != started_at or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_clean_holds_only_when_nothing_is_left(repo: Path) -> None:
    """Modified, staged and untracked files each break it, and the finding names them."""
    assert ask("clean", repo).ok
    for number in range(5):
        (repo / f"new {number}").touch()
    found = ask("clean", repo)
    assert not found.ok
    assert found.detail == "not committed: ?? new 0, ?? new 1, ?? new 2 and 2 more; commit, ignore or remove"
    repos.git(repo, "add", "--all")
    assert not ask("clean", repo).ok
    repos.git(repo, "commit", "--quiet", "-m", "All")
    assert ask("clean", repo).ok
    (repo / "README.md").write_text("changed\n")
    assert not ask("clean", repo).ok


def test_clean_does_not_count_the_boards_own_files(repo: Path) -> None:
    """The board may lie in the tree, at the top or below, and lives on while the task is asked about."""
    repos.commit(repo, "plans/tasks.yaml", "version: 1\n")
    (repo / "plans" / "tasks.yaml").write_text("version: 1\ntasks: []\n")
    (repo / "plans" / ".board" / "journal").mkdir(parents=True)
    (repo / "plans" / ".board" / "journal" / "x.jsonl").touch()
    (repo / ".board").mkdir()
    (repo / ".board" / "lock").touch()
    assert "M plans/tasks.yaml;" in ask("clean", repo).detail
    for path in ("plans/tasks.yaml", str(repo / "plans" / "tasks.yaml"), "plans"):
        assert ask("clean", repo, Terms(ignore=(path,))).ok
        assert ask("committed", repo / "plans", Terms(ignore=(path,))).ok
    (repo / "plans" / "tasks.yaml.new").touch()
    assert not ask("clean", repo, Terms(ignore=("plans/tasks.yaml",))).ok


def test_committed_lets_untracked_files_be(repo: Path) -> None:
    """Only what is staged or modified breaks it."""
    (repo / "untracked").touch()
    assert ask("committed", repo).ok
    repos.git(repo, "add", "untracked")
    assert not ask("committed", repo).ok
    repos.git(repo, "commit", "--quiet", "-m", "It")
    (repo / "untracked").unlink()
    assert ask("committed", repo).detail == "not committed: D untracked; commit or restore"


def test_pushed_needs_every_commit_on_a_remote(repo: Path, tmp_path: Path) -> None:
    """No remote and unpushed commits fail with the command that helps; a push settles it."""
    assert "git remote add" in ask("pushed", repo).detail
    repos.bare_remote(repo, tmp_path / "origin.git")
    assert ask("pushed", repo).ok
    repos.commit(repo)
    assert ask("pushed", repo).detail == "1 commit not on any remote; `git push -u origin develop`"
    repos.git(repo, "push", "--quiet")
    assert ask("pushed", repo).ok


@pytest.mark.parametrize("base", [None, "origin/HEAD", "develop", "origin/develop"])
def test_merged_into_a_local_branch(repo: Path, base: str | None) -> None:
    """Without a remote, the work is merged once the branch of that name here has it."""
    repos.git(repo, "checkout", "--quiet", "-b", "task")
    repos.commit(repo)
    found = ask("merged", repo, Terms(base=base))
    assert not found.ok
    assert "not merged into develop" in found.detail
    repos.git(repo, "branch", "--force", "develop", "task")
    assert ask("merged", repo, Terms(base=base)).ok


def test_merged_on_the_forge_is_seen_without_a_fetch_by_hand(repo: Path, tmp_path: Path) -> None:
    """What was merged on origin since the last fetch counts; an unreachable origin is said, not held for merged."""
    remote = repos.bare_remote(repo, tmp_path / "origin.git")
    repos.git(repo, "checkout", "--quiet", "-b", "task")
    repos.commit(repo)
    assert not ask("merged", repo).ok
    colleague = repos.clone(remote, tmp_path / "colleague")
    repos.git(colleague, "pull", "--quiet", "--ff-only", str(repo), "task")
    repos.git(colleague, "push", "--quiet", "origin", "develop")
    assert ask("merged", repo).ok
    repos.commit(repo, "more")
    shutil.rmtree(remote)
    assert "could not fetch" in ask("merged", repo).detail


def test_merged_names_a_base_that_is_not_there(repo: Path) -> None:
    """A typo in the base is a failing finding that says so."""
    assert ask("merged", repo, Terms(base="relaese")).detail == "there is no branch relaese to merge into"


def test_nothing_committed_is_neither_pushed_nor_merged(tmp_path: Path) -> None:
    """An unborn repository is clean, and nothing more."""
    new = repos.unborn(tmp_path / "new")
    said = [finding.ok for finding in check(["clean", "committed", "pushed", "merged"], str(new))]
    assert said == [True, True, False, False]


def fake_forge(folder: Path, name: str, answer: str, status: int = 0) -> Terms:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{answer}'\necho 'no pull requests found' >&2\nexit {status}\n")
    program.chmod(0o755)
    return Terms(env={**os.environ, "PATH": f"{folder}:/usr/bin:/bin"})


@pytest.mark.parametrize(
    ("program", "state", "holds"),
    [("gh", "OPEN", True), ("gh", "MERGED", True), ("gh", "CLOSED", False), ("glab", "opened", True)],
)
def test_a_request_is_asked_of_the_forge(repo: Path, tmp_path: Path, program: str, state: str, holds: bool) -> None:
    """Open or merged will do, closed will not, whichever forge it is."""
    found = ask("pr", repo, fake_forge(tmp_path / "bin", program, f'{{"state": "{state}"}}'))
    assert found.ok is holds
    assert state.lower() in found.detail


def test_without_a_request_the_forges_own_words_are_given(repo: Path, tmp_path: Path) -> None:
    """A forge that knows none, and one that talks nonsense, fail with what they said."""
    found = ask("pr", repo, fake_forge(tmp_path / "bin", "gh", "", 1))
    assert (found.ok, found.exit_status) == (False, 1)
    assert found.detail == "gh: no pull requests found; push, then `gh pr create`"
    assert "could not read the answer" in ask("pr", repo, fake_forge(tmp_path / "bin", "gh", "[1]")).detail


def test_the_forge_of_the_remote_is_asked_first(repo: Path, tmp_path: Path) -> None:
    """With both programs installed, the finding is that of the forge that the remote points to."""
    fake_forge(tmp_path / "bin", "gh", '{"state": "CLOSED"}')
    terms = fake_forge(tmp_path / "bin", "glab", '{"state": "merged"}')
    repos.git(repo, "remote", "add", "origin", "https://gitlab.example.org/a/b.git")
    assert ask("pr", repo, terms).detail == "the request is merged"


def test_without_a_forge_program_it_says_what_to_install(repo: Path, tmp_path: Path) -> None:
    """Nobody to ask is a failing finding, not a pass."""
    found = ask("pr", repo, Terms(env={"PATH": str(tmp_path)}))
    assert not found.ok
    assert "install gh" in found.detail


def test_a_command_is_run_in_the_tree_with_its_environment(repo: Path) -> None:
    """It runs where the work is, with what it was given, without another repository's git settings or our stdin."""
    env = {**os.environ, "WORD": "a b", "GIT_DIR": "/nowhere"}
    found = ask('cat; pwd; echo "$WORD"; git status --short', repo, Terms(env=env))
    assert (found.ok, found.exit_status) == (True, 0)
    assert found.tail == f"{repo}\na b"


@pytest.mark.parametrize(
    ("command", "status", "words"),
    [
        ("exit 3", 3, "exit status 3"),
        ("no-such-program-here", 127, "is it installed"),
        ("kill -9 $$", -9, "signal 9 (SIGKILL)"),
    ],
)
def test_a_command_that_fails_says_how(repo: Path, command: str, status: int, words: str) -> None:
    """The exit status, a missing program and a signal are told apart in one line."""
    found = ask(command, repo)
    assert (found.ok, found.exit_status) == (False, status)
    assert words in found.detail
    assert "\n" not in found.detail


def test_the_tail_is_the_last_twenty_lines_of_both_streams(repo: Path) -> None:
    """Output of any size and any bytes is cut to its end, in the order in which it was written."""
    found = ask("seq 100000; echo last >&2; printf '\\377\\n'; exit 1", repo)
    lines = found.tail.split("\n")
    assert len(lines) == 20
    assert lines[-3:] == ["100000", "last", "\N{REPLACEMENT CHARACTER}"]


@pytest.mark.parametrize("stubborn", ["", "trap '' TERM; "])
def test_a_time_out_ends_the_whole_group(repo: Path, stubborn: str) -> None:
    """Children of the command, also deaf and silent ones, are gone when the finding is there.

    Mutant killed: only the shell is ended; TERM without KILL.
    """
    child = f"sh -c '{stubborn}sleep 300 & echo $! >pid.new; mv pid.new pid; wait; sleep 300' >/dev/null 2>&1 & wait"
    identity: list[float] = []

    def remember() -> bool:
        if (repo / "pid").exists():
            identity.append(psutil.Process(int((repo / "pid").read_text())).create_time())
        return bool(identity)

    watcher = threading.Thread(target=lambda: eventually(remember))
    watcher.start()
    found = ask(stubborn + child, repo, Terms(timeout=1.0))
    watcher.join()
    assert (found.ok, found.exit_status) == (False, None)
    assert "not over after 1 s" in found.detail
    assert found.seconds < 1 + GRACE + 3
    pid = int((repo / "pid").read_text())
    assert eventually(lambda: is_gone(pid, identity[0]))


@pytest.mark.parametrize("silent", ["", "exec >&- 2>&-; "])
def test_a_check_that_is_called_off_ends_at_once(repo: Path, silent: str) -> None:
    """Long before its time-out, whether it holds its pipes open or not, with all of its group. Mutants: nobody asks;
    only open pipes are asked about."""
    called_off = (repo / "pid").exists
    found = ask(
        f"{silent}echo $$ >pid.new; mv pid.new pid; sleep 300 & wait", repo, Terms(timeout=20, called_off=called_off)
    )
    assert (found.ok, found.exit_status) == (False, None)
    assert found.seconds < 15
    with pytest.raises(ProcessLookupError):
        os.kill(int((repo / "pid").read_text()), 0)


def test_an_interrupted_check_leaves_nothing_running(repo: Path) -> None:
    """Ctrl-C while a command runs ends its group too. Mutant killed: the group is ended on time-outs only."""

    def interrupt() -> None:
        eventually((repo / "pid").exists)
        _thread.interrupt_main()

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        ask("echo $$ >pid.new; mv pid.new pid; sleep 300 & wait", repo)
    with pytest.raises(ProcessLookupError):
        os.kill(int((repo / "pid").read_text()), 0)


def test_every_item_is_asked_and_reported_in_order(repo: Path) -> None:
    """One failure hides no other; progress is told before and after each."""
    heard: list[str] = []
    progress = Progress(heard.append, lambda finding: heard.append(f"{finding.item}={finding.ok}"))
    found = check(["false", " clean ", "true"], str(repo), Terms(), progress)
    assert [finding.ok for finding in found] == [False, True, True]
    assert heard == ["false", "false=False", " clean ", " clean =True", "true", "true=True"]
    assert all(finding.seconds >= 0 for finding in found)


def test_without_a_repository_only_commands_can_hold(tmp_path: Path) -> None:
    """Each item of git's fails with the same clear words; commands still run."""
    found = check(["clean", "committed", "pushed", "merged", "pr", "true"], str(tmp_path))
    assert [finding.ok for finding in found] == [False] * 5 + [True]
    assert all("not in a git repository" in finding.detail for finding in found[:5])


def test_without_git_it_says_so(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing program is not a clean tree."""
    monkeypatch.setenv("PATH", str(tmp_path))
    found = ask("clean", repo)
    assert not found.ok
    assert "git is not installed" in found.detail


def test_a_broken_repository_is_doubt_and_fails(repo: Path) -> None:
    """What can't be told does not count as done."""
    (repo / ".git" / "config").write_text("[broken\n")
    found = ask("clean", repo)
    assert not found.ok
    assert found.detail.startswith("could not tell: ")


def test_a_tree_that_is_gone_fails_every_item(tmp_path: Path) -> None:
    """No item is asked somewhere else instead."""
    found = check(["clean", "true"], str(tmp_path / "gone"))
    assert ["is gone" in finding.detail and not finding.ok for finding in found] == [True, True]
