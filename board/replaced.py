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

_KEEP: Final = 4  # so many whatever their age,
_KEEP_FOR: Final = 5.0  # seconds, and those that are younger,
_KEEP_AT_MOST: Final = 24  # but no more than these
_KEEP_BYTES: Final = 32 * 1024 * 1024  # and about so many bytes
_TICK: Final = 20_000_000  # nanoseconds; the longest tick in use is 10 ms
_MARK: Final = 777  # the last digits of a stamp of ours, in nanoseconds: clocks that count so finely are in ticks


def stamp() -> int:
    """Now, in nanoseconds of the epoch, as the time of change of a file that we wrote."""
    return time.time_ns() // 1000 * 1000 + _MARK


def is_stamped(changed_ns: int) -> bool:
    """Was it us who changed the file last?"""
    return changed_ns % 1000 == _MARK


class Replaced(NamedTuple):
    """A file that was changed after we had replaced it: what it holds now, and the revision that it had."""

    path: str
    raw: bytes
    rev: str
    changed_ns: int
    read_ns: int


class Retired:
    """The hard links in one folder. `retire` and `forget` are for who holds the board's lock."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._sure: set[str] = set()  # names whose files were read when a change would have shown in their stamp

    def retire(self, path: str, rev: str, seen: os.stat_result) -> None:
        """Links the file that is about to be replaced; `seen` is its state when it was read and had revision `rev`."""
        now = time.time_ns()
        name = _named(now, rev, seen.st_mtime_ns, seen.st_size)
        with suppress(OSError):
            try:
                os.link(path, f"{self.folder}/{name}")
            except FileNotFoundError:
                os.makedirs(self.folder, 0o700, exist_ok=True)
                os.link(path, f"{self.folder}/{name}")
        self._drop_old(now, seen.st_size)

    def keep(self, path: str, rev: str, seen: os.stat_result) -> None:
        """The same for a file that has changed names with the new one, and is ours to move."""
        now = time.time_ns()
        target = f"{self.folder}/{_named(now, rev, seen.st_mtime_ns, seen.st_size)}"
        with suppress(OSError):
            try:
                os.rename(path, target)
            except FileNotFoundError:
                os.makedirs(self.folder, 0o700, exist_ok=True)
                os.rename(path, target)
        self._drop_old(now, seen.st_size)

    def links_of(self, status: os.stat_result) -> int:
        """How many of this file's names are ours: one for each death between the link and the rename."""
        count = 0
        for name in self._names():
            with suppress(OSError):
                there = os.stat(f"{self.folder}/{name}")
                count += (there.st_dev, there.st_ino) == (status.st_dev, status.st_ino)
        return count

    def changed(self) -> list[Replaced]:
        """Oldest first."""
        from board.store import revision

        found = []
        for name in self._names():
            path = f"{self.folder}/{name}"
            now = time.time_ns()
            try:
                retired_ns, rev, changed_ns, size = _parts(name)
                status = os.stat(path)
                as_it_was = (status.st_mtime_ns, status.st_size) == (changed_ns, size)
                if as_it_was and (_is_sure(retired_ns, changed_ns) or name in self._sure):
                    continue
                with open(path, "rb") as file:
                    raw = file.read()
            except OSError:
                continue
            if revision(raw) != rev:
                found.append(Replaced(path, raw, rev, status.st_mtime_ns, now))
            elif now - status.st_mtime_ns > _TICK:
                self._sure.add(name)
        return found

    def renew(self, replaced: Replaced, rev: str) -> None:
        """The file's text was taken in: from now on only a further change counts."""
        with suppress(OSError):
            name = _named(replaced.read_ns, rev, replaced.changed_ns, len(replaced.raw))
            os.rename(replaced.path, f"{self.folder}/{name}")

    def forget(self, path: str) -> None:
        with suppress(OSError):
            os.unlink(path)

    def _drop_old(self, now: int, size: int) -> None:
        names = self._names()
        most = min(_KEEP_AT_MOST, max(1, _KEEP_BYTES // max(1, size)))
        for place, name in enumerate(names):
            left = len(names) - place
            if left <= min(_KEEP, most) or (left <= most and now - int(name.split(".")[0]) < _KEEP_FOR * 1e9):
                return
            self._sure.discard(name)
            self.forget(f"{self.folder}/{name}")

    def _names(self) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self.folder) if _is_a_name(name))
        except OSError:
            return []


def _is_sure(retired_ns: int, changed_ns: int) -> bool:
    """Would any change since have another stamp?"""
    return is_stamped(changed_ns) or retired_ns - changed_ns > _TICK


def _is_a_name(name: str) -> bool:
    parts = name.split(".")
    return len(parts) == 4 and all(part.isdecimal() for part in (parts[0], *parts[2:]))


def _named(retired_ns: int, rev: str, changed_ns: int, size: int) -> str:
    return f"{retired_ns}.{rev}.{changed_ns}.{size}"


def _parts(name: str) -> tuple[int, str, int, int]:
    retired_ns, rev, changed_ns, size = name.split(".")
    return int(retired_ns), rev, int(changed_ns), int(size)
