"""What is put off: until when, for which cause, and what becomes of the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from board.inbox import snoozes
from board.inbox.item import Item, Kind, Origin
from board.store import FileStore

ITEM = Item("held:a", Kind.HELD, Origin(task="a"), "?", cause="one")


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    (tmp_path / "tasks.yaml").write_text("version: 1\n")
    return FileStore(str(tmp_path / "tasks.yaml"))


def test_it_ends_by_itself_and_with_its_cause(store: FileStore) -> None:
    """At the instant itself it is back, and at once when the item is about something else.

    Mutants: `<=`; the cause not compared.
    """
    snoozes.put_off(store, [ITEM], 100.0, "ann", 50.0)
    known = snoozes.read(store.side)
    assert snoozes.is_put_off(known, ITEM, 99.999)
    assert not snoozes.is_put_off(known, ITEM, 100.0)
    assert not snoozes.is_put_off(known, ITEM._replace(cause="other"), 60.0)


def test_what_is_over_goes_with_the_next_write(store: FileStore) -> None:
    """The file does not grow for ever, is nobody else's to read, and one that was brought back is gone."""
    snoozes.put_off(store, [ITEM], 100.0, "ann", 50.0)
    snoozes.put_off(store, [ITEM._replace(key="gate:b"), ITEM._replace(key="gate:c")], 300.0, "ann", 200.0)
    snoozes.wake(store, ["gate:b", "nothing"], 200.0)
    assert list(snoozes.read(store.side)) == ["gate:c"]
    path = Path(store.side) / snoozes.NAME
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(json.loads(path.read_text())["snoozed"]) == ["gate:c"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "1", '{"snoozed": 3}', '{"snoozed": {"a": 3}}', '{"snoozed": {"a": {}}}']
)
def test_a_damaged_file_puts_nothing_off(store: FileStore, text: str) -> None:
    """Whatever stands there, the inbox is whole, and the next write mends it."""
    store.prepare()
    path = Path(store.side) / snoozes.NAME
    path.write_text(text)
    assert snoozes.read(store.side) == {}
    snoozes.put_off(store, [ITEM], 100.0, "ann", 50.0)
    assert list(snoozes.read(store.side)) == ["held:a"]
