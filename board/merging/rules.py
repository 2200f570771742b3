"""What stays of one task that two have changed. Pure, on plain records.

Theory of operation. A value that one side changed is that side's. Where both did, the person has the last word on what
people write, and the machine on what it writes itself: `status`, `claim`, `run` and the others of `MACHINE` belong
together, so once the machine has moved a task they all are as it left them. Tokens never fall, whoever says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

MACHINE: Final = frozenset(
    (
        "status",
        "step",
        "claim",
        "last_token",
        "checkpoint",
        "port",
        "run",
        "ran",
        "blocked",
        "approved",
        "said_done",
        "reopened",
        "done",
        "merged",
        "failed",
        "cancelled",
    )
)
WHOLE: Final = "(task)"  # the field of a clash about a task as a whole

Record = Mapping[str, Any]


class Clash(NamedTuple):
    """A value that did not stay. `ours` stood on disk, `theirs` was the person's; `kept` is «ours» or «theirs»."""

    task: str | None
    field: str
    ours: Any
    theirs: Any
    kept: str


class Rules:
    """The rules for one merge, and the clashes that they found. `is_late`: the edit is older than ours."""

    def __init__(self, *, is_late: bool = False) -> None:
        self.clashes: list[Clash] = []
        self._winner = "ours" if is_late else "theirs"

    def settled(self, task: str | None, key: str, before: Any, theirs: Any, ours: Any) -> Any:
        """One value of people's: whoever changed it has it, and where both did, the person, or the newer edit."""
        if theirs in (before, ours):
            return ours
        if ours == before:
            return theirs
        self.clashes.append(Clash(task, key, ours, theirs, self._winner))
        return theirs if self._winner == "theirs" else ours

    def both_changed(self, name: str, before: Record, theirs: Record, ours: Record) -> dict[str, Any]:
        """The record of a task that is in both versions; `before` is empty where both made it."""
        keys = dict.fromkeys([*theirs, *ours])
        machine = [key for key in keys if _is_machines(key, theirs, ours)]
        has_moved = not before or any(before.get(key) != ours.get(key) for key in machine)
        made: dict[str, Any] = {}
        for key in keys:
            values = (before.get(key), theirs.get(key), ours.get(key))
            if key not in machine:
                made[key] = self.settled(name, key, *values)
            elif not has_moved:
                made[key] = values[1]
            else:
                made[key] = values[2]
                if values[1] not in (values[0], values[2]):
                    self.clashes.append(Clash(name, key, values[2], values[1], "ours"))
        return {key: value for key, value in made.items() if value is not None}

    def guarded(self, name: str, record: Record, ours: Record) -> Record:
        """The record with a token memory as high as ours: a claim that a person takes out, or lowers, is remembered."""
        floor = token_of(ours)
        if token_of(record) >= floor:
            return record
        made, held, mine = dict(record), record.get("claim"), ours.get("claim")
        if held is not None and held != mine:
            self.clashes.append(Clash(name, "claim", mine, held, "ours"))
            del made["claim"]
            if mine is not None:
                made["claim"] = mine
        return made if token_of(made) >= floor else {**made, "last_token": floor}


def _is_machines(key: str, theirs: Record, ours: Record) -> bool:
    """`run` as a text is a command, which people write."""
    return key in MACHINE and not (key == "run" and isinstance(theirs.get(key) or ours.get(key), str))


def token_of(record: Record) -> int:
    claim = record.get("claim")
    held = claim.get("token") if isinstance(claim, Mapping) else 0
    return max(_whole(held), _whole(record.get("last_token")))


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0


def is_claimed(record: Record) -> bool:
    return record.get("claim") is not None
