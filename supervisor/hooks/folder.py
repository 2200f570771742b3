"""`.board/signals/`: one file a signal, written aside and then renamed, so that nobody reads half of one.

A name tells when, whose and what kind, and names sort by time: who drops or coalesces need not open a file. It holds
no more than `MOST` files of `LARGEST` bytes. Nothing here says what a signal means.
"""

import os
from collections.abc import Iterator
from typing import Final, NamedTuple

from supervisor.hooks.words import KINDS, MINOR

MOST: Final = 1000
LARGEST: Final = 12_288  # bytes
_DIGITS: Final = 20
_PARTS: Final = 5  # when, task, kind, pid, suffix


class Name(NamedTuple):
    """`order` rises with time on this machine, whatever is done to the clock."""

    name: str
    order: int
    task: str
    kind: str


def folder(side: str) -> str:
    return os.path.join(side, "signals")


def put(side: str, task: str, kind: str, order: int, data: bytes) -> None:
    """Raises OSError; then there is no file, or one aside that nobody reads."""
    place = folder(side)
    if not os.path.isdir(place):
        os.makedirs(place, 0o700, exist_ok=True)
    name = f"{order:0{_DIGITS}d}.{task}.{kind}.{os.getpid()}.json"
    aside = os.path.join(place, f".{name}")
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        is_whole = os.write(fd, data) == len(data)
    except OSError:
        is_whole = False
    finally:
        os.close(fd)
    if not is_whole:
        os.unlink(aside)
        raise OSError("a signal could not be written")
    os.rename(aside, os.path.join(place, name))


def make_room(side: str, most: int = MOST) -> int:
    """How many signals had to go for one more to have its place: the least first, the oldest of them first. Of each
    task the newest one stays that tells more than that it works."""
    waiting = sorted(names(side), key=lambda each: each.order)
    if len(waiting) < most:
        return 0
    newest = {each.task: each.name for each in waiting if each.kind not in MINOR}
    minor = [each for each in waiting if each.kind in MINOR]
    major = [each for each in waiting if each.kind not in MINOR and newest[each.task] != each.name]
    return sum(drop(side, each) for each in (minor + major)[: len(waiting) - most + 1])


def names(side: str) -> Iterator[Name]:
    """Of every whole signal that waits, in no order."""
    try:
        found = os.listdir(folder(side))
    except OSError:
        return
    for name in found:
        parts = name.split(".")
        if (
            len(parts) == _PARTS
            and len(parts[0]) == _DIGITS
            and parts[0].isdecimal()
            and parts[2] in KINDS
            and parts[4] == "json"
        ):
            yield Name(name, int(parts[0]), parts[1], parts[2])


def drop(side: str, each: Name) -> bool:
    """False when somebody else was faster."""
    try:
        os.unlink(os.path.join(folder(side), each.name))
    except OSError:
        return False
    return True
