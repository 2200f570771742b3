"""What the supervisor's status and the journal say that needs a person: stalls, limits, refused writes, drift, and what
concerns the whole board. Pure. An alarm lasts as long as the status says so; what only the journal knows, for a day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from board.inbox.agents import asked_by_agent
from board.inbox.item import Item, Kind, cause_of, key_of
from board.inbox.scene import Scene
from board.inbox.waiting import Asked, Dependants, item_about, origin_of
from board.instants import parse_instant
from board.model import ENDED, HELD, Board, Task

_WRITING: Final = ("write_failed", "write_recovered")
EVENTS: Final = (
    *("write_refused", "status_failed", "journal_dropped", "output_dropped", "sink_died", "sink_started"),
    *_WRITING,
)
_ODD: Final = {"stalled": Kind.STALL, "looping": Kind.LOOP}


def alarms(scene: Scene) -> Iterator[Item]:
    for find in (_broken, _unwritten, _lost, _unkept, _mass_death):
        yield from find(scene)
    board = scene.board
    if board is not None:
        holds = Dependants(board)
        yield from _living(scene, board, holds)
        yield from _refused(scene, board, holds)
        yield from _drifted(scene, board, holds)


# --- the whole board


def _whole(scene: Scene, kind: Kind, asked: Asked, *more: str, holds: int | None = None) -> Item:
    count = _open(scene) if holds is None else holds
    return Item(
        key_of(kind, *more), kind, origin_of(scene), asked.question, asked.since, asked.more, asked.do, count,
        cause=asked.cause,
    )  # fmt: skip


def _open(scene: Scene) -> int:
    tasks = scene.board.tasks if scene.board is not None else None
    return 0 if tasks is None else sum(tasks.brief(place).status not in ENDED for place in range(len(tasks)))


def _broken(scene: Scene) -> Iterator[Item]:
    if not scene.problems:
        return
    first, *rest = scene.problems
    question = f"{first}{f' (and {len(rest)} more)' if rest else ''}"
    kept = "the last good board is kept" if scene.board is not None else "no good board is known"
    do = ("board check", "board edit", "board history")
    asked = Asked(Kind.BOARD, question, None, (kept, *scene.problems), do, cause_of(scene.problems))
    yield _whole(scene, Kind.BOARD, asked)


def _unwritten(scene: Scene) -> Iterator[Item]:
    """By the status, or by the journal where the status could not be written."""
    found = scene.status.get("unwritable") if scene.runs is not False else None
    last = _last(scene, *_WRITING)
    if not isinstance(found, Mapping) and last.get("event") == "write_failed" and scene.runs is not False:
        found = {"problem": last.get("problem"), "since": last.get("ts")}
    if isinstance(found, Mapping):
        question = f"nothing starts: {found.get('problem') or 'the record can not be written'}"
        since = _at(found, "since")
        yield _whole(scene, Kind.WRITES, Asked(Kind.WRITES, question, since, (), _MAKE_ROOM, cause_of(since)))
    failed = _last(scene, "status_failed")
    if failed and str(failed.get("ts")) > str(scene.status.get("at") or ""):
        question = f"the status can't be written: {failed.get('problem')}"
        asked = Asked(Kind.WRITES, question, _at(failed, "ts"), (), _MAKE_ROOM, cause_of(failed.get("ts")))
        yield _whole(scene, Kind.WRITES, asked, "status", holds=0)


_MAKE_ROOM: Final = ("supervisor doctor", "board log --level warn")


def _lost(scene: Scene) -> Iterator[Item]:
    """What is missing by now can't be mended; somebody should know."""
    dropped = scene.told("journal_dropped")
    if dropped:
        count = sum(int(each.get("dropped_count") or 0) for each in dropped)
        question = f"{count} records are missing in the journal"
        do = ("board log --event journal_dropped", "supervisor doctor")
        yield _whole(scene, Kind.LOST, _latest(question, dropped, do), "journal", holds=0)
    by_task: dict[str, list[Mapping[str, Any]]] = {}
    for each in scene.told("output_dropped"):
        by_task.setdefault(str(each.get("task") or ""), []).append(each)
    for task, told in by_task.items():
        size = sum(int(each.get("dropped_bytes") or 0) for each in told)
        question = f"{size} bytes that {task or 'workers'} printed are not in the log: {told[-1].get('why')}"
        do = (f"supervisor logs {task}".rstrip(), "supervisor doctor")
        item = _whole(scene, Kind.LOST, _latest(question, told, do), "output", *filter(None, (task,)), holds=0)
        known = scene.board.find(task) if scene.board is not None and task else None
        yield item if known is None else item._replace(origin=origin_of(scene, known))
    sink = _last(scene, "sink_died", "sink_started")
    if sink.get("event") == "sink_died" and sink.get("outcome") == "none" and scene.runs is not False:
        question = f"what workers print is kept nowhere: {sink.get('problem')}"
        yield _whole(scene, Kind.LOST, _latest(question, [sink], ("supervisor doctor",)), "reader", holds=0)


def _latest(question: str, told: list[Mapping[str, Any]], do: tuple[str, ...]) -> Asked:
    return Asked(Kind.LOST, question, _at(told[-1], "ts"), (), do, cause_of(told[-1].get("ts"), len(told)))


def _unkept(scene: Scene) -> Iterator[Item]:
    """The last supervisor is gone: without a word while there is work, or asked to, and its workers go on unseen."""
    if scene.runs is not False or scene.board is None:
        return
    by = scene.writer.get("by")
    tasks = scene.board.tasks
    held = (tasks[place] for place in range(len(tasks)) if tasks.brief(place).status in HELD)
    left = sum(task.claim is not None and task.claim.by == by for task in held)
    stopped = _at(scene.status, "stopped_at")
    waiting = _open(scene)
    if not left and (stopped is not None or not waiting):
        return
    how = "was stopped" if stopped is not None else "ended without saying so"
    what = f"{left} of its tasks are in progress" if left != 1 else "1 of its tasks is in progress"
    question = f"no supervisor runs: the last one {how}, and {what if left else f'{waiting} tasks are open'}"
    since = stopped if stopped is not None else _at(scene.status, "at")
    asked = Asked(
        Kind.SUPERVISOR, question, since, (), ("supervisor start", "supervisor doctor"), cause_of(since, left)
    )
    yield _whole(scene, Kind.SUPERVISOR, asked)


def _mass_death(scene: Scene) -> Iterator[Item]:
    found = scene.status.get("incident")
    if not isinstance(found, Mapping) or scene.runs is False:
        return
    listed = found.get("waiting")
    waiting = [str(name) for name in listed] if isinstance(listed, list) else []
    question = f"{found.get('cause')}; {len(waiting)} wait for their turn"
    more = (f"waiting: {', '.join(waiting)}",) if waiting else ()
    since = _at(found, "at")
    asked = Asked(
        Kind.MASS_DEATH, question, since, more, ("supervisor status", "board log --level warn"), cause_of(since)
    )
    yield _whole(scene, Kind.MASS_DEATH, asked, holds=len(waiting))


# --- one task


def _living(scene: Scene, board: Board, holds: Dependants) -> Iterator[Item]:
    tasks = scene.status.get("tasks")
    for name, seen in tasks.items() if isinstance(tasks, Mapping) and scene.runs is not False else ():
        task = board.find(str(name))
        if task is None or not isinstance(seen, Mapping) or task.status in ENDED:
            continue
        asked = asked_by_agent(task, seen, scene.now) or _oddly(task, seen)
        if asked is not None:
            yield item_about(scene, task, asked, holds.of(task.id))


def _oddly(task: Task, seen: Mapping[str, Any]) -> Asked | None:
    kind = _odd(seen)
    if kind is None:
        return None
    since = _at(seen, "odd_since")
    more = tuple(f"{label}: {seen[label]}" for label in ("seen", "source", "sure") if seen.get(label))
    do = (f"supervisor attach {task.id}", f"supervisor logs {task.id}", f"supervisor stop {task.id}")
    return Asked(kind, str(seen.get("why") or seen.get("seen")), since, more, do, _attempt(seen, since))


def _odd(seen: Mapping[str, Any]) -> Kind | None:
    if seen.get("rule") == "limited" and seen.get("next_at") is None:
        return Kind.LIMIT
    return _ODD.get(str(seen.get("state")))


def _attempt(seen: Mapping[str, Any], since: float | None) -> str:
    return cause_of(seen.get("token"), seen.get("attempt"), since)


def _refused(scene: Scene, board: Board, holds: Dependants) -> Iterator[Item]:
    """One item a task, by the latest: until somebody puts it off, the task ends, or a day is over."""
    by_task: dict[str, list[Mapping[str, Any]]] = {}
    for each in scene.told("write_refused"):
        by_task.setdefault(str(each.get("task")), []).append(each)
    for name, told in by_task.items():
        task, last = board.find(name), told[-1]
        if task is None or task.status in ENDED:
            continue
        since = _at(last, "ts")
        times = f", {len(told)} times" if len(told) > 1 else ""
        wanted = f": {last['said']}" if last.get("said") else ""
        question = f"{last.get('by')} lost its claim and was refused `{last.get('command')}`{times}{wanted}"
        labels = ("by", "token", "held_by", "held_token", "command", "said", "commit", "why")
        more = tuple(f"{label}: {last[label]}" for label in labels if last.get(label) is not None)
        key = key_of(Kind.REFUSED, name)
        do = (f"board log {name} --event write_refused", f"board show {name}", f"board snooze {key} --for 1d")
        asked = Asked(Kind.REFUSED, question, since, more, do, cause_of(last.get("ts"), len(told)))
        yield item_about(scene, task, asked, holds.of(name))


def _drifted(scene: Scene, board: Board, holds: Dependants) -> Iterator[Item]:
    listed = scene.status.get("drift")
    for each in listed if isinstance(listed, list) else ():
        if not isinstance(each, Mapping) or not each.get("detail"):
            continue
        what, remedy, since = str(each.get("kind") or "tree"), each.get("remedy"), _at(each, "since")
        task = board.find(str(each.get("task")))
        do = (str(remedy),) if remedy else ()
        asked = Asked(Kind.DRIFT, str(each["detail"]), since, (f"kind: {what}",), do, cause_of(what, since))
        if task is None:
            yield _whole(scene, Kind.DRIFT, asked, *filter(None, (str(each.get("task") or ""),)), what, holds=0)
        elif not (task.blocked is not None and task.blocked.rule == "drifted"):
            yield item_about(scene, task, asked, holds.of(task.id), what)


def _last(scene: Scene, *events: str) -> Mapping[str, Any]:
    """The newest of these; empty where there is none."""
    return next(iter(reversed(scene.told(*events))), {})


def _at(record: Mapping[str, Any], name: str) -> float | None:
    value = record.get(name)
    return None if value is None else parse_instant(str(value))
