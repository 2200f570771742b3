"""The sidecar lock `.board/lock`: one writer of a board at a time, across processes.

It is `flock(2)` on a file that is never replaced, so the kernel frees it when its holder dies, however it dies, and
any other program that takes `flock` on the same file (filelock's `FileLock` does) waits with us. The file's folder is
locked as well: somebody who deletes the file lets nobody in beside its holder. The file holds who has it, as a
courtesy to waiters; nothing is decided by that text. It works across machines only where the file system's locks do.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from contextlib import suppress
from types import TracebackType

from board.errors import BoardError, Busy
from board.instants import format_span

_FIRST_PAUSE = 0.0005
_LONGEST_PAUSE = 0.005
_NOTE_BYTES = 128  # always so many, because cutting a file costs more than writing it


class Lock:
    """A context manager. Raises Busy `timeout` seconds after it was entered, or after `began` (by the monotonic clock),
    naming the holder; then nothing was read or written."""

    def __init__(self, path: str, timeout: float = 10.0, began: float | None = None) -> None:
        self.path = path
        self.timeout = timeout
        self._began = began
        self._fds: tuple[int, ...] = ()

    def __enter__(self) -> Lock:
        deadline = (time.monotonic() if self._began is None else self._began) + self.timeout
        pause = _FIRST_PAUSE
        while not self._try():
            if time.monotonic() >= deadline:
                raise self.busy()
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
        try:
            self._sign()
        except BaseException:
            self._free()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._free()

    def busy(self) -> Busy:
        return Busy(f"the board is locked by {self._holder()}", f"waited {format_span(self.timeout)}; try again")

    def _free(self) -> None:
        for fd in self._fds:
            with suppress(OSError):  # the descriptor is gone all the same, and with it the lock: close(2)
                os.close(fd)
        self._fds = ()

    def _try(self) -> bool:
        try:
            if self._takes(os.path.dirname(self.path), os.O_RDONLY | os.O_DIRECTORY) and self._takes(
                self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
            ):
                return True
        except OSError as error:
            self._free()
            raise BoardError(f"can't lock {self.path}: {(error.strerror or str(error)).lower()}") from None
        self._free()
        return False

    def _takes(self, path: str, flags: int) -> bool:
        fd = _flocked(path, flags)
        if fd is None:
            return False
        self._fds = (fd, *self._fds)
        return bool(flags & os.O_DIRECTORY) or self._is_current(fd)

    def _is_current(self, fd: int) -> bool:
        """Somebody may have deleted the file between our open and our flock: then the lock guards nothing."""
        try:
            there = os.stat(self.path)
        except FileNotFoundError:
            return False
        mine = os.fstat(fd)
        return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)

    def _sign(self) -> None:
        command = " ".join([os.path.basename(sys.argv[0]), *sys.argv[1:2]]).strip() or "python"
        note = f"{os.getpid()} {time.time():.3f} {command}".encode("utf-8", "replace")
        with suppress(OSError):  # a full disk must not cost the lock: the note is a courtesy
            os.pwrite(self._fds[0], note[: _NOTE_BYTES - 1].ljust(_NOTE_BYTES - 1) + b"\n", 0)

    def _holder(self) -> str:
        try:
            with open(self.path, encoding="utf-8", errors="replace") as file:
                pid, at, command = file.read(1000).strip().split(" ", 2)
            since = format_span(max(0.0, time.time() - float(at)))
            return f"pid {int(pid)} ({command}) since {since}"
        except (OSError, ValueError):
            return "another process"


def _flocked(path: str, flags: int) -> int | None:
    """A descriptor that holds the lock; None when somebody else does. Where a folder can't be locked (NFS) it is
    held unlocked, and the file's own lock has to do."""
    fd = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    except OSError:
        if not flags & os.O_DIRECTORY:
            os.close(fd)
            raise
    return fd
