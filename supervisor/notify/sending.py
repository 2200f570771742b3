"""What the sender process does: every message that is due, once, each within its time; then it ends.

An attempt is on disk before it is made, and a message goes only when it arrived or was given up: who is killed in
between, or hangs, has used up an attempt and lost nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from board.inbox.item import cause_of
from board.journal.events import Event, Scalar
from board.journal.faces import document
from board.journal.redact import Redactor
from board.journal.sink import Journal
from supervisor.notify import ways
from supervisor.notify.queue import Entry, Queue
from supervisor.notify.targets import addresses, secrets_of
from supervisor.notify.ways import Outcome

ATTEMPTS: Final = 8
FIRST_PAUSE: Final = 15.0  # seconds; each further one is twice as long
LONGEST_PAUSE: Final = 3600.0
_COMMAND: Final = "command:"
_TOLD: Final = ("title", "text", "count", "dropped_count", "items")


class Place(NamedTuple):
    """Where it is sent from: the board's folder, and the environment that addresses may stand in."""

    folder: str
    env: Mapping[str, str]
    within: float = ways.TIMEOUT


class Sent(NamedTuple):
    """What became of one message on one way: problems are redacted, `served` marks who has it by now."""

    problem: str
    retry_after: float | None
    is_final: bool
    served: frozenset[str]


def deliver(
    way: str, message: Mapping[str, Any], place: Place, redactor: Redactor, now: float, served: frozenset[str]
) -> Sent:
    """One attempt; of several addresses, those that have it already are left out."""
    if way == "desktop":
        return _told([ways.by_desktop(message, place.env)], redactor, served)
    if way.startswith(_COMMAND):
        outcome = ways.by_command(way.removeprefix(_COMMAND), message, place.folder, place.env, place.within)
        return _told([outcome], redactor, served)
    found = addresses(way, place.folder, place.env)
    if found.fault:
        return _told([Outcome(found.fault)], redactor, served)
    left = [url for url in found.urls if cause_of(url) not in served]
    outcomes = [ways.by_url(url, message, now, place.within) for url in left]
    arrived = {cause_of(url) for url, outcome in zip(left, outcomes, strict=True) if not outcome.problem}
    return _told(outcomes, redactor.knowing(secrets_of(found.urls)), served | arrived)


def _told(outcomes: list[Outcome], redactor: Redactor, served: frozenset[str]) -> Sent:
    failed = [outcome for outcome in outcomes if outcome.problem]
    problem = redactor.text("; ".join(dict.fromkeys(outcome.problem for outcome in failed)))
    waits = [outcome.retry_after for outcome in failed if outcome.retry_after is not None]
    is_final = bool(failed) and all(outcome.is_final for outcome in failed)
    return Sent(problem, max(waits, default=None), is_final, served)


class Sender:
    """`ways_there` are those that the board still names: what is meant for another one is given up."""

    def __init__(
        self, queue: Queue, redactor: Redactor, journal: Journal, place: Place, ways_there: Iterable[str]
    ) -> None:
        self._queue = queue
        self._redactor = redactor
        self._journal = journal
        self._place = place
        # By what stands in the queue, where a command that holds a secret is masked.
        self._ways = {str(redactor.text(way)): way for way in ways_there}

    def flush(self, now: float) -> None:
        for entry in self._queue.entries():
            if entry.due_at <= now:
                self._send(entry, now)

    def _send(self, entry: Entry, now: float) -> None:
        attempts = entry.attempts + 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1))
        if entry.way not in self._ways:
            return self._give_up(entry, "the board does not name this way any more", now)
        self._keep(entry, attempts=attempts, due_at=now + pause)
        message = {key: entry.record.get(key) for key in _TOLD}
        message.update({key: entry.record[key] for key in ("ended",) if key in entry.record})
        sent = deliver(self._ways[entry.way], message, self._place, self._redactor, now, entry.served)
        if not sent.problem:
            self._queue.remove(entry.name)
            late = round(max(0.0, now - entry.at), 3)
            return self._tell("notification_sent", entry, now, late_s=late, sent_count=attempts)
        if sent.is_final or attempts >= ATTEMPTS:
            return self._give_up(entry, sent.problem, now)
        due_at = now + max(pause, sent.retry_after or 0.0)
        self._keep(entry, attempts=attempts, due_at=due_at, served=sorted(sent.served), problem=sent.problem)
        return self._tell("notification_failed", entry, now, problem=sent.problem, outcome="later", next_at=due_at)

    def _keep(self, entry: Entry, **changed: Any) -> None:
        record = {**entry.record, **changed}
        self._queue.put(document(self._redactor, record, lambda x: json.dumps(x, ensure_ascii=False)), entry.name)

    def _give_up(self, entry: Entry, problem: str, now: float) -> None:
        self._queue.remove(entry.name)
        self._queue.lose(1)
        self._tell("notification_failed", entry, now, problem=problem, outcome="given up")

    def _tell(self, name: str, entry: Entry, now: float, **fields: Scalar) -> None:
        count = entry.record.get("count")
        said: dict[str, Scalar] = {"way": entry.way, "items_count": count if isinstance(count, int) else None, **fields}
        self._journal.append(Event(name, None, {key: value for key, value in said.items() if value is not None}), now)
