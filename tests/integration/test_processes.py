"""Integration: real processes, real signals, real /proc."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from supervisor import processes
from supervisor.kin import marked, survivors, survivors_of
from supervisor.processes import ProcessId, boot_id, identify, is_alive, send
from supervisor.watcher import Watcher, end
from tests.waiting import eventually

STUBBORN = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts children that do not outlive the test."""
    with contextlib.ExitStack() as stack:

        def start(*argv: str, **options: object) -> subprocess.Popen[bytes]:
            child = stack.enter_context(subprocess.Popen(argv, stdout=subprocess.PIPE, **options))  # type: ignore[call-overload]
            stack.callback(child.kill)
            return child

        yield start


def known(child: subprocess.Popen[bytes]) -> ProcessId:
    found = identify(child.pid)
    assert found is not None
    return found


async def event_of(watcher: Watcher, process: ProcessId) -> list[ProcessId]:
    """All callbacks until 50 ms after the first one."""
    seen: list[ProcessId] = []
    told = asyncio.Event()
    watcher.watch(process, lambda ended: (seen.append(ended), told.set())[0])
    await asyncio.wait_for(told.wait(), 5)
    await asyncio.sleep(0.05)
    return seen


class TestIdentity:
    def test_ourselves(self) -> None:
        """A process that runs is identified and alive; its identity does not change."""
        me = identify(os.getpid())
        assert me is not None
        assert me == identify(os.getpid())
        assert is_alive(me) is True

    def test_a_zombie_is_not_alive(self, start: Start) -> None:
        """What has ended and waits for its parent has ended. Kills: taking an entry in /proc for life."""
        child = start("true")
        process = known(child)
        eventually(lambda: is_alive(process) is False)
        assert identify(child.pid) == process

    def test_another_owner_of_the_pid_is_not_alive(self) -> None:
        """A pid that came back is another process. Kills: leaving the ticks out of the comparison."""
        me = identify(os.getpid())
        assert me is not None
        assert is_alive(ProcessId(me.pid, me.ticks - 1)) is False

    def test_a_free_pid(self, start: Start) -> None:
        """A pid that nobody has is proof of an end, and nobody is identified by it."""
        child = start("true")
        process = known(child)
        child.wait()
        assert is_alive(process) is False
        assert identify(child.pid) is None

    @pytest.mark.skipif(sys.platform != "linux", reason="a main thread that ends alone is Linux's own")
    def test_a_process_outlives_its_main_thread(self, start: Start) -> None:
        """The state of a main thread is not the state of a process. Kills: leaving out the count of threads."""
        code = (
            "import ctypes, threading, time; threading.Thread(target=time.sleep, args=(60,)).start();"
            "print(1, flush=True); ctypes.CDLL(None).pthread_exit(None)"
        )
        child = start(sys.executable, "-c", code)
        assert child.stdout is not None
        child.stdout.readline()
        stat = Path(f"/proc/{child.pid}/stat")

        def has_zombie_leader() -> bool:
            return ") Z " in stat.read_text()

        eventually(has_zombie_leader)
        assert is_alive(known(child)) is True
        child.kill()
        eventually(lambda: is_alive(known(child)) is False)

    def test_boot(self) -> None:
        """The boot is known, and the same when asked again."""
        assert boot_id()
        assert boot_id() == boot_id()

    def test_without_proc(self, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where there is no /proc, psutil tells the same: alive, ended, somebody else, and who bears a mark."""
        monkeypatch.setattr(processes, "HAS_PROC", False)
        child = start("sleep", "60", env={**os.environ, "CREWBOARD_ATTEMPT": "psutil.1.1"})
        process = known(child)
        assert is_alive(process) is True
        assert is_alive(ProcessId(process.pid, process.ticks - 1)) is False
        eventually(lambda: process in (marked("psutil.1.1") or []))
        child.kill()
        eventually(lambda: is_alive(process) is False)
        child.wait()
        assert is_alive(process) is False


class TestSend:
    def test_the_next_owner_is_spared(self, start: Start) -> None:
        """A signal meant for an earlier owner of the pid reaches nobody. Kills: not checking the ticks again."""
        child = start("sleep", "60")
        process = known(child)
        assert send(ProcessId(process.pid, process.ticks - 1), signal.SIGKILL) is False
        assert is_alive(process) is True
        assert send(process, signal.SIGKILL) is True
        assert child.wait(5) == -signal.SIGKILL
        assert send(process, signal.SIGKILL) is False

    def test_without_pidfd(self, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where there are no pidfds, the identity is checked all the same."""
        monkeypatch.setattr(processes, "HAS_PIDFD", False)
        self.test_the_next_owner_is_spared(start)


@pytest.mark.parametrize("use_pidfd", [True, False])
class TestWatcher:
    def test_each_death_is_told_once(self, start: Start, use_pidfd: bool) -> None:
        """One death, one callback, with the identity that was asked for."""
        child = start("sleep", "60")

        async def scene() -> None:
            with contextlib.closing(Watcher(use_pidfd=use_pidfd)) as watcher:
                asyncio.get_running_loop().call_later(0.05, child.kill)
                assert await event_of(watcher, known(child)) == [known(child)]

        asyncio.run(scene())

    def test_a_death_before_the_watch_is_told_too(self, start: Start, use_pidfd: bool) -> None:
        """No gap between looking and watching: zombie, free pid and another owner all count as ended.

        Kills: dropping what raises ProcessLookupError.
        """
        child = start("true")
        process = known(child)
        eventually(lambda: is_alive(process) is False)
        me = identify(os.getpid())
        assert me is not None
        reused = ProcessId(me.pid, me.ticks - 1)

        async def scene() -> None:
            with contextlib.closing(Watcher(use_pidfd=use_pidfd)) as watcher:
                assert await event_of(watcher, process) == [process]
                child.wait()
                assert await event_of(watcher, process) == [process]
                assert await event_of(watcher, reused) == [reused]

        asyncio.run(scene())

    def test_unwatched_is_not_told(self, start: Start, use_pidfd: bool) -> None:
        """After `unwatch` and after `close` nobody is called, also for a death that was already under way."""
        first, second = start("true"), start("sleep", "60")
        told: list[ProcessId] = []
        ended = known(first)
        first.wait()

        async def scene() -> None:
            watcher = Watcher(use_pidfd=use_pidfd)
            watcher.watch(ended, told.append)
            watcher.unwatch(ended)
            watcher.watch(known(second), told.append)
            watcher.close()
            second.kill()
            await asyncio.sleep(0.3)

        asyncio.run(scene())
        assert told == []


class TestMarks:
    def test_the_mark_is_exact(self, start: Start) -> None:
        """`task.1.1` is not `task.1.10`. Kills: looking for the mark as a part of the environment."""
        child = start(
            "sleep", "60", env={"CREWBOARD_ATTEMPT": "exact.1.10", "PATH": os.environ["PATH"]}, start_new_session=True
        )
        eventually(lambda: known(child) in (marked("exact.1.10") or []))
        assert marked("exact.1.1") == []

    def test_the_session_of_a_marked_process(self, start: Start) -> None:
        """A child that dropped its environment is found through the session that it shares with a marked one."""
        script = "env -i sleep 60 & echo $!; wait"
        child = start(
            "sh", "-c", script, env={**os.environ, "CREWBOARD_ATTEMPT": "session.1.1"}, start_new_session=True
        )
        assert child.stdout is not None
        inner = identify(int(child.stdout.readline()))
        eventually(lambda: {known(child), inner} == set(marked("session.1.1") or []))
        assert inner is not None
        send(inner, signal.SIGKILL)

    def test_the_session_of_a_dead_leader(self, start: Start) -> None:
        """An orphan without the mark is found through its dead leader's session, but not through a stranger's.

        Kills: trusting the session's number without its leader's ticks.
        """
        child = start("sh", "-c", "env -i sleep 60 & echo $!; read _", stdin=subprocess.PIPE, start_new_session=True)
        leader = known(child)
        assert child.stdout is not None
        inner = identify(int(child.stdout.readline()))
        assert inner is not None
        assert survivors("no.such.mark", ProcessId(leader.pid, leader.ticks - 1)) == []
        child.kill()
        child.wait()
        assert survivors("no.such.mark", leader) == [inner]
        send(inner, signal.SIGKILL)
        eventually(lambda: survivors("no.such.mark", leader) == [])

    def test_many_are_looked_for_at_once(self, start: Start) -> None:
        """Each gets its own, in the order asked for: marked ones, a dead leader's session, none, the same mark twice.

        Kills: the second look's answers given to the first ones; sessions of one counted for all.
        """
        marks = ["many.1.1", "many.2.1"]
        for mark in marks:
            env = {"CREWBOARD_ATTEMPT": mark, "PATH": os.environ["PATH"]}
            child = start("sleep", "60", env=env, start_new_session=True)
            eventually(lambda child=child, mark=mark: [known(child)] == marked(mark))
        (one,), (two,) = (marked(mark) or [] for mark in marks)
        sought = [(marks[1], None), ("none.1.1", None), ("none.2.1", one), (marks[0], two), (marks[0], None)]
        assert [set(found or []) for found in survivors_of(sought)] == [{two}, set(), {one}, {one, two}, {one}]


class TestEnd:
    def test_a_polite_process_needs_no_kill(self, start: Start) -> None:
        """SIGTERM is enough for what heeds it, and the grace is not waited out."""
        child = start("sleep", "60")
        began = time.monotonic()
        assert asyncio.run(end([known(child)], grace=30)) == []
        assert time.monotonic() - began < 5
        assert child.wait() == -signal.SIGTERM

    def test_a_stubborn_one_is_killed_after_the_grace(self, start: Start) -> None:
        """What ignores SIGTERM keeps its grace, and then it is killed."""
        child = start(sys.executable, "-c", STUBBORN)
        assert child.stdout is not None
        child.stdout.readline()
        began = time.monotonic()
        assert asyncio.run(end([known(child)], grace=0.2)) == []
        assert time.monotonic() - began >= 0.2
        assert child.wait() == -signal.SIGKILL

    def test_interrupt_first(self, start: Start) -> None:
        """The signals are sent in the order that was asked for."""
        child = start("sleep", "60")
        ladder = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
        assert asyncio.run(end([known(child)], 5, ladder)) == []
        assert child.wait() == -signal.SIGINT

    def test_what_lives_on_is_named(self, start: Start) -> None:
        """Without a last resort the stubborn are returned, not assumed dead; nobody is nobody."""
        child = start(sys.executable, "-c", STUBBORN)
        assert child.stdout is not None
        child.stdout.readline()
        assert asyncio.run(end([known(child)], 0.1, [signal.SIGTERM])) == [known(child)]
        assert asyncio.run(end([], 5)) == []
