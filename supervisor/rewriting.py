"""A file's new text in its place: aside, synced, renamed, so that whoever looks finds the old one or the new one whole.

It knows nothing of what is in a file, and takes no lock.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import zlib
from collections.abc import Iterable
from contextlib import suppress
from typing import BinaryIO, NamedTuple

from board.journal.files import PACKED
from board.journal.keeping import ASIDE

_GZIP = 31  # what zlib calls a gzip file with the largest window
_LEVEL = 6


class Seen(NamedTuple):
    """A file as it was: another one has its name, or more stands in it, where two of these differ."""

    inode: int
    size: int
    written_ns: int


def seen(status: os.stat_result) -> Seen:
    return Seen(status.st_ino, status.st_size, status.st_mtime_ns)


def write_aside(path: str, pieces: Iterable[bytes], like: os.stat_result, *, is_whole: bool = True) -> str:
    """Where it was written, synced, with the owner and the times of `like`, and its mode; packed for a `path` that
    says so. Without `is_whole` the owner may write it, whatever `like` says. Raises OSError; nothing is left then."""
    aside = path + ASIDE
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        with open(os.open(aside, flags, 0o600), "wb") as file:
            _fill(file, pieces, is_packed=path.endswith(PACKED))
            file.flush()
            _make_alike(file.fileno(), like, 0 if is_whole else stat.S_IWUSR)
            os.fsync(file.fileno())
    except BaseException:
        drop(aside)
        raise
    return aside


def _fill(file: BinaryIO, pieces: Iterable[bytes], *, is_packed: bool) -> None:
    if not is_packed:
        file.writelines(pieces)
        return
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    for piece in pieces:
        file.write(packer.compress(piece))
    file.write(packer.flush())


def _make_alike(fd: int, like: os.stat_result, more: int) -> None:
    mine = os.fstat(fd)
    if (mine.st_uid, mine.st_gid) != (like.st_uid, like.st_gid):
        with suppress(PermissionError):
            os.fchown(fd, like.st_uid, like.st_gid)
    os.fchmod(fd, stat.S_IMODE(like.st_mode) | more)
    os.utime(fd, ns=(like.st_atime_ns, like.st_mtime_ns))


def put_in_place(aside: str, path: str, folder_fd: int) -> None:
    """On return the name is on the disk. Raises OSError."""
    os.rename(aside, path)
    os.fsync(folder_fd)


def drop(aside: str) -> None:
    with suppress(OSError):
        os.unlink(aside)


def is_open_elsewhere(fd: int) -> bool | None:
    """Does any other descriptor, of whatever process, lead to this file? The kernel grants a lease only if none does.
    None where it can't be asked: no Linux, a foreign file, or a file system that knows no leases."""
    if not hasattr(fcntl, "F_SETLEASE"):
        return None
    try:
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)  # who opens it just now: by default a word that nobody hears
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    with suppress(OSError):
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False
