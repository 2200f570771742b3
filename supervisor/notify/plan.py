"""Who is told of which items now: by kind and severity, outside quiet hours, grouped, and not too often. Pure.

Theory of operation. Nothing is planned ahead: items are derived, so what waits (for more of its group, for the quiet
hours' end, for the rate) is decided anew from those that still hold. An item is told once for each cause it has; the
memory of that is kept on disk behind the message, so that who dies in between tells it twice rather than never.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from board.inbox.item import Item, cause_of
from board.notices import SEVERITIES, Rule

MINUTES: Final = 24 * 60
_EMPTY: Final[Mapping[str, str]] = {}


class Told(Protocol):
    """What may be told of: by its key it is known, and it is news for each cause."""

    @property
    def key(self) -> str: ...
    @property
    def cause(self) -> str: ...


T = TypeVar("T", bound=Told)


class Moment(NamedTuple):
    """An instant, and how many seconds of the local day are over by then."""

    now: float
    of_day: float


class Memory(NamedTuple):
    """What one rule has told: the cause by item, and when its latest messages went. `since`: how long something new
    waits already."""

    told: Mapping[str, str] = _EMPTY
    sent: tuple[float, ...] = ()
    since: float | None = None


class Planned(NamedTuple, Generic[T]):
    """`items` are to be told now, in one message; `again_at` is when something that waits may be told."""

    items: tuple[T, ...]
    memory: Memory
    again_at: float | None = None


def name_of(rule: Rule) -> str:
    """Under which its memory is kept: hours and limits may change and it is the same rule."""
    return cause_of(rule.ways, rule.kinds, rule.severity)


def plan(rule: Rule, items: Sequence[Item], memory: Memory, moment: Moment) -> Planned[Item]:
    return due(rule, [item for item in items if is_wanted(rule, item)], memory, moment)


def due(rule: Rule, wanted: Sequence[T], memory: Memory, moment: Moment) -> Planned[T]:
    """By the rule's hours, group and limit alone: what is wanted has been settled."""
    now = moment.now
    told = {_id(item): cause for item in wanted if (cause := memory.told.get(_id(item))) is not None}
    sent = tuple(at for at in memory.sent if now - rule.limit.window < at <= now)
    new = tuple(item for item in wanted if told.get(_id(item)) != item.cause)
    if not new:
        return Planned((), Memory(told, sent))
    since = now if memory.since is None else min(memory.since, now)
    due_at = max(since + rule.group, quiet_until(rule, moment), _free_at(rule, sent))
    if due_at > now:
        return Planned((), Memory(told, sent, since), due_at)
    return Planned(new, Memory({**told, **{_id(item): item.cause for item in new}}, (*sent, now)))


def is_wanted(rule: Rule, item: Item) -> bool:
    is_bad_enough = SEVERITIES.index(item.severity) >= SEVERITIES.index(rule.severity)
    return is_bad_enough and (not rule.kinds or item.kind in rule.kinds)


def quiet_until(rule: Rule, moment: Moment) -> float:
    """The end of the quiet hours that are now; 0 where there are none. They may reach over midnight."""
    if rule.quiet is None:
        return 0.0
    first, last = rule.quiet
    length = (last - first) % MINUTES * 60
    into = (moment.of_day - first * 60) % (MINUTES * 60)
    return moment.now + length - into if into < length else 0.0


def _free_at(rule: Rule, sent: tuple[float, ...]) -> float:
    """When the rate allows one more message."""
    return 0.0 if len(sent) < rule.limit.most else sent[-rule.limit.most] + rule.limit.window


def is_told(each: Told, memory: Memory) -> bool:
    return memory.told.get(_id(each)) == each.cause


def _id(item: Told) -> str:
    """A key may hold what somebody wrote; the memory has only its mark."""
    return cause_of(item.key)


def read_memory(record: object) -> Memory:
    """An empty one for what is none: then everything is told once more."""
    try:
        assert isinstance(record, Mapping)
        told = {str(key): str(cause) for key, cause in record["told"].items()}
        since = record.get("since")
        return Memory(told, tuple(float(at) for at in record["sent"]), None if since is None else float(since))
    except (AssertionError, KeyError, TypeError, ValueError, AttributeError):
        return Memory()


def memory_record(memory: Memory) -> dict[str, Any]:
    return {"told": dict(memory.told), "sent": list(memory.sent), "since": memory.since}
