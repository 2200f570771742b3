"""A supervisor's end of a connection to the reader of its workers' output. What is said never waits for the reader."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Self

from supervisor.sink import place
from supervisor.sink.messages import Ended, Message, Ping, Pong, Spoken, read, written


class Link:
    """`ended` is called with the mark of each attempt whose output is all in its log, `spoken` with what one says."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        ended: Callable[[str], None],
        spoken: Callable[[Spoken], None],
    ) -> None:
        self.over = asyncio.Event()
        self._writer = writer
        self._ended = ended
        self._spoken = spoken
        self._pong: asyncio.Future[tuple[str, ...]] | None = None
        self._hearing = asyncio.create_task(self._hear(reader))

    @classmethod
    async def open(cls, side: str, ended: Callable[[str], None], spoken: Callable[[Spoken], None]) -> Self | None:
        """None when nobody listens."""
        try:
            reader, writer = await asyncio.open_unix_connection(sock=place.connected(side))
        except OSError:
            return None
        return cls(reader, writer, ended, spoken)

    def say(self, message: Message) -> None:
        if not self.over.is_set():
            self._writer.write(written(message))

    async def ping(self, within: float) -> tuple[str, ...] | None:
        """The marks of the attempts that it reads, once it has done what it was told before; None without an answer."""
        self._pong = asyncio.get_running_loop().create_future()
        self.say(Ping())
        gone = asyncio.create_task(self.over.wait())
        try:
            await asyncio.wait((self._pong, gone), timeout=within, return_when=asyncio.FIRST_COMPLETED)
            return self._pong.result() if self._pong.done() else None
        finally:
            gone.cancel()

    def close(self) -> None:
        self._hearing.cancel()
        self._writer.close()
        self.over.set()

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError, ValueError):
            while line := await reader.readline():
                match read(line):
                    case Pong(marks) if self._pong is not None and not self._pong.done():
                        self._pong.set_result(marks)
                    case Ended(mark):
                        self._ended(mark)
                    case Spoken() as spoken:
                        self._spoken(spoken)
                    case _:
                        pass
        self.over.set()
