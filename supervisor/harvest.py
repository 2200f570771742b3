"""What a run left in its tree: its commits, the files that they change, what is not committed. It asks git, and changes
nothing; where git can't tell, there is just less to say.
"""

from __future__ import annotations

import os
from typing import Final, NamedTuple

from board import git, git_commits, git_refs
from board.done import counted
from board.errors import BoardError
from board.git_diff import File, numbers
from board.home import is_in_repository
from board.model import Board, Task
from supervisor.launch import Site

MOST_COMMITS: Final = 100
MOST_FILES: Final = 200


class Commit(NamedTuple):
    commit: str
    subject: str


class Harvest(NamedTuple):
    """`base` is where the work began: where its branch left the base, or where the tree stood at the run's start."""

    branch: str | None = None
    base: str | None = None
    commit: str | None = None
    commits: tuple[Commit, ...] = ()
    commits_count: int = 0
    files: tuple[File, ...] = ()
    files_count: int = 0
    uncommitted_count: int | None = None


def harvest(board: Board, task: Task, site: Site, folder: str) -> Harvest:
    """`folder` is the board's, where a branch is looked up whose tree is gone."""
    where = site.tree if os.path.isdir(site.tree) else folder
    if not is_in_repository(where):
        return Harvest()
    try:
        return _harvest(board, task, site, where)
    except (BoardError, OSError, ValueError):
        return Harvest(branch=site.branch)


def _harvest(board: Board, task: Task, site: Site, where: str) -> Harvest:
    tip = git.head(where) if site.branch is None else git_commits.tip(where, site.branch)
    if tip is None:
        return Harvest(branch=site.branch)
    base = _base(board, task, site, where, tip)
    left = _uncommitted(site) if where == site.tree else None
    if base is None:
        return Harvest(site.branch, None, tip, uncommitted_count=left)
    commits, files = git_commits.listed(where, base, tip, MOST_COMMITS), numbers(where, (base, tip))
    return Harvest(
        branch=site.branch,
        base=base,
        commit=tip,
        commits=tuple(Commit(*each) for each in commits),
        commits_count=git_refs.count(where, (tip,), (base,)),
        files=tuple(files[:MOST_FILES]),
        files_count=len(files),
        uncommitted_count=left,
    )


def _uncommitted(site: Site) -> int:
    """The board itself, where it lies in the tree, is nobody's work."""
    top = git.root(site.tree) or site.tree
    return len(counted(git.changes(site.tree), (os.path.relpath(site.board, os.path.realpath(top)),)))


def _base(board: Board, task: Task, site: Site, where: str, tip: str) -> str | None:
    began = task.run.head if task.run is not None else None
    began = git.resolve(where, began) if began else None
    if site.branch is None:
        return began
    others = tuple(git_refs.bases(where, board.settings.worktrees.base).values())
    left = git_refs.merge_base(where, tip, others) if others else None
    return began if left is None or left == tip else left
