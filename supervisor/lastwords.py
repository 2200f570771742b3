"""What a worker said last, as its log has it: for those whose agent has no hook that tells us. Already redacted."""

from __future__ import annotations

import os
from typing import Final, NamedTuple

from supervisor.sink.outlog import entry, log_path

_READ: Final = 256 * 1024  # bytes from the end of a log
_HEAD: Final = "=== attempt"
_ENDED: Final = ") ended"
LINES: Final = 120
CHARACTERS: Final = 16 * 1024


class LastWords(NamedTuple):
    text: str
    source: str


def stamp(side: str, task_id: str) -> object:
    """Another one once there is more in the log; None where there is none."""
    try:
        status = os.stat(log_path(side, task_id))
    except OSError:
        return None
    return status.st_ino, status.st_size


def is_whole(side: str, task_id: str) -> bool:
    """Is the end of the latest attempt in the log?"""
    ours = [each.text for each in map(entry, _tail(log_path(side, task_id))) if each.is_ours]
    last = next((text for text in reversed(ours) if text.startswith(_HEAD)), "")
    return _ENDED in last


def of_log(side: str, task_id: str) -> LastWords:
    """The end of what the latest attempt wrote, without our own lines and the empty ones around it."""
    lines: list[str] = []
    for each in map(entry, _tail(log_path(side, task_id))):
        if each.is_ours and each.text.startswith(_HEAD) and _ENDED not in each.text:
            lines.clear()
        elif not each.is_ours:
            lines.append(each.text.rstrip())
    text = "\n".join(lines).strip("\n")
    kept = "\n".join(text.split("\n")[-LINES:]).strip("\n")
    return LastWords(kept[-CHARACTERS:], "output")


def _tail(path: str) -> list[str]:
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - _READ))
            data = file.read(_READ)
    except OSError:
        return []
    lines = data.decode("utf-8", "replace").split("\n")
    return lines[1:] if size > _READ else lines
