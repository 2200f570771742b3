"""What listens on this machine's TCP ports, and which process that is: the door to sockets.

It knows no task and reserves nothing. psutil is imported by who asks for processes, not by who tries a port.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    import psutil

_ADDRESSES: Final = (
    (socket.AF_INET, "127.0.0.1"),
    (socket.AF_INET, "0.0.0.0"),  # noqa: S104 - only tried, never listened on
    (socket.AF_INET6, "::1"),
    (socket.AF_INET6, "::"),
)
_TABLES: Final = ("/proc/net/tcp", "/proc/net/tcp6")
_LISTEN: Final = "0A"  # the kernel's number of that state, see proc(5)
_LISTENING: Final = "LISTEN"  # psutil's word for it


class Listener(NamedTuple):
    """`pid` and `program` are None where we may not see whose the socket is."""

    port: int
    pid: int | None
    program: str | None

    def words(self) -> str:
        return "somebody" if self.pid is None else f"pid {self.pid} ({self.program})"


def is_free(port: int) -> bool:
    """Could a server of either family listen here now, for this machine or for all?"""
    return all(_can_bind(family, address, port) for family, address in _ADDRESSES)


def _can_bind(family: int, address: str, port: int) -> bool:
    """With SO_REUSEADDR, or what is left of ended connections (TIME_WAIT) would count; it hides no listener, as every
    address is tried by itself. A family that this machine doesn't have takes no port."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                tried.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            tried.bind((address, port))
    except OSError as error:
        return error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.ENOPROTOOPT)
    return True


def listening(ports: Collection[int]) -> dict[int, tuple[Listener, ...]]:
    """By port, who is seen to listen on it. Whom the system hides from us is missing: see `is_free`."""
    import psutil

    try:
        found = [(_port(each), each.pid) for each in psutil.net_connections("tcp") if each.status == _LISTENING]
    except (psutil.Error, OSError):
        # Not everywhere may everybody ask for all sockets; then each process that is ours is asked for its own.
        found = [(port, each.pid) for each in psutil.process_iter() for port in _ports_of(each)]
    told: dict[int, dict[int | None, Listener]] = {}
    for port, pid in found:
        if port in ports:
            told.setdefault(port, {})[pid] = Listener(port, pid, None if pid is None else program_of(pid))
    return {port: tuple(each.values()) for port, each in told.items()}


def ports_of(pids: Iterable[int], known: Mapping[str, int] | None) -> frozenset[int]:
    """What these processes listen on, of the sockets `known`; one that has ended, or may not be looked at, listens on
    nothing. Without `known` each of them is asked by itself, which takes far longer."""
    if known is None:
        import psutil

        those = set(pids)
        return frozenset(port for each in psutil.process_iter() if each.pid in those for port in _ports_of(each))
    return frozenset(known[link] for pid in pids for link in _links_of(pid) if link in known)


def _links_of(pid: int) -> list[str]:
    found = []
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
    return found


def _ports_of(process: psutil.Process) -> set[int]:
    import psutil

    try:
        return {_port(each) for each in process.net_connections("tcp") if each.status == _LISTENING}
    except (psutil.Error, OSError):
        return set()


def _port(connection: Any) -> int:
    return int(connection.laddr[1])


def program_of(pid: int) -> str | None:
    """Its name alone: a command line may hold secrets."""
    import psutil

    try:
        return psutil.Process(pid).name()
    except (psutil.Error, OSError):
        return None


def variables_of(pid: int, names: Collection[str]) -> dict[str, str] | None:
    """These variables of a process' environment; None where we may not look."""
    import psutil

    try:
        env = psutil.Process(pid).environ()
    except (psutil.Error, OSError):
        return None
    return {name: env[name] for name in names if name in env}


def sockets() -> dict[str, int] | None:
    """The port of each listening socket of this machine, by what a process' link to it reads. While they are the same,
    nobody listens anew. None where the system has no such table."""
    found: dict[str, int] = {}
    for path in _TABLES:
        try:
            with open(path, encoding="ascii") as table:
                rows = [line.split() for line in table]
        except OSError:
            if path == _TABLES[0]:
                return None
            continue  # a machine without IPv6
        found |= {f"socket:[{row[9]}]": int(row[1].rpartition(":")[2], 16) for row in rows[1:] if row[3] == _LISTEN}
    return found
