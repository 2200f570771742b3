"""A task's own temporary folder: where it is, and making it, for nobody else to read or write. It removes nothing.

It may be removed at any time by whoever clears old temporary files: it is made again before the next start.
"""

from __future__ import annotations

import os
import stat
from typing import Final

from board.errors import BoardError

_LONGEST: Final = 20  # characters of the task's id: sockets are made in here, and their paths have room for a hundred


def place(board_file: str, task: str) -> str:
    """The same for one task of one board, short, and another one for each."""
    import hashlib

    name = hashlib.blake2b(f"{os.path.realpath(board_file)}\0{task}".encode("utf-8", "surrogateescape"), digest_size=4)
    return os.path.join(_ours(), f"{task[:_LONGEST].strip('-')}-{name.hexdigest()}")


def is_there(path: str) -> bool:
    """Made by us, and closed to everybody else?"""
    return all(_is_private(each) for each in (os.path.dirname(path), path))


def make(path: str) -> None:
    """Twice is harmless. Raises BoardError where somebody else was there first, or it can't be made."""
    for each in (os.path.dirname(path), path):
        try:
            os.mkdir(each, 0o700)
        except FileExistsError:
            pass
        except OSError as error:
            raise BoardError(f"can't make the temporary folder {each}: {error.strerror}", "set TMPDIR") from error
        if not _is_private(each):
            raise BoardError(f"{each} is there, and not a private folder of yours", "set TMPDIR to a folder of yours")


def _ours() -> str:
    return os.path.join(os.environ.get("TMPDIR") or "/tmp", f"crewboard-{os.getuid()}")  # noqa: S108 - checked


def _is_private(path: str) -> bool:
    try:
        seen = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.getuid() and not seen.st_mode & 0o077
