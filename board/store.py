"""The one seam to where a board is kept: `read`, and compare-and-swap under a lock. Here: a file and its `.board/`.

Theory of operation. A revision is the hash of the content. `cas` writes a temporary file in the same folder, fsyncs it,
looks once more whether the board still has the revision that the caller started from, renames, and fsyncs the folder:
after any crash the file is wholly old or wholly new. The lock keeps our own writers apart; the second look is for
people's editors, which take no lock. Nothing here knows YAML or tasks.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, NamedTuple, Protocol

from board.errors import BoardError, InvalidBoard, Problem
from board.history import History
from board.lock import Lock

MAX_BYTES: Final = 64 * 1024 * 1024
SAVING_FOR: Final = 0.25  # seconds for which a shorter file may still be being written


class Snapshot(NamedTuple):
    text: str
    rev: str


class Lost(NamedTuple):
    """The board was changed by somebody else since it was read; nothing was written."""


class Store(Protocol):
    """What the engine needs of any place where a board lives."""

    def read(self) -> Snapshot: ...

    def cas(self, text: str, rev: str) -> str | Lost: ...


class FileStore:
    """A board file. `path` may be a symlink: the file that it leads to is replaced; `.board/` stands beside it."""

    def __init__(self, path: str, lock_timeout: float = 10.0) -> None:
        self.path = path
        self.real = os.path.realpath(path)
        self.folder = os.path.dirname(self.real)
        self.side = os.path.join(self.folder, ".board")
        self.history = History(os.path.join(self.side, "history"))
        self._timeout = lock_timeout

    def read(self) -> Snapshot:
        """The text as it stands, without a lock. Raises InvalidBoard for what can't be a board file."""
        raw = self._bytes()
        zero = raw.find(0)
        if zero >= 0:
            raise _misplaced(raw, zero, "is no text")
        try:
            return Snapshot(raw.decode("utf-8"), revision(raw))
        except UnicodeDecodeError as error:
            raise _misplaced(raw, error.start, "is not UTF-8") from None

    def is_cut(self, snapshot: Snapshot) -> bool:
        """Was the file written a moment ago, and does it end where the newest version that we wrote goes on?

        An editor that truncates and writes is seen so, also where what is there already reads as a smaller board.
        """
        try:
            age = time.time() - os.stat(self.real).st_mtime
        except OSError:
            return False
        if not 0 <= age < SAVING_FOR:
            return False
        raw = snapshot.text.encode("utf-8")
        newest = self.history.newest(len(raw))
        return newest is not None and newest.startswith(raw)

    def _bytes(self) -> bytes:
        try:
            # Without O_NONBLOCK the mere opening of a FIFO would wait for a writer.
            fd = os.open(self.real, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise self._unreadable(error) from None
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            os.close(fd)
            raise InvalidBoard(f"{self.path} is {_kind(status.st_mode)}, not a file", "name the board with --board")
        with os.fdopen(fd, "rb") as file:
            if status.st_size > MAX_BYTES:
                size = status.st_size // (1024 * 1024)
                raise InvalidBoard(f"{self.path} has {size} MiB: not a board (at most {MAX_BYTES >> 20} MiB)")
            try:
                return file.read(MAX_BYTES + 1)
            except OSError as error:
                raise self._unreadable(error) from None

    def _unreadable(self, error: OSError) -> InvalidBoard:
        if error.errno != errno.ENOENT:
            return InvalidBoard(f"can't read {self.path}: {_why(error)}")
        if os.path.islink(self.path):
            return InvalidBoard(f"{self.path} is a symlink to nothing", "mend the link, or name the board with --board")
        remedy = "`board init` makes one; --board PATH or $BOARD_FILE names one"
        return InvalidBoard(f"there is no {self.path}", remedy, torn=os.path.isdir(self.side))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The board's lock, for milliseconds: no subprocess and no person may be waited for inside."""
        self.prepare()
        with Lock(os.path.join(self.side, "lock"), self._timeout):
            yield

    def prepare(self) -> None:
        """Makes `.board/`: 0700, and ignored by git through a `.gitignore` of its own."""
        try:
            os.makedirs(self.side, 0o700, exist_ok=True)
            ignore = os.path.join(self.side, ".gitignore")
            if not _size(ignore):
                with open(ignore, "w", encoding="utf-8") as file:
                    file.write("*\n")
        except OSError as error:
            raise _unwritable(self.side, error) from None

    def cas(self, text: str, rev: str) -> str | Lost:
        """Replaces the board by `text` if it still has revision `rev`; the new revision, or Lost. Needs the lock.

        Mode and owner are kept. Raises BoardError when the folder can't be written: then the old file stands.
        """
        raw = text.encode("utf-8")
        try:
            self._sweep()
            if not self._swap_in(self._write_aside(raw), rev):
                return Lost()
        except OSError as error:
            raise _unwritable(self.real, error) from None
        fsync_folder(self.folder)
        self.history.keep(raw)
        return revision(raw)

    def _swap_in(self, temporary: str, rev: str) -> bool:
        """False when the board isn't what the caller started from any more; the temporary file is gone either way."""
        try:
            if revision(self._bytes()) != rev:
                return False
            os.replace(temporary, self.real)
            return True
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)

    def create(self, text: str) -> None:
        """A new board where there is none. Raises BoardError when there is one."""
        try:
            temporary = self._write_aside(text.encode("utf-8"), 0o644)
            try:
                os.link(temporary, self.real)  # unlike rename, link never replaces
            finally:
                os.unlink(temporary)
        except FileExistsError:
            raise BoardError(f"{self.path} exists already", "board check") from None
        except OSError as error:
            raise _unwritable(self.real, error) from None
        fsync_folder(self.folder)

    def _write_aside(self, raw: bytes, mode: int | None = None) -> str:
        was = os.stat(self.real) if mode is None else None
        if was is not None and was.st_nlink > 1:
            raise BoardError(
                f"{self.path} has {was.st_nlink} names (hard links), and replacing it would part them",
                "keep one name, or use a symlink",
            )
        path = f"{self.real}.{os.getpid()}.board-tmp"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(raw)
                file.flush()
                os.fchmod(file.fileno(), stat.S_IMODE(was.st_mode) if was else (mode or 0o644))
                if was is not None and (was.st_uid, was.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(file.fileno(), was.st_uid, was.st_gid)
                os.fsync(file.fileno())
        except BaseException:
            with suppress(OSError):
                os.unlink(path)
            raise
        return path

    def _sweep(self) -> None:
        """Under the lock every temporary file is a dead writer's."""
        name = os.path.basename(self.real)
        with suppress(OSError):
            for entry in os.listdir(self.folder):
                if entry.startswith(name + ".") and entry.endswith(".board-tmp"):
                    with suppress(OSError):
                        os.unlink(os.path.join(self.folder, entry))


def revision(raw: bytes) -> str:
    from _blake2 import blake2b  # hashlib would load OpenSSL for it, which costs 3 ms

    return blake2b(raw, digest_size=16).hexdigest()


def fsync_folder(folder: str) -> None:
    """Makes a new name in it last. Raises BoardError when the disk fails just then: the name is there all the same."""
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems on which a folder has nothing to sync
            raise BoardError(f"the change was made, but {folder} could not be synced: {_why(error)}") from None


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def _misplaced(raw: bytes, at: int, what: str) -> InvalidBoard:
    line, column = raw.count(b"\n", 0, at) + 1, at - raw.rfind(b"\n", 0, at)
    problem = Problem(line, column, f"byte 0x{raw[at]:02x} {what}")
    return InvalidBoard(problem.message, "save the file as UTF-8", (problem,), torn=raw[at] != 0)


def _unwritable(path: str, error: OSError) -> BoardError:
    return BoardError(f"can't write {path}: {_why(error)}", "nothing was changed")


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device"}
    return kinds.get(stat.S_IFMT(mode), "something special")
