"""Which conversation a start of an agent goes on with, by what is known of those that there are. Pure.

An id that was chosen is used once: whoever begins takes the first one that isn't in use, whoever goes on the last that
is. An id that has to be learnt is taken from the most trusted source that names one: the agent's own word, its files,
then what the start before was told. Where two might be meant, none is: a new conversation is told the checkpoint.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

MOST: Final = 32  # ids for one step of one task: so often it may be begun anew
EARLY: Final = 2.0  # seconds: two clocks, the board's milliseconds and a file's, need not agree to the last digit
_NAMESPACE: Final = uuid.UUID("6f9a1f43-58f5-4a3f-9a54-1c0d2f6a7b11")


@dataclass(frozen=True, slots=True)
class Conversation:
    """`id` is empty where nobody knows one. `why` is for the journal: whose word it is, or why there is none."""

    id: str = ""
    goes_on: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as an agent's own files tell of it."""

    id: str
    folder: str
    began_at: float


def chosen_id(place: str, turn: int = 0) -> str:
    """The `turn`-th id for a board's task and step, the same on each machine and at each time."""
    return str(uuid.uuid5(_NAMESPACE, f"{place}:{turn}" if turn else place))


def chosen(
    place: str, is_in_use: Callable[[str], bool | None], *, is_first: bool, known: Sequence[str] = ()
) -> Conversation:
    """`known` are ids that the attempt before is known to have had, the most trusted first. `is_in_use` says None where
    nobody can tell: then what the number of the start says is taken for true."""
    for name in known if not is_first else ():
        if name and is_in_use(name):
            return Conversation(name, goes_on=True, why="its own by the agent's word or as before")
    last = ""
    for turn in range(MOST):
        name = chosen_id(place, turn)
        used = is_in_use(name)
        if used is None:
            return Conversation(name, not is_first, "" if is_first else "its own by the id that was chosen")
        if not used:
            break
        last = name
    if is_first or not last:
        return Conversation(name, why="" if is_first else "a new one: the one before was never written down")
    return Conversation(last, goes_on=True, why="its own by the id that was chosen")


@dataclass(frozen=True, slots=True)
class Traces:
    """What is known of the conversation of the attempt before, which began at `since` in `tree`.

    `heard` is what the agent said of itself, `told` what it was started with; `talks` None where its files can't be
    read, and `is_own_tree` False where others may work in the same folder.
    """

    tree: str
    since: float | None
    talks: Sequence[Talk] | None
    heard: str = ""
    told: str = ""
    is_own_tree: bool = False


def learnt(traces: Traces) -> Conversation:
    there = None if traces.talks is None else {talk.id for talk in traces.talks}
    if traces.heard and (there is None or traces.heard in there):
        return Conversation(traces.heard, goes_on=True, why="its own by the agent's word")
    if there is None:
        return _anew("the agent's files could not be read")
    begun = _begun(traces)
    if len(begun) > 1:
        return _anew(f"{len(begun)} might be its own")
    if begun:
        return Conversation(begun[0], goes_on=True, why="its own by the agent's files")
    if traces.told in there:
        return Conversation(traces.told, goes_on=True, why="its own as before")
    return _anew("none of its own was found")


def _begun(traces: Traces) -> list[str]:
    """Those that the attempt before can have begun. In a folder of many, nobody can say whose one is."""
    if traces.since is None or not traces.is_own_tree:
        return []
    since = traces.since - EARLY
    return [talk.id for talk in traces.talks or () if talk.folder == traces.tree and talk.began_at >= since]


def _anew(why: str) -> Conversation:
    return Conversation(why=f"a new one: {why}")
