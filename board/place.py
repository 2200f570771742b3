"""Finding the board file, as git finds a repository. Opens nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from board.errors import InvalidBoard

NAME: Final = "tasks.yaml"
_REMEDY: Final = "`board init` makes one; --board PATH or $BOARD_FILE names one"


def find(named: str | None, env: Mapping[str, str], cwd: str) -> str:
    """The board's path: as the person gave it, else relative to `cwd`. It may lead nowhere: the store says how.

    A folder with a `.board/` is taken even while its file is away: an editor may be in the middle of saving it, and the
    board of a folder further up is somebody else's. Raises InvalidBoard when there is none.
    """
    given = named or env.get("BOARD_FILE")
    if given:
        return _file(given)
    folder, relative = os.path.abspath(cwd), ""
    while True:
        path = os.path.join(folder, NAME)
        if os.path.lexists(path) or os.path.isdir(os.path.join(folder, ".board")):
            return _file(os.path.join(relative, NAME))
        parent = os.path.dirname(folder)
        if parent == folder:
            raise InvalidBoard(f"there is no {NAME} in {os.path.abspath(cwd)} or any folder above it", _REMEDY)
        folder, relative = parent, os.path.join("..", relative) if relative else ".."


def _file(path: str) -> str:
    if os.path.isdir(path):
        raise InvalidBoard(f"{path} is a folder, not a file", "name the board with --board")
    return path


def new(named: str | None, env: Mapping[str, str]) -> str:
    """Where `board init` puts a board: into a folder under its usual name, else exactly where it was told to."""
    given = named or env.get("BOARD_FILE") or NAME
    return os.path.join(given, NAME) if os.path.isdir(given) or given.endswith("/") else given
