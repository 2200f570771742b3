"""CPU time of attempts' whole trees, from one reading of the process table for all of them. It judges nothing.

A process belongs to an attempt by the mark in its environment, which is read once in its life, or by its leader's
session. Where the table can't be read there is no census, and a tree in which nobody was found has no entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from supervisor.kin import mark_of
from supervisor.processes import ProcessId, Stat, all_running

Usage = Mapping[tuple[int, int], float]  # seconds by pid and start


class Tree(NamedTuple):
    """An attempt's mark, and the worker's own process, which leads a session."""

    mark: str
    leader: ProcessId


class Census:
    def __init__(self) -> None:
        self._marks: dict[tuple[int, int], str] = {}

    def take(self, trees: Sequence[Tree]) -> dict[str, Usage] | None:
        """By mark, what each process of the tree has used so far; None when the table could not be read."""
        everyone = all_running()
        if everyone is None:
            return None
        marks = {tree.mark: tree.mark for tree in trees}
        sessions = {tree.leader.pid: tree.mark for tree in trees if _is_there(tree.leader, everyone)}
        found: dict[str, dict[tuple[int, int], float]] = {}
        self._forget(everyone)
        for pid, stat in everyone.items():
            mark = marks.get(self._mark(pid, stat)) or sessions.get(stat.session)
            if mark is not None:
                found.setdefault(mark, {})[pid, stat.ticks] = stat.cpu
        return dict(found)

    def _mark(self, pid: int, stat: Stat) -> str:
        mark = self._marks.get((pid, stat.ticks))
        if mark is None:
            mark = mark_of(pid)
            if mark is not None:
                self._marks[pid, stat.ticks] = mark
        return mark or ""

    def _forget(self, everyone: Mapping[int, Stat]) -> None:
        for pid, ticks in [each for each in self._marks if each[0] not in everyone]:
            del self._marks[pid, ticks]


def _is_there(leader: ProcessId, everyone: Mapping[int, Stat]) -> bool:
    stat = everyone.get(leader.pid)
    return stat is not None and stat.ticks == leader.ticks
