"""Real processes against each other, and against SIGKILL: no grant twice, none lost, the file whole, the lock free."""

from __future__ import annotations

import fcntl
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from board.cli import main
from board.document import Document
from tests.programs import argv, board, environment, started

TraceFunction = Callable[[FrameType, str, Any], Any]

TASKS = 50
RACERS = 16


def many(folder: Path) -> None:
    tasks = "".join(f"  - id: t{number}\n    title: Task {number}  # kept\n" for number in range(TASKS))
    (folder / "tasks.yaml").write_text(f"version: 1\ntasks:\n{tasks}")


def claim_until_none(folder: Path, name: str, granted: list[str], codes: list[int]) -> None:
    while True:
        done = subprocess.run(
            argv("claim", "--next", "-q", "--as", name),
            cwd=folder,
            env=environment(),
            capture_output=True,
            timeout=120,
            check=False,
        )
        if done.returncode == 75:
            continue  # busy, nothing was done: so many at a time may wait for longer than one is ready to
        codes.append(done.returncode)
        if done.returncode != 0:
            return
        granted.append(done.stdout.decode().strip())


@pytest.mark.slow
def test_sixteen_racers_get_each_of_fifty_tasks_once(tmp_path: Path) -> None:
    """Each task is granted to one racer, none is lost, the file agrees. Mutant: `locked` without its lock."""
    many(tmp_path)
    granted: list[str] = []
    codes: list[int] = []
    racers = [
        threading.Thread(target=claim_until_none, args=(tmp_path, f"racer-{number}", granted, codes))
        for number in range(RACERS)
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert Counter(granted) == Counter(f"t{number}" for number in range(TASKS))
    assert Counter(codes) == {0: TASKS, 4: RACERS}
    listed = json.loads(board("list", "--json", cwd=tmp_path).out)["tasks"]
    assert {task["status"] for task in listed} == {"claimed"}
    assert (tmp_path / "tasks.yaml").read_text().count("# kept") == TASKS


@pytest.mark.slow
def test_sixteen_racers_for_one_task_have_one_winner(tmp_path: Path) -> None:
    """Exactly one exit 0, fifteen exit 5, and the board names the winner. The race above needs the lock more."""
    many(tmp_path)
    racers = [started("claim", "t7", "--as", f"racer-{number}", cwd=tmp_path) for number in range(RACERS)]
    ended = [(*racer.communicate(timeout=120), racer.returncode) for racer in racers]
    assert Counter(code for _, _, code in ended) == {0: 1, 5: RACERS - 1}
    winner = next(number for number, (_, _, code) in enumerate(ended) if code == 0)
    shown = json.loads(board("show", "t7", "--json", cwd=tmp_path).out)["task"]
    assert shown["claim"]["by"] == f"racer-{winner}"
    assert shown["claim"]["token"] == 1


def test_a_made_up_name_wins_a_race_once(tmp_path: Path) -> None:
    """Processes of one unnamed account are told apart: one gets the task. Mutant: `claiming` looks the name up."""
    many(tmp_path)
    racers = [started("claim", "t7", cwd=tmp_path) for _ in range(4)]
    codes = []
    for racer in racers:
        racer.communicate(timeout=60)
        codes.append(racer.returncode)
    assert sorted(codes) == [0, 5, 5, 5]


@pytest.mark.slow
def test_a_killed_claimer_leaves_a_whole_board_and_a_free_lock(tmp_path: Path) -> None:
    """SIGKILL anywhere in a claim: the file parses, the lock is free at once, each claim has its grant, work goes on.

    Mutants: a board that is written in place; a lock that outlives its process.
    """
    many(tmp_path)
    dice = random.Random(7)
    longest = _time_of_one(tmp_path)
    for round_number in range(40):
        process = started("claim", "--next", "--as", f"victim-{round_number}", cwd=tmp_path)
        try:
            process.wait(dice.uniform(0.3, 1.05) * longest)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate(timeout=60)
        data = Document((tmp_path / "tasks.yaml").read_text()).data
        assert len(data["tasks"]) == TASKS
        _assert_lock_is_free(tmp_path)
    for task in data["tasks"]:
        if "claim" in task:
            assert json.loads((tmp_path / f".board/claims/{task['id']}.{task['claim']['token']}.json").read_text())
    assert board("check", cwd=tmp_path).code == 0
    assert board("claim", "t49", "--as", "heir", cwd=tmp_path).code == 0
    assert list(tmp_path.glob("*.board-tmp")) == []


def _time_of_one(folder: Path) -> float:
    began = time.monotonic()
    assert board("claim", "--next", "--as", "first", cwd=folder).code == 0
    return time.monotonic() - began


def test_death_at_each_line_of_a_claim(folder: Path) -> None:
    """A child dies at the n-th executed line of what writes, for each n until one survives: the file is wholly old or
    wholly new, a claim has its grant, the lock is free. Mutants: written in place; the grant behind the board."""
    old = (folder / "tasks.yaml").read_text()
    seen = set()
    assert main(["claim", "api", "--as", "alice", "-q"]) == 0  # what it imports is there for the children
    for line in range(2000):
        shutil.rmtree(folder / ".board")
        (folder / "tasks.yaml").write_text(old)
        (folder / ".board").mkdir()
        survived = _claim_and_die_at(line)
        text = (folder / "tasks.yaml").read_text()
        claimed = Document(text).data["tasks"][0].get("claim")
        assert (claimed is None) == (text == old)
        assert claimed is None or (folder / f".board/claims/api.{claimed['token']}.json").exists()
        _assert_lock_is_free(folder)
        seen.add(claimed is None)
        if survived:
            break
    assert survived
    assert seen == {True, False}


_WRITERS = tuple(f"board/{name}.py" for name in ("store", "lock", "grants", "engine", "history", "journal/sink"))


def _claim_and_die_at(line: int) -> bool:
    """Did the child come to its end?"""
    pid = os.fork()
    if pid == 0:
        left = line

        def local(_frame: FrameType, event: str, _arg: object) -> TraceFunction:
            nonlocal left
            if event == "line":
                left -= 1
                if left < 0:
                    os._exit(9)
            return local

        def each(frame: FrameType, _event: str, _arg: object) -> TraceFunction | None:
            return local if frame.f_code.co_filename.endswith(_WRITERS) else None

        sys.settrace(each)
        code = main(["claim", "api", "--as", "alice", "-q"])
        os._exit(code)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) in (0, 9)
    return os.waitstatus_to_exitcode(status) == 0


def _assert_lock_is_free(folder: Path) -> None:
    if not (folder / ".board/lock").exists():
        return
    with (folder / ".board/lock").open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
