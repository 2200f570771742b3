"""Comparing the tasks' trees with the board beside the loop: in a thread, one look at a time, tree after tree. It mends
nothing, and neither a cycle nor a restart ever waits for it.

A task is looked at when something happened to it (it is done or at review, its worker came or went), and all of them,
spread out, each `settings.drift.every`. What is found is told once, and once more when it is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from board.drift import Doubt, Finding, Kind, Survey, find, judged
from board.engine import Engine
from board.instants import format_instant, parse_instant
from board.model import HELD, Board, Task
from board.trees import Look, survey
from board.views import View
from supervisor.keeping import Keeping
from supervisor.model import Absent, Alive, Dead, Lingering, Unknown, Verdict
from supervisor.status import read_status
from supervisor.tools import Tools

FIRST = 5.0  # seconds: who has just started has more urgent things to do
GENTLE = Look(at_once=1, patience=120.0, pause=lambda: time.sleep(0.05))
_Key = tuple[str, str]


class Known(NamedTuple):
    """A drift that is told, and since when."""

    finding: Finding
    since: float


class _State(NamedTuple):
    """A task as it was when its tree was last thought of; `hangs_on` makes another look worth while."""

    task: Task
    is_alive: bool
    hangs_on: object


class _Taken(NamedTuple):
    """One look that has ended; `whole` when it was at all trees."""

    survey: Survey
    whole: bool


class Drifts:
    """`wake` asks for a cycle once a look has ended, from the thread of that look."""

    def __init__(self, folder: str, tell: Callable[..., None], wake: Callable[[], None], before: Any = None) -> None:
        """`before` is what the last supervisor's status said of drift: what is known is not told again."""
        self._folder = folder
        self._tell = tell
        self._wake = wake
        self._known = dict(_read(before))
        self._survey = Survey()
        self._states: dict[str, _State] = {}
        self._noted: object = None
        self._due: set[str] = set()
        self._next_at: float | None = None
        self._thread: threading.Thread | None = None
        self._taken: _Taken | None = None

    def look(self, view: View, kept: Mapping[str, Keeping], now: float) -> bool:
        """Takes in what the last look saw, and begins another one when there is cause: did it? Returns at once."""
        every = view.board.settings.drift.every
        if every <= 0:
            self._next_at = None
            self._known.clear()
            return False
        self._note(view, kept)
        if self._is_looking():
            return False
        taken, self._taken, self._thread = self._taken, None, None
        if taken is not None:
            self._take_in(taken, view.board, kept, now)
        if self._next_at is None:
            self._next_at = now + min(FIRST, every)
        is_time = not self._next_at - max(every, FIRST) <= now < self._next_at
        has_cause = is_time or bool(self._due)
        if has_cause:
            self._begin(view.board, whole=is_time)
        if is_time:
            self._next_at = now + every
        return has_cause

    def _is_looking(self) -> bool:
        return self._taken is None and self._thread is not None and self._thread.is_alive()

    @property
    def next_at(self) -> float | None:
        """When it is time for the next look, unless one is under way: its end is a cause of its own."""
        return None if self._is_looking() else self._next_at

    def is_due_before(self, instant: float | None) -> bool:
        """None is an instant that never comes."""
        return self.next_at is not None and (instant is None or self.next_at < instant)

    def status(self) -> list[dict[str, Any]]:
        """As `status.json` has it."""
        return [
            {**known.finding._asdict(), "kind": str(known.finding.kind), "since": format_instant(round(known.since, 3))}
            for known in self._known.values()
        ]

    def _note(self, view: View, kept: Mapping[str, Keeping]) -> None:
        """Whoever is in another state than before is due; before the first look nobody is, it is at all of them."""
        alive = frozenset(name for name, keeping in kept.items() if isinstance(keeping.verdict, Alive))
        if self._noted == (view.rev, alive):
            return
        self._noted = (view.rev, alive)
        states = {task.id: self._state(task, is_alive=task.id in alive) for task in judged(view.board)}
        if self._next_at is not None:
            others = self._states
            self._due |= {
                name for name, state in states.items() if name not in others or others[name].hangs_on != state.hangs_on
            }
            self._due |= others.keys() - states.keys()
        self._states = states

    def _state(self, task: Task, *, is_alive: bool) -> _State:
        before = self._states.get(task.id)
        if before is not None and before.task is task and before.is_alive == is_alive:
            return before
        return _State(task, is_alive, _hangs_on(task, is_alive=is_alive))

    def _begin(self, board: Board, *, whole: bool) -> None:
        due, self._due = self._due, set()
        tasks = [task for task in judged(board) if whole or task.id in due]

        def run() -> None:
            self._taken = _Taken(survey(board, tasks, self._folder, GENTLE), whole)
            self._wake()

        self._thread = threading.Thread(target=run, name="drift", daemon=True)
        self._thread.start()

    def _take_in(self, taken: _Taken, board: Board, kept: Mapping[str, Keeping], now: float) -> None:
        """A look that failed changes nothing: what was known of those trees stays."""
        seen = taken.survey
        if seen.doubt is not None:
            return
        trees = seen.trees if taken.whole else {**self._survey.trees, **seen.trees}
        self._survey = seen._replace(trees=trees)
        found = {(each.task, str(each.kind)): each for each in find(board, self._survey, lives(kept), now)}
        doubted = {name for name, tree in trees.items() if isinstance(tree, Doubt)}
        for key, finding in found.items():
            before = self._known.get(key)
            self._known[key] = Known(finding, before.since if before is not None else now)
            if before is None:
                self._say(finding)
        for key in [key for key in self._known if key not in found and key[0] not in doubted]:
            self._over(key, self._known.pop(key), now)

    def _say(self, finding: Finding) -> None:
        self._tell("drift_seen", finding.task, kind=str(finding.kind), detail=finding.detail, remedy=finding.remedy)

    def _over(self, key: _Key, known: Known, now: float) -> None:
        self._tell("drift_ended", key[0], kind=key[1], drifted_for_s=round(max(0.0, now - known.since), 3))


def drifts_of(engine: Engine, tools: Tools, cause: asyncio.Event) -> Drifts:
    """For the loop that runs; `cause` is set in it once a look has ended."""
    loop = asyncio.get_running_loop()

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is over
            loop.call_soon_threadsafe(cause.set)

    before = read_status(engine.store.side) or {}
    return Drifts(engine.store.folder, tools.tell, wake, before.get("drift"))


def lives(kept: Mapping[str, Keeping]) -> dict[str, bool | None]:
    return {name: _lives(keeping.verdict) for name, keeping in kept.items()}


def _lives(verdict: Verdict) -> bool | None:
    match verdict:
        case Alive() | Lingering():
            return True
        case Unknown():
            return None
        case Absent() | Dead():
            return False


def _hangs_on(task: Task, *, is_alive: bool) -> object:
    """A lease that is renewed is no news, and neither is a checkpoint."""
    if task.status in HELD:
        return str(task.status), task.claim.token if task.claim is not None else None, is_alive
    return str(task.status), repr(task.record.get("done")), repr(task.record.get("merged"))


def _read(before: Any) -> Iterable[tuple[_Key, Known]]:
    for each in before if isinstance(before, list) else ():
        try:
            finding = Finding(str(each["task"]), Kind(each["kind"]), str(each["detail"]), str(each["remedy"]))
            since = parse_instant(str(each["since"]))
        except (KeyError, TypeError, ValueError):
            continue
        if since is not None:
            yield (finding.task, str(finding.kind)), Known(finding, since)
