"""One text as its difference to another: what is the same at both ends, and what stands between. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

_PART: Final = 1 << 14  # bytes that are compared at once: what C compares, Python needn't count


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
    """How many first bytes are the same."""
    most = min(len(one), len(other))
    at = next((at for at in range(0, most, _PART) if one[at : at + _PART] != other[at : at + _PART]), most)
    low, high = at, min(at + _PART, most)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low


def _same_end(one: bytes, other: bytes, most: int) -> int:
    """How many last bytes are the same, `most` at most."""

    def is_same(start: int, end: int) -> bool:
        return one[len(one) - end : len(one) - start] == other[len(other) - end : len(other) - start]

    at = next((at for at in range(0, most, _PART) if not is_same(at, min(at + _PART, most))), most)
    low, high = at, min(at + _PART, most)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if is_same(low, middle) else (low, middle - 1)
    return low
