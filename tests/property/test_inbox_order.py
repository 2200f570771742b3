"""The inbox' order: total, the same for everybody, the most blocking first; and who holds back how many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from board.inbox.item import Item, Kind, Origin, in_order
from board.inbox.waiting import Dependants
from tests.boards import board

_ITEMS = st.builds(
    lambda kind, number, since, holds, priority: Item(
        f"{kind}:{number}", kind, Origin(), "?", since, holds=holds, priority=priority
    ),
    st.sampled_from(Kind),
    st.integers(0, 30),
    st.none() | st.integers(0, 3).map(float),
    st.integers(0, 2),
    st.integers(-1, 2),
)
_DIFFERENT = st.lists(_ITEMS, max_size=12, unique_by=lambda item: item.key)


@given(_DIFFERENT, st.randoms(use_true_random=False))
def test_the_order_is_total(items: list[Item], dice: object) -> None:
    """However they were found, they come out in one order; nothing is lost or doubled.

    Mutants: the key left out of the rank; items kept in a set by their kind.
    """
    mixed = list(items)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    assert in_order(mixed) == in_order(items)
    assert sorted(item.key for item in in_order(mixed)) == sorted(item.key for item in items)


def _comes_first(one: Item, other: Item) -> bool:
    """Said by hand: what holds back more; else the lower priority; else the newer, an unknown time being the oldest;
    else by kind, else by name."""
    if one.holds != other.holds:
        return one.holds > other.holds
    if one.priority != other.priority:
        return one.priority < other.priority
    if one.since != other.since:
        return other.since is None or (one.since is not None and one.since > other.since)
    kinds = list(Kind)
    if one.kind != other.kind:
        return kinds.index(one.kind) < kinds.index(other.kind)
    return one.key < other.key


@given(_DIFFERENT)
def test_the_most_blocking_comes_first_then_the_newest(items: list[Item]) -> None:
    """Each pair stands as the rule says. Mutants: priority before holds; the oldest first; an unknown time first."""
    ordered = in_order(items)
    for at, one in enumerate(ordered):
        assert all(_comes_first(one, other) for other in ordered[at + 1 :])


@st.composite
def _graphs(draw: st.DrawFn) -> list[tuple[list[int], bool]]:
    """Tasks that name earlier ones, and whether each is open."""
    size = draw(st.integers(1, 9))
    one = lambda at: st.tuples(st.lists(st.integers(0, at - 1), unique=True) if at else st.just([]), st.booleans())  # noqa: E731
    return [draw(one(at)) for at in range(size)]


@given(_graphs())
def test_who_holds_back_whom(graph: list[tuple[list[int], bool]]) -> None:
    """Every open task that can't be done before, however far behind; through what is over nothing is held.

    Mutants: only the next ones counted; ended tasks counted; a task counted twice.
    """
    records = [
        {"id": f"t{at}", "after": [f"t{one}" for one in after], "status": "todo" if is_open else "done"}
        for at, (after, is_open) in enumerate(graph)
    ]
    holds = Dependants(board(*records))
    reached: dict[int, set[int]] = {}
    for at in reversed(range(len(graph))):
        direct = {other for other, (after, is_open) in enumerate(graph) if is_open and at in after}
        reached[at] = direct.union(*(reached[other] for other in direct))
        assert holds.of(f"t{at}") == len(reached[at])
