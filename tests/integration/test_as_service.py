"""A real supervisor under a service manager that the test plays: what it tells it, and where it starts tmux."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from supervisor.tmux import Tmux
from tests.house import House
from tests.waiting import eventually

pytestmark = [pytest.mark.tmux, pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")]

EVERY = 0.2  # seconds between two beats, of the five that the loop may sleep
TASKS = """\
  - id: nap
    title: Nap
    run: env > $HERE/worker.txt; exec sleep 600
    done_if: env > $HERE/asked.txt; false
"""
# A signal's handler that never returns hangs the loop as a loop of its own would: the process lives, all else stands.
HANGS = """\
import signal, sys, threading
signal.signal(signal.SIGUSR1, lambda *_: threading.Event().wait())
from supervisor.cli import main
sys.exit(main(sys.argv[1:]))
"""
GRANTS = """\
#!/bin/sh
echo $* >> "$CALLS"
case "$*" in *OOMPolicy*) [ -z "$IS_OLD" ] || { echo "Unknown assignment: OOMPolicy=continue" >&2; exit 1; } ;; esac
while [ "$1" != "--" ]; do shift; done
shift
exec "$@"
"""
REFUSES = """\
#!/bin/sh
echo $* >> "$CALLS"
echo "Failed to connect to bus: No medium found" >&2
exit 1
"""


class Listener:
    """The end of NOTIFY_SOCKET that a service manager holds, and the words that came, one list for all datagrams."""

    def __init__(self, folder: str) -> None:
        self.path = f"{folder}/notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.words: list[str] = []

    def hear(self) -> list[str]:
        with suppress(BlockingIOError):
            while True:
                self.words += self.socket.recv(65536).decode().splitlines()
        return self.words

    def beats(self) -> int:
        return self.hear().count("WATCHDOG=1")

    def falls_silent(self) -> None:
        """No beat comes for ten times as long as one may be away."""
        self.hear()
        silent = f"more than {10 * EVERY} s without a beat"
        before = self.beats()
        with pytest.raises(AssertionError, match=silent):
            eventually(lambda: self.beats() > before, 10 * EVERY, silent)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with tempfile.TemporaryDirectory(prefix="cb") as folder:
        made = Listener(folder)
        yield made
        made.socket.close()


class Machine:
    """A house whose supervisors find the test's own systemd-run first."""

    def __init__(self, house: House, program: str) -> None:
        self.house = house
        self.calls = house.folder / "calls.txt"
        folder = house.folder / "bin"
        folder.mkdir()
        (folder / "systemd-run").write_text(program)
        (folder / "systemd-run").chmod(0o755)
        self.env = {"CALLS": str(self.calls), "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}

    def called(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []


def notified(listener: Listener) -> dict[str, str]:
    return {"NOTIFY_SOCKET": listener.path, "WATCHDOG_USEC": str(int(EVERY * 2_000_000)), "INVOCATION_ID": "ab" * 16}


def test_ready_then_beats_then_stopping(house: House, listener: Listener) -> None:
    """Ready comes with the first look, beats while nothing happens, and the end is told before it comes.

    Mutants: ready before the first look; a sleep of five seconds whatever the watchdog asks for; no word at the end.
    """
    machine = Machine(house, GRANTS)
    house.write(TASKS)
    process = house.start(env={**machine.env, **notified(listener)}, ready=False)
    eventually(lambda: "READY=1" in listener.hear(), 15)
    assert house.status()["supervisor"]["pid"] == process.pid
    eventually(lambda: listener.beats() >= 4, 4, lambda: f"four beats: {listener.words}")
    eventually(lambda: any(word.endswith("1 worker runs") for word in listener.hear()), 10)
    assert house.end(process) == 0
    words = listener.hear()
    assert words.index("READY=1") < words.index("WATCHDOG=1") < words.index("STOPPING=1")
    assert "WATCHDOG=1" not in words[words.index("STOPPING=1") :]


def test_no_child_hears_of_the_manager(house: House, listener: Listener) -> None:
    """Neither the worker nor a command that asks about a step has its variables: it could speak in our name.

    Mutants: the variables stay in our environment; only tmux's is cleaned.
    """
    machine = Machine(house, GRANTS)
    house.write(TASKS.replace("run:", "resumable: true\n    run:"))
    house.start(env={**machine.env, **notified(listener)})
    for path in ("worker.txt", "asked.txt"):
        names = {line.partition("=")[0] for line in house.wrote(path, lines=5)}
        assert not names & {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "INVOCATION_ID"}, path
        assert "PATH" in names


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGUSR1], ids=["stopped", "hung"])
def test_a_loop_that_hangs_beats_no_more(house: House, listener: Listener, number: signal.Signals) -> None:
    """A process that is there is not enough: only a turn of the loop is a beat. Mutant: beats from a thread."""
    script = house.folder / "hangs.py"
    script.write_text(HANGS)
    house.write("  []\n")
    machine = Machine(house, GRANTS)
    process = house.start("run", "-q", script=str(script), env={**machine.env, **notified(listener)})
    eventually(lambda: listener.beats() >= 2, 10)
    process.send_signal(number)
    listener.falls_silent()
    assert process.poll() is None


def test_in_the_background_nobody_is_told(house: House, listener: Listener) -> None:
    """`supervisor start` ends at once: what goes on isn't the process that the manager waits for.

    Mutant: the background inherits the socket.
    """
    house.write("  []\n")
    machine = Machine(house, GRANTS)
    for word in ("start", "stop"):
        argv = [sys.executable, "-m", "supervisor", word, "--board", str(house.path)]
        env = house.environment({**machine.env, **notified(listener)})
        done = subprocess.run(argv, env=env, cwd=house.folder, capture_output=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
    assert listener.hear() == []


# --- tmux's server


def test_a_service_starts_tmux_in_a_scope_of_its_own(house: House, listener: Listener) -> None:
    """One scope for the server, none for what comes after it: a second supervisor finds the server running.

    Mutants: started directly; a scope at each call; one name for each server, which what outlived the last may hold.
    """
    machine = Machine(house, GRANTS)
    house.write(TASKS)
    first = house.start(env={**machine.env, **notified(listener)})
    house.wrote("worker.txt")
    assert house.end(first) == 0
    house.end(house.start(env={**machine.env, **notified(listener)}))
    (call,) = machine.called()
    words, _, started = call.partition(" -- ")
    assert words.startswith("--user --scope --quiet --collect ")
    assert f" --unit=crewboard-{house.socket}-" in words
    assert started.startswith(f"tmux -u -L {house.socket} ")
    house.pid("nap")
    assert house.journal(None, "scope_refused") == []


def test_each_server_has_a_scope_of_another_name(house: House, listener: Listener) -> None:
    """What outlived the server before may still hold its scope's name."""
    machine = Machine(house, GRANTS)
    house.write("  []\n")
    house.start(env={**machine.env, **notified(listener)})
    Tmux(house.socket).kill_server()
    eventually(lambda: len(machine.called()) == 2, 10, lambda: f"{machine.called()}")
    assert len({word for call in machine.called() for word in call.split() if word.startswith("--unit=")}) == 2


def test_an_older_systemd_is_asked_in_its_own_words(house: House, listener: Listener) -> None:
    """It knows no OOMPolicy of a scope: asked again without, and that is no refusal."""
    machine = Machine(house, GRANTS)
    house.write(TASKS)
    house.start(env={**machine.env, **notified(listener), "IS_OLD": "yes"})
    house.wrote("worker.txt")
    assert ["OOMPolicy" in call for call in machine.called()] == [True, False]
    assert house.journal(None, "scope_refused") == []


def test_without_a_scope_the_board_is_kept_all_the_same(house: House, listener: Listener) -> None:
    """The server is started directly, and the journal says why. Mutant: the failure is ours, and nothing starts."""
    machine = Machine(house, REFUSES)
    house.write(TASKS)
    house.start(env={**machine.env, **notified(listener)})
    house.wrote("worker.txt")
    (told,) = house.happened(None, "scope_refused")
    assert told["problem"] == "Failed to connect to bus: No medium found"


def test_outside_of_a_service_nobody_is_asked_for_a_scope(house: House) -> None:
    """A person's own shell is not a service. Mutant: always a scope."""
    machine = Machine(house, GRANTS)
    house.write(TASKS)
    house.start(env=machine.env)
    house.wrote("worker.txt")
    assert machine.called() == []


def test_a_scope_needs_systemd_run(house: House, listener: Listener, tmp_path: Path) -> None:
    """A machine may have a manager of another make: then there is nothing to ask, and nothing to tell."""
    folder = tmp_path / "few"
    folder.mkdir()
    for name in ("tmux", "sh", "env", "sleep", "printf", "cat", "true"):
        (folder / name).symlink_to(shutil.which(name) or name)
    house.write(TASKS)
    house.start(env={**notified(listener), "PATH": str(folder)})
    house.wrote("worker.txt")
    assert house.journal(None, "scope_refused") == []
