"""A task's record explained: where it stands, what happens next and by whom, what a person can do. Pure.

It reads the record alone, so it holds with no supervisor in sight; what a supervisor sees is `why`'s to add.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, assert_never

from board.instants import format_span
from board.model import SETUP, Board, Claim, Status, Task
from board.queries import checks_of, unmet


class Account(NamedTuple):
    """`next_at` is the instant at which something changes by itself, None where nothing does."""

    standing: str
    next: str
    do: tuple[str, ...] = ()
    next_at: float | None = None


# The law by its names, one sentence each, for people who meet a name in the journal.
LAW: Final = {
    "settled": "the step or the task is settled: nothing is to run",
    "superseded": "the board's token is not this worker's: its processes are ended and it is never restarted",
    "unknown": "the look failed or could not tell: it is looked at again before anything is done",
    "alive": "the process lives: it is let be, unless it is past `max_runtime` or its step has `on_stall: restart`",
    "already-done": "its `done_if` exits 0: the step is settled without running it",
    "not-resumable": "the record does not say `resumable: true`: a person decides",
    "gated": "the step has `gate: human` and no approval for this attempt: it waits for a person",
    "drifted": "its worktree, branch or checkpoint is not what the record says: a person decides",
    "limited": "the agent ended at a usage limit: it waits until that is over",
    "no-progress": "nothing advanced since the last start: the same run would only repeat, so a person decides",
    "too-often": "it was restarted too often within the period: a person decides",
    "mass-death": "most workers died together: they are brought back one by one",
    "backoff": "the pause before the next restart is not over",
    "restart": "nothing stands in the way: it resumes from its checkpoint",
}


def account(board: Board, task: Task, now: float) -> Account:
    match task.status:
        case Status.TODO:
            return _todo(board, task)
        case Status.CLAIMED | Status.IN_PROGRESS:
            return _held(task, now)
        case Status.BLOCKED:
            return _blocked(task, now)
        case Status.REVIEW:
            do = (f"board show {task.id}", f"board done {task.id}", f'board reopen {task.id} --why "..."')
            return Account(_said(task), "a person looks at it", do)
        case Status.DONE | Status.FAILED | Status.CANCELLED:
            return Account(_ended(task), "nothing, unless a person reopens it", (f"board reopen {task.id}",))
        case _:
            assert_never(task.status)


def _todo(board: Board, task: Task) -> Account:
    missing = unmet(board, task)
    if missing:
        told = ", ".join(f"{name} ({_status_of(board, name)})" for name in missing)
        return Account(f"it waits for {told}", "it is ready once those are done", (f"board why {missing[0]}",))
    if task.is_gated:
        do = (f"board show {task.id}", f"board approve {task.id}")
        return Account(f"step {task.step.id} has a gate and nobody approved it", "a person approves it", do)
    if task.started and not task.step.resumable and not task.is_approved:
        settle = f"board advance {task.id}" if task.next_step() else f'board claim {task.id} --as "$USER"'
        standing = f"step {task.step.id} was started, never settled, and is not resumable"
        return Account(standing, "a person decides; no machine starts it again", (f"board approve {task.id}", settle))
    return Account("it is ready", "whoever asks first gets it", (f'board claim {task.id} --as "$USER"',))


def _status_of(board: Board, name: str) -> str:
    found = board.find(name)
    return str(found.status) if found else "no such task"


def _held(task: Task, now: float) -> Account:
    held = task.claim
    if held is None:
        return Account(f"it is {task.status}, and nobody holds it", "anyone may claim it", (f"board claim {task.id}",))
    verb = "works on" if task.status is Status.IN_PROGRESS else "has claimed"
    where = f" (step {task.step.id})" if len(task.steps) > 1 else ""
    standing = f"{held.by} {verb} it{where} with token {held.token}, {_since(held.at, now)}"
    return _leased(task, held, standing, now)


def _leased(task: Task, held: Claim, standing: str, now: float) -> Account:
    left = held.expires_at - now
    if left > 0:
        then = f"the lease ends in {format_span(left)} unless {held.by} writes before"
        return Account(standing, then, (f"board release {task.id} --force",), held.expires_at)
    over = f"the lease ended {format_span(-left)} ago; its holder may live"
    return Account(
        f"{standing}; {over}", "whoever claims it now fences the old holder off", (f"board claim {task.id}",)
    )


def _blocked(task: Task, now: float) -> Account:
    blocked = task.blocked
    if blocked is None:
        return Account("it is blocked, and the record does not say on what", "a person looks", ("board edit",))
    standing = f"it waits for {blocked.on}, says {blocked.by or 'somebody'}"
    if blocked.at is not None:
        standing += f", {_since(blocked.at, now)}"
    if blocked.on == SETUP:
        once_more = (f"supervisor logs {task.id}", f"board unblock {task.id}")
        return Account(standing, "a person puts it right and unblocks it; then all of setup runs again", once_more)
    if blocked.rule is None:
        return Account(standing, "a person unblocks it", (f"board unblock {task.id}",))
    settle = f"board advance {task.id}" if task.next_step() else f"board done {task.id}"
    do = (f"board log {task.id}", f"board approve {task.id}", settle, f'board fail {task.id} --why "..."')
    return Account(standing, "a person looks and decides: once more, settled, or given up", do)


def _said(task: Task) -> str:
    said = task.record.get("said_done")
    if not isinstance(said, dict):
        return "its worker says done, and nobody has agreed yet"
    return f"{said.get('by') or 'its worker'} says done{_evidence(said)}, and nobody else has agreed yet"


def _evidence(record: Mapping[str, Any]) -> str:
    names = checks_of(record)
    checks = f", with {', '.join(names)}" if names else ""
    return f"{checks}, although its checks were not asked" if record.get("forced") else checks


def _ended(task: Task) -> str:
    record = task.record.get(str(task.status))
    if not isinstance(record, dict):
        return f"it is {task.status}"
    why = f": {record['why']}" if record.get("why") else ""
    return f"it is {task.status}, said {record.get('by')} at {record.get('at')}{_evidence(record)}{why}"


def _since(at: float, now: float) -> str:
    return f"since {format_span(max(0.0, now - at))}"
