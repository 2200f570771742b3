"""The ends of processes, in the running loop: being told of each one, and bringing one about by signals in turn.

It knows nothing of tmux, tasks or the board, and never decides that something should end: it is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterable, Sequence

from supervisor.processes import HAS_PIDFD, ProcessId, is_alive, open_pidfd, send

POLL = 0.25  # seconds between two looks where the system has no pidfd
AFTER_KILL = 2.0  # seconds: what SIGKILL has not ended by then hangs in the kernel

Callback = Callable[[ProcessId], None]


class Watcher:
    """Tells of each death within a millisecond: one pidfd a process in the running loop, and never a thread.

    Made inside a running loop. Where pidfds are missing or used up, one timer polls every `POLL` seconds.
    """

    def __init__(self, *, use_pidfd: bool = HAS_PIDFD) -> None:
        self._loop = asyncio.get_running_loop()
        self._use_pidfd = use_pidfd
        self._callbacks: dict[ProcessId, Callback] = {}
        self._fds: dict[ProcessId, int] = {}
        self._polled: set[ProcessId] = set()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, process: ProcessId, callback: Callback) -> None:
        """Call back once, from the loop and never from in here, also when it has ended already.

        Watching it twice replaces the callback.
        """
        known = process in self._callbacks
        self._callbacks[process] = callback
        if known:
            return
        try:
            fd = open_pidfd(process) if self._use_pidfd else None
        except ProcessLookupError:
            self._loop.call_soon(self._ended, process)
            return
        if fd is None:
            self._poll_too(process)
        else:
            self._fds[process] = fd
            self._loop.add_reader(fd, self._ended, process)

    def unwatch(self, process: ProcessId) -> None:
        """No callback from now on; harmless for a process that is not watched."""
        self._callbacks.pop(process, None)
        self._polled.discard(process)
        fd = self._fds.pop(process, None)
        if fd is not None:
            self._loop.remove_reader(fd)
            os.close(fd)

    def close(self) -> None:
        for process in list(self._callbacks):
            self.unwatch(process)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ended(self, process: ProcessId) -> None:
        callback = self._callbacks.get(process)
        self.unwatch(process)
        if callback is not None:
            callback(process)

    def _poll_too(self, process: ProcessId) -> None:
        self._polled.add(process)
        if self._timer is None:
            self._timer = self._loop.call_later(POLL, self._poll)

    def _poll(self) -> None:
        self._timer = None
        for process in [each for each in self._polled if is_alive(each) is False]:
            self._ended(process)
        if self._polled and self._timer is None:
            self._timer = self._loop.call_later(POLL, self._poll)


async def end(
    processes: Iterable[ProcessId],
    grace: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGKILL),
) -> list[ProcessId]:
    """Send each signal in turn to what still lives, and wait `grace` seconds after it (2 s after SIGKILL); without any
    signal only wait.

    Returns what may still live. A child that is forked meanwhile is not seen: ask `kin.survivors` again.
    """
    living = [process for process in processes if is_alive(process) is not False]
    if living and not signals:
        return await _outlasting(living, grace)
    for number in signals:
        if not living:
            break
        for process in living:
            send(process, number)
        living = await _outlasting(living, AFTER_KILL if number == signal.SIGKILL else grace)
    return living


async def _outlasting(processes: list[ProcessId], within: float) -> list[ProcessId]:
    left = set(processes)
    all_ended = asyncio.Event()

    def ended(process: ProcessId) -> None:
        left.discard(process)
        if not left:
            all_ended.set()

    with contextlib.closing(Watcher()) as watcher:
        for process in processes:
            watcher.watch(process, ended)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(all_ended.wait(), within)
    return [process for process in processes if process in left]
