"""The board engine: text in, text out, one transaction at a time, over any store.

    read -> view -> op(board) -> Change | Refused -> splice -> cas -> journal

An op is a pure function and is run again on the newest text whenever the store says that somebody was faster. What it
refuses is raised as `RefusedError` with nothing written; what it changes is on disk, and only then told to the journal.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from board.claims import Actor
from board.errors import Busy, InvalidBoard, NotFound, RefusedError
from board.grants import Grants
from board.journal.events import Event
from board.model import Board, Record, Task
from board.moves import Ask, Change, Outcome, Reason, Refused
from board.store import FileStore, Lost
from board.views import View, Views

TRIES: Final = 20
_LOOKS: Final = 7  # at a file that is empty, missing or cut: an editor may be in the middle of saving it
_BETWEEN_LOOKS: Final = 0.05

_T = TypeVar("_T")


class Sink(Protocol):
    def append(self, event: Event, at: float) -> None: ...


class Result(NamedTuple):
    """What a transaction left behind: the board as it now stands, and the task that it changed."""

    board: Board
    task: Task
    change: Change


class Engine:
    """`clock` gives epoch seconds; `profiles` are the agent profiles that a board may name without defining them."""

    def __init__(
        self,
        store: FileStore,
        sink: Sink,
        clock: Callable[[], float] = time.time,
        profiles: Collection[str] = ("shell",),
    ) -> None:
        self.store = store
        self.sink = sink
        self.clock = clock
        self.grants = Grants(f"{store.side}/claims")
        self._views = Views(store.side, profiles)

    def read(self) -> View:
        """The board as it stands. Raises InvalidBoard with every problem; a file that looks half saved gets a
        moment."""
        for _ in range(_LOOKS - 1):
            try:
                return self._look()
            except InvalidBoard as error:
                if not error.torn:
                    raise
                time.sleep(_BETWEEN_LOOKS)
        return self._look()

    def _look(self) -> View:
        snapshot = self.store.read()
        last = self._views.last
        if (last is None or last.rev != snapshot.rev) and self.store.is_cut(snapshot):
            raise InvalidBoard("the file ends in the middle of what it held", "save it again", torn=True)
        return self._views.of(snapshot)

    def _locked(self, work: Callable[[], _T]) -> _T:
        """`work` under the lock; a file that is torn just then is waited for outside of it. A file that isn't known for
        a board yet is looked at first, so that nothing is put beside what is none."""
        if not os.path.isdir(self.store.side):
            self.read()
        for _ in range(_LOOKS):
            try:
                with self.store.locked():
                    return work()
            except InvalidBoard as error:
                if not error.torn:
                    raise
                self.read()
        raise Busy("the board was being saved by somebody else each time", "try again")

    def change(
        self, task_id: str, actor: Actor, op: Callable[[Ask], Outcome], said: Mapping[str, Any] | None = None
    ) -> Result:
        """One move of one task. `said` is what the caller wanted to say, kept in the journal if its token is stale."""
        return self.transact(lambda board: op(self.ask(board, task_id, actor)), actor, said)

    def ask(self, board: Board, task_id: str, actor: Actor) -> Ask:
        return Ask(board, task_of(board, task_id), actor, round(self.clock(), 3))

    def transact(
        self, op: Callable[[Board], Outcome], actor: Actor | None = None, said: Mapping[str, Any] | None = None
    ) -> Result:
        """Runs `op` on the newest board until its change is on disk. Raises RefusedError, InvalidBoard, Busy."""
        outcome, view = self._locked(lambda: self._attempt(op))
        if isinstance(outcome, Refused):
            self._tell_refused(outcome, actor, said or {})
            raise RefusedError(outcome.message, outcome.remedy, outcome.reason)
        now = self.clock()
        for told in outcome.events:
            fields = {key: value for key, value in told.fields.items() if value is not None}
            self.sink.append(Event(told.name, outcome.task_id, fields), now)
        task = view.board.find(outcome.task_id)
        assert task is not None
        return Result(view.board, task, outcome)

    def _attempt(self, op: Callable[[Board], Outcome]) -> tuple[Outcome, View]:
        for _ in range(TRIES):
            view = self._look()
            outcome = op(view.board)
            if isinstance(outcome, Refused):
                return outcome, view
            draft = self._views.patched(view, outcome.task_id, outcome.patch)
            if outcome.grant is not None:
                self.grants.write(outcome.task_id, outcome.grant)
            after = self._put(draft, view)
            if after is not None:
                return outcome, after
        raise Busy("the board kept changing under our hands", "try again")

    def _put(self, draft: View, view: View) -> View | None:
        """The draft on disk in place of what `view` shows; None where somebody was faster."""
        if draft.text == view.text:
            return view
        rev = self.store.cas(draft.text, view.rev)
        return None if isinstance(rev, Lost) else self._views.landed(draft, rev)

    def add(self, make: Callable[[Board], Record]) -> Result:
        """One more task at the end of the file; `make` gives its record. Raises UsageError for a record that the
        board's rules forbid."""
        made: list[Record] = []

        def grow(view: View) -> View:
            made[:] = [make(view.board)]
            return self._views.with_task(view, made[0])

        view = self._locked(lambda: self._replace(grow))
        task = view.board.find(str(made[0]["id"]))
        assert task is not None
        self.sink.append(Event("task_added", task.id, {}), self.clock())
        return Result(view.board, task, Change(task.id, {}))

    def replace(self, make: Callable[[View], str]) -> View:
        """A whole new text (a new task, an edit by hand, a restored version), checked before it is written."""
        return self._locked(lambda: self._replace(lambda view: self._views.draft(make(view))))

    def _replace(self, make: Callable[[View], View]) -> View:
        for _ in range(TRIES):
            view = self._look()
            after = self._put(make(view), view)
            if after is not None:
                return after
        raise Busy("the board kept changing under our hands", "try again")

    def _tell_refused(self, refused: Refused, actor: Actor | None, said: Mapping[str, Any]) -> None:
        if refused.reason is not Reason.STALE or actor is None:
            return
        words = {key: value for key, value in said.items() if value is not None and key not in ("task", "command")}
        fields = {"by": actor.name, "token": actor.token, "why": refused.message, "command": said.get("command")}
        fields["said"] = ", ".join(f"{key}: {value}" for key, value in words.items()) or None
        self.sink.append(Event("write_refused", said.get("task"), fields), self.clock())


def task_of(board: Board, task_id: str) -> Task:
    """Raises NotFound, with the nearest id."""
    task = board.find(task_id)
    if task is None:
        raise NotFound(f'no task "{task_id}"', _suggestion(board, task_id))
    return task


def _suggestion(board: Board, task_id: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(task_id, board.tasks.ids, 1)
    return f'did you mean "{near[0]}"?' if near else "`board list` shows them all"
