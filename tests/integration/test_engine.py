"""Transactions on a real file, with real processes and real editors in between: nothing of anybody's is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from board.claims import Actor, Kind
from board.document import Document
from board.engine import Engine
from board.errors import Busy, InvalidBoard, NotFound, RefusedError, UsageError
from board.grants import read_grant
from board.journal.read import records
from board.journal.redact import Redactor
from board.journal.sink import Journal
from board.model import Status
from board.moves import Ask, Outcome, checkpoint, claim, start
from board.store import FileStore, Snapshot
from tests.crash.sweep import at_once

NOW = 1795168800.0
BOARD = """\
version: 1  # ours
settings: {lease: 2h}
tasks:
  - id: a   # first
    title: A

  - id: b
    title: B
"""


class Edited(FileStore):
    """A board with an editor beside us: what `between` holds happens, one each, right after we have read."""

    def __init__(self, path: str, *between: Callable[[Path], object]) -> None:
        super().__init__(path)
        self.between = list(between)
        self.reads = 0

    def read(self) -> Snapshot:
        snapshot = super().read()
        self.reads += 1
        if self.between:
            self.between.pop(0)(Path(self.path))
        return snapshot


def nothing(_path: Path) -> None:
    pass


def saved(old: str, new: str) -> Callable[[Path], None]:
    """An editor that writes aside and renames."""

    def save(path: Path) -> None:
        aside = path.with_suffix(".swp")
        aside.write_text(path.read_text().replace(old, new))
        aside.rename(path)

    return save


def engine_of(store: FileStore, at: float = NOW) -> Engine:
    redactor = Redactor(home="", user="", host="", key=b"k", known={})
    return Engine(store, Journal(f"{store.side}/journal", redactor), clock=lambda: at)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "tasks.yaml").write_text(BOARD)
    return tmp_path / "tasks.yaml"


def claiming(engine: Engine, task_id: str) -> Callable[[Ask], Outcome]:
    return lambda ask: claim(ask, engine.grants.highest(task_id))


def claimed(engine: Engine, task_id: str, by: str) -> int:
    result = engine.change(task_id, Actor(by), claiming(engine, task_id))
    assert result.task.claim is not None
    return result.task.claim.token


def events(path: Path, *names: str) -> list[dict[str, object]]:
    return [line for line in records(str(path.parent / ".board/journal")) if not names or line["event"] in names]


def test_sixteen_processes_lose_no_claim(tmp_path: Path) -> None:
    """48 different tasks are claimed at once: each claim, its grant, its journal line and each comment are there.
    Mutants killed: no lock; no second look before the rename together with no lock."""
    path = tmp_path / "tasks.yaml"
    tasks = "".join(f"  - id: t{number}  # {number}\n    title: Task {number}\n" for number in range(48))
    path.write_text("version: 1\ntasks:\n" + tasks)

    def work(number: int) -> Callable[[], object]:
        def run() -> None:
            engine = engine_of(FileStore(str(path), lock_timeout=60))
            for task in range(number, 48, 16):
                claimed(engine, f"t{task}", f"worker-{number}")

        return run

    assert at_once([work(number) for number in range(16)]) == [0] * 16
    board = engine_of(FileStore(str(path))).read().board
    for number, task in enumerate(board.tasks):
        assert task.status is Status.CLAIMED
        assert task.claim is not None
        assert (task.claim.by, task.claim.token) == (f"worker-{number % 16}", 1)
        assert read_grant(str(tmp_path / f".board/claims/t{number}.1.json")) is not None
        assert f"- id: t{number}  # {number}\n" in path.read_text()
    assert sorted(str(line["task"]) for line in events(path, "task_claimed")) == sorted(task.id for task in board.tasks)
    assert [left.name for left in tmp_path.iterdir() if left.name not in ("tasks.yaml", ".board")] == []


def test_sixteen_processes_get_one_task_once(path: Path) -> None:
    """Of sixteen that want the same task one has it; the others are refused, and nobody is told two things."""

    def work(number: int) -> Callable[[], object]:
        return lambda: claimed(engine_of(FileStore(str(path), lock_timeout=60)), "a", f"worker-{number}")

    codes = at_once([work(number) for number in range(16)])
    task = engine_of(FileStore(str(path))).read().board.tasks[0]
    assert codes.count(0) == 1
    assert task.claim is not None
    assert task.claim.by == f"worker-{codes.index(0)}"
    assert len(events(path, "task_claimed")) == 1


@pytest.mark.parametrize(
    "edit", [saved("title: B", "title: B2  # by hand"), lambda path: path.write_text(path.read_text() + "# by hand\n")]
)
def test_an_edit_between_read_and_write_stays(path: Path, edit: Callable[[Path], object]) -> None:
    """The move is made again on what the editor saved: both changes are there, without a word to the caller.
    Mutant killed: no second look before the rename."""
    store = Edited(str(path), nothing, edit)
    assert claimed(engine_of(store), "a", "bob") == 2  # the grant of the lost try is used up
    text = path.read_text()
    assert "# by hand" in text
    assert "by: bob" in text
    assert "- id: a   # first\n" in text
    assert len(events(path, "task_claimed")) == 1


def test_an_edit_that_takes_the_task_away_is_obeyed(path: Path) -> None:
    """The move is judged again, not only written again: somebody else has it by now."""
    theirs = (
        "status: claimed\n    claim: {by: eve, token: 9, at: 2026-11-20T10:00:00Z, expires_at: 2026-11-20T12:00:00Z}"
    )
    store = Edited(str(path), nothing, saved("title: A", f"title: A\n    {theirs}"))
    with pytest.raises(RefusedError, match="held by eve"):
        claimed(engine_of(store), "a", "bob")
    assert "by: eve" in path.read_text()
    store = Edited(str(path), saved("- id: b", "- id: c"))
    with pytest.raises(NotFound):
        claimed(engine_of(store), "b", "bob")


def test_an_editor_that_never_rests_is_told(path: Path) -> None:
    """After some tries the answer is «busy», and nothing was written."""
    number = iter(range(1000))
    touch = [lambda path: path.write_text(f"{BOARD}# {next(number)}\n")] * 200
    with pytest.raises(Busy, match=r"kept changing|keeps saving"):
        claimed(engine_of(Edited(str(path), *touch)), "a", "bob")
    assert path.read_text().startswith(BOARD)


@pytest.mark.parametrize("left", ["", BOARD[: BOARD.index("lease") + 2], BOARD[: BOARD.index("title: A") + 3]])
def test_a_torn_file_is_waited_for(path: Path, left: str) -> None:
    """vim truncates and then writes: who comes in between waits for the rest. An empty file is never «no tasks».
    Mutant killed: a torn file refused at once."""
    engine = engine_of(FileStore(str(path)))
    path.write_text(left)
    rest = threading.Timer(0.1, lambda: path.write_text(BOARD))
    rest.start()
    assert len(engine.read().board.tasks) == 2
    rest.join()
    path.write_text(left)
    rest = threading.Timer(0.1, lambda: path.write_text(BOARD))
    rest.start()
    claimed(engine, "b", "bob")
    rest.join()
    assert path.read_text().startswith(BOARD)
    assert "by: bob" in path.read_text()


def test_a_file_torn_under_our_lock_is_waited_for_outside_of_it(path: Path) -> None:
    """Whoever else wants to write isn't kept waiting for an editor, but for some glances of half a millisecond.
    Mutants killed: the wait moved under the lock; no end of the glances."""
    found: list[str] = []

    class Torn(Edited):
        def read(self) -> Snapshot:
            if not path.read_text():
                found.append("held" if self.is_held() else "free")
                if found[-1] == "free":
                    path.write_text(BOARD)
                assert len(found) < 20
            return super().read()

        def is_held(self) -> bool:
            try:
                with FileStore(str(path), lock_timeout=0).locked():
                    return False
            except Busy:
                return True

    claimed(engine_of(Torn(str(path), nothing, lambda path: path.write_text(""))), "a", "bob")
    assert found == ["held"] * (len(found) - 1) + ["free"]
    assert "by: bob" in path.read_text()


def test_a_torn_file_that_stays_torn_is_told(path: Path) -> None:
    """After a moment the answer is where it is broken; it is never overwritten."""
    for text in ("", BOARD + "  - id: ["):
        path.write_text(text)
        with pytest.raises(InvalidBoard) as broken:
            claimed(engine_of(FileStore(str(path))), "a", "bob")
        assert broken.value.problems[0].line
        assert path.read_text() == text


def test_a_board_with_problems_is_not_written_to(path: Path) -> None:
    """All of them are told, and the file stays as it is."""
    path.write_text(BOARD.replace("title: A", "stauts: todo").replace("title: B", "priority: high"))
    before = path.read_text()
    with pytest.raises(InvalidBoard) as invalid:
        claimed(engine_of(FileStore(str(path))), "a", "bob")
    assert [problem.line for problem in invalid.value.problems] == [5, 8]
    assert path.read_text() == before


def test_a_stale_writer_is_refused_and_its_words_are_kept(path: Path) -> None:
    """Its lease ran out and another one has the task: nothing of its write is on the board, all of it in the journal.
    Mutants killed: a stale token let through; its words dropped."""
    early, late = engine_of(FileStore(str(path))), engine_of(FileStore(str(path)), NOW + 3 * 3600)
    old = Actor("old", claimed(early, "a", "old"), Kind.WORKER)
    early.change("a", old, start)
    new = claimed(late, "a", "new")
    before = path.read_bytes()
    said = {"command": "checkpoint", "task": "a", "commit": "3f2a9c1", "note": "4 of 7"}
    with pytest.raises(RefusedError, match="stale") as refused:
        late.change("a", old, lambda ask: checkpoint(ask, "3f2a9c1", "4 of 7"), said)
    assert refused.value.remedy == "stop working on it"
    assert refused.value.exit_code == 5
    assert path.read_bytes() == before
    assert new > old.token  # type: ignore[operator]
    (line,) = events(path, "write_refused")
    assert (line["task"], line["by"], line["token"], line["command"]) == ("a", "old", old.token, "checkpoint")
    assert line["said"] == "commit: 3f2a9c1, note: 4 of 7"


def test_what_is_refused_writes_nothing(path: Path) -> None:
    """No byte, no new version, no time stamp: a refusal is an answer."""
    engine = engine_of(FileStore(str(path)))
    claimed(engine, "a", "bob")
    before = (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino)
    with pytest.raises(RefusedError, match="held by bob"):
        claimed(engine, "a", "eve")
    assert (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) == before


def test_the_board_is_parsed_once_a_version(path: Path) -> None:
    """A look at an unchanged board costs a read and a hash; a change by anybody is seen."""
    engine = engine_of(FileStore(str(path)))
    first = engine.read()
    assert engine.read() is first
    saved("title: A", "title: AA")(path)
    assert engine.read().board.tasks[0].title == "AA"


def test_a_task_is_added_beside_an_editor(path: Path) -> None:
    """What was saved in between stays, and the record is made on the newest board."""
    store = Edited(str(path), nothing, saved("- id: b", "- id: c"))
    seen: list[list[str]] = []

    def make(board: object) -> dict[str, object]:
        seen.append([task.id for task in board.tasks])  # type: ignore[attr-defined]
        return {"id": "new", "title": "New"}

    assert engine_of(store).add(make).task.id == "new"
    assert seen == [["a", "b"], ["a", "c"]]
    assert [task["id"] for task in Document(path.read_text()).data["tasks"]] == ["a", "c", "new"]
    with pytest.raises(UsageError, match="new"):
        engine_of(FileStore(str(path))).add(lambda _board: {"id": "new", "title": "Again"})
    assert len(events(path, "task_added")) == 1


def test_a_file_cut_between_two_tasks_is_waited_for(path: Path) -> None:
    """A cut that still reads as a board is no smaller board: the task that an editor is about to write keeps its claim.
    Mutant killed: only what doesn't parse is waited for."""
    claimed(engine_of(FileStore(str(path))), "a", "alice")
    whole = path.read_text()
    path.write_text(whole[: whole.index("  - id: b")])
    rest = threading.Timer(0.1, lambda: path.write_text(whole))
    rest.start()
    assert [task.id for task in engine_of(FileStore(str(path))).read().board.tasks] == ["a", "b"]
    rest.join()


def test_a_task_deleted_at_the_end_is_deleted(path: Path) -> None:
    """What a person cut off on purpose stays off, once it is clear that nobody is still writing."""
    claimed(engine_of(FileStore(str(path))), "a", "alice")
    whole = path.read_text()
    path.write_text(whole[: whole.index("  - id: b")])
    assert [task.id for task in engine_of(FileStore(str(path))).read().board.tasks] == ["a"]
