"""What the supervisor costs, and how fast it is: `uv run python -m tests.bench.supervisor`. Judges and tunes nothing.

Real workers on a private tmux server, killed with SIGKILL. From the kill to the next start is measured where it counts:
the worker's first deed is to write into a pipe at which the bench waits. Beside it, in the same run and with the same
worker, stands supervisord, from its package in an environment of its own, where that can be installed.
"""

from __future__ import annotations

import os
import re
import secrets
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.house import House
from tests.programs import environment
from tests.repositories import git
from tests.waiting import eventually

KILLS = 60
IDLE = (1, 50, 200)
WATCHED_FOR = 20.0  # seconds
# Says its pid to whoever reads the pipe, and waits to be killed.
WORKER = "echo $$ > {pipe}; exec sleep 100000"


class Pipe:
    """A named pipe to which each worker says its pid as it starts."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "started"
        os.mkfifo(self.path)
        self._fd = os.open(self.path, os.O_RDWR)  # both ends: neither we nor a worker ever waits for the other to open
        self._said = b""

    def pid(self, within: float = 60.0) -> int:
        while b"\n" not in self._said:
            assert select.select([self._fd], [], [], within)[0], "no worker started in time"
            self._said += os.read(self._fd, 4096)
        line, self._said = self._said.split(b"\n", 1)
        return int(line)

    def close(self) -> None:
        os.close(self._fd)


@contextmanager
def a_house() -> Iterator[House]:
    folder, sockets = Path(tempfile.mkdtemp(prefix="cb")), tempfile.mkdtemp(prefix="cb")
    os.environ["TMUX_TMPDIR"] = sockets
    house = House(folder, f"crewboard-bench-{secrets.token_hex(4)}")
    try:
        yield house
    finally:
        house.close()
        argv = ["tmux", "-N", "-L", house.socket, "-f", "/dev/null", "kill-server"]
        subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(sockets, ignore_errors=True)


def sleepers(name: str, count: int, seconds: str = "100000") -> str:
    """Tasks as people write them, a key a line."""
    lines = "  - id: {name}{number}\n    resumable: true\n    run: exec sleep {seconds}\n"
    return "".join(lines.format(name=name, number=number, seconds=seconds) for number in range(count))


# --- from a death to the next start


def kills(pipe: Pipe, count: int, settled: Callable[[int], object] = lambda _: None) -> list[float]:
    """Seconds from each SIGKILL until the next worker's first deed."""
    pid, took = pipe.pid(), []
    for number in range(count):
        settled(number)
        began = time.perf_counter()
        os.kill(pid, signal.SIGKILL)
        pid = pipe.pid()
        took.append(time.perf_counter() - began)
    return took


def ours(*, repository: bool, others: int) -> list[float]:
    """One worker that is killed, beside `others` that sleep; every start stands in the record before it happens, and
    the law walks all of its rules: the tallies are merely never used up."""
    with a_house() as house:
        if repository:
            git(house.folder, "init", "-q", "-b", "main")
            git(house.folder, "commit", "-q", "--allow-empty", "-m", "first")
        pipe = Pipe(house.folder)
        killed = f"  - id: killed\n    priority: 0\n    resumable: true\n    run: {WORKER.format(pipe=pipe.path)}\n"
        house.write(killed + sleepers("s", others), restart=", intensity: 100000, stale: 100000")
        widen(house, others + 1)
        house.start()
        eventually(lambda: running(house) == others + 1, 60, "all workers run")
        took = kills(pipe, KILLS, lambda number: eventually(lambda: house.starts("killed") > number, 10))
        pipe.close()
        return took


def supervisords() -> list[float] | None:
    """The same worker under supervisord; None where its package can't be had."""
    with tempfile.TemporaryDirectory(prefix="cb") as name:
        folder = Path(name)
        program = installed(folder, "supervisor", "supervisord")
        if program is None:
            return None
        pipe = Pipe(folder)
        (folder / "conf").write_text(
            f"[supervisord]\nnodaemon=true\nlogfile={folder}/log\npidfile={folder}/pid\n[program:killed]\n"
            f'command=sh -c "{WORKER.format(pipe=pipe.path)}"\nautorestart=true\nstartsecs=0\nstartretries=100000\n'
        )
        argv = [program, "-c", str(folder / "conf")]
        env = {
            key: value for key, value in environment().items() if key != "PYTHONPATH"
        }  # its package is called as ours
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(argv, cwd=folder, env=env, **quiet) as process:  # type: ignore[call-overload]
            try:
                return kills(pipe, 10)
            finally:
                process.terminate()
                pipe.close()


def installed(folder: Path, package: str, program: str) -> str | None:
    """The path of a package's program, in an environment of its own: this one's name is taken."""
    uv = [sys.executable, "-m", "uv"] if shutil.which("uv") is None else ["uv"]
    make = [*uv, "venv", "-q", "--python", sys.executable, str(folder / "env")]
    fill = [*uv, "pip", "install", "-q", "--python", str(folder / "env"), package]
    for argv in (make, fill):
        if subprocess.run(argv, capture_output=True, check=False).returncode != 0:
            return None
    return str(folder / "env/bin" / program)


# --- how much many workers cost


def running(house: House) -> int:
    return house.path.read_text().count("status: in_progress")


def widen(house: House, workers: int) -> None:
    text = house.path.read_text()
    house.path.write_text(re.sub(r"max_workers: \d+", f"max_workers: {workers}", text))


class Cost:
    """Of `workers` that sleep: seconds until all of them run, then the supervisor's share of a core, and its resident
    memory, each with its tmux client."""

    def __init__(self, workers: int) -> None:
        with a_house() as house:
            house.write(sleepers("t", workers))
            widen(house, workers)
            began = time.perf_counter()
            process = psutil.Process(house.start(ready=False).pid)
            eventually(lambda: running(house) == workers, 120, "all workers run")
            self.up_in = time.perf_counter() - began
            time.sleep(2)
            self.share = share_of([process, *process.children(recursive=True)])
            self.memory = sum(one.memory_info().rss for one in [process, *process.children(recursive=True)])


def share_of(processes: list[psutil.Process]) -> float:
    """Of a core, in percent, over `WATCHED_FOR` seconds."""
    began, before = time.perf_counter(), sum(map(used, processes))
    time.sleep(WATCHED_FOR)
    return (sum(map(used, processes)) - before) / (time.perf_counter() - began) * 100


def used(process: psutil.Process) -> float:
    """CPU seconds of all its threads, to the nanosecond where the scheduler tells: its clock ticks are too coarse."""
    told = list(Path(f"/proc/{process.pid}/task").glob("*/schedstat"))
    if told:
        return sum(int(path.read_text().split()[0]) for path in told) / 1e9
    return float(sum(process.cpu_times()[:2]))


def all_at_once(workers: int) -> float:
    """Seconds in which `workers` that were killed together are all running again."""
    with a_house() as house:
        house.write(sleepers("t", workers), restart=", intensity: 100000, stale: 100000")
        text = house.path.read_text().replace("spacing: 100ms", "spacing: 0")
        house.path.write_text(text)
        widen(house, workers)
        house.start()
        eventually(lambda: len(pids(house)) == workers, 60, "all workers run")
        began = time.perf_counter()
        for pid in pids(house).values():
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: all(house.starts(f"t{number}") > 1 for number in (0, workers - 1)), 60)
        eventually(lambda: len(house.journal(None, "worker_restarted")) == workers, 60)
        return time.perf_counter() - began


def pids(house: House) -> dict[str, int]:
    lines = house.journal(None, "worker_started", "worker_restarted")
    return {line["task"]: line["pid"] for line in lines}


def after_our_death(workers: int) -> tuple[int, int]:
    """How many of `workers` still run, and how many run twice, when the supervisor was killed and came back."""
    with a_house() as house:
        house.write(sleepers("t", workers, "54321"))
        widen(house, workers)
        process = house.start()
        eventually(lambda: len(pids(house)) == workers, 60, "all workers run")
        house.end(process, signal.SIGKILL)
        house.start()
        eventually(lambda: len(house.journal(None, "worker_adopted")) == workers, 60, "all are adopted")
        found = [one.pid for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", "54321"]]
        same = set(found) & set(pids(house).values())
        return len(same), len(found) - len(same)


def told(name: str, took: list[float] | None) -> None:
    if took is None:
        return print(f"{name:<52}not installed here")
    ordered = sorted(took)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return print(f"{name:<52}{statistics.median(took) * 1000:>8.1f} ms {p95 * 1000:>8.1f} ms   ({len(took)} kills)")


def main() -> None:
    print(f"{'from SIGKILL to the next start':<52}{'median':>11}{'p95':>12}")
    told("crewboard, one worker", ours(repository=False, others=0))
    told("crewboard, in a git repository", ours(repository=True, others=0))
    told("crewboard, beside 49 others", ours(repository=False, others=49))
    told("supervisord", supervisords())
    print(f"\n50 workers killed together run again in {all_at_once(50):.2f} s")
    print(f"\n{'workers':>8}{'up in':>10}{'idle, of a core':>18}{'memory':>12}")
    for workers in IDLE:
        cost = Cost(workers)
        print(f"{workers:>8}{cost.up_in:>8.1f} s{cost.share:>16.2f} %{cost.memory / 1e6:>9.0f} MB")
    kept, twice = after_our_death(50)
    print(f"\nkilled and started again over 50 workers: {kept} kept, {twice} duplicates")


if __name__ == "__main__":
    main()
