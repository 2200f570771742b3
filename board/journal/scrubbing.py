"""Text that was written redacted, line by line as the rules of today have it. Opens and replaces no file.

A record stays one record with its keys; what nothing is masked in stays as it is, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from json import JSONEncoder, dumps, loads
from typing import Any, BinaryIO, Final, TypeAlias

from board.journal.events import PROMPTS
from board.journal.faces import document
from board.journal.files import LONGEST
from board.journal.redact import Redactor
from board.journal.tally import Tally

Pair: TypeAlias = tuple[bytes, bytes]  # a piece as it is, and as it ought to be

_AS_THEY_ARE: Final = frozenset(("ts", "level", "event", "v"))
_FINGERPRINT: Final = re.compile(r"[0-9]+ characters(?:, [0-9a-f]{8})?")
_STAMPED: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")
# Of the status: its own name stays, because readers tell by it whether the process is on their machine.
_PLACED: Final = ("supervisor",)
_encoded: Final = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Scrubber:
    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self.tally = Tally(redactor.marks)

    # --- a journal

    def journal(self, file: BinaryIO) -> Iterator[Pair]:
        """Records a line; what is none is redacted as a text."""
        for raw in iter(partial(file.readline, LONGEST), b""):
            if len(raw) < LONGEST or raw.endswith(b"\n"):
                yield self._told(raw, self._record(raw))
            else:
                yield from self._long(raw, file)

    def _record(self, raw: bytes) -> bytes:
        try:
            record = loads(raw)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            return self._line(raw)
        new = {name: x if name in _AS_THEY_ARE else self._field(name, x) for name, x in record.items()}
        return raw if new == record else _bytes(_encoded(new)) + raw[len(raw.rstrip(b"\r\n")) :]

    def _field(self, name: str, x: Any) -> Any:
        match x:
            case str() if name in PROMPTS and not _FINGERPRINT.fullmatch(x):
                return loads(self._redactor.line({name: x}, dumps))[name]
            case str():
                return self._redactor.value(x)
            case dict():
                return {key: self._field(key, each) for key, each in x.items()}
            case list():
                return [self._field(name, each) for each in x]
            case _:
                return x

    # --- a log of what workers printed

    def log(self, file: BinaryIO) -> Iterator[Pair]:
        """The two of a pair may come one after the other: only all of them together say what changed. A
        line that begins with its instant is looked at without it, and alone: it was whole when it was written."""
        stream = self._redactor.stream()
        for raw in iter(partial(file.readline, LONGEST), b""):
            text = raw.decode("utf-8", "replace")
            stamp = _STAMPED.match(text)
            if stamp is None:
                yield self._told(raw, _bytes(stream.feed(text)))
            else:
                yield self._told(b"", _bytes(stream.close()))
                yield self._told(raw, _bytes(stamp[0]) + self._line(raw[stamp.end() :]))
        yield self._told(b"", _bytes(stream.close()))

    # --- the status

    def status(self, file: BinaryIO) -> Iterator[Pair]:
        raw = file.read()
        try:
            view = loads(raw)
        except (ValueError, RecursionError):
            view = None
        if not isinstance(view, dict):
            yield self._told(raw, self._lines(raw))
            return
        text = document(self._redactor, view, partial(dumps, ensure_ascii=False, indent=2), _PLACED)
        yield self._told(raw, raw if loads(text) == view else _bytes(text) + b"\n")

    # --- what all of them have

    def _told(self, raw: bytes, new: bytes) -> Pair:
        self.tally.came(raw.decode("utf-8", "replace"))
        self.tally.went(new.decode())
        return raw, new

    def _line(self, raw: bytes) -> bytes:
        text = raw.decode("utf-8", "replace")
        body = text.rstrip("\r\n")
        return _bytes(self._redactor.text(body)) + _bytes(text[len(body) :])

    def _lines(self, raw: bytes) -> bytes:
        return _bytes(self._redactor.text(raw.decode("utf-8", "replace")))

    def _long(self, begun: bytes, file: BinaryIO) -> Iterator[Pair]:
        """A line that is too long for a record, in pieces."""
        stream = self._redactor.stream()
        raw = begun
        while raw:
            yield self._told(raw, _bytes(stream.feed(raw.decode("utf-8", "replace"))))
            raw = b"" if raw.endswith(b"\n") else file.readline(LONGEST)
        yield self._told(b"", _bytes(stream.close()))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
