"""The versions of the board that we wrote, under `.board/history/`: derived, bounded, safe to delete at any time.

Theory of operation. A version is a file named by its number and the revision of its text, and holds the text itself or
how it differs from the version before: a board of five megabytes costs a few hundred bytes a change. Whatever is read
is checked against the revision in its name, and what doesn't fit was never there.

A version is kept before its text becomes the board (`ahead`); `head` names the one that did (`arrived`). So a board
whose revision is neither the head's nor that of a newer version was written by somebody else. Where all of it is gone,
there is nothing to compare with, and what stands there is taken as it is (`adopt`). Where a version or the head can't
be written, the board still is: then our own text may be taken for a hand edit, which costs a merge and loses nothing.
Writing is for who holds the board's lock; anybody may ask.

What a rename of ours took away stands in `replaced/`, see the module of that name.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, NamedTuple

from board.delta import Delta, make_delta, read_delta
from board.reading import revision
from board.replaced import Retired

KEEP: Final = 1000  # versions
KEEP_BYTES: Final = 64 * 1024 * 1024
_CHAIN: Final = 64  # a version of this distance to the last full one is full as well
_NAME: Final = re.compile(r"([0-9]{8,})\.([0-9a-f]{32})\.(full|delta|note)")


class Version(NamedTuple):
    """A version that we wrote; `name` is its file's."""

    number: int
    rev: str
    is_full: bool
    name: str


class Head(NamedTuple):
    """The version that was put in place last."""

    number: int
    rev: str


class History:
    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.retired = Retired(os.path.join(folder, "replaced"))

    # --- writing: never raises, since it is a copy

    def ahead(self, raw: bytes, was: bytes, rev: str, rev_was: str) -> Version | None:
        """Keeps `raw`, which is to take the place of `was`; None where that can't be done."""
        head = self.head()
        number = head.number + 1 if head is not None else self._last() + 1
        parent = self._named(head.number, rev_was) if head is not None and head.rev == rev_was else None
        delta = make_delta(parent.name, was, raw) if parent is not None and number % _CHAIN else None
        if delta is None or len(delta) * 3 > len(raw):
            return self._keep(number, rev, "full", raw)
        return self._keep(number, rev, "delta", delta)

    def arrived(self, version: Version | None) -> None:
        """`version` stands on disk now. A head that can't be written is taken away, since it would lie."""
        path = f"{self.folder}/head"
        try:
            if version is None:
                os.unlink(path)
                return
            # One write of always as many bytes: a head that is torn all the same is none, and the versions tell.
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.pwrite(fd, f"{version.number:012d} {version.rev}\n".encode(), 0)
            finally:
                os.close(fd)
        except OSError:
            with suppress(OSError):
                os.unlink(path)
            return
        if not version.number % _CHAIN:
            self._prune()

    def adopt(self, raw: bytes, rev: str) -> None:
        """What stands on disk, whoever wrote it, is the board: nothing of ours is missing in it."""
        head = self.head()
        if head is not None and head.rev == rev:
            return
        number = head.number + 1 if head is not None else self._last() + 1
        self.arrived(self._keep(number, rev, "full", raw))

    def begin(self, raw: bytes, rev: str) -> None:
        """What a first write of ours replaces is a version, too: an editor may have it open already."""
        if not os.path.exists(f"{self.folder}/head") and self.head() is None:
            self.adopt(raw, rev)

    def note(self, raw: bytes, rev: str) -> None:
        """An edit as it was made, before it was merged: its author may go on from there."""
        head = self.head()
        self._keep(head.number if head is not None else 0, rev, "note", raw)

    def edited_ns(self) -> int:
        """When the newest edit was saved that the board has."""
        try:
            return int(_read(f"{self.folder}/edited") or 0)
        except ValueError:
            return 0

    def edited(self, at_ns: int) -> None:
        with suppress(OSError):
            _write(f"{self.folder}/edited", str(at_ns).encode())

    def forget(self, version: Version | None) -> None:
        """A version that never came to stand on disk."""
        if version is not None:
            with suppress(OSError):
                os.unlink(f"{self.folder}/{version.name}")

    def _keep(self, number: int, rev: str, kind: str, body: bytes) -> Version | None:
        name = f"{number:08d}.{rev}.{kind}"
        try:
            try:
                _write(f"{self.folder}/{name}", body)
            except FileNotFoundError:
                os.makedirs(self.folder, 0o700, exist_ok=True)
                _write(f"{self.folder}/{name}", body)
        except OSError:
            return None
        return Version(number, rev, kind == "full", name)

    def _prune(self) -> None:
        """Whole chains go, the oldest first: a version without the one that it differs from can't be read."""
        kept = list(reversed(self.versions()))
        size = 0
        for count, version in enumerate(kept, 1):
            size += _size(f"{self.folder}/{version.name}")
            if version.is_full and (count >= KEEP or size >= KEEP_BYTES):
                for old in kept[count:]:
                    self.forget(old)
                return

    # --- reading

    def head(self) -> Head | None:
        """Where its file is gone, the newest version: a stale save must not pass for the newest board then."""
        try:
            with open(f"{self.folder}/head", encoding="ascii") as file:
                number, rev = file.read(100).split()
            return Head(int(number), rev)
        except (OSError, ValueError):
            versions = self.versions()
            return Head(versions[-1].number, versions[-1].rev) if versions else None

    def is_ours(self, rev: str) -> bool:
        """Is a board of this revision one that we put in place, or were about to when we died?"""
        head = self.head()
        if head is None or head.rev == rev:
            return True
        return any(version.rev == rev and version.number > head.number for version in self.versions())

    def versions(self) -> list[Version]:
        """Oldest first."""
        try:
            names = os.listdir(self.folder)
        except OSError:
            return []
        found = ((match, name) for name in names if (match := _NAME.fullmatch(name)))
        return sorted(Version(int(match[1]), match[2], match[3] == "full", name) for match, name in found)

    def written_at(self, version: Version) -> float:
        """Epoch seconds; 0 where the file is gone."""
        try:
            return os.stat(f"{self.folder}/{version.name}").st_mtime
        except OSError:
            return 0.0

    def find(self, rev: str) -> tuple[Version, bytes] | None:
        """The newest version with this revision, and its text."""
        for version in reversed(self.versions()):
            raw = self.load(version) if version.rev == rev else None
            if raw is not None:
                return version, raw
        return None

    def newest(self) -> bytes | None:
        """The text that we put in place last, as far as it can still be read. Where one of us died between the version
        and the head, nobody knows whether it came to stand there; that it did is what may be relied on already."""
        head = self.head()
        if head is None:
            return None
        beyond = [one for one in self.versions() if one.number > head.number and not one.name.endswith("note")]
        version = beyond[-1] if beyond else self._named(head.number, head.rev)
        return self.load(version) if version is not None else None

    def load(self, version: Version) -> bytes | None:
        """Its text; None where any part of it is missing or damaged."""
        parts: list[Delta] = []
        name = version.name
        while (found := _NAME.fullmatch(name)) and len(parts) <= 2 * _CHAIN:
            body = _read(f"{self.folder}/{name}")
            if body is None:
                return None
            if found[3] != "delta":
                for part in reversed(parts):
                    body = part.applied(body)
                return body if revision(body) == version.rev else None
            delta = read_delta(body)
            if delta is None:
                return None
            parts.append(delta)
            name = delta.parent
        return None

    def walk(self) -> Iterator[tuple[Version, bytes, Delta | None]]:
        """Every readable version, the newest chain first and each chain from its full text on, with what it changed
        in the one before it; None where that is another one than was given last."""
        chains: list[list[Version]] = []
        for version in self.versions():
            if version.is_full or not chains:
                chains.append([])
            chains[-1].append(version)
        for chain in reversed(chains):
            yield from self._chain(chain)

    def _chain(self, chain: list[Version]) -> Iterator[tuple[Version, bytes, Delta | None]]:
        name, text = "", b""
        for version in sorted(chain, key=lambda version: version.name.endswith("note")):
            body = _read(f"{self.folder}/{version.name}")
            if body is None:
                continue
            delta = read_delta(body) if version.name.endswith("delta") else None
            if delta is not None and delta.parent == name:
                name, text = version.name, delta.applied(text)
                yield version, text, delta
            elif delta is None and revision(body) == version.rev:
                name, text = version.name, body
                yield version, text, None

    def _named(self, number: int, rev: str) -> Version | None:
        for kind in ("delta", "full"):
            name = f"{number:08d}.{rev}.{kind}"
            if os.path.exists(f"{self.folder}/{name}"):
                return Version(number, rev, kind == "full", name)
        return None

    def _last(self) -> int:
        return max((version.number for version in self.versions()), default=0)


def _write(path: str, body: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        if os.write(fd, body) < len(body):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(fd)


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
