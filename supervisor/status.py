"""`.board/status.json`: what the supervisor sees now, for readers. Derived, and never read back by us to decide."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from board.instants import format_instant
from board.journal.redact import Redacted
from board.model import SETUP, Run, Task
from board.ports import granted
from supervisor import signs
from supervisor.activity import Working
from supervisor.agents.needs import AtLimit
from supervisor.agents.telling import UNSEEN_AGENT
from supervisor.model import (
    Absent,
    Action,
    Alive,
    Dead,
    Decision,
    Hold,
    Lingering,
    Observation,
    Rule,
    Start,
    Unknown,
    Verdict,
    Wait,
)

# States of a worker that lives and isn't being ended.
LIVING = ("running", "stalled", "looping", "asking", "limited", "failing")


@dataclass(frozen=True, slots=True)
class Line:
    """One task as the supervisor sees it. `busy` names the operation under way on it, if any."""

    task: Task
    verdict: Verdict
    decision: Decision
    seen: Observation | None
    window: str | None
    busy: str | None = None
    listening: tuple[int, ...] | None = None
    agent: Mapping[str, Any] = field(default_factory=lambda: dict(UNSEEN_AGENT))
    turn: Mapping[str, Any] | None = None


def task_view(line: Line) -> dict[str, Any]:
    task, seen, decision = line.task, line.seen, line.decision
    run: Run | None = task.run if task.started else None
    until = decision.action.until if isinstance(decision.action, Wait) else None
    limit = _limit_of(line.verdict)
    return {
        "status": str(task.status),
        "step": task.step.id,
        "state": line.busy or _state(line.verdict),
        "pid": line.verdict.pid if isinstance(line.verdict, Alive) else None,
        "pane": seen.pane if seen else None,
        "window": line.window,
        "attempt": run.attempt if run else None,
        "token": task.claim.token if task.claim else None,
        "started_at": _instant(run.started_at if run else None),
        "rule": str(decision.rule),
        "why": decision.why,
        "seen": seen_words(line.verdict),
        **_seen_by(line),
        "seen_at": _instant(seen.at if seen else None),
        "odd_since": _instant(signs.since(line.verdict.doing) if isinstance(line.verdict, Alive) else None),
        "next": next_words(decision.action) if limit is None else "is told to go on",
        "next_at": _instant(until if limit is None else limit),
        "do": what_to_do(task, line.verdict, decision),
        **ports_view(task, line.listening),
        **line.agent,
        "turn": line.turn,
    }


def _limit_of(verdict: Verdict) -> float | None:
    """The end that a living agent's limit has named."""
    doing = verdict.doing if isinstance(verdict, Alive) else None
    return doing.until if isinstance(doing, AtLimit) else None


def ports_view(task: Task, listening: Sequence[int] | None) -> dict[str, Any]:
    """The ports that it was given, and what its worker listens on; None where nobody could tell."""
    ports = {
        name: {"port": port, "listening": None if listening is None else port in listening}
        for name, port in granted(task).items()
    }
    return {"ports": ports, "listening": None if listening is None else list(listening)}


def _seen_by(line: Line) -> dict[str, Any]:
    """The source, and how sure it is; what a live worker does is seen by other means than that it lives."""
    if isinstance(line.verdict, Alive) and (by := signs.seen_by(line.verdict.doing)):
        return by
    seen = line.seen
    return {"source": str(seen.source) if seen else "board", "sure": str(seen.sure) if seen else None}


def seen_words(verdict: Verdict) -> str:
    match verdict:
        case Absent():
            return "nothing was started yet"
        case Alive():
            return f"pid {verdict.pid} lives in pane {verdict.pane}{signs.words(verdict.doing)}"
        case Lingering():
            return f"the worker is gone, {verdict.count} of its processes live"
        case Dead():
            return f"dead: {verdict.exit.words()}"
        case Unknown():
            return f"could not tell: {verdict.why}"


def next_words(action: Action) -> str | None:
    match action:
        case Wait():
            return "looks again" if action.until else "waits for a person"
        case Start():
            return "resumes from the checkpoint" if action.resume else "starts when there is a free place"
        case Hold():
            return "held for a person"
        case _:
            return None


def what_to_do(task: Task, verdict: Verdict, decision: Decision) -> list[str]:
    """Commands to copy."""
    if decision.rule is Rule.GATED:
        return [f"board approve {task.id}"]
    if task.blocked is not None and task.blocked.rule is not None:
        return held_commands(task)
    if task.blocked is not None and task.blocked.on == SETUP:
        return [f"supervisor logs {task.id}", f"board unblock {task.id}"]
    if task.blocked is not None:
        return [f"board unblock {task.id}"]
    if isinstance(decision.action, Hold):
        return held_commands(task)
    if decision.rule is not Rule.ALIVE:
        return []
    is_odd = isinstance(verdict, Alive) and not isinstance(verdict.doing, Working)
    more = [f"supervisor logs {task.id}", f"supervisor stop {task.id}"] if is_odd else []
    return [f"supervisor attach {task.id}", *more]


def held_commands(task: Task) -> list[str]:
    settle = f"board advance {task.id}" if task.next_step() is not None else f"board done {task.id}"
    return [f"supervisor logs {task.id}", f"board approve {task.id}", settle, f'board fail {task.id} --why "..."']


def _state(verdict: Verdict) -> str:
    match verdict:
        case Absent():
            return "none"
        case Alive():
            return signs.state(verdict.doing)
        case Lingering():
            return "stopping"
        case Dead():
            return "dead"
        case Unknown():
            return "unknown"


def write_status(side: str, view: Redacted) -> None:
    """`view` is JSON. Aside, then renamed; not fsynced, because it can be made again. Raises OSError."""
    path = Path(side) / "status.json"
    aside = path.with_name(f".status.{os.getpid()}.tmp")
    aside.write_text(f"{view}\n", encoding="utf-8")
    aside.chmod(0o600)
    aside.replace(path)


def read_status(side: str) -> dict[str, Any] | None:
    """None where there is none, or one that can't be read."""
    try:
        view = json.loads((Path(side) / "status.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return view if isinstance(view, dict) else None


def _instant(at: float | None) -> str | None:
    return None if at is None else format_instant(round(at, 3))
