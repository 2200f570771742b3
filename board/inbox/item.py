"""An item of the inbox: one thing that needs a person, and which of two comes first. Pure; it finds none.

An item's `cause` changes when what it is about does: who put it off had seen another one. Its key stays, so that the
same trouble of the same task has the same name tomorrow.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from board.instants import format_instant


class Severity(StrEnum):
    """How bad it is to leave it: nothing runs meanwhile, something is wrong, somebody waits."""

    INFO = "info"
    WARN = "warn"
    ERROR = "error"


class Kind(StrEnum):
    """What is asked. Of two that hold back as much and are as new, the one that stands first here comes first."""

    PERMISSION = "permission"
    QUESTION = "question"
    BOARD = "board"
    WRITES = "writes"
    SUPERVISOR = "supervisor"
    MASS_DEATH = "mass-death"
    HELD = "held"
    DRIFT = "drift"
    LOGIN = "login"
    LIMIT = "limit"
    TURN = "turn"
    REFUSED = "refused"
    GATE = "gate"
    PERSON = "person"
    REVIEW = "review"
    BLOCKED = "blocked"
    FAILED = "failed"
    STALL = "stall"
    LOOP = "loop"
    LOST = "lost"


class Meaning(NamedTuple):
    severity: Severity
    about: str


KINDS: Final[dict[Kind, Meaning]] = {
    Kind.PERMISSION: Meaning(Severity.WARN, "an agent asks whether it may do something"),
    Kind.QUESTION: Meaning(Severity.WARN, "an agent asks something"),
    Kind.BOARD: Meaning(Severity.ERROR, "the board file can't be used; the last good one is kept"),
    Kind.WRITES: Meaning(Severity.ERROR, "the record, the status or the output of workers can't be written"),
    Kind.SUPERVISOR: Meaning(Severity.ERROR, "no supervisor runs, although it left work behind"),
    Kind.MASS_DEATH: Meaning(Severity.ERROR, "most workers died together; they come back one by one"),
    Kind.HELD: Meaning(Severity.ERROR, "a step died, and the record doesn't let a machine start it again"),
    Kind.DRIFT: Meaning(Severity.WARN, "a task's tree or branch is not what the record says"),
    Kind.LOGIN: Meaning(Severity.ERROR, "an agent's login was refused, or its service failed, and it gave up"),
    Kind.LIMIT: Meaning(Severity.WARN, "an agent is at a usage limit, and did not say until when, or for days"),
    Kind.TURN: Meaning(Severity.WARN, "an agent ended its turn without saying that it is done, and waits"),
    Kind.REFUSED: Meaning(Severity.WARN, "a worker that lost its claim tried to write; its words are kept"),
    Kind.GATE: Meaning(Severity.INFO, "a gated step could start, and waits for a person's approval"),
    Kind.PERSON: Meaning(Severity.WARN, "a task waits for a person"),
    Kind.REVIEW: Meaning(Severity.INFO, "a worker says done, and nobody has agreed yet"),
    Kind.BLOCKED: Meaning(Severity.INFO, "a task waits for something named"),
    Kind.FAILED: Meaning(Severity.WARN, "a task was given up, and others wait for it"),
    Kind.STALL: Meaning(Severity.WARN, "a living worker shows neither output nor CPU"),
    Kind.LOOP: Meaning(Severity.WARN, "a living worker says the same again and again"),
    Kind.LOST: Meaning(Severity.WARN, "records or output could not be written, and are missing"),
}
_PLACES: Final = {kind: place for place, kind in enumerate(Kind)}
FIRST: Final = -1  # the priority of what is about the whole board


class Origin(NamedTuple):
    """Where it comes from; None where that is unknown, or there is no such place."""

    host: str | None = None
    board: str | None = None
    task: str | None = None
    step: str | None = None
    session: str | None = None
    window: str | None = None
    pane: str | None = None
    folder: str | None = None
    branch: str | None = None


class Item(NamedTuple):
    """`question` is one line, `more` the evidence, `do` are commands to copy. `holds` counts the open tasks that can't
    go on before it is answered. Texts are as they were found: whoever shows them redacts them."""

    key: str
    kind: Kind
    origin: Origin
    question: str
    since: float | None = None
    more: tuple[str, ...] = ()
    do: tuple[str, ...] = ()
    holds: int = 0
    priority: int = FIRST
    cause: str = ""

    @property
    def severity(self) -> Severity:
        return KINDS[self.kind].severity


def key_of(kind: Kind, *about: str) -> str:
    return ":".join((str(kind), *about))


def cause_of(*parts: object) -> str:
    """Another text for other parts."""
    return blake2b(repr(parts).encode("utf-8", "replace"), digest_size=8).hexdigest()


def in_order(items: Iterable[Item]) -> list[Item]:
    """The most blocking first: by how many tasks it holds back, then by priority; then the newest. No two items are
    equal, so that everybody sees the same order."""
    return sorted(items, key=_rank)


def _rank(item: Item) -> tuple[int, int, float, int, str]:
    newest = math.inf if item.since is None else -item.since
    return (-item.holds, item.priority, newest, _PLACES[item.kind], item.key)


def record_of(item: Item) -> dict[str, Any]:
    """As scripts see it, not redacted yet."""
    return {
        "key": item.key,
        "kind": str(item.kind),
        "severity": str(item.severity),
        "origin": item.origin._asdict(),
        "since": None if item.since is None else format_instant(round(item.since, 3)),
        "question": " ".join(item.question.split()),
        "more": list(item.more),
        "do": list(item.do),
        "holds": item.holds,
    }
