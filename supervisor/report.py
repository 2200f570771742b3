"""Saying what was seen and decided: journal events for what changed, `status.json` for what is. Decides nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from board.errors import BoardError, InvalidBoard
from board.instants import format_instant
from board.journal.faces import document
from board.model import Board, Status
from supervisor.agents.telling import UNSEEN_AGENT, agent_view, turn_view
from supervisor.keeping import Incident, Keeping
from supervisor.model import Alive, Dead, Decision, Hold, Lingering, Look, Nothing, Start, Wait
from supervisor.processes import identify
from supervisor.signs import evidence, is_told
from supervisor.status import Line, task_view, write_status

if TYPE_CHECKING:
    from board.engine import Engine
    from board.views import View
    from supervisor.tools import Tools


class Foreseen(NamedTuple):
    """What a dry run would do about a task; `next_at` is RFC 3339. Fit for other eyes: redacted."""

    task: str
    step: str
    rule: str
    action: str
    why: str
    next_at: str | None

    def words(self) -> str:
        return f"would {self.action} {self.task}: {self.rule}: {self.why}"


class Report:
    """`foreseen` holds, by task, what a dry run would do."""

    def __init__(self, engine: Engine, tools: Tools) -> None:
        self._engine = engine
        self._tools = tools
        self._started_at = engine.clock()
        self._problems: list[str] = []
        self._rev: str | None = None
        self._last: dict[str, Any] = {}
        self.foreseen: dict[str, Foreseen] = {}
        self._failed = False
        self.is_dry = False
        self.drift: Callable[[], list[dict[str, Any]]] = list
        self.unwritable: Callable[[], tuple[str, float] | None] = lambda: None

    # --- the journal

    def death(self, keeping: Keeping, board: Board) -> None:
        """One `worker_died` a death, with its evidence."""
        known, verdict, run = keeping.known, keeping.verdict, keeping.task.run
        if known is None or not isinstance(verdict, Dead):
            return
        ran_for = None if run is None or run.started_at is None else max(0.0, round(verdict.at - run.started_at, 3))
        self._tools.tell(
            "worker_died",
            keeping.task.id,
            step=run.step if run else None,
            worker=known.attempt.worker,
            cause=verdict.exit.words(),
            token=known.attempt.token,
            attempt=known.attempt.number,
            pid=known.process.pid if known.process else None,
            pane=known.pane,
            exit_status=verdict.exit.status,
            signal=verdict.exit.signal,
            meaning=self._tools.meaning(board, keeping.task, verdict.exit),
            ran_for_s=ran_for,
        )

    def living(self, keeping: Keeping, verdict: Alive) -> None:
        """A live worker that stalls, loops, asks or moves on again: once each time."""
        known = keeping.known
        if known is None or is_told(verdict.doing, known.told):
            return
        before, known.told = known.told, verdict.doing
        fields = evidence(verdict.doing, known.activity, before, self._tools.redactor.text)
        if fields is None:
            return
        name, more = fields
        self._tools.tell(
            name,
            keeping.task.id,
            step=keeping.task.step.id,
            worker=known.attempt.worker,
            token=known.attempt.token,
            pid=verdict.pid,
            pane=verdict.pane,
            **more,
        )

    def decision(self, keeping: Keeping, before: Decision) -> None:
        """A rule that newly decides for a task, where that is news: not each «it lives», not each question."""
        now = keeping.decision
        is_news = isinstance(now.action, Wait | Hold) and (before.rule, type(before.action)) != (
            now.rule,
            type(now.action),
        )
        if not is_news or self.is_dry:
            return
        until = now.action.until if isinstance(now.action, Wait) else None
        self._tools.tell(
            "decision_made",
            keeping.task.id,
            **{**keeping.told(), "step": keeping.task.step.id},
            rule=str(now.rule),
            why=now.why,
            next_at=until,
        )

    def would(self, keeping: Keeping) -> None:
        """A dry run's decision, kept for whoever asked, and told to the journal once."""
        task, decision = keeping.task, keeping.decision
        if isinstance(decision.action, Nothing):
            self.foreseen.pop(task.id, None)
            return
        until = decision.action.until if isinstance(decision.action, Wait) else None
        action, why = type(decision.action).__name__.lower(), self._tools.redactor.text(decision.why)
        next_at = None if until is None else format_instant(round(until, 3))
        foreseen = Foreseen(task.id, task.step.id, str(decision.rule), action, why, next_at)
        if self.foreseen.get(task.id) == foreseen:
            return
        self.foreseen[task.id] = foreseen
        fields = {**foreseen._asdict(), "next_at": until}
        del fields["task"]
        self._tools.tell("would_act", task.id, **fields)

    # --- the status

    def broken(self, error: BoardError) -> None:
        problems = error.problems if isinstance(error, InvalidBoard) else ()
        path = self._engine.store.path
        self._problems = [problem.at(path) for problem in problems] or [str(error)]

    def whole(self, view: View) -> None:
        self._problems = []
        self._rev = view.rev

    def say(self, kept: Mapping[str, Keeping], incident: Incident | None, board: Board | None) -> None:
        """Writes the status when anything in it changed. A failure is told once, and stops nothing."""
        if self.is_dry:
            return
        view = self._view(kept, incident, board)
        if view == self._last:
            return
        self._last = view
        self._write({"v": 1, "at": format_instant(round(self._engine.clock(), 3)), **view})

    def leave(self) -> None:
        """The last word: who read it knows that nobody looks any more."""
        if self._last:
            stopped = format_instant(round(self._engine.clock(), 3))
            self._write({"v": 1, "at": stopped, **self._last, "stopped_at": stopped})

    def _write(self, view: Mapping[str, Any]) -> None:
        try:
            # Its own name stays: readers tell by it whether the process is on their machine.
            text = document(self._tools.redactor, view, _dumps, placed=("supervisor",))
            write_status(self._engine.store.side, text)
            self._failed = False
        except OSError as error:
            if not self._failed:
                self._tools.tell("status_failed", None, problem=str(error))
            self._failed = True

    def _view(self, kept: Mapping[str, Keeping], incident: Incident | None, board: Board | None) -> dict[str, Any]:
        me = identify(os.getpid())
        tasks = {name: self._task(keeping, board) for name, keeping in kept.items() if _is_worth_showing(keeping)}
        return {
            "supervisor": {
                "pid": os.getpid(),
                "ticks": me.ticks if me else 0,
                "by": self._tools.ledger.name,
                "started_at": format_instant(round(self._started_at, 3)),
                "dry_run": self.is_dry,
            },
            "board": {
                "path": self._engine.store.real,
                "rev": self._rev,
                "ok": not self._problems,
                "problems": self._problems,
            },
            "session": self._tools.session,
            "socket": board.settings.socket if board else None,
            "max_workers": board.settings.max_workers if board else None,
            "incident": _incident(incident),
            "unwritable": _unwritable(self.unwritable()),
            "tasks": tasks,
            "drift": self.drift(),
        }

    def _task(self, keeping: Keeping, board: Board | None) -> dict[str, Any]:
        known = keeping.known
        line = Line(
            keeping.task,
            keeping.verdict,
            keeping.decision,
            known.last if known else None,
            known.window if known else None,
            keeping.busy,
            known.listening if known and isinstance(keeping.verdict, Alive | Lingering) else None,
            self._agent(keeping),
            self._turn(keeping),
        )
        view = task_view(line)
        if board is not None and isinstance(keeping.verdict, Dead):
            view["meaning"] = self._tools.meaning(board, keeping.task, keeping.verdict.exit)
        # The instant of an uneventful look is no news: it would rewrite the file at each sweep.
        view["seen_at"] = _settled_at(keeping) or view["seen_at"] if not isinstance(keeping.verdict, Alive) else None
        return view

    def _agent(self, keeping: Keeping) -> dict[str, Any]:
        if keeping.known is None or not isinstance(keeping.verdict, Alive):
            return dict(UNSEEN_AGENT)
        known = keeping.known
        return agent_view(known.heard, self._engine.clock(), self._tools.redactor.text, known.order)

    def _turn(self, keeping: Keeping) -> dict[str, Any] | None:
        turn = keeping.known.turn if keeping.known is not None and isinstance(keeping.verdict, Alive) else None
        return None if turn is None else turn_view(turn, self._tools.redactor.text)


def _dumps(view: object) -> str:
    return json.dumps(view, ensure_ascii=False)


def _settled_at(keeping: Keeping) -> str | None:
    return format_instant(round(keeping.verdict.at, 3)) if isinstance(keeping.verdict, Dead) else None


def _is_worth_showing(keeping: Keeping) -> bool:
    """What runs, waits for somebody, or was started; not the whole backlog."""
    task = keeping.task
    if keeping.busy is not None or isinstance(keeping.verdict, Alive | Lingering):
        return True
    if task.status in (Status.DONE, Status.CANCELLED):
        return False
    return keeping.known is not None or isinstance(keeping.decision.action, Wait | Hold | Start | Look)


def _unwritable(standing: tuple[str, float] | None) -> dict[str, Any] | None:
    return None if standing is None else {"problem": standing[0], "since": format_instant(round(standing[1], 3))}


def _incident(incident: Incident | None) -> dict[str, Any] | None:
    if incident is None:
        return None
    waiting = sorted(incident.slots, key=lambda name: incident.slots[name])
    return {"cause": incident.cause, "at": format_instant(round(incident.at, 3)), "waiting": waiting}
