"""`board why` answers from the record alone, and adds what a supervisor saw, by which source and how long ago."""

from __future__ import annotations

import json
import os
import re
import shlex
import time
from pathlib import Path
from typing import Any

import pytest

from board.cli.account import LAW, account
from board.instants import format_instant, format_moment
from board.journal.events import instant
from board.model import Status
from board.records import read_board
from supervisor.processes import identify
from tests.boards import NOW
from tests.cli.conftest import Run

AT = "2026-11-20T10:00:00Z"
EXTRA: dict[Status, dict[str, Any]] = {
    Status.CLAIMED: {"claim": {"by": "bob", "token": 1, "at": AT, "expires_at": AT}},
    Status.IN_PROGRESS: {"claim": {"by": "bob", "token": 1, "at": AT, "expires_at": AT}},
    Status.BLOCKED: {"blocked": {"on": "a key", "by": "bob", "at": AT}},
    Status.DONE: {"done": {"by": "bob", "at": AT, "checks": ["clean"]}},
    Status.FAILED: {"failed": {"by": "bob", "at": AT, "why": "gone"}},
}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("bare", [False, True])
def test_every_status_has_an_account_with_a_way_on(status: Status, *, bare: bool) -> None:
    """Whatever stands in the record, also less than it should, there is a sentence, a next thing and a command."""
    record = {"id": "a", "status": str(status), **({} if bare else EXTRA.get(status, {}))}
    board = read_board({"version": 1, "tasks": [record]})
    told = account(board, board.tasks[0], 1_800_000_000.0)
    assert told.standing
    assert told.next
    assert told.do
    assert all(command.startswith("board ") for command in told.do)


def test_a_step_that_may_not_run_twice_is_said_to_wait_for_a_person() -> None:
    """Started, never settled, not resumable: the one case in which «todo» is not «ready»."""
    run = {"step": "main", "attempt": 1, "started_at": AT}
    board = read_board({"version": 1, "tasks": [{"id": "a", "run": run}]})
    assert "not resumable" in account(board, board.tasks[0], 0.0).standing


def status_of(folder: Path, pid: int, **task: Any) -> None:
    now = time.time()
    seen = {
        "rule": "not-resumable",
        "why": "step main died with signal 9",
        "seen": "dead: signal 9",
        "source": "pidfd",
        "seen_at": format_instant(now - 90),
        "next": "held for a person",
        "do": ["supervisor logs api"],
        **task,
    }
    by = f"supervisor@{os.uname().nodename}"
    process = identify(pid)
    writer = {"pid": pid, "ticks": process.ticks if process else 0, "by": by}
    view = {"v": 1, "at": format_instant(now - 3), "supervisor": writer, "tasks": {"api": seen}}
    (folder / ".board").mkdir(exist_ok=True)
    (folder / ".board/status.json").write_text(json.dumps(view))


def test_what_was_seen_comes_with_source_age_rule_and_commands(run: Run, folder: Path) -> None:
    """With a live supervisor: the evidence, the law's sentence, the next thing, and commands to copy."""
    status_of(folder, os.getpid())
    out = run("why", "api").out
    assert re.search(r"seen       dead: signal 9 \(pidfd, \S+Z, 1m3\ds ago\)", out)
    assert f"rule       not-resumable: {LAW['not-resumable']}" in out
    assert "do         supervisor logs api" in out
    assert "not running" not in out


def test_a_pid_that_came_back_is_not_the_supervisor(run: Run, folder: Path) -> None:
    """Whoever has the pid now is somebody else when the start time differs. Mutant: `kill(pid, 0)` alone."""
    status_of(folder, os.getpid())
    status = folder / ".board/status.json"
    view = json.loads(status.read_text())
    view["supervisor"]["ticks"] -= 1
    status.write_text(json.dumps(view))
    assert "not running" in run("why", "api").out


def test_a_supervisor_that_is_gone_is_said_to_be(run: Run, folder: Path) -> None:
    """Old sight is shown as old, and its plans are not promised. Mutant: status.json believed without its writer."""
    gone = os.spawnlp(os.P_NOWAIT, "true", "true")
    os.waitpid(gone, 0)
    status_of(folder, gone)
    ended = run("why", "api")
    assert "supervisor not running; supervisor@" in ended.out
    assert "held for a person" not in ended.out
    told = json.loads(run("why", "api", "--json").out)
    assert told["supervisor"]["running"] is False
    assert told["why"]["rule"] == "not-resumable"


def test_without_a_supervisor_it_says_so(run: Run, folder: Path) -> None:
    """The record's own word is enough for an answer, and a damaged status file is no status."""
    assert "none has looked at this board" in run("why", "tests").out
    (folder / ".board").mkdir()
    for text in ("{", "[]", '{"tasks": 3, "supervisor": null}', '{"supervisor": {"pid": "x"}, "tasks": {"tests": 1}}'):
        (folder / ".board/status.json").write_text(text)
        ended = run("why", "tests")
        assert (ended.code, ended.err) == (0, "")
        assert "it waits for api (todo)" in ended.out


def lines_of(**decision: Any) -> str:
    """A decision's journal line a minute and a half ago, seen two seconds before."""
    at = time.time() - 90
    line = {
        "ts": instant(at),
        "event": "decision_made",
        "task": "api",
        "rule": "backoff",
        "why": "next start in 100s",
        "seen": "dead: signal 9",
        "source": "pidfd",
        "seen_at": instant(at - 2),
        "outcome": "wait 100 s",
        "next_at": instant(at + 100),
        "case_v": 1,
        "case_now_s": at,
        "v": 1,
        **decision,
    }
    return json.dumps(line) + "\n"


def journal(folder: Path, *lines: str) -> None:
    (folder / ".board/journal").mkdir(parents=True, exist_ok=True)
    (folder / ".board/journal" / f"{instant(time.time())[:10]}.jsonl").write_text("".join(lines))


def test_the_last_verdicts_are_told_as_people_read_them(run: Run, folder: Path) -> None:
    """Of each: when (clock and span), what was seen and by what, the rule, what it came to; never the case's fields.

    Mutant seen red: only the newest decision; `case_` fields in the line for people.
    """
    journal(folder, *(lines_of(why=f"number {number}") for number in range(7)))
    out = run("why", "api").out
    table = out.split("verdicts:\n")[1].split("\n\n")[0].splitlines()
    assert table[0].split() == ["WHEN", "SEEN", "BY", "RULE", "CAME", "TO", "BECAUSE"]
    assert [row.rpartition("  ")[2] for row in table[1:]] == [f"number {number}" for number in range(2, 7)]
    pattern = r"\S+Z, 1m3\ds ago  dead: signal 9  pidfd, [12]\S* before  backoff  wait 100 s, until \S+Z  number \d"
    assert all(re.fullmatch(pattern, row) for row in table[1:])
    assert "case_" not in out
    told = json.loads(run("why", "api", "--json").out)
    assert [each["why"] for each in told["verdicts"]] == [f"number {number}" for number in range(2, 7)]
    assert told["events"][-1]["case_v"] == 1


def test_a_journal_of_another_hand_hurts_no_verdict(run: Run, folder: Path) -> None:
    """Fields of any kind are shown or passed over, never a trace-back."""
    odd = lines_of(seen_at=3, next_at=[], outcome=None, source={}, why=None)
    journal(folder, lines_of(seen=None), odd, lines_of(ts="x"), lines_of(seen="\x1b[2J"))
    ended = run("why", "api")
    assert (ended.code, ended.err) == (0, "")
    assert "\x1b" not in ended.out


def test_commands_find_the_board_that_was_named(run: Run, folder: Path, tmp_path_factory: Any) -> None:
    """Pasted elsewhere, a command goes to the board that was asked about. Mutant seen red: no `--board` behind it."""
    there = tmp_path_factory.mktemp("a board's")
    (there / "tasks.yaml").write_text((folder / "tasks.yaml").read_text())
    told = json.loads(run("why", "ship", "--board", str(there / "tasks.yaml"), "--json").out)
    assert told["why"]["do"]
    for command in told["why"]["do"]:
        program, *words = shlex.split(command.replace("$USER", "alice"))
        assert program == "board"
        assert run(*words).code == 0
    assert "claim" not in (folder / "tasks.yaml").read_text()


def test_a_clock_says_the_day_where_it_is_another_one() -> None:
    """Seconds are cut as the journal cuts them; a span stands beside the clock, before and behind."""
    assert format_moment(NOW, NOW + 125) == "10:13:00Z, 2m05s ago"
    assert format_moment(NOW + 51.9, NOW) == "10:13:51Z, in 51s"
    assert format_moment(NOW - 86400, NOW) == "2026-11-19T10:13:00Z, 1d ago"
