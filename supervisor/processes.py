"""Processes: who they are, whether they live, what runs at all. The door to /proc, pidfds and signals.

It knows nothing of tmux, tasks or the board, waits for nothing, and decides no end: it sends what it is told to.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ATTEMPT = "CREWBOARD_ATTEMPT"
HAS_PROC = Path("/proc/self/stat").exists()
_CHUNK = 1 << 16  # bytes of a file in /proc that are read at once
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_TICKS = os.sysconf("SC_CLK_TCK")
HAS_PIDFD = hasattr(os, "pidfd_open") and hasattr(signal, "pidfd_send_signal")


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A pid is handed out again within seconds; together with its start it is one process of this boot.

    `ticks`: clock ticks since boot from /proc, or hundredths of a second since the epoch without /proc.
    """

    pid: int
    ticks: int


class Stat(NamedTuple):
    """`times`: its own and its ended children's, each in user and system mode, unread: a look for survivors is in
    somebody's way, and doesn't ask for them."""

    is_running: bool
    session: int
    ticks: int
    times: Sequence[bytes | float] = ()

    @property
    def cpu(self) -> float:
        """Seconds that it has used, with those of its children that have ended."""
        return sum(map(float, self.times)) / _TICKS


def identify(pid: int) -> ProcessId | None:
    """Who has this pid now, a zombie included; None when nobody has it or it could not be read."""
    try:
        stat = _stat(pid)
    except OSError:
        return None
    return stat and ProcessId(pid, stat.ticks)


def is_alive(process: ProcessId) -> bool | None:
    """False is proof: the pid is free, a zombie's, or another process's. None: could not tell."""
    try:
        stat = _stat(process.pid)
    except OSError:
        return None
    if stat is None:
        return None if _is_hidden(process.pid) else False
    return stat.is_running and stat.ticks == process.ticks


def age_of(process: ProcessId) -> float | None:
    """Seconds since it was started, by a clock that nobody sets; None where the system has no such word on it."""
    if not HAS_PROC:
        return None
    return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - process.ticks / _TICKS)


def boot_id() -> str | None:
    """Changes with each boot, so that the identities of an earlier one are known to be gone."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        return f"boot-{psutil.boot_time():.0f}"
    return None


def send(process: ProcessId, number: signal.Signals) -> bool:
    """Signal exactly this process, never the next owner of its pid. False: it had ended, or is not ours."""
    try:
        fd = open_pidfd(process)
        if fd is None:
            return _send_by_pid(process, number)
        try:
            signal.pidfd_send_signal(fd, number)
        finally:
            os.close(fd)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _send_by_pid(process: ProcessId, number: signal.Signals) -> bool:
    if not is_alive(process):
        return False
    os.kill(process.pid, number)
    return True


def ending_with(parent: int) -> Callable[[], None] | None:
    """What a child runs before its program so that it is killed with `parent`; None where the system can't.

    tmux may keep a client whose other end was killed in the middle of an answer, and with it a server that was told to
    end. prctl(2), PR_SET_PDEATHSIG: it survives the exec, and is about the thread that forked.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def before_exec() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def open_pidfd(process: ProcessId) -> int | None:
    """A pidfd of exactly this process; None where there is none to be had.

    Raises ProcessLookupError when the process has ended.
    """
    if not HAS_PIDFD:
        return None
    try:
        fd = os.pidfd_open(process.pid)
    except ProcessLookupError:
        raise
    except OSError:
        return None
    # The pid may have changed hands before the descriptor was open; from here on it cannot.
    alive = is_alive(process)
    if alive:
        return fd
    os.close(fd)
    if alive is None:
        return None
    raise ProcessLookupError(process.pid)


def all_running(besides: Collection[int] = ()) -> dict[int, Stat] | None:
    """All that run, by pid, or all but these; zombies are not among them. None: could not tell."""
    seen: dict[int, Stat] = {}
    try:
        pids = _pids()
        for pid in pids if not besides else set(pids).difference(besides):
            with contextlib.suppress(PermissionError):
                stat = _stat(pid)
                if stat and stat.is_running:
                    seen[pid] = stat
    except OSError:
        return None
    return seen if seen or besides else None


def _pids() -> list[int]:
    if HAS_PROC:
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    import psutil

    return psutil.pids()


def environment_of(pid: int) -> list[bytes]:
    """What it was started with; empty where we may not look, or when it has just ended."""
    try:
        if HAS_PROC:
            # In the midst of an exec the environment is empty for an instant.
            return (_read(pid, "environ") or _read(pid, "environ")).split(b"\0")
        import psutil

        with contextlib.suppress(psutil.Error):
            return [f"{key}={value}".encode() for key, value in psutil.Process(pid).environ().items()]
    except OSError:
        pass
    return []


def command_of(pid: int) -> list[str]:
    """Its command line; empty where we may not look, or when it has just ended."""
    with contextlib.suppress(OSError):
        if HAS_PROC:
            return [os.fsdecode(word) for word in _read(pid, "cmdline").split(b"\0")]
        import psutil

        with contextlib.suppress(psutil.Error):
            return list(psutil.Process(pid).cmdline())
    return []


def _read(pid: int, name: str) -> bytes:
    # Some hundreds of these stand before a restart: pathlib would make them twice as long.
    fd = os.open(f"/proc/{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = []
        while part := os.read(fd, _CHUNK):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(fd)


def _stat(pid: int) -> Stat | None:
    """None when nobody has the pid; raises OSError when it could not be told."""
    if not HAS_PROC:
        return _stat_by_psutil(pid)
    try:
        text = _read(pid, "stat")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command's name stands in parentheses and may hold anything. See proc(5): fields 3, 6, 14 to 17, 20 and 22.
    fields = text[text.rindex(b")") + 2 :].split()
    # A main thread can end before the others: a zombie with more than one thread still runs.
    is_running = fields[0] not in (b"Z", b"X") or int(fields[17]) > 1
    return Stat(is_running, int(fields[3]), int(fields[19]), fields[11:15])


def _stat_by_psutil(pid: int) -> Stat | None:
    import psutil

    try:
        process = psutil.Process(pid)
        is_running = process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
        times = [seconds * _TICKS for seconds in process.cpu_times()[:4]]
        return Stat(is_running, os.getsid(pid), round(process.create_time() * 100), times)
    except psutil.ZombieProcess:
        return Stat(is_running=False, session=0, ticks=0)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return None
    except psutil.Error as error:
        raise PermissionError(str(error)) from error


def _is_hidden(pid: int) -> bool:
    """A /proc mounted with hidepid shows nothing of other people's processes."""
    try:
        os.kill(pid, 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)
    return True
