"""What one source says about what an agent does: readings, and what is made of several of them. Pure.

Theory of operation. A reading is one source's word at one instant. `hear` folds the readings of one source into a
`Heard`: what can be misread, a title and a screen, has to say the same twice before it stands; until then what stood
before stands. `settle` takes the readings that stand and makes one source the authority: the most trusted one that has
something to say and was heard lately enough. It never mixes two. A source that can't tell says `unknown` and leaves
the word to the next one; where nobody can tell, `unknown` is the answer, and nothing is done upon it.

An agent that does not move is not heard anew: whoever looks confirms its reading by `confirmed`, so that what is too
old is what nobody could confirm.

Hooks and terminal signals speak once, and an agent that waits says nothing more: `says_still` tells whether its word
may be confirmed. Nor does an agent say that it was interrupted, or that its question was answered at the pane: their
word is overtaken by another source that has said otherwise for some seconds, all of them since that word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    """In falling order of trust, unless a profile says otherwise."""

    PROCESS = "process"
    HOOK = "hook"
    FILE = "file"
    SIGNAL = "signal"
    TITLE = "title"
    BELL = "bell"
    SCREEN = "screen"


Order = tuple[Source, ...]  # falling trust; who isn't in it is not listened to
TRUST: Final[Order] = tuple(Source)
FRESH: Final = {
    Source.PROCESS: 15.0,
    Source.HOOK: 120.0,
    Source.FILE: 15.0,
    Source.SIGNAL: 120.0,
    Source.TITLE: 15.0,
    Source.BELL: 15.0,
    Source.SCREEN: 15.0,
}  # seconds for which a source's word holds
READS: Final = {Source.TITLE: 2, Source.SCREEN: 2}  # so many in a row must agree; elsewhere one will do
SPEAKS_ONCE: Final = frozenset({Source.HOOK, Source.SIGNAL})
OVERTAKEN: Final = 3.0  # seconds for which another source has to say otherwise
BACKGROUND: Final = "background"  # the rule of a turn that is over and has left work behind it

_GOES_ON: Final = frozenset({State.BUSY, State.ASKING})
_GAVE_UP: Final = frozenset({State.LIMITED, State.FAILED})
# By which other words one is overtaken: an idle screen doesn't tell a limit or a failure from a turn that is over.
_OVERTAKES: Final[Mapping[State, frozenset[State]]] = {
    State.STARTING: _GOES_ON | _GAVE_UP | {State.IDLE},
    State.BUSY: _GAVE_UP | {State.ASKING, State.IDLE},
    State.ASKING: _GAVE_UP | {State.BUSY, State.IDLE},
    State.IDLE: _GOES_ON | _GAVE_UP,
    State.LIMITED: _GOES_ON,
    State.FAILED: _GOES_ON,
    State.UNKNOWN: frozenset(),
}


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
        """A hook's next question is another word; what a screen shows may differ by a clock in it."""
        is_said = self.source is Source.HOOK and self.state is State.ASKING
        mine, theirs = ((each.source, each.state, each.rule, each.detail * is_said) for each in (self, other))
        return mine == theirs

    @property
    def waits(self) -> bool:
        """Does an agent that does this say nothing more?"""
        return self.state in (State.ASKING, State.IDLE, *_GAVE_UP) or self.rule == BACKGROUND


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
        since = before.newest.first_at if new.since is None else new.since
        again = replace(new, since=since, until=before.newest.until)
        heard = Heard(again, before.reads + 1, before.standing)
    else:
        heard = Heard(replace(new, since=new.first_at), 1, before.standing if before is not None else None)
    return replace(heard, standing=heard.newest) if heard.is_settled else heard


def confirmed(heard: Heard, now: float) -> Heard:
    """Somebody looked, and nothing has changed since: what was said is said still. It is no second read."""
    standing = heard.standing
    newest = replace(heard.newest, at=now)
    return Heard(newest, heard.reads, newest if heard.is_settled else standing)


def says_still(heard: Heard, others: Iterable[Heard], now: float, *, is_untouched: bool) -> bool:
    """May this word of one that waits be confirmed? Where its pane was not written to since, or another source has just
    seen the same; not once another one says otherwise."""
    word, fresh = heard.standing, [each.newest for each in others if each.newest.is_fresh(now)]
    if word is None or not word.waits or word.source not in SPEAKS_ONCE:
        return False
    told = [each.state for each in fresh if each.source is not word.source and each.state is not State.UNKNOWN]
    return not any(_overtakes(state, word) for state in told) and (is_untouched or word.state in told)


def is_overtaken(word: Reading, others: Iterable[Reading], now: float) -> bool:
    return word.source in SPEAKS_ONCE and any(
        each.source is not word.source
        and _overtakes(each.state, word)
        and each.first_at > word.at
        and now - each.first_at >= OVERTAKEN
        for each in others
    )


def _overtakes(state: State, word: Reading) -> bool:
    if word.rule == BACKGROUND and state is State.IDLE:
        return False
    return state in _OVERTAKES[word.state]


def order_of(names: Iterable[str]) -> Order:
    """As a profile names its sources; all of them where it names none. What we presume ourselves, before anybody has
    said a word, is nobody's to leave out."""
    named = tuple(dict.fromkeys(Source(name) for name in names))
    return (Source.PROCESS, *named) if named else TRUST


def settle(readings: Iterable[Reading], now: float, order: Order = TRUST) -> Settled:
    """The state by the one source that is the authority now."""
    told_of = [each for each in readings if each.source in order and each.state is not State.UNKNOWN]
    fresh = [each for each in told_of if each.is_fresh(now)]
    told = [each for each in fresh if not is_overtaken(each, fresh, now)]
    found = min(told, key=lambda each: (order.index(each.source), -each.at), default=None)
    return NOBODY if found is None else Settled(found.state, found)


def is_news(before: Settled, after: Settled) -> bool:
    if before.reading is None or after.reading is None:
        return before.reading is not after.reading
    return not before.reading.is_same(after.reading)
