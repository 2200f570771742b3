"""All that needs a person, in order: from a board's files to a scene, and from that to items. It writes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import chain
from typing import Final

from board.inbox import alarms, waiting
from board.inbox.item import Item, in_order
from board.inbox.scene import Scene, places, records_of, status_of
from board.model import Board
from board.presence import runs
from board.store import FileStore

EVENTS: Final = (*waiting.EVENTS, *alarms.EVENTS)


def items(scene: Scene) -> list[Item]:
    return in_order(chain(waiting.waiting(scene), alarms.alarms(scene)))


def scene_of(
    store: FileStore,
    board: Board | None,
    problems: tuple[str, ...],
    now: float,
    top_of: Callable[[str], str] | None = None,
) -> Scene:
    """`problems` say why the file can't be used: then `board` is the last good one. `top_of`: see `home_of`."""
    status = status_of(store.side)
    return Scene(
        path=store.real,
        board=board,
        problems=problems,
        status=status,
        runs=runs(status),
        records=records_of(store.side, EVENTS, now),
        place=places(board, store.folder, top_of),
        host=os.uname().nodename.split(".")[0],
        now=now,
    )
