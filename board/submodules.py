"""A fresh tree's submodules, cloned and checked out. Only while the tree is being made: later they are its worker's.

What the main tree has, the task's tree must have as well; of one that isn't there either, a failure is a warning.
It changes nobody's git configuration: what git refuses (`protocol.file.allow`) stays refused.
"""

from __future__ import annotations

import os

from board import git, git_making
from board.git_making import Submodule
from board.treelock import WorktreeError


def fill(top: str, tree: str, lock: int) -> list[str]:
    """Warnings. Raises WorktreeError, or GitError when git can't be asked which there are."""
    found = [(each, _fill_one(top, tree, each, lock)) for each in git_making.submodules(tree)]
    return [f"submodule {each.path} is not there: {problem}" for each, problem in found if problem]


def _fill_one(top: str, tree: str, submodule: Submodule, lock: int) -> str:
    try:
        git_making.fill_submodule(tree, submodule.path, _objects(top, submodule), lock)
    except git.GitError as error:
        if not os.path.lexists(os.path.join(top, submodule.path, ".git")):
            return git_making.complaint(error)
        remedy = f"see `git -C {tree} submodule update --init --recursive`"
        raise WorktreeError(
            f"submodule {submodule.path} is missing in {tree}: {git_making.complaint(error)}", remedy
        ) from error
    return ""


def _objects(top: str, submodule: Submodule) -> str | None:
    """The main tree's own clone of it, where there is one."""
    path = os.path.join(git.common_dir(top), "modules", submodule.name)
    return path if os.path.isfile(os.path.join(path, "HEAD")) else None
