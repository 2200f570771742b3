"""Who is told of what, when: by hand-drawn days, and how often by any luck."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.inbox.item import Item, Kind, Origin
from board.notices import Rate, Rule
from supervisor.notify.message import LISTED, message_of
from supervisor.notify.plan import Memory, Moment, Planned, memory_record, plan, quiet_until, read_memory

AT_ONCE = Rule(to=("desktop",), group=0.0)
HOUR = 3600.0


def item(name: str, kind: Kind = Kind.HELD, cause: str = "one") -> Item:
    return Item(f"{kind}:{name}", kind, Origin(task=name), f"what of {name}?", cause=cause)


NONE = Memory()


def planned(
    rule: Rule, items: Sequence[Item], memory: Memory = NONE, now: float = 0.0, of_day: float = 0
) -> Planned[Item]:
    return plan(rule, items, memory, Moment(now, of_day))


def test_each_item_is_told_once_for_each_cause() -> None:
    """Not at every look, again after another death, and again when it had ended meanwhile.

    Mutants: the memory not asked; the cause not compared; ended items kept in the memory.
    """
    first = planned(AT_ONCE, [item("a"), item("b")])
    assert [each.key for each in first.items] == ["held:a", "held:b"]
    assert planned(AT_ONCE, [item("a"), item("b")], first.memory, 1.0).items == ()
    assert planned(AT_ONCE, [item("a", cause="two"), item("b")], first.memory, 1.0).items == (item("a", cause="two"),)
    ended = planned(AT_ONCE, [item("b")], first.memory, 1.0)
    assert planned(AT_ONCE, [item("a"), item("b")], ended.memory, 2.0).items == (item("a"),)


def test_a_rule_tells_of_its_own_kinds_and_severities() -> None:
    """Mutants: `kinds` not asked; the severity compared as a word."""
    items = [item("a"), item("b", Kind.GATE), item("c", Kind.STALL)]
    assert planned(AT_ONCE._replace(kinds=("gate",)), items).items == (items[1],)
    assert planned(AT_ONCE._replace(severity="warn"), items).items == (items[0], items[2])
    assert planned(AT_ONCE._replace(severity="error"), items).items == (items[0],)


def test_what_comes_within_the_group_is_one_message() -> None:
    """A mass death is one message; what ended meanwhile is not in it. Mutants: each item told when its own time is
    over; the wait begun anew by each."""
    rule = AT_ONCE._replace(group=30.0)
    one = planned(rule, [item("a"), item("gone")], now=100.0)
    assert (one.items, one.again_at) == ((), 130.0)
    more = planned(rule, [item("a"), item("b")], one.memory, 129.0)
    assert (more.items, more.again_at) == ((), 130.0)
    assert planned(rule, [item("a"), item("b")], more.memory, 130.0).items == (item("a"), item("b"))


@pytest.mark.parametrize(
    ("quiet", "hour", "left"),
    [
        ((22, 7), 21.99, 0),
        ((22, 7), 22, 9),
        ((22, 7), 23, 8),
        ((22, 7), 0, 7),
        ((22, 7), 6, 1),
        ((22, 7), 7, 0),
        ((12, 14), 11, 0),
        ((12, 14), 12, 2),
        ((12, 14), 14, 0),
        ((9, 9), 9, 0),
    ],
)
def test_quiet_hours_reach_over_midnight(quiet: tuple[int, int], hour: float, left: float) -> None:
    """To the minute at both ends. Mutants: `first < last` taken for granted; the end counted in; a day for none."""
    rule = AT_ONCE._replace(quiet=(quiet[0] * 60, quiet[1] * 60))
    until = quiet_until(rule, Moment(1000.0, hour * HOUR))
    assert until == (1000.0 + left * HOUR if left else 0.0)


def test_what_still_holds_after_the_quiet_hours_is_told_then() -> None:
    """In one message, and not what ended in the night. Mutant: what came in the quiet hours counted as told."""
    rule = AT_ONCE._replace(quiet=(22 * 60, 7 * 60))
    night = planned(rule, [item("a"), item("b")], of_day=23 * HOUR)
    assert (night.items, night.again_at) == ((), 8 * HOUR)
    assert planned(rule, [item("b")], night.memory, 8 * HOUR, 7 * HOUR).items == (item("b"),)


def test_the_memory_comes_back_as_it_went() -> None:
    """And what is none is an empty one: then everything is told once more."""
    memory = planned(AT_ONCE._replace(group=9.0), [item("a")], Memory({}, (1.0, 2.0)), 3.0).memory
    assert read_memory(memory_record(memory)) == memory
    for damaged in (None, [], {"told": 3}, {"told": {}, "sent": ["x"]}, {"sent": []}):
        assert read_memory(damaged) == Memory()


@given(
    st.lists(st.tuples(st.floats(0.1, 50.0), st.sets(st.sampled_from("abcdef")), st.sampled_from("xy")), max_size=40),
    st.integers(1, 3),
    st.sampled_from([0.0, 5.0]),
)
def test_at_most_so_often_and_at_last_everything(
    looks: list[tuple[float, set[str], str]], most: int, group: float
) -> None:
    """However items come and go: never more than `most` messages in any window, and whoever still waits is told within
    a window and a group after the last change.

    Mutants: the limit counted from the first message; messages that are put off counted as told; `since` lost.
    """
    window = 60.0
    rule = Rule(to=("desktop",), group=group, limit=Rate(most, window))
    memory, now, sent, told, items = Memory(), 0.0, list[float](), dict[str, str](), list[Item]()

    def look() -> None:
        nonlocal memory
        done = planned(rule, items, memory, now)
        memory = done.memory
        for key in set(told) - {each.key for each in items}:
            del told[key]
        told.update({each.key: each.cause for each in done.items})
        sent.extend([now] if done.items else [])

    for pause, names, cause in looks:
        now += pause
        items = [item(name, cause=cause) for name in sorted(names)]
        look()
    for _ in range(70 + int(group)):
        now += 1.0
        look()
    assert told == {each.key: each.cause for each in items}
    assert all(sum(at <= other < at + window for other in sent) <= most for at in sent)


def test_a_message_fits_a_telephone_and_cuts_no_secret_in_half() -> None:
    """Of many items the first are listed, and lines are cut after they were redacted. Mutant: cut first."""
    long = item("a")._replace(question="x" * 230 + " secret-that-is-long")
    [text] = [message_of([long], "/b", 0, lambda s: s.replace("secret-that-is-long", "[R]"))["text"]]
    assert "secret" not in text
    many = message_of([item(f"t{at}") for at in range(50)], "/b/t.yaml", 3, lambda s: s)
    assert (many["title"], many["count"], len(many["items"])) == ("50 things need you", 50, LISTED)
    assert many["text"].endswith("and 30 more: board inbox\n(3 earlier messages could not be sent)")
    assert message_of([item("a")], "/b", 0, lambda s: s)["title"] == "a: held"
