"""`board ports`: what there is, what is missing, variables for a shell; and every way in which it is refused."""

from __future__ import annotations

import json
import os
import socket
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.programs import board

BOARD = """\
version: 1
settings:
  ports: {from: 22200, to: 22299}
tasks:
  - id: shop
    title: Build the shop
    ports: [web, api]
  - id: admin
    ports: [web]
    port: {web: 22299}
  - id: old
    status: done
    ports: [web]
    port: {web: 22250}
  - id: plain
"""


@pytest.fixture
def ported(folder: Path) -> Path:
    (folder / "tasks.yaml").write_text(BOARD)
    return folder


def rows(run: Run, *words: str) -> list[list[str]]:
    ended = run("ports", *words)
    assert (ended.code, ended.err) == (0, "")
    return [line.split() for line in ended.out.splitlines()]


def test_all_ports_of_the_tasks_that_have_not_ended(run: Run, ported: Path) -> None:
    """One row a name; one task alone where it is named, also when it has ended; looking writes nothing."""
    assert rows(run) == [
        ["TASK", "NAME", "PORT", "LISTENING", "BY"],
        ["shop", "web", "-", "-", "-"],
        ["shop", "api", "-", "-", "-"],
        ["admin", "web", "22299", "no", "-"],
    ]
    assert rows(run, "old")[1:] == [["old", "web", "22250", "no", "-"]]
    assert (ported / "tasks.yaml").read_text() == BOARD
    assert not (ported / ".board").exists()


def test_who_listens_is_named_and_told_from_the_tasks_own(run: Run, ported: Path) -> None:
    """A program of somebody else's on a task's port is what a person wants to know."""
    with closing(socket.create_server(("127.0.0.1", 22299))):
        (row,) = json.loads(run("ports", "admin", "--json").out)["ports"]
        assert run("ports", "admin").out.rstrip().endswith(", not the task's")
    assert row == {
        "task": "admin",
        "name": "web",
        "port": 22299,
        "listening": True,
        "pid": os.getpid(),
        "program": row["program"],
        "own": False,
    }


def test_a_person_is_granted_what_is_missing(run: Run, ported: Path) -> None:
    """And may use it in a shell at once; asking again gives the same."""
    ended = run("ports", "shop", "--grant", "--env")
    assert (ended.code, ended.err) == (0, "")
    web, api = (row[2] for row in rows(run, "shop")[1:])
    assert ended.out.splitlines() == [
        f"export PORT={web}",
        f"export PORT_WEB={web}",
        f"export BOARD_URL_WEB=http://127.0.0.1:{web}",
        f"export PORT_API={api}",
        f"export BOARD_URL_API=http://127.0.0.1:{api}",
    ]
    assert run("ports", "shop", "--env") == ended
    assert run("ports", "shop", "--grant", "-q").out == f"{web}\n{api}\n"
    assert json.loads(run("ports", "shop", "--env", "--json").out)["env"]["PORT_API"] == api
    assert f"web {web}, api {api}" in run("show", "shop").out
    assert len([line for line in run("log", "shop").out.splitlines() if "ports_granted" in line]) == 1


def test_a_shell_evaluates_the_lines(ported: Path) -> None:
    """In a real process, as the help page shows it."""
    import subprocess
    import sys

    from tests.programs import environment

    line = f'eval "$({sys.executable} -m board ports admin --env)"; echo "$PORT $BOARD_URL_WEB"'
    done = subprocess.run(["sh", "-c", line], cwd=ported, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "22299 http://127.0.0.1:22299\n"


REFUSED = [
    (2, ("--grant",), "board: name a task; `board list` shows them all\n"),
    (4, ("nosuch",), 'board: no task "nosuch"; `board list` shows them all\n'),
    (4, ("shop", "--env"), "board: shop has no port for web, api yet; board ports shop --grant --env\n"),
    (5, ("plain", "--env"), "board: plain names no ports; such as ports: [web] in its record\n"),
    (5, ("plain", "--grant"), "board: plain names no ports; such as ports: [web] in its record\n"),
    (5, ("old", "--grant"), "board: old is done and needs no ports; board reopen old\n"),
]


@pytest.mark.parametrize(("code", "words", "line"), REFUSED)
def test_what_is_refused_says_what_would_do(
    run: Run, ported: Path, code: int, words: tuple[str, ...], line: str
) -> None:
    """One line, the documented exit code, and nothing is changed or reserved."""
    ended = run("ports", *words)
    assert (ended.code, ended.out, ended.err) == (code, "", line)
    assert (ported / "tasks.yaml").read_text() == BOARD


def test_a_worker_that_was_left_behind_gets_no_ports(run: Run, ported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its token is stale: exit 5, and the board stays. Mutant killed: ports granted without a look at the token."""
    granted = run("claim", "shop", "--as", "bob").out.splitlines()[1].removeprefix("grant: ")
    assert run("release", "shop", "--as", "bob").code == 0
    before = (ported / "tasks.yaml").read_text()
    monkeypatch.setenv("BOARD_CLAIM", granted)
    monkeypatch.setenv("BOARD_TASK", "shop")
    ended = run("ports", "--grant")
    assert (ended.code, ended.out) == (5, "")
    assert "stop working on it" in ended.err
    assert (ported / "tasks.yaml").read_text() == before


def test_a_folder_that_can_not_be_had_is_told_and_costs_no_port(
    run: Run, ported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On stderr, with exit 0: the ports are there."""
    (ported / "state").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(ported / "state"))
    ended = run("ports", "shop", "--grant", "-q")
    assert ended.code == 0
    assert len(ended.out.split()) == 2
    assert ended.err.startswith("board: shop: its ports can't be reserved, another board may be given them: ")
    assert ended.err.count("\n") == 1


def test_a_board_without_ports_says_so(run: Run, folder: Path) -> None:
    """No empty table."""
    assert run("ports").out == "no ports: no such task has `ports` in its record\n"
    assert json.loads(run("ports", "--json").out) == {"ports": []}


def test_looking_at_ports_of_a_broken_board(run: Run, folder: Path) -> None:
    """What is wrong is told by place, with exit 3."""
    (folder / "tasks.yaml").write_text("version: 1\ntasks:\n  - id: a\n    ports: [web, web]\n")
    ended = run("ports")
    assert ended.code == 3
    assert 'tasks.yaml:4:18: duplicate port name "web"' in ended.err


def test_two_people_at_once_get_different_ports(ported: Path) -> None:
    """Real processes on two copies of one board."""
    other = ported / "other"
    other.mkdir()
    (other / "tasks.yaml").write_text(BOARD)
    given = [board("ports", "shop", "--grant", "-q", cwd=where).out.split() for where in (ported, other)]
    assert len({*given[0], *given[1]}) == 4
