"""What the board costs: `uv run python -m tests.bench.board`. Prints figures; judges and tunes nothing.

Whole processes are told as ratios to `python -c pass` in the same run, because machines differ and ratios hold.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from board.claims import Actor
from board.engine import Engine
from board.journal.redact import Redactor
from board.journal.sink import Journal
from board.moves import Ask, Outcome, claim
from board.store import FileStore
from tests.crash.sweep import at_once
from tests.programs import environment

RUNS = 15
SIZES = (10, 100, 1000)
CLAIMS = 96  # in all, however many processes share them

_TASK = """\
  - id: t{number}  # the {number}th
    title: Task number {number} of many
    priority: {priority}
    prompt: Do what has to be done, and say so.
"""


def write_board(folder: Path, tasks: int) -> Path:
    path = folder / "tasks.yaml"
    body = "".join(_TASK.format(number=number, priority=number % 10) for number in range(tasks))
    path.write_text(f"version: 1\ntasks:\n{body}")
    return path


def run_once(argv: list[str], cache: str) -> float:
    """Seconds of a whole process, by a blocking wait: a wait with a time-out polls, and its figures snap to steps.
    `cache` is where the compiled modules are, as an installation has them."""
    env = environment(PYTHONPYCACHEPREFIX=cache)
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    null = os.open(os.devnull, os.O_RDWR)
    began = time.perf_counter()
    actions = [(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)]
    pid = os.posix_spawn(argv[0], argv, env, file_actions=actions)
    _, status, _ = os.wait4(pid, 0)
    seconds = time.perf_counter() - began
    os.close(null)
    assert os.waitstatus_to_exitcode(status) == 0, argv
    return seconds


def median(argv: list[str], cache: str) -> float:
    run_once(argv, cache)
    return statistics.median(run_once(argv, cache) for _ in range(RUNS))


def processes(folder: Path) -> None:
    cache = str(folder / "compiled")
    bare = median([sys.executable, "-c", "pass"], cache)
    print(f"python -c pass: {bare * 1000:.1f} ms (median of {RUNS})\n")
    print(f"{'tasks':>6}" + "".join(f"{name:>16}" for name in ("claim", "next", "show", "list")))
    for size in SIZES:
        path = write_board(folder, size)
        board = [sys.executable, "-m", "board"]
        at = ["--board", str(path)]
        asked = (["next"], ["show", "t5"], ["list"])
        figures = [median([*board, *words, *at], cache) for words in asked]
        figures.insert(0, _median_claim([*board, "claim", "t5", "--as", "bench", *at], path, size))
        print(f"{size:>6}" + "".join(f"{seconds * 1000:>7.1f} ms {seconds / bare:>4.1f}x" for seconds in figures))
        shutil.rmtree(path.parent / ".board", ignore_errors=True)


def _median_claim(argv: list[str], path: Path, size: int) -> float:
    """Each claim on a board without claims: what is measured must not grow with the measuring."""
    figures = []
    for _ in range(RUNS):
        write_board(path.parent, size)
        figures.append(run_once(argv, str(path.parent / "compiled")))
    return statistics.median(figures)


def claim_some(path: str, numbers: Sequence[int]) -> None:
    redactor = Redactor(home="", user="", host="", key=b"k", known={})
    store = FileStore(path, lock_timeout=300)
    engine = Engine(store, Journal(f"{store.side}/journal", redactor))

    def claiming(ask: Ask) -> Outcome:
        return claim(ask, engine.grants.highest(ask.task.id))

    for number in numbers:
        engine.change(f"t{number}", Actor("bench"), claiming)


def raw_rate(folder: Path, size: int) -> float:
    """Writes a second of the same text: a file aside, its fsync, a rename. What the disk allows at best."""
    raw = write_board(folder, size).read_bytes()
    path, aside = folder / "raw", folder / "raw.tmp"
    began = time.perf_counter()
    for _ in range(CLAIMS):
        with aside.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    return CLAIMS / (time.perf_counter() - began)


def rates(folder: Path) -> None:
    print(f"\n{'tasks':>6}{'1 process':>18}{'8 processes':>18}{'write+fsync+rename':>22}")
    for size in (CLAIMS, *SIZES[1:]):
        found = []
        for count in (1, 8):
            shutil.rmtree(folder / ".board", ignore_errors=True)
            path = str(write_board(folder, size))
            works = [partial(claim_some, path, range(first, CLAIMS, count)) for first in range(count)]
            began = time.perf_counter()
            assert at_once(works) == [0] * count
            found.append(CLAIMS / (time.perf_counter() - began))
        print(f"{size:>6}{found[0]:>14.0f} /s{found[1]:>15.0f} /s{raw_rate(folder, size):>19.0f} /s")


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="cb"))
    try:
        processes(folder)
        rates(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
