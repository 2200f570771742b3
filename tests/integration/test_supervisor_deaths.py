"""The deaths of the supervisor and of tmux itself: what runs is adopted, what may not be repeated is not."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from supervisor.processes import identify, is_alive
from supervisor.tmux import Tmux
from tests.house import House
from tests.waiting import eventually

pytestmark = pytest.mark.tmux


def server_pid(house: House) -> int:
    return int(Tmux(house.socket).run("display-message", "-p", "#{pid}"))


def test_a_supervisor_that_was_killed_adopts_what_runs(house: House) -> None:
    """After SIGKILL and a new start the same process goes on, is settled when it ends, and was started once."""
    house.write("""
  - {id: job, run: "echo run >> $HERE/out; while [ ! -e $HERE/stop ]; do sleep 0.05; done"}
  - {id: pay, run: "echo paid >> $HERE/paid; sleep 60"}
""")
    first = house.start()
    house.wrote("out")
    house.wrote("paid")
    worker = identify(house.pid("job"))
    assert worker is not None
    house.end(first, signal.SIGKILL)
    house.start()
    assert house.happened("job", "worker_adopted")[0]["pid"] == worker.pid
    assert is_alive(worker)
    (house.folder / "stop").touch()
    house.reaches("job", "done")
    assert house.lines("out") == ["run"]
    assert house.lines("paid") == ["paid"]


def test_what_died_while_nobody_looked_is_decided_at_the_next_start(house: House) -> None:
    """Deaths without a supervisor keep their evidence: the exit on the pane, the rule from the record."""
    house.write("""
  - id: again
    resumable: true
    run: echo run >> $HERE/out; [ $(wc -l < $HERE/out) = 1 ] && sleep 60; true
  - {id: never, run: "echo run >> $HERE/never; sleep 60"}
""")
    first = house.start()
    house.wrote("out")
    house.wrote("never")
    pids = [house.pid("again"), house.pid("never")]
    house.end(first, signal.SIGKILL)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    house.start()
    house.reaches("again", "done")
    held = house.reaches("never", "blocked")
    assert held.blocked is not None
    assert held.blocked.rule == "not-resumable"
    assert "signal 9" in held.blocked.on
    assert (len(house.lines("out")), len(house.lines("never"))) == (2, 1)


def test_sigterm_leaves_the_workers_running(house: House) -> None:
    """The supervisor may be replaced under its workers."""
    house.write("""
  - {id: job, run: "echo run >> $HERE/out; sleep 60"}
""")
    process = house.start()
    house.wrote("out")
    worker = identify(house.pid("job"))
    assert worker is not None
    assert house.end(process) == 0
    assert is_alive(worker)
    assert house.journal(None, "supervisor_stopped")[-1]["workers_count"] == 1


def test_a_second_supervisor_is_refused_with_who_and_since_when(house: House) -> None:
    """One supervisor a board: the second one changes nothing and says who keeps it."""
    house.write("""
  - {id: job, run: "echo run >> $HERE/out; sleep 60"}
""")
    first = house.start()
    house.wrote("out")
    second = house.start(ready=False)
    assert second.wait(15) == 5
    assert second.stderr is not None
    said = second.stderr.read().decode()
    assert f"pid {first.pid}" in said
    assert "since 20" in said
    assert "Traceback" not in said
    assert house.lines("out") == ["run"]


def test_two_supervisors_at_once_start_nothing_twice(house: House) -> None:
    """Of several that start together one wins, and every task is started once. Mutant: no instance lock."""
    house.write("".join(f'  - {{id: job-{n}, run: "echo run >> $HERE/out-{n}"}}\n' for n in range(6)))
    started = [house.start(ready=False) for _ in range(4)]
    for number in range(6):
        house.reaches(f"job-{number}", "done", 25)
    eventually(lambda: sum(process.poll() is None for process in started) == 1, 10, "one is left")
    assert [house.lines(f"out-{number}") for number in range(6)] == [["run"]] * 6


def test_a_dead_tmux_server_is_one_incident(house: House) -> None:
    """Resumables come back one by one, others are held, and it counts against nobody's intensity."""
    house.write("""
  - {id: a, resumable: true, run: "echo a >> $HERE/a; sleep 60"}
  - {id: b, resumable: true, run: "echo b >> $HERE/b; sleep 60"}
  - {id: once, run: "echo once >> $HERE/once; sleep 60"}
""")
    house.start()
    for name in ("a", "b", "once"):
        house.wrote(name)
    os.kill(server_pid(house), signal.SIGKILL)
    house.wrote("a", 2)
    house.wrote("b", 2)
    held = house.reaches("once", "blocked")
    assert held.blocked is not None
    assert held.blocked.rule == "not-resumable"
    assert house.lines("once") == ["once"]
    assert len(house.journal(None, "mass_death_seen")) == 1
    run = house.task("a").run
    assert run is not None
    assert run.restarts == ()


@pytest.fixture
def cramped(tmp_path: Path, tmux_socket: str) -> Iterator[House]:
    """A house on a file system of two megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("may not mount")
    made = House(disk, tmux_socket)
    yield made
    made.close()
    subprocess.run(["umount", "--lazy", str(disk)], capture_output=True, check=False)


def test_a_full_disk_is_one_incident(cramped: House) -> None:
    """Four workers die while nothing can be written: nothing starts that isn't on record, it is told once, and when
    there is room again all that may go on does, and the rest is held. Mutant killed: told by each
    task."""
    house, names = cramped, ["a", "b", "c"]
    resumable = "".join(f"  - {{id: {name}, resumable: true, run: exec sleep 60}}\n" for name in names)
    house.write(resumable + "  - {id: once, run: exec sleep 60}\n", restart=", stale: 9")
    house.start()
    pids = [house.pid(name) for name in (*names, "once")]
    with suppress(OSError), (house.folder / "filler").open("wb", buffering=0) as filler:
        while filler.write(b"x" * 4096):
            pass
    before = house.path.read_bytes()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    tried = [house.side / f"claims/{name}.2.json" for name in names]
    eventually(lambda: all(path.exists() for path in tried), 15, "a start was tried, as far as the grant's empty file")
    assert house.path.read_bytes() == before
    (house.folder / "filler").unlink()
    for name in names:
        eventually(lambda name=name: house.starts(name) == 2, 15, str(house.tail(name)))
    assert house.reaches("once", "blocked").blocked is not None
    assert len(house.journal(None, "write_recovered")) == 1
    assert len(house.journal(None, "write_failed")) <= 1  # the journal stands on the same disk
    assert [line for line in house.journal(None, "look_failed") if "space" in str(line.get("problem"))] == []


def test_after_a_reboot_the_files_are_enough(house: House) -> None:
    """Supervisor, tmux server and workers all gone: from the files alone resumables go on and others are held."""
    house.write("""
  - {id: a, resumable: true, run: "echo a >> $HERE/a; sleep 60"}
  - {id: once, run: "echo once >> $HERE/once; sleep 60"}
""")
    first = house.start()
    house.wrote("a")
    house.wrote("once")
    house.end(first, signal.SIGKILL)
    os.kill(server_pid(house), signal.SIGKILL)
    house.start()
    house.wrote("a", 2)
    assert house.reaches("once", "blocked").blocked is not None
    assert house.lines("once") == ["once"]
    assert len(house.journal(None, "mass_death_seen")) == 1


@pytest.mark.parametrize("seed", range(6))
def test_worker_and_supervisor_killed_together_start_once(house: House, seed: int) -> None:
    """However close together worker and supervisor die, a step that may not be repeated was started once, ever."""
    dice = random.Random(seed)
    house.write("""
  - {id: pay, run: "echo paid >> $HERE/out; sleep 60"}
""")
    process = house.start()
    house.wrote("out")
    victims = [("worker", house.pid("pay")), ("supervisor", process.pid)]
    dice.shuffle(victims)
    for _, pid in victims:
        os.kill(pid, signal.SIGKILL)
        for _ in range(dice.randrange(200_000)):
            pass
    house.end(process, signal.SIGKILL)
    second = house.start()
    held = house.reaches("pay", "blocked")
    assert held.blocked is not None
    assert held.blocked.rule == "not-resumable"
    house.end(second)
    house.end(house.start())
    assert house.lines("out") == ["paid"]
