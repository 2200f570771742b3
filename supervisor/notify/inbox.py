"""One look at the inbox by the supervisor: what needs somebody, and what of it is queued now. It sends nothing.

It has a board of its own: it may run in a thread beside the loop, though only in one at a time.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from board.engine import Engine
from board.errors import BoardError, InvalidBoard
from board.inbox import snoozes
from board.inbox.finding import items, scene_of
from board.inbox.item import Item
from board.inbox.scene import last_good, status_of
from board.journal.faces import document
from board.journal.redact import Redacted, Redactor
from board.model import Board
from board.notices import Rule
from board.store import FileStore
from supervisor.notify.message import message_of
from supervisor.notify.plan import Moment, memory_record, name_of, plan, read_memory
from supervisor.notify.queue import Queue


class Looked(NamedTuple):
    """`items` are all that need somebody and aren't put off; `again_at` is when something that waits may go."""

    items: tuple[Item, ...]
    again_at: float | None
    has_due: bool
    dropped: int


class Silent:
    def append(self, event: object, at: float) -> None:
        """Who only looks writes no journal."""


class Inbox:
    def __init__(self, path: str, profiles: Collection[str], top_of: Callable[[str], str]) -> None:
        self._store = FileStore(path)
        self._engine = Engine(self._store, Silent(), profiles=profiles)
        self._profiles = frozenset(profiles)
        self._top_of = top_of
        self._queue = Queue(self._store.side)
        self._good: Board | None = None

    def look(self, redactor: Redactor, now: float) -> Looked:
        """Queues what is to be told. Raises OSError where that can't be written: then it is told later."""
        board, problems = self._board()
        scene = scene_of(self._store, board, problems, now, self._top_of)
        found = items(scene._replace(runs=True))
        known = snoozes.read(self._store.side)
        awake = tuple(item for item in found if not snoozes.is_put_off(known, item, now))
        rules = board.settings.notify if board is not None else ()
        again_at = self._tell(rules, awake, redactor, now) if rules else None
        dropped = self._queue.make_room()
        due = [entry.due_at for entry in self._queue.entries()]
        soonest = min((at for at in (*due, again_at) if at is not None and at > now), default=None)
        return Looked(awake, soonest, any(at <= now for at in due), dropped)

    def has_our_status(self) -> bool:
        """Is the status ours, and not what a dead supervisor saw last?"""
        writer = status_of(self._store.side).get("supervisor")
        return isinstance(writer, dict) and writer.get("pid") == os.getpid()

    def _board(self) -> tuple[Board | None, tuple[str, ...]]:
        """The board or the last good one, and what is wrong with the file."""
        try:
            self._good = self._engine.read().board
        except InvalidBoard as error:
            if self._good is None:
                self._good = last_good(self._store, self._profiles)
            listed = tuple(problem.at(self._store.path) for problem in error.problems)
            return self._good, listed or (str(error),)
        except BoardError:
            return self._good, ()
        return self._good, ()

    def _tell(self, rules: Sequence[Rule], awake: Sequence[Item], redactor: Redactor, now: float) -> float | None:
        """The queue first, then the memory of it: who is killed in between tells it twice."""
        before, lost = self._queue.memory(), self._queue.lost()
        memory: dict[str, Any] = {"v": 1, "lost_told": before.get("lost_told") or 0}
        again: list[float] = []
        for rule in rules:
            name = name_of(rule)
            planned = plan(rule, awake, read_memory(before.get(name)), _moment(now))
            if planned.items:
                message = message_of(planned.items, self._store.real, lost - memory["lost_told"], redactor.text)
                for way in rule.ways:
                    self._queue.put(_text(redactor, {"v": 1, "way": way, "at": now, **message}))
                memory["lost_told"] = lost
            memory[name] = memory_record(planned.memory)
            again += [] if planned.again_at is None else [planned.again_at]
        if memory != before:
            self._queue.remember(_text(redactor, memory))
        return min(again, default=None)


def _text(redactor: Redactor, record: dict[str, Any]) -> Redacted:
    return document(redactor, record, lambda x: json.dumps(x, ensure_ascii=False))


def _moment(now: float) -> Moment:
    local = time.localtime(now)
    return Moment(now, local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec)
