"""The closed list of events, and the journal line that each one makes."""

import json
import re

import pytest

from board.journal.events import COMMON, LEADING, Event, instant, line_record
from board.journal.kinds import EVENTS

AT = 1795169580.12  # 2026-11-20T10:13:00.120Z
# Words that are past tense without ending in `ed`.
PAST = {"given", "done", "died", "seen", "broken", "held", "made", "sent"}


def test_the_line_of_the_design() -> None:
    """A restart's line is, byte for byte, the one that DESIGN shows."""
    event = Event(
        "worker_restarted",
        "refund-tests",
        {
            "waited_s": 2.0,
            "attempt": 2,
            "cause": "signal 9",
            "rule": "restart",
            "worker": "refund-tests.2",
            "step": "write",
        },
    )
    assert json.dumps(line_record(event, AT), separators=(",", ":")) == (
        '{"ts":"2026-11-20T10:13:00.120Z","level":"info","event":"worker_restarted","task":"refund-tests",'
        '"step":"write","worker":"refund-tests.2","rule":"restart","cause":"signal 9","attempt":2,"waited_s":2.0,"v":1}'
    )


@pytest.mark.parametrize("name", EVENTS)
def test_keys_stand_in_their_fixed_order(name: str) -> None:
    """Whatever order the fields are given in, a line has them in the table's, and `v` last."""
    kind = EVENTS[name]
    own = [*LEADING, *COMMON, *kind.fields]
    record = line_record(Event(name, "t", dict.fromkeys(reversed(own), None)), AT)
    assert list(record) == ["ts", "level", "event", "task", *own, "v"]
    assert record["v"] == 1


@pytest.mark.parametrize("name", EVENTS)
def test_names_are_an_interface(name: str) -> None:
    """Names are snake_case and past tense, each has a sentence, and no field is said twice or shadows a column."""
    kind = EVENTS[name]
    assert re.fullmatch("[a-z]+(_[a-z]+)*", name)
    assert name == "would_act" or any(word.endswith("ed") or word in PAST for word in name.split("_"))
    assert kind.doc.endswith(".")
    reserved = ("ts", "level", "event", "task", *LEADING, *COMMON, "dropped_fields", "v")
    assert len({*reserved, *kind.fields}) == len(reserved) + len(kind.fields)
    assert all(re.fullmatch("[a-z]+(_[a-z]+)*", field) for field in kind.fields)


def test_units_stand_in_the_names() -> None:
    """A span says its unit, so that nobody has to guess it."""
    fields = {field for kind in EVENTS.values() for field in kind.fields}
    assert not {f for f in fields if re.search("(_for|_after|ttl|grace|waited|took|size|within)$", f)}


def test_an_unknown_name_is_our_fault() -> None:
    """The list is closed."""
    with pytest.raises(ValueError, match="no_such_thing"):
        line_record(Event("no_such_thing"), AT)


def test_what_the_table_does_not_list_is_counted() -> None:
    """An unknown field, or one that is no scalar, is left out, and the line says how many were."""
    fields = {"surprise": 1, "more": 2, "ttl_s": [1], "by": "ann"}
    record = line_record(Event("task_claimed", "t", fields), AT)  # type: ignore[arg-type]
    assert record["dropped_fields"] == 3
    assert record["by"] == "ann"
    assert not {"surprise", "more", "ttl_s"} & set(record)
    assert "dropped_fields" not in line_record(Event("task_claimed", "t", {"by": "ann"}), AT)


def test_absent_is_not_null() -> None:
    """A field that nobody gave is absent; one that could not be told is null; zero is zero."""
    record = line_record(Event("worker_died", "t", {"exit_status": None, "pid": 0}), AT)
    assert record["exit_status"] is None
    assert record["pid"] == 0
    assert "signal" not in record
    assert "task" not in line_record(Event("board_created"), AT)


def test_instants_are_written_as_such() -> None:
    """A number in a field that ends in `_at` is an instant; one that can't be told is null, and raises nothing."""
    record = line_record(Event("task_claimed", "t", {"expires_at": AT + 1800, "ttl_s": 1800}), AT)
    assert record["expires_at"] == "2026-11-20T10:43:00.120Z"
    assert record["ttl_s"] == 1800
    assert line_record(Event("task_claimed", "t", {"expires_at": float("inf")}), AT)["expires_at"] is None


def test_instants_sort_as_their_texts() -> None:
    """Readers compare texts: the width never changes, also at a whole second."""
    moments = [0.0, 0.5, 1.0, 59.999, 60.0, AT - 0.12, AT, AT + 0.001, 4e9]
    assert sorted(map(instant, moments)) == [instant(at) for at in moments]
    assert {len(instant(at)) for at in moments} == {24}
