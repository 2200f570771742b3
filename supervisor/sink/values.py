"""Values that a worker knows and its log must not: those of its environment, and of `.env` files in its tree.

It masks nothing, and keeps them nowhere but in memory.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from board.journal.known import known_from_environment
from board.journal.rules import is_worth_masking

_BIGGEST: Final = 1 << 20  # bytes of a file of values
_MOST_FILES: Final = 100
_SETTING: Final = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*[=:][ \t]*(.*)")
_QUOTED: Final = re.compile(r"""(["'`])((?:\\.|(?!\1)[^\\])*)\1""", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}


def of_environment(environment: Sequence[bytes]) -> dict[str, str]:
    """The secret-named ones of an environment as /proc has it."""
    pairs = (each.decode("utf-8", "replace").partition("=") for each in environment)
    return known_from_environment({name: value for name, _, value in pairs})


def of_tree(tree: str, patterns: Sequence[str]) -> dict[str, str]:
    """All values of the tree's files of these patterns that are worth masking; a file that can't be read has none."""
    found: dict[str, str] = {}
    for name in _files(tree, patterns):
        for key, value in settings_of(_text(os.path.join(tree, name))):
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


def settings_of(text: str) -> Iterator[tuple[str, str]]:
    """`NAME=value` as shells and dotenv libraries read it, also over several lines within quotes. Each value is given
    in every form in which some of them read it."""
    place = 0
    while place < len(text):
        end = text.find("\n", place)
        end = len(text) if end < 0 else end
        setting = _SETTING.match(text, place, end)
        if setting is None:
            place = end + 1
            continue
        quoted = _QUOTED.match(text, setting.start(2))
        if quoted is not None:
            yield setting[1], quoted[2]
            if "\\" in quoted[2]:
                yield setting[1], re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), quoted[2])
            place = max(quoted.end(), end) if "\n" not in quoted[0] else quoted.end()
            continue
        raw = setting[2].strip()
        yield setting[1], raw
        if " #" in raw:
            yield setting[1], raw.partition(" #")[0].rstrip()
        place = end + 1


def merged(*many: Mapping[str, str]) -> dict[str, str]:
    """All values, whatever they are called."""
    return {f"{number}:{name}": value for number, each in enumerate(many) for name, value in each.items()}
