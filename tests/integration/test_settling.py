"""A supervisor with trees of their own: commits that become checkpoints, what done rests on, who has the last word."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from supervisor import looks
from supervisor.launch import Site
from supervisor.processes import ATTEMPT
from tests import boards
from tests import repositories as repos
from tests.house import House
from tests.programs import board
from tests.waiting import eventually

pytestmark = pytest.mark.tmux
AUTO = "  worktrees: {enabled: true, root: trees, base: main}\n  checkpoint: auto\n"
WAIT = "until [ -e $HERE/go ]; do sleep 0.05; done"


@pytest.fixture
def shop(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """The house's folder as a repository, in which each task has a tree."""
    repos.isolate(monkeypatch)
    repos.git(house.folder, "init", "--quiet", "--initial-branch=main")
    (house.folder / ".gitignore").write_text("/*\n!README.md\n")
    repos.commit(house.folder, "README.md")
    return house


def keep(shop: House) -> None:
    shop.start(env=repos.IDENTITY)


def tree(shop: House, name: str) -> Path:
    return eventually(lambda: (found := shop.folder / "trees" / name).is_dir() and found, 15, f"a tree for {name}")


def at(shop: House, name: str, commit: str) -> None:
    def is_there() -> bool:
        point = shop.task(name).checkpoint
        return point is not None and point.commit == commit

    eventually(is_there, 15, lambda: f"{name} at {commit}: {shop.task(name).checkpoint} {shop.tail(name)}")


def points(shop: House, name: str) -> list[object]:
    return [line.get("commit") for line in shop.journal(name, "checkpoint_recorded")]


def test_a_commit_in_a_workers_own_tree_is_a_checkpoint(shop: House) -> None:
    """Each is one write at most; the worker's own word stands; a foreign
    branch and a worker that lost its claim bring nothing. Mutant: what is on record already is written again."""
    shop.write(f'  - {{id: a, run: "{WAIT}"}}\n', settings=AUTO)
    keep(shop)
    shop.pid("a")
    work = tree(shop, "a")
    first = repos.commit(work, "one.txt", message="One")
    at(shop, "a", first)
    assert shop.task("a").checkpoint == shop.task("a").checkpoint._replace(note="auto: One")  # type: ignore[union-attr]
    assert shop.task("a").run.progressed  # type: ignore[union-attr]
    claim = shop.side / "claims" / "a.1.json"
    env = {**repos.IDENTITY, "BOARD_CLAIM": str(claim)}
    repos.git(work, "checkout", "--quiet", "-b", "elsewhere")
    repos.commit(work, "foreign.txt")
    repos.git(work, "checkout", "--quiet", "a")
    second = repos.commit(work, "two.txt", message="Two")
    at(shop, "a", second)
    assert board("checkpoint", "a", "--note", "two of three", cwd=shop.folder, env=env).code == 0
    assert shop.says("release", "a", "--force", "--as", "bob").code == 0
    eventually(lambda: shop.journal("a", "worker_superseded"), 15)
    assert points(shop, "a") == [first, second, second]
    assert shop.task("a").checkpoint.note == "two of three"  # type: ignore[union-attr]


def test_a_resumed_agent_is_told_what_is_there(shop: House) -> None:
    """Branch, commit, note and uncommitted files stand in the brief of the second attempt."""
    agents = (
        f'agents:\n  odd: {{start: [sh, -c, "{WAIT}"], resume: [sh, -c, "cp ${{brief_file}} $HERE/brief; {WAIT}"]}}\n'
    )
    shop.write("  - {id: a, agent: odd, prompt: do it, resumable: true}\n", settings=AUTO)
    text = shop.path.read_text().replace("tasks:\n", agents.replace("$HERE", str(shop.folder)) + "tasks:\n")
    shop.path.write_text(text)
    keep(shop)
    pid = shop.pid("a")
    work = tree(shop, "a")
    commit = repos.commit(work, "one.txt", message="One")
    at(shop, "a", commit)
    (work / "two.txt").touch()
    os.kill(pid, signal.SIGKILL)
    brief = "\n".join(shop.wrote("brief", 12))
    assert f"Last checkpoint: {commit[:9]} (One), auto: One, " in brief
    assert f"It stands on branch `a`, at {commit[:9]} (One); uncommitted: ?? two.txt.\n" in brief


def test_what_exits_0_is_settled_with_its_evidence_or_waits_for_a_person(shop: House) -> None:
    """A headless worker's exit 0 runs the checks in its tree, with its environment; where a person's word is wanted it
    waits for that, and what comes after begins as the board says."""
    shop.write(
        """
  - {id: a, run: "git commit -q --allow-empty -m One", done_when: [clean, 'test "$COMPOSE_PROJECT_NAME" = trees-a']}
  - {id: b, run: "true", review: human, unlock: review, done_when: [clean]}
  - {id: c, run: "true", after: [b]}
""",
        settings=AUTO,
    )
    keep(shop)
    done = shop.reaches("a", "done").record["done"]
    assert done["commit"] == repos.git(tree(shop, "a"), "rev-parse", "HEAD")
    assert [(held["check"], held.get("exit")) for held in done["checks"]] == [
        ("clean", None),
        ('test "$COMPOSE_PROJECT_NAME" = trees-a', 0),
    ]
    assert [line["check"] for line in shop.journal("a", "done_check_passed")] == [
        held["check"] for held in done["checks"]
    ]
    shop.reaches("c", "done")
    said = shop.task("b")
    assert (said.status, said.claim, said.record["said_done"]["checks"][0]["check"]) == ("review", None, "clean")
    assert shop.says("done", "b", "--as", "alice").code == 0
    assert shop.task("b").record["done"]["by"] == "alice"


def test_a_tree_that_never_stays_is_held_for_a_person(shop: House) -> None:
    """Where each asking moves HEAD, no commit is recorded as asked. Mutant: the supervisor doesn't look again."""
    shop.write("  - {id: a, run: 'true', done_when: ['git commit -q --allow-empty -m More']}\n", settings=AUTO)
    keep(shop)
    task = shop.reaches("a", "blocked")
    assert task.blocked is not None
    assert task.blocked.on.startswith("its definition of done: HEAD (it went from ")
    assert repos.git(tree(shop, "a"), "rev-list", "--count", "main..a") == "3"


def test_done_said_while_the_worker_is_being_ended_settles_nothing(shop: House) -> None:
    """Who is stopped in the middle of its checks takes them with it: held for a person, nothing recorded, nothing left
    running. Mutant: a check outside of the worker's processes."""
    check = "echo $$ >$HERE/check; exec sleep 60"
    shop.write(f"  - {{id: a, run: 'board done -q', done_when: ['{check}']}}\n", settings=AUTO)
    keep(shop)
    pid = int(shop.wrote("check")[0])
    assert psutil.Process(pid).environ()[ATTEMPT].endswith("/a.1.1")
    words = [sys.executable, "-m", "supervisor", "stop", "a"]
    subprocess.run(words, cwd=shop.folder, env=shop.environment(), check=True, capture_output=True, timeout=30)
    task = shop.reaches("a", "blocked")
    assert (task.claim, task.record.get("done"), task.record.get("said_done")) == (None, None, None)
    eventually(lambda: not psutil.pid_exists(pid), 10, "the check is gone")


def test_checks_end_with_whoever_asked_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor that leaves doesn't stay for a check's time-out, and begins no further one. Mutant: the thread is
    left alone."""
    repos.isolate(monkeypatch)
    one = boards.task(done_timeout="15s", done_when=["echo $$ >pid.new; mv pid.new pid; sleep 300", "touch further"])
    site = Site(str(tmp_path / "tasks.yaml"), str(tmp_path / ".board"), str(tmp_path))

    async def leave() -> None:
        asked = asyncio.create_task(looks.proof(boards.board(), one, site))
        await asyncio.to_thread(eventually, (tmp_path / "pid").exists)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)

    asyncio.run(leave())  # waits for the thread
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))
    assert not (tmp_path / "further").exists()
