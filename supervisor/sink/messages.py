"""What a supervisor and the reader of its workers' output say to each other: one JSON object a line, over a socket.

The values to be masked go this way, which is memory only: not by the disk, and not as anybody's arguments.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from supervisor.model import Attempt, read_mark

LONGEST: Final = 1 << 24  # bytes of one line: a whole environment


@dataclass(frozen=True, slots=True)
class Begin:
    """This attempt's output comes by this pipe. Masked are the values `known`, and those of the files of these
    `patterns` in its tree. `again`: it did so before, to a reader that is no more."""

    attempt: Attempt
    pipe: str
    tree: str
    patterns: tuple[str, ...]
    known: Mapping[str, str]
    again: bool = False


@dataclass(frozen=True, slots=True)
class Finish:
    """The attempt has ended; `ended` is how, if anybody knows."""

    mark: str
    ended: str | None


@dataclass(frozen=True, slots=True)
class Ping:
    """To be answered by a Pong."""


@dataclass(frozen=True, slots=True)
class Pong:
    """The reader's answer: the attempts that it reads."""

    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """The reader's word that all of an attempt's output is in the log."""

    mark: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """What an attempt's program said of itself through its terminal; of several only the last one is handed on."""

    mark: str
    words: str
    at: float


Message = Begin | Finish | Ping | Pong | Ended | Spoken


def written(message: Message) -> bytes:
    match message:
        case Begin():
            fields: dict[str, object] = {
                "mark": message.attempt.mark,
                "pipe": message.pipe,
                "tree": message.tree,
                "patterns": message.patterns,
                "known": message.known,
                "again": message.again,
            }
        case Finish(mark, ended):
            fields = {"mark": mark, "ended": ended}
        case Ping():
            fields = {}
        case Pong(marks):
            fields = {"marks": marks}
        case Ended(mark):
            fields = {"mark": mark}
        case Spoken(mark, words, at):
            fields = {"mark": mark, "words": words, "at": at}
    return json.dumps({"is": type(message).__name__.lower(), **fields}).encode() + b"\n"


def read(line: bytes) -> Message | None:
    """None for what is no message of ours."""
    try:
        given = json.loads(line)
        match given["is"]:
            case "begin":
                attempt = read_mark(given["mark"])
                known = {str(name): str(value) for name, value in given["known"].items()}
                places = (str(given["pipe"]), str(given["tree"]), tuple(map(str, given["patterns"])))
                return None if attempt is None else Begin(attempt, *places, known, again=bool(given["again"]))
            case "finish":
                return Finish(str(given["mark"]), given["ended"] and str(given["ended"]))
            case "ping":
                return Ping()
            case "pong":
                return Pong(tuple(map(str, given["marks"])))
            case "ended":
                return Ended(str(given["mark"]))
            case "spoken":
                return Spoken(str(given["mark"]), str(given["words"]), float(given["at"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


class Wire:
    """The reader's end of a connection, which is never waited for."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._rest = bytearray()

    def read(self) -> Sequence[Message] | None:
        """What was said since the last time; None when the other end is gone, or says too much."""
        try:
            piece = self.connection.recv(1 << 16)
        except BlockingIOError:
            return ()
        except OSError:
            return None
        self._rest += piece
        if not piece or len(self._rest) > LONGEST:
            return None
        *lines, self._rest = self._rest.split(b"\n")
        return [message for line in lines if (message := read(bytes(line))) is not None]

    def say(self, message: Message) -> None:
        with suppress(OSError):
            self.connection.sendall(written(message))
