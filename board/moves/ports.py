"""Giving a task its ports: no step of its life, but a write like any other, which a stale token may not make. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from board.model import ENDED
from board.moves.ask import Ask, Change, Outcome, Reason, Refused, Told, claim_record, fenced, is_holder
from board.ports import granted, wanted, words


class Moved(NamedTuple):
    """A port that somebody else has: `taken_by` says who, in words."""

    port_name: str
    port: int
    port_was: int
    taken_by: str


def may_have_ports(ask: Ask) -> Refused | None:
    task = ask.task
    refused = fenced(ask)
    if refused:
        return refused
    if task.status in ENDED:
        return Refused(Reason.ILLEGAL, f"{task.id} is {task.status} and needs no ports", f"board reopen {task.id}")
    if not wanted(task):
        return Refused(Reason.NOTHING_TO_DO, f"{task.id} names no ports", "such as ports: [web] in its record")
    return None


def grant_ports(ask: Ask, port: Mapping[str, int], moved: Sequence[Moved] = ()) -> Outcome:
    """`port` for the names that the record wants now; those that it had are told as `moved` or stay untold."""
    task = ask.task
    refused = may_have_ports(ask)
    if refused:
        return refused
    before = granted(task)
    kept = {name: port[name] for name in wanted(task) if name in port}
    fresh = {name: number for name, number in kept.items() if name not in before}
    told = [Told("port_moved", one._asdict()) for one in moved if one.port_name in kept]
    if fresh:
        told.insert(0, Told("ports_granted", {"by": ask.actor.name, "ports": words(fresh)}))
    patch: dict[str, Any] = {"port": kept}
    if is_holder(task, ask.actor):
        patch["claim"] = claim_record(ask)
    return Change(task.id, patch, tuple(told))
