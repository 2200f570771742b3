"""Where a task's work lies, and what done means there: its worktree, else the board's folder. Changes nothing there.

git itself is asked only where there is a `.git`: most commands on a board without one pay nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from board.errors import BoardError
from board.model import Board, Task


def home_of(board: Board, task: Task, folder: str, top_of: Callable[[str], str] | None = None) -> str | None:
    """The path of the task's own worktree, made already or not; None for a task that works in the board's folder, or
    in one that a person named (`named_folder`).

    `top_of` is asked for the repository's main tree instead of git; it may raise BoardError.
    """
    settings = board.settings.worktrees
    if not settings.enabled or not _wants_own(task) or not is_in_repository(folder):
        return None
    from board import worktree

    try:
        return worktree.place((top_of or worktree.main_top)(folder), settings.root, task.id)
    except BoardError:
        return None


def named_folder(task: Task, folder: str) -> str | None:
    """The folder or tree of a person's own that the task is to be worked on in, there or not. Never ours to make."""
    said = task.record.get("worktree")
    if not isinstance(said, str) or said == "none":
        return None
    return os.path.normpath(os.path.join(folder, os.path.expanduser(said)))


def _wants_own(task: Task) -> bool:
    return task.record.get("worktree") in (None, True)


def work_of(board: Board, task: Task, folder: str) -> str:
    """Where the work is that is asked about or noted down. A tree that was made and is gone is that tree still: the
    board's folder must not answer for it."""
    home = home_of(board, task, folder)
    if home is None or os.path.isdir(home):
        return home or named_folder(task, folder) or folder
    from board import git, git_commits

    try:
        was_made = git_commits.tip(folder, task.id) is not None and git.branch(folder) != task.id
    except BoardError:
        return folder
    return home if was_made else folder


def is_in_repository(folder: str) -> bool:
    """Is there a `.git` here or above? Told without starting git."""
    return dot_git(folder) is not None


def dot_git(folder: str) -> str | None:
    """The nearest `.git`, here or above: a folder, or a file in a linked worktree."""
    at = os.path.realpath(folder)
    while not os.path.lexists(found := os.path.join(at, ".git")):
        parent = os.path.dirname(at)
        if parent == at:
            return None
        at = parent
    return found


def head_log(tree: str) -> str | None:
    """Where git writes down each move of this tree's HEAD, if it does; None outside of a repository."""
    found = dot_git(tree)
    if found is None or os.path.isdir(found):
        return None if found is None else os.path.join(found, "logs", "HEAD")
    try:
        with open(found, encoding="utf-8", errors="surrogateescape") as file:
            said = file.read(4096)
    except OSError:
        return None
    folder = said.removeprefix("gitdir:").strip()
    return os.path.join(os.path.dirname(found), folder, "logs", "HEAD")


def head_of(tree: str) -> str | None:
    """The commit that the tree stands at; None outside of a repository, or when git can't tell."""
    if not is_in_repository(tree):
        return None
    from board import git

    try:
        return git.head(tree)
    except (BoardError, OSError):
        return None


def definition_of_done(board: Board, task: Task, tree: str) -> Sequence[str]:
    """The task's own definition, else the board's, else `clean` where there is a repository at all."""
    if task.done_when is not None:
        return task.done_when
    if board.settings.done_when is not None:
        return board.settings.done_when
    return ("clean",) if is_in_repository(tree) else ()
