"""What needs a person, looked at beside the loop: messages go into the queue, a sender is started, tmux gets its badge.

The look runs in a thread with a board of its own, and the sender is a process: a slow disk, a hanging service or a
program that never ends is waited for by neither a cycle nor a restart.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from board.inbox.snoozes import NAME as SNOOZED
from supervisor.control import TmuxError
from supervisor.notify.badge import Badge
from supervisor.notify.inbox import Inbox
from supervisor.tools import Tools

TICK: Final = 0.5  # seconds between two glances at whether anything changed
BETWEEN: Final = 1.0  # seconds between two looks at least: what comes together is seen together
AT_LEAST: Final = 60.0  # seconds after which it is looked at all the same: snoozes end, and days
PATIENCE: Final = 10.0  # seconds for the first status of our own
LONGEST: Final = 300.0  # seconds that a sender may take for all that is due
AFTER_SENDER: Final = 2.0  # seconds until the next one, in case another supervisor's is still at it
AFTER_FAULT: Final = 30.0  # seconds after one that failed itself

_Stamp = tuple[int, int, int] | None


class Bell:
    def __init__(self, tools: Tools, send: Callable[[], subprocess.Popen[bytes]]) -> None:
        """`send` starts the sender. It raises OSError."""
        store = tools.engine.store
        self._tools = tools
        self._send = send
        self._inbox = Inbox(store.real, tools.profiles.names(), tools.tops.of)
        self._badge = Badge(tools)
        self._files = (store.real, *(os.path.join(store.side, name) for name in ("status.json", SNOOZED, "results")))
        self._sender: subprocess.Popen[bytes] | None = None
        self._sender_at = 0.0
        self._look_at = 0.0
        self._is_failing = False

    async def keep(self) -> None:
        """Until it is cancelled; a sender goes on with what it has."""
        await self._first_status()
        seen: tuple[_Stamp, ...] | None = None
        looked_at = -BETWEEN
        while True:
            stamps, now = tuple(map(_stamp, self._files)), self._tools.engine.clock()
            if (stamps != seen or now >= self._look_at) and abs(now - looked_at) >= BETWEEN:
                seen, looked_at = stamps, now
                await self._round(now)
            self._mind_sender(now)
            await asyncio.sleep(TICK)

    async def _first_status(self) -> None:
        """What another one saw before us is over; a status that can't be written is not waited for."""
        for _ in range(int(PATIENCE / TICK)):
            if await asyncio.to_thread(self._inbox.has_our_status):
                return
            await asyncio.sleep(TICK)

    async def _round(self, now: float) -> None:
        self._look_at = now + AT_LEAST
        try:
            looked = await asyncio.to_thread(self._inbox.look, self._tools.redactor, now)
        except OSError as error:
            if not self._is_failing:
                self._tools.tell("notification_failed", None, problem=str(error), outcome="later")
            self._is_failing = True
            return
        self._is_failing = False
        if looked.again_at is not None:
            self._look_at = min(self._look_at, looked.again_at)
        if looked.dropped:
            count, problem = looked.dropped, "too many messages wait"
            self._tools.tell("notification_failed", None, problem=problem, outcome="given up", dropped_count=count)
        if looked.has_due:
            await self._start_sender(now)
        with suppress(TmuxError, OSError):
            await self._badge.show(looked.items)

    async def _start_sender(self, now: float) -> None:
        if self._sender is not None or now < self._sender_at:
            self._look_at = min(self._look_at, max(now + TICK, self._sender_at))
            return
        self._sender_at = now
        try:
            self._sender = await asyncio.to_thread(self._send)
        except OSError as error:
            self._sender_at = now + AFTER_FAULT
            self._tools.tell("notification_failed", None, problem=f"no sender: {error}", outcome="later")

    def _mind_sender(self, now: float) -> None:
        """It ends by itself, or when it has taken too long: then the attempts that it began are on disk."""
        if self._sender is None:
            return
        code = self._sender.poll()
        if code is not None:
            self._sender = None
            self._sender_at = now + (AFTER_FAULT if code else AFTER_SENDER)
            self._look_at = now
        elif now - self._sender_at > LONGEST:
            self._sender.kill()


def _stamp(path: str) -> _Stamp:
    try:
        there = os.stat(path)
    except OSError:
        return None
    return there.st_ino, there.st_mtime_ns, there.st_size
