"""From what needs people, and what is over, to messages in the queue: each rule's items, each way's endings.

Items: the queue first, then the memory of it, so that who is killed in between tells them twice. An ending, which no
look at the inbox would show, is told once and no less: its message is held, then remembered, then let go.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from board import results
from board.inbox.item import Item, cause_of
from board.journal.faces import document
from board.journal.redact import Redacted, Redactor
from board.model import Board
from board.store import FileStore
from supervisor.notify import endings
from supervisor.notify.message import message_of
from supervisor.notify.plan import Moment, due, is_told, memory_record, name_of, plan, read_memory
from supervisor.notify.queue import Queue

LATER: Final = 5.0  # seconds until it is looked again for a result that is being written

_Memory = Mapping[str, Any]


class Plans(NamedTuple):
    """What is to be remembered next, and when something that waits may be told."""

    memory: dict[str, Any]
    again: list[float]


class Telling:
    """One look's; `board` has rules."""

    def __init__(self, store: FileStore, queue: Queue, board: Board, redactor: Redactor, now: float) -> None:
        self._store = store
        self._queue = queue
        self._board = board
        self._redactor = redactor
        self._now = now

    def tell(self, awake: Sequence[Item]) -> float | None:
        """When something that waits may be told. Raises OSError where nothing can be queued: it is told later."""
        before = self._queue.memory()
        self._queue.let_go(_held(before))
        items = self._items(endings.without_said_twice(awake, self._board), before)
        ends = self._endings(before)
        memory = {"v": 1, **items.memory, **ends.memory}
        if memory != before:
            self._queue.remember(self._text(memory))
            self._queue.let_go(_held(memory))
        return min((*items.again, *ends.again), default=None)

    def _items(self, awake: Sequence[Item], before: _Memory) -> Plans:
        lost = self._queue.lost()
        found = Plans({"lost_told": before.get("lost_told") or 0}, [])
        for rule in self._board.settings.notify:
            planned = plan(rule, awake, read_memory(before.get(name_of(rule))), _moment(self._now))
            if planned.items:
                missing = lost - found.memory["lost_told"]
                message = message_of(planned.items, self._store.real, missing, self._redactor.text)
                for way in rule.ways:
                    self._queue.put(self._message(way, message))
                found.memory["lost_told"] = lost
            found.memory[name_of(rule)] = memory_record(planned.memory)
            found.again.extend([] if planned.again_at is None else [planned.again_at])
        return found

    def _endings(self, before: _Memory) -> Plans:
        """Each by every way once, at the hours and by the limit of the first rule that has the way."""
        rules = {way: rule for rule in reversed(self._board.settings.notify) for way in rule.ways}
        known = {way: read_memory(before.get(_name(way))) for way in rules}
        over = list(endings.over(self._board, self._now))
        news = [each for each in over if not all(is_told(each, told) for told in known.values())]
        stored = {each.key: self._result(each.task.id) for each in news}
        waiting = {each.key for each in news if not endings.is_ready(each, stored[each.key], self._now)}
        ready = [each for each in over if each.key not in waiting]
        found, held = Plans({}, [self._now + LATER] if waiting else []), []
        for way, rule in rules.items():
            planned = due(rule, ready, known[way], _moment(self._now))
            if planned.items:
                message = endings.message_of(planned.items, self._store.real, stored, self._redactor.text)
                held.append(self._queue.hold(self._message(way, message)))
            found.memory[_name(way)] = memory_record(planned.memory)
            found.again.extend([] if planned.again_at is None else [planned.again_at])
        return found._replace(memory={**found.memory, "held": held}) if held else found

    def _result(self, task_id: str) -> Mapping[str, Any] | None:
        try:
            return results.read(self._store.side, task_id)
        except (OSError, ValueError):
            return None

    def _message(self, way: str, message: Mapping[str, Any]) -> Redacted:
        return self._text({"v": 1, "way": way, "at": self._now, **message})

    def _text(self, record: dict[str, Any]) -> Redacted:
        return document(self._redactor, record, lambda x: json.dumps(x, ensure_ascii=False))


def _name(way: str) -> str:
    """Under which it is kept which endings went this way."""
    return f"ended.{cause_of(way)}"


def _held(memory: _Memory) -> list[Any]:
    held = memory.get("held")
    return held if isinstance(held, list) else []


def _moment(now: float) -> Moment:
    local = time.localtime(now)
    return Moment(now, local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec)
