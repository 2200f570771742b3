"""A supervisor gives its workers ports: before the start, the same after a death, and none that anybody else has."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from board.ports import granted
from tests.house import House
from tests.programs import board
from tests.repositories import git, isolate
from tests.waiting import eventually

pytestmark = pytest.mark.tmux

SERVER = f"{sys.executable} -S -m http.server --bind 127.0.0.1 $PORT_WEB"
TOLD = "    run: 'env | grep -E \"^(PORT|BOARD_URL)\" | sort >> $HERE/{name}; exec {then}'\n"

SAYS = "echo $PORT_WEB >> $HERE/said"


def task(name: str, then: str, ports: str = "[web]") -> str:
    return f"  - id: {name}\n    resumable: true\n    ports: {ports}\n" + TOLD.format(name=name, then=then)


def test_a_worker_has_its_ports_from_its_first_line_on_and_after_each_death(house: House) -> None:
    """On record before the start, in the environment, the same after a kill although its server had the port; what
    listens is seen by status, `board ports` and `board show`. Mutants killed: ports granted behind the start; every
    listener of the attempt before taken for a stranger."""
    house.write(task("shop", SERVER, "[web, api]"), restart=", stale: 100")
    house.start()
    pid = house.pid("shop")
    port = granted(house.task("shop"))
    variables = [f"BOARD_URL_{name.upper()}=http://127.0.0.1:{number}" for name, number in reversed(port.items())]
    variables += [f"PORT={port['web']}", f"PORT_API={port['api']}", f"PORT_WEB={port['web']}"]
    assert house.wrote("shop", 5) == variables
    order = [line["event"] for line in house.journal("shop", "ports_granted", "worker_started")]
    assert order == ["ports_granted", "worker_started"]

    heard = {"web": {"port": port["web"], "listening": True}, "api": {"port": port["api"], "listening": False}}
    eventually(lambda: house.status()["tasks"]["shop"]["ports"] == heard, 15, lambda: str(house.status()["tasks"]))
    assert house.status()["tasks"]["shop"]["listening"] == [port["web"]]
    assert (
        f"web {port['web']}, api {port['api']}, its worker listens on {port['web']}" in house.says("show", "shop").out
    )
    shown = house.says("ports").out.splitlines()
    assert shown[1].split()[:6] == ["shop", "web", str(port["web"]), "yes", "pid", str(pid)]
    assert "not the task's" not in shown[1]

    os.kill(pid, signal.SIGKILL)
    assert house.wrote("shop", 10)[5:] == variables
    eventually(lambda: house.status()["tasks"]["shop"]["listening"] == [port["web"]], 15)
    assert house.journal("shop", "port_moved") == []


def test_a_stranger_on_the_port_moves_it_at_the_next_start(house: House) -> None:
    """Not before: what runs is let be. The journal says who. Mutant killed: a restart that doesn't look."""
    house.write(task("shop", "sleep 1000"), restart=", stale: 100")
    house.start()
    pid, port = house.pid("shop"), granted(house.task("shop"))["web"]
    house.wrote("shop", 3)
    with closing(socket.create_server(("127.0.0.1", port))):
        os.kill(pid, signal.SIGKILL)
        house.pid("shop", 2)
    now = granted(house.task("shop"))["web"]
    assert now != port
    assert f"PORT_WEB={now}" in house.wrote("shop", 6)[3:]
    (told,) = house.journal("shop", "port_moved")
    assert (told["port_name"], told["port_was"], told["port"]) == ("web", port, now)
    assert told["taken_by"].startswith(f"pid {os.getpid()} (")


def test_each_attempt_is_listened_to_anew(house: House) -> None:
    """Also where the sockets of the machine are the same. Mutant killed: a new worker noticed by sockets alone."""
    house.write(task("shop", "sleep 1000"), restart=", stale: 100")
    house.start()
    for start in (1, 2):
        pid = house.pid("shop", start)
        eventually(lambda: heard(house, "shop") == (pid, []), 15, lambda: str(heard(house, "shop")))  # noqa: B023
        os.kill(pid, signal.SIGKILL)


def heard(house: House, name: str) -> tuple[int | None, list[int] | None]:
    seen = house.status()["tasks"][name]
    return seen["pid"], seen["listening"]


def test_setup_knows_the_ports(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes a tree ready has what works in it. Mutant killed: ports granted behind the setup."""
    isolate(monkeypatch)
    git(house.folder, "init", "--quiet", "--initial-branch=main")
    git(house.folder, "commit", "--quiet", "--allow-empty", "-m", "Start")
    trees = f"  worktrees: {{enabled: true, base: main, root: {house.folder}/trees, setup: ['{SAYS}']}}\n"
    house.write(
        "  - id: a\n    ports: [web]\n    run: sleep 1000\n", settings=trees.replace("$HERE", str(house.folder))
    )
    house.start()
    house.pid("a")
    assert house.lines("said") == [str(granted(house.task("a"))["web"])]


def test_done_if_knows_the_ports(house: House) -> None:
    """From the first start on: before that there are none."""
    asked = f"{SAYS}; test -e $HERE/ran"
    work = f"    resumable: true\n    run: touch $HERE/ran; exit 1\n    done_if: '{asked}'\n"
    house.write(f"  - id: a\n    ports: [web]\n{work}")
    house.start()
    port = granted(house.reaches("a", "done"))["web"]
    assert house.lines("said")[-1] == str(port)


def test_reservations_that_can_not_be_had_are_told_once(house: House) -> None:
    """The workers have their ports all the same. Mutant killed: told at each start."""
    (house.folder / "state").write_text("")
    house.write(task("a", "sleep 1000") + task("b", "sleep 1000"))
    house.start(env={"XDG_STATE_HOME": str(house.folder / "state")})
    assert house.pid("a") != house.pid("b")
    assert granted(house.task("a"))["web"] != granted(house.task("b"))["web"]
    (told,) = house.journal(None, "reservation_failed")
    assert told["problem"].endswith(": Not a directory")


@pytest.fixture
def neighbour(tmp_path: Path, house: House) -> Iterator[House]:
    folder = tmp_path / "neighbour"
    folder.mkdir()
    made = House(folder, house.socket)
    yield made
    made.close()


def test_two_supervisors_share_a_machine(house: House, neighbour: House) -> None:
    """Sixteen ports, and two boards that want eight each, all at once: each has its own. One more task has to wait for
    a person, who is told what for; it starts once there is room. Mutant killed: no reservations."""
    few = "  ports: {from: 22100, to: 22115}\n"
    four = "".join(task(f"t{number}", "sleep 1000", "[a, b]") for number in range(4))
    for each in (house, neighbour):
        each.write(four, settings=few)
        each.start(ready=False)
    given = []
    for each in (house, neighbour):
        for number in range(4):
            each.pid(f"t{number}")
            given += granted(each.task(f"t{number}")).values()
    assert sorted(given) == list(range(22100, 22116))

    house.path.write_text(house.path.read_text() + "  - id: late\n    ports: [web]\n    run: sleep 1000\n")
    late = house.reaches("late", "blocked")
    assert late.blocked is not None
    assert "its ports: late: no port from 22100 to 22115 is free for web" in late.blocked.on
    assert board("cancel", "t0", cwd=neighbour.folder).code == 0
    assert house.says("unblock", "late").code == 0
    house.pid("late")


def status(house: House) -> str:
    argv = [sys.executable, "-m", "supervisor", "status"]
    return subprocess.run(
        argv, cwd=house.folder, env=house.environment(), capture_output=True, check=True
    ).stdout.decode()


def test_status_has_a_column_for_ports_where_there_are_any(house: House) -> None:
    """With what listens; without ports the table is what it was."""
    house.write("  - id: a\n    title: A\n    run: sleep 1000\n")
    assert "PORTS" not in status(house)
    house.write("  - id: a\n    title: A\n    ports: [web]\n    port: {web: 21444}\n    run: sleep 1000\n")
    shown = status(house).splitlines()
    assert shown[-2].split() == ["TASK", "STATUS", "STEP", "STATE", "ATTEMPT", "SINCE", "PORTS", "WHY/NEXT"]
    assert "web 21444" in shown[-1]
