"""Which processes belong to an attempt: those that bear its mark in their environment, and those of its session.

It reads the process table (`processes`) and ends nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from supervisor.processes import ATTEMPT, ProcessId, Stat, all_running, environment_of

Sought = tuple[str, ProcessId | None]  # an attempt's mark, and the process that led its session


def marked(mark: str) -> list[ProcessId] | None:
    """Every live process started with `CREWBOARD_ATTEMPT=<mark>`, and all that share a session with one.

    None: could not tell. One that hides its environment (set-uid, not dumpable) is found by session only.
    """
    return survivors(mark, None)


def survivors(mark: str, leader: ProcessId | None) -> list[ProcessId] | None:
    """`marked`, and whoever is left in the session that `leader` (a pane's process, dead or alive) led."""
    return survivors_of([(mark, leader)])[0]


def survivors_of(sought: Sequence[Sought]) -> list[list[ProcessId] | None]:
    """The same for many at once: each look at the process table is for all of them."""
    table = all_running()
    if table is None:
        return [None] * len(sought)
    found, unsure = _look(sought, table)
    if not all(found):
        # A process can fork and end between two reads, so one look that finds nothing proves nothing. The next one is
        # for whoever wasn't there, or had no environment yet: no pid comes back before all others were handed out.
        newer = all_running(besides=table.keys() - unsure)
        if newer is None:
            return [left or None for left in found]
        more, _ = _look(sought, {**table, **newer}, newer)
        found = [left or late for left, late in zip(found, more, strict=True)]
    return list(found)


def mark_of(pid: int) -> str | None:
    """The attempt that it was started for, "" where it names none; None when that could not be read (yet)."""
    environment = environment_of(pid)
    sought = f"{ATTEMPT}=".encode()
    found = next((each for each in environment if each.startswith(sought)), b"")
    return found.removeprefix(sought).decode("utf-8", "replace") if any(environment) else None


def _look(
    sought: Sequence[Sought], table: Mapping[int, Stat], among: Mapping[int, Stat] | None = None
) -> tuple[list[list[ProcessId]], set[int]]:
    """What is left of each, of those in the table or `among` them; and whose environment was empty."""
    among = table if among is None else among
    bearers: dict[bytes, set[int]] = {f"{ATTEMPT}={mark}".encode(): set() for mark, _ in sought}
    # Whatever a worker started is no older than itself.
    since = min((0 if leader is None else leader.ticks for _, leader in sought), default=0)
    unsure = set()
    for pid in [pid for pid, stat in among.items() if stat.ticks >= since]:
        environment = set(environment_of(pid))
        if not any(environment):
            unsure.add(pid)
        for each in bearers.keys() & environment:
            bearers[each].add(pid)
    left = [_left(table, among, bearers[f"{ATTEMPT}={mark}".encode()], leader) for mark, leader in sought]
    return left, unsure


def _left(
    table: Mapping[int, Stat], among: Mapping[int, Stat], bearers: Collection[int], leader: ProcessId | None
) -> list[ProcessId]:
    # Session 0 belongs to the kernel, and to whatever was put into this container from outside.
    sessions = {among[pid].session for pid in bearers} - {0}
    # No pid is handed out while it names a session: another owner means that the session is gone.
    if leader and (leader.pid not in table or table[leader.pid].ticks == leader.ticks):
        sessions.add(leader.pid)
    found = (pid for pid, stat in among.items() if pid in bearers or stat.session in sessions)
    return [ProcessId(pid, among[pid].ticks) for pid in found]
