"""Items are made of a board and a status and of nothing else: each of its task's part alone, and it ends with that."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from board.inbox.item import Item, Kind
from board.instants import format_instant
from tests.boards import NOW, claimed
from tests.scenes import found, line

_QUIET: dict[str, Any] = {"state": "running", "agent_state": "busy", "rule": "alive"}
_AGENTS = {
    Kind.PERMISSION: ("asking", "permission-prompt"),
    Kind.QUESTION: ("asking", "question"),
    Kind.LOGIN: ("failed", "login"),
    Kind.LIMIT: ("limited", "usage-limit"),
}
_ODD = {Kind.STALL: "stalled", Kind.LOOP: "looping"}


def _part(kind: Kind | None, text: str, before: int) -> dict[str, Any]:
    """A status' part that makes this item and no other one."""
    at = format_instant(NOW - before)
    if kind is Kind.TURN:
        return {**_QUIET, "agent_state": "idle", "turn": {"ended_at": at, "asked_at": at, "waits": True}}
    if kind in _ODD:
        return {**_QUIET, "state": _ODD[kind], "odd_since": at, "why": text}
    if kind is None:
        return dict(_QUIET)
    state, rule = _AGENTS[kind]
    source = {"source": "screen", "rule": rule, "state": state, "stands": True, "since": at, "detail": text}
    return {**_QUIET, "agent_state": state, "question": text, "agent_sources": [source]}


_KINDS = st.none() | st.sampled_from([*_AGENTS, *_ODD, Kind.TURN])
_PARTS = st.tuples(_KINDS, st.text("ab ?\n", max_size=9), st.integers(0, 99))
_STATUSES = st.dictionaries(st.sampled_from([f"t{at}" for at in range(8)]), _PARTS, max_size=6)


def _items(parts: dict[str, dict[str, Any]], order: list[str], **more: Any) -> dict[str, Item]:
    tasks = [{"id": f"t{at}", "status": "in_progress", "claim": claimed()} for at in range(8)]
    return found(*tasks, status={"tasks": {name: parts[name] for name in order}, **more})


@given(_STATUSES, st.randoms(use_true_random=False))
def test_items_depend_on_the_status_and_nothing_else(drawn: dict[str, tuple[Any, str, int]], dice: Any) -> None:
    """Each task that needs somebody has the item that its own part makes, whatever else stands in the status, in which
    order, and whatever the journal told of it: a lost message loses none.

    Mutants: one source's word kept for the next task; items by the journal's events.
    """
    parts = {name: _part(*each) for name, each in drawn.items()}
    order = list(parts)
    plain = _items(parts, order)
    assert sorted(plain) == sorted(f"{kind}:{name}" for name, (kind, *_) in drawn.items() if kind is not None)
    dice.shuffle(order)
    assert _items(parts, order, at=format_instant(NOW + 9), extra={"x": 1}) == plain
    for name in parts:
        assert {key: item for key, item in plain.items() if item.origin.task == name} == _items(parts, [name])
    tasks = [{"id": f"t{at}", "status": "in_progress", "claim": claimed()} for at in range(8)]
    told = [line(event, name) for name in parts for event in ("agent_asked", "worker_stalled", "agent_failed")]
    assert found(*tasks, status={"tasks": parts}, records=told) == plain


@given(_STATUSES.filter(bool), st.data())
def test_an_item_ends_with_its_cause_and_takes_no_other_with_it(drawn: dict[str, Any], data: st.DataObject) -> None:
    """One agent goes on: its item is gone, all others stand as they did. Mutant: items remembered between looks."""
    parts = {name: _part(*each) for name, each in drawn.items()}
    name = data.draw(st.sampled_from(sorted(parts)))
    before = _items(parts, list(parts))
    after = _items({**parts, name: dict(_QUIET)}, list(parts))
    assert after == {key: item for key, item in before.items() if item.origin.task != name}


@given(_PARTS, _PARTS)
def test_a_cause_is_another_one_when_what_is_asked_is(one: tuple[Any, str, int], other: tuple[Any, str, int]) -> None:
    """Equal parts have equal causes; other words of a question or another beginning another one.

    Mutants: the words left out; the beginning left out.
    """
    many = [list(_items({"t0": _part(*each)}, ["t0"]).values()) for each in (one, other)]
    if not all(many):
        return
    [first], [second] = many
    is_same = one[2] == other[2] and (one[0] not in _AGENTS or _bare(one[1]) == _bare(other[1]))
    if one[0] == other[0]:
        assert (first.cause == second.cause) is is_same


def _bare(text: str) -> list[str]:
    return text.replace("?", " ").split()
