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
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final, NamedTuple, Protocol

from board.aside import Aside
from board.errors import BoardError, Busy, Unwritable
from board.history import History
from board.lock import Lock
from board.reading import BoardFile, decoded, revision, why
from board.replaced import UNKNOWN, Replaced
from board.swap import exchange
from board.versions import Version

SAVING_FOR: Final = 0.25  # seconds for which a shorter file may still be being written


class Snapshot(NamedTuple):
    text: str
    rev: str


class Lost(NamedTuple):
    """The board was changed by somebody else since it was read; nothing was written."""


class _Over(NamedTuple):
    """What a write replaces: the board as it was read, the edits that it had, and whether anything else will do."""

    raw: bytes
    rev: str
    edits: tuple[str, ...]
    force: bool


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
        self._aside = Aside(self.real)
        self.history = History(os.path.join(self.side, "history"), self._aside.revisions)
        self.lock_timeout = lock_timeout
        self._is_synced = True

    def read(self) -> Snapshot:
        """The text as it stands, without a lock. Raises InvalidBoard for what can't be a board file."""
        raw, rev = self._file.read()
        return Snapshot(decoded(raw), rev)

    def changed_ns(self) -> int:
        """When the file was changed last, in nanoseconds of the epoch; 0 where there is none."""
        return self._file.changed_ns()

    def age_of(self, changed_at: float) -> float:
        """A clock that was set back makes a file old."""
        age = time.time() - changed_at
        return age if age >= 0 else SAVING_FOR

    @contextmanager
    def locked(self, began: float | None = None) -> Iterator[None]:
        """The board's lock, for milliseconds: no subprocess and no person may be waited for inside. `began`: since when
        it has been waited for, by the monotonic clock.

        The folder is synced behind it: whoever has the lock by then may build on a name that isn't on the disk yet,
        because his own sync brings that name along; and nothing was acknowledged before.
        """
        self.prepare()
        try:
            with self._lock(began):
                yield
        finally:
            if not self._is_synced:
                self._is_synced = True
                self.history.retired.tidy()
                fsync_folder(self.folder)

    def _lock(self, began: float | None = None) -> Lock:
        return Lock(os.path.join(self.side, "lock"), self.lock_timeout, began)

    def busy(self) -> Busy:
        """What who waited in vain is told."""
        return self._lock().busy()

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

    def cas(self, text: str, rev: str, *, force: bool = False, edits: Sequence[str] = ()) -> str | Lost:
        """Replaces the board by `text` if it still has revision `rev`; the new revision, or Lost. Needs the lock.
        `edits` are the texts by hand that were merged into it.

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
        try:
            self.history.begin(was, rev)
            self._sweep()
            made = self._put(raw, new, _Over(was, rev, tuple(edits), force))
        except OSError as error:
            raise _unwritable(self.real, error) from None
        if made is None:
            return Lost()
        self._file.put(raw, new, made)
        return new

    def _put(self, raw: bytes, new: str, over: _Over) -> os.stat_result | None:
        """The file that stands there now; None where what it was to replace isn't there. Raises OSError or
        BoardError where nothing was done."""
        temporary = self._aside.write(raw, self._replaceable())
        version = None
        try:
            made = os.stat(temporary)
            version = self.history.ahead(raw, over.raw, new, over.rev, over.edits)
            status = os.stat(self.real)
            is_as_read = self._file.read()[1] == over.rev
            if not is_as_read and not over.force:
                self._give_up(temporary, version)
                return None
            self._swap_in(temporary, over.rev, status if is_as_read else None)
        except (OSError, BoardError):
            self._give_up(temporary, version)
            raise
        self.history.arrived(version)
        return made

    def is_settled(self, rev: str) -> bool:
        """Is this revision ours, and has nobody written into what we replaced?"""
        return self.history.is_ours(rev) and not self.history.retired.changed()

    def adopt(self, snapshot: Snapshot, edits: Sequence[str] = ()) -> None:
        """What stands there, whoever wrote it, is the newest version, and holds these edits. Needs the lock."""
        self.history.adopt(snapshot.text.encode("utf-8"), snapshot.rev, edits)

    def taken_in(self, replaced: Replaced) -> None:
        """The board holds now what is in this file; only what else comes is an edit, and may begin there."""
        self.history.retired.renew(replaced, revision(replaced.raw))

    def set_aside(self, replaced: Replaced) -> Replaced:
        """Keeps a replaced file that holds no board among the edits, where nothing takes it away."""
        path = os.path.join(self.side, "edits", f"{os.path.basename(replaced.path)}.yaml")
        with suppress(OSError):
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            os.replace(replaced.path, path)
            return replaced._replace(path=path)
        return replaced

    def _swap_in(self, temporary: str, rev: str, status: os.stat_result | None) -> None:
        """What stands there is kept, as what it was with revision `rev`: seen as `status`, or already changed since.
        Raises OSError where nothing was done."""
        ready = self._aside.made_ready(temporary)
        self._is_synced = False
        if exchange(ready, self.real):
            self.history.retired.keep(ready, rev, status)
        else:
            self.history.retired.retire(self.real, rev, status)
            os.replace(ready, self.real)

    def _give_up(self, temporary: str, version: Version | None) -> None:
        """In this order: a version whose text isn't aside any more counts as one that came to be the board."""
        self.history.withdraw(version)
        self._aside.forget(temporary)

    def create(self, text: str) -> None:
        """A new board where there is none. Raises BoardError when there is one."""
        try:
            temporary = self._aside.write(text.encode("utf-8"), None)
            try:
                os.link(temporary, self.real)  # unlike rename, link never replaces
            finally:
                os.unlink(temporary)
        except FileExistsError:
            raise BoardError(f"{self.path} exists already", "board check") from None
        except OSError as error:
            raise _unwritable(self.real, error) from None
        fsync_folder(self.folder)

    def _replaceable(self) -> os.stat_result:
        """The file that is to be replaced. Raises BoardError where that would part it from another name."""
        status = os.stat(self.real)
        if status.st_nlink > 1 and status.st_nlink > 1 + self.history.retired.links_of(status):
            raise BoardError(
                f"{self.path} has {status.st_nlink} names (hard links), and replacing it would part them",
                "keep one name, or use a symlink",
            )
        return status

    def _sweep(self) -> None:
        """What dead writers left: a text that never became the board, or what the board was before it did."""
        with suppress(OSError):
            for left in self._aside.left():
                if self.history.withdraw_text(left.rev) or not left.may_be_replaced:
                    self._aside.forget(left.path)
                else:
                    is_known = self.history.find(left.rev) is not None
                    self.history.retired.keep(left.path, left.rev if is_known else UNKNOWN, os.stat(left.path))


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


def _unwritable(path: str, error: OSError) -> Unwritable:
    return Unwritable(f"can't write {path}: {why(error)}", "nothing was changed")
