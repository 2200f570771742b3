"""Questions about a board: what is ready, what waits for what, what comes next. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from board.claims import is_past
from board.model import HELD, Board, Brief, Status, Task, run_key


def unmet(board: Board, task: Task) -> list[str]:
    """The ids in `after` that don't let go yet (or don't exist), in the record's order."""
    return _unmet(board, task.after)


def _unmet(board: Board, after: tuple[str, ...]) -> list[str]:
    return [name for name in after if not _lets_go(board, board.tasks.brief_by_id(name))]


def _lets_go(board: Board, other: Brief | None) -> bool:
    """Is what comes after it free to begin: it is done, or, where that will do, its worker calls it so?"""
    if other is None or other.status == Status.DONE:
        return other is not None
    return other.status == Status.REVIEW and (other.unlock or board.settings.unlock) == Status.REVIEW


def wants_review(board: Board, task: Task) -> bool:
    """Does a worker's word that it is done wait for a person's?"""
    return (task.record.get("review") or board.settings.review) == "human"


def waits_for(board: Board, task: Task) -> list[str]:
    """Everything that keeps the task from being started, as words: ids, `approval of STEP`, what it is blocked on."""
    reasons = unmet(board, task)
    if task.status is Status.BLOCKED and task.blocked is not None:
        reasons.append(task.blocked.on)
    if task.is_gated and task.status in (Status.TODO, Status.CLAIMED):
        reasons.append(f"approval of {task.step.id}")
    return reasons


def is_ready(board: Board, task: Task) -> bool:
    """May somebody claim it now? `todo` and nobody's, its `after` done, its step not waiting for an approval."""
    return task.status is Status.TODO and task.claim is None and not task.is_gated and not unmet(board, task)


def in_order(tasks: list[Task]) -> list[Task]:
    """By priority, 0 first; the list's own order within one priority."""
    return sorted(tasks, key=lambda task: task.priority)


def claimable(board: Board, now: float) -> Iterator[Task]:
    """By priority, 0 first; the file's order within one priority. What isn't asked for is neither judged nor read."""
    briefs = [board.tasks.brief(place) for place in range(len(board.tasks))]
    for place in sorted(range(len(briefs)), key=lambda place: briefs[place].priority):
        if _is_claimable(board, briefs[place], now):
            yield board.tasks[place]


def _is_claimable(board: Board, brief: Brief, now: float) -> bool:
    """Ready, or abandoned: under a lease that has expired, and safe to hand to whoever asks for «the next one».

    A step that was started, never settled and isn't resumable is not handed out: it takes a person who names it.
    """
    if brief.is_risky or brief.is_gated or brief.status not in _CLAIMABLE:
        return False
    is_nobodys = brief.expires_at is None or is_past(brief.expires_at, now)
    return is_nobodys and not _unmet(board, brief.after)


_CLAIMABLE: Final = frozenset((Status.TODO, *HELD))


def checks_of(record: Mapping[str, Any]) -> list[str]:
    """The checks on which an ending rests, by their names; older records hold nothing else of them."""
    listed = record.get("checks") or ()
    return [str(one["check"] if isinstance(one, Mapping) else one) for one in listed]


def view(board: Board, task: Task) -> dict[str, Any]:
    """The task as `--json` shows it: the record's own keys, every machine's key present, and what is derived."""
    record = dict(task.record)
    key = run_key(record)
    shown = {
        **record,
        "title": task.title,
        "status": str(task.status),
        "priority": task.priority,
        "step": task.step.id,
        "steps": [_step_view(task, index) for index in range(len(task.steps))],
        "claim": record.get("claim"),
        "checkpoint": record.get("checkpoint"),
        "blocked": record.get("blocked"),
        "approved": record.get("approved"),
        "said_done": record.get("said_done"),
        "done": record.get("done"),
        "run": record.get(key) if task.run is not None else None,
        "ready": is_ready(board, task),
        "waits_for": waits_for(board, task),
    }
    shown.pop("ran", None)
    return shown


def _step_view(task: Task, index: int) -> dict[str, Any]:
    step = task.steps[index]
    current = task.steps.index(task.step)
    settled = index < current or task.status is Status.DONE
    return {
        **{key: value for key, value in step._asdict().items() if value is not None},
        "settled": settled,
    }
