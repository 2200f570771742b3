"""Which commit a task's new branch starts from: asked of origin first, and with a word on whatever had to do instead.

It makes no branch, and needs the lock on the repository's trees, whose file remembers the last question.
"""

from __future__ import annotations

import os
import time
from typing import Final, NamedTuple

from board import git, git_making
from board.treelock import WorktreeError

FETCH_TIMEOUT: Final = 10.0
FETCH_FRESH: Final = 30.0  # seconds in which trees made one after another share one fetch
_ORIGINS: Final = "origin/HEAD"
_REMEMBERED: Final = 2000  # characters


class Start(NamedTuple):
    commit: str
    warnings: tuple[str, ...] = ()


def start_of(top: str, wanted: str, lock: int) -> Start:
    """Raises WorktreeError in a repository without a commit."""
    has_origin = "origin" in git.remotes(top)
    problem = _fetch(top, lock) if has_origin else ""
    warnings = [f"could not fetch, the base may be old: {problem}"] if problem else []
    if has_origin and not problem:
        _learn_head(top)
    for name in (wanted, *_instead(top)):
        commit = git.resolve(top, name)
        if commit is not None:
            if name != wanted and (has_origin or wanted != _ORIGINS):
                warnings.append(f"there is no {wanted}; started from {_short(name)}")
            return Start(commit, tuple(warnings))
    remedy = f'make a first one: `git -C {top} commit --allow-empty -m "Start"`'
    raise WorktreeError(f"{top} has no commit yet to start {wanted} from", remedy)


def _instead(top: str) -> list[str]:
    """origin's main branch, else our own, else what is checked out."""
    default = git.default_branch(top)
    named = [f"refs/remotes/origin/{default}", f"refs/heads/{default}"] if default else []
    return [*named, "HEAD"]


def _short(name: str) -> str:
    return name.removeprefix("refs/remotes/").removeprefix("refs/heads/")


def _learn_head(top: str) -> None:
    """`git clone` writes down what origin's HEAD is, `git remote add` doesn't."""
    if git.resolve(top, "refs/remotes/origin/HEAD") is None:
        try:
            git_making.learn_origin_head(top, FETCH_TIMEOUT)
        except git.GitError:
            return  # origin has none, or won't say: the usual names will do


def _fetch(top: str, lock: int) -> str:
    """Why not, "" when it was fetched. The lock's file remembers when that was tried last and how it went, so that
    twelve trees offline don't wait twelve times."""
    last = os.fstat(lock)
    if last.st_size and 0 <= time.time() - last.st_mtime < FETCH_FRESH:
        return os.pread(lock, 4 * _REMEMBERED, 0).decode("utf-8", "replace").rstrip("\n")
    problem = ""
    try:
        git.fetch(top, FETCH_TIMEOUT)
    except git.GitError as error:
        problem = error.message
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{problem[:_REMEMBERED]}\n".encode("utf-8", "replace"), 0)
    return problem
