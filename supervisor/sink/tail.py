"""A worker's log read back: all of it, and what is appended later, also when it is put aside for a new one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from supervisor.sink.outlog import Entry, entry


def entries(path: str) -> Iterator[Entry]:
    """All lines of a file that may be missing."""
    tail = Tail(path)
    try:
        yield from tail.read()
    finally:
        tail.close()


class Tail:
    def __init__(self, path: str) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._rest = b""
        self._open()

    @property
    def exists(self) -> bool:
        return self._file is not None

    def read(self) -> Iterator[Entry]:
        """Lines since the last time, but for one that has no end yet."""
        if self._file is None:
            self._open()
        while self._file is not None:
            yield from self._more(self._file)
            if self._is_current(self._file):
                return
            yield from self._more(self._file)  # what was written while we looked which one is the current one
            self.close()
            self._open()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _more(self, file: BinaryIO) -> Iterator[Entry]:
        for raw in file:
            line, self._rest = self._rest + raw, b""
            if not line.endswith(b"\n"):
                self._rest = line
                return
            yield entry(line[:-1].decode("utf-8", "replace"))

    def _open(self) -> None:
        with suppress(OSError):
            self._file = open(self._path, "rb")  # noqa: SIM115 - it stays open

    def _is_current(self, file: BinaryIO) -> bool:
        """A log that is gone is current until there is another one."""
        try:
            there, ours = os.stat(self._path), os.fstat(file.fileno())
        except OSError:
            return True
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
