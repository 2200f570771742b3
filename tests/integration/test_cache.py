"""What is kept in `.board/cache`: never needed, never trusted over the text, and what makes a command cheap."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from board import cache as cache_module
from board import moves
from board.claims import Actor
from board.document import Document
from board.engine import Engine
from board.errors import InvalidBoard, UsageError
from board.journal.events import Event
from board.records import read_board
from board.store import FileStore
from tests.hostile import LEGAL
from tests.programs import environment

TASK = """\
  - id: t{0}
    title: Task {0}
    priority: {1}
    agent: shell
    steps:
      - {{id: one, prompt: work, resumable: true}}
      - {{id: two, run: ./two, gate: human}}
"""


class Nowhere:
    def append(self, event: Event, at: float) -> None: ...


def written(folder: Path, count: int = 40) -> Path:
    path = folder / "tasks.yaml"
    tasks = "".join(TASK.format(number, number % 10) for number in range(count))
    path.write_text(f"version: 1\nsettings: {{lease: 1h}}\ntasks:\n{tasks}  - id: last\n    after: [t1, t2]\n")
    return path


def engine_of(path: Path) -> Engine:
    return Engine(FileStore(str(path)), Nowhere())


def claim(path: Path, task_id: str) -> None:
    """Changes the task's lines: with a claim, then with a checkpoint."""
    engine = engine_of(path)
    held = engine.grants.highest(task_id)
    note = str(uuid4())
    if held:
        engine.change(task_id, Actor("ann", held), lambda ask: moves.checkpoint(ask, None, note))
    else:
        engine.change(task_id, Actor("ann"), lambda ask: moves.claim(ask, 0))


def told(path: Path) -> list[Any]:
    """All that a fresh engine makes of the file, by its cache or without."""
    board = engine_of(path).read().board
    briefs = [board.tasks.brief(place) for place in range(len(board.tasks))]
    return [board.settings, board.agents, list(board.tasks.ids), briefs, *board.tasks]


def meant(path: Path) -> list[Any]:
    """The same, of the file read as a whole, with no engine and no cache."""
    board = read_board(Document(path.read_text(encoding="utf-8")).data)
    briefs = [board.tasks.brief(place) for place in range(len(board.tasks))]
    return [board.settings, board.agents, list(board.tasks.ids), briefs, *board.tasks]


def test_writes_and_hand_edits_leave_what_the_file_says(tmp_path: Path) -> None:
    """After each of a claim, an added task, edits by hand and a deleted task, the cache tells what the whole file says.

    Mutants: a cache that is taken for any revision; a block's digest that isn't renewed; lengths that aren't.
    """
    path = written(tmp_path)
    claim(path, "t3")
    assert told(path) == meant(path)
    engine_of(path).add(lambda board: {"id": "new", "title": "New", "after": ["t1"], "prompt": "one\ntwo"})
    assert told(path) == meant(path)
    for old, new in (("title: Task 5", "title: Five, by hand"), ("lease: 1h", "lease: 2h"), ("[t1, t2]", "[t2]")):
        path.write_text(path.read_text().replace(old, new))
        assert told(path) == meant(path)
        claim(path, "t3")
        assert told(path) == meant(path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:3] + lines[10:]))
    assert told(path) == meant(path)
    claim(path, "t7")
    assert told(path) == meant(path)


@pytest.mark.parametrize("name", LEGAL)
def test_a_board_in_any_style_is_told_alike(tmp_path: Path, name: str) -> None:
    """First without a cache, then with it, after a claim, and again without: always what the whole file says."""
    path = tmp_path / "tasks.yaml"
    path.write_text(LEGAL[name], encoding="utf-8", newline="")
    assert told(path) == meant_raw(path)
    try:
        claim(path, "a")
    except InvalidBoard:
        assert path.read_bytes() == LEGAL[name].encode()
        return
    assert told(path) == meant_raw(path)
    for file in (tmp_path / ".board" / "cache").glob("*"):
        file.unlink()
    assert told(path) == meant_raw(path)


def meant_raw(path: Path) -> list[Any]:
    board = read_board(Document(path.read_bytes().decode()).data)
    briefs = [board.tasks.brief(place) for place in range(len(board.tasks))]
    return [board.settings, board.agents, list(board.tasks.ids), briefs, *board.tasks]


def test_a_broken_cache_is_none(tmp_path: Path) -> None:
    """Cut, flipped, emptied, filled with noise, a folder in its place: the answers stay those of the file.

    Mutants: a roll without a checksum; a record without one.
    """
    path, dice = written(tmp_path, 12), random.Random(7)
    for number in range(60):
        claim(path, f"t{number % 12}")
        for file in sorted((tmp_path / ".board" / "cache").iterdir()):
            file.write_bytes(spoilt(file.read_bytes(), dice))
        assert told(path) == meant(path)
    folder = tmp_path / ".board" / "cache"
    for file in folder.iterdir():
        file.unlink()
    (folder / "roll").mkdir()
    claim(path, "t1")
    assert told(path) == meant(path)


def spoilt(raw: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(raw) or 1)
    way = dice.randrange(4)
    if way == 0:
        return raw[:at]
    if way == 1:
        return raw[:at] + bytes([dice.randrange(256)]) + raw[at + 1 :]
    return b"" if way == 2 else dice.randbytes(len(raw))


def test_a_cache_that_came_along_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository may bring a cache whose records say other than its file: made elsewhere, it isn't looked at.

    Mutant: a checksum without the key.
    """
    path = written(tmp_path)
    monkeypatch.setattr(cache_module, "_code", lambda: [1, 2, 3])
    claim(path, "t3")
    elsewhere = (tmp_path / ".board" / "cache" / "roll").read_bytes()
    monkeypatch.undo()
    seen = cache_module.Cache(str(tmp_path / ".board" / "cache"), ("shell",))
    assert seen.load() is None
    claim(path, "t4")
    assert seen.load() is not None
    (tmp_path / ".board" / "cache" / "roll").write_bytes(elsewhere)
    assert seen.load() is None


def test_other_profiles_are_another_board(tmp_path: Path) -> None:
    """What was found sound with one set of profiles is asked again with another. Mutant: a key without the profiles."""
    path = written(tmp_path)
    path.write_text(path.read_text().replace("agent: shell", "agent: mine", 1))
    store = FileStore(str(path))
    (tmp_path / ".board" / "cache").mkdir(parents=True)
    Engine(store, Nowhere(), profiles=("shell", "mine")).read()
    assert (tmp_path / ".board" / "cache" / "roll").exists()
    with pytest.raises(InvalidBoard, match="1 problem"):
        engine_of(path).read()


@pytest.mark.parametrize("record", [{"after": ["t1", "nobody"]}, {"after": ["new"]}, {"agent": "nobody"}, {"id": "t1"}])
def test_a_new_task_that_others_forbid_is_refused(tmp_path: Path, record: dict[str, Any]) -> None:
    """What one block can't know is asked of the roll. Mutant: `grown` without the order."""
    path = written(tmp_path)
    claim(path, "t3")
    before = path.read_bytes()
    with pytest.raises(UsageError):
        engine_of(path).add(lambda board: {"id": "new", "title": "New", **record})
    assert path.read_bytes() == before


def test_a_shelf_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records that nobody needs are left behind now and then, what is needed comes along. Mutant: no slack asked."""
    monkeypatch.setattr(cache_module, "_SLACK", 2000)
    path = written(tmp_path, 6)
    sizes, names = [], set()
    for number in range(80):
        claim(path, f"t{number % 6}")
        shelves = list((tmp_path / ".board" / "cache").glob("shelf.*"))
        assert len(shelves) == 1
        names.add(shelves[0].name)
        sizes.append(shelves[0].stat().st_size)
        assert told(path) == meant(path)
    assert len(names) > 2
    assert max(sizes) < 20_000


def test_a_claim_parses_its_own_task_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a cache a claim parses two small pieces, its block before and after, and a look at a task parses nothing.

    Mutants: a cache that isn't saved after a write; records that aren't put on the shelf.
    """
    path = written(tmp_path, 400)
    claim(path, "t1")
    parsed: list[int] = []
    import board.blocks
    import board.document
    import board.syntax

    def counting(text: str, depth: int = 0) -> Any:
        parsed.append(len(text))
        return board.syntax.parse(text, depth)

    monkeypatch.setattr(board.blocks, "parse", counting)
    monkeypatch.setattr(board.document, "parse", counting)
    claim(path, "t200")
    assert len(parsed) == 2
    assert max(parsed) < 500
    parsed.clear()
    assert len(list(engine_of(path).read().board.tasks)) == 401
    assert parsed == []


def test_looking_imports_no_parser(tmp_path: Path) -> None:
    """`show` and `next` with a cache load neither the YAML reader nor the checks nor what writes."""
    path = written(tmp_path)
    program = (
        "import sys\nfrom board.cli import main\nsys.argv = ['board', *sys.argv[1:]]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "print(sorted({'yaml', 'hashlib', 'json', 'board.syntax', 'board.document', 'board.check', 'board.blocks',"
        " 'board.merge', 'subprocess', 'board.journal.sink'} & set(sys.modules)), file=sys.stderr)\n"
    )
    claimed = [sys.executable, "-m", "board", "claim", "t3", "--as", "ann", "--board", str(path)]
    subprocess.run(claimed, env=environment(), capture_output=True, timeout=60, check=True)
    for words in (["show", "t3"], ["next"]):
        argv = [sys.executable, "-c", program, *words, "--board", str(path)]
        done = subprocess.run(argv, env=environment(), capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stderr.strip() == "[]"


def test_who_only_looks_leaves_no_folder(tmp_path: Path) -> None:
    """Reading a board that was never written makes no `.board` beside it."""
    path = written(tmp_path)
    told(path)
    assert [file.name for file in tmp_path.iterdir()] == ["tasks.yaml"]
