"""Integration: the CPU time of whole trees, a process's age and a pane's output, from the real kernel and tmux."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from supervisor.census import Census, Tree
from supervisor.control import TmuxError
from supervisor.kin import mark_of, survivors
from supervisor.panes import read_output
from supervisor.processes import ATTEMPT, ProcessId, age_of, identify, send
from supervisor.tmux import Tmux
from tests.waiting import eventually

Start = Callable[..., subprocess.Popen[bytes]]
BUSY = "import time\nwhile time.process_time() < 0.4: pass\nprint(1, flush=True)\ntime.sleep(60)"


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts attempts, each in a session of its own, of which nothing outlives the test."""
    with ExitStack() as stack:

        def start(mark: str, *argv: str) -> subprocess.Popen[bytes]:
            env = {**os.environ, ATTEMPT: mark}
            child = subprocess.Popen(argv, stdout=subprocess.PIPE, env=env, start_new_session=True)
            stack.enter_context(child)
            stack.callback(kill_all, mark, identify(child.pid))
            return child

        yield start


def kill_all(mark: str, leader: ProcessId | None) -> None:
    for process in survivors(mark, leader) or ():
        send(process, signal.SIGKILL)


@pytest.fixture
def mark() -> str:
    return f"crew/{secrets.token_hex(4)}.1.1"


def tree(mark: str, child: subprocess.Popen[bytes]) -> Tree:
    leader = identify(child.pid)
    assert leader is not None
    return Tree(mark, leader)


def said(child: subprocess.Popen[bytes]) -> bytes:
    assert child.stdout is not None
    return child.stdout.readline()


def test_each_attempt_has_its_own_trees_time(start: Start, mark: str) -> None:
    """A busy one and an idle one, told apart. Mutant killed: all of the table for each attempt."""
    other = f"{mark}1"
    busy, idle = start(mark, sys.executable, "-c", BUSY), start(other, "sleep", "60")
    said(busy)
    usage = Census().take([tree(mark, busy), tree(other, idle)])
    assert usage is not None
    assert sum(usage[mark].values()) >= 0.3
    assert sum(usage[other].values()) < 0.1
    assert [pid for pid, _ in usage[other]] == [idle.pid]


@pytest.mark.parametrize("away", ["env -u CREWBOARD_ATTEMPT", "setsid"])
def test_a_child_counts_that_has_left(start: Start, mark: str, away: str) -> None:
    """By the mark in its environment, or by the session: one of the two is enough. Mutants killed: either left out."""
    shell = start(mark, "sh", "-c", f"{away} {sys.executable} -c '{BUSY}' & wait")
    said(shell)
    usage = Census().take([tree(mark, shell)])
    assert usage is not None
    assert sum(usage[mark].values()) >= 0.3
    assert len(usage[mark]) == 2


def test_what_a_child_used_is_not_lost_with_it(start: Start, mark: str) -> None:
    """Its parent has it then: a worker whose children come and go is at work."""
    shell = start(mark, "sh", "-c", f"{sys.executable} -c '{BUSY.replace('60', '0')}'; sleep 60")
    said(shell)
    worker = tree(mark, shell)
    own = (worker.leader.pid, worker.leader.ticks)
    eventually(lambda: (Census().take([worker]) or {})[mark][own] >= 0.3, 10, "the parent has it")


def test_a_worker_that_is_not_there_has_no_entry(start: Start, mark: str) -> None:
    """Nobody found is not «no time used»; nor is another owner of its pid. Mutant killed: a look that found nobody
    taken for an idle one."""
    child = start(f"{mark}1", "sleep", "60")
    leader = tree(mark, child).leader
    assert Census().take([Tree(mark, ProcessId(leader.pid, leader.ticks - 1))]) == {}
    child.kill()
    child.wait()
    assert Census().take([Tree(mark, leader)]) == {}


def test_a_mark_is_read(start: Start, mark: str) -> None:
    """Of a process with one, without one, and of nobody."""
    child = start(mark, "sleep", "60")
    assert eventually(lambda: mark_of(child.pid)) == mark
    child.kill()
    child.wait()
    assert mark_of(child.pid) is None


def test_an_age_is_told_by_the_kernels_clock(start: Start, mark: str) -> None:
    """It is what has passed since the start, and grows."""
    process = tree(mark, start(mark, "sleep", "60")).leader
    first = age_of(process)
    assert first is not None
    assert 0 <= first < 5
    eventually(lambda: (age_of(process) or 0.0) > first + 0.05, 5)


@pytest.mark.tmux
def test_output_leaves_a_mark_and_silence_none(tmux_socket: str) -> None:
    """Any byte, also one that changes nothing on the screen, once the second is over; and only then.
    Mutant killed: the screen and its history alone looked at."""
    tmux = Tmux(tmux_socket)
    tmux.ensure_server_and_session("board-1", "/")

    async def scene() -> None:
        server = await tmux.connect("board-1")
        try:
            pane = await server.open_window("board-1", "t", "/")
            script = "stty -echo; echo up; read word; printf 'up\\n'; read word; printf '\\r'; sleep 60"
            await server.respawn(pane.id, ["sh", "-c", script], {}, "/", {"@crewboard_attempt": "a"})

            async def mark() -> str:
                return (await server.outputs("board-1"))[pane.id].mark

            async def until_another(than: str) -> str:
                while (now := await mark()) == than:
                    await asyncio.sleep(0.01)
                return now

            while "up" not in await server.tail(pane.id, 5):
                await asyncio.sleep(0.01)
            was = await mark()
            for _ in range(2):
                second = int(time.time())
                while int(time.time()) < second + 2:
                    assert await mark() == was
                    await asyncio.sleep(0.05)
                await server.control.call("send-keys", "-t", pane.id, "Enter")
                was = await asyncio.wait_for(until_another(was), 5)
            assert not (await server.outputs("board-1"))[pane.id].is_full_screen
        finally:
            await server.close()

    asyncio.run(scene())


def test_an_unreadable_line_is_no_output() -> None:
    """What can't be read whole is a failed look and not a silent pane."""
    assert read_output("%7 1 0/3/4/1795555403 2 a title")[1].is_full_screen
    for line in ("%7  0/3/4/ 2 a title", "%7 1 0/3/4/1795555403"):
        with pytest.raises(TmuxError):
            read_output(line)
