"""What the supervisor last wrote into `.board/status.json`, for commands that lay it beside what they see themselves.

No supervisor is asked, and none is needed: without one, or with a file that can't be read, there is just less to say.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from board.cli.context import Context
from board.cli.why import keeper_of, status_of
from board.instants import parse_instant
from board.model import Board

AT_WORK: Final = frozenset({"running", "stalled", "looping", "starting", "stopping"})


class Watched(NamedTuple):
    """`runs` is None where the supervisor's process can't be asked from here; False where there is none."""

    status: Mapping[str, Any]
    by: str
    runs: bool | None

    def of(self, name: str) -> Mapping[str, Any]:
        return _tasks(self.status).get(name, {})


def watched(ctx: Context) -> Watched:
    status = status_of(ctx)
    return Watched({}, "", runs=False) if status is None else Watched(status, *keeper_of(status))


def lives(seen: Watched, board: Board) -> dict[str, bool | None]:
    """By task, whether its worker lives: None is doubt, and no entry is none at all."""
    return {name: _lives(seen, view) for name, view in _tasks(seen.status).items() if board.find(name) is not None}


def _lives(seen: Watched, view: Mapping[str, Any]) -> bool | None:
    state = view.get("state")
    if state == "unknown" or seen.runs is None:
        return None
    if state not in AT_WORK:
        return False
    return True if seen.runs else _has_process(view.get("pid"))


def _has_process(pid: Any) -> bool | None:
    """Workers outlive their supervisor; a number alone proves nothing but that there is none."""
    if not isinstance(pid, int) or pid <= 0:
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return None
    return None


def _tasks(status: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    found = status.get("tasks")
    return {name: view for name, view in found.items() if isinstance(view, dict)} if isinstance(found, dict) else {}


def drift_since(status: Mapping[str, Any]) -> dict[tuple[str, str], float]:
    """When the supervisor first saw each drift that it still sees, by task and kind."""
    listed = status.get("drift")
    found = {}
    for each in listed if isinstance(listed, list) else ():
        at = parse_instant(str(each.get("since"))) if isinstance(each, dict) else None
        if at is not None:
            found[str(each.get("task")), str(each.get("kind"))] = at
    return found
