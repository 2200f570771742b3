"""A note on each tree that isn't ready: from before git makes it until its setup has succeeded. Not in the tree itself.

It makes and removes nothing but its notes, which lie in the folder that all trees of the repository share.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import Final, NamedTuple

_FOLDER: Final = os.path.join("crewboard", "making")


class Making(NamedTuple):
    """`start` is the commit that its branch was made at, None where that was there already; `tries` counts the setup
    commands that were started."""

    start: str | None = None
    tries: int = 0


def path(common: str, task: str) -> str:
    return os.path.join(common, _FOLDER, f"{task}.json")


def read(note: str) -> Making | None:
    """None: the tree is ready, or there is none. A note that can't be read is one still."""
    try:
        with open(note, encoding="utf-8") as file:
            found = json.load(file)
        return Making(found["start"], int(found["tries"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError):
        return Making()


def write(note: str, making: Making) -> None:
    """On disk, old or new, whatever is killed when. Raises OSError."""
    os.makedirs(os.path.dirname(note), exist_ok=True)
    aside = f"{note}.new"
    with open(aside, "w", encoding="utf-8") as file:
        json.dump(making._asdict(), file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, note)


def forget(note: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(note)
