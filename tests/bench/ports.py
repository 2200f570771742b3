"""What ports cost: `uv run python -m tests.bench.ports`. Judges and tunes nothing.

A grant beside a plain write of the same board, in the same run; a look at what workers listen on; a restart of a worker
with ports beside one without; and a supervisor's idle share of a core with and without workers that listen.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from board import listeners, moves
from board.claims import Actor
from board.engine import Engine
from board.granting import Clerk, is_settled
from board.journal.events import Event
from board.reservations import Reservations
from board.store import FileStore
from supervisor.census import Census, Tree
from supervisor.processes import ATTEMPT, identify
from tests.bench.supervisor import Pipe, a_house, kills, running, share_of, widen
from tests.waiting import eventually

ROUNDS = 60
WORKERS = 20
LISTENS = "import socket, sys, time; s = socket.create_server(('127.0.0.1', 0)); print(flush=True); time.sleep(1e5)"


class Nobody:
    def append(self, event: Event, at: float) -> None:
        """No journal."""


def median(work: Callable[[int], object], rounds: int = ROUNDS) -> float:
    """Milliseconds."""
    took = []
    for number in range(rounds):
        began = time.perf_counter()
        work(number)
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000


def grants(folder: Path) -> None:
    tasks = "".join(f"  - id: t{number}\n    ports: [web, api]\n" for number in range(ROUNDS))
    (folder / "tasks.yaml").write_text(f"version: 1\ntasks:\n{tasks}")
    engine = Engine(FileStore(str(folder / "tasks.yaml")), Nobody())
    kept, person = Reservations(str(folder / "ports")), Actor("bench")
    clerk = Clerk(engine, kept, lambda _: ("shell",))
    plain = median(lambda n: engine.change(f"t{n}", person, lambda ask: moves.block(ask, "x")))
    granted = median(lambda n: clerk.grant(f"t{n}", person, moves=True))
    board = engine.read().board
    assert all(is_settled(task, engine.store.real, kept) for task in board.tasks)
    again = median(lambda n: is_settled(board.tasks[n], engine.store.real, kept))
    print(f"a plain write of a board of {ROUNDS} tasks            {plain:>8.2f} ms")
    print(f"two ports granted, with that write                {granted:>8.2f} ms  {granted / plain:.2f}x")
    print(f"two ports looked at again, before each restart    {again:>8.2f} ms")


def looks() -> None:
    """At the trees of workers that are two processes each: a shell and a server."""
    trees, children = [], []
    for number in range(WORKERS):
        argv = ["sh", "-c", f'{sys.executable} -S -c "$0"; true', LISTENS]
        env = {**os.environ, ATTEMPT: f"bench/t{number}/1/1"}
        child = subprocess.Popen(
            argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
        assert child.stdout is not None
        child.stdout.readline()
        leader = identify(child.pid)
        assert leader is not None
        children.append(child)
        trees.append(Tree(env[ATTEMPT], leader))
    census = Census()

    def whole(_: int) -> None:
        usage, sockets = census.take(trees), listeners.sockets()
        assert usage is not None
        found = [listeners.ports_of((pid for pid, _ in each), sockets) for each in usage.values()]
        assert sum(map(len, found)) == WORKERS

    first = median(whole, 1)
    print(f"a first look at {WORKERS} trees of two processes         {first:>8.2f} ms")
    print(f"a further one, where a socket is new              {median(whole):>8.2f} ms")
    print(f"a further one, where none is                      {median(lambda _: listeners.sockets()):>8.2f} ms")
    for child in children:
        for process in psutil.Process(child.pid).children():
            process.kill()
        child.communicate(timeout=10)


def restarts(ports: str) -> float:
    with a_house() as house:
        pipe = Pipe(house.folder)
        work = f"echo $$ > {pipe.path}; exec sleep 100000"
        house.write(
            f"  - id: a\n    resumable: true\n{ports}    run: {work}\n", restart=", intensity: 10000, stale: 10000"
        )
        house.start()
        took = kills(pipe, ROUNDS, lambda number: eventually(lambda: house.starts("a") > number, 10))
        pipe.close()
        return statistics.median(took) * 1000


def idle(work: str) -> float:
    with a_house() as house:
        task = "  - id: t{number}\n    ports: [web]\n    run: {work}\n"
        house.write("".join(task.format(number=number, work=work) for number in range(WORKERS)))
        widen(house, WORKERS)
        process = psutil.Process(house.start(ready=False).pid)
        eventually(lambda: running(house) == WORKERS, 60, "all workers run")
        time.sleep(12)  # they are no longer new
        return share_of([process, *process.children(recursive=True)])


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="cb"))
    os.environ["XDG_STATE_HOME"] = str(folder / "state")
    try:
        grants(folder)
        looks()
        without, with_ports = restarts(""), restarts("    ports: [web, api]\n")
        print(f"a restart without ports {without:.1f} ms, with two {with_ports:.1f} ms: {with_ports / without:.2f}x")
        quiet, loud = idle("exec sleep 100000"), idle(f"exec {sys.executable} -S -m http.server $PORT >/dev/null 2>&1")
        print(f"idle with {WORKERS} workers {quiet:.2f} % of a core; when each of them listens {loud:.2f} %")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
