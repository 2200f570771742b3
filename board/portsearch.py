"""The search for ports that nobody listens on and nobody has reserved, for whoever holds the reservations' lock.

It writes reservations, and no board. Doubt keeps a reservation in force: there are enough other ports.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from typing import Final, NamedTuple

from board import listeners
from board.engine import Engine
from board.errors import BoardError, RefusedError
from board.journal.events import Event
from board.listeners import Listener
from board.model import Board, Task
from board.moves.ask import Reason
from board.moves.ports import Moved
from board.ports import Reservation, candidates, granted, is_in_force, kept_on, wanted
from board.reservations import Reservations, Unreadable
from board.settings import PortRange
from board.store import FileStore

_OURS: Final = ("BOARD_FILE", "BOARD_TASK")

Profiles = Callable[[str], Collection[str]]  # by a board's side folder, those that it may name


class Gone(NamedTuple):
    """There is no such board any more."""


class _Silent:
    """For who only reads."""

    def append(self, event: Event, at: float) -> None: ...


def board_at(path: str, profiles: Profiles) -> Board | Gone | None:
    """Another board as it stands, read without a lock; None where it can't be told."""
    if not os.path.isdir(os.path.dirname(path)):
        return Gone()
    store = FileStore(path)
    try:
        return Engine(store, _Silent(), profiles=profiles(store.side)).read().board
    except (BoardError, OSError):
        return None if os.path.lexists(path) else Gone()


def is_own(listener: Listener, task_id: str, home: str) -> bool:
    """Was this process started for the task, as worker, check, or child of one? `home` is the board's real path."""
    said = (None if listener.pid is None else listeners.variables_of(listener.pid, _OURS)) or {}
    return said.get("BOARD_TASK") == task_id and os.path.realpath(said.get("BOARD_FILE", "")) == home


class Search:
    """One search on the board at `home`, in which each other board is read once at most.

    Without `reservations` the record and the sockets decide. With `moves` nobody else may listen on a port either that
    the task has already.
    """

    def __init__(self, home: str, reservations: Reservations | None, profiles: Profiles, *, moves: bool) -> None:
        self._home = home
        self._reservations = reservations
        self._profiles = profiles
        self._moves = moves
        self._boards: dict[str, Board | Gone | None] = {}
        self._kept: frozenset[int] = frozenset()

    def choose(self, board: Board, task: Task) -> tuple[dict[str, int], tuple[Moved, ...]]:
        """A port for each name, reserved, and which of them are others than before. Raises RefusedError, Unusable."""
        self._boards[self._home] = board
        if self._reservations is None:
            self._kept = kept_on(board, task.id)
        before, moved = granted(task), []
        chosen: dict[str, int] = {}
        for name in wanted(task):
            mine, was = Reservation(self._home, task.id, name), before.get(name)
            taken_by = self._taken_by(was, mine) if was is not None and was not in chosen.values() else "its own task"
            if was is not None and taken_by is None:
                chosen[name] = was
            else:
                chosen[name] = self._free(board.settings.ports, mine, {*chosen.values(), *before.values()})
            if was is not None and taken_by is not None:
                moved.append(Moved(name, chosen[name], was, taken_by))
            if self._reservations is not None and self._reservations.of(chosen[name]) != mine:
                self._reservations.put(chosen[name], mine)
        return chosen, tuple(moved)

    def release(self, task: Task, moved: Collection[Moved]) -> None:
        """What the task had before, once its board says so."""
        for one in moved:
            mine = Reservation(self._home, task.id, one.port_name)
            if self._reservations is not None and self._reservations.of(one.port_was) == mine:
                self._reservations.drop(one.port_was)

    def _taken_by(self, port: int, mine: Reservation) -> str | None:
        """Who else has it, in words; None where nobody."""
        other = self._holder(port, mine)
        if other is not None or not self._moves or listeners.is_free(port):
            return other
        found = listeners.listening({port}).get(port, ())
        if found and all(is_own(each, mine.task, mine.board) for each in found):
            return None
        return ", ".join(each.words() for each in found) or "somebody"

    def _free(self, span: PortRange, mine: Reservation, used: Collection[int]) -> int:
        for port in candidates(mine, span):
            if port not in used and self._holder(port, mine) is None and listeners.is_free(port):
                return port
        raise RefusedError(
            f"{mine.task}: no port from {span.low} to {span.high} is free for {mine.name}",
            "end what listens there, or give settings.ports more room",
            Reason.NO_PORT,
        )

    def _holder(self, port: int, mine: Reservation) -> str | None:
        """For whom else it is kept, in words; None for nobody."""
        if self._reservations is None:
            return "another task" if port in self._kept else None
        kept = self._reservations.of(port)
        if kept is None or kept == mine:
            return None
        if isinstance(kept, Unreadable):
            return "a reservation that can't be read"
        board = self._board(kept.board)
        is_over = isinstance(board, Gone) or (board is not None and not is_in_force(board, kept, port))
        return None if is_over else f"{kept.task} of {kept.board}"

    def _board(self, path: str) -> Board | Gone | None:
        if path not in self._boards:
            self._boards[path] = board_at(path, self._profiles)
        return self._boards[path]
