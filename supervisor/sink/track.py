"""One attempt's pipe and what is to become of what comes out of it: reading, working and ending, each when it is due.

It waits for nothing and knows no other pipe. Instants named `now` are of a clock that nobody sets; `at` is wall time.
"""

from __future__ import annotations

import os
from typing import Final

from supervisor.model import Attempt
from supervisor.sink.intake import Gap, Intake
from supervisor.sink.tape import Tape

GAP: Final = 0.2  # seconds without output after which what is missing by then is told
LAST_WORDS: Final = 0.15  # seconds without output after which a worker that ended has said all
UNTOLD: Final = 2.0  # seconds behind the pipe's end in which a supervisor may say how the worker ended
LATEST: Final = 10.0  # seconds behind a worker's end, also where its output doesn't stop


class Track:
    """`fd` is -1 once its pipe is closed; `again`: another reader had it, and what that one knew is lost."""

    def __init__(self, tape: Tape, fd: int, path: str, *, again: bool) -> None:
        self.tape = tape
        self.fd = fd
        self.path = path
        self.is_unopened = True  # by any writer, as far as was seen
        self._intake = Intake()
        self._again = again
        self._has_begun = False
        self._read_at = 0.0
        self._ended_at: float | None = None
        self._is_told = False
        self._how: str | None = None
        if again:
            self._intake.skip_line()

    @property
    def attempt(self) -> Attempt:
        return self.tape.attempt

    @property
    def has_work(self) -> bool:
        return not self._has_begun or not self._intake.is_empty

    def read(self, most: int, now: float, *, is_woken: bool) -> bool | None:
        """Takes in what is there; None when there is nothing, False at the pipe's end.

        A pipe that nobody has opened yet says the same as one at its end: only the latter wakes us.
        """
        try:
            piece = os.read(self.fd, most)
        except BlockingIOError:
            return None
        if piece:
            self._read_at = now
            self.is_unopened = False
            self._intake.feed(piece)
            return True
        if self.is_unopened and not is_woken:
            return None
        self.is_unopened = False
        self._ended_at = self._ended_at or now
        return False

    def close_pipe(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def finish(self, ended: str | None, now: float) -> None:
        """The worker has ended, with these words on how if anybody knows."""
        self._how = ended or self._how
        self._is_told = True
        self._ended_at = self._ended_at or now

    def work(self, most: int, at: float) -> None:
        if not self._has_begun:
            self._has_begun = True
            self.tape.begin(at, again=self._again)
        match self._intake.take(most):
            case Gap(dropped):
                self.tape.gap(dropped, at)
            case bytes(piece):
                try:
                    self.tape.feed(piece, at)
                except Exception:  # noqa: BLE001 - one worker's output must not end the reading of all others'
                    self.tape.gap(len(piece), at)
            case None:
                pass

    def due_in(self, at: float, now: float) -> float | None:
        """Seconds until `settle` has something to do, or it is over."""
        over_at = self._over_at()
        due = [
            self.tape.settles_in(at),
            None if over_at is None else over_at - now,
            self._read_at + GAP - now if self._intake.has_gap else None,
        ]
        return min((each for each in due if each is not None), default=None)

    def settle(self, at: float, now: float) -> None:
        if self._intake.has_gap and now >= self._read_at + GAP:
            self._intake.end()
        if self._intake.is_empty and self._has_begun:
            self.tape.settle(at)

    def is_over(self, now: float) -> bool:
        over_at = self._over_at()
        return over_at is not None and now >= over_at and self._intake.is_empty

    def close(self, at: float) -> None:
        self._intake.end()
        while self.has_work:
            self.work(1 << 20, at)
        self.tape.close(at, self._how)

    def _over_at(self) -> float | None:
        if self._ended_at is None:
            return None
        if self.fd < 0:
            return self._ended_at if self._is_told else self._ended_at + UNTOLD
        return min(max(self._read_at, self._ended_at) + LAST_WORDS, self._ended_at + LATEST)
