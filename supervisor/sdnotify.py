"""What a service manager hears of us, by the protocol of sd_notify(3): ready, what we do, that we live, that we leave.

One datagram a word, to the socket that the environment names; without one nothing is sent. It knows nothing of what
a supervisor does: the loop says when it turned.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import MutableMapping
from dataclasses import dataclass

# What a service manager tells one process of ours, and what no child of it may take for its own.
_PRIVATE = (
    *("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID"),
    *("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "FDSTORE", "MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE"),
)
_PATIENCE = 1.0  # seconds for a manager that is slow to read; then the word is lost, and the next one is sent


@dataclass(slots=True)
class Heart:
    """`address` is None where nobody listens; `every` the seconds between two beats, None where none is asked for."""

    address: str | None = None
    every: float | None = None
    _due_at: float = 0.0
    _said: str = ""

    def ready(self, status: str) -> None:
        self._said = status
        self._send("READY=1", f"STATUS={_line(status)}")

    def turned(self, now: float, status: str) -> None:
        """The loop has turned at `now` (any steady clock): a beat when one is due, and the status when it is news."""
        if status != self._said:
            self._said = status
            self._send(f"STATUS={_line(status)}")
        if self.every is not None and now >= self._due_at:
            self._due_at = now + self.every
            self._send("WATCHDOG=1")

    def rests_for(self, now: float) -> float:
        """How long the loop may sleep without missing a beat."""
        return float("inf") if self.every is None else max(0.0, self._due_at - now)

    def stopping(self) -> None:
        self._send("STOPPING=1", "STATUS=leaving; the workers stay")

    def _send(self, *words: str) -> None:
        if self.address is None:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.settimeout(_PATIENCE)
            sender.sendto("\n".join(words).encode("utf-8", "surrogateescape"), self.address)


def take(env: MutableMapping[str, str]) -> Heart:
    """The heart that `env` asks for. What it said of that is gone from it then, so that no child beats in our name."""
    said = {name: env.pop(name) for name in _PRIVATE if name in env}
    address = said.get("NOTIFY_SOCKET", "")
    if address[:1] not in ("/", "@"):
        return Heart()
    is_for_us = said.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    span = said.get("WATCHDOG_USEC", "")
    every = int(span) / 2_000_000 if is_for_us and span.isdecimal() and int(span) > 0 else None
    return Heart("\0" + address[1:] if address.startswith("@") else address, every)


def _line(text: str) -> str:
    return " ".join(text.splitlines())
