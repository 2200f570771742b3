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
from concurrent.futures import ThreadPoolExecutor
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
SIZES = (10, 100, 1000, 10_000)
CLAIMS = 320  # in all, however many processes or threads share them
RATES = (CLAIMS, 1000)  # tasks of the boards of which as many as `CLAIMS` are claimed at once

# Half a kilobyte, as a task with steps has: 10,000 of them are 5 MB.
_TASK = """\
  - id: t{number}  # the {number}th
    title: Task number {number} of many
    priority: {priority}
    labels: [bench, made-up]
    steps:
      - id: write
        resumable: true
        prompt: |
          Do what has to be done, with tests that fail before and pass behind, and say so.
          Commit as you go, in small pieces; what is left undone stands in the last message.
          Nothing here is meant; it is as long as such a text is, so that the file is, too.
      - id: migrate
        run: ./migrate.sh staging
        gate: human
    done_when: [clean, "pytest -q"]

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
    print(f"{'tasks':>6}" + "".join(f"{name:>16}" for name in COMMANDS))
    for size in SIZES:
        path = write_board(folder, size)
        at = [sys.executable, "-m", "board", "--board", str(path)]
        run_once([*at, "claim", "t6", "--as", "bench"], cache)
        figures = [_median_of_one(at, words, path, cache) for words in COMMANDS.values()]
        print(f"{size:>6}" + "".join(f"{seconds * 1000:>7.1f} ms {seconds / bare:>4.1f}x" for seconds in figures))
        shutil.rmtree(path.parent / ".board", ignore_errors=True)
    warrior(folder, bare)


COMMANDS: dict[str, list[str]] = {
    "claim": ["claim", "t5", "--as", "bench"],
    "claim --next": ["claim", "--next", "--as", "bench"],
    "checkpoint": ["checkpoint", "t6", "--as", "bench", "--note", "half"],
    "next": ["next"],
    "show": ["show", "t5"],
    "list": ["list"],
}


def _median_of_one(at: list[str], words: list[str], path: Path, cache: str) -> float:
    """A claim begins anew each time, by giving the task back: what is measured must not grow with the measuring."""
    figures = []
    for _ in range(RUNS):
        figures.append(run_once([*at, *words], cache))
        if words[0] == "claim":
            held = "t5" if words[1] == "t5" else "t0"
            run_once([*at, "release", held, "--as", "bench"], cache)
    return statistics.median(figures)


def warrior(folder: Path, bare: float) -> None:
    """Taskwarrior on the same machine, where it is installed: what of it comes nearest to our commands."""
    program = shutil.which("task")
    if program is None:
        return print("taskwarrior isn't installed here")
    print(f"\n{'tasks':>6}" + "".join(f"{name:>16}" for name in WARRIOR) + "   (taskwarrior)")
    for size in SIZES:
        home = folder / f"warrior{size}"
        home.mkdir()
        (home / "rc").write_text(f"data.location={home}\nconfirmation=off\nverbose=nothing\n")
        (home / "tasks.json").write_text("".join(f'{{"description":"task {number}"}}\n' for number in range(size)))
        words = [program, f"rc:{home / 'rc'}"]
        run_once([*words, "import", str(home / "tasks.json")], str(folder))
        figures = [_median_of_warrior(words, each, str(folder)) for each in WARRIOR.values()]
        print(f"{size:>6}" + "".join(f"{seconds * 1000:>7.1f} ms {seconds / bare:>4.1f}x" for seconds in figures))
    return None


WARRIOR: dict[str, list[str]] = {
    "start": ["5", "start"],
    "next": ["next", "limit:1"],
    "info": ["5", "info"],
    "list": ["list"],
}


def _median_of_warrior(program: list[str], words: list[str], cache: str) -> float:
    figures = []
    for _ in range(RUNS):
        figures.append(run_once([*program, *words], cache))
        if words[-1] == "start":
            run_once([*program, "5", "stop"], cache)
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
    print(f"\nclaims a second, beside the machine's own write + fsync + rename of the same file\n{'tasks':>6}", end="")
    crews = ("1 process", "8 processes", "16 processes", "8 threads")
    print("".join(f"{crew:>20}" for crew in crews) + f"{'raw':>12}")
    for size in RATES:
        raw = raw_rate(folder, size)
        found = [claims_a_second(folder, size, crew) for crew in crews]
        print(f"{size:>6}" + "".join(f"{rate:>11.0f} /s {rate / raw:>4.2f}" for rate in found) + f"{raw:>9.0f} /s")


def claims_a_second(folder: Path, size: int, crew: str) -> float:
    shutil.rmtree(folder / ".board", ignore_errors=True)
    path, count = str(write_board(folder, size + 1)), int(crew.split(maxsplit=1)[0])
    claim_some(path, [size])  # a board that nobody has read yet is parsed once, which isn't what is measured
    works = [partial(claim_some, path, range(first, CLAIMS, count)) for first in range(count)]
    began = time.perf_counter()
    if "thread" in crew:
        with ThreadPoolExecutor(count) as pool:
            list(pool.map(lambda work: work(), works))
    else:
        assert at_once(works) == [0] * count
    return CLAIMS / (time.perf_counter() - began)


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="cb"))
    try:
        processes(folder)
        rates(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
