"""What a service manager hears: real datagrams on a socket of the test's own."""

from __future__ import annotations

import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from supervisor.sdnotify import Heart, take


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.setblocking(False)
        yield made


def heard(listener: socket.socket) -> list[str]:
    """Every datagram that has come; on one machine they are there when `send` returns."""
    found: list[str] = []
    with suppress(BlockingIOError):
        while True:
            found.append(listener.recv(65536).decode())
    return found


@pytest.fixture(params=["file", "abstract"])
def address(request: pytest.FixtureRequest, listener: socket.socket) -> Iterator[str]:
    """As the environment names it; what is abstract begins with an @ there and with a NUL in the kernel."""
    if request.param == "abstract":
        name = f"crewboard-test-{secrets.token_hex(8)}"
        listener.bind("\0" + name)
        yield "@" + name
        return
    with tempfile.TemporaryDirectory(prefix="cb") as folder:
        listener.bind(f"{folder}/notify")
        yield f"{folder}/notify"


def test_ready_status_beats_and_stopping(listener: socket.socket, address: str) -> None:
    """The words of sd_notify(3), each a line of a datagram; a status in one line whatever it holds.

    Mutants: the abstract name sent to as it is written; a line break that could end a status and begin a word.
    """
    heart = take({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "4000000"})
    heart.ready("keeping\nSTOPPING=1")
    assert heard(listener) == ["READY=1\nSTATUS=keeping STOPPING=1"]
    heart.turned(100.0, "one worker")
    assert heard(listener) == ["STATUS=one worker", "WATCHDOG=1"]
    heart.stopping()
    assert heard(listener)[0].startswith("STOPPING=1\nSTATUS=")


def test_a_beat_at_half_of_what_is_allowed(listener: socket.socket, address: str) -> None:
    """Not with each turn, and never later than the half. Mutants: a beat a turn; a beat each whole span."""
    heart = take({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "4000000"})
    heart.turned(100.0, "")
    assert heart.rests_for(100.0) == 2.0
    heart.turned(101.9, "")
    assert heard(listener) == ["WATCHDOG=1"]
    assert heart.rests_for(101.5) == 0.5
    heart.turned(102.0, "")
    heart.turned(200.0, "")
    assert heard(listener) == ["WATCHDOG=1"] * 2
    assert heart.rests_for(300.0) == 0.0


@pytest.mark.parametrize(
    "said",
    [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "1"}],
    ids=["no watchdog", "zero", "no number", "another process"],
)
def test_no_beat_where_none_is_asked_of_us(said: dict[str, str], listener: socket.socket, address: str) -> None:
    """Ready is told all the same. Mutant: the process that is meant isn't looked at."""
    heart = take({"NOTIFY_SOCKET": address, **said})
    heart.turned(0.0, "")
    heart.ready("")
    assert heard(listener) == ["READY=1\nSTATUS="]
    assert heart.rests_for(0.0) == float("inf")


@pytest.mark.parametrize("named", [None, "", "relative", "vsock:2:1234"])
def test_nothing_is_sent_where_nobody_listens(named: str | None, tmp_path: Path) -> None:
    """No variable, or an address of a kind that we don't know: silence, and no failure."""
    env = {} if named is None else {"NOTIFY_SOCKET": named}
    heart = take({**env, "WATCHDOG_USEC": "1000000"})
    assert heart == Heart()
    heart.ready("x")
    heart.turned(0.0, "y")
    heart.stopping()


def test_a_manager_that_is_gone_is_no_failure(tmp_path: Path) -> None:
    """Its socket may go before we do: the loop goes on."""
    heart = take({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    heart.ready("x")
    heart.stopping()


def test_what_was_taken_is_gone_from_the_environment() -> None:
    """So no child takes it for its own. Mutants: get instead of pop; the socket's name alone."""
    names = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "INVOCATION_ID", "JOURNAL_STREAM")
    env = {**dict.fromkeys(names, "/x"), "PATH": "/bin", "WATCHDOG_PID": str(os.getpid())}
    take(env)
    assert env == {"PATH": "/bin"}
