"""Ports for tasks on a real machine: real sockets, a real folder of reservations, several boards and processes."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from board import listeners
from board.claims import Actor
from board.document import Document
from board.engine import Engine
from board.errors import Busy, RefusedError
from board.granting import Clerk, Granted, is_settled
from board.journal.events import Event
from board.listeners import is_free, listening
from board.model import Task
from board.moves import Reason
from board.ports import Reservation, candidates, granted
from board.records import read_board
from board.reservations import Reservations, Unreadable, folder_of
from board.settings import PortRange
from board.store import FileStore
from tests.crash.sweep import DIED, _die_at, alone, at_once, ended, fork

SPAN = PortRange(21000, 21999)
PERSON = Actor("alice")
LISTEN = (
    "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); print('up', flush=True); input()"
)


class Journal:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def append(self, event: Event, at: float) -> None:
        self.events.append(event)

    def named(self, name: str) -> list[dict[str, Any]]:
        return [dict(each.fields) for each in self.events if each.name == name]


class Place:
    """A board, and how it is asked for ports."""

    def __init__(self, folder: Path, tasks: str, span: PortRange = SPAN) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "tasks.yaml"
        head = f"version: 1\nsettings:\n  ports: {{from: {span.low}, to: {span.high}}}\ntasks:\n"
        self.path.write_text(head + tasks)
        self.journal = Journal()
        self.engine = Engine(FileStore(str(self.path)), self.journal)
        self.home = self.engine.store.real

    def grant(self, kept: Reservations, task: str, *, moves: bool = False) -> dict[str, int]:
        return granted(self.asked(kept, task, moves=moves).task)

    def asked(self, kept: Reservations, task: str, *, moves: bool = False) -> Granted:
        return Clerk(self.engine, kept, lambda _: ("shell",)).grant(task, PERSON, moves=moves)

    def task(self, name: str) -> Task:
        found = read_board(Document(self.path.read_text()).data).find(name)
        assert found is not None
        return found

    def edit(self, old: str, new: str) -> None:
        text = self.path.read_text()
        assert old in text
        self.path.write_text(text.replace(old, new))


def of(*names: str, ports: str = "[web]") -> str:
    return "".join(f"  - id: {name}\n    title: {name}\n    ports: {ports}\n" for name in names)


@pytest.fixture
def kept(tmp_path: Path) -> Reservations:
    return Reservations(str(tmp_path / "state" / "ports"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "one", of("a", "b", ports="[web, api]"))


@contextmanager
def foreign(port: int, address: str = "127.0.0.1", family: int = socket.AF_INET) -> Iterator[socket.socket]:
    """Somebody who listens there."""
    with closing(socket.socket(family, socket.SOCK_STREAM)) as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        held.bind((address, port))
        held.listen()
        yield held


@contextmanager
def process_of(task: str, place: Place, port: int) -> Iterator[int]:
    """A process that was started for a task and listens; its pid."""
    env = {**os.environ, "BOARD_TASK": task, "BOARD_FILE": str(place.path)}
    argv = [sys.executable, "-S", "-c", LISTEN, str(port)]
    with subprocess.Popen(argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        yield child.pid
        child.communicate(b"\n", timeout=10)


# --- is it free?


@pytest.mark.parametrize(
    ("address", "family"),
    [
        ("127.0.0.1", socket.AF_INET),
        ("0.0.0.0", socket.AF_INET),
        ("127.0.0.2", socket.AF_INET),
        ("::1", socket.AF_INET6),
        ("::", socket.AF_INET6),
    ],
)
def test_a_port_on_which_anybody_listens_is_not_free(address: str, family: int) -> None:
    """On whatever address, of whichever family. Mutants killed: 0.0.0.0 left out; both of IPv6 left out. (Each of the
    other tries is covered by one of its family on this system, not on every.)"""
    if family == socket.AF_INET6 and not has_ipv6():
        pytest.skip("no IPv6 here")
    port = unused()
    assert is_free(port)
    with foreign(port, address, family):
        assert not is_free(port)
    assert is_free(port)


def test_what_is_left_of_ended_connections_is_no_listener() -> None:
    """A server that has just closed its connections leaves TIME_WAIT behind; its port may be used again at once.
    Mutant killed: the try without SO_REUSEADDR."""
    port = unused()
    with foreign(port) as server:
        client = socket.create_connection(("127.0.0.1", port))
        there, _ = server.accept()
        there.close()  # who closes first is who waits
        client.recv(1)
        client.close()
    assert f":{port:04X} " in "".join(line for line in Path("/proc/net/tcp").read_text().splitlines() if " 06 " in line)
    assert is_free(port)


def test_a_try_gets_in_nobodys_way() -> None:
    """While a port is tried over and over, a server that sets SO_REUSEADDR, as servers do, starts there each time."""
    port, stop = unused(), threading.Event()

    def tries() -> None:
        while not stop.is_set():
            is_free(port)

    trying = threading.Thread(target=tries)
    trying.start()
    try:
        for _ in range(50):
            with foreign(port):
                assert not is_free(port)
    finally:
        stop.set()
        trying.join()


def test_who_listens_is_named_by_pid_and_program(place: Place) -> None:
    """Nothing of a command line: it may hold secrets."""
    port = unused()
    with process_of("a", place, port) as pid:
        (seen,) = listening({port})[port]
        assert seen.pid == pid
        assert seen.program is not None
        assert seen.program.startswith("python")
        assert str(port) not in seen.words().replace(str(pid), "")
        for known in (listeners.sockets(), None):  # by the system's table, and by asking each process
            assert listeners.ports_of([pid], known) == {port}
            assert listeners.ports_of([os.getpid()], known) == frozenset()
    assert listening({port}) == {}
    assert listeners.ports_of([pid], listeners.sockets()) == frozenset()


def test_a_new_listener_changes_the_table_of_sockets() -> None:
    """So that who looks often knows cheaply whether there is anything to look at."""
    before = listeners.sockets()
    port = unused()
    with foreign(port):
        during = listeners.sockets()
        assert during is not None
        assert before is not None
        assert [during[each] for each in during.keys() - before.keys()] == [port]


def unused() -> int:
    return next(port for port in random.sample(range(25000, 29000), 4000) if is_free(port))


def has_ipv6() -> bool:
    try:
        with closing(socket.socket(socket.AF_INET6)) as tried:
            tried.bind(("::1", 0))
    except OSError:
        return False
    return True


# --- same task, same port


def test_a_task_gets_a_port_for_each_name_and_keeps_them(place: Place, kept: Reservations) -> None:
    """They stand in the record, reserved; asking again changes nothing and writes nothing."""
    given = place.grant(kept, "a")
    assert list(given) == ["web", "api"]
    assert len(set(given.values())) == 2
    assert all(SPAN.low <= port <= SPAN.high for port in given.values())
    assert "port: {web: " in place.path.read_text()
    assert {kept.of(port) for port in given.values()} == {
        Reservation(place.home, "a", "web"),
        Reservation(place.home, "a", "api"),
    }
    before = place.path.stat().st_mtime_ns
    assert place.grant(kept, "a", moves=True) == given
    assert place.path.stat().st_mtime_ns == before
    assert is_settled(place.task("a"), place.home, kept)


def test_a_lost_record_or_a_lost_folder_comes_to_the_same_ports(place: Place, kept: Reservations) -> None:
    """The first choice is drawn from board, task and name; what is lost is made again."""
    given = place.grant(kept, "a")
    shutil.rmtree(place.path.parent)  # its history, too: by that a copy without ports is known for an old one
    place = Place(place.path.parent, of("a", ports="[web, api]"))
    assert place.grant(kept, "a") == given
    shutil.rmtree(kept.folder)
    assert not is_settled(place.task("a"), place.home, kept)
    assert place.grant(kept, "a") == given
    assert is_settled(place.task("a"), place.home, kept)


def test_a_port_that_a_person_wrote_is_kept(tmp_path: Path, kept: Reservations) -> None:
    """Also outside of the range, as long as nobody else has it."""
    place = Place(tmp_path / "one", of("a") + "    port: {web: 24999}\n")
    assert place.grant(kept, "a", moves=True) == {"web": 24999}
    assert kept.of(24999) == Reservation(place.home, "a", "web")


def test_a_new_name_gets_a_port_and_the_old_ones_stay(place: Place, kept: Reservations) -> None:
    """What is missing is granted; an earlier name's port is told no more."""
    given = place.grant(kept, "a")
    place.edit("    title: a\n    ports: [web, api]", "    title: a\n    ports: [admin, web]")
    again = place.grant(kept, "a")
    assert list(again) == ["admin", "web"]
    assert again["web"] == given["web"]
    assert again["admin"] not in given.values()
    assert [each["ports"] for each in place.journal.named("ports_granted")][-1] == f"admin {again['admin']}"


# --- whose it is


def collided(folder: Path, mine: Place, name: str = "web") -> Place:
    """Another board, whose task `x` has written the first choice of `mine`'s task `a`."""
    first = next(candidates(Reservation(mine.home, "a", name), SPAN))
    return Place(folder, of("x") + f"    port: {{web: {first}}}\n")


def test_two_boards_never_have_the_same_port(tmp_path: Path, place: Place, kept: Reservations) -> None:
    """What another board has is passed over although nobody listens there yet. Mutant killed: reservations unread."""
    other = collided(tmp_path / "two", place)
    (port,) = other.grant(kept, "x").values()
    assert port not in place.grant(kept, "a").values()


@pytest.mark.parametrize("how", ["board gone", "folder gone", "task gone", "ended", "another port", "another name"])
def test_a_reservation_that_is_over_is_taken_over(tmp_path: Path, place: Place, kept: Reservations, how: str) -> None:
    """As the other board stands now. Mutants killed: each of these taken for in force."""
    other = collided(tmp_path / "two", place)
    (port,) = other.grant(kept, "x").values()
    match how:
        case "board gone":
            other.path.unlink()
        case "folder gone":
            shutil.rmtree(other.path.parent)
        case "task gone":
            other.edit("id: x", "id: y")
        case "ended":
            other.edit("    title: x\n", "    title: x\n    status: cancelled\n")
        case "another port":
            other.edit(f"web: {port}", f"web: {port + 1}")
        case _:
            other.edit("ports: [web]", "ports: [api]")
    assert place.grant(kept, "a")["web"] == port
    assert kept.of(port) == Reservation(place.home, "a", "web")


@pytest.mark.parametrize("broken", ["version: 1\ntasks: [", "", "version: 1\ntasks:\n  - {id: y, nope: 1}\n"])
def test_a_board_that_can_not_be_read_keeps_its_ports(
    tmp_path: Path, place: Place, kept: Reservations, broken: str
) -> None:
    """Doubt is no proof: somebody may just be saving it. Mutant killed: every failed reading taken for gone."""
    other = collided(tmp_path / "two", place)
    (port,) = other.grant(kept, "x").values()
    other.path.write_text(broken)
    assert port not in place.grant(kept, "a").values()
    assert kept.of(port) == Reservation(other.home, "x", "web")


def test_a_reservation_without_a_record_is_nobodys(place: Place, kept: Reservations) -> None:
    """Whoever died between the two leaves nothing that has to be cleaned up; nor does a torn file."""
    first, second = (next(candidates(Reservation(place.home, "a", name), SPAN)) for name in ("web", "api"))
    with kept.locked():
        kept.put(first, Reservation(place.home, "b", "web"))
    (Path(kept.folder) / str(second)).write_text("{")
    assert place.grant(kept, "a") == {"web": first, "api": second}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_reservation_that_may_not_be_read_is_somebodys(place: Place, kept: Reservations) -> None:
    """Doubt again."""
    first = next(candidates(Reservation(place.home, "a", "web"), SPAN))
    with kept.locked():
        kept.put(first, Reservation(place.home, "a", "web"))
    (Path(kept.folder) / str(first)).chmod(0)
    assert kept.of(first) == Unreadable()
    assert place.grant(kept, "a")["web"] != first


def test_a_port_that_another_took_meanwhile_is_moved(tmp_path: Path, place: Place, kept: Reservations) -> None:
    """A task that was done gave up its ports; reopened, it gets others for those that are somebody's now."""
    given = place.grant(kept, "a")
    place.edit("    title: a\n", "    title: a\n    status: done\n")
    other = Place(tmp_path / "two", of("x") + f"    port: {{web: {given['web']}}}\n")
    assert other.grant(kept, "x") == {"web": given["web"]}
    place.edit("    status: done\n", "")
    again = place.grant(kept, "a")
    assert again["api"] == given["api"]
    assert again["web"] != given["web"]
    (told,) = place.journal.named("port_moved")
    assert (told["port_name"], told["port_was"], told["port"]) == ("web", given["web"], again["web"])
    assert told["taken_by"] == f"x of {other.home}"


# --- who listens


def test_a_port_on_which_a_stranger_listens_is_never_granted(place: Place, kept: Reservations) -> None:
    """Mutant killed: the try of the port left out."""
    first = next(candidates(Reservation(place.home, "a", "web"), SPAN))
    with foreign(first, "0.0.0.0"):
        assert first not in place.grant(kept, "a").values()


def test_before_a_start_a_port_with_a_stranger_is_moved(place: Place, kept: Reservations) -> None:
    """And the journal says who it is; without a start at hand what a task has stays. Mutant killed: never moved."""
    given = place.grant(kept, "a")
    with foreign(given["web"]):
        assert not is_settled(place.task("a"), place.home, kept)
        assert place.grant(kept, "a") == given
        again = place.grant(kept, "a", moves=True)
    assert again["web"] not in given.values()
    assert again["api"] == given["api"]
    (told,) = place.journal.named("port_moved")
    assert told["taken_by"].startswith(f"pid {os.getpid()} (")
    assert kept.of(given["web"]) is None
    assert granted(place.task("a")) == again


def test_a_port_with_a_process_of_the_tasks_own_stays(place: Place, kept: Reservations) -> None:
    """A development server that the last attempt left running is no stranger; another task's is.
    Mutants killed: every listener a stranger; every process with a task the task's own."""
    given = place.grant(kept, "a")
    with process_of("a", place, given["web"]):
        assert place.grant(kept, "a", moves=True) == given
    with process_of("b", place, given["web"]):
        assert place.grant(kept, "a", moves=True) != given


# --- bad weather


def test_without_a_folder_the_record_and_the_sockets_decide(tmp_path: Path) -> None:
    """A folder that can't be had is told, and costs nobody a port; tasks of one board still don't share any.
    Mutant killed: the ports of the board's other tasks not asked for."""
    (tmp_path / "file").write_text("")
    kept = Reservations(str(tmp_path / "file" / "ports"))
    place = Place(tmp_path / "one", of("a", "b"))
    first = place.asked(kept, "a")
    assert first.trouble == f"{kept.folder}: Not a directory"
    (port,) = granted(first.task).values()
    place.edit("    title: b\n", f"    title: b\n    port: {{web: {port}}}\n")
    (other,) = place.grant(kept, "b").values()
    assert other != port
    with foreign(other):
        assert place.grant(kept, "b", moves=True)["web"] not in (port, other)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_no_folder(place: Place, kept: Reservations) -> None:
    """The same as none."""
    Path(kept.folder).mkdir(parents=True)
    Path(kept.folder).chmod(0o500)
    assert place.asked(kept, "a").trouble == f"{kept.folder}: Permission denied"
    assert len(granted(place.task("a"))) == 2


def test_without_a_home_nothing_is_kept_beside_the_board(place: Place) -> None:
    """A path that isn't absolute is made nowhere. Mutant killed: a folder called ~ where the program stands."""
    assert place.asked(Reservations("~/ports"), "a").trouble == "~/ports: there is no home folder to keep it in"
    assert not Path("~").exists()


def test_a_range_without_a_free_port_is_refused(tmp_path: Path, kept: Reservations) -> None:
    """Nothing is granted by halves, and nothing is written; once there is room again, there are ports."""
    names = "".join(f"    {line}\n" for line in ("title: full", f"ports: [{', '.join(f'p{n}' for n in range(15))}]"))
    place = Place(tmp_path / "one", f"  - id: full\n{names}" + of("a", ports="[web, api]"), PortRange(22000, 22015))
    place.grant(kept, "full")
    before = place.path.read_bytes()
    with pytest.raises(RefusedError, match="no port from 22000 to 22015 is free for api") as refused:
        place.grant(kept, "a")
    assert refused.value.reason == Reason.NO_PORT
    assert place.path.read_bytes() == before
    place.edit("    title: full\n", "    title: full\n    status: done\n")
    assert len(place.grant(kept, "a")) == 2


def test_a_lock_that_is_held_too_long_is_told(place: Place, kept: Reservations) -> None:
    """Nobody waits for ever, and nobody goes on without the lock."""
    with kept.locked(), pytest.raises(Busy, match=r"is held by another for 0\.05 s"):
        place.grant(Reservations(kept.folder, patience=0.05), "a")
    assert granted(place.task("a")) == {}


def test_the_environment_moves_the_folder(tmp_path: Path) -> None:
    """As it moves other programs' state; a relative path counts as none."""
    assert folder_of({"XDG_STATE_HOME": str(tmp_path)}) == str(tmp_path / "crewboard" / "ports")
    assert folder_of({"XDG_STATE_HOME": "x", "HOME": "/h"}) == "/h/.local/state/crewboard/ports"
    assert folder_of({"HOME": "/h"}) == "/h/.local/state/crewboard/ports"


def test_what_is_kept_is_for_nobody_elses_eyes(place: Place, kept: Reservations) -> None:
    """A folder of 0700 with files of 0600."""
    given = place.grant(kept, "a")
    assert Path(kept.folder).stat().st_mode & 0o777 == 0o700
    assert (Path(kept.folder) / str(given["web"])).stat().st_mode & 0o777 == 0o600


# --- many at once

RACERS, TASKS = 8, 50


def race(folder: Path) -> None:
    """Eight processes, two on each of four boards, fifty tasks each, on so few ports that many want the same."""
    span = PortRange(23000, 23000 + 3 * RACERS * TASKS)
    kept = Reservations(str(folder / "ports"), patience=240)
    places = [Place(folder / f"b{number}", of(*(f"t{each}" for each in range(2 * TASKS))), span) for number in range(4)]

    def racer(number: int) -> None:
        mine = Place.__new__(Place)
        mine.engine = Engine(FileStore(str(places[number % 4].path)), Journal())
        for each in range(TASKS):
            mine.grant(kept, f"t{each + TASKS * (number // 4)}")

    assert at_once([partial(racer, number) for number in range(RACERS)]) == [0] * RACERS
    given = [granted(place.task(f"t{each}"))["web"] for place in places for each in range(2 * TASKS)]
    assert len(given) == len(set(given)) == RACERS * TASKS
    assert {int(each.name) for each in Path(kept.folder).iterdir() if each.name.isdigit()} >= set(given)


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder without a disk behind it, where there is one: four hundred writes to disk prove nothing here."""
    folder = tempfile.mkdtemp(prefix="cb", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    yield Path(folder)
    shutil.rmtree(folder, ignore_errors=True)


def test_eight_processes_get_four_hundred_different_ports(memory: Path) -> None:
    """No port twice, on one board or on four. Mutants killed: no lock; the lock left before the record is written;
    reservations of other boards unread."""
    alone(race, memory)


def deaths(folder: Path) -> None:
    """Processes that die at some line of a grant, each beside another board that wants the same port."""
    span, dice = PortRange(24000, 24099), random.Random(7)
    kept = Reservations(str(folder / "ports"), patience=20)
    for round_ in range(int(os.environ.get("CREWBOARD_PORT_DEATHS", "25"))):
        one = Place(folder / f"one{round_}", of("a"), span)
        two = collided_with(one, folder / f"two{round_}", span)
        code = ended(fork(partial(_die_at, dice.randrange(1200), partial(one.grant, kept, "a"))))
        assert code in (0, DIED), code
        theirs, mine = two.grant(kept, "x"), one.grant(kept, "a")
        assert set(theirs.values()).isdisjoint(mine.values()), (round_, theirs, mine)
        shutil.rmtree(one.path.parent)
        shutil.rmtree(two.path.parent)


def collided_with(mine: Place, folder: Path, span: PortRange) -> Place:
    first = next(candidates(Reservation(mine.home, "a", "web"), span))
    return Place(folder, of("x") + f"    port: {{web: {first}}}\n", span)


def test_who_dies_while_granting_leaves_no_port_to_two(memory: Path) -> None:
    """At whatever line: the lock is free at once, and no board ends up with another one's port.
    Mutant killed: reservations of other boards unread. CREWBOARD_PORT_DEATHS is how often (25)."""
    alone(deaths, memory)
