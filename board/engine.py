"""The board engine: text in, text out, one transaction at a time, over any store.

    read -> parse -> check -> op(board) -> Change | Refused -> splice -> cas -> journal

An op is a pure function and is run again on the newest text whenever the store says that somebody was faster. What it
refuses is raised as `RefusedError` with nothing written; what it changes is on disk, and only then told to the journal.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from board.check import check
from board.claims import Actor
from board.document import Document, append, splice
from board.errors import Busy, InvalidBoard, NotFound, RefusedError, UsageError
from board.grants import Grants
from board.journal.events import Event
from board.model import Board, Record, Task, read_board
from board.moves import Ask, Change, Outcome, Reason, Refused
from board.store import FileStore, Lost, Snapshot

TRIES: Final = 20
_LOOKS: Final = 7  # at a file that is empty, missing or cut: an editor may be in the middle of saving it
_BETWEEN_LOOKS: Final = 0.05

_T = TypeVar("_T")


class Sink(Protocol):
    def append(self, event: Event, at: float) -> None: ...


class View(NamedTuple):
    """A board as read: its document, its meaning, its revision."""

    document: Document
    board: Board
    rev: str


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
        self._profiles = profiles
        self._last: View | None = None

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
        if (self._last is None or self._last.rev != snapshot.rev) and self.store.is_cut(snapshot):
            raise InvalidBoard("the file ends in the middle of what it held", "save it again", torn=True)
        return self._view(snapshot)

    def _locked(self, work: Callable[[], _T]) -> _T:
        """`work` under the lock; a file that is torn just then is waited for outside of it."""
        for _ in range(_LOOKS):
            self.read()
            try:
                with self.store.locked():
                    return work()
            except InvalidBoard as error:
                if not error.torn:
                    raise
        raise Busy("the board was being saved by somebody else each time", "try again")

    def _view(self, snapshot: Snapshot) -> View:
        if self._last is not None and self._last.rev == snapshot.rev:
            return self._last
        document = Document(snapshot.text)
        check(document, self._profiles)
        self._last = View(document, read_board(document.data), snapshot.rev)
        return self._last

    def change(
        self, task_id: str, actor: Actor, op: Callable[[Ask], Outcome], said: Mapping[str, Any] | None = None
    ) -> Result:
        """One move of one task. `said` is what the caller wanted to say, kept in the journal if its token is stale."""
        return self.transact(lambda board: op(self.ask(board, task_id, actor)), actor, said)

    def ask(self, board: Board, task_id: str, actor: Actor) -> Ask:
        task = board.find(task_id)
        if task is None:
            raise NotFound(f'no task "{task_id}"', _suggestion(board, task_id))
        return Ask(board, task, actor, round(self.clock(), 3))

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
            text = splice(view.document, outcome.task_id, outcome.patch)
            if outcome.grant is not None:
                self.grants.write(outcome.task_id, outcome.grant)
            rev = self._swap(text, view)
            if rev is not None:
                return outcome, self._view(Snapshot(text, rev))
        raise Busy("the board kept changing under our hands", "try again")

    def _swap(self, text: str, view: View) -> str | None:
        if text == view.document.bom + view.document.text:
            return view.rev
        rev = self.store.cas(text, view.rev)
        return None if isinstance(rev, Lost) else rev

    def add(self, make: Callable[[Board], Record]) -> Result:
        """One more task at the end of the file; `make` gives its record. Raises UsageError for a record that the
        board's rules forbid."""
        made: list[Record] = []

        def grow(view: View) -> str:
            made[:] = [make(view.board)]
            text = append(view.document, made[0])
            try:
                check(Document(text), self._profiles)
            except InvalidBoard as error:
                raise UsageError("; ".join(problem.message for problem in error.problems)) from None
            return text

        view = self.replace(grow)
        task = view.board.find(str(made[0]["id"]))
        assert task is not None
        self.sink.append(Event("task_added", task.id, {}), self.clock())
        return Result(view.board, task, Change(task.id, {}))

    def replace(self, make: Callable[[View], str]) -> View:
        """A whole new text (a new task, an edit by hand, a restored version), checked before it is written."""
        return self._locked(lambda: self._replace(make))

    def _replace(self, make: Callable[[View], str]) -> View:
        for _ in range(TRIES):
            view = self._look()
            text = make(view)
            document = Document(text)
            check(document, self._profiles)
            rev = self._swap(text, view)
            if rev is not None:
                return self._view(Snapshot(text, rev))
        raise Busy("the board kept changing under our hands", "try again")

    def _tell_refused(self, refused: Refused, actor: Actor | None, said: Mapping[str, Any]) -> None:
        if refused.reason is not Reason.STALE or actor is None:
            return
        words = {key: value for key, value in said.items() if value is not None and key not in ("task", "command")}
        fields = {"by": actor.name, "token": actor.token, "why": refused.message, "command": said.get("command")}
        fields["said"] = ", ".join(f"{key}: {value}" for key, value in words.items()) or None
        self.sink.append(Event("write_refused", said.get("task"), fields), self.clock())


def _suggestion(board: Board, task_id: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(task_id, [task.id for task in board.tasks], 1)
    return f'did you mean "{near[0]}"?' if near else "`board list` shows them all"
