"""Threads of one process at one board: one write for all who wait, and to each of them its own answer."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from board.claims import Actor
from board.desk import Desk, Turn, desk_of
from board.document import Document
from board.engine import Engine
from board.errors import BoardError, Busy, NotFound, RefusedError
from board.grants import read_grant
from board.journal.read import records
from board.journal.redact import Redactor
from board.journal.sink import Journal
from board.model import Board
from board.moves import Ask, Outcome, claim
from board.records import read_board
from board.store import FileStore
from tests.crash.sweep import at_once
from tests.integration.test_lock import held_elsewhere, released
from tests.waiting import eventually

THREADS = 8
TASKS = "".join(f"  - id: t{number}  # {number}\n    title: Task {number}\n" for number in range(THREADS))
BOARD = f"version: 1\ntasks:\n{TASKS}"
PROFILES = frozenset(("shell",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "tasks.yaml").write_text(BOARD)
    (tmp_path / ".board").mkdir()
    return tmp_path / "tasks.yaml"


def engine_of(store: FileStore) -> Engine:
    redactor = Redactor(home="", user="", host="", key=b"k", known={})
    return Engine(store, Journal(f"{store.side}/journal", redactor))


def claimed(store: FileStore, task: str, by: str) -> str:
    """What came of it, in words."""
    engine = engine_of(store)

    def claiming(ask: Ask) -> Outcome:
        return claim(ask, engine.grants.highest(task))

    return told(lambda: engine.change(task, Actor(by), claiming).task)


def told(work: Callable[[], object]) -> str:
    try:
        return f"done: {work()}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"


def desk(store: FileStore) -> Desk:
    return desk_of((store.real, type(store), PROFILES))


def together(store: FileStore, works: Sequence[Callable[[], str]]) -> list[str]:
    """Each in a thread of its own, one after the other in line, while somebody else has the lock; their answers."""
    answers = [""] * len(works)

    def run(place: int) -> None:
        answers[place] = works[place]()

    pid, lets_go = held_elsewhere(f"{store.side}/lock")
    threads = [threading.Thread(target=run, args=[place], daemon=True) for place in range(len(works))]
    for count, thread in enumerate(threads, 1):
        thread.start()
        eventually(lambda: len(desk(store)._waiting) == count)  # noqa: B023  (asked at once)
    released(pid, lets_go)
    for thread in threads:
        thread.join(30)
    assert desk(store)._waiting == []
    return answers


def holders(path: Path) -> dict[str, tuple[str, int]]:
    tasks = read_board(Document(path.read_text()).data).tasks
    return {task.id: (task.claim.by, task.claim.token) for task in tasks if task.claim is not None}


def test_who_waits_together_is_written_together(path: Path) -> None:
    """Eight claims are one version on disk, and each has its grant, its journal line, its answer and its comment.
    Mutants killed: the leader serves itself alone; each turn begins with the board as it was before all of them."""
    store = FileStore(str(path))
    answers = together(
        store, [lambda number=number: claimed(store, f"t{number}", f"w{number}") for number in range(THREADS)]
    )
    assert [f"claim=Claim(by='w{number}', token=1" in answer for number, answer in enumerate(answers)] == [True] * 8
    assert holders(path) == {f"t{number}": (f"w{number}", 1) for number in range(THREADS)}
    assert len(store.history.versions()) == 2  # what was there before, and all eight
    for number in range(THREADS):
        grant = read_grant(f"{store.side}/claims/t{number}.1.json")
        assert grant is not None
        assert grant.by == f"w{number}"
        assert f"- id: t{number}  # {number}\n" in path.read_text()
    lines = [line["task"] for line in records(f"{store.side}/journal") if line["event"] == "task_claimed"]
    assert sorted(map(str, lines)) == [f"t{number}" for number in range(THREADS)]


def test_what_was_written_together_is_known_to_the_next(path: Path) -> None:
    """Each of the records is in the cache, so that whoever comes next parses none of them.
    Mutants killed: the place of one record alone noted for a write of several; of a draft's records the last one alone
    kept; all that were ever written written again."""
    store = FileStore(str(path))
    claimed(store, "t0", "first")
    together(store, [lambda name=name: claimed(store, name, "w") for name in ("t3", "t1", "t2")])
    engine = engine_of(FileStore(str(path)))
    view = engine.read()
    assert view.stored is not None
    assert all(engine._views._cache.record(view.stored, place) for place in range(4))
    assert not view.records
    engine.change("t4", Actor("w"), lambda ask: claim(ask, 0))
    assert engine._views.last is not None
    assert not engine._views.last.records
    assert list(view.board.tasks)[1:4] == list(read_board(Document(path.read_text()).data).tasks)[1:4]


def test_one_task_goes_to_the_first_in_line(path: Path) -> None:
    """The others are refused, each on the board with the first one's claim, which is on disk by then.
    Mutants killed: an answer handed to another turn; refused on a board without the claim."""
    store = FileStore(str(path))
    answers = together(store, [lambda number=number: claimed(store, "t5", f"w{number}") for number in range(THREADS)])
    assert answers[0].startswith("done: ")
    assert all(answer.startswith("RefusedError: t5 is held by w0 (token 1)") for answer in answers[1:])
    assert holders(path) == {"t5": ("w0", 1)}


def test_who_fails_fails_alone(path: Path) -> None:
    """A task that isn't there and an op that is broken are told where they came from; the others' changes are made.
    Mutant killed: the first error ends the write of all."""
    store = FileStore(str(path))

    def broken(_board: Board) -> Outcome:
        raise ZeroDivisionError

    answers = together(
        store,
        [
            lambda: claimed(store, "t1", "a"),
            lambda: claimed(store, "none", "b"),
            lambda: told(lambda: engine_of(store).transact(broken)),
            lambda: claimed(store, "t2", "c"),
        ],
    )
    assert [answer.split(":")[0] for answer in answers] == ["done", NotFound.__name__, "ZeroDivisionError", "done"]
    assert holders(path) == {"t1": ("a", 1), "t2": ("c", 1)}


class Failing(FileStore):
    """Its disk fails at the write, or behind it, at the sync of the folder."""

    fails_at = "write"

    def cas(self, text: str, rev: str, *, force: bool = False, edits: Sequence[str] = ()) -> object:  # type: ignore[override]
        if self.fails_at == "write":
            raise BoardError("the disk is full", "nothing was changed")
        return super().cas(text, rev, force=force, edits=edits)

    @contextmanager
    def locked(self, began: float | None = None) -> Iterator[None]:
        with super().locked(began):
            yield
        if self.fails_at == "sync":
            raise BoardError("the change was made, but could not be synced")


@pytest.mark.parametrize("fails_at", ["write", "sync"])
def test_a_write_that_fails_fails_for_all(path: Path, fails_at: str) -> None:
    """Nobody is told that a change is on disk that isn't, or that may go with the next loss of power.
    Mutants killed: the leader alone told; the others let go once the file is in its place, before the sync."""
    store = Failing(str(path))
    store.fails_at = fails_at
    answers = together(store, [lambda number=number: claimed(store, f"t{number}", "w") for number in range(3)])
    assert {answer.split(":")[0] for answer in answers} == {"BoardError"}
    assert len(holders(path)) == (0 if fails_at == "write" else 3)
    assert [line for line in records(f"{store.side}/journal") if line["event"] == "task_claimed"] == []


def test_who_waits_in_vain_is_told_for_whom(path: Path) -> None:
    """All of three threads have the time that they asked for, and not that of those before them; then all goes on.
    Mutants killed: a lead that failed calls nobody; a new leader's time begins anew."""
    store = FileStore(str(path), lock_timeout=1.5)
    pid, lets_go = held_elsewhere(f"{store.side}/lock")
    answers: list[str] = []
    began = time.monotonic()
    threads = [
        threading.Thread(target=lambda: answers.append(claimed(store, "t1", "w")), daemon=True) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    waited = time.monotonic() - began
    released(pid, lets_go)
    assert [f"locked by pid {pid} " in answer for answer in answers] == [True] * 3
    assert [answer.split(":")[0] for answer in answers] == [Busy.__name__] * 3
    assert 1.5 <= waited < 2.9  # a second leader's own time would end at 3
    assert claimed(store, "t1", "w").startswith("done")


def test_an_interrupted_leader_leaves_nobody_waiting(path: Path) -> None:
    """Whoever waited with it is told that it can't know what became of it; the next one leads.
    Mutants killed: the others not told; nobody may lead behind it."""
    store = FileStore(str(path))

    def interrupted(_board: Board) -> Outcome:
        raise KeyboardInterrupt

    def stops() -> str:
        return told(lambda: engine_of(store).transact(interrupted))

    answers = together(store, [stops, lambda: claimed(store, "t1", "w"), lambda: claimed(store, "t2", "w")])
    assert [answer.split(":")[0] for answer in answers] == ["KeyboardInterrupt", "BoardError", "BoardError"]
    assert "was interrupted" in answers[1]
    assert claimed(store, "t1", "w").startswith("done")


def test_a_forked_child_waits_for_no_thread_of_its_parent(path: Path) -> None:
    """The one that led isn't there any more. Mutant killed: the desks kept in the child."""
    store = FileStore(str(path), lock_timeout=5)
    pid, lets_go = held_elsewhere(f"{store.side}/lock")
    answers: list[str] = []
    leader = threading.Thread(target=lambda: answers.append(claimed(store, "t1", "w")), daemon=True)
    leader.start()
    eventually(lambda: desk(store)._is_led)

    def child() -> None:
        released_there = FileStore(str(path), lock_timeout=5)
        assert not desk(released_there)._is_led

    assert at_once([child]) == [0]
    released(pid, lets_go)
    leader.join(30)
    assert answers[0].startswith("done")


def busy_desk() -> tuple[Desk, threading.Thread, threading.Event]:
    """A desk whose leader is at work until the event is set."""
    desk, done, begun = Desk(), threading.Event(), threading.Event()

    def lead() -> None:
        desk.taken()
        begun.set()
        done.wait(30)

    leader = threading.Thread(target=lambda: desk.serve(Turn("first"), lead, 30), daemon=True)
    leader.start()
    assert begun.wait(30)
    return desk, leader, done


def interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def interrupted_while_waiting(desk: Desk) -> None:
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(KeyboardInterrupt):
            desk.serve(Turn("second"), desk.taken, 30)
    finally:
        signal.signal(signal.SIGALRM, before)


def in_vain(desk: Desk) -> None:
    assert not desk.serve(Turn("second"), desk.taken, 0.05)


@pytest.mark.parametrize("leave", [in_vain, interrupted_while_waiting])
def test_who_leaves_the_line_is_neither_served_nor_called(leave: Callable[[Desk], None]) -> None:
    """Its op isn't run behind its back, and whoever comes later gets its turn.
    Mutants killed: who waited in vain stays in line; the same for who was interrupted."""
    desk, leader, done = busy_desk()
    leave(desk)
    done.set()
    leader.join(30)
    served: list[object] = []
    assert desk.serve(Turn("third"), lambda: served.extend(turn.op for turn in desk.taken()), 5)
    assert served == ["third"]


def test_sixteen_threads_lose_no_claim(tmp_path: Path) -> None:
    """48 tasks, four of which each thread wants besides its own: each is granted once, however the turns fall.
    Mutant killed: a turn taken twice."""
    path = tmp_path / "tasks.yaml"
    tasks = "".join(f"  - id: t{number}\n    title: Task {number}\n" for number in range(48))
    path.write_text("version: 1\ntasks:\n" + tasks)
    won: list[tuple[str, str]] = []

    def work(number: int) -> None:
        store = FileStore(str(path), lock_timeout=60)
        for task in (*range(number, 48, 16), 1, 2, 3, 4):
            with_answer = claimed(store, f"t{task}", f"w{number}")
            assert with_answer.startswith(("done", RefusedError.__name__))
            if with_answer.startswith("done"):
                won.append((f"t{task}", f"w{number}"))

    threads = [threading.Thread(target=work, args=[number], daemon=True) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    board = holders(path)
    assert len(board) == 48
    assert set(won) == {(task, by) for task, (by, _) in board.items()}
    assert {token for _, token in board.values()} == {1}
