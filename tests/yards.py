"""A repository with files of all kinds and a board whose tasks have trees of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from board import custody, removing, worktree
from board.custody import Yard
from board.document import Document
from board.records import read_board

BOARD = """\
version: 1
settings: {worktrees: {enabled: true}}
tasks:
  - id: refund
  - {id: ended, status: done}
  - {id: aside, worktree: false}
"""
ROOT = "../{repo}.worktrees"


def yard_of(repo: Path, board: str = BOARD, seen: Mapping[str, Any] | None = None) -> Yard:
    return custody.yard(read_board(Document(board).data), str(repo), seen or {})


def tree_in(repo: Path | str, task: str = "refund") -> Path:
    return Path(worktree.ensure(worktree.Plan(str(repo), ROOT, task, "origin/HEAD")).path)


def remove(yard: Yard, task: str = "refund", *, force: bool = False, branch: bool = False) -> custody.Removed:
    """As the command does it, without its lock."""
    removing.end_all(yard.top, yard.common)
    return custody.remove(yard, custody.subject(yard, task), force=force, drops_branch=branch)
