"""The journal's files: their names, their order, and the lines in them, plain or packed. Writes nothing.

A segment stays open until a later one is there; then `keeping` seals it (nobody may write it any more), packs it as
`NAME.gz` and removes the plain file. Where both are found the plain one is whole, unless it is empty.
"""

import io
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import BinaryIO, Final, NamedTuple, cast

PACKED: Final = ".gz"
LONGEST: Final = 4 * 1024 * 1024  # bytes of a line; each of our texts has 64 KiB at most
_BLOCK: Final = 256 * 1024


class Segment(NamedTuple):
    """Segments sort as they were begun: by day, then by number."""

    day: str
    number: int
    is_packed: bool = False

    @property
    def plain_name(self) -> str:
        return f"{self.day}.jsonl" if self.number == 1 else f"{self.day}.{self.number}.jsonl"

    @property
    def name(self) -> str:
        return self.plain_name + PACKED if self.is_packed else self.plain_name


def named(name: str) -> Segment | None:
    """The segment of this name. By hand: a pattern would cost every command half a millisecond."""
    plain = name.removesuffix(PACKED)
    day, number = plain[:10], plain[10:].removesuffix(".jsonl").removeprefix(".")
    is_day = len(day) == 10 and day[4] == day[7] == "-" and f"{day[:4]}{day[5:7]}{day[8:]}".isdecimal()
    if not (is_day and name.isascii() and (number.isdecimal() or not number) and len(number) < 10):
        return None
    segment = Segment(day, int(number or 1), plain != name)
    return segment if segment.number and segment.name == name else None


def listed(folder: str) -> list[Segment]:
    """Each segment once, in order, as the file that is whole."""
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    forms: dict[tuple[str, int], list[bool]] = {}
    for segment in filter(None, map(named, names)):
        forms.setdefault(segment[:2], []).append(segment.is_packed)
    return [_whole(folder, Segment(*key), forms[key]) for key in sorted(forms)]


def _whole(folder: str, segment: Segment, is_packed: list[bool]) -> Segment:
    packed = segment._replace(is_packed=True)
    if len(is_packed) == 1:
        return packed if is_packed[0] else segment
    return segment if size_of(folder, segment) else packed


def size_of(folder: str, segment: Segment) -> int:
    status = status_of(folder, segment)
    return 0 if status is None else status.st_size


def status_of(folder: str, segment: Segment) -> os.stat_result | None:
    try:
        return os.stat(os.path.join(folder, segment.name))
    except FileNotFoundError:
        return None


def is_final(status: os.stat_result) -> bool:
    """Is it sealed or removed? Then it never grows again."""
    return not (status.st_nlink and status.st_mode & stat.S_IWUSR)


# --- what is in them


class Unpacked(io.RawIOBase):
    """What a gzip file holds, as far as it can be unpacked: damage is its end."""

    def __init__(self, path: str) -> None:
        from gzip import GzipFile

        self._file = GzipFile(path, "rb")
        self.is_damaged = False

    def readable(self) -> bool:
        return True

    def readinto(self, into: bytearray) -> int:  # type: ignore[override]
        from zlib import error

        try:
            data = self._file.read1(len(into))
        except (EOFError, OSError, error):
            self.is_damaged = True
            data = b""
        into[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def opened(folder: str, segment: Segment) -> BinaryIO | None:
    """None where it was deleted. One that was packed since it was listed is found as well."""
    for form in (segment, segment._replace(is_packed=True)):
        with suppress(FileNotFoundError):
            return open_file(os.path.join(folder, form.name))
    return None


def open_file(path: str) -> BinaryIO:
    """Raises OSError."""
    if path.endswith(PACKED):
        return cast("BinaryIO", io.BufferedReader(Unpacked(path), _BLOCK))
    return open(path, "rb", _BLOCK)


def is_damaged(file: BinaryIO) -> bool:
    raw = getattr(file, "raw", None)
    return isinstance(raw, Unpacked) and raw.is_damaged


def whole_lines(file: BinaryIO, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int]]:
    """Lines that have their end, each with the offset behind it; none that goes beyond `end`.

    The file stands at `start`. What is longer than `LONGEST` comes in pieces that are no records.
    """
    for raw in iter(partial(file.readline, LONGEST), b""):
        start += len(raw)
        is_whole = raw.endswith(b"\n")
        if (not is_whole and len(raw) < LONGEST) or (end is not None and start > end):
            return
        if is_whole:
            yield raw, start


def go_to(file: BinaryIO, offset: int) -> None:
    """The same offset in the plain and in the packed file: what is packed is read over."""
    if file.seekable():
        file.seek(offset)
        return
    while offset > 0 and (data := file.read(min(offset, _BLOCK))):
        offset -= len(data)


def lines_backwards(file: BinaryIO, end: int) -> Iterator[bytes]:
    """The whole lines of a plain file before `end`, the last one first."""
    carried = b""
    is_behind_the_last = True
    while end > 0:
        size = min(_BLOCK, end)
        end -= size
        file.seek(end)
        pieces = file.read(size).split(b"\n")
        pieces[-1] += carried
        if is_behind_the_last and len(pieces) > 1:
            is_behind_the_last = False
            pieces.pop()  # a line that has no end, or nothing
        carried = pieces[0] if not is_behind_the_last and len(pieces[0]) <= LONGEST else b""
        for piece in reversed(pieces[1:]):
            yield piece + b"\n"
    if not is_behind_the_last:
        yield carried + b"\n"
