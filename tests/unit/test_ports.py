"""A task's ports: names, variables and the way of the search, without a machine to search on."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.check import problems
from board.claims import Actor, Kind
from board.document import Document
from board.environs import environs
from board.merge import merge
from board.moves import Change, Reason, Refused
from board.moves.ports import Moved, grant_ports
from board.ports import Reservation, candidates, granted, is_in_force, kept_on, missing, variables
from board.settings import PortRange
from tests.boards import NOW, after, ask, board, claimed, task

WEB = {"id": "t", "ports": ["web", "api"], "port": {"web": 20412, "old": 20999}}
PERSON = Actor("alice")


def found(**said: object) -> list[str]:
    return [each.message for each in problems(Document(json.dumps({"version": 1, **said})))]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["web", "api", "web"], 'duplicate port name "web"'),
        (["a-b", "a_b"], 'duplicate port name "a_b": it is PORT_A_B, as "a-b"'),
        (
            ["Web"],
            'ports: expected a name of a-z 0-9 _ - that begins with a letter (at most 32, such as web), got "Web"',
        ),
        (
            [3000],
            "ports: expected a name of a-z 0-9 _ - that begins with a letter (at most 32, such as web), got a number",
        ),
        (["web"] * 17, "ports: expected a list of at most 16 names of ports, got a list"),
        ("web", 'ports: expected a list of at most 16 names of ports, got "web"'),
    ],
)
def test_names_that_can_not_be(names: object, message: str) -> None:
    """Each is told once, with what would do. Mutants killed: names compared as they are written; no limit."""
    told = found(tasks=[{"id": "a", "ports": names}])
    assert any(each.startswith(message) for each in told), told


@pytest.mark.parametrize(
    ("span", "message"),
    [
        ({"from": 25000, "to": 24999}, "settings.ports: 25000 to 24999 has room for 0, and one task may name 16"),
        ({"from": 25000, "to": 25014}, "settings.ports: 25000 to 25014 has room for 15, and one task may name 16"),
        ({"from": 30000}, "settings.ports: 30000 to 29999 has room for 0, and one task may name 16"),
        ({"to": 40000}, "settings.ports.to: expected a whole number from 1024 to 32767, got 40000"),
        ({"from": 80}, "settings.ports.from: expected a whole number from 1024 to 32767, got 80"),
    ],
)
def test_ranges_that_can_not_be(span: object, message: str) -> None:
    """Below the ports that systems hand out by themselves, and with room for any one task."""
    assert found(settings={"ports": span}) == [message]


def test_what_may_be() -> None:
    """Sixteen names, a range of sixteen, a port that a person wrote outside of it, and none at all."""
    names = [f"p{number}" for number in range(16)]
    tasks = [
        {"id": "a", "ports": names},
        {"id": "b", "ports": ["web"], "port": {"web": 3000}},
        {"id": "c", "ports": []},
    ]
    assert found(settings={"ports": {"from": 25000, "to": 25015}}, tasks=tasks) == []


def test_the_record_says_what_was_granted() -> None:
    """Only for names that are wanted still, in their order."""
    assert granted(task(**WEB)) == {"web": 20412}
    assert missing(task(**WEB)) == ("api",)


def test_the_variables_of_whatever_runs_for_a_task() -> None:
    """The first port is $PORT; each has a number and an address; without a port there is no variable."""
    full = task(**{**WEB, "ports": ["dev-api", "web"], "port": {"web": 20412, "dev-api": 20413}})
    assert variables(full) == {
        "PORT": "20413",
        "PORT_DEV_API": "20413",
        "BOARD_URL_DEV_API": "http://127.0.0.1:20413",
        "PORT_WEB": "20412",
        "BOARD_URL_WEB": "http://127.0.0.1:20412",
    }
    assert environs(full, "/b/tasks.yaml", "/b", is_own_tree=False).items() >= variables(full).items()
    assert "PORT" not in variables(task(**{**WEB, "ports": ["api", "web"]}))
    assert variables(task()) == {}


def test_a_variable_is_made_of_its_name_alone() -> None:
    """A name that holds the word itself is no trap. Mutant killed: every PORT replaced in the address' name."""
    assert "BOARD_URL_MY_PORT" in variables(task(ports=["my-port"], port={"my-port": 20001}))


@given(st.integers(1024, 32000), st.integers(16, 300), st.text(max_size=5))
def test_the_search_goes_to_each_port_once_and_the_same_way_each_time(low: int, count: int, name: str) -> None:
    """Same board, task and name: same first choice; and no port of the range is left out. Mutant: one step less."""
    span, mine = PortRange(low, low + count - 1), Reservation("/b/tasks.yaml", "t", name)
    way = list(candidates(mine, span))
    assert sorted(way) == list(range(low, low + count))
    assert way == list(candidates(mine, span))


def test_different_tasks_begin_elsewhere() -> None:
    """Most of a hundred tasks find a port of their own at once."""
    span = PortRange()
    firsts = {next(candidates(Reservation("/b", f"t{number}", "web"), span)) for number in range(100)}
    assert len(firsts) > 95


@pytest.mark.parametrize(
    ("record", "is_kept"),
    [
        ({"status": "todo"}, True),
        ({"status": "blocked", "blocked": {"on": "x"}}, True),
        ({"status": "review"}, True),
        ({"status": "done"}, False),
        ({"status": "failed"}, False),
        ({"status": "cancelled"}, False),
        ({"port": {"web": 20413}}, False),
        ({"port": {"api": 20412}}, False),
        ({"port": None}, False),
        ({"ports": ["api"]}, False),
        ({"id": "other"}, False),
    ],
)
def test_a_reservation_holds_as_long_as_the_board_says_so(record: dict[str, object], *, is_kept: bool) -> None:
    """The task is there, hasn't ended, and has this port under this name. Mutants killed: each of these left out."""
    there = board({**WEB, **record})
    assert is_in_force(there, Reservation("/b", "t", "web"), 20412) == is_kept


def test_what_the_other_tasks_have() -> None:
    """Without what has ended, and without the task that asks."""
    others = [
        {"id": "a", "ports": ["x"], "port": {"x": 20001}},
        {"id": "b", "ports": ["x"], "port": {"x": 20002}, "status": "done"},
    ]
    assert kept_on(board(WEB, *others), "t") == {20001}


# --- the write


def test_a_grant_is_one_key_and_told() -> None:
    """What was there stays; what is new is told by name and number; a name that nobody wants is no longer there."""
    change = grant_ports(ask(WEB, PERSON), {"web": 20412, "api": 20413})
    assert isinstance(change, Change)
    assert after(WEB, change)["port"] == {"web": 20412, "api": 20413}
    assert [(each.name, each.fields) for each in change.events] == [
        ("ports_granted", {"by": "alice", "ports": "api 20413"})
    ]


def test_a_port_that_moves_says_whose_it_was() -> None:
    """The journal names both numbers and who has the old one."""
    change = grant_ports(ask(WEB, PERSON), {"web": 20500}, [Moved("web", 20500, 20412, "pid 7 (node)")])
    assert isinstance(change, Change)
    assert [(each.name, each.fields) for each in change.events] == [
        ("port_moved", {"port_name": "web", "port": 20500, "port_was": 20412, "taken_by": "pid 7 (node)"})
    ]


def test_a_holders_grant_renews_its_lease() -> None:
    """As any write by a holder does; nobody else's does."""
    held = {**WEB, "status": "in_progress", "claim": claimed("bob", 3)}
    mine = grant_ports(ask(held, Actor("bob", 3, Kind.WORKER), NOW + 60), {"web": 20412})
    others = grant_ports(ask(held, PERSON, NOW + 60), {"web": 20412})
    assert isinstance(mine, Change)
    assert isinstance(others, Change)
    assert mine.patch["claim"]["expires_at"] > held["claim"]["expires_at"]  # type: ignore[index]
    assert "claim" not in others.patch


@pytest.mark.parametrize(
    ("record", "actor", "reason"),
    [
        ({"status": "in_progress", "claim": claimed("bob", 3)}, Actor("bob", 2, Kind.WORKER), Reason.STALE),
        ({"status": "done"}, PERSON, Reason.ILLEGAL),
        ({"ports": None}, PERSON, Reason.NOTHING_TO_DO),
    ],
)
def test_a_grant_that_is_refused(record: dict[str, object], actor: Actor, reason: Reason) -> None:
    """A worker that was left behind, a task that has ended, one that names none. Mutant: the fence left out."""
    refused = grant_ports(ask({**WEB, **record}, actor), {"web": 20412})
    assert isinstance(refused, Refused)
    assert refused.reason == reason


def test_a_stale_buffer_does_not_take_a_port_away() -> None:
    """`port` is the machine's own, `ports` the person's. Mutant killed: `port` not among the machine's keys."""
    base = "version: 1\ntasks:\n  - id: a\n    title: A\n    ports: [web]\n    port: {web: 20001}\n"
    ours = base.replace("20001", "20002")
    edited = base.replace("title: A", "title: AA").replace("[web]", "[web, api]").replace("20001", "20009")
    merged = Document(merge(base, edited, ours).text).data["tasks"][0]
    assert (merged["title"], merged["ports"], merged["port"]) == ("AA", ["web", "api"], {"web": 20002})
