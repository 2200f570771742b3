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

from board.errors import BoardError
from board.history import History
from board.lock import Lock
from board.reading import BoardFile, decoded, revision, why
from board.replaced import Replaced
from board.stamps import stamp
from board.swap import exchange

_ASIDE: Final = ".board-tmp"  # a new text that is being written
_READY: Final = ".board-swap"  # one that is to change names with the board, or what stood there once it has
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
        self._file = BoardFile(path, self.side)
        self.history = History(os.path.join(self.side, "history"))
        self._timeout = lock_timeout
        self._is_synced = True

    def read(self) -> Snapshot:
        """The text as it stands, without a lock. Raises InvalidBoard for what can't be a board file."""
        raw, rev = self._file.read()
        return Snapshot(decoded(raw), rev)

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
                self.history.retired.tidy()
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
        was, seen = self._file.seen()
        if seen != rev:
            was, seen = self._file.read()
        if seen != rev:
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
            if not self._swap_in(temporary, rev, force=force):
                self.history.forget(version)
                return Lost()
        except OSError as error:
            self.history.forget(version)
            raise _unwritable(self.real, error) from None
        self.history.arrived(version)
        self._file.put(raw, new, made)
        return new

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

    def _swap_in(self, temporary: str, rev: str, *, force: bool) -> bool:
        """False when the board hasn't that revision any more; the temporary file is gone either way."""
        ready = temporary.removesuffix(_ASIDE) + _READY
        try:
            status = os.stat(self.real)
            if not force and self._file.read()[1] != rev:
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
                with suppress(OSError):
                    os.unlink(left)  # what stays all the same goes with the next write

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
            raise BoardError(f"the change was made, but {folder} could not be synced: {why(error)}") from None


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def _unwritable(path: str, error: OSError) -> BoardError:
    return BoardError(f"can't write {path}: {why(error)}", "nothing was changed")
