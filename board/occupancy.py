"""Who is in a folder: the live processes whose working directory is there. Ends none of them and knows no task."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from board.treelock import TreesBusy

_TICK: Final = 0.05


class Occupant(NamedTuple):
    pid: int
    name: str


def occupants(folders: Sequence[str]) -> dict[str, list[Occupant]]:
    """By folder, what works in it or below; one look at all processes. Another account's may not be seen."""
    import psutil

    tops = {folder: os.path.realpath(folder) for folder in folders}
    found: dict[str, list[Occupant]] = {folder: [] for folder in folders}
    for process in psutil.process_iter(["pid", "name", "cwd", "status"]):
        told = process.info
        if told["cwd"] is None or told["status"] == psutil.STATUS_ZOMBIE:
            continue
        for folder, top in tops.items():
            if told["cwd"] == top or told["cwd"].startswith(top + os.sep):
                found[folder].append(Occupant(told["pid"], told["name"] or "?"))
    return found


def words(folder: str) -> str:
    """Who works in the folder, for a sentence; empty where nobody does."""
    found = occupants([folder])[folder]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"pid {found[0].pid} ({found[0].name}){more} works there" if found else ""


def settle(folder: str, patience: float) -> None:
    """Waits for every git at work on the folder: one outlives whoever was killed while it ran. Raises TreesBusy."""
    deadline = time.monotonic() + patience
    while (pid := _git_at(folder)) is not None:
        if time.monotonic() > deadline:
            raise TreesBusy(f"git (pid {pid}) still works on {folder}", "try again when it has ended")
        time.sleep(_TICK)


def _git_at(folder: str) -> int | None:
    import psutil

    top = os.path.realpath(folder)
    for process in psutil.process_iter(["pid", "name", "cwd", "cmdline", "status"]):
        told = process.info
        if told["name"] == "git" and told["status"] != psutil.STATUS_ZOMBIE:
            cwd, words = told["cwd"] or "", told["cmdline"] or ()
            if cwd == top or cwd.startswith(top + os.sep) or folder in words:
                return int(told["pid"])
    return None
