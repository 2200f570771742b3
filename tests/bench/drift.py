"""What looking at trees costs: `uv run python -m tests.bench.drift [TREES]`. Judges and tunes nothing.

The same worker is killed beside workers with trees of their own: while nobody looks at trees, while that is done as
usual (at each death that one, rarely all), and while there is no pause between two rounds over all of them. The three
take turns under one supervisor, so that they share whatever the machine does. Then the commands that people type.
"""

from __future__ import annotations

import os
import re
import signal
import statistics
import sys
import time
from collections import defaultdict

from tests.bench.supervisor import WORKER, Pipe, a_house, running, sleepers, widen
from tests.house import House
from tests.repositories import git
from tests.waiting import eventually

ROUNDS = 6
KILLS = 12
LOOKS = {"no look at trees": "0", "as usual": "5m", "always one under way": "100ms"}


def reactions(others: int) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Seconds from each kill to the next start, and what the commands took."""
    with a_house() as house:
        git(house.folder, "init", "-q", "-b", "main")
        git(house.folder, "commit", "-q", "--allow-empty", "-m", "first")
        pipe = Pipe(house.folder)
        killed = f"  - id: killed\n    priority: 0\n    resumable: true\n    run: {WORKER.format(pipe=pipe.path)}\n"
        trees = "  worktrees: {enabled: true, copy: []}\n  drift: {every: 0}\n"
        house.write(killed + sleepers("s", others), restart=", intensity: 100000, stale: 100000", settings=trees)
        widen(house, others + 1)
        house.start()
        eventually(lambda: running(house) == others + 1, 120, "all workers run")
        took = in_turn(house, pipe)
        pipe.close()
        return took, commands(house)


def in_turn(house: House, pipe: Pipe) -> dict[str, list[float]]:
    took: dict[str, list[float]] = defaultdict(list)
    pid, starts = pipe.pid(), 1
    for _ in range(ROUNDS):
        for name, every in LOOKS.items():
            text = house.path.read_text()
            house.path.write_text(re.sub(r"every: \w+", f"every: {every}", text))
            time.sleep(1.5)  # until the supervisor has read it
            for _ in range(KILLS):
                began = time.perf_counter()
                os.kill(pid, signal.SIGKILL)
                pid = pipe.pid()
                took[name].append(time.perf_counter() - began)
                starts += 1
                eventually(lambda: house.starts("killed") >= starts, 10)  # noqa: B023
    return took


def commands(house: House) -> dict[str, float]:
    took = {}
    for word in ("list", "status", "drift"):
        runs = []
        for _ in range(5):
            began = time.perf_counter()
            house.says(word)
            runs.append(time.perf_counter() - began)
        took[word] = min(runs)
    return took


def main() -> None:
    others = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    took, typed = reactions(others)
    base = statistics.median(next(iter(took.values())))
    for name, each in took.items():
        median, late = statistics.median(each), sorted(each)[int(len(each) * 0.95)]
        print(f"{name:<22} median {median * 1000:5.0f} ms ({median / base:.2f}x), 95 % {late * 1000:5.0f} ms")
    for word, seconds in typed.items():
        print(f"board {word:<16} {seconds * 1000:5.0f} ms over {others + 1} trees")


if __name__ == "__main__":
    main()
