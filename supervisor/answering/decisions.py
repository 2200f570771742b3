"""`.board/decisions/`: the questions that agents' hooks wait with, and the decisions that are left for them.

A waiting hook has a file `.ask`; a decision is put beside it (`.json`), and has reached the hook when that gives it the
name `.taken`. Whoever renames it first has it: one that is withdrawn is never taken late. A door to files.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import NamedTuple

from supervisor.hooks.deciding import folder
from supervisor.hooks.latest import Signal

_PARTS = 3  # when, task, pid


class Asked(NamedTuple):
    """`signal` bears what a hook's signal does, so that it counts by the same rules; `prompt` fingerprints the very
    question."""

    stem: str
    signal: Signal
    prompt: str


def asked(side: str) -> list[Asked]:
    """Oldest first; what can't be read is none."""
    found = []
    with contextlib.suppress(OSError):
        for name in sorted(os.listdir(folder(side))):
            parts = name.removesuffix(".ask").split(".")
            if name.endswith(".ask") and len(parts) == _PARTS and parts[0].isdecimal():
                each = _read(side, name.removesuffix(".ask"), int(parts[0]), parts[1])
                found += [each] if each is not None else []
    return found


def _read(side: str, stem: str, order: int, task: str) -> Asked | None:
    try:
        with open(_path(side, stem, "ask"), encoding="utf-8") as file:
            given, at = json.load(file), os.fstat(file.fileno()).st_mtime
        chain = tuple((int(pid), int(ticks), str(name)) for pid, ticks, name in given["chain"])
        text, mark, agent = str(given["text"]), str(given["mark"]), str(given["agent"])
        return Asked(stem, Signal(order, at, task, mark, agent, "asking", chain, text=text), str(given["prompt"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def decide(side: str, each: Asked, behavior: str, message: str) -> None:
    """Raises OSError, and then nothing was decided."""
    path = _path(side, each.stem, "json")
    aside = f"{path}.tmp"
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        json.dump({"prompt": each.prompt, "behavior": behavior, "message": message}, file)
    os.replace(aside, path)


def is_taken(side: str, each: Asked) -> bool:
    """The hook has it, and has printed it: it has ended since."""
    return os.path.exists(_path(side, each.stem, "taken")) and not os.path.exists(_path(side, each.stem, "ask"))


def withdraw(side: str, each: Asked) -> bool:
    """False: the hook has it."""
    try:
        os.unlink(_path(side, each.stem, "json"))
    except FileNotFoundError:
        return not os.path.exists(_path(side, each.stem, "taken"))
    return True


def forget(side: str, each: Asked) -> None:
    """The hook that waits with it ends without a word."""
    for kind in ("json", "taken", "ask"):
        with contextlib.suppress(OSError):
            os.unlink(_path(side, each.stem, kind))


def sweep(side: str) -> None:
    """Decisions that no hook waits for any more, as a supervisor that died leaves them."""
    with contextlib.suppress(OSError):
        names = set(os.listdir(folder(side)))
        for name in names:
            stem, _, kind = name.rpartition(".")
            if kind in ("json", "taken") and f"{stem}.ask" not in names:
                os.unlink(os.path.join(folder(side), name))


def _path(side: str, stem: str, kind: str) -> str:
    return os.path.join(folder(side), f"{stem}.{kind}")
