"""Setup on real tmux with real git: in the task's pane, before any worker, and never half; what a person then sees."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from board import git
from supervisor.processes import ATTEMPT, environment_of
from tests import repositories as repos
from tests.house import House
from tests.waiting import eventually

pytestmark = pytest.mark.tmux


@pytest.fixture
def home(house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> House:
    """A house in a folder of its own, in a repository with one commit; its trees are beside it."""
    repos.isolate(monkeypatch)
    move(house, repos.repository(tmp_path / "repo-ü"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    return house


def move(house: House, folder: Path) -> None:
    house.folder, house.path, house.side = folder, folder / "tasks.yaml", folder / ".board"


def write(house: House, setup: str, *, task: str = "run: 'pwd > $HERE/out'", more: str = "") -> None:
    house.write(f"  - {{id: refund, {task}}}\n", settings=f"  worktrees: {{enabled: true, setup: {setup}{more}}}\n")


def tree(house: House) -> Path:
    return house.folder.parent / f"{house.folder.name}.worktrees" / "refund"


def setups(house: House, event: str = "setup_started") -> list[str]:
    return [line["command"] for line in house.journal("refund", event)]


def bearers(mark: str) -> list[int]:
    """Processes of a setup command of this test: they bear its mark, and nobody else's do."""
    sought = f"{ATTEMPT}={mark}".encode()
    pids = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdecimal()]
    return [pid for pid in pids if any(each.startswith(sought) for each in environment_of(pid))]


def mark(house: House) -> str:
    return f"{house.status()['session']}/refund.setup."


def test_setup_runs_in_the_tree_before_the_worker_and_its_output_is_kept(home: House, tmp_path: Path) -> None:
    """Each command in its turn, with its exit and time in the journal; a worker sees what they made. tmux, the shell
    and git are given the tree's path as one word. Mutant killed: the worker started first."""
    move(home, repos.repository(tmp_path / "my repo #{x} ü"))
    write(home, "['echo readying; touch ready', 'test -e ready']", task="run: 'test -e ready && pwd > out'")
    home.start()
    home.reaches("refund", "done")
    assert (tree(home) / "out").read_text().rstrip("\n") == str(tree(home))
    told = home.journal("refund", "worktree_created", "setup_started", "setup_ended", "worker_started")
    names = ["worktree_created", *["setup_started", "setup_ended"] * 2, "worker_started"]
    assert [line["event"] for line in told] == names
    assert [(line["exit_status"], line["took_s"] >= 0) for line in told if line["event"] == "setup_ended"] == [
        (0, True)
    ] * 2
    path = home.side / "output" / "refund.log"
    log = eventually(lambda: path.is_file() and "attempt 1" in (said := path.read_text()) and said, 10)
    assert [line.split(" ", 1)[1] for line in log.splitlines() if "readying" in line] == ["readying"]
    assert "=== setup 1 " in log
    assert "=== setup 1 ended: exit 0" in log


def test_setup_that_fails_blocks_and_is_run_again_after_unblock(home: House) -> None:
    """The task waits for `setup`, no worker was started, and the words name the command and its exit; once a person has
    put it right, all of setup runs again. Mutants killed: a tree taken for ready because it is there; a failure passed
    over."""
    write(home, "['echo once >> $HERE/ran', 'test -e $HERE/fixed']".replace("$HERE", str(home.folder)))
    home.start()
    task = home.reaches("refund", "blocked")
    assert task.blocked is not None
    assert task.blocked.on == "setup"
    assert home.starts("refund") == 0
    failed = home.journal("refund", "setup_failed")[0]
    assert (failed["exit_status"], failed["cause"]) == (1, "exit 1")
    why = home.says("why", "refund").out
    assert "it waits for setup" in why
    assert "exit 1" in why
    assert "board unblock refund" in why
    (home.folder / "fixed").touch()
    assert home.says("unblock", "refund", "--as", "alice").code == 0
    home.reaches("refund", "done")
    assert home.lines("ran") == ["once", "once"]


def test_setup_is_not_run_again_in_a_tree_that_is_ready(home: House) -> None:
    """A second step, and a task that is worked on again, find their tree as it was left."""
    steps = "steps: [{id: one, run: 'true'}, {id: two, run: 'true'}]"
    write(home, f"['echo once >> {home.folder}/ran']", task=steps)
    home.start()
    home.reaches("refund", "done")
    assert home.says("reopen", "refund", "--as", "alice").code == 0
    eventually(lambda: home.starts("refund") >= 3 and home.has("refund", "done"), 15)
    assert home.lines("ran") == ["once"]


def test_setup_that_takes_too_long_is_ended_whole(home: House) -> None:
    """The time-out ends the command with all that it started. Mutant killed: only the shell is ended."""
    write(home, """['trap "" HUP; sleep 300 & sleep 300']""", more=", setup_timeout: 300ms")
    home.start()
    home.reaches("refund", "blocked")
    assert home.journal("refund", "setup_failed")[0]["cause"] == "no end within 300ms"
    assert bearers(mark(home)) == []


def test_the_next_supervisor_never_starts_a_worker_over_an_unfinished_setup(home: House) -> None:
    """Setup of a supervisor that is gone is ended and begun anew; the worker comes after it.
    Mutants killed: the note forgotten when setup begins; a pane without a mark."""
    waits = f"echo begun >> {home.folder}/ran; while test ! -e {home.folder}/go; do sleep 0.1; done; touch ready"
    write(home, f"['{waits}']", task="run: 'test -e ready && pwd > $HERE/out'")
    first = home.start()
    home.wrote("ran")
    home.end(first, signal.SIGKILL)
    before = bearers(mark(home))
    assert before
    home.start()
    home.wrote("ran", 2)
    eventually(lambda: not set(before) & set(bearers(mark(home))), 10, "the old setup is gone")
    assert home.starts("refund") == 0
    (home.folder / "go").touch()
    home.reaches("refund", "done")
    assert home.starts("refund") == 1
    assert home.lines("out") == [str(tree(home))]


def test_a_supervisor_that_died_before_setup_is_followed_by_one_that_runs_it(home: House) -> None:
    """A tree that is there, made but never set up, isn't ready. Mutant killed: setup only for a tree just made."""
    from board.worktree import Plan, ensure

    write(home, "['touch ready']", task="run: 'test -e ready'")
    plan = Plan(str(home.folder), "../{repo}.worktrees", "refund", "origin/HEAD", setup=("touch ready",))
    assert not ensure(plan).is_ready
    home.start()
    home.reaches("refund", "done")
    assert setups(home) == ["touch ready"]


def test_a_person_may_stop_a_setup(home: House) -> None:
    """It is ended at once, and the task waits for the person. Mutant killed: `called_off` not looked at."""
    write(home, "['sleep 300']")
    home.start()
    home.happened("refund", "setup_started")
    seen = eventually(lambda: (task := home.status()["tasks"].get("refund", {})) and task["pid"] and task, 10)
    assert (seen["why"], seen["window"] is not None) == ("setup `sleep 300` runs", True)
    stopped = subprocess.run(
        [sys.executable, "-m", "supervisor", "stop", "refund", "--board", str(home.path)],
        cwd=home.folder,
        env=home.environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert stopped.returncode == 0, stopped.stderr
    task = home.reaches("refund", "blocked")
    assert task.blocked is not None
    assert task.blocked.on.startswith("a person: stopped by ")
    assert bearers(mark(home)) == []


def test_a_worker_has_its_own_compose_project_and_a_private_temporary_folder(home: House) -> None:
    """Short, 0700 and its own; setup has the same. Mutants killed: mode left to the umask; the folder not made."""
    names = "$TMPDIR:$TMP:$TEMP:$COMPOSE_PROJECT_NAME"
    write(home, f"""['echo "{names}" >> {home.folder}/env']""", task=f"run: 'echo \"{names}\" >> $HERE/env'")
    home.start()
    home.reaches("refund", "done")
    first, second = home.lines("env")
    assert first == second
    folder, *others, project = first.split(":")
    assert others == [folder, folder]
    assert project.endswith("-refund")
    assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o700
    assert len(folder) - len(os.environ["TMPDIR"]) < 60


def test_warnings_of_the_making_are_seen(home: House) -> None:
    """Offline work goes on, and both the journal and `board why` say that the base may be old."""
    remote = repos.bare_remote(home.folder, home.folder.parent / "origin.git")
    remote.rename(remote.with_name("away"))
    write(home, "[]", task="run: sleep 60")
    home.start()
    assert "could not fetch" in home.happened("refund", "worktree_created")[0]["warnings"]
    eventually(lambda: home.starts("refund"), 10)
    assert "could not fetch" in home.says("why", "refund").out


def test_a_folder_that_a_person_named_is_used_as_it_is(home: House) -> None:
    """A path of the board's folder: not made, not set up, no branch in it; `none` and false mean the board's folder."""
    (home.folder / "mine" / "here").mkdir(parents=True)
    twice = "pwd >> $HERE/mine/out; board checkpoint -q --note x; test $(wc -l < $HERE/mine/out) = 2"
    home.write(
        f"""
  - {{id: own, worktree: mine/here, resumable: true, run: '{twice}'}}
  - {{id: plain, worktree: none, run: 'pwd > $HERE/plain'}}
  - {{id: never, worktree: false, run: 'pwd > $HERE/never'}}
""",
        settings="  worktrees: {enabled: true, setup: ['touch x']}\n",
    )
    home.start()
    for name in ("own", "plain", "never"):
        home.reaches(name, "done")
    assert home.lines("plain") == home.lines("never") == [str(home.folder)]
    assert set(home.lines("mine/out")) == {str(home.folder / "mine" / "here")}
    assert [each.path for each in git.worktrees(str(home.folder))] == [str(home.folder)]
    assert home.journal(None, "worktree_created", "setup_started") == []


def test_a_named_folder_that_is_missing_blocks_with_its_name(home: House) -> None:
    """It is neither made nor replaced by the board's folder. Mutant killed: a fall-back to the board's folder."""
    write(home, "[]", task="worktree: ../gone, run: 'pwd > $HERE/out'")
    home.start()
    task = home.reaches("refund", "blocked")
    assert task.blocked is not None
    assert "../gone is not there" in task.blocked.on
    assert home.lines("out") == []


def test_a_repository_without_a_commit_blocks_with_what_to_do(home: House, tmp_path: Path) -> None:
    """There is nothing to start from, and the record names the command that changes that."""
    move(home, repos.unborn(tmp_path / "new", "develop"))
    write(home, "[]")
    home.start()
    task = home.reaches("refund", "blocked")
    assert task.blocked is not None
    assert "no commit yet" in task.blocked.on
    assert "--allow-empty" in task.blocked.on


def test_a_board_without_a_repository_works(house: House) -> None:
    """`enabled: true` outside of any repository means the board's folder."""
    house.write("  - {id: a, run: 'pwd > $HERE/out'}\n", settings="  worktrees: {enabled: true}\n")
    house.start()
    house.reaches("a", "done")
    assert house.lines("out") == [str(house.folder)]


@pytest.mark.parametrize(("asked", "ran"), [("test -e kept.txt", False), ("test -e none.txt", True)])
def test_done_if_of_a_first_step_is_asked_in_its_new_tree(home: House, asked: str, *, ran: bool) -> None:
    """Not in the board's folder, whose files nobody may have committed, and not nowhere: then the step would never
    start. Mutants killed: no answer without a tree; not asked again once there is one."""
    (home.folder / "kept.txt").write_text("it is there\n")
    repos.git(home.folder, "add", "kept.txt")
    repos.git(home.folder, "commit", "--quiet", "--message", "Keep")
    (home.folder / "none.txt").write_text("only here\n")
    write(home, "[]", task=f"done_if: '{asked}', run: 'touch $HERE/ran'")
    home.start()
    home.reaches("refund", "done")
    assert (home.folder / "ran").exists() is ran
    assert tree(home).is_dir()
