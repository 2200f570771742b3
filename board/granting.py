"""Giving a task its ports: from a search under the machine's lock to the record. It searches nothing itself.

Theory of operation. A port is the task's once its record says so. Under the lock of the reservations one is chosen and
reserved, and then written to the board, before the lock goes. What the record has already is kept, unless another has
reserved it or, on request, listens there. A task that has ended keeps its reservations for nobody: whoever wants such a
port sees that by the board, and takes it.
"""

from __future__ import annotations

from typing import NamedTuple

from board import listeners
from board.claims import Actor
from board.engine import Engine, task_of
from board.errors import RefusedError
from board.model import Task
from board.moves.ports import grant_ports, may_have_ports
from board.ports import Reservation, granted, missing
from board.portsearch import Profiles, Search
from board.reservations import Reservations, Unusable


class Granted(NamedTuple):
    """The task with all of its ports. `trouble`: why they couldn't be reserved."""

    task: Task
    trouble: str | None = None


def is_settled(task: Task, home: str, reservations: Reservations) -> bool:
    """Has the task all of its ports, reserved and free? Told without a lock."""
    return not missing(task) and all(
        reservations.of(port) == Reservation(home, task.id, name) and listeners.is_free(port)
        for name, port in granted(task).items()
    )


class Clerk:
    def __init__(self, engine: Engine, reservations: Reservations, profiles: Profiles) -> None:
        self._engine = engine
        self._reservations = reservations
        self._profiles = profiles

    def grant(self, task_id: str, actor: Actor, *, moves: bool) -> Granted:
        """What is missing is granted; with `moves` a port on which somebody else listens is exchanged.

        Raises RefusedError (with `Reason.NO_PORT` where the range has none left), and what the engine raises.
        """
        try:
            with self._reservations.locked():
                return Granted(self._grant(task_id, actor, self._search(self._reservations, moves=moves)))
        except Unusable as fault:
            return Granted(self._grant(task_id, actor, self._search(None, moves=moves)), str(fault))

    def _search(self, reservations: Reservations | None, *, moves: bool) -> Search:
        return Search(self._engine.store.real, reservations, self._profiles, moves=moves)

    def _grant(self, task_id: str, actor: Actor, search: Search) -> Task:
        board = self._engine.read().board
        task = task_of(board, task_id)
        refused = may_have_ports(self._engine.ask(board, task_id, actor))
        if refused:
            raise RefusedError(refused.message, refused.remedy, refused.reason)
        port, moved = search.choose(board, task)
        if port == granted(task):
            return task
        result = self._engine.change(task_id, actor, lambda ask: grant_ports(ask, port, moved))
        search.release(task, moved)
        return result.task
