"""`.board/snoozed.json`: which items somebody put off, until when, and which cause they had then. It ends by itself.

Who reads it takes no lock; it is replaced as a whole, and what can't be read puts nothing off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Final, NamedTuple

from board.errors import Unwritable
from board.inbox.item import Item
from board.instants import format_instant, parse_instant
from board.reading import why
from board.store import FileStore

NAME: Final = "snoozed.json"
_BIGGEST: Final = 1 << 20  # bytes


class Snooze(NamedTuple):
    until: float
    cause: str
    by: str


Snoozes = Mapping[str, Snooze]  # by the item's key


def read(side: str) -> Snoozes:
    try:
        with open(os.path.join(side, NAME), "rb") as file:
            listed = json.loads(file.read(_BIGGEST))["snoozed"]
        return {key: snooze for key, each in listed.items() if (snooze := _snooze(each)) is not None}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def is_put_off(snoozes: Snoozes, item: Item, now: float) -> bool:
    """Not any more once its time is over, or the item is about something else than it was then."""
    snooze = snoozes.get(item.key)
    return snooze is not None and now < snooze.until and snooze.cause == item.cause


def put_off(store: FileStore, items: Iterable[Item], until: float, by: str, now: float) -> None:
    """Raises Busy, and Unwritable where nothing was changed."""
    new = {item.key: Snooze(until, item.cause, by) for item in items}
    _change(store, lambda known: {**known, **new}, now)


def wake(store: FileStore, keys: Iterable[str], now: float) -> None:
    """Raises as `put_off` does; a key that isn't put off is harmless."""
    gone = frozenset(keys)
    _change(store, lambda known: {key: snooze for key, snooze in known.items() if key not in gone}, now)


def _change(store: FileStore, change: Callable[[Snoozes], Snoozes], now: float) -> None:
    with store.locked():
        kept = {key: each for key, each in change(read(store.side)).items() if now < each.until}
        listed = {key: {**each._asdict(), "until": format_instant(each.until)} for key, each in kept.items()}
        text = json.dumps({"v": 1, "snoozed": listed}, ensure_ascii=False, indent=1)
        _replace(os.path.join(store.side, NAME), f"{text}\n")


def _replace(path: str, text: str) -> None:
    aside = f"{path}.{os.getpid()}.tmp"
    try:
        fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(fd)
        os.replace(aside, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(aside)
        raise Unwritable(f"can't write {path}: {why(error)}", "nothing was changed") from None


def _snooze(each: Mapping[str, object]) -> Snooze | None:
    until = parse_instant(str(each.get("until")))
    return None if until is None else Snooze(until, str(each.get("cause")), str(each.get("by")))
