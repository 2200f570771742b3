"""What must survive our own death: every start and every end, written to the task's record through the board engine.

The order is the promise: a start stands on disk before the process exists, so that whatever dies when, a step that may
not be repeated is known to have been started. Pure operations, run by the engine; nothing here looks at panes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from board.claims import Actor, Fence, Kind, fence, grant
from board.engine import Engine, Result
from board.model import HELD, Ending, Run, Status, Task, run_key
from board.moves import Ask, Change, Outcome, Reason, Refused, Told, advance, block, checkpoint, done, release, renew
from board.patch import GONE
from board.queries import unmet
from supervisor.decide import STOPPED
from supervisor.model import Exit, Start
from supervisor.policy import recent


class Opening(NamedTuple):
    """What a start writes down: the tree's commit, how the attempt before it ended, and the tallies."""

    start: Start
    head: str | None
    last_exit: str | None


class Ledger:
    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name

    def actor(self, task: Task) -> Actor:
        mine = task.claim is not None and task.claim.by == self.name
        token = task.claim.token if mine and task.claim is not None else None
        return Actor(self.name, token, Kind.SUPERVISOR)

    def begin(self, task: Task, opening: Opening) -> Result:
        """Claim and start in one write, under a new token: the attempt before it is fenced off from now on."""
        floor = self.engine.grants.highest(task.id)
        return self.engine.change(task.id, self.actor(task), lambda ask: begin(ask, opening, floor))

    def note_end(self, task: Task, ended: Exit, at: float) -> Result:
        return self.engine.change(task.id, self.actor(task), lambda ask: _with_end(ask, ended.words(), at, {}))

    def note_ending(self, task: Task, ending: Ending) -> Result:
        """Why this worker is about to be ended: on disk before the first signal. Refused when it isn't ours."""

        def op(ask: Ask) -> Outcome:
            run, is_current = ask.task.run, fence(ask.task, ask.actor) is Fence.CURRENT
            if run is None or not is_current or ask.task.status not in HELD or not ask.task.started:
                return Refused(Reason.HELD, f"{task.id} is {ask.task.status} and not ours", f"board show {task.id}")
            return Change(task.id, {run_key(ask.task.record): run._replace(ending=ending).record()})

        return self.engine.change(task.id, self.actor(task), op)

    def hold(self, task: Task, on: str, rule: str, why: str, ended: tuple[Exit, float] | None) -> Result:
        def op(ask: Ask) -> Outcome:
            outcome = block(ask, on, rule or None, why)
            if isinstance(outcome, Refused) or ended is None:
                return outcome
            return _joined(outcome, _end_patch(ask.task, ended[0].words(), ended[1]))

        return self.engine.change(task.id, self.actor(task), op)

    def settle(self, task: Task, ended: tuple[Exit, float] | None) -> Result:
        """The step is over and another one follows."""

        def op(ask: Ask) -> Outcome:
            outcome = _open(ask) or advance(ask, task.step.id)
            if isinstance(outcome, Refused) or ended is None:
                return outcome
            return _joined(outcome, _end_patch(ask.task, ended[0].words(), ended[1]))

        return self.engine.change(task.id, self.actor(task), op)

    def finish(self, task: Task, evidence: Mapping[str, Any], ended: tuple[Exit, float] | None) -> Result:
        """The last step is over and the definition of done holds."""

        def op(ask: Ask) -> Outcome:
            outcome = _open(ask) or done(ask, evidence)
            if isinstance(outcome, Refused) or ended is None:
                return outcome
            return _joined(outcome, _end_patch(ask.task, ended[0].words(), ended[1]))

        return self.engine.change(task.id, self.actor(task), op)

    def checkpoint(self, task: Task, commit: str, note: str) -> Result:
        """A commit of its worker's, unsaid. Refused when it is on record already, or the task isn't ours any more."""

        def op(ask: Ask) -> Outcome:
            point = ask.task.checkpoint
            if point is not None and point.commit and commit.startswith(point.commit):
                return Refused(Reason.NOTHING_TO_DO, f"{task.id} has this checkpoint already")
            return checkpoint(ask, commit, note)

        return self.engine.change(task.id, self.actor(task), op)

    def renew(self, task: Task) -> Result:
        return self.engine.change(task.id, self.actor(task), renew)

    def take_up(self, task: Task) -> Result:
        """Claims a task of which an attempt has ended by itself, to settle it: neither gate nor `after` stand in the
        way of what has happened already."""
        floor = self.engine.grants.highest(task.id)

        def op(ask: Ask) -> Outcome:
            if ask.task.status is not Status.TODO or ask.task.claim is not None:
                return Refused(Reason.HELD, f"{task.id} is {ask.task.status} and not ours", f"board show {task.id}")
            claimed = grant(ask.task, self.name, ask.now, ask.lease, floor)
            patch: dict[str, Any] = {"status": str(Status.CLAIMED), "claim": claimed.record(), "last_token": GONE}
            if ask.task.run is not None and ask.task.started:  # the attempt goes on to be ours: its exit still counts
                patch[run_key(ask.task.record)] = ask.task.run._replace(token=claimed.token).record()
            told = Told("task_claimed", {"by": claimed.by, "token": claimed.token})
            return Change(task.id, patch, (told,), claimed)

        return self.engine.change(task.id, self.actor(task), op)

    def put_back(self, task: Task, at: float) -> Result:
        """Its worker was ended because a person asked for it: back to `todo`, and no death of its own."""

        def op(ask: Ask) -> Outcome:
            outcome = release(ask, force=True)
            if isinstance(outcome, Refused):
                return outcome
            return _joined(outcome, _end_patch(ask.task, STOPPED, at))

        return self.engine.change(task.id, self.actor(task), op)


def begin(ask: Ask, opening: Opening, floor: int) -> Outcome:
    """The one write before a worker exists. Refused when the record no longer wants it to start."""
    task = ask.task
    # The token that the decision was made under must still be the current one: a start decided twice starts once.
    mine = fence(task, ask.actor) is Fence.CURRENT
    free = task.status is Status.TODO and task.claim is None and ask.actor.token is None
    if not free and not (mine and task.status in HELD):
        return Refused(Reason.HELD, f"{task.id} is {task.status} and not ours", f"board show {task.id}")
    if task.is_gated or (free and unmet(ask.board, task)):
        return Refused(Reason.NOT_READY, f"{task.id} is not ready", f"board why {task.id}")
    # The record may have changed since the law was asked: what may not be repeated is asked about once more.
    if task.started and not task.step.resumable and not task.is_approved:
        return Refused(Reason.NOT_READY, f"{task.step.id} of {task.id} was started before", f"board approve {task.id}")
    claimed = grant(task, ask.actor.name, ask.now, ask.lease, floor)
    run = _next_run(ask, opening)._replace(token=claimed.token)
    patch = {
        "status": str(Status.IN_PROGRESS),
        "step": task.step.id,
        "claim": claimed.record(),
        "last_token": GONE,
        "approved": GONE,
        run_key(task.record): run.record(),
    }
    return Change(task.id, patch, (), claimed)


def _next_run(ask: Ask, opening: Opening) -> Run:
    task, policy = ask.task, ask.board.settings.restart
    before = task.run if task.started else None
    restarts = recent(before, policy, ask.now) if before is not None else ()
    if opening.start.counted:
        restarts = (*restarts, round(ask.now, 3))
    attempt = before.attempt + 1 if before is not None else 1
    return Run(
        step=task.step.id,
        attempt=attempt,
        started_at=ask.now,
        head=opening.head,
        stale=opening.start.stale,
        restarts=restarts,
        last_exit=opening.last_exit,
    )


def _open(ask: Ask) -> Outcome | None:
    """A task that lost its claim (`unblock` after a failed definition of done) is taken up again to be settled."""
    return None if ask.task.status is not Status.TODO else Refused(Reason.ILLEGAL, f"{ask.task.id} is not started")


def _with_end(ask: Ask, words: str, at: float, patch: Mapping[str, Any]) -> Change:
    return _joined(Change(ask.task.id, patch), _end_patch(ask.task, words, at))


def _end_patch(task: Task, words: str, at: float) -> dict[str, Any]:
    if task.run is None:
        return {}
    return {run_key(task.record): task.run._replace(ended_at=round(at, 3), last_exit=words).record()}


def _joined(change: Change, patch: Mapping[str, Any]) -> Change:
    return change._replace(patch={**change.patch, **patch})
