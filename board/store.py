"""The one seam to where a board is kept: `read`, and compare-and-swap under a lock. Here: a file and its `.board/`.

Theory of operation. A revision is the hash of the content. `cas` writes a temporary file in the same folder, fsyncs it,
looks once more whether the board is still the one that the caller started from, changes names with it, and fsyncs the
folder: after any crash the file is wholly old or wholly new. The lock keeps our own writers apart; the second look is
for people's editors, which take no lock. What they do between that look and the exchange is in the file that we then
hold, which `replaced` keeps. Nothing here knows YAML or tasks.
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
from board.replaced import Replaced, is_stamped, stamp
from board.swap import exchange

MAX_BYTES: Final = 64 * 1024 * 1024
_ASIDE: Final = ".board-tmp"  # a new text that is being written
_READY: Final = ".board-swap"  # one that is to change names with the board, or what stood there once it has
SAVING_FOR: Final = 0.25  # seconds for which a shorter file may still be being written


class Snapshot(NamedTuple):
    text: str
    rev: str


class Lost(NamedTuple):
    """The board was changed by somebody else since it was read; nothing was written."""


_State = tuple[int, int, int, int, int]


class _Seen(NamedTuple):
    """Bytes of the board, their revision, and the file's state with them."""

    raw: bytes
    rev: str
    state: _State | None


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
        self._seen = _Seen(b"", "", None)  # what was read or written last
        self._is_synced = True

    def read(self) -> Snapshot:
        """The text as it stands, without a lock. Raises InvalidBoard for what can't be a board file."""
        raw, state = self._bytes()
        seen = self._seen
        if raw is not seen.raw and raw != seen.raw:
            seen = _Seen(raw, revision(raw), state)
        self._seen = seen = seen._replace(state=state)
        return Snapshot(decoded(raw), seen.rev)

    def changed_ns(self) -> int:
        """When the file was changed last, in nanoseconds of the epoch; 0 where there is none."""
        try:
            return os.stat(self.real).st_mtime_ns
        except OSError:
            return 0

    def age_of(self, changed_at: float) -> float:
        """A clock that was set back makes a file old."""
        age = time.time() - changed_at
        return age if age >= 0 else SAVING_FOR

    def _bytes(self) -> tuple[bytes, _State | None]:
        """What stands there, and the state by which it is known again without being read; None where none would do."""
        seen = self._seen
        if seen.state is not None:
            with suppress(OSError):
                if _state(os.stat(self.real)) == seen.state:
                    return seen.raw, seen.state
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
                raw = file.read(MAX_BYTES + 1)
            except OSError as error:
                raise self._unreadable(error) from None
            after = os.fstat(file.fileno())
            return raw, _state(after) if _state(after) == _state(status) else None

    def _unreadable(self, error: OSError) -> InvalidBoard:
        if error.errno != errno.ENOENT:
            return InvalidBoard(f"can't read {self.path}: {_why(error)}")
        if os.path.islink(self.path):
            return InvalidBoard(f"{self.path} is a symlink to nothing", "mend the link, or name the board with --board")
        remedy = "`board init` makes one; --board PATH or $BOARD_FILE names one"
        return InvalidBoard(f"there is no {self.path}", remedy, torn=os.path.isdir(self.side))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The board's lock, for milliseconds: no subprocess and no person may be waited for inside.

        The folder is synced behind it: whoever has the lock by then may build on a name that isn't on the disk yet,
        because his own sync brings that name along; and nothing was acknowledged before.
        """
        self.prepare()
        try:
            with Lock(os.path.join(self.side, "lock"), self._timeout):
                yield
        finally:
            if not self._is_synced:
                self._is_synced = True
                fsync_folder(self.folder)

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

    def cas(self, text: str, rev: str, *, force: bool = False) -> str | Lost:
        """Replaces the board by `text` if it still has revision `rev`; the new revision, or Lost. Needs the lock.

        With `force` what an editor put there meanwhile is replaced as well, and kept among what was replaced. Mode and
        owner are kept. Raises BoardError when the folder can't be written: then the old file stands.
        """
        raw = text.encode("utf-8")
        new = revision(raw)
        was = self._seen.raw
        if self._seen.rev != rev:
            was, _ = self._bytes()
            if revision(was) != rev:
                return Lost()
        self.history.begin(was, rev)
        try:
            self._sweep()
            temporary = self._write_aside(raw)
            made = os.stat(temporary)
        except OSError as error:
            raise _unwritable(self.real, error) from None
        version = self.history.ahead(raw, was, new, rev)
        try:
            if not self._swap_in(temporary, None if force else was, rev):
                self.history.forget(version)
                return Lost()
        except OSError as error:
            self.history.forget(version)
            raise _unwritable(self.real, error) from None
        self.history.arrived(version)
        self._seen = _Seen(raw, new, self._state_of(made))
        return new

    def _state_of(self, made: os.stat_result) -> _State | None:
        """The state of the file that we put in place, if nobody has touched it meanwhile."""
        with suppress(OSError):
            state, was = _state(os.stat(self.real)), _state(made)
            if state is not None and was is not None and state[:-1] == was[:-1]:
                return state
        return None

    def is_settled(self, rev: str) -> bool:
        """Is this revision ours, and has nobody written into what we replaced?"""
        return self.history.is_ours(rev) and not self.history.retired.changed()

    def adopt(self, snapshot: Snapshot) -> None:
        """What stands there, whoever wrote it, is the newest version. Needs the lock."""
        self.history.adopt(snapshot.text.encode("utf-8"), snapshot.rev)

    def taken_in(self, edited: str, replaced: Replaced | None) -> None:
        """The board holds this edit now, perhaps from a replaced file; what else comes may begin there."""
        raw = edited.encode("utf-8")
        rev = revision(raw)
        self.history.note(raw, rev)
        if replaced is not None:
            self.history.retired.renew(replaced, rev)

    def set_aside(self, replaced: Replaced) -> Replaced:
        """Keeps a replaced file that holds no board among the edits, where nothing takes it away."""
        path = os.path.join(self.side, "edits", f"{os.path.basename(replaced.path)}.yaml")
        with suppress(OSError):
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            os.replace(replaced.path, path)
            return replaced._replace(path=path)
        return replaced

    def _swap_in(self, temporary: str, was: bytes | None, rev: str) -> bool:
        """False when the board isn't `was` any more; the temporary file is gone either way."""
        ready = temporary.removesuffix(_ASIDE) + _READY
        try:
            status = os.stat(self.real)
            if was is not None and self._bytes()[0] != was:
                return False
            os.rename(temporary, ready)
            self._is_synced = False
            if exchange(ready, self.real):
                self.history.retired.keep(ready, rev, status)
            else:
                self.history.retired.retire(self.real, rev, status)
                os.replace(ready, self.real)
            return True
        finally:
            for left in (temporary, ready):
                with suppress(FileNotFoundError):
                    os.unlink(left)

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
        if was is not None and was.st_nlink > 1 and was.st_nlink > 1 + self.history.retired.links_of(was):
            raise BoardError(
                f"{self.path} has {was.st_nlink} names (hard links), and replacing it would part them",
                "keep one name, or use a symlink",
            )
        path = f"{self.real}.{os.getpid()}{_ASIDE}"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(raw)
                file.flush()
                os.fchmod(file.fileno(), stat.S_IMODE(was.st_mode) if was else (mode or 0o644))
                if was is not None and (was.st_uid, was.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(file.fileno(), was.st_uid, was.st_gid)
                now = stamp()
                os.utime(file.fileno(), ns=(now, now))
                os.fsync(file.fileno())
        except BaseException:
            with suppress(OSError):
                os.unlink(path)
            raise
        return path

    def _sweep(self) -> None:
        """Under the lock every temporary file is a dead writer's; one that was ready may by now be what stood there."""
        name = os.path.basename(self.real)
        with suppress(OSError):
            for entry in os.listdir(self.folder):
                if entry.startswith(name + ".") and entry.endswith((_ASIDE, _READY)):
                    path = os.path.join(self.folder, entry)
                    with suppress(OSError):
                        if entry.endswith(_READY) and not self._is_known(path):
                            self.history.retired.keep(path, "0" * 32, os.stat(path))
                        else:
                            os.unlink(path)

    def _is_known(self, path: str) -> bool:
        with open(path, "rb") as file:
            return self.history.find(revision(file.read())) is not None


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
