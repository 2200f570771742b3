"""Threads of one process that wait for one board: whoever gets its lock serves all who wait, in one write.

Theory of operation. Of the threads that come while nobody goes for the lock, the first one does: it leads. It serves
itself and those who came by the time that it has the lock (`taken`), and wakes them when its write is on disk; what
fails as a whole fails for all of them. Those who came later wait for the next lead, which the first of them takes. So
each is served in the order of coming, and works for others for the length of one write at most, which is its own.

Nothing here knows boards, files or locks; between processes the lock itself decides.
"""

from __future__ import annotations

import os
import time
from _thread import allocate_lock
from collections.abc import Callable, Hashable
from typing import Any, Final, Generic, TypeVar

from board.errors import BoardError

Op = TypeVar("Op")
Answer = TypeVar("Answer")


class Turn(Generic[Op, Answer]):
    """What one thread wants done, since when, and what came of it: `answer` or `error`, once it was served."""

    def __init__(self, op: Op) -> None:
        self.op = op
        self.began = time.monotonic()
        self.answer: Answer | None = None
        self.error: BaseException | None = None
        self.leads = False
        self.called = allocate_lock()  # free once the thread has something to do: it was served, or is to lead
        self.called.acquire()


class Desk:
    def __init__(self) -> None:
        self._guard = allocate_lock()
        self._waiting: list[Turn[Any, Any]] = []
        self._taken: list[Turn[Any, Any]] = []
        self._is_led = False

    def serve(self, turn: Turn[Any, Any], lead: Callable[[], object], patience: float) -> bool:
        """Has it served; False where that many seconds went by and nothing was done for it. Raises what the whole
        lead failed with, or this turn.

        `lead` serves what is `taken`, and is called here or in another thread that waits with it."""
        with self._guard:
            self._waiting.append(turn)
            turn.leads, self._is_led = not self._is_led, True
        if not turn.leads and not self._is_called(turn, patience):
            return False
        if turn.leads:
            self._lead(turn, lead)
        if turn.error is not None:
            raise turn.error
        return True

    def taken(self) -> list[Turn[Any, Any]]:
        """All who wait by now, in the order of their coming, besides those taken already; for who leads."""
        with self._guard:
            self._taken += self._waiting
            self._waiting.clear()
            return self._taken

    def _is_called(self, turn: Turn[Any, Any], patience: float) -> bool:
        try:
            if turn.called.acquire(timeout=patience):
                return True
        except BaseException:
            if not self._leaves(turn) and turn.leads:
                self._end(turn, None)
            raise
        return not self._leaves(turn) and turn.called.acquire()

    def _leaves(self, turn: Turn[Any, Any]) -> bool:
        """False for who was taken, or is to lead."""
        with self._guard:
            leaves = turn in self._waiting and not turn.leads
            if leaves:
                self._waiting.remove(turn)
            return leaves

    def _lead(self, turn: Turn[Any, Any], lead: Callable[[], object]) -> None:
        try:
            lead()
        except BaseException as error:
            self._end(turn, error)
            raise
        self._end(turn, None)

    def _end(self, turn: Turn[Any, Any], error: BaseException | None) -> None:
        """The end of a lead: what came of it is told, and the next one called."""
        with self._guard:
            served, self._taken = self._taken, []
            if turn in self._waiting:
                self._waiting.remove(turn)
            called = [one for one in served if one is not turn] + self._waiting[:1]
            for one in self._waiting[:1]:
                one.leads = True
            self._is_led = bool(self._waiting)
        for one in served if error is not None else ():
            one.error = error if isinstance(error, Exception) else _interrupted()
        for one in called:
            one.called.release()


def _interrupted() -> BoardError:
    return BoardError("the thread that wrote for this one was interrupted", "see what stands on the board")


_DESKS: Final[dict[Hashable, Desk]] = {}
os.register_at_fork(after_in_child=_DESKS.clear)  # who waits at them, or leads, is no thread of the child


def desk_of(board: Hashable) -> Desk:
    """The desk of this process at which everybody waits for this board."""
    return _DESKS.setdefault(board, Desk())
