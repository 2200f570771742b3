"""What stands in the board's file: its bytes, their revision, and how it is known again without being read.

A revision is the hash of the content. A file whose state (device, inode, size, times) is what it was has the same
content, where the time of its last change is one of our stamps: see `replaced` for what a kernel's clock may hide.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from typing import Final, NamedTuple

from board.errors import InvalidBoard, Problem
from board.stamps import is_stamped

MAX_BYTES: Final = 64 * 1024 * 1024

_State = tuple[int, int, int, int, int]


class _Seen(NamedTuple):
    """Bytes of the board, their revision, and the file's state with them."""

    raw: bytes
    rev: str
    state: _State | None


class BoardFile:
    """`path` is the name that the person gave, and may be a symlink to `real`."""

    def __init__(self, path: str, side: str) -> None:
        self.path = path
        self.real = os.path.realpath(path)
        self._side = side
        self._seen = _Seen(b"", "", None)  # what was read or written last

    def read(self) -> tuple[bytes, str]:
        """The bytes and their revision. Raises InvalidBoard for what can't be a board file."""
        seen = self._seen
        if seen.state is not None:
            with suppress(OSError):
                if _state(os.stat(self.real)) == seen.state:
                    return seen.raw, seen.rev
        raw, state = self._bytes()
        rev = seen.rev if raw == seen.raw and seen.rev else revision(raw)
        self._seen = _Seen(raw, rev, state)
        return raw, rev

    def seen(self) -> tuple[bytes, str]:
        """What was read or put there last, whatever stands there now."""
        return self._seen.raw, self._seen.rev

    def put(self, raw: bytes, rev: str, made: os.stat_result) -> None:
        """These bytes, in a file `made` so, stand there now; it is known again unless somebody has touched it since."""
        seen = _Seen(raw, rev, None)
        with suppress(OSError):
            state, was = _state(os.stat(self.real)), _state(made)
            if state is not None and was is not None and state[:-1] == was[:-1]:
                seen = seen._replace(state=state)
        self._seen = seen

    def changed_ns(self) -> int:
        """When the file was changed last, in nanoseconds of the epoch; 0 where there is none."""
        try:
            return os.stat(self.real).st_mtime_ns
        except OSError:
            return 0

    def _bytes(self) -> tuple[bytes, _State | None]:
        """What stands there, and the state by which it is known again without being read; None where none would do."""
        try:
            # Without O_NONBLOCK the mere opening of a FIFO would wait for a writer.
            fd = os.open(self.real, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            try:
                return self._contents(fd)
            finally:
                with suppress(OSError):
                    os.close(fd)
        except OSError as error:
            raise self._unreadable(error) from None

    def _contents(self, fd: int) -> tuple[bytes, _State | None]:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise InvalidBoard(f"{self.path} is {_kind(status.st_mode)}, not a file", "name the board with --board")
        if status.st_size > MAX_BYTES:
            size = status.st_size // (1024 * 1024)
            raise InvalidBoard(f"{self.path} has {size} MiB: not a board (at most {MAX_BYTES >> 20} MiB)")
        with open(fd, "rb", closefd=False) as file:
            raw = file.read(MAX_BYTES + 1)
        state = _state(os.fstat(fd))
        return raw, state if state == _state(status) else None

    def _unreadable(self, error: OSError) -> InvalidBoard:
        if error.errno != errno.ENOENT:
            return InvalidBoard(f"can't read {self.path}: {why(error)}")
        if os.path.islink(self.path):
            return InvalidBoard(f"{self.path} is a symlink to nothing", "mend the link, or name the board with --board")
        remedy = "`board init` makes one; --board PATH or $BOARD_FILE names one"
        return InvalidBoard(f"there is no {self.path}", remedy, torn=os.path.isdir(self._side))


def _state(status: os.stat_result) -> _State | None:
    """What is another after any change; None where a change within the same tick of the clock might not show."""
    if not is_stamped(status.st_mtime_ns):
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def decoded(raw: bytes) -> str:
    """Raises InvalidBoard, with the place, for what isn't UTF-8 text."""
    zero = raw.find(0)
    if zero >= 0:
        raise _misplaced(raw, zero, "is no text")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _misplaced(raw, error.start, "is not UTF-8") from None


def revision(raw: bytes) -> str:
    from _blake2 import blake2b  # hashlib would load OpenSSL for it, which costs 3 ms

    return blake2b(raw, digest_size=16).hexdigest()


def _misplaced(raw: bytes, at: int, what: str) -> InvalidBoard:
    line, column = raw.count(b"\n", 0, at) + 1, at - raw.rfind(b"\n", 0, at)
    problem = Problem(line, column, f"byte 0x{raw[at]:02x} {what}")
    return InvalidBoard(problem.message, "save the file as UTF-8", (problem,), torn=raw[at] != 0)


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device"}
    return kinds.get(stat.S_IFMT(mode), "something special")


def why(error: OSError) -> str:
    """What the system says, as the end of a sentence."""
    return (error.strerror or str(error)).lower()
