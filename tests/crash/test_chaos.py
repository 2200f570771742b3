"""Half a minute of SIGKILLs: workers, the supervisor, the tmux server, in any order and at any moment; and now and then
a tmux server that answers nobody for some seconds.

Every worker writes down its start as its first deed, with the token that it holds. What is written there is the truth;
the journal and the record have to explain it.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple

import psutil
import pytest

from tests.house import House
from tests.waiting import eventually

pytestmark = [pytest.mark.tmux, pytest.mark.slow]

SECONDS = 30.0
BETWEEN = (0.01, 0.3)  # seconds from one kill to the next
SERVER_RESTS = 12  # kills between two of the tmux server: each of them ends everything
FROZEN_FOR = 2.5  # seconds: longer than a supervisor waits for an answer
# A start as the worker tells it: which step, which attempt, under which token.
SAY = 'echo "$BOARD_STEP $BOARD_WORKER ${BOARD_CLAIM##*/}" >> $HERE/$BOARD_TASK.starts'

TASKS = "".join(
    [
        *(f"  - {{id: on-{number}, resumable: true, run: '{SAY}; exec sleep 600'}}\n" for number in range(2)),
        # These outlive their tmux server, and of the last two a child outlives the worker.
        *(f"  - {{id: on-{n}, resumable: true, run: 'trap \"\" HUP; {SAY}; exec sleep 600'}}\n" for n in range(2, 4)),
        *(f"  - {{id: on-{n}, resumable: true, run: 'trap \"\" HUP; {SAY}; sleep 600 & wait'}}\n" for n in range(4, 6)),
        *(f"  - {{id: ends-{number}, resumable: true, run: '{SAY}; sleep 0.{number}'}}\n" for number in range(1, 5)),
        *(f"  - {{id: once-{number}, run: '{SAY}; sleep {number % 3}.5'}}\n" for number in range(6)),
        *(
            f"  - id: steps-{number}\n    steps:\n"
            f"      - {{id: first, resumable: true, run: '{SAY}; sleep 0.3'}}\n"
            f"      - {{id: once, run: '{SAY}; sleep 0.3'}}\n"
            f"      - {{id: last, resumable: true, run: '{SAY}; sleep 0.3'}}\n"
            for number in range(4)
        ),
    ]
)
# By these a start is known of which the supervisor had no time to tell.
SEEN = ("worker_adopted", "worker_died", "orphan_ended", "step_settled", "step_held")
NAMES = [line.split()[2].rstrip(",") for line in TASKS.replace("{id:", "id:").splitlines() if line.startswith("  - ")]


class Started(NamedTuple):
    step: str
    worker: str
    token: int


def starts(house: House, task: str) -> list[Started]:
    found = []
    for line in house.lines(f"{task}.starts"):
        step, worker, grant = line.split()
        found.append(Started(step, worker, int(grant.removesuffix(".json").rpartition(".")[2])))
    return found


def workers(house: House) -> Iterator[tuple[psutil.Process, str]]:
    """The living processes of this board's workers, each with its task: by the environment that we gave them."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            env = process.environ()
            if env.get("BOARD_FILE") == str(house.path) and "BOARD_CLAIM" in env:
                yield process, env["BOARD_TASK"]


def crews(house: House) -> Counter[str]:
    """How many workers each task has: a worker leads a session, in which a shell and its command are two processes."""
    found = set()
    for process, task in workers(house):
        with suppress(ProcessLookupError):
            found.add((task, os.getsid(process.pid)))
    return Counter(task for task, _ in found)


def tmux_server(house: House) -> int | None:
    argv = ["tmux", "-N", "-L", house.socket, "-f", "/dev/null", "display-message", "-p", "#{pid}"]
    said = subprocess.run(argv, env=house.environment(), capture_output=True, text=True, timeout=10, check=False).stdout
    return int(said) if said.strip() else None


class Chaos:
    """Kills one thing after another, and now and then allows an attempt; counts what it did by kind."""

    def __init__(self, house: House, dice: random.Random) -> None:
        self.house = house
        self.dice = dice
        self.killed: Counter[str] = Counter()
        self.supervisor = house.start()
        self._frozen: psutil.Process | None = None

    def reign(self) -> None:
        pause, over = threading.Event(), threading.Event()
        timer = threading.Timer(SECONDS, over.set)
        timer.start()
        while not over.is_set():
            self.strike(
                self.dice.choices((self.worker, self.keeper, self.server, self.person, self.freeze), (14, 4, 2, 4, 1))[
                    0
                ]
            )
            pause.wait(self.dice.uniform(*BETWEEN))
        timer.cancel()
        self.thaw()

    def strike(self, at: Callable[[], bool]) -> None:
        self.killed[at.__name__] += at()

    def worker(self) -> bool:
        alive = list(workers(self.house))
        if alive:
            with suppress(psutil.NoSuchProcess):
                self.dice.choice(alive)[0].send_signal(signal.SIGKILL)
        return bool(alive)

    def person(self) -> bool:
        """Somebody lets a step that was held start once more."""
        held = [name for name in NAMES if self.house.has(name, "blocked")]
        return bool(held) and self.house.says("approve", self.dice.choice(held)).code == 0

    def last_blow(self) -> None:
        """Every worker dies but for its children, then the tmux server, then the supervisor: nobody cleans up by chance
        any more what outlived them."""
        for process, _ in workers(self.house):
            with suppress(psutil.NoSuchProcess, ProcessLookupError):
                if os.getsid(process.pid) == process.pid and self.dice.random() < 0.5:
                    process.send_signal(signal.SIGKILL)
        pid = tmux_server(self.house)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        self.keeper()

    def keeper(self) -> bool:
        self.house.end(self.supervisor, signal.SIGKILL)
        self.supervisor = self.house.start(ready=self.dice.random() < 0.5)
        return True

    def freeze(self) -> bool:
        """The tmux server stops: whoever asks it gets no answer, and that says nothing about its workers."""
        pid = tmux_server(self.house) if self._frozen is None else None
        if pid is None:
            return False
        self._frozen = psutil.Process(pid)
        self._frozen.suspend()
        threading.Timer(FROZEN_FOR, self.thaw).start()
        return True

    def thaw(self) -> None:
        frozen, self._frozen = self._frozen, None
        with suppress(psutil.NoSuchProcess):
            if frozen is not None:
                frozen.resume()

    def server(self) -> bool:
        is_due = self._frozen is None and sum(self.killed.values()) > SERVER_RESTS * self.killed["server"]
        pid = tmux_server(self.house) if is_due else None
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        return pid is not None


def test_every_start_is_explained(house: House) -> None:
    """Twenty tasks under half a minute of SIGKILLs: no token starts twice, no step that may not be repeated is started
    twice, each start that a worker told is in the journal and each in the journal was told or died, what is held has
    a rule and its evidence, and in the end nothing is forgotten and nothing runs twice.

    Mutants killed: what outlives its worker ignored; an orphan taken for dead; a look without an answer taken for a
    death; a start that isn't told; an approval that isn't used up.
    """
    house.write(TASKS, restart=", intensity: 100000, stale: 100000")
    chaos = Chaos(house, random.Random(os.environ.get("PYTEST_XDIST_TESTRUNUID", "1")))
    chaos.reign()
    assert all(chaos.killed[kind] >= 3 for kind in ("worker", "keeper", "server", "person")), chaos.killed
    assert chaos.killed["freeze"]
    chaos.keeper()
    eventually(lambda: all(at_rest(house, name) for name in NAMES), 60, lambda: str(restless(house)))
    chaos.last_blow()
    # What the one before wrote is a status too, and says that all is well.
    eventually(lambda: house.status().get("supervisor", {}).get("pid") == chaos.supervisor.pid, 60)
    eventually(lambda: all(at_rest(house, name) for name in NAMES), 60, lambda: str(restless(house)))
    assert crews(house) == {name: 1 for name in NAMES if house.has(name, "in_progress")}
    for name in NAMES:
        explain(house, name)


def at_rest(house: House, name: str) -> bool:
    """Over, held, or one that never ends by itself and runs."""
    task = house.task(name)
    is_held = task.status == "blocked" and task.blocked is not None and task.blocked.rule == "not-resumable"
    runs = name.startswith("on-") and task.status == "in_progress" and name in running(house)
    return task.status == "done" or is_held or runs


def running(house: House) -> set[str]:
    tasks = house.status().get("tasks", {})
    return {name for name, view in tasks.items() if view["state"] == "running" and psutil.pid_exists(view["pid"])}


def restless(house: House) -> dict[str, list[str]]:
    return {name: house.tail(name) for name in NAMES if not at_rest(house, name)}


def explain(house: House, name: str) -> None:
    told, lines = starts(house, name), house.journal(name)
    tokens = [start.token for start in told]
    assert len(set(tokens)) == len(tokens), f"{name}: a token started twice: {told}"
    once = sum(start.step == "once" or name.startswith("once") for start in told)
    allowed = 1 + len([line for line in lines if line["event"] == "step_approved"])
    assert once <= allowed, f"{name}: repeated: {told}"
    begun = {line["token"] for line in lines if line["event"] in ("worker_started", "worker_restarted")}
    found = {line["token"] for line in lines if line["event"] in SEEN and "token" in line}
    assert set(tokens) <= begun | found, f"{name}: not in the journal: {set(tokens) - begun - found}"
    assert begun <= set(tokens) | found, f"{name}: never told, and not dead: {begun - set(tokens) - found}"
    if house.has(name, "blocked"):
        held = [line for line in lines if line["event"] == "step_held"]
        assert held or house.task(name).run is not None
        assert all(line["rule"] == "not-resumable" and line["cause"] for line in held)
