"""Values that a worker knows and its log must not: those of its environment, and of `.env` files in its tree.

It masks nothing, and keeps them nowhere but in memory.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from typing import Final

from board.journal.dotenv import env_file_forms
from board.journal.known import known_from_environment
from board.journal.rules import is_worth_masking

_BIGGEST: Final = 1 << 20  # bytes of a file of values
_MOST_FILES: Final = 100


def of_environment(environment: Sequence[bytes]) -> dict[str, str]:
    """The secret-named ones of an environment as /proc has it."""
    pairs = (each.decode("utf-8", "replace").partition("=") for each in environment)
    return known_from_environment({name: value for name, _, value in pairs})


def of_tree(tree: str, patterns: Sequence[str]) -> dict[str, str]:
    """All values of the tree's files of these patterns that are worth masking; a file that can't be read has none."""
    found: dict[str, str] = {}
    for name in _files(tree, patterns):
        for key, value in env_file_forms(_text(os.path.join(tree, name))):
            if is_worth_masking(value):
                found[f"{name}:{key}:{len(found)}"] = value
    return found


def _files(tree: str, patterns: Sequence[str]) -> list[str]:
    sought = (pattern.strip("/") for pattern in patterns)
    names = {name for each in sought for name in glob.iglob(each, root_dir=tree, recursive=True, include_hidden=True)}
    return sorted(names)[:_MOST_FILES]


def _text(path: str) -> str:
    """The file's text; "" where there is none, or it is too big for one that people write."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return ""
    try:
        data = os.read(fd, _BIGGEST + 1)
    except OSError:
        return ""
    finally:
        os.close(fd)
    return data.decode("utf-8", "replace") if len(data) <= _BIGGEST else ""


def merged(*many: Mapping[str, str]) -> dict[str, str]:
    """All values, whatever they are called."""
    return {f"{number}:{name}": value for number, each in enumerate(many) for name, value in each.items()}
