"""What waits for a person by the record alone: gates, what is held or blocked, reviews, given-up work that others need.
Pure. It holds with no supervisor in sight; what one saw is only added as evidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from board.claims import is_past
from board.inbox.item import Item, Kind, Origin, cause_of, key_of
from board.inbox.scene import Scene
from board.instants import format_instant, parse_instant
from board.model import ENDED, HELD, Board, Brief, Status, Task

EVENTS: Final = ("review_requested",)
_PERSON: Final = "a person: "
_UNDONE: Final = "its definition of done: "
_UNWRITTEN: Final = frozenset((Status.TODO, *HELD))


class Asked(NamedTuple):
    """What of one task is asked, and since when."""

    kind: Kind
    question: str
    since: float | None
    more: tuple[str, ...]
    do: tuple[str, ...]
    cause: str


def waiting(scene: Scene) -> Iterator[Item]:
    """At most one item a task. Only tasks that a brief tells to be suspects are read."""
    board = scene.board
    if board is None:
        return
    holds = Dependants(board)
    for place, task_id in enumerate(board.tasks.ids):
        if _is_suspect(board.tasks.brief(place), holds, task_id):
            task = board.tasks[place]
            asked = _asked(scene, board, task, holds.of(task_id))
            if asked is not None:
                yield item_about(scene, task, asked, holds.of(task_id))


def item_about(scene: Scene, task: Task, asked: Asked, holds: int, *more: str) -> Item:
    """`more` makes the key differ from another item's of the same kind and task."""
    return Item(
        key=key_of(asked.kind, task.id, *more),
        kind=asked.kind,
        origin=origin_of(scene, task),
        question=asked.question,
        since=asked.since,
        more=asked.more,
        do=asked.do,
        holds=holds,
        priority=task.priority,
        cause=asked.cause,
    )


def origin_of(scene: Scene, task: Task | None = None) -> Origin:
    session = scene.status.get("session")
    whole = Origin(scene.host, scene.path, session=session if isinstance(session, str) else None)
    if task is None:
        return whole
    seen, place = scene.seen(task.id), scene.place(task)
    window, pane = (seen.get(name) if isinstance(seen.get(name), str) else None for name in ("window", "pane"))
    return whole._replace(
        task=task.id, step=task.step.id, window=window, pane=pane, folder=place.folder, branch=place.branch
    )


class Dependants:
    """How many open tasks can't be done before one is: those that name it in `after`, and those that name them."""

    def __init__(self, board: Board) -> None:
        self._named_by: Mapping[str, list[str]] = defaultdict(list)
        for place, task_id in enumerate(board.tasks.ids):
            brief = board.tasks.brief(place)
            if brief.status not in ENDED:
                for name in brief.after:
                    self._named_by[name].append(task_id)
        self._known: dict[str, int] = {}

    def has(self, task_id: str) -> bool:
        return task_id in self._named_by

    def of(self, task_id: str) -> int:
        if task_id not in self._known:
            found: set[str] = set()
            ahead = [task_id] if self.has(task_id) else []
            while ahead:
                new = set(self._named_by.get(ahead.pop(), ())) - found - {task_id}
                found |= new
                ahead.extend(new)
            self._known[task_id] = len(found)
        return self._known[task_id]


def _is_suspect(brief: Brief, holds: Dependants, task_id: str) -> bool:
    if brief.status in (Status.BLOCKED, Status.REVIEW):
        return True
    if brief.status in (Status.FAILED, Status.CANCELLED):
        return holds.has(task_id)
    return brief.status in _UNWRITTEN and (brief.is_gated or brief.is_risky)


def _asked(scene: Scene, board: Board, task: Task, holds: int) -> Asked | None:
    match task.status:
        case Status.BLOCKED:
            return _blocked(task)
        case Status.REVIEW:
            return _review(scene, task)
        case Status.FAILED | Status.CANCELLED:
            return _given_up(task, holds)
        case Status.TODO:
            return _todo(board, task)
        case Status.CLAIMED | Status.IN_PROGRESS:
            return _held(scene, task)
        case Status.DONE:
            return None


def _todo(board: Board, task: Task) -> Asked | None:
    from board.queries import unmet

    if unmet(board, task):
        return None
    if task.is_gated:
        return _gate(task)
    if task.started and not task.step.resumable and not task.is_approved:
        question = f"step {task.step.id} was started, never settled, and is not resumable"
        return _of_death(task, question, "not-resumable")
    return None


def _held(scene: Scene, task: Task) -> Asked | None:
    if task.is_gated and (not task.started or scene.seen(task.id).get("rule") == "gated"):
        return _gate(task)
    claim = task.claim
    is_risky = task.started and not task.step.resumable and not task.is_approved
    if claim is None or not is_risky or not is_past(claim.expires_at, scene.now) or scene.seen(task.id).get("pid"):
        return None
    question = f"{claim.by}'s lease ended, and step {task.step.id} is handed to nobody else: it is not resumable"
    do = (f"board show {task.id}", f"board claim {task.id}", f"board release {task.id} --force")
    return Asked(Kind.PERSON, question, claim.expires_at, _attempt(task), do, cause_of(claim.token))


def _gate(task: Task) -> Asked:
    words = task.step.run or task.step.prompt or task.title
    run = task.run if task.started else None
    since = run.ended_at if run is not None else None
    do = (f"board show {task.id}", f"board approve {task.id}")
    question = f"may step {task.step.id} start? {' '.join(words.split())}"
    return Asked(Kind.GATE, question, since, _attempt(task), do, cause_of(task.step.id, run and run.attempt))


def _blocked(task: Task) -> Asked:
    blocked = task.blocked
    if blocked is None:
        return Asked(Kind.BLOCKED, "it is blocked, and the record does not say on what", None, (), ("board edit",), "")
    question = blocked.on.removeprefix(_PERSON)
    if blocked.rule is not None:
        return _of_death(task, question, blocked.rule)
    is_persons = blocked.on.startswith((_PERSON, _UNDONE))
    by = (f"by: {blocked.by}",) if blocked.by else ()
    more = (*by, *_attempt(task)) if is_persons else by
    do = (f"board show {task.id}", f"board unblock {task.id}")
    kind = Kind.PERSON if is_persons else Kind.BLOCKED
    words = question if is_persons else f"waits for {question}"
    return Asked(kind, words, blocked.at, more, do, cause_of(blocked.at, blocked.by, _number(task)))


def _of_death(task: Task, question: str, rule: str) -> Asked:
    settle = f"board advance {task.id}" if task.next_step() is not None else f"board done {task.id}"
    do = (f"supervisor logs {task.id}", f"board approve {task.id}", settle, f'board fail {task.id} --why "..."')
    blocked, run = task.blocked, task.run
    since = blocked.at if blocked is not None else None
    since = since if since is not None or run is None else run.ended_at or run.started_at
    return Asked(
        Kind.HELD, question, since, (f"rule: {rule}", *_attempt(task)), do, cause_of(since, rule, _number(task))
    )


def _attempt(task: Task) -> tuple[str, ...]:
    """The evidence that the record holds."""
    run, point = task.run, task.checkpoint
    told = []
    if run is not None and task.started:
        when = f", started {format_instant(run.started_at)}" if run.started_at is not None else ""
        told.append(f"attempt: {run.attempt} of step {run.step}{when}")
    if run is not None and task.started and run.last_exit:
        when = f", at {format_instant(run.ended_at)}" if run.ended_at is not None else ""
        told.append(f"ended: {run.last_exit}{when}")
    if point is not None:
        words = ", ".join(filter(None, (point.commit and point.commit[:12], point.note)))
        told.append(f"checkpoint: {words or 'without a word'}")
    return tuple(told)


def _number(task: Task) -> tuple[int, int]:
    return (task.last_token, task.run.attempt if task.run is not None else 0)


def _review(scene: Scene, task: Task) -> Asked:
    mine = [each for each in scene.told(*EVENTS) if each.get("task") == task.id]
    asked: Mapping[str, object] = mine[-1] if mine else {}
    since = parse_instant(str(asked.get("ts", "")))
    note = asked.get("note")
    told = tuple(f"{name}: {asked[name]}" for name in ("by", "note") if asked.get(name))
    do = (f"board show {task.id}", f"board done {task.id}", f"board reopen {task.id}")
    question = f"its worker says done; do you agree?{f' {note}' if note else ''}"
    return Asked(Kind.REVIEW, question, since, (*told, *_attempt(task)), do, cause_of(_number(task)))


def _given_up(task: Task, holds: int) -> Asked:
    record = task.record.get(str(task.status))
    ended: Mapping[str, object] = record if isinstance(record, Mapping) else {}
    why = f": {ended['why']}" if ended.get("why") else ""
    waiting = "1 task waits" if holds == 1 else f"{holds} tasks wait"
    since = parse_instant(str(ended.get("at", "")))
    do = (f"board why {task.id}", f"board reopen {task.id}", "board edit")
    return Asked(Kind.FAILED, f"it is {task.status}, and {waiting} for it{why}", since, (), do, cause_of(since))
