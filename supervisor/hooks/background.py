"""Work that a turn left behind: what was started since the agent's first turn, and lives. It reads the process table.

What was there before the first turn (servers of tools, an agent's own helpers) is none, and neither are the daemons
that git and its like leave behind for themselves.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from supervisor.agents.reading import State
from supervisor.census import Census, Tree, Usage
from supervisor.hooks.latest import Latest
from supervisor.processes import ProcessId, command_of

HELPERS = ("fsmonitor--daemon", "gpg-agent", "ssh-agent", "watchman", "dbus-daemon", "keyboxd", "scdaemon")


def is_to_be_looked_for(latest: Latest) -> bool:
    """Only where the agent's own word is missing, and the starts of processes are known; and once more while there was
    some, until it is gone."""
    if latest.began == 0 or latest.source != "hook":
        return False
    if latest.state is State.IDLE:
        return latest.background is None
    return latest.state is State.BUSY and latest.was_looked_for


def counts(census: Census, many: Mapping[str, tuple[ProcessId, Latest]]) -> dict[str, int] | None:
    """By mark, from one look for all of them. None: could not tell."""
    taken = census.take([Tree(mark, leader) for mark, (leader, _) in many.items()])
    return None if taken is None else {mark: _left(taken.get(mark, {}), latest) for mark, (_, latest) in many.items()}


def _left(usage: Usage, latest: Latest) -> int:
    since = (pid for pid, ticks in usage if latest.began < ticks <= latest.ticks and pid not in latest.callers)
    return sum(not _is_helper(pid) for pid in since)


def _is_helper(pid: int) -> bool:
    words = command_of(pid)
    if any(word.endswith("--decide") for word in words):  # our own hook, which waits for a person
        return True
    return any(helper in os.path.basename(word) for word in words[:3] for helper in HELPERS)
