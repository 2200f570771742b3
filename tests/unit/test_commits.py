"""Whose commits become checkpoints unsaid, how little git is asked for it, and that a commit wakes the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from board.claims import Actor, Kind
from board.engine import Engine
from board.errors import RefusedError
from board.journal.events import Event
from board.model import Board, Task
from board.moves import claim
from board.store import FileStore
from supervisor.commits import WITHOUT_A_LOG, Commits
from supervisor.keeping import Keeping
from supervisor.launch import Site
from supervisor.ledger import Ledger
from supervisor.model import Alive, Attempt, Dead, Exit, Verdict
from supervisor.sight import Known
from tests import repositories as repos
from tests.boards import HOLDER, HOME, NOW, board, claimed, task


@dataclass
class Machine:
    """The supervisor's other parts, as far as commits ask for them. Operations are counted, not run."""

    tree: Path
    branch: str | None = "a"
    kept: dict[str, Keeping] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    now: float = NOW

    @property
    def engine(self) -> Machine:
        return self

    def clock(self) -> float:
        return self.now

    def is_ours(self, one: Task) -> bool:
        return one.claim is not None and one.claim.by == HOLDER

    def site(self, _: Board, one: Task) -> Site:
        return Site("tasks.yaml", ".board", str(self.tree), self.branch)

    def operate(self, keeping: Keeping, name: str, work: Coroutine[Any, Any, None]) -> None:
        work.close()
        self.asked.append(keeping.task.id)

    def worker(self, token: int = 3, by: str = HOLDER, verdict: Verdict | None = None, **record: Any) -> Keeping:
        said = task(**{"id": "a", "run": "work", "status": "in_progress", "claim": claimed(by, 3), **record})
        kept = self.kept["a"] = Keeping(said, Known(Attempt(HOME, "a", token, 1)), verdict or Alive(7, "%1"))
        return kept

    def commits(self) -> Commits:
        return Commits(cast("Any", self), cast("Any", self), self.operate)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    repos.isolate(monkeypatch)
    return Machine(repos.repository(tmp_path / "repo", "a"))


AUTO = board(checkpoint="auto")


def test_only_the_living_worker_of_our_present_claim_is_followed(machine: Machine) -> None:
    """Any other worker's commits, and those in a tree that several share, are nobody's checkpoint. Mutants: each of the
    conditions left out, one by one."""
    worker = machine.worker
    machine.commits().look(AUTO)
    assert machine.asked == []
    for kept in (
        worker(token=2),
        worker(by="alice"),
        worker(verdict=Dead(Exit(0), NOW)),
        worker(status="review"),
        worker(claim=None),
    ):
        machine.kept["a"] = kept
        machine.commits().look(AUTO)
    worker().is_fresh = False
    machine.commits().look(AUTO)
    worker()
    machine.commits().look(board())
    machine.branch = None
    machine.commits().look(AUTO)
    assert machine.asked == []
    machine.branch = "a"
    machine.commits().look(AUTO)
    assert machine.asked == ["a"]


def test_git_is_asked_once_for_each_move_of_head(machine: Machine) -> None:
    """A cycle in which nothing moved starts no process; where git keeps no log it is asked now and then. Mutants: what
    was seen is forgotten; no log is taken for no move."""
    commits = machine.commits()
    machine.worker()
    commits.look(AUTO)
    commits.look(AUTO)
    assert len(machine.asked) == 1
    repos.commit(machine.tree)
    commits.look(AUTO)
    commits.look(AUTO)
    assert len(machine.asked) == 2
    (machine.tree / ".git" / "logs" / "HEAD").unlink()
    for _ in range(3):
        commits.look(AUTO)
        commits.look(AUTO)
        machine.now += WITHOUT_A_LOG
    assert len(machine.asked) == 5


def test_a_commit_wakes_the_loop_and_so_does_one_in_a_tree_that_came_later(machine: Machine, tmp_path: Path) -> None:
    """No sweep is waited for. Mutants: the watcher left out; its folders taken once."""

    async def watched() -> None:
        commits, woken = machine.commits(), asyncio.Event()
        beside = asyncio.create_task(commits.keep(woken.set))
        for tree in (machine.tree, repos.repository(tmp_path / "other", "a")):
            machine.tree = tree
            machine.worker()
            commits.look(AUTO)
            for number in range(50):  # until the folder is watched, nobody can be told
                repos.commit(tree, f"{number}.txt")
                try:
                    await asyncio.wait_for(woken.wait(), 0.3)
                    break
                except TimeoutError:
                    continue
            assert woken.is_set()
            woken.clear()
        beside.cancel()
        await asyncio.gather(beside, return_exceptions=True)

    asyncio.run(watched())


class Silent:
    def append(self, event: Event, at: float) -> None:
        return None


def test_a_worker_that_was_faster_keeps_its_own_words(tmp_path: Path) -> None:
    """What it says of a commit between our look and our write stays, and a stale token writes nothing. Mutants: the
    record isn't asked again; the newest token is shown."""
    (tmp_path / "tasks.yaml").write_text("version: 1\ntasks:\n  - id: a\n")
    engine = Engine(FileStore(str(tmp_path / "tasks.yaml")), Silent())
    ledger = Ledger(engine, HOLDER)
    one = engine.change("a", Actor(HOLDER, None, Kind.SUPERVISOR), lambda ask: claim(ask, 0)).task
    assert ledger.checkpoint(one, "3f2a9c1" + "0" * 33, "auto: One").task.checkpoint is not None
    for said in ("3f2a9c1", "3f2a9c1" + "0" * 33):
        with pytest.raises(RefusedError, match="has this checkpoint already"):
            ledger.checkpoint(one, said.ljust(40, "0"), "auto: again")
    ledger.put_back(one, NOW)
    with pytest.raises(RefusedError, match="stale"):
        ledger.checkpoint(one, "4" * 40, "auto: late")
