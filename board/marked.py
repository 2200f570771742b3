"""A section of ours in a file of somebody else's, between two marks: found, put in, or put anew. Pure; bytes to bytes.

Every byte outside of the marks stays, and so does how the file ends its lines.
"""

from __future__ import annotations

from typing import Final, NamedTuple

BEGIN: Final = b"<!-- crewboard: begin (written by `board instructions --write`; your own words go outside) -->"
END: Final = b"<!-- crewboard: end -->"
_BEGINS: Final = b"<!-- crewboard: begin"


class Broken(NamedTuple):
    """The marks don't fit together: nothing says where the section ends. `line` counts from 1."""

    line: int
    message: str


def section(body: str) -> bytes:
    """`body` with its marks, as it is printed and as it stands in a file."""
    return BEGIN + b"\n" + body.strip("\n").encode() + b"\n" + END + b"\n"


def put(data: bytes, wanted: bytes) -> bytes | Broken:
    """`data` with the section in it: in the place of the one that is there, else at its end behind an empty line."""
    lines = data.splitlines(keepends=True)
    begins = [at for at, line in enumerate(lines) if line.strip().startswith(_BEGINS)]
    ends = [at for at, line in enumerate(lines) if line.strip() == END]
    wanted = _with_ends_of(data, wanted)
    if not begins and not ends:
        return data + _gap(data) + wanted
    broken = _broken(begins, ends)
    if broken is not None:
        return broken
    last = lines[ends[0]]
    if not last.endswith((b"\n", b"\r")):
        wanted = wanted.rstrip(b"\r\n")
    return b"".join([*lines[: begins[0]], wanted, *lines[ends[0] + 1 :]])


def _broken(begins: list[int], ends: list[int]) -> Broken | None:
    if len(begins) > 1:
        return Broken(begins[1] + 1, f"a second begin (the first is on line {begins[0] + 1})")
    if len(ends) > 1:
        return Broken(ends[1] + 1, f"a second end (the first is on line {ends[0] + 1})")
    if not ends:
        return Broken(begins[0] + 1, "a begin without an end")
    if not begins:
        return Broken(ends[0] + 1, "an end without a begin")
    return Broken(ends[0] + 1, "an end before its begin") if ends[0] < begins[0] else None


def _with_ends_of(data: bytes, wanted: bytes) -> bytes:
    return wanted.replace(b"\n", b"\r\n") if b"\r\n" in data else wanted


def _gap(data: bytes) -> bytes:
    if not data:
        return b""
    end = b"\r\n" if b"\r\n" in data else b"\n"
    if not data.endswith(b"\n"):
        return end * 2
    return b"" if data.endswith(end * 2) else end
