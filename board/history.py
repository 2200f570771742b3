"""The last versions of the board that we wrote, under `.board/history/`: derived, bounded, safe to delete.

A version's name is its place in the order; losing one loses no board, and a crash may leave the last one cut.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import Final

KEEP: Final = 50
_NAME: Final = re.compile(r"[0-9]{8}\.yaml")


class History:
    def __init__(self, folder: str) -> None:
        self.folder = folder

    def keep(self, raw: bytes) -> None:
        """Remembers `raw` as the newest version and drops the oldest over `KEEP`. Never raises: it is a copy."""
        with suppress(OSError):
            os.makedirs(self.folder, 0o700, exist_ok=True)
            names = self.names()
            number = int(names[-1][:8]) + 1 if names else 1
            path = os.path.join(self.folder, f"{number:08d}.yaml")
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(raw)
            for name in names[: max(0, len(names) + 1 - KEEP)]:
                os.unlink(os.path.join(self.folder, name))

    def names(self) -> list[str]:
        """Oldest first."""
        try:
            return sorted(name for name in os.listdir(self.folder) if _NAME.fullmatch(name))
        except OSError:
            return []

    def newest(self, longer_than: int) -> bytes | None:
        """The newest version, if it is longer than so many bytes; None otherwise, and where there is none."""
        try:
            path = os.path.join(self.folder, self.names()[-1])
            if os.stat(path).st_size <= longer_than:
                return None
            with open(path, "rb") as file:
                return file.read()
        except (OSError, IndexError):
            return None
