"""Careless editors beside a stream of writes: nobody on either side loses a word. Real processes, real saves.

For scale: a board that is written without merging lost 6 of 528 writes to an editor whose buffer was fresh, 338 of 812
to one 20 ms old, and 3,670 of 4,239 to one 200 ms old.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from board import moves
from board.claims import Actor
from board.engine import Engine
from board.store import FileStore
from tests.crash.savers import Nowhere
from tests.programs import ROOT, environment

SECONDS = 2
TASKS = "".join(f"  - id: t{number}\n    title: edit 0 of t{number}\n    # of t{number}\n\n" for number in range(12))
BOARD = f"version: 1\nx-all: {{}}\ntasks:\n{TASKS}"


def started(role: str, path: Path, *words: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "tests.crash.savers", role, str(path), *words]
    return subprocess.Popen(
        argv, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def promised(process: subprocess.Popen[str]) -> int:
    """The last number that was told."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return int(out.split()[-1]) if out.split() else 0


@pytest.mark.parametrize("how", ["rename", "in place", "in two goes"])
@pytest.mark.parametrize(("age", "pause", "least"), [(0, 0.03, 15), (0.02, 0.03, 10), (0.2, 0, 3), (0, 0, 15)])
def test_nobody_loses_a_word(tmp_path: Path, how: str, age: float, pause: float, least: int) -> None:
    """Two workers and an editor for some seconds: the last checkpoint that each worker was told of and the last save of
    the editor stand in the board, every comment too, and no token fell. Without age and pause the editor saves hundreds
    of times a second.

    Mutants: hand edits taken as they are; the newest version taken for every edit's base; replaced files not looked at;
    cut files believed.
    """
    path = tmp_path / "tasks.yaml"
    path.write_text(BOARD)
    engine = Engine(FileStore(str(path)), Nowhere())
    engine.change("t0", Actor("ann"), lambda ask: moves.claim(ask, 0))  # from here on we know what the file held
    workers = {task: started("work", path, task, str(SECONDS)) for task in ("t3", "t8")}
    editor = started("save", path, "t5", how, str(age), str(pause), str(SECONDS))
    notes = {task: promised(process) for task, process in workers.items()}
    saves = promised(editor)
    engine.settle()
    tasks = {task["id"]: task for task in YAML(typ="safe", pure=True).load(path.read_text())["tasks"]}
    for task, number in notes.items():
        assert tasks[task].get("checkpoint", {}).get("note") == (f"note {number}" if number else None)
        assert not number or tasks[task]["claim"]["by"] == "worker"
    assert sum(notes.values()) > (40 if pause else 3) or how == "in two goes"  # where each half save is waited for
    assert saves >= least
    assert tasks["t5"]["title"] == f"edit {saves} of t5"
    assert all(path.read_text().count(f"# of t{number}\n") == 1 for number in range(12))
    assert list(tasks) == [f"t{number}" for number in range(12)]
