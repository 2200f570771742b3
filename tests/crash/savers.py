"""Programs that write to one board at the same time: careless editors, and workers with the board's own engine.

Run as `python -m tests.crash.savers ROLE ARGS`. Each line that a program prints is something it was promised: a
worker's write that was acknowledged, an editor's save that was done.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from board import moves
from board.claims import Actor
from board.engine import Engine
from board.errors import Busy
from board.journal.events import Event
from board.store import FileStore


class Nowhere:
    def append(self, event: Event, at: float) -> None: ...


def engine_of(path: str) -> Engine:
    return Engine(FileStore(path, lock_timeout=60), Nowhere())


def work(path: str, task: str, seconds: str) -> None:
    """Claims a task and records checkpoints that count up, telling each that was acknowledged."""
    engine, until, number = engine_of(path), time.monotonic() + float(seconds), 0
    _insist(lambda: engine.change(task, Actor("worker"), lambda ask: moves.claim(ask, engine.grants.highest(task))))
    token = engine.grants.highest(task)
    while time.monotonic() < until:
        number += 1
        note = f"note {number}"
        _insist(
            lambda note=note: engine.change(  # type: ignore[misc]
                task, Actor("worker", token), lambda ask: moves.checkpoint(ask, None, note)
            )
        )
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


def _insist(write: Callable[[], object]) -> None:
    while not _is_done(write):
        pass


def _is_done(write: Callable[[], object]) -> bool:
    try:
        write()
    except Busy:
        return False
    return True


def save(path: str, task: str, how: str, age: str, pause: str, seconds: str) -> None:
    """A careless editor: its buffer is `age` seconds old when it saves it over whatever stands there by then. It writes
    a new number into its own task's title each time, tells each save, and rests for `pause` seconds."""
    until, number = time.monotonic() + float(seconds), 0
    while time.monotonic() < until:
        text = Path(path).read_text(encoding="utf-8")
        mine = f"    title: edit {number} of {task}\n"
        if mine not in text:
            continue  # a file that was replaced under its hands: its last save comes back with the next write
        time.sleep(float(age))
        number += 1
        _SAVES[how](Path(path), text.replace(mine, f"    title: edit {number} of {task}\n"))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        time.sleep(float(pause))


def _by_rename(path: Path, text: str) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}.swp")
    aside.write_text(text, encoding="utf-8")
    aside.rename(path)


def _in_place(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _in_two_goes(path: Path, text: str) -> None:
    half = len(text) // 2
    with path.open("w", encoding="utf-8") as file:
        file.write(text[:half])
        file.flush()
        time.sleep(0.01)
        file.write(text[half:])


_SAVES = {"rename": _by_rename, "in place": _in_place, "in two goes": _in_two_goes}


if __name__ == "__main__":
    {"work": work, "save": save}[sys.argv[1]](*sys.argv[2:])
