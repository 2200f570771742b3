"""Reading the journal back: order, filters, torn lines, following, and the line for people."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from board.journal.events import Event, instant
from board.journal.following import follow
from board.journal.read import records, segments
from board.journal.redact import Redactor
from board.journal.shown import render
from board.journal.sink import Journal

AT = 1795169580.12


def line(n: int, *, at: float = AT, task: str = "a", event: str = "task_started", **more: Any) -> str:
    return json.dumps({"ts": instant(at), "level": "info", "event": event, "task": task, "attempt": n, **more}) + "\n"


def attempts(found: Any) -> list[int]:
    return [record["attempt"] for record in found]


def test_segments_come_in_the_order_in_which_they_were_begun(tmp_path: Path) -> None:
    """The tenth segment of a day stands behind the second, and foreign files are none.

    Mutant seen red: `sorted(names)`.
    """
    names = ["2026-11-20.jsonl", "2026-11-20.2.jsonl", "2026-11-20.10.jsonl", "2026-11-21.jsonl"]
    for n, name in enumerate(names):
        (tmp_path / name).write_text(line(n))
    for name in ("notes.jsonl", "2026-11-20.jsonl.gz", "2026-11-20.x.jsonl", "x2026-11-20.jsonl"):
        (tmp_path / name).write_text(line(99))
    assert segments(str(tmp_path)) == names
    assert attempts(records(str(tmp_path))) == [0, 1, 2, 3]


def test_no_folder_is_an_empty_journal(tmp_path: Path) -> None:
    """A board without a journal has no records, and that is no error."""
    assert list(records(str(tmp_path / "none"))) == []


@pytest.mark.parametrize(
    "alien",
    ["{torn", "", "\x00\x01", "[1]", '"text"', "{}", '{"ts":1,"event":"x"}', "[" * 5000, '{"ts":"x","event":2}'],
)
def test_alien_lines_are_passed_over(tmp_path: Path, alien: str) -> None:
    """What is no record of ours hides none of those around it."""
    (tmp_path / "2026-11-20.jsonl").write_text(line(1) + alien + "\n" + line(2))
    assert attempts(records(str(tmp_path))) == [1, 2]


def test_a_torn_last_line_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    """A line that is being written is no record yet."""
    (tmp_path / "2026-11-20.jsonl").write_bytes(line(1).encode() + b"\xff\xfe\n" + line(2).encode()[:-1])
    assert attempts(records(str(tmp_path))) == [1]
    assert attempts(records(str(tmp_path), grep="task")) == [1]


def test_filters(tmp_path: Path) -> None:
    """Task, event, time (inclusive) and text narrow what is seen, together as each alone."""
    other = "2026-11-19.jsonl"
    (tmp_path / other).write_text(line(0, at=AT - 86400))
    (tmp_path / "2026-11-20.jsonl").write_text(
        line(1) + line(2, task="ab", why="about a") + line(3, at=AT + 5, event="task_done") + line(4, at=AT + 9)
    )
    folder = str(tmp_path)
    assert attempts(records(folder, task="a")) == [0, 1, 3, 4]
    assert attempts(records(folder, event="task_done")) == [3]
    assert attempts(records(folder, since=AT + 5)) == [3, 4]
    assert attempts(records(folder, since=AT - 86400)) == [0, 1, 2, 3, 4]
    assert attempts(records(folder, grep="about|_done")) == [2, 3]
    assert attempts(records(folder, task="a", since=AT, event="task_started")) == [1, 4]


def steps(*deeds: Callable[[], object]) -> Callable[[], bool]:
    """A wait in which one thing happens at a time, and which ends the following after the last."""
    left = list(deeds)

    def wait() -> bool:
        if left:
            left.pop(0)()
            return True
        return False

    return wait


def test_following_sees_each_new_record_once(tmp_path: Path) -> None:
    """New lines, a line that comes in two parts, and a new segment: each once, in order, and nothing old.

    Mutant seen red: an offset that moves past a line which is not whole.
    """
    first, second = tmp_path / "2026-11-20.jsonl", tmp_path / "2026-11-20.2.jsonl"
    first.write_text(line(0))

    def add(path: Path, text: str) -> Callable[[], object]:
        return lambda: os.write(os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY), text.encode())

    wait = steps(
        add(first, line(1)),
        add(first, line(2)[:20]),
        add(first, line(2)[20:] + line(3)),
        add(first, line(90, task="b")),
        add(second, line(4)),
    )
    assert attempts(follow(str(tmp_path), wait=wait, task="a")) == [1, 2, 3, 4]


def test_following_from_an_instant_has_no_gap(tmp_path: Path) -> None:
    """With `since`, what is there comes first and then what is new."""
    path = tmp_path / "2026-11-20.jsonl"
    path.write_text(line(0, at=AT - 9) + line(1))
    wait = steps(lambda: path.write_text(path.read_text() + line(2, at=AT + 1)))
    assert attempts(follow(str(tmp_path), wait=wait, since=AT)) == [1, 2]


def test_following_what_does_not_exist_yet(tmp_path: Path) -> None:
    """A board's first record is followed too."""
    redactor = Redactor(home="", user="", host="", key=b"k", known={})
    journal = Journal(str(tmp_path / "journal"), redactor)
    wait = steps(lambda: None, lambda: journal.append(Event("task_started", "a", {"attempt": 7}), AT))
    assert attempts(follow(str(tmp_path / "journal"), wait=wait)) == [7]
    journal.close()


def test_one_line_for_people() -> None:
    """Time, event, task and step, then what else is known; texts that are no single word are quoted."""
    record = {
        "ts": "2026-11-20T10:13:00.120Z",
        "level": "info",
        "event": "worker_restarted",
        "task": "refund-tests",
        "step": "write",
        "rule": "restart",
        "cause": "signal 9",
        "attempt": 2,
        "waited_s": 2.0,
        "exit_status": None,
        "v": 1,
    }
    assert render(record) == (
        '10:13:00 worker_restarted refund-tests/write rule=restart cause="signal 9" attempt=2 waited_s=2.0'
    )
    assert render({"ts": "2026-11-20T10:13:00.120Z", "event": "supervisor_started"}) == "10:13:00 supervisor_started"


@pytest.mark.parametrize("hostile", ["\x1b[2J", "a\nb", "\u202egnp", "\x9b1m", 'say "x"', ""])
def test_a_line_for_people_is_one_line_and_moves_no_cursor(hostile: str) -> None:
    """Whatever somebody wrote into the file, it is shown and not obeyed. Mutant seen red: `ensure_ascii=False`."""
    shown = render({"ts": "2026-11-20T10:13:00.120Z", "event": "x", "task": hostile, "step": hostile, hostile: hostile})
    assert shown.isprintable()
