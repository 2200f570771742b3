"""One text as its difference to another: what is the same at both ends, and what stands between. Pure."""

from __future__ import annotations

from typing import NamedTuple


class Delta(NamedTuple):
    """A text as its parent's first `start` bytes, `middle`, and its parent's last `rest` bytes."""

    parent: str
    start: int
    rest: int
    middle: bytes

    def applied(self, text: bytes) -> bytes:
        return text[: self.start] + self.middle + text[len(text) - self.rest :]


def make_delta(parent: str, was: bytes, raw: bytes) -> bytes:
    start = _same(was, raw)
    rest = _same_end(was, raw, min(len(was), len(raw)) - start)
    return f"{parent} {start} {rest}\n".encode() + raw[start : len(raw) - rest]


def read_delta(body: bytes) -> Delta | None:
    first, _, middle = body.partition(b"\n")
    try:
        parent, start, rest = first.decode("ascii").split()
        return Delta(parent, int(start), int(rest), middle)
    except ValueError:
        return None


def _same(one: bytes, other: bytes) -> int:
    """How many first bytes are the same, by comparing halves: what C compares, Python needn't count."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low


def _same_end(one: bytes, other: bytes, most: int) -> int:
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        is_same = one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]
        low, high = (middle, high) if is_same else (low, middle - 1)
    return low
