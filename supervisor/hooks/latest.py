"""From signals to what an agent last said of itself. Pure: it is told who the worker is, and looks at nobody.

A signal counts for a task when it bears the mark of the attempt that runs, when the worker is among the ancestors of
the hook that sent it, and when no other agent stands between them. What a sub-agent says, or another conversation of
the same agent, is a sign of life and no state; but its question is the person's too, until it goes on itself. Agents
show one dialog at a time: of several that ask, the first has the word until it goes on, and then the next.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any

from supervisor.agents.reading import BACKGROUND, Reading, Source, State
from supervisor.hooks.ancestry import Ancestor
from supervisor.hooks.folder import Name
from supervisor.model import Attempt
from supervisor.processes import ProcessId


class Standing(StrEnum):
    """Whose word a signal is."""

    OWN = "the worker's"
    STALE = "an earlier attempt's"
    FOREIGN = "from outside the worker's process tree"
    NESTED = "from an agent that the worker started"


_STATES = {
    "started": State.STARTING,
    "tool": State.BUSY,
    "busy": State.BUSY,
    "asking": State.ASKING,
    "idle": State.IDLE,
    "limited": State.LIMITED,
    "failed": State.FAILED,
    "ended": State.UNKNOWN,
}
_YIELDING = (State.STARTING, State.BUSY)  # to a weak word, if nothing goes on in the background


@dataclass(frozen=True, slots=True)
class Signal:
    """`order` rises with time on this machine, whatever is done to the clock; `chain` begins with the hook itself."""

    order: int
    at: float
    task: str
    mark: str
    agent: str
    kind: str
    chain: Sequence[Ancestor] = ()
    detail: str = ""
    session: str = ""
    part: str = ""
    text: str = ""
    prompt: str = ""
    transcript: str = ""
    background: int | None = None
    is_weak: bool = False
    dropped: int = 0
    message: str = ""

    @property
    def ticks(self) -> int:
        """When the hook was started; 0 where nobody can say."""
        return self.chain[0][1] if self.chain else 0


@dataclass(frozen=True, slots=True)
class Latest:
    """`at` is when it last said anything, `since` when it began to say this; `count` rises with each sign of life.

    `began` and `ticks` are starts of processes: of the hook of its first turn, and of the one that spoke last, whose
    `callers` are its ancestors and itself. What was started between them and lives is work in the background:
    `background` counts it, None where nobody has looked. `message` is what it said last at the end of a turn, `opening`
    its first prompt, `queue` the questions of others that come after this one: only who has heard them knows of those.
    """

    mark: str
    agent: str
    state: State
    since: float
    at: float
    order: int
    detail: str = ""
    session: str = ""
    part: str = ""
    text: str = ""
    prompt: str = ""
    transcript: str = ""
    background: int | None = None
    began: int = 0
    ticks: int = 0
    callers: Sequence[int] = ()
    count: int = 1
    was_looked_for: bool = False
    source: str = "hook"
    message: str = ""
    opening: str = ""
    queue: Sequence[Signal] = ()

    @property
    def news(self) -> object:
        """What has to differ for another word to be worth telling."""
        return (self.state, self.part, self.text, self.background, "" if self.state is State.BUSY else self.detail)

    def asks(self, text: str) -> bool:
        """Is that a question which is still open?"""
        return self.state is State.ASKING and text in (self.text, *(each.text for each in self.queue))


def read_signal(name: Name, data: bytes) -> Signal | None:
    """None for what is no signal."""
    try:
        given = json.loads(data)
        chain = tuple((int(pid), int(ticks), str(agent)) for pid, ticks, agent in given["chain"])
        texts = {
            key: _text(given, key) for key in ("detail", "session", "part", "text", "prompt", "transcript", "message")
        }
        return Signal(
            order=name.order,
            at=float(given["at"]),
            task=name.task,
            mark=str(given["mark"]),
            agent=str(given["agent"]),
            kind=name.kind,
            chain=chain,
            background=None if given.get("background") is None else int(given["background"]),
            is_weak=bool(given.get("is_weak")),
            dropped=int(given.get("dropped", 0)),
            **texts,
        )
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None


def _text(given: dict[str, Any], key: str) -> str:
    value = given.get(key, "")
    return value if isinstance(value, str) else ""


def standing(signal: Signal, attempt: Attempt | None, process: ProcessId | None) -> Standing | None:
    """None while it can't be told: nobody has yet seen who the worker of this attempt is."""
    if attempt is None or signal.mark != attempt.mark:
        return Standing.STALE
    if process is None:
        return None
    place = next((place for place, each in enumerate(signal.chain) if _is(each, process)), None)
    if place is None:
        return Standing.FOREIGN
    return Standing.OWN if _agents(signal.chain[: place + 1]) <= 1 else Standing.NESTED


def _is(each: Ancestor, process: ProcessId) -> bool:
    pid, ticks, _ = each
    return pid == process.pid and ticks in (0, process.ticks)


def _agents(chain: Sequence[Ancestor]) -> int:
    """How many agents follow one another; a launcher and what it launched, one right above the other, are one."""
    names = ["", *(agent for _, _, agent in chain)]
    return sum(bool(agent) and agent != below for below, agent in pairwise(names))


def follow(before: Latest | None, signal: Signal) -> Latest:
    """What the agent says of itself, by one more signal of its own."""
    if before is None or before.mark != signal.mark:
        return _anew(signal)
    if signal.order <= before.order:
        return replace(before, count=before.count + 1)
    alive = replace(before, at=signal.at, order=signal.order, count=before.count + 1)
    part = _part(before, signal)
    if signal.kind == "asking":
        return alive if signal.is_weak and not _yields(before, signal) else _asked(alive, signal, part)
    if part:
        return _of_part(alive, signal, part)
    if signal.is_weak and not _yields(before, signal):
        return alive
    if signal.kind == "tool" and alive.state is State.ASKING and not alive.part and alive.queue:
        return _next(alive, signal)
    return replace(_taken(alive, signal), queue=())


def _anew(signal: Signal) -> Latest:
    blank = Latest(signal.mark, signal.agent, State.UNKNOWN, signal.at, signal.at, signal.order)
    if signal.part:
        busy = replace(blank, state=State.BUSY)
        return _asked(busy, signal, signal.part) if signal.kind == "asking" else busy
    return _taken(blank, signal)


def _part(before: Latest, signal: Signal) -> str:
    """The sub-agent or other conversation that speaks. One that begins is the agent's own from now on."""
    if signal.part or signal.kind == "started":
        return signal.part
    is_other = bool(before.session and signal.session) and signal.session != before.session
    return signal.session if is_other else ""


def _of_part(alive: Latest, signal: Signal, part: str) -> Latest:
    """Who goes on doesn't ask any more."""
    if alive.state is State.ASKING and alive.part == part:
        return _next(alive, signal)
    return replace(alive, queue=_without(alive.queue, part))


def _asked(alive: Latest, signal: Signal, part: str) -> Latest:
    """The agent's own question goes first; else who asked first is answered first."""
    others = _without(alive.queue, part)
    if alive.state is State.ASKING and alive.part != part:
        if part:
            return replace(alive, queue=(*others, replace(signal, part=part)))
        before = Signal(alive.order, alive.since, signal.task, alive.mark, alive.agent, "asking", detail=alive.detail)
        others = (replace(before, part=alive.part, text=alive.text), *others)
    asks = _taken(alive, signal)
    return replace(asks, part=part, session=alive.session if part else asks.session, queue=others)


def _next(alive: Latest, signal: Signal) -> Latest:
    if not alive.queue:
        return replace(alive, state=State.BUSY, since=signal.at, part="", text="", detail=signal.detail)
    asks, *more = alive.queue
    return replace(alive, since=asks.at, part=asks.part, text=asks.text, detail=asks.detail, queue=tuple(more))


def _without(queue: Sequence[Signal], part: str) -> Sequence[Signal]:
    return tuple(each for each in queue if each.part != part)


def _yields(before: Latest, signal: Signal) -> bool:
    if signal.kind == "asking":
        return before.state is not State.ASKING
    return before.state in _YIELDING and not before.background


def _taken(alive: Latest, signal: Signal) -> Latest:
    state = _state(signal)
    is_turn = state is State.BUSY and signal.background is None
    return replace(
        alive,
        state=state,
        since=alive.since if state is alive.state and signal.text == alive.text else signal.at,
        detail=signal.detail,
        session=signal.session or alive.session,
        part="",
        text=signal.text,
        prompt=signal.prompt or alive.prompt,
        transcript=signal.transcript or alive.transcript,
        background=signal.background,
        began=alive.began or (signal.ticks if is_turn else 0),
        ticks=signal.ticks,
        callers=tuple(pid for pid, _, _ in signal.chain),
        was_looked_for=False,
        message=signal.message or alive.message,
        opening=alive.opening or signal.prompt,
    )


def _state(signal: Signal) -> State:
    """A turn that left work behind it isn't over."""
    return State.BUSY if signal.kind == "idle" and signal.background else _STATES[signal.kind]


def with_background(latest: Latest, count: int, now: float) -> Latest:
    """The same, where the agent's own word on what it left behind is missing, and somebody has looked."""
    state = State.BUSY if count else State.IDLE
    since = latest.since if state is latest.state else now
    return replace(latest, state=state, background=count, since=since, at=max(now, latest.at), was_looked_for=True)


def reading_of(latest: Latest) -> Reading:
    """As one source's word among others. Which tool is at work is no news."""
    rule = latest.detail or str(latest.state)
    if latest.state is State.BUSY:
        rule = BACKGROUND if latest.background else "turn"
    return Reading(Source.HOOK, latest.state, rule[:40], latest.at, latest.text, latest.since)
