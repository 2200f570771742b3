"""The reader's loop: every pipe is read whenever there is something, whatever becomes of it, so that no worker waits.

Theory of operation. One thread: a round reads what all pipes hold into their intakes, which drop what they have no room
for, and then works for some milliseconds on what is there, each pipe in its turn. A supervisor says over a socket which
attempts begin and end (`messages`). An attempt's output ends with its pipe, or when the supervisor says so and nothing
more comes; the next attempt of the same task waits for that, in its pipe. Without a supervisor and without a pipe
there is nothing left to do, and the reader leaves.
"""

from __future__ import annotations

import os
import selectors
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, assert_never

from board.journal.events import Event, Scalar
from board.journal.redact import Redactor
from board.journal.sink import Journal
from supervisor.sink import place
from supervisor.sink.messages import Begin, Ended, Finish, Message, Ping, Pong, Spoken, Wire
from supervisor.sink.outlog import OutLog, log_path
from supervisor.sink.tape import Loss, Tape
from supervisor.sink.track import Track
from supervisor.sink.values import merged, of_tree

PIECE: Final = 1 << 16  # bytes of a read
READS: Final = 8  # of one pipe in a row: more than a pipe holds
SLICE: Final = 1 << 14  # bytes of one pipe that are worked on in one go
TURN: Final = 0.02  # seconds of work until pipes are read again
FIRST_WORD: Final = 10.0  # seconds in which the supervisor that started us has to turn up
NICE: Final = 10  # whoever reacts to deaths goes first
SPEAKS: Final = 0.25  # seconds between two times at which workers' own words are handed on
ALONE: Final = 30.0  # seconds without a supervisor after which a pipe that nobody ever opened is given up


class Reader:
    def __init__(
        self, side: str, redactor: Callable[[], Redactor], journal: Journal, clock: Callable[[], float] = time.time
    ) -> None:
        """`redactor` is asked for at each attempt's beginning."""
        self._side = side
        self._redactor = redactor
        self._journal = journal
        self._clock = clock
        self._tracks: dict[str, Track] = {}  # by the attempt's mark, in the order in which they began
        self._selector = selectors.DefaultSelector()
        self._wire: Wire | None = None
        self._alone_since = time.monotonic()
        self._has_served = False
        self._spoken: dict[str, Spoken] = {}  # by attempt: what this supervisor knows of
        self._speaks_at = 0.0

    def run(self) -> None:
        """Until there is no supervisor and no pipe any more."""
        listener = place.listening(self._side)
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        try:
            while not self._is_over():
                for key, _ in self._selector.select(self._pause()):
                    key.data(key.fileobj)
                self._work()
                self._settle()
        finally:
            for track in list(self._tracks.values()):
                self._end(track)

    def _is_over(self) -> bool:
        is_early = not self._has_served and time.monotonic() - self._alone_since < FIRST_WORD
        return self._wire is None and not self._tracks and not is_early

    def _pause(self) -> float | None:
        """Seconds until something is due; None: nothing is."""
        firsts = self._firsts()
        if any(track.has_work for track in firsts):
            return 0.0
        at, now = self._clock(), time.monotonic()
        due = [each for track in firsts if (each := track.due_in(at, now)) is not None]
        due += [self._speaks_at - now] if self._unsaid() else []
        if self._wire is None:
            due.append(1.0)
        return max(0.0, min(due)) if due else None

    # --- the supervisor

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            connection.settimeout(0)
            self._hang_up()
            self._wire, self._has_served = Wire(connection), True
            self._spoken.clear()
            self._selector.register(connection, selectors.EVENT_READ, self._listen)

    def _hang_up(self) -> None:
        if self._wire is not None:
            self._selector.unregister(self._wire.connection)
            self._wire.connection.close()
            self._wire, self._alone_since = None, time.monotonic()

    def _listen(self, _: socket.socket) -> None:
        assert self._wire is not None
        messages = self._wire.read()
        if messages is None:
            return self._hang_up()
        for message in messages:
            self._obey(message)
        return None

    def _obey(self, message: Message) -> None:
        match message:
            case Begin():
                self._begin(message)
            case Finish(mark, ended):
                if (track := self._tracks.get(mark)) is not None:
                    track.finish(ended, time.monotonic())
            case Ping():
                self._say(Pong(tuple(self._tracks)))
            case Pong() | Ended() | Spoken():
                pass  # our own words
            case _:
                assert_never(message)

    def _say(self, message: Message) -> None:
        if self._wire is not None:
            self._wire.say(message)

    def _unsaid(self) -> list[Spoken]:
        """What workers have said of themselves since their supervisor was told."""
        tapes = (track.tape for track in self._tracks.values())
        found = [tape.spoken for tape in tapes if tape.spoken is not None] if self._wire is not None else []
        return [each for each in found if each != self._spoken.get(each.mark)]

    def _hand_on(self, now: float) -> None:
        """Whatever a worker writes: the last word of each, and only so often."""
        if now < self._speaks_at or not (unsaid := self._unsaid()):
            return
        self._speaks_at = now + SPEAKS
        for each in unsaid:
            self._spoken[each.mark] = each
            self._say(each)

    def _begin(self, message: Begin) -> None:
        if message.attempt.mark in self._tracks:
            return None
        try:
            fd = place.open_pipe(message.pipe)
        except OSError as error:
            self._tell("look_failed", message.attempt.task, source="output", problem=str(error))
            return self._say(Ended(message.attempt.mark))
        known = merged(message.known, of_tree(message.tree, message.patterns))
        attempt = message.attempt
        log = OutLog(log_path(self._side, attempt.task))
        tape = Tape(attempt, self._redactor().knowing(known), log, lambda loss: self._tell_loss(tape, loss))
        track = Track(tape, fd, message.pipe, again=message.again)
        for other in self._tracks.values():
            if other.attempt.task == attempt.task:
                other.finish(None, time.monotonic())
        self._tracks[attempt.mark] = track
        self._selector.register(fd, selectors.EVENT_READ, lambda _: self._read(track, is_woken=True))
        return self._read(track, is_woken=False)

    # --- the pipes

    def _read(self, track: Track, *, is_woken: bool) -> None:
        for _ in range(READS):
            got = track.read(PIECE, time.monotonic(), is_woken=is_woken)
            if got is False:
                return self._close_pipe(track)
            if got is None:
                return None
        return None

    def _close_pipe(self, track: Track) -> None:
        if track.fd >= 0:
            self._selector.unregister(track.fd)
            track.close_pipe()

    def _work(self) -> None:
        """On what was read, for a moment; a task's attempts one after the other."""
        until = time.monotonic() + TURN
        while time.monotonic() < until:
            busy = [track for track in self._firsts() if track.has_work]
            if not busy:
                return
            for track in busy:
                track.work(SLICE, self._clock())

    def _firsts(self) -> list[Track]:
        """The oldest track of each task."""
        firsts: dict[str, Track] = {}
        for track in self._tracks.values():
            firsts.setdefault(track.attempt.task, track)
        return list(firsts.values())

    def _settle(self) -> None:
        now = time.monotonic()
        self._hand_on(now)
        for track in self._firsts():
            track.settle(self._clock(), now)
            is_alone = self._wire is None
            if is_alone and track.fd < 0:
                track.finish(None, now)  # nobody will say how it ended
            is_given_up = is_alone and track.is_unopened and now - self._alone_since > ALONE
            if track.is_over(now) or is_given_up:
                self._end(track)

    def _end(self, track: Track) -> None:
        del self._tracks[track.attempt.mark]
        self._spoken.pop(track.attempt.mark, None)
        self._close_pipe(track)
        place.remove_pipe(track.path)
        track.close(self._clock())
        tape = track.tape
        self._tell(
            "worker_output_captured",
            track.attempt.task,
            worker=track.attempt.worker,
            token=track.attempt.token,
            path=f"output/{track.attempt.task}.log",
            lines_count=tape.lines,
            size_bytes=tape.size,
            dropped_bytes=tape.lost or None,
        )
        self._say(Ended(track.attempt.mark))

    # --- the journal

    def _tell_loss(self, tape: Tape, loss: Loss) -> None:
        attempt = tape.attempt
        fields: Mapping[str, Scalar] = {
            "worker": attempt.worker,
            "token": attempt.token,
            "why": loss.why,
            "dropped_bytes": loss.dropped,
            "first_at": loss.first_at,
        }
        self._tell("output_dropped", attempt.task, **fields)

    def _tell(self, name: str, task: str | None, **fields: Scalar) -> None:
        given = {key: value for key, value in fields.items() if value is not None}
        self._journal.append(Event(name, task, given), self._clock())


def serve(side: str, redactor: Callable[[], Redactor], journal: Journal) -> bool:
    """Reads for as long as there is something to read; False when another reader does so already."""
    held = _held(side)
    if held is None:
        return False
    try:
        with suppress(OSError):
            os.nice(NICE)
        journal.append(Event("sink_started", None, {"pid": os.getpid()}), time.time())
        Reader(side, redactor, journal).run()
    finally:
        journal.close()
        os.close(held)
    return True


def _held(side: str) -> int | None:
    """Another reader may be about to leave."""
    for _ in range(20):
        held = place.hold(side)
        if held is not None:
            return held
        time.sleep(0.05)
    return None
