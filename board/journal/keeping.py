"""How much is kept of logs that only grow: closed files are packed, the oldest deleted. Writes no record.

Theory of operation. A closed file is *sealed* first: under the exclusive lock, which no writer's look-and-write can
overlap (see `sink`), it loses its write permission, and writers go elsewhere. What is sealed never changes, so it can
be packed aside, synced and renamed to `NAME.gz` without haste, and only then removed: whoever is killed in between
leaves the plain file whole, and the next one begins again. One keeper a folder at a time.
"""

import fcntl
import os
import re
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Final, NamedTuple

from board.journal.events import Scalar
from board.journal.files import PACKED

# The names that `files.named` knows.
NAMES: Final = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:\.(?P<number>[1-9][0-9]{0,8}))?\.jsonl(?P<packed>\.gz)?"
)
ASIDE: Final = ".part"
_BLOCK: Final = 256 * 1024
_GZIP: Final = 31  # what zlib calls a gzip file with the largest window
_LEVEL: Final = 6
_UNWRITABLE: Final = ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)


class Limits(NamedTuple):
    """Bytes of all files, seconds since their last line, free bytes of the file system; 0 is no limit."""

    max_bytes: int = 64 * 1024 * 1024
    max_age: float = 90 * 86400.0
    free_bytes: int = 100 * 1024 * 1024


class Kept(NamedTuple):
    """What was done; `limit` is the first one for which something was deleted, `oldest` and `newest` what was."""

    packed_count: int = 0
    deleted_count: int = 0
    freed_bytes: int = 0
    limit: str | None = None
    oldest: str | None = None
    newest: str | None = None


class _File(NamedTuple):
    """`place` is its order among those of its `series`, the last of which is the open one."""

    series: str
    place: tuple[str, int]
    name: str
    forms: frozenset[bool]
    size: int
    written_at: float

    @property
    def order(self) -> tuple[str, float, int]:
        """Oldest first; of several series by their last line, because their numbers say nothing of each other."""
        return (self.place[0], self.written_at if self.series else 0.0, self.place[1])


def keep(folder: str, pattern: re.Pattern[str], limits: Limits, now: float) -> Kept | None:
    """Packs what is closed, then deletes the oldest beyond the limits; None where somebody else is at it.

    `pattern` has a group `packed` for the `.gz`, and of `series`, `day` and `number` those that the names have. The
    newest of each series is never touched, and the newest closed one not for the free disk's sake. What can't be
    done, on a full disk for instance, is left for the next time.
    """
    with alone(folder) as lock:
        if lock is None:
            return None
        sweep_aside(folder, pattern)
        packed = sum(_pack(folder, each, lock) for each in _closed(folder, pattern) if False in each.forms)
        return _deleted(folder, pattern, limits, now)._replace(packed_count=packed)


@contextmanager
def alone(folder: str) -> Iterator[int | None]:
    """The folder, in which nobody else packs, rewrites or deletes; None where somebody does, or there is none."""
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield None
        else:
            yield fd
    finally:
        os.close(fd)


# --- what is there


def _all(folder: str, pattern: re.Pattern[str]) -> list[_File]:
    found: dict[tuple[str, tuple[str, int]], _File] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            match = pattern.fullmatch(entry.name)
            with suppress(FileNotFoundError):
                if match is not None and entry.is_file(follow_symlinks=False):
                    file = _file(match, entry.stat(follow_symlinks=False))
                    other = found.get(file[:2])
                    found[file[:2]] = file if other is None else _both(file, other)
    return sorted(found.values())


def _file(match: re.Match[str], status: os.stat_result) -> _File:
    named = match.groupdict()
    is_packed = named.get("packed") is not None
    return _File(
        named.get("series") or "",
        (named.get("day") or "", int(named.get("number") or 1)),
        match[0].removesuffix(PACKED) if is_packed else match[0],
        frozenset((is_packed,)),
        status.st_size,
        status.st_mtime,
    )


def _both(one: _File, other: _File) -> _File:
    return one._replace(
        forms=one.forms | other.forms,
        size=one.size + other.size,
        written_at=max(one.written_at, other.written_at),
    )


def _closed(folder: str, pattern: re.Pattern[str]) -> list[_File]:
    """By series, then by place; behind each of them stands a later one."""
    there = _all(folder, pattern)
    return [file for file, later in pairwise(there) if file.series == later.series]


def sweep_aside(folder: str, pattern: re.Pattern[str]) -> None:
    """What somebody left who was killed while he rewrote a file; for who has the folder alone."""
    for name in os.listdir(folder):
        if name.endswith(ASIDE) and pattern.fullmatch(name.removesuffix(ASIDE)):
            with suppress(OSError):
                os.unlink(os.path.join(folder, name))


# --- sealing and packing


@contextmanager
def sealed(path: str) -> Iterator[int | None]:
    """The file, which nobody writes any more; None where somebody is writing right now, or it can't be sealed."""
    fd = None
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.fchmod(fd, stat.S_IMODE(os.fstat(fd).st_mode) & _UNWRITABLE)
        fcntl.flock(fd, fcntl.LOCK_UN)
        is_sealed = not os.fstat(fd).st_mode & stat.S_IWUSR
    except OSError:
        is_sealed = False
    try:
        yield fd if is_sealed else None
    finally:
        if fd is not None:
            os.close(fd)


def _pack(folder: str, file: _File, folder_fd: int) -> bool:
    path = os.path.join(folder, file.name)
    with sealed(path) as fd:
        if fd is None:
            return False
        status = os.fstat(fd)
        if not status.st_size:  # made too late by somebody slow, who then wrote elsewhere
            os.unlink(path)
            return False
        aside = path + PACKED + ASIDE
        try:
            _write_packed(fd, aside)
            os.utime(aside, ns=(status.st_atime_ns, status.st_mtime_ns))
            os.rename(aside, path + PACKED)
            os.fsync(folder_fd)
            os.unlink(path)
        except OSError:
            with suppress(OSError):
                os.unlink(aside)
            return False
        return True


def _write_packed(fd: int, path: str) -> None:
    """On return all of it is on the disk."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(out, "wb") as file:
        while block := os.read(fd, _BLOCK):
            file.write(packer.compress(block))
        file.write(packer.flush())
        file.flush()
        os.fsync(file.fileno())


# --- deleting


def _deleted(folder: str, pattern: re.Pattern[str], limits: Limits, now: float) -> Kept:
    closed = sorted(_closed(folder, pattern), key=lambda file: file.order)
    total = sum(file.size for file in _all(folder, pattern))
    short = _short_of(folder, limits.free_bytes)
    gone: list[_File] = []
    limit = None
    for place, file in enumerate(closed):
        freed = sum(each.size for each in gone)
        why = _why(file, limits, total - freed, now)
        if why is None and freed < short and place < len(closed) - 1:
            why = "free_bytes"
        if why is None:
            break
        if _delete(folder, file):
            limit = limit or why
            gone.append(file)
    names = [file.name for file in gone]
    return Kept(0, len(gone), sum(each.size for each in gone), limit, *((names[0], names[-1]) if names else ()))


def _why(file: _File, limits: Limits, total: int, now: float) -> str | None:
    if limits.max_bytes and total > limits.max_bytes:
        return "max_bytes"
    return "max_age" if limits.max_age and file.written_at < now - limits.max_age else None


def _short_of(folder: str, wanted: int) -> int:
    """How much more ought to be free."""
    disk = os.statvfs(folder)
    return max(0, wanted - disk.f_bavail * disk.f_frsize)


def _delete(folder: str, file: _File) -> bool:
    """Sealed first: who still had it open goes elsewhere, and who follows it knows that it is over."""
    path = os.path.join(folder, file.name)
    try:
        if False in file.forms:
            with sealed(path) as fd:
                if fd is None:
                    return False
                os.unlink(path)
        if True in file.forms:
            os.unlink(path + PACKED)
    except FileNotFoundError:
        return False
    except OSError:
        return False
    return True


# --- the journal's own


def keep_journal(folder: str, limits: Limits, now: float) -> Kept | None:
    return keep(folder, NAMES, limits, now)


def trimmed(kept: Kept) -> dict[str, Scalar]:
    """What the journal's `journal_trimmed` says."""
    return {name: value for name, value in kept._asdict().items() if name != "packed_count"}
