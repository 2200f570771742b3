"""Tasks that say `notify: true` and are over: which of them are to be told of, and the words for it. Pure.

An ending is told once a run: whoever agrees to a review, or gives a run up, knows that. It is no item of the inbox, so
that no rule's `kinds` or `severity` is asked. Where its run has a result, that is waited for, but not for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from board import results
from board.inbox.item import Item, Kind, cause_of
from board.instants import format_instant, format_span, parse_instant
from board.model import Board, Status, Task
from supervisor.notify.message import LISTED, Redact, at_board, line

FRESH: Final = 7 * 86400.0  # seconds after which an ending is no news
PATIENCE: Final = 60.0  # seconds for a result to be written
_MESSAGE: Final = 800  # characters
_RECORDS: Final = {
    Status.DONE: "done",
    Status.REVIEW: "said_done",
    Status.FAILED: "failed",
    Status.CANCELLED: "cancelled",
}
_WORDS: Final = {
    Status.DONE: "it is done",
    Status.REVIEW: "its worker says done; do you agree?",
    Status.FAILED: "it was given up",
    Status.CANCELLED: "it is not wanted any more",
}
_SAID_TWICE: Final = frozenset((Kind.REVIEW, Kind.FAILED))

Result = Mapping[str, Any]


class Over(NamedTuple):
    """A task that is over. `key` and `cause` are to the memory of what was told what an item's are."""

    key: str
    cause: str
    task: Task
    at: float | None
    why: str | None


def is_announced(task: Task) -> bool:
    return task.record.get("notify") is True


def over(board: Board, now: float) -> Iterator[Over]:
    for place, task_id in enumerate(board.tasks.ids):
        if board.tasks.brief(place).status in _RECORDS:
            task = board.find(task_id)
            if task is not None and is_announced(task):
                found = _over(task)
                if found.at is None or now - found.at < FRESH:
                    yield found


def _over(task: Task) -> Over:
    record = task.record.get(_RECORDS[task.status])
    said: Mapping[str, Any] = record if isinstance(record, Mapping) else {}
    at = parse_instant(str(said.get("at", "")))
    why = said.get("why") or said.get("note")
    cause = cause_of(results.run_of(task) or (str(task.status), at))
    return Over(f"ended:{task.id}", cause, task, at, None if why is None else str(why))


def is_ready(each: Over, result: Result | None, now: float) -> bool:
    """Has what is to be said of it been written, or is that not to be hoped for?"""
    ending = results.ending_of(each.task)
    if ending is None or (result is not None and result.get("of") == ending.of):
        return True
    return ending.at is None or not 0 <= now - ending.at < PATIENCE


def without_said_twice(items: Sequence[Item], board: Board | None) -> list[Item]:
    """The items that a rule tells of; of a task whose ending is told the same is not said once more."""

    def is_said(item: Item) -> bool:
        task = board.find(item.origin.task) if board is not None and item.origin.task is not None else None
        return item.kind in _SAID_TWICE and task is not None and is_announced(task)

    return [item for item in items if not is_said(item)]


# --- the words


def message_of(
    ended: Sequence[Over], board: str, stored: Mapping[str, Result | None], redact: Redact
) -> dict[str, Any]:
    """`stored` are results, by the endings' keys. Texts are redacted before they are cut."""
    told = [_record(each, stored.get(each.key) or {}, redact) for each in ended]
    if len(told) == 1:
        title, text = f"{told[0]['task']}: {told[0]['status']}", _text(told[0])
    else:
        title, text = f"{len(told)} tasks are over", _listing(told)
    records = [{**each, "do": [at_board(command, board) for command in each["do"]]} for each in told[:LISTED]]
    return {"title": title, "text": text, "count": len(told), "dropped_count": 0, "items": [], "ended": records}


def _record(each: Over, result: Result, redact: Redact) -> dict[str, Any]:
    task = each.task
    is_of_run = result.get("run") == results.run_of(task)
    message = str(result.get("message") or "") if is_of_run else ""
    took = result.get("took_s") if is_of_run else None
    ask = [f"board done {task.id}"] if task.status is Status.REVIEW else []
    return {
        "task": redact(task.id),
        "title": redact(task.title),
        "status": str(task.status),
        "at": None if each.at is None else format_instant(each.at),
        "why": None if each.why is None else redact(each.why),
        "words": _WORDS[task.status],
        "took_s": took if isinstance(took, int | float) else None,
        "message": _cut(redact(message), is_end=result.get("message_source") != "hook") or None,
        "do": [*ask, f"board result {task.id}" if is_of_run else f"board show {task.id}"],
    }


def _cut(text: str, *, is_end: bool) -> str:
    """Of output its end says most; an agent's own message begins with what matters."""
    text = text.strip()
    if len(text) <= _MESSAGE:
        return text
    return f"...{text[3 - _MESSAGE :]}" if is_end else f"{text[: _MESSAGE - 3]}..."


def _text(told: Mapping[str, Any]) -> str:
    took = "" if told["took_s"] is None else f", after {format_span(float(round(told['took_s'])))}"
    why = f": {told['why']}" if told["why"] else ""
    lines = [line(str(told["title"])), line(f"{told['words']}{took}{why}"), told["message"], *told["do"]]
    return "\n".join(each for each in lines if each)


def _listing(told: Sequence[Mapping[str, Any]]) -> str:
    lines = [line(f"{each['task']}: {each['status']}. {each['message'] or each['title']}") for each in told[:LISTED]]
    more = len(told) - LISTED
    return "\n".join([*lines, f"and {more} more: board list" if more > 0 else "board list"])
