"""Where a task's work lies: its worktree when there is one, else the board's folder. Changes nothing there."""

from __future__ import annotations

import os

from board.errors import BoardError
from board.model import Board, Task


def tree_of(board: Board, task: Task, folder: str) -> str:
    settings = board.settings.worktrees
    if not settings.enabled or task.record.get("worktree") is False or not is_in_repository(folder):
        return folder
    from board import worktree

    try:
        path = worktree.place(worktree.main_top(folder), settings.root, task.id)
    except BoardError:
        return folder
    return path if os.path.isdir(path) else folder


def is_in_repository(folder: str) -> bool:
    """Is there a `.git` here or above? Told without starting git."""
    at = os.path.realpath(folder)
    while not os.path.exists(os.path.join(at, ".git")):
        parent = os.path.dirname(at)
        if parent == at:
            return False
        at = parent
    return True


def head_of(tree: str) -> str | None:
    """The commit that the tree stands at; None outside of a repository, or when git can't tell."""
    if not is_in_repository(tree):
        return None
    from board import git

    try:
        return git.head(tree)
    except BoardError:
        return None
