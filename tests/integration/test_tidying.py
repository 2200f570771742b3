"""The supervisor keeps the journal within its limits: beside its loop, rarely, and it says what was deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from board.journal.events import Event
from board.journal.read import records, segments
from board.journal.redact import Redactor
from board.journal.sink import Journal
from board.settings import Journaling
from supervisor.tidying import EVERY, FIRST, Tidy
from tests.house import House
from tests.waiting import eventually

AT = 1795169580.12
WANTED = Journaling(max_bytes=4000, max_age=0, free_bytes=0, segment_bytes=1000)


class Desk:
    """A journal with a keeper, and what that told."""

    def __init__(self, side: Path) -> None:
        self.folder = str(side / "journal")
        self.journal = Journal(self.folder, Redactor(home="", user="", host="", key=b"k", known={}))
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.tidy = Tidy(self.journal, str(side), lambda name, _, **fields: self.told.append((name, fields)))

    def write(self, count: int) -> None:
        for n in range(count):
            self.journal.append(Event("checkpoint_recorded", "a", {"attempt": n, "note": f"{n} " * 20}), AT)

    def look(self, now: float) -> None:
        self.tidy.look(WANTED, now)

    def rest(self) -> None:
        eventually(lambda: self.tidy._thread is None or not self.tidy._thread.is_alive())

    def packed(self) -> int:
        return sum(name.endswith(".gz") for name in segments(self.folder))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.rest()
    made.journal.close()


def test_a_closed_segment_is_packed_soon(desk: Desk) -> None:
    """The board's sizes hold from the first look on; whenever a segment was begun, the next look packs those before.

    Mutant seen red: only by the clock.
    """
    desk.look(AT)
    desk.write(3)
    desk.rest()
    assert desk.packed() == 0
    desk.write(12)
    desk.look(AT + 1)
    desk.rest()
    assert desk.packed() == len(segments(desk.folder)) - 1 > 0
    assert desk.told == []


def test_it_looks_rarely_by_the_clock(desk: Desk) -> None:
    """Also where somebody else closes segments: not at once after a start, then every few minutes, whatever the clock
    is set to. Mutants seen red: at each look; never after a clock that was set back."""
    desk.look(AT)
    other = Journal(desk.folder, Redactor(home="", user="", host="", key=b"k", known={}), max_bytes=1000)
    seen = []
    moments = [1, FIRST + 1, FIRST + 2, FIRST + EVERY, FIRST + EVERY + 2, -9999, -9998]
    for moment in moments:
        for n in range(9):
            other.append(Event("checkpoint_recorded", "a", {"attempt": n, "note": f"{n} " * 20}), AT)
        desk.look(AT + moment)
        desk.rest()
        seen.append(segments(desk.folder)[-2].endswith(".gz"))
    other.close()
    assert seen == [False, True, False, False, True, True, False]


def test_what_was_deleted_is_told_once(desk: Desk) -> None:
    """By the look after the pass, with how many, how much, which, and for which limit."""
    desk.look(AT)
    for moment in range(1, 40):
        desk.write(9)
        desk.look(AT + moment)
        desk.rest()
    desk.look(AT + 40)
    desk.rest()
    assert {name for name, _ in desk.told} == {"journal_trimmed"}
    assert all(fields["limit"] == "max_bytes" and fields["freed_bytes"] > 0 for _, fields in desk.told)
    gone = [fields["oldest"] for _, fields in desk.told]
    assert gone[0] == sorted(gone, key=lambda name: (len(name), name))[0]
    assert len(set(gone)) == len(gone)


@pytest.mark.tmux
def test_a_real_supervisor_packs_what_it_filled(tmp_path: Path, tmux_socket: str) -> None:
    """`settings.journal` reaches the writer and the keeper of a running supervisor; nothing is missing afterwards."""
    house = House(tmp_path, tmux_socket)
    house.write(
        "".join(f"  - {{id: t{n}, run: 'true'}}\n" for n in range(6)), settings="  journal: {segment_bytes: 1kB}\n"
    )
    try:
        house.start()
        for n in range(6):
            house.reaches(f"t{n}", "done")
        folder = str(house.side / "journal")
        eventually(lambda: any(name.endswith(".gz") for name in segments(folder)), 15, "a segment is packed")
        done = [record["task"] for record in records(folder) if record["event"] == "task_done"]
        assert sorted(done) == [f"t{n}" for n in range(6)]
    finally:
        house.close()
