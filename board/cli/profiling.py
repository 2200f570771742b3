"""The board's own files of agents' profiles, as `board check` looks at them: what is wrong in which file, and where."""

from __future__ import annotations

import os

from board.cli.context import Context
from board.cli.failure import InvalidFile
from board.errors import InvalidBoard, Problem

_MOST = 256 * 1024  # bytes


def check_profiles(ctx: Context) -> None:
    """Raises InvalidFile for the first file in `.board/agents/` with problems."""
    folder = os.path.join(ctx.store.side, "agents")
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".yaml"))
    except OSError:
        return
    for name in names:
        found = _problems(os.path.join(folder, name), ctx)
        if found:
            words = f"{len(found)} problem{'' if len(found) == 1 else 's'}"
            raise InvalidFile(InvalidBoard(words, problems=found), os.path.join(folder, name))


def _problems(path: str, ctx: Context) -> tuple[Problem, ...]:
    from board.check import profile_problems
    from board.syntax import parse

    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(_MOST + 1)
        if len(text) > _MOST:
            return (Problem(0, 0, f"too long for a profile: at most {_MOST} characters"),)
        return profile_problems(parse(text), ctx.profiles)
    except InvalidBoard as error:
        return error.problems
    except (OSError, UnicodeDecodeError) as error:
        return (Problem(0, 0, f"can't be read: {error}"),)
