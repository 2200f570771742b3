"""What our renames replaced, kept for a moment as hard links: an editor may still be writing into it.

Theory of operation. An editor that saves in place opens the board's file and writes; if we put a new file under that
name in between, its words go into a file without a name. So what we replace gets a name in `.board/history/replaced/`
(by an exchange of names, or where there is none by a hard link just before), which tells the revision, size and time of
change that it had. Where these differ later, somebody wrote into it or had put another file there, and the board's next
reader finds that text.

Kernels stamp a change with the tick of their clock, some milliseconds long (inode(7)), so two changes can bear one
stamp. A file that we write gets a stamp that no kernel gives, by its last digits, which any change takes away; one that
somebody else wrote, and that was replaced within moments of that, is read and compared instead of being believed.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import Final, NamedTuple

from board.reading import revision
from board.stamps import is_stamped

_KEEP: Final = 4  # so many whatever their age,
_KEEP_FOR: Final = 5.0  # seconds, and those that are younger,
_KEEP_AT_MOST: Final = 24  # but no more than these
_KEEP_BYTES: Final = 32 * 1024 * 1024  # and about so many bytes
UNKNOWN: Final = "0" * 32  # the revision of a file of which nobody knows what it held
_TICK: Final = 20_000_000  # nanoseconds; the longest tick in use is 10 ms


class Replaced(NamedTuple):
    """A file that was changed after we had replaced it: what it holds now, and the revision that it had."""

    path: str
    raw: bytes
    rev: str
    changed_ns: int
    read_ns: int


class _Name(NamedTuple):
    """What the name of a replaced file says: when it was replaced, and what it was then."""

    retired_ns: int
    rev: str
    changed_ns: int
    size: int
    name: str


class Retired:
    """The hard links in one folder. `retire` and `forget` are for who holds the board's lock."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._sure: set[str] = set()  # names whose files were read when a change would have shown in their stamp

    def retire(self, path: str, rev: str, seen: os.stat_result | None) -> None:
        """Links the file that is about to be replaced; `seen` is its state when it was read and had revision `rev`,
        None where that isn't known."""
        name = _name_of(rev, seen)
        with suppress(OSError):
            try:
                os.link(path, f"{self.folder}/{name}")
            except FileNotFoundError:
                os.makedirs(self.folder, 0o700, exist_ok=True)
                os.link(path, f"{self.folder}/{name}")

    def keep(self, path: str, rev: str, seen: os.stat_result | None) -> None:
        """The same for a file that has changed names with the new one, and is ours to move. Where it can't be kept, it
        goes, unless it holds what nobody else does."""
        target = f"{self.folder}/{_name_of(rev, seen)}"
        try:
            try:
                os.rename(path, target)
            except FileNotFoundError:
                os.makedirs(self.folder, 0o700, exist_ok=True)
                os.rename(path, target)
        except OSError:
            if rev != UNKNOWN and _revision_at(path) == rev:
                self.forget(path)

    def links_of(self, status: os.stat_result) -> int:
        """How many of this file's names are ours: one for each death between the link and the rename."""
        count = 0
        for one in self._names():
            with suppress(OSError):
                there = os.stat(f"{self.folder}/{one.name}")
                count += (there.st_dev, there.st_ino) == (status.st_dev, status.st_ino)
        return count

    def changed(self) -> list[Replaced]:
        """Oldest first."""
        found = []
        for one in self._names():
            path = f"{self.folder}/{one.name}"
            now = time.time_ns()
            try:
                status = os.stat(path)
                as_it_was = (status.st_mtime_ns, status.st_size) == (one.changed_ns, one.size)
                if as_it_was and (_is_sure(one.retired_ns, one.changed_ns) or one.name in self._sure):
                    continue
                with open(path, "rb") as file:
                    raw = file.read()
            except OSError:
                continue
            if revision(raw) != one.rev:
                found.append(Replaced(path, raw, one.rev, status.st_mtime_ns, now))
            elif now - status.st_mtime_ns > _TICK:
                self._sure.add(one.name)
        return found

    def renew(self, replaced: Replaced, rev: str) -> None:
        """The file's text was taken in: from now on only a further change counts."""
        with suppress(OSError):
            name = _named(replaced.read_ns, rev, replaced.changed_ns, len(replaced.raw))
            os.rename(replaced.path, f"{self.folder}/{name}")

    def forget(self, path: str) -> None:
        with suppress(OSError):
            os.unlink(path)

    def tidy(self) -> None:
        """Takes away what is too old or too much; for anybody."""
        now, names = time.time_ns(), self._names()
        most = min(_KEEP_AT_MOST, max(1, _KEEP_BYTES // max(1, names[-1].size))) if names else 0
        for place, one in enumerate(names):
            left = len(names) - place
            if left <= min(_KEEP, most) or (left <= most and now - one.retired_ns < _KEEP_FOR * 1e9):
                return
            self._sure.discard(one.name)
            self.forget(f"{self.folder}/{one.name}")

    def _names(self) -> list[_Name]:
        """Oldest first."""
        try:
            return sorted(filter(None, map(_named_so, os.listdir(self.folder))))
        except OSError:
            return []


def _revision_at(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            return revision(file.read())
    except OSError:
        return None


def _is_sure(retired_ns: int, changed_ns: int) -> bool:
    """Would any change since have another stamp?"""
    return is_stamped(changed_ns) or retired_ns - changed_ns > _TICK


def _named_so(name: str) -> _Name | None:
    parts = name.split(".")
    try:
        retired_ns, rev, changed_ns, size = parts
        return _Name(int(retired_ns), rev, int(changed_ns), int(size), name)
    except ValueError:
        return None


def _name_of(rev: str, seen: os.stat_result | None) -> str:
    """Without its state it is never believed unread: no file has this time of change."""
    changed_ns, size = (seen.st_mtime_ns, seen.st_size) if seen is not None else (0, 0)
    return _named(time.time_ns(), rev, changed_ns, size)


def _named(retired_ns: int, rev: str, changed_ns: int, size: int) -> str:
    return f"{retired_ns}.{rev}.{changed_ns}.{size}"
