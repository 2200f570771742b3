"""From signals to the latest word: whose it is, in which order, and what a weak or foreign one may change."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from supervisor.agents.reading import State
from supervisor.hooks.folder import Name
from supervisor.hooks.latest import Latest, Signal, Standing, follow, read_signal, standing, with_background
from supervisor.model import Attempt
from supervisor.processes import ProcessId

ATTEMPT = Attempt("home", "t", 3, 1)
WORKER = ProcessId(100, 5000)
OWN = ((300, 9000, ""), (200, 8999, ""), (100, 5000, "claude"), (1, 1, ""))
_orders = itertools.count(1)


def signal(kind: str, **more: Any) -> Signal:
    order = next(_orders)
    return Signal(
        **{
            "order": order,
            "at": float(order),
            "task": "t",
            "mark": ATTEMPT.mark,
            "agent": "claude",
            "kind": kind,
            "chain": OWN,
            "session": "s",
            **more,
        }
    )


def after(*signals: Signal) -> Latest:
    latest = None
    for each in signals:
        latest = follow(latest, each)
    assert latest is not None
    return latest


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        (OWN, Standing.OWN),
        (OWN[:2], Standing.FOREIGN),
        (((300, 9000, ""), (100, 5001, "claude")), Standing.FOREIGN),  # the pid is another process's by now
        (((300, 0, ""), (100, 0, "claude")), Standing.OWN),  # where starts can't be told
        (((300, 9000, ""), (250, 8000, "codex"), (200, 7000, ""), (100, 5000, "claude")), Standing.NESTED),
        (((300, 9000, ""), (250, 8000, "claude"), (200, 7000, ""), (100, 5000, "claude")), Standing.NESTED),
        (((300, 9000, ""), (250, 8000, "codex"), (100, 5000, "codex")), Standing.OWN),  # a launcher and its program
        (((300, 9000, ""), (250, 8000, "claude"), (100, 5000, ""), (90, 4000, "codex")), Standing.OWN),
        ((), Standing.FOREIGN),
    ],
)
def test_whose_word_it_is(chain: Any, expected: Standing) -> None:
    """Only the worker's own agent's; what stands above the worker doesn't matter. Mutants killed: the pid alone
    compared; a nested agent's word taken; the chain looked at beyond the worker."""
    assert standing(signal("idle", chain=chain), ATTEMPT, WORKER) is expected


def test_another_attempts_word_is_stale_and_an_unseen_worker_is_waited_for() -> None:
    """Stale is stale whoever lives; nobody is judged by a worker that nobody has seen."""
    assert standing(signal("idle", mark="home/t.2.1"), ATTEMPT, WORKER) is Standing.STALE
    assert standing(signal("idle"), None, None) is Standing.STALE
    assert standing(signal("idle"), ATTEMPT, None) is None


def test_the_state_follows_what_is_said() -> None:
    """Each kind its state; since when it holds is kept while it is said again."""
    said = [
        signal(kind) for kind in ("started", "busy", "tool", "asking", "tool", "idle", "limited", "failed", "ended")
    ]
    states = [after(*said[: count + 1]).state for count in range(len(said))]
    assert states == [
        State.STARTING,
        State.BUSY,
        State.BUSY,
        State.ASKING,
        State.BUSY,
        State.IDLE,
        State.LIMITED,
        State.FAILED,
        State.UNKNOWN,
    ]
    assert after(*said[:3]).since == said[1].at
    assert after(*said[:3]).at == said[2].at


def test_an_older_word_changes_nothing() -> None:
    """A hook that was slow to write is a sign of life alone. Mutant killed: the last one read wins."""
    late, asks = signal("tool"), signal("asking", text="may I?")
    latest = after(signal_before(late), asks, late)
    assert (latest.state, latest.text, latest.count) == (State.ASKING, "may I?", 3)


def signal_before(other: Signal) -> Signal:
    return signal("busy", order=other.order - 1)


def test_a_sub_agent_changes_nothing_but_may_ask() -> None:
    """Its end is not the worker's; its question is the person's until it goes on itself. Another conversation of the
    agent is the same. Mutants killed: a sub-agent's idle taken; its question dropped; never ended."""
    for part in ({"part": "a1"}, {"session": "other"}):
        idle = after(signal("busy"), signal("idle"), signal("tool", **part), signal("idle", **part))
        assert idle.state is State.IDLE
        asks = follow(idle, signal("asking", text="may I?", **part))
        assert (asks.state, asks.text, asks.session) == (State.ASKING, "may I?", "s")
        assert follow(asks, signal("tool", part="another")).state is State.ASKING
        assert follow(asks, signal("tool", **part)).state is State.BUSY


def test_of_several_that_ask_the_first_has_the_word() -> None:
    """Agents show one dialog at a time: the next question comes up when the first one goes on, and is open until then;
    the agent's own goes before its sub-agents'. Who goes on without an answer here asks no more, and a new turn ends
    them all. Mutants killed: the latest one stands for all; the others are lost; one that went on stays in the queue;
    two questions of one sub-agent."""
    busy, one = signal("busy"), signal("asking", text="1?", part="a")
    two = signal("asking", text="2?", part="b", session="other")
    both = after(busy, one, two)
    assert (both.text, both.part, both.asks("1?"), both.asks("2?"), both.asks("3?")) == ("1?", "a", True, True, False)
    second = follow(both, signal("tool", part="a"))
    assert (second.state, second.text, second.part, second.session) == (State.ASKING, "2?", "b", "s")
    assert (second.since, second.asks("1?")) == (two.at, False)
    assert follow(second, signal("tool", part="b")).state is State.BUSY

    assert follow(follow(both, signal("tool", part="b")), signal("tool", part="a")).state is State.BUSY
    again = follow(both, signal("asking", text="3?", part="b"))
    assert (again.asks("2?"), again.asks("3?"), again.text) == (False, True, "1?")
    own = follow(both, signal("asking", text="mine?"))
    assert (own.text, own.part, own.asks("1?"), own.asks("2?")) == ("mine?", "", True, True)
    assert follow(own, signal("tool")).text == "1?"
    for kind in ("busy", "idle", "failed", "started"):
        ended = follow(own, signal(kind))
        assert not ended.queue, kind
        assert ended.state is not State.ASKING, kind
    assert follow(both, signal("asking", text="needs you", is_weak=True)) == after_life(both)


def after_life(latest: Latest) -> Latest:
    """With one more sign of life."""
    order = next(_orders) - 1
    return replace(latest, at=float(order), order=order, count=latest.count + 1)


def test_the_first_prompt_is_remembered() -> None:
    """However many come; another attempt has its own. Mutant killed: the last one."""
    latest = after(signal("started"), signal("busy", prompt="p1"), signal("busy", prompt="p2"))
    assert (latest.opening, latest.prompt) == ("p1", "p2")
    assert follow(latest, signal("busy", prompt="p3", mark="home/t.3.2")).opening == "p3"


def test_a_new_conversation_of_the_worker_is_its_own() -> None:
    """After `/clear` the session is another one, and counts."""
    assert after(signal("idle"), signal("started", session="new"), signal("busy", session="new")).state is State.BUSY


def test_a_weak_word_yields() -> None:
    """A reminder after a minute makes no limit, failure, question or background work forgotten; after an interrupted
    turn, of which nobody tells, it is all there is. Mutant killed: `idle_prompt` taken like a Stop."""
    weak = {"is_weak": True}
    for kind, state in (("limited", State.LIMITED), ("failed", State.FAILED), ("asking", State.ASKING)):
        assert after(signal("busy"), signal(kind), signal("idle", **weak)).state is state
    assert after(signal("busy"), signal("idle", background=1), signal("idle", **weak)).state is State.BUSY
    assert after(signal("busy"), signal("idle", **weak)).state is State.IDLE
    asked = after(signal("asking", text="rm x"), signal("asking", text="needs you", **weak))
    assert asked.text == "rm x"


def test_work_left_behind_keeps_it_busy() -> None:
    """By the agent's own word, or by somebody's look, until there is none."""
    assert after(signal("busy"), signal("idle", background=2)).state is State.BUSY
    assert after(signal("busy"), signal("idle", background=0)).state is State.IDLE
    idle = after(signal("busy"), signal("idle"))
    busy = with_background(idle, 1, 99.0)
    assert (busy.state, busy.background, busy.since) == (State.BUSY, 1, 99.0)
    assert with_background(busy, 0, 100.0).state is State.IDLE


def test_what_is_no_signal_is_none() -> None:
    """Any cut of a real file, and any JSON of another shape, is told apart and raises nothing."""
    name = Name("x", 7, "t", "asking")
    whole = json.dumps({"at": 1.0, "mark": "m", "agent": "claude", "chain": [[1, 2, ""]], "text": "q"}).encode()
    read = read_signal(name, whole)
    assert read is not None
    assert (read.text, read.order, read.chain) == ("q", 7, ((1, 2, ""),))
    for cut in range(len(whole)):
        assert read_signal(name, whole[:cut]) is None
    for strange in (b"[]", b"null", b'{"chain": [[1]]}', b'{"at": [], "mark": 1, "agent": 1, "chain": []}', b"\xff"):
        assert read_signal(name, strange) is None


def test_a_storm_ends_in_what_was_said_last() -> None:
    """Whatever comes, in whatever order it is read in batches, the newest word of the worker's own holds."""
    dice = Random(3)
    for _ in range(50):
        kinds = dice.choices(["tool", "busy", "asking", "idle"], k=40)
        assert after(*(signal(kind) for kind in kinds)).state is after(signal(kinds[-1])).state
