"""Does the supervisor that wrote a status still run? Told from the status alone; nobody is asked but the system."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any


def runs(status: Mapping[str, Any]) -> bool | None:
    """None where nobody wrote one, or its process can't be asked from here."""
    if status.get("stopped_at"):
        return False
    writer = status.get("supervisor")
    return is_running(writer, name_of(writer)) if isinstance(writer, dict) else None


def name_of(writer: Mapping[str, Any]) -> str:
    return str(writer.get("by") or "a supervisor")


def is_running(writer: Mapping[str, Any], by: str) -> bool | None:
    """Does the process live? A machine can be asked only for its own; a pid alone may be somebody else's by now."""
    pid, ticks = writer.get("pid"), writer.get("ticks")
    if not isinstance(pid, int) or pid <= 0 or by.rpartition("@")[2] not in ("", os.uname().nodename.split(".")[0]):
        return None
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            # proc(5): the command's name may hold blanks and brackets; the start time is the 20th field behind it.
            started = int(stat.read().rpartition(")")[2].split()[19])
    except ProcessLookupError:
        return False
    except (OSError, ValueError, IndexError):
        return True
    return started == ticks
