"""Where a board's reader is found: its folder, its lock with a note of who holds it, its socket, the workers' pipes.

The pipes are named ones, and what goes through them is in memory only. It starts and ends nobody.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import socket
import stat
from contextlib import suppress
from typing import Final

from supervisor.model import Attempt
from supervisor.processes import HAS_PROC, ProcessId, identify
from supervisor.server import literal

_SOCKET: Final = "socket"
_LOCK: Final = "lock"
_WIDER: Final = 1 << 18  # bytes in a pipe where the system allows it, which allows some thousands of pages a person
_SET_PIPE_SIZE: Final = 1031  # fcntl.F_SETPIPE_SZ, of Linux


def folder(side: str) -> str:
    return os.path.join(side, "output", ".sink")


def make_folder(side: str) -> str:
    """0700: whoever opens a pipe in it reads what a worker says, unredacted."""
    path = folder(side)
    os.makedirs(path, mode=0o700, exist_ok=True)
    os.chmod(path, 0o700)
    return path


# --- who reads


def hold(side: str) -> int | None:
    """The lock's descriptor, to be kept open for as long as one reads; None when another reader has it."""
    fd = os.open(os.path.join(make_folder(side), _LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    me = identify(os.getpid())
    os.ftruncate(fd, 0)
    os.pwrite(fd, json.dumps({"pid": os.getpid(), "ticks": me.ticks if me else 0}).encode(), 0)
    return fd


def holder(side: str) -> ProcessId | None:
    """Who took the lock last, dead or alive; None when nobody did."""
    try:
        with open(os.path.join(folder(side), _LOCK), encoding="utf-8") as file:
            note = json.load(file)
        return ProcessId(int(note["pid"]), int(note["ticks"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


# --- how to talk to it


def listening(side: str) -> socket.socket:
    """The reader's end. This process stands in the folder from then on: a socket's path has room for 100 characters."""
    os.chdir(make_folder(side))
    with suppress(FileNotFoundError):
        os.unlink(_SOCKET)
    made = socket.socket(socket.AF_UNIX)
    made.bind(_SOCKET)
    os.chmod(_SOCKET, 0o600)
    made.listen(4)
    made.settimeout(0)
    return made


def connected(side: str) -> socket.socket:
    """Raises OSError when nobody listens."""
    place = os.open(folder(side), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    made = socket.socket(socket.AF_UNIX)
    try:
        made.connect(f"/proc/self/fd/{place}/{_SOCKET}" if HAS_PROC else os.path.join(folder(side), _SOCKET))
        made.settimeout(0)
    except BaseException:
        made.close()
        raise
    finally:
        os.close(place)
    return made


# --- pipes


def pipe_path(side: str, attempt: Attempt) -> str:
    return os.path.join(folder(side), f"{attempt.task}.{attempt.token}.{attempt.number}")


def make_pipe(path: str) -> int:
    """A new named pipe; the descriptor reads from it and is never waited for. Raises OSError."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    os.mkfifo(path, 0o600)
    return open_pipe(path)


def open_pipe(path: str) -> int:
    """Raises OSError, also for what is no pipe."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    if not stat.S_ISFIFO(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(f"{path} is no pipe")
    with suppress(OSError):
        fcntl.fcntl(fd, _SET_PIPE_SIZE, _WIDER)
    return fd


def remove_pipe(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)


def leftover_pipes(side: str) -> list[str]:
    with suppress(OSError):
        return [entry.path for entry in os.scandir(folder(side)) if _is_pipe(entry)]
    return []


def _is_pipe(entry: os.DirEntry[str]) -> bool:
    return stat.S_ISFIFO(entry.stat(follow_symlinks=False).st_mode)


def pipe_command(path: str) -> str:
    """For `pipe-pane`, which expands formats and strftime's."""
    return literal(f"exec cat >{shlex.quote(path)}").replace("%", "%%")
