"""`.board/cache/`: what was learnt of the newest board, so that the next command doesn't learn it again.

Theory of operation. Derived, and nothing depends on it: its files may be deleted, cut or overwritten at any time, and
then the board is parsed. It is never trusted over the text. `roll` holds the columns of one text under the hash of that
text, and `steps` what changed since (`steplog`); a block with the same content has the same meaning in any later text.
`shelf.*` holds records, appended one behind
the other, each with the digest of its block. Everything is marshalled, because that module is built in and loads ten
thousand rows in a few milliseconds, and is only looked at when its keyed checksum is right. The key is made of what the
installed code was when it was installed, to the nanosecond: so another version, which may find other things right,
never sees our rows, and a cache that came with somebody's repository and says other than the file does is none.

Only who holds the board's lock appends to a shelf; a reader that had to parse makes a new one. So a shelf's bytes, once
a roll names them, never change.
"""

from __future__ import annotations

import marshal
import os
import sys
import time
from _thread import get_ident
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from board.model import Record
from board.roll import DIGEST, Columns, Roll, row_at, with_rows
from board.steplog import MAX_BYTES, Frame, Spot, StepLog

_CHECK: Final = 16  # bytes of a checksum
# What says what a block means and whether it is sound.
_CODE: Final = ("blocks", "cache", "check", "document", "edits", "instants", "model", "ordering")
_MORE: Final = (
    "bookkeeping",
    "keys",
    "records",
    "roll",
    "settings",
    "shapes",
    "steplog",
    "syntax",
    "tree",
    "vocabulary",
)
_SLACK: Final = 1 << 20  # bytes on a shelf that nobody needs, beyond as many as are needed


class Stored(NamedTuple):
    """What was known of the text with this `rev`; `spots` by place, None where no record was kept."""

    rev: str
    data: dict[str, Any]
    has_aliases: bool
    head: int
    columns: Columns
    shelf: str
    spots: list[Spot | None]

    def roll(self, text: str) -> Roll:
        return Roll(text, self.data, self.has_aliases, self.head, self.columns)


class Cache:
    """`profiles` are part of what a board was checked against. Nothing here raises: what fails wasn't there."""

    def __init__(self, folder: str, profiles: Collection[str]) -> None:
        self.folder = folder
        made_by = (_code(), sys.implementation.cache_tag, sorted(profiles))
        self._key = _sum(repr(made_by).encode())
        self._steps = StepLog(os.path.join(folder, "steps"), lambda raw: _sum(raw, self._key), _CHECK)
        self._kept: tuple[Stored, int] | None = None  # what we know already, and how far we have read the steps

    def load(self, rev: str = "") -> Stored | None:
        """What was kept last, of whatever text; with `rev` what is known already will do, if it is of that text."""
        if rev and self._kept is not None:
            stored = self._kept[0] if self._kept[0].rev == rev else self._caught_up(*self._kept)
            if stored.rev == rev:
                return stored
        base = self._base()
        return self._caught_up(base, 0) if base is not None else None

    def _caught_up(self, stored: Stored, start: int) -> Stored:
        frames, end = self._steps.read(start)
        rows, rev, spots = [], stored.rev, stored.spots.copy()
        for frame in frames:
            if frame.rev_was == rev:
                rows += frame.rows
                rev = frame.rev
                for place, spot in frame.spots:
                    spots[place : place + 1] = [spot if frame.shelf == stored.shelf else None]
        if rows:
            stored = stored._replace(rev=rev, columns=with_rows(stored.columns, rows), spots=spots)
        self._kept = (stored, end)
        return stored

    def _base(self) -> Stored | None:
        try:
            with open(os.path.join(self.folder, "roll"), "rb") as file:
                raw = file.read()
            if raw[:_CHECK] != _sum(raw[_CHECK:], self._key):
                return None
            stored, columns = marshal.loads(raw[_CHECK:])
            return Stored(*stored)._replace(columns=Columns(*columns))
        except (OSError, ValueError, EOFError, TypeError):
            return None

    def record(self, stored: Stored, place: int) -> Record | None:
        spot = stored.spots[place]
        raw = self._read(stored.shelf, *spot) if spot is not None else b""
        return self._unpacked(raw, stored.columns.digest(place))

    def records(self, stored: Stored) -> dict[int, Record]:
        """All that were kept, by place, at one reading."""
        raw = self._read(stored.shelf, 0, -1)
        found = {}
        for place, spot in enumerate(stored.spots):
            part = raw[spot[0] : spot[0] + spot[1]] if spot is not None else b""
            record = self._unpacked(part, stored.columns.digest(place))
            if record is not None:
                found[place] = record
        return found

    def amend(self, rev: str, roll: Roll, records: Mapping[int, Record], older: Stored) -> Stored | None:
        """Keeps the roll after a change of these tasks of `older`'s text. For who holds the board's lock."""
        with suppress(OSError, ValueError):
            columns, last = roll.columns, len(older.columns.ids) - 1
            spots = older.spots.copy() + [None] * (len(columns.ids) - len(older.spots))
            shelf = self._append(older, records, columns, spots)
            put = [(place, spot) for place in sorted(records) if (spot := spots[place]) is not None]
            if shelf != older.shelf or len(put) < len(records):
                return self._save(rev, roll, shelf, spots)
            places = {place for one in records for place in (min(one, last), one)}  # a new task's neighbour, too
            rows = [(place, row_at(columns, place)) for place in sorted(places)]
            size = self._steps.append(Frame(older.rev, rev, rows, shelf, put))
            if size > MAX_BYTES:
                return self._save(rev, roll, shelf, spots)
            stored = older._replace(rev=rev, columns=columns, spots=spots)
            self._kept = (stored, size)
            return stored
        return None

    def save(self, rev: str, roll: Roll, records: Mapping[int, Record], older: Stored | None) -> Stored | None:
        """Keeps a roll that was made anew, with the records that were read for it; those of the same blocks in `older`
        stay where they are."""
        with suppress(OSError, ValueError):
            os.makedirs(self.folder, 0o700, exist_ok=True)
            columns = roll.columns
            if older is None or len(records) > len(columns.ids) // 2:
                spots: list[Spot | None] = [None] * len(columns.ids)
                shelf = self._new_shelf(records, columns, spots)
            else:
                kept = {older.columns.digest(place): spot for place, spot in enumerate(older.spots)}
                spots, shelf = [kept.get(columns.digest(place)) for place in range(len(columns.ids))], older.shelf
            return self._save(rev, roll, shelf, spots)
        return None

    def _save(self, rev: str, roll: Roll, shelf: str, spots: list[Spot | None]) -> Stored:
        stored = Stored(rev, roll.data, roll.has_aliases, roll.head, roll.columns, shelf, spots)
        payload = marshal.dumps((tuple(stored._replace(columns=_NONE)), tuple(roll.columns)))
        aside = os.path.join(self.folder, f"roll.{os.getpid()}.{get_ident()}")
        fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(_sum(payload, self._key) + payload)
        os.replace(aside, os.path.join(self.folder, "roll"))
        self._steps.clear()
        self._kept = (stored, 0)
        return stored

    def _append(self, older: Stored, records: Mapping[int, Record], columns: Columns, spots: list[Spot | None]) -> str:
        path = os.path.join(self.folder, os.path.basename(older.shelf))
        needed = sum(spot[1] for spot in older.spots if spot is not None)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            at = os.fstat(fd).st_size
            if at > 2 * needed + _SLACK:
                return self._new_shelf({**self.records(older), **records}, columns, spots)
            os.write(fd, self._packed(records, columns, spots, at))
        finally:
            os.close(fd)
        return older.shelf

    def _new_shelf(self, records: Mapping[int, Record], columns: Columns, spots: list[Spot | None]) -> str:
        """Also takes the older ones away: whoever still reads one parses instead."""
        name = f"shelf.{os.getpid()}.{time.time_ns()}"
        was = [entry for entry in os.listdir(self.folder) if entry != "roll"]
        fd = os.open(os.path.join(self.folder, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(self._packed(records, columns, spots, 0))
        for entry in was:
            with suppress(OSError):
                os.unlink(os.path.join(self.folder, entry))
        return name

    def _read(self, shelf: str, start: int, length: int) -> bytes:
        try:
            with open(os.path.join(self.folder, os.path.basename(shelf)), "rb", buffering=0) as file:
                file.seek(start)
                return file.read(length)
        except (OSError, ValueError):
            return b""

    def _packed(self, records: Mapping[int, Record], columns: Columns, spots: list[Spot | None], at: int) -> bytes:
        """The bytes of records to stand from `at` on; notes where each is."""
        parts = []
        for place, record in records.items():
            body = columns.digest(place) + marshal.dumps(dict(record))
            parts.append(_sum(body, self._key) + body)
            spots[place] = (at, _CHECK + len(body))
            at += _CHECK + len(body)
        return b"".join(parts)

    def _unpacked(self, raw: bytes, digest: bytes) -> Record | None:
        body = raw[_CHECK:]
        if not body.startswith(digest) or raw[:_CHECK] != _sum(body, self._key):
            return None
        try:
            record = marshal.loads(body[DIGEST:])
        except (ValueError, EOFError, TypeError):
            return None
        return record if isinstance(record, dict) else None


_NONE: Final[Any] = None


def _sum(raw: bytes, key: bytes = b"") -> bytes:
    from _blake2 import blake2b

    return blake2b(raw, digest_size=_CHECK, key=key).digest()


def _code() -> list[int]:
    folder = os.path.dirname(__file__)
    stamps = []
    for name in (*_CODE, *_MORE):
        with suppress(OSError):
            status = os.stat(os.path.join(folder, f"{name}.py"))
            stamps += [status.st_mtime_ns, status.st_ctime_ns, status.st_size]
    return stamps
