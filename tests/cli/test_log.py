"""`board log`: what is asked of the journal, and how it is shown to people, to pipes and to programs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from board.cli.commands import JOURNAL
from board.journal.events import Event, instant
from board.journal.kinds import EVENTS, LEVELS
from board.journal.redact import Redactor
from board.journal.sink import Journal
from tests.cli.conftest import Run
from tests.cli.test_terminal import on_terminal
from tests.programs import board

AT = 1795169580.12  # 2026-11-20T10:13:00.120Z
DAY = 86400.0


@pytest.fixture
def told(folder: Path) -> Path:
    """A board whose journal has five records of three days."""
    journal = Journal(str(folder / ".board/journal"), Redactor(home="", user="", host="", key=b"k", known={}))
    for event, at in (
        (Event("task_started", "api", {"by": "ann"}), AT - DAY),
        (Event("worker_died", "api", {"step": "main", "cause": "signal 9", "note": "not listed"}), AT),
        (Event("task_failed", "ship", {"why": "it \x1b[2J broke"}), AT + 1),
        (Event("task_started", "ship", {"by": "api"}), AT + 2),
        (Event("task_done", "api"), AT + DAY),
    ):
        journal.append(event, at)
    journal.close()
    return folder


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ([], "started died failed started done"),
        (["api"], "started died done"),
        (["--task", "api"], "started died done"),
        (["api", "--task", "api"], "started died done"),
        (["--event", "task_done,task_failed"], "failed done"),
        (["--event", "task_done", "--event", "worker_died"], "died done"),
        (["--level", "info"], "started died failed started done"),
        (["--level", "warn"], "died failed"),
        (["--level", "error"], "failed"),
        (["--since", "2026-11-20"], "died failed started done"),
        (["--since", "2026-11-20T10:13:01.120Z"], "failed started done"),
        (["--since", "2026-11-20T10:13:01Z"], "failed started done"),
        (["--since", "2026-11-20T12:13:01.2+02:00"], "started done"),
        (["--since", "1970-01-01T00:00:00Z"], "started died failed started done"),
        (["--since", "1970-01-01"], "started died failed started done"),
        (["--since", "99999d"], "started died failed started done"),
        (["--grep", "signal 9|ann"], "started died"),
        (["-n", "2"], "started done"),
        (["-n", "0"], ""),
        (["-n", "1", "--level", "error"], "failed"),
        (["-n", "2", "--task", "api", "--event", "task_started,worker_died"], "started died"),
    ],
)
def test_what_is_asked_is_what_is_shown(run: Run, told: Path, words: list[str], shown: str) -> None:
    """Each option alone and several together; mutants killed: `>` for `>=` in `--since`, the first N for the last;
    a task that is only mentioned."""
    ended = run("log", "-q", *words)
    assert (ended.code, ended.err) == (0, "")
    assert [line.split()[2].partition("_")[2] for line in ended.out.splitlines()] == shown.split()
    as_json = run("log", "--json", *words).out.splitlines()
    assert [json.loads(line)["event"].partition("_")[2] for line in as_json] == shown.split()


def test_json_is_the_line_of_the_file(run: Run, told: Path) -> None:
    """Byte for byte, so that what greps the file and what reads us agree."""
    files = sorted((told / ".board/journal").iterdir())
    assert run("log", "--json").out == "".join(path.read_text() for path in files)


def test_a_pipe_gets_plain_lines_with_their_day(run: Run, told: Path) -> None:
    """One line a record, which begins with its instant, and nothing in it that a terminal obeys."""
    lines = run("log").out.splitlines()
    assert lines[1] == '2026-11-20 10:13:00 worker_died api/main cause="signal 9" dropped_fields=1'
    assert all(line.isprintable() for line in lines)


def test_a_terminal_gets_columns_and_colours(told: Path) -> None:
    """Levels have colours, each day a heading, events and tasks columns; NO_COLOR and TERM=dumb are kept.

    Mutant seen red: a fact that reaches the terminal unescaped.
    """
    code, shown = on_terminal(told, "log")
    lines = shown.replace("\r\n", "\n").splitlines()
    assert code == 0
    assert [line for line in lines if "---" in line] == [f"\x1b[2m--- 2026-11-{day}\x1b[0m" for day in (19, 20, 21)]
    assert "\x1b[33mworker_died         \x1b[0m" in shown
    assert "\x1b[1;31merror\x1b[0m" in shown
    assert "\x1b[2J" not in shown
    bare = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in lines]
    assert bare[3] == '10:13:00 warn  worker_died          api/main             cause="signal 9" dropped_fields=1'
    assert bare[1].index("api") == bare[3].index("api") == bare[4].index("ship")
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in on_terminal(told, "log", **env)[1]
    assert "\x1b" not in on_terminal(told, "log", "--json")[1]


def test_the_events_are_shown_from_their_table(run: Run, folder: Path) -> None:
    """Names, levels, meanings and fields, for people and as JSON; a decision's case is one word for people."""
    page = run("log", "--events").out
    rows = [line.split(maxsplit=2) for line in page.splitlines()[1:-1]]
    assert [(row[0], row[1]) for row in rows] == [(name, kind.level) for name, kind in EVENTS.items()]
    assert all(kind.doc in page for kind in EVENTS.values())
    assert "case_…" in page
    assert "case_now_s" not in page
    assert page.splitlines()[-1] == "any event may also have: step worker rule cause by token attempt why"
    found = json.loads(run("log", "--events", "--json").out)
    assert {each["name"]: tuple(each["fields"]) for each in found["events"]} == {
        name: kind.fields for name, kind in EVENTS.items()
    }
    assert run("log", "--events", "-q").out.split() == list(EVENTS)


def test_levels_that_may_be_asked_for_are_those_that_there_are() -> None:
    """The option's words are the table's; they stand apart, so that a command's page doesn't load the table."""
    option = next(arg for arg in JOURNAL if "--level" in arg.names)
    assert tuple(option.options["choices"]) == LEVELS


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--since", "2026-02-30"], '--since: "2026-02-30" is no span, day or instant'),
        (["--lines", "-1"], "--lines -1 is less than none"),
        (["api", "--task", "ship"], "two tasks are named, api and ship"),
        (["--event", "task_done,"], 'no event ""'),
        (["--event", "task_done,task_fail"], 'no event "task_fail"; did you mean "task_failed"?'),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(run: Run, told: Path, words: list[str], said: str) -> None:
    """Exit 2, what is wrong, and what to write instead."""
    ended = run("log", *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert ended.err.count("\n") == 1


def test_a_closed_pipe_ends_it_quietly(told: Path) -> None:
    """`board log | head -1` says nothing of it."""
    import subprocess

    from tests.programs import argv, environment

    words = " ".join(argv("log"))
    done = subprocess.run(
        ["bash", "-c", f"{words} | head -1"], cwd=told, env=environment(), capture_output=True, timeout=60, check=True
    )
    assert (done.stdout.count(b"\n"), done.stderr) == (1, b"")


def test_the_task_of_a_worker_is_the_default(told: Path) -> None:
    """Inside of a worker `board log` is about its task, unless another one is named."""
    env = {"BOARD_TASK": "ship"}
    assert board("log", cwd=told, env=env).out.count("\n") == 2
    assert board("log", "--task", "api", cwd=told, env=env).out.count("\n") == 3
    assert instant(AT)[:10] == "2026-11-20"
