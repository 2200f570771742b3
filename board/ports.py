"""A task's ports: their names, which numbers it has, and where the search for a free one goes. Pure.

Whether a port is free in fact is `listeners`' to say, and who has reserved it `reservations`'.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from board.model import ENDED, Board, Task
from board.settings import PortRange

HOST: Final = "127.0.0.1"


class Reservation(NamedTuple):
    """Who a port is kept for: a board by its real path, a task of it, and the name that the task has for it."""

    board: str
    task: str
    name: str


def wanted(task: Task) -> tuple[str, ...]:
    """The names in the record's order."""
    return tuple(task.record.get("ports") or ())


def granted(task: Task) -> dict[str, int]:
    """The ports that the record has for names that are still wanted, in their order."""
    port = task.record.get("port") or {}
    return {name: port[name] for name in wanted(task) if name in port}


def missing(task: Task) -> tuple[str, ...]:
    has = granted(task)
    return tuple(name for name in wanted(task) if name not in has)


def variable(name: str) -> str:
    return "PORT_" + name.upper().replace("-", "_")


def variables(task: Task) -> dict[str, str]:
    """What whatever runs for the task finds in its environment."""
    has = granted(task)
    names = wanted(task)
    env = {"PORT": str(has[names[0]])} if names and names[0] in has else {}
    for name, port in has.items():
        env[variable(name)] = str(port)
        env[variable(name).replace("PORT", "BOARD_URL", 1)] = f"http://{HOST}:{port}"
    return env


def candidates(mine: Reservation, span: PortRange) -> Iterator[int]:
    """Each port of the range once, from one on that is always the same for this board, task and name."""
    from hashlib import blake2b

    drawn = blake2b("\0".join(mine).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    count = span.high - span.low + 1
    first = int.from_bytes(drawn, "big") % count
    return (span.low + (first + step) % count for step in range(count))


def is_in_force(board: Board, kept: Reservation, port: int) -> bool:
    """Does the board, as it stands, still keep this port for whom it was reserved?"""
    task = board.find(kept.task)
    return task is not None and task.status not in ENDED and granted(task).get(kept.name) == port


def kept_on(board: Board, besides: str) -> frozenset[int]:
    """The ports of all tasks that haven't ended but this one; each task is read for it."""
    others = (task for task in board.tasks if task.id != besides and task.status not in ENDED)
    return frozenset(port for task in others for port in granted(task).values())


def words(port: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in port.items())
