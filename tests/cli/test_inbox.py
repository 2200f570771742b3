"""`board inbox` and `board snooze` as a person types them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from board.cli.completion import _items
from board.cli.watch import each
from tests.cli.conftest import Run
from tests.programs import environment
from tests.waiting import eventually

BOARD = """\
version: 1
tasks:
  - {id: key, status: blocked, blocked: {on: the staging key, by: ann, at: 2026-11-20T10:00:00Z}}
  - {id: use, after: [key]}
  - {id: old, status: blocked, blocked: {on: "a reply\\nof several lines", by: ann, at: 2026-11-19T10:00:00Z}}
  - {id: deploy, run: ./deploy.sh, gate: human}
"""
KEYS = ["blocked:key", "blocked:old", "gate:deploy"]


@pytest.fixture
def waiting(folder: Path) -> Path:
    (folder / "tasks.yaml").write_text(BOARD)
    return folder


def items(run: Run, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("inbox", "--json", *words).out)["items"]
    return found


def test_the_table_the_names_and_the_json_are_one_list(run: Run, waiting: Path) -> None:
    """What holds most back, then the newest; `-q` has what the other commands take."""
    assert run("inbox", "-q").out.splitlines() == KEYS
    assert [item["key"] for item in items(run)] == KEYS
    lines = run("inbox").out.splitlines()
    assert lines[0] == "3 items need you"
    assert [line.split()[0] for line in lines[2:5]] == KEYS
    assert items(run, "key")[0] | {"since": None, "origin": None} == {
        "key": "blocked:key",
        "kind": "blocked",
        "severity": "info",
        "origin": None,
        "since": None,
        "question": "waits for the staging key",
        "more": ["by: ann"],
        "do": ["board show key", "board unblock key"],
        "holds": 1,
        "snoozed_until": None,
    }


def test_the_table_fits_80_columns(run: Run, waiting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long ids and questions are, one item is one line. Mutants: a key or a question that isn't cut."""
    monkeypatch.setenv("COLUMNS", "80")
    long = "x" * 63
    text = f"  - {{id: {long}, status: blocked, blocked: {{on: {'word ' * 40}, by: ann}}}}\n"
    (waiting / "tasks.yaml").write_text(BOARD + text)
    lines = run("inbox").out.splitlines()
    assert len(lines) == 4 + 3
    assert max(map(len, lines)) <= 80
    assert run("inbox", f"blocked:{long}").out.count("word") >= 40


def test_nothing_needs_anybody(run: Run, folder: Path) -> None:
    """That is a success, and said."""
    (folder / "tasks.yaml").write_text("version: 1\ntasks:\n  - {id: a}\n")
    assert run("inbox") == (0, "nothing needs you\n", "")
    assert run("inbox", "-q") == (0, "", "")
    assert run("inbox", "a") == (0, "nothing needs you about a\n", "")
    assert json.loads(run("inbox", "--json").out) == {"count": 0, "hidden_count": 0, "board_ok": True, "items": []}


def test_a_broken_board_is_an_item_and_the_last_good_one_gives_the_rest(run: Run, waiting: Path) -> None:
    """Exit 0, the place in the first line, and what waits still waits; a snooze works as well.

    Mutants: the broken file ends the command; the last good board not read.
    """
    assert run("claim", "use", "--as", "ann").code == 5
    assert run("unblock", "old").code == 0
    (waiting / "tasks.yaml").write_text(BOARD.replace("id: use", "id: 7"))
    found = run("inbox")
    assert (found.code, found.err) == (0, "")
    assert run("inbox", "-q").out.splitlines() == ["board", "blocked:key", "gate:deploy"]
    assert "tasks.yaml:4:10" in found.out
    assert run("snooze", "board").code == 0
    assert run("inbox", "-q").out.splitlines() == ["blocked:key", "gate:deploy"]
    (waiting / "tasks.yaml").write_text(BOARD.replace("id: use", "id: use, statsu: x"))
    assert run("inbox", "-q").out.splitlines()[0] == "board"


def test_no_board_at_all_is_exit_3(run: Run, empty: Path) -> None:
    """There is nothing that an inbox could be of."""
    ended = run("inbox")
    assert (ended.code, ended.out) == (3, "")


def test_what_is_put_off_is_counted_and_comes_back(run: Run, waiting: Path) -> None:
    """By its name or its task; shown with `--all`; back with `--off`, or when its cause is another one.

    Mutants: put off by the key alone; the count without it.
    """
    assert run("snooze", "blocked:key", "--for", "2h").out.startswith("put off blocked:key until ")
    assert run("snooze", "deploy").code == 0
    assert run("inbox").out.startswith("1 item needs you; 2 put off\n")
    assert run("inbox", "-q").out == "blocked:old\n"
    assert run("inbox", "-q", "--all").out.splitlines() == KEYS
    assert [item["snoozed_until"] is None for item in items(run, "--all")] == [False, True, False]
    assert "(put off)" in run("inbox", "--all").out
    assert run("snooze", "deploy", "--off").out == "back: gate:deploy\n"
    text = (waiting / "tasks.yaml").read_text()
    (waiting / "tasks.yaml").write_text(text.replace("2026-11-20T10:00", "2026-11-20T11:00"))
    assert run("inbox", "-q").out.splitlines() == KEYS
    events = [each["event"] for each in map(json.loads, run("log", "--json").out.splitlines())]
    assert events == ["item_snoozed", "item_snoozed", "item_returned"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("snooze",), 2, "name a task or an item"),
        (("snooze", "key", "--for", "soon"), 2, "no span"),
        (("snooze", "key", "--for", "0"), 2, "no span"),
        (("snooze", "key", "--until", "2020-01-01T00:00:00Z"), 2, "no instant to come"),
        (("snooze", "key", "--until", "noon"), 2, "no instant to come"),
        (("snooze", "key", "--until", "2099-01-01T00:00:00Z", "--for", "1h"), 2, "not both"),
        (("snooze", "use"), 4, "nothing needs you about use"),
        (("snooze", "none"), 4, "no task and no item"),
        (("inbox", "blocked:kay"), 0, ""),
        (("inbox", "kay"), 4, "no task and no item"),
    ],
)
def test_what_is_refused(run: Run, waiting: Path, words: tuple[str, ...], code: int, said: str) -> None:
    """One line with the remedy, the documented code, and nothing is put off. A name that was an item's is no error."""
    ended = run(*words)
    assert (ended.code, ended.err.count("\n")) == (code, 1 if code else 0)
    assert said in ended.err
    assert not (waiting / ".board" / "snoozed.json").exists()


def test_a_copied_command_means_the_board_that_was_named(run: Run, waiting: Path) -> None:
    """From another folder as well."""
    path = str(waiting / "tasks.yaml")
    assert items(run, "key", "--board", path)[0]["do"][1] == f"board unblock key --board {path}"


def test_a_shell_knows_the_items(waiting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On TAB: items first, then tasks; nothing where there is no board."""
    args = Namespace(board=None, as_name=None, json=False, quiet=False)
    assert _items("", args)[:3] == KEYS
    assert _items("gate", args) == ["gate:deploy"]
    assert _items("us", args) == ["use"]
    monkeypatch.chdir("/")
    assert _items("", args) == []


def test_only_news_is_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    """Ages grow with each look; that alone is none. Mutant: a page for each look."""
    looks = iter([("a", "1s\n"), ("a", "2s\n"), ("b", "3s\n"), ("b", "4s\n")])
    each([None] * 4, lambda: next(looks))
    assert capsys.readouterr().out == "1s\n\n3s\n"


def test_watching_shows_each_change_once(waiting: Path) -> None:
    """What changed the inbox is shown, in a real process; an interrupt ends it well. Mutant: only the first page."""
    out = waiting / "out"
    argv = [sys.executable, "-m", "board", "inbox", "--watch", "-q"]
    with out.open("w") as file, subprocess.Popen(argv, cwd=waiting, env=environment(), stdout=file) as process:
        eventually(lambda: out.read_text().splitlines() == KEYS)
        (waiting / "tasks.yaml").write_text(BOARD + "# seen\n")
        (waiting / "tasks.yaml").write_text(BOARD.replace(", gate: human", ""))
        eventually(lambda: out.read_text().splitlines() == [*KEYS, "", *KEYS[:2]])
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    assert out.read_text().splitlines() == [*KEYS, "", *KEYS[:2]]
