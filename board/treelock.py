"""One at a time makes, parks or removes the trees of a repository: an advisory lock in the folder that they all share.

It knows no task and no tree.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Final

from board import git
from board.errors import BoardError

LOCK_NAME: Final = "crewboard-worktree.lock"


class WorktreeError(BoardError):
    """The tree can't be had as asked; nothing of anybody's was changed."""


class TreesBusy(WorktreeError):
    """Another one makes, parks or removes trees of this repository."""

    exit_code = 75


@contextlib.contextmanager
def held(top: str, patience: float) -> Iterator[int]:
    """An advisory lock that ends with its holder, which git's hooks don't inherit. Gives its descriptor.

    Waits up to `patience` seconds. Raises TreesBusy, WorktreeError, or GitError when git can't be asked.
    """
    from board import flock

    path = os.path.join(git.common_dir(top), LOCK_NAME)
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise WorktreeError(f"can't open {path}: {error.strerror}", "make it writable for you") from error
    try:
        if not flock.is_taken(lock, patience):
            raise TreesBusy(f"{path} is held by another for {patience:g} s", "try again")
        yield lock
    finally:
        os.close(lock)
