"""The supervisor's end of the reader of workers' output: it is found or started, told what begins and ends, and kept.

Theory of operation. A worker's pane is piped into a named pipe, of which we hold the reading end too, unread: so a
reader that dies loses only what it had in its hands, and no writer. `begin` and `finish` never wait: what they say is
sent when a reader listens. One that doesn't answer is ended, and one that ended is started again, but only so often:
then panes are piped nowhere, as they are without a reader, and what a worker said is read from its pane at its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from supervisor.model import Attempt
from supervisor.processes import is_alive, send
from supervisor.server import DRAIN
from supervisor.sink import place
from supervisor.sink.link import Link
from supervisor.sink.messages import Begin, Finish, Spoken

UP: Final = 15.0  # seconds in which a new reader has to answer
THERE: Final = 3.0  # seconds in which one that listens has to
LOOK_AGAIN: Final = 0.05  # seconds
PING: Final = 5.0  # seconds between two questions whether it still reads
MANY: Final = 3  # so many deaths
WITHIN: Final = 60.0  # within so many seconds are too many
LONGEST_REST: Final = 3600.0  # seconds without a reader, where none can be had
FAREWELL: Final = 5.0  # seconds to tell a reader all that it has to know, when we leave


@dataclass(frozen=True, slots=True)
class Source:
    """Where an attempt's output comes from, and what is known of the worker's secrets."""

    attempt: Attempt
    pane: str
    tree: str
    patterns: tuple[str, ...]
    known: Mapping[str, str]


@dataclass(slots=True)
class _Feed:
    """`fd` is the reading end that we hold. `was_sent`: a reader was told to begin."""

    begin: Begin
    pane: str
    fd: int
    was_sent: bool = False
    finish: Finish | None = None


class Recorder:
    """`start` starts a reader, and `drain` pipes a pane nowhere. Nothing here raises for a reader's sake."""

    def __init__(
        self,
        side: str,
        tell: Callable[..., None],
        start: Callable[[], subprocess.Popen[bytes]],
        drain: Callable[[str], Awaitable[None]],
    ) -> None:
        self._side = side
        self._tell = tell
        self._start_one = start
        self._drain = drain
        self.spoken: dict[str, Spoken] = {}  # by attempt: what its program last said of itself through its terminal
        self._feeds: dict[str, _Feed] = {}
        self._done: dict[str, str] = {}  # the last attempt of each task that was told to end
        self._foreign: set[str] = set()  # marks that the reader has read since before our time
        self._link: Link | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._deaths: list[float] = []
        self._rest = WITHIN
        self._is_on = False

    # --- what is recorded

    def begin(self, source: Source, *, again: bool = False) -> str:
        """The command for `pipe-pane`, to be issued with the worker's start."""
        if not self._is_on:
            return DRAIN
        path = place.pipe_path(self._side, source.attempt)
        try:
            place.make_folder(self._side)
            fd = place.make_pipe(path)
        except OSError as error:
            self._tell("look_failed", source.attempt.task, source="output", problem=str(error))
            return DRAIN
        self._keep(_Feed(_message(source, path, again=again), source.pane, fd))
        return place.pipe_command(path)

    def adopt(self, source: Source) -> str | None:
        """For a worker of before our time: what its pane is to be piped into, or None to leave it as it is."""
        mark = source.attempt.mark
        if mark in self._feeds:
            return None
        if mark not in self._foreign:
            return self.begin(source, again=True)
        path = place.pipe_path(self._side, source.attempt)
        try:
            fd = place.open_pipe(path)
        except OSError:
            return self.begin(source, again=True)
        self._foreign.discard(mark)
        self._feeds[mark] = _Feed(_message(source, path, again=True), source.pane, fd, was_sent=True)
        return None

    def finish(self, attempt: Attempt, ended: str | None) -> bool:
        """The attempt is over, and this is how. False: its output was not recorded."""
        finish, feed = Finish(attempt.mark, ended), self._feeds.get(attempt.mark)
        if feed is None and attempt.mark not in self._foreign:
            return self._done.get(attempt.task) == attempt.mark
        if self._done.get(attempt.task) != attempt.mark:
            self._done[attempt.task] = attempt.mark
            if feed is not None:
                feed.finish = finish
            if self._link is not None:
                self._link.say(finish)
        return True

    async def until_ended(self, attempt: Attempt, within: float) -> None:
        """All its output is in its log, or the time is over."""
        until = asyncio.get_running_loop().time() + within
        while attempt.mark in self._feeds and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(LOOK_AGAIN)

    def _keep(self, feed: _Feed) -> None:
        self._feeds[feed.begin.attempt.mark] = feed
        if self._link is not None:
            self._send(self._link, feed)

    def _send(self, link: Link, feed: _Feed) -> None:
        link.say(replace(feed.begin, again=feed.was_sent or feed.begin.again))
        feed.was_sent = True
        if feed.finish is not None:
            link.say(feed.finish)

    def _ended(self, mark: str) -> None:
        self._foreign.discard(mark)
        self.spoken.pop(mark, None)
        if (feed := self._feeds.pop(mark, None)) is not None:
            os.close(feed.fd)

    def _heard(self, spoken: Spoken) -> None:
        """Of attempts that somebody reads alone."""
        if spoken.mark in self._feeds or spoken.mark in self._foreign:
            self.spoken[spoken.mark] = spoken

    # --- the reader's life

    async def attach(self, *, may_start: bool = True) -> None:
        """A reader that runs is found, and what it reads is known; else one is started, which is not waited for."""
        self._is_on = await self._find(THERE) or (may_start and self._start())
        if may_start and not self._foreign:
            for path in place.leftover_pipes(self._side):
                place.remove_pipe(path)

    async def keep(self) -> None:
        """Until it is cancelled: a reader that ends or sticks is followed by another one."""
        while True:
            if not self._is_on:
                await asyncio.sleep(self._rest)
                self._rest = min(2 * self._rest, LONGEST_REST)
                self._is_on = self._start()
            elif self._link is None:
                if not await self._find(UP):
                    await self._died("it did not answer")
            else:
                problem = await self._problem(self._link)
                if problem is not None:
                    await self._died(problem)

    async def leave(self) -> None:
        """It has been told all that it has to know; it leaves as soon as nobody is piped to it."""
        if self._link is None and self._feeds:
            await self._find(FAREWELL)
        if self._link is not None:
            await self._link.ping(FAREWELL)
            self._link.close()
        self._let_go()
        if self._child is not None:
            self._child.returncode = 0  # it outlives us: Python would warn that nobody waited for it

    def _let_go(self) -> None:
        for feed in self._feeds.values():
            os.close(feed.fd)
        self._feeds.clear()
        self._foreign.clear()
        self._link, self._is_on = None, False

    async def _find(self, within: float) -> bool:
        """Connects to the reader that there is, or that we have started, and tells it what it should read."""
        until = asyncio.get_running_loop().time() + within
        while True:
            link = await Link.open(self._side, self._ended, self._heard)
            if link is not None:
                marks = await link.ping(max(THERE, within))
                if marks is not None:
                    self._linked(link, marks)
                    return True
                link.close()
            is_starting = self._child is not None and self._child.poll() is None
            if not is_starting or asyncio.get_running_loop().time() >= until:
                return False
            await asyncio.sleep(LOOK_AGAIN)

    def _linked(self, link: Link, marks: Sequence[str]) -> None:
        self._link, self._rest = link, WITHIN
        self._foreign = set(marks) - self._feeds.keys()
        for mark, feed in self._feeds.items():
            if mark not in marks:
                self._send(link, feed)

    async def _problem(self, link: Link) -> str | None:
        """After some seconds, or when it ended: what is wrong with the reader, if anything is."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(link.over.wait(), PING)
            return "it ended"
        answer = await link.ping(PING)
        return None if answer is not None else "it ended" if link.over.is_set() else "it stuck"

    async def _died(self, problem: str) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None
        now = asyncio.get_running_loop().time()
        self._deaths = [at for at in self._deaths if now - at < WITHIN] + [now]
        holder = place.holder(self._side)
        pid = holder.pid if holder is not None else None
        goes_on = len(self._deaths) < MANY and self._start()
        outcome = "another one is started" if goes_on else f"none for {self._rest:g} s"
        self._tell("sink_died", None, pid=pid, problem=problem, outcome=outcome)
        if not goes_on:
            panes = [feed.pane for feed in self._feeds.values() if feed.finish is None]
            self._let_go()
            for pane in panes:
                await self._drain(pane)

    def _start(self) -> bool:
        """In a session of its own, so that it lives on when we die. One that sticks is ended first."""
        holder = place.holder(self._side)
        if holder is not None and is_alive(holder):
            send(holder, signal.SIGKILL)
        if self._child is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(LOOK_AGAIN)
        try:
            self._child = self._start_one()
        except OSError:
            return False
        return True


def _message(source: Source, path: str, *, again: bool) -> Begin:
    return Begin(source.attempt, path, source.tree, source.patterns, source.known, again=again)
