"""The environment of whatever runs for a task: its worker, its setup, its checks. Nothing is made or started here."""

from __future__ import annotations

import os

from board import temporary
from board.model import Task
from board.ports import variables


def environs(task: Task, board_file: str, tree: str, *, is_own_tree: bool) -> dict[str, str]:
    """Variables on top of the inherited ones. A tree of its own has its own Docker Compose project: Compose takes
    the folder's name, and two repositories may have a task of one name. It has its own temporary folder, too, if that
    is there."""
    env = {"BOARD_FILE": board_file, "BOARD_TASK": task.id, "BOARD_STEP": task.step.id}
    if is_own_tree:
        root = os.path.basename(os.path.dirname(os.path.abspath(tree)))
        env["COMPOSE_PROJECT_NAME"] = _compose_name(f"{root}-{task.id}")
        folder = temporary.place(board_file, task.id)
        if temporary.is_there(folder):
            env |= dict.fromkeys(("TMPDIR", "TMP", "TEMP"), folder)
    return {**env, **variables(task)}


def _compose_name(text: str) -> str:
    """Lower-case letters, digits, dashes and underscores, and no sign at its beginning (Compose's own rule)."""
    plain = "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in text.lower())
    return plain.strip("-_")
