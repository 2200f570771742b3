"""Whether an agent that ended its turn is asked to finish, one at a limit told to go on, or a person needed. Pure.

Theory of operation. A turn is over when the agent is idle: by its hook's own word after a moment, by anybody else's
after some more, and where no hook told of its end a person has interrupted it, and has the word for a while. Who never
said that the task is done, blocked or further on is asked once; again only when it has made progress since. That it is
asked stands on the disk before a key is pressed, so that whoever is killed in between may have asked and asks no more.
What could not be delivered is tried again, so often and so far apart; then it is a person's.

Who can't be given its brief on its command line is typed it, once, as soon as its box is there; the same holds.

A turn that began with a prompt which is neither its first one nor a text of ours is a conversation with a person, who
reads what came of it: nothing is asked behind it, and nobody told, until it has been idle for long.

A limit that names its end is waited for, and the agent told once to go on. One without an end, and whatever failed, is
left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from supervisor.agents.needs import settled_of, standing, until_of
from supervisor.agents.reading import TRUST, Heard, Order, Reading, Settled, Source, State

TRIES: Final = (15.0, 60.0, 300.0)  # seconds from each text that could not be delivered to the next one
_DAY: Final = 86400.0
_CLOCKS: Final = 120.0  # seconds by which two readings of one clock time may differ


class Pace(NamedTuple):
    """Seconds. `hooked`, `seen` and `interrupted` are how long it has to be idle, by who says so; `first` is how long
    it has to have run; `taken` is what it has to begin within once it was asked, or started; `over` lies behind a
    limit's end; `talked` is how long it has to be idle behind a person's own prompt."""

    hooked: float = 2.0
    seen: float = 10.0
    interrupted: float = 120.0
    first: float = 5.0
    taken: float = 60.0
    over: float = 10.0
    talked: float = 600.0


PACE: Final = Pace()


class Progress(NamedTuple):
    """`said` differs after each checkpoint and step, `head` after each commit; None: could not tell, or no git."""

    said: str
    head: str | None

    def is_beyond(self, before: Progress) -> bool:
        """What could not be told is no progress."""
        has_commit = self.head is not None and before.head is not None and self.head != before.head
        return self.said != before.said or has_commit


@dataclass(frozen=True, slots=True)
class Turn:
    """What is remembered of one attempt's turns.

    `ended_at` is None while it works. `asked_at` is when it was last asked to finish, whether or not it came through,
    and `asked_on` what it had done by then. `tries` counts what could not be delivered, of which the next is not before
    `try_at`. `waits`: for a person, and `why`. `limit` is the end of the limit that it is at, and `told_at` when it was
    told that it is over. `owes`: its brief is yet to be typed; then `asked_at` is when that was, without `asked_on`.
    `has_begun`: it was seen to do anything at all. `sent` fingerprints the last text of ours.
    """

    mark: str
    ended_at: float | None = None
    ended_by: Source | None = None
    asked_at: float | None = None
    asked_on: Progress | None = None
    tries: int = 0
    try_at: float = 0.0
    waits: bool = False
    why: str = ""
    limit: float | None = None
    told_at: float | None = None
    owes: bool = False
    has_begun: bool = False
    sent: str = ""

    def is_talk(self, opening: str, prompt: str) -> bool:
        """Did a person begin the turn with this prompt? Each is a fingerprint, or empty where nobody told of one."""
        return prompt not in ("", opening, self.sent)


@dataclass(frozen=True, slots=True)
class Glance:
    """One look at a live, interactive agent: what it does, and for how long it has run. `is_counted`: what it left
    behind in the background is known. `is_interrupted`: its own hooks don't say that its turn is over, or say why.
    `is_talk`: a person began the turn."""

    at: float
    heard: Mapping[Source, Heard]
    ran_for: float
    is_counted: bool = False
    is_interrupted: bool = False
    is_typeable: bool = True
    order: Order = TRUST
    is_talk: bool = False

    @property
    def settled(self) -> Settled:
        return settled_of(self.heard, self.at, self.order)


@dataclass(frozen=True, slots=True)
class Ask:
    """To finish, to checkpoint or to block."""


@dataclass(frozen=True, slots=True)
class Brief:
    """It goes on with its conversation, and waits to hear what with."""


@dataclass(frozen=True, slots=True)
class GoOn:
    """Its limit is over since `until`."""

    until: float


@dataclass(frozen=True, slots=True)
class Leave:
    """To a person, and why."""

    why: str


Deed = Ask | Brief | GoOn | Leave


def noticed(turn: Turn, glance: Glance) -> Turn:
    """After one more look. Where nobody can tell what it does, what was known stays."""
    settled = glance.settled
    match settled.state:
        case State.IDLE:
            return _idle(turn, settled)
        case State.LIMITED:
            until = until_of(glance.heard, settled.reading, glance.at) if settled.reading is not None else None
            return _limited(turn, until)
        case State.UNKNOWN:
            return turn
        case State.STARTING:
            return _working(turn)
        case State.BUSY | State.ASKING | State.FAILED:
            return replace(_working(turn), has_begun=True)


def _working(turn: Turn) -> Turn:
    done = replace(turn, ended_at=None, ended_by=None, tries=0, try_at=0.0, waits=False, why="")
    return replace(done, limit=None, told_at=None)


def _idle(turn: Turn, settled: Settled) -> Turn:
    source = settled.reading.source if settled.reading is not None else None
    since = settled.since
    speaks = source is turn.ended_by or source is Source.HOOK  # a hook says itself when that was
    is_newer = speaks and since is not None and turn.ended_at is not None and since > turn.ended_at
    has_begun = turn.has_begun or (settled.reading is not None and _tells_of_an_end(settled.reading))
    if turn.ended_at is not None and not is_newer:
        return replace(turn, ended_by=source, has_begun=has_begun)
    return replace(_working(turn), ended_at=since, ended_by=source, has_begun=has_begun)


def _tells_of_an_end(idle: Reading) -> bool:
    """What speaks once says that a turn is over; all others only that none is under way."""
    return idle.source is Source.HOOK or (idle.source is Source.SIGNAL and idle.rule == "done")


def _limited(turn: Turn, until: float | None) -> Turn:
    """Read again behind its end, a clock time means tomorrow's: it is still the limit that it was."""
    if until is None or (turn.limit is not None and _is_same_clock(until, turn.limit)):
        return replace(turn, has_begun=True)
    return replace(_working(turn), limit=until, has_begun=True)


def _is_same_clock(one: float, other: float) -> bool:
    apart = abs(one - other) % _DAY
    return min(apart, _DAY - apart) <= _CLOCKS


def is_due(turn: Turn, glance: Glance, pace: Pace = PACE) -> bool:
    """Is anything to be decided about it now?"""
    if turn.waits or glance.at < turn.try_at:
        return False
    state = glance.settled.state
    if state is State.LIMITED:
        since = turn.limit if turn.told_at is None else turn.told_at
        return since is not None and glance.at >= since + (pace.over if turn.told_at is None else pace.taken)
    if turn.owes:
        return state is State.IDLE and turn.ended_at is not None and not _is_doubted(glance)
    if state is not State.IDLE or turn.ended_at is None or glance.ran_for < pace.first or _is_doubted(glance):
        return False
    if _is_open(turn):
        return turn.asked_at is not None and glance.at - turn.asked_at >= pace.taken
    return glance.at - turn.ended_at >= _rest(turn, glance, pace)


def _is_doubted(glance: Glance) -> bool:
    """Does anybody see it at work, or asking?"""
    fresh = [each for each in standing(glance.heard) if each.is_fresh(glance.at)]
    newest = [each.newest for each in glance.heard.values() if each.newest.source is Source.SCREEN]
    seen = [each for each in (*fresh, *newest) if each.source is not Source.HOOK]
    return any(each.state in (State.BUSY, State.ASKING) for each in seen)


def _is_open(turn: Turn) -> bool:
    """It was asked, and has not stopped since: it may be about to begin."""
    return turn.asked_at is not None and turn.ended_at is not None and turn.ended_at <= turn.asked_at


def _rest(turn: Turn, glance: Glance, pace: Pace) -> float:
    if glance.is_talk:
        return pace.talked
    if glance.is_interrupted:
        return pace.interrupted
    if turn.ended_by is Source.HOOK and glance.is_counted:
        return pace.hooked
    # Its box may stand there for a while before its first prompt is taken.
    return pace.seen if turn.has_begun else pace.taken


def decide(turn: Turn, glance: Glance, progress: Progress) -> Deed:
    """Of one that is due."""
    if not glance.is_typeable:
        return Leave("nobody knows how to type to it")
    if glance.settled.state is State.LIMITED and turn.limit is not None:
        return GoOn(turn.limit) if turn.told_at is None else Leave("it was told to go on, and is still at its limit")
    if turn.owes:
        return Brief()
    if _is_open(turn):
        told = "told its brief" if turn.asked_on is None else "asked to finish"
        return Leave(f"it was {told}, and did not begin")
    if turn.asked_at is None or turn.asked_on is None:
        return Ask()
    return Ask() if progress.is_beyond(turn.asked_on) else Leave("it was asked to finish, and stopped without progress")


def begun(turn: Turn, deed: Ask | Brief | GoOn, progress: Progress, at: float) -> Turn:
    """To be on the disk before the first key."""
    if isinstance(deed, GoOn):
        return replace(turn, told_at=at)
    if isinstance(deed, Brief):
        return replace(turn, owes=False, asked_at=at, asked_on=None)
    return replace(turn, asked_at=at, asked_on=progress)


def delivered(turn: Turn) -> Turn:
    return replace(turn, tries=0, try_at=0.0, why="")


def undelivered(before: Turn, why: str, at: float) -> Turn:
    """Nothing has reached it: it is as it was before, and tried again, or a person's."""
    tried = replace(before, tries=before.tries + 1, why=why)
    if before.tries < len(TRIES):
        return replace(tried, try_at=at + TRIES[before.tries])
    return left(replace(tried, owes=False), f"it could not be {'told its brief' if tried.owes else 'asked'}: {why}")


def left(turn: Turn, why: str) -> Turn:
    return replace(turn, waits=True, why=why)
