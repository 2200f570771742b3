"""What a live worker does, as far as looks can tell: from glimpses to «it moves», stalled or looping. Pure.

Theory of operation. A glimpse is one look at a live worker that succeeded: a mark of its output that changes with each
byte, the CPU time of each process of its tree, and the block of lines in which its output ends over and over. `follow`
folds glimpses into an `Activity`; a look that failed is no glimpse, so that it can neither make nor break a stall.

Quiet begins at the last glimpse that saw it move, or at the first one, and lasts until the latest: nothing that nobody
looked at is counted. All spans are of a clock that nobody sets. `_at` is wall time, and for people's eyes alone.

A loop: the output scrolls, and each glimpse for so long as makes a stall found it to end in one and the same block of
lines, `MANY` times one behind the other, with new output at `SCROLLS` glimpses at least and without a checkpoint, a
step or a commit in between. Lines must be equal to the letter, and hold a word: a counter, a progress bar, a row of
dots or a spinner is no loop. What redraws a whole screen (the alternate one) is never taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from board.model import Ending
from supervisor.agents.needs import Need

MANY = 4  # so often a block has to stand there
SCROLLS = 3  # glimpses that found new output, and the same block at its end
LONGEST_BLOCK = 50  # lines
TAIL = MANY * LONGEST_BLOCK  # lines that are enough to see every such block
LOOKS = 4  # glimpses within `stall_after`
IDLE_SHARE = 0.001  # of a core: an idle program's own timers; more is work

_WORD = re.compile(r"[^\W\d_]{3}")


@dataclass(frozen=True, slots=True)
class Working:
    """Nothing is known against it."""


@dataclass(frozen=True, slots=True)
class Stalled:
    """Neither output nor CPU since `at`, for at least the `limit` that the record allows."""

    at: float
    limit: float


@dataclass(frozen=True, slots=True)
class Looping:
    """The same `lines` again and again since `at`, the last time at least `times` in a row."""

    at: float
    lines: tuple[str, ...]
    times: int


@dataclass(frozen=True, slots=True)
class Overdue:
    """It runs for longer than the `limit` of its step."""

    limit: float


@dataclass(frozen=True, slots=True)
class BeingEnded:
    """The record says that we have begun to end it: whoever began, it is brought to its end."""

    why: Ending


Doing = Working | Stalled | Looping | Overdue | BeingEnded | Need


@dataclass(frozen=True, slots=True)
class Block:
    """The lines that an output ends in, `times` times one behind the other."""

    lines: tuple[str, ...]
    times: int


@dataclass(frozen=True, slots=True)
class Glimpse:
    """One look that succeeded, at `clock` on a clock that nobody sets.

    `cpu` are seconds by process; `progress` is any word that changes with each checkpoint, step and commit; `signals`
    counts what its agent has said of itself.
    """

    clock: float
    at: float
    output: str
    cpu: Mapping[tuple[int, int], float]
    block: Block | None = None
    progress: str = ""
    signals: int = 0


@dataclass(frozen=True, slots=True)
class Activity:
    """What all glimpses so far come to; `scrolls` counts those that found new output since the loop began."""

    last: Glimpse
    quiet_since: Glimpse
    loop_since: Glimpse
    cpu_s: float = 0.0
    scrolls: int = 0

    @property
    def quiet_for(self) -> float:
        return self.last.clock - self.quiet_since.clock

    @property
    def repeated_for(self) -> float:
        return self.last.clock - self.loop_since.clock if self.last.block is not None else 0.0


def follow(before: Activity | None, new: Glimpse) -> Activity:
    """What the worker does, by one more glimpse of the same attempt."""
    if before is None:
        return Activity(new, new, new)
    last = before.last
    has_output = new.output != last.output
    cpu_s = sum(used - last.cpu.get(process, 0.0) for process, used in new.cpu.items())
    moves = has_output or new.signals != last.signals or cpu_s > IDLE_SHARE * (new.clock - last.clock)
    goes_on = _is_same_block(new.block, last.block) and new.progress == last.progress
    return Activity(
        last=new,
        quiet_since=new if moves else before.quiet_since,
        loop_since=before.loop_since if goes_on else new,
        cpu_s=0.0 if moves else before.cpu_s + cpu_s,
        scrolls=(before.scrolls if goes_on else 0) + has_output,
    )


def doing_of(activity: Activity | None, limit: float) -> Working | Stalled | Looping:
    """What that means where `limit` seconds make a stall; 0 is never."""
    if activity is None or limit <= 0:
        return Working()
    if activity.quiet_for >= limit:
        return Stalled(activity.quiet_since.at, limit)
    block = activity.last.block
    if block is not None and activity.repeated_for >= limit and activity.scrolls >= SCROLLS:
        return Looping(activity.loop_since.at, block.lines, block.times)
    return Working()


def repeated(lines: Sequence[str]) -> Block | None:
    """The shortest block of lines in which these end at least `MANY` times; its first line is the least of them.

    The last line may be half written, so that the same block is found with or without it.
    """
    return _at_the_end(lines) or _at_the_end(lines[:-1])


def _at_the_end(lines: Sequence[str]) -> Block | None:
    count = len(lines)
    for size in range(1, min(LONGEST_BLOCK, count // MANY) + 1):
        if list(lines[count - size * MANY : count - size]) != list(lines[count - size * (MANY - 1) :]):
            continue
        block = lines[count - size :]
        return Block(_turned(block), _times(lines, size)) if any(map(_WORD.search, block)) else None
    return None


def _times(lines: Sequence[str], size: int) -> int:
    """How often the last `size` lines stand there, one behind the other."""
    at = len(lines) - size
    while at >= size and list(lines[at - size : at]) == list(lines[-size:]):
        at -= size
    return (len(lines) - at) // size


def _turned(block: Sequence[str]) -> tuple[str, ...]:
    """Where in the block the output was cut makes no other block."""
    return min(tuple(block[at:]) + tuple(block[:at]) for at in range(len(block)))


def _is_same_block(one: Block | None, other: Block | None) -> bool:
    return one is not None and other is not None and one.lines == other.lines
