"""The files of the board's versions: each named by its number and the revision of its text, and holding the text itself
or how it differs from another version. Which of them stood on disk, and which is the newest, `history` knows.

Whatever is read is checked against the revision in its name, and what doesn't fit was never there. A file that is there
and can't be read is an error: BoardError.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from board.delta import Delta, read_delta
from board.errors import BoardError
from board.reading import revision, why

CHAIN: Final = 64  # a version of this distance to the last full one is full as well
_GONE: Final = (errno.ENOENT, errno.ENOTDIR)
_NAME: Final = re.compile(r"([0-9]{8,})\.([0-9a-f]{32})\.(full|delta|note)")


class Version(NamedTuple):
    """A version that we wrote; `name` is its file's."""

    number: int
    rev: str
    is_full: bool
    name: str

    @property
    def is_note(self) -> bool:
        """A text that went into the version of this number, and never stood alone."""
        return self.name.endswith("note")


class Versions:
    def __init__(self, folder: str) -> None:
        self.folder = folder

    def keep(self, number: int, rev: str, kind: str, body: bytes) -> Version | None:
        """None where it can't be written."""
        name = f"{number:08d}.{rev}.{kind}"
        try:
            try:
                write(f"{self.folder}/{name}", body)
            except FileNotFoundError:
                os.makedirs(self.folder, 0o700, exist_ok=True)
                write(f"{self.folder}/{name}", body)
        except OSError:
            self._forget(name)
            return None
        return Version(number, rev, kind == "full", name)

    def forget(self, version: Version | None) -> None:
        if version is not None:
            self._forget(version.name)

    def _forget(self, name: str) -> None:
        with suppress(OSError):
            os.unlink(f"{self.folder}/{name}")

    def listed(self) -> list[Version]:
        """Oldest first, by their names alone."""
        try:
            names = os.listdir(self.folder)
        except OSError as error:
            if error.errno not in _GONE:
                raise _unreadable(self.folder, error) from None
            return []
        found = ((match, name) for name in names if (match := _NAME.fullmatch(name)))
        return sorted(Version(int(match[1]), match[2], match[3] == "full", name) for match, name in found)

    def written_at(self, version: Version) -> float:
        """Epoch seconds; 0 where the file is gone."""
        try:
            return os.stat(f"{self.folder}/{version.name}").st_mtime
        except OSError:
            return 0.0

    def named(self, number: int, rev: str) -> Version | None:
        for kind in ("delta", "full"):
            name = f"{number:08d}.{rev}.{kind}"
            if is_there(f"{self.folder}/{name}"):
                return Version(number, rev, kind == "full", name)
        return None

    def load(self, version: Version) -> bytes | None:
        """Its text; None where any part of it is missing or damaged."""
        parts: list[Delta] = []
        name = version.name
        while (found := _NAME.fullmatch(name)) and len(parts) <= 2 * CHAIN:
            body = read(f"{self.folder}/{name}")
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

    def walk(self, versions: Sequence[Version]) -> Iterator[tuple[Version, bytes, Delta | None]]:
        """Every readable one of these, which come oldest first: the newest chain first and each chain from its full
        text on, with what it changed in the one before it; None where that is another one than was given last."""
        chains: list[list[Version]] = []
        for version in versions:
            if version.is_full or not chains:
                chains.append([])
            chains[-1].append(version)
        for chain in reversed(chains):
            yield from self._chain(chain)

    def _chain(self, chain: list[Version]) -> Iterator[tuple[Version, bytes, Delta | None]]:
        name, text = "", b""
        for version in sorted(chain, key=lambda version: version.is_note):
            body = read(f"{self.folder}/{version.name}")
            if body is None:
                continue
            delta = read_delta(body) if version.name.endswith("delta") else None
            if delta is not None and delta.parent == name:
                name, text = version.name, delta.applied(text)
                yield version, text, delta
            elif delta is None and revision(body) == version.rev:
                name, text = version.name, body
                yield version, text, None


def write(path: str, body: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        if os.write(fd, body) < len(body):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(fd)


def read(path: str) -> bytes | None:
    """None where there is no such file."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        if error.errno not in _GONE:
            raise _unreadable(path, error) from None
        return None


def is_there(path: str) -> bool:
    try:
        os.stat(path)
    except OSError as error:
        if error.errno not in _GONE:
            raise _unreadable(path, error) from None
        return False
    return True


def size_of(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _unreadable(path: str, error: OSError) -> BoardError:
    return BoardError(
        f"can't read {path}: {why(error)}", "try again; it is a copy, and may be deleted when it is damaged"
    )
