"""The one door to the files in which an agent itself says what it does. It trusts none that isn't this very process'.

Claude Code keeps `sessions/<pid>.json` in its folder: it is left behind by one that was killed, so it counts only where
it names the start time of the process that was asked about. `idle` is no word of its own: it says so at a limit and
behind an error, too, which the screen tells apart.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Final

from supervisor.agents.reading import Reading, Source, State
from supervisor.processes import ProcessId, environment_of

AGENTS: Final = frozenset({"claude"})
BIGGEST: Final = 1 << 16  # bytes
_STATES: Final = {"busy": State.BUSY, "waiting": State.ASKING}


def sessions_folder(pid: int) -> str | None:
    """Where this process keeps its files, by its own environment; None where that can't be read."""
    pairs = (each.decode("utf-8", "surrogateescape").partition("=") for each in environment_of(pid))
    env = {name: value for name, _, value in pairs}
    own, home = env.get("CLAUDE_CONFIG_DIR"), env.get("HOME")
    if own:
        return os.path.join(own, "sessions")
    return os.path.join(home, ".claude", "sessions") if home else None


def read_status_file(folder: str, process: ProcessId, at: float) -> Reading | None:
    """None where it says nothing of this process."""
    try:
        with open(os.path.join(folder, f"{process.pid}.json"), encoding="utf-8") as file:
            said = json.loads(file.read(BIGGEST))
    except (OSError, ValueError):
        return None
    if not isinstance(said, dict) or not _is_about(said, process):
        return None
    status, waits_for = said.get("status"), said.get("waitingFor")
    state = _STATES.get(str(status), State.UNKNOWN)
    detail = f"waits for: {waits_for}" if state is State.ASKING and isinstance(waits_for, str) else ""
    changed, since = said.get("statusUpdatedAt"), None
    if isinstance(changed, int | float) and not isinstance(changed, bool) and 0 < changed / 1000 <= at:
        since = changed / 1000
    return Reading(Source.FILE, state, str(status)[:40], at, detail, since)


def _is_about(said: Mapping[str, Any], process: ProcessId) -> bool:
    return said.get("pid") == process.pid and str(said.get("procStart")) == str(process.ticks)
