"""tmux's control mode: its text protocol as a pure parser, and one standing client that speaks it.

It knows no panes, windows or tasks (that is `server`), and it never starts a server.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self, assert_never

from supervisor.processes import ProcessId, ending_with, is_alive

TIMEOUT = 2.0  # seconds for each call: a stopped server answers nobody, and never says so
FAREWELL = 0.1  # seconds in which a dying server lets go of us before the kernel calls it dead


class TmuxError(Exception):
    """A look or a deed at tmux that failed: to the caller it is `Unknown`, never an empty answer."""


class TmuxMissing(TmuxError):
    """There is no tmux program to run."""


class NoServer(TmuxError):
    """No server listens on our socket, or the one that we knew is proved dead."""


class Detached(TmuxError):
    """Our standing client has gone, and the server may well live: connect again."""


class TmuxTimeout(TmuxError):
    """No answer in time. Whether the command was carried out, now or later, is not known."""


class TmuxRefused(TmuxError):
    """tmux understood and said no; nothing after it in the same line was carried out."""


class Reply(NamedTuple):
    """One command's answer. `is_ours`: the command came from this client and not from its own start."""

    lines: list[str]
    is_error: bool
    is_ours: bool


class Exit(NamedTuple):
    reason: str


class Notice(NamedTuple):
    line: str


Message = Reply | Exit | Notice

_ESCAPES = {ord(each): f"\\{each}" for each in '\\"$~'} | {code: f"\\{code:03o}" for code in (*range(1, 32), 127)}
_BEGIN = re.compile(rb"%begin (\d+ \d+ (\d+))")


def quote(argument: str) -> str:
    """One argument for tmux's command parser, on one line, with nothing left for it to expand.

    Raises ValueError for a NUL, which no argument can hold.
    """
    if "\0" in argument:
        raise ValueError("an argument cannot hold a NUL")
    return f'"{argument.translate(_ESCAPES)}"'


def command_words(commands: Sequence[Sequence[str]]) -> str:
    return " ; ".join(" ".join(quote(argument) for argument in command) for command in commands)


def command_line(commands: Sequence[Sequence[str]]) -> bytes:
    """Commands that tmux carries out together: no other client comes between, and an error ends the line."""
    return command_words(commands).encode("utf-8", "surrogateescape") + b"\n"


class Parser:
    """Bytes in, messages out; where the bytes are cut makes no difference."""

    def __init__(self) -> None:
        self._rest = b""
        self._block: tuple[bytes, bool] | None = None
        self._lines: list[str] = []

    def feed(self, data: bytes) -> list[Message]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [message for line in lines if (message := self._take(line)) is not None]

    def _take(self, line: bytes) -> Message | None:
        if self._block is not None:
            return self._take_inside(line, *self._block)
        if begin := _BEGIN.fullmatch(line):
            self._block = (begin[1], begin[2] == b"1")
            return None
        text = line.decode("utf-8", "replace")
        if text == "%exit" or text.startswith("%exit "):
            return Exit(text[6:])
        return Notice(text)

    def _take_inside(self, line: bytes, guard: bytes, is_ours: bool) -> Message | None:  # noqa: FBT001
        # What a pane shows may look like the protocol: only the guard of this very block ends it.
        is_error = line == b"%error " + guard
        if not is_error and line != b"%end " + guard:
            self._lines.append(line.decode("utf-8", "replace"))
            return None
        reply = Reply(self._lines, is_error, is_ours)
        self._block, self._lines = None, []
        return reply


@dataclass(slots=True)
class _Asked:
    """A line on its way, and how many replies will come to it."""

    answer: asyncio.Future[list[list[str]]]
    count: int
    replies: list[list[str]] = field(default_factory=list)

    def is_settled_by(self, reply: Reply) -> bool:
        """Whether that was the last reply to this line; a line whose caller gave up is counted all the same."""
        self.replies.append(reply.lines)
        if not reply.is_error and len(self.replies) < self.count:
            return False
        if not self.answer.done():
            if reply.is_error:
                self.answer.set_exception(TmuxRefused(" ".join(reply.lines)))
            else:
                self.answer.set_result(self.replies)
        return True


class _Wire(asyncio.Protocol):
    """Matches replies to lines in the order in which they were sent."""

    def __init__(self) -> None:
        self.parser = Parser()
        # First the client's own attach is answered, the one block that no line of ours asked for.
        self.attached = _Asked(asyncio.get_running_loop().create_future(), 1)
        self.asked = deque([self.attached])
        self.closed = asyncio.Event()
        self.reason = ""

    def data_received(self, data: bytes) -> None:
        for message in self.parser.feed(data):
            match message:
                case Reply(is_ours=is_ours):
                    self._settle(message, is_ours=is_ours)
                case Exit(reason):
                    self.reason = reason or self.reason
                    self.connection_lost(None)
                case Notice(line) if not line.startswith("%"):
                    self.reason = line
                case Notice():
                    pass
                case _:
                    assert_never(message)

    def _settle(self, reply: Reply, *, is_ours: bool) -> None:
        asked = self.asked[0] if self.asked else None
        if asked and is_ours is (asked is not self.attached) and asked.is_settled_by(reply):
            self.asked.popleft()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.closed.set()
        while self.asked:
            asked = self.asked.popleft()
            if not asked.answer.done():
                asked.answer.set_exception(Detached(self.reason or "the control client has ended"))


class Control:
    """One standing client: a call is one round trip over a socket pair, without a process.

    `closed` is set within a millisecond of the server's or the client's end; from then on every call raises
    NoServer when the server is proved dead, else Detached. Calls may be made at the same time.
    """

    def __init__(self, client: subprocess.Popen[bytes], transport: asyncio.Transport, wire: _Wire) -> None:
        self._client = client
        self._transport = transport
        self._wire = wire
        self.closed = wire.closed
        self.server: ProcessId | None = None

    @classmethod
    async def open(cls, argv: Sequence[str], env: Mapping[str, str]) -> Self:
        """Start `argv`, a `tmux -C attach`, and wait until it is attached.

        Raises TmuxMissing, NoServer, TmuxTimeout, or TmuxRefused for a session that is not there.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                end = theirs.fileno()
                dies_with_us = ending_with(os.getpid())
                client = subprocess.Popen(
                    argv,
                    stdin=end,
                    stdout=end,
                    stderr=end,
                    env=env,
                    cwd="/",
                    preexec_fn=dies_with_us,  # noqa: PLW1509 - one call, no lock
                )
            except OSError as error:
                ours.close()
                raise TmuxMissing(str(error)) from error
        transport, wire = await asyncio.get_running_loop().create_connection(_Wire, sock=ours)
        control = cls(client, transport, wire)
        try:
            # Not a word before: the server would carry it out even for a client that it then turns away.
            await control._answer(wire.attached, "attach-session", TIMEOUT)
        except BaseException:
            await control.close()
            raise
        return control

    async def call(self, *command: str, timeout: float = TIMEOUT) -> list[str]:
        return (await self.together(command, timeout=timeout))[0]

    async def together(self, *commands: Sequence[str], timeout: float = TIMEOUT) -> list[list[str]]:
        """One line of commands, and the reply to each of them; TmuxRefused at the first that fails."""
        return await self._send(commands, len(commands), timeout)

    async def if_so(self, target: str, condition: str, command: Sequence[str], *, timeout: float = TIMEOUT) -> bool:
        """Whether the condition, a format, was true of the target, and the command so carried out: in one breath of the
        server's, so that nothing it reads of a pane comes between."""
        done, left = (["display-message", "-p", word] for word in ("done", "left"))
        # Each command of a branch is answered, too: both branches have as many.
        branches = (command_words([command, done]), command_words([left, left]))
        line = ["if-shell", "-F", "-t", target, condition, *branches]
        return (await self._send([line], 3, timeout))[-1] == ["done"]

    async def _send(self, commands: Sequence[Sequence[str]], replies: int, timeout: float) -> list[list[str]]:
        asked = _Asked(asyncio.get_running_loop().create_future(), replies)
        line = command_line(commands)
        if self.closed.is_set():
            raise await self._farewell()
        self._wire.asked.append(asked)
        self._transport.write(line)
        return await self._answer(asked, commands[0][0], timeout)

    async def close(self) -> None:
        """Leave; the server and its sessions stay. Twice is harmless."""
        self._transport.close()
        self._client.kill()
        self._client.wait()
        self._wire.connection_lost(None)

    async def _answer(self, asked: _Asked, what: str, timeout: float) -> list[list[str]]:
        try:
            return await asyncio.wait_for(asked.answer, timeout)
        except TimeoutError:
            raise TmuxTimeout(f"{what}: no answer within {timeout:g} s") from None
        except Detached:
            raise await self._farewell() from None

    async def _farewell(self) -> TmuxError:
        reason = self._wire.reason or "the control client has ended"
        if self.server is None:
            return NoServer(reason) if is_no_server(reason) else Detached(reason)
        # The client's own words are no proof: a server may drop a client and live.
        for _ in range(20):
            if is_alive(self.server) is False:
                return NoServer(reason)
            await asyncio.sleep(FAREWELL / 20)
        return Detached(reason)


def is_no_server(complaint: str) -> bool:
    """Whether tmux's own words prove that nobody listens; a refused permission, for one, does not."""
    return complaint.startswith(("no server running", "server exited", "lost server")) or (
        complaint.startswith("error connecting")
        and complaint.endswith(("(No such file or directory)", "(Connection refused)"))
    )
