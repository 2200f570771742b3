"""A foreign program run to its end: bounded in time, its output read as it comes, its whole group ended with it.

It reads nothing into what a program says and masks nothing of it; of git it knows only which variables mislead it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from subprocess import Popen

GRACE: Final = 2.0  # seconds between asking a process group to end and killing what is left of it
_TICK: Final = 0.05
_CHUNK: Final = 65536
# What a hook or another git command exports: each of them would point us at a repository other than its folder's.
_LOCATING: Final = frozenset(
    [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_COMMON_DIR",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_NAMESPACE",
        "GIT_PREFIX",
        "GIT_SHALLOW_FILE",
        "GIT_GRAFT_FILE",
    ]
)


class Ended(NamedTuple):
    """How a program ended: `status` is negative for a signal, None when the time-out ended it."""

    status: int | None
    stdout: bytes
    stderr: bytes
    seconds: float


def environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment (ours by default) without what would tie git to another repository than that of its folder."""
    return {key: value for key, value in (os.environ if env is None else env).items() if key not in _LOCATING}


def never() -> bool:
    return False


class Patience(NamedTuple):
    """How long a program is waited for, in seconds, unless that is called off before."""

    seconds: float
    called_off: Callable[[], bool] = never


def run_program(
    argv: Sequence[str],
    env: Mapping[str, str],
    timeout: float | Patience,
    *,
    cwd: str | None = None,
    tail: int | None = None,
    stdin: int | None = None,
) -> Ended:
    """Runs it to its end in a process group of its own, which a time-out (or our own interruption) ends whole.

    So does a `Patience` that is called off; it is asked again and again, from here.

    With `tail`, both streams are one and only that many last bytes of it are kept. A daemon that outlives the
    program and holds its pipes is neither waited for nor ended. Raises OSError when it can't be started.
    """
    import subprocess

    began = time.monotonic()
    patience = timeout if isinstance(timeout, Patience) else Patience(timeout)
    second = subprocess.PIPE if tail is None else subprocess.STDOUT
    with subprocess.Popen(
        argv,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        stdout=subprocess.PIPE,
        stderr=second,
        start_new_session=True,
    ) as process:
        pipes = _Pipes(process, tail)
        try:
            status = _await(process, pipes, began + patience.seconds, patience.called_off)
        finally:
            _end_group(process, pipes)
        stdout, stderr = (*pipes.close(), b"")[:2]
        return Ended(status, stdout, stderr, time.monotonic() - began)


class _Pipes:
    """What a program says, read as it comes, so that it never waits for us."""

    def __init__(self, process: Popen[bytes], tail: int | None) -> None:
        import selectors

        self._selector = selectors.DefaultSelector()
        self._tail = tail
        self._heard = [bytearray() for pipe in (process.stdout, process.stderr) if pipe]
        for pipe, heard in zip(filter(None, (process.stdout, process.stderr)), self._heard, strict=True):
            self._selector.register(pipe, selectors.EVENT_READ, heard)

    def is_open(self) -> bool:
        return bool(self._selector.get_map())

    def read(self, wait: float) -> bool:
        """One round of at most `wait` seconds; whether anything came."""
        ready = self._selector.select(wait)
        for key, _ in ready:
            if chunk := os.read(key.fd, _CHUNK):
                key.data.extend(chunk)
                if self._tail is not None:
                    del key.data[: -self._tail]
            else:
                self._selector.unregister(key.fileobj)
        return bool(ready)

    def close(self) -> list[bytes]:
        self._selector.close()
        return [bytes(heard) for heard in self._heard]


def _await(process: Popen[bytes], pipes: _Pipes, deadline: float, called_off: Callable[[], bool]) -> int | None:
    from subprocess import TimeoutExpired

    while pipes.is_open() and (left := deadline - time.monotonic()) > 0:
        if called_off():
            return None
        pipes.read(min(left, _TICK))
        if process.poll() is not None:
            for _ in range(16):  # a full pipe of the largest size; whoever still writes is not waited for
                if not pipes.read(0):
                    break
            return process.returncode
    while not called_off():
        left = max(0.0, deadline - time.monotonic())
        try:
            return process.wait(left if called_off is never else min(left, _TICK))
        except TimeoutExpired:
            if left <= _TICK or called_off is never:
                return None
    return None


def _end_group(process: Popen[bytes], pipes: _Pipes) -> None:
    """Asks, then kills; nothing to do once reaped. Until then its number, and so its group's, stays its own."""
    if process.returncode is not None:
        return
    _signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline and (pipes.is_open() or not _has_ended(process)):
        pipes.read(_TICK)
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _signal_group(process: Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # only its zombie is left
        os.killpg(process.pid, number)


def _has_ended(process: Popen[bytes]) -> bool:
    """Without reaping it. Where that can't be asked (macOS before Python 3.13), closed pipes have to do."""
    if not hasattr(os, "waitid"):
        return True
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
