"""What one source says about what an agent does: readings, and what is made of several of them. Pure.

Theory of operation. A reading is one source's word at one instant. `hear` folds the readings of one source into a
`Heard`: what can be misread, a title and a screen, has to say the same twice before it stands; until then what stood
before stands. `settle` takes the readings that stand and makes one source the authority: the most trusted one that has
something to say and was heard lately enough. It never mixes two. A source that can't tell says `unknown` and leaves
the word to the next one; where nobody can tell, `unknown` is the answer, and nothing is done upon it.

An agent that does not move is not heard anew: whoever looks confirms its reading by `confirmed`, so that what is too
old is what nobody could confirm. Hooks are the exception: they speak once, and an agent that was interrupted says
nothing more, so that their word lasts for a while only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class State(StrEnum):
    STARTING = "starting"
    BUSY = "busy"
    ASKING = "asking"
    IDLE = "idle"
    LIMITED = "limited"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Source(StrEnum):
    """In falling order of trust."""

    PROCESS = "process"
    HOOK = "hook"
    FILE = "file"
    TITLE = "title"
    BELL = "bell"
    SCREEN = "screen"


FRESH: Final = {
    Source.PROCESS: 15.0,
    Source.HOOK: 120.0,
    Source.FILE: 15.0,
    Source.TITLE: 15.0,
    Source.BELL: 15.0,
    Source.SCREEN: 15.0,
}  # seconds for which a source's word holds
READS: Final = {Source.TITLE: 2, Source.SCREEN: 2}  # so many in a row must agree; elsewhere one will do


@dataclass(frozen=True, slots=True)
class Reading:
    """One source's word. `rule` names what was recognized, `at` when it was last seen so, `since` when first.

    `detail` is for people, and raw: redact it before it goes anywhere. `until` is the end of a limit that names one.
    """

    source: Source
    state: State
    rule: str
    at: float
    detail: str = ""
    since: float | None = None
    until: float | None = None

    @property
    def first_at(self) -> float:
        return self.at if self.since is None else self.since

    def is_fresh(self, now: float) -> bool:
        return now - self.at <= FRESH[self.source]

    def is_same(self, other: Reading) -> bool:
        return (self.source, self.state, self.rule) == (other.source, other.state, other.rule)


@dataclass(frozen=True, slots=True)
class Heard:
    """One source's newest word, how often in a row it came, and the word that stands."""

    newest: Reading
    reads: int = 1
    standing: Reading | None = None

    @property
    def is_settled(self) -> bool:
        return self.reads >= READS.get(self.newest.source, 1)


@dataclass(frozen=True, slots=True)
class Settled:
    """What the agent does, and on whose word; `reading` is None where nobody could tell."""

    state: State
    reading: Reading | None = None

    @property
    def since(self) -> float | None:
        return self.reading.first_at if self.reading is not None else None


NOBODY: Final = Settled(State.UNKNOWN)


def hear(before: Heard | None, new: Reading) -> Heard:
    """What is known of one source after one more look at it."""
    if before is not None and before.newest.is_same(new):
        # A limit's end is read off a clock without a date: once it is past, the same words would mean tomorrow's.
        again = replace(new, since=before.newest.first_at, until=before.newest.until)
        heard = Heard(again, before.reads + 1, before.standing)
    else:
        heard = Heard(replace(new, since=new.first_at), 1, before.standing if before is not None else None)
    return replace(heard, standing=heard.newest) if heard.is_settled else heard


def confirmed(heard: Heard, now: float) -> Heard:
    """Somebody looked, and nothing has changed since: what was said is said still. It is no second read."""
    standing = heard.standing
    newest = replace(heard.newest, at=now)
    return Heard(newest, heard.reads, newest if heard.is_settled else standing)


def settle(readings: Iterable[Reading], now: float) -> Settled:
    """The state by the one source that is the authority now."""
    told = [each for each in readings if each.is_fresh(now) and each.state is not State.UNKNOWN]
    order = list(Source)
    found = min(told, key=lambda each: (order.index(each.source), -each.at), default=None)
    return NOBODY if found is None else Settled(found.state, found)
