"""The board engine: text in, text out, one transaction at a time, over any store.

    read -> view -> op(board) -> Change | Refused -> splice -> cas -> journal

An op is a pure function and is run again on the newest text whenever the store says that somebody was faster. What it
refuses is raised as `RefusedError` with nothing written; what it changes is on disk, and only then told to the journal.
The ops of threads that wait for one board together are run one behind the other, each on what the one before made of
it, and reach the disk in one write (`desk`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from board.claims import Actor
from board.desk import Turn, desk_of
from board.errors import BeingSaved, Busy, InvalidBoard, NotFound, RefusedError
from board.grants import Grants
from board.journal.events import Event
from board.model import Board, Record, Task
from board.moves import Ask, Change, Outcome, Reason, Refused
from board.settle import Settled, settled, told
from board.store import FileStore, Lost, Snapshot
from board.views import View, Views

TRIES: Final = 20
PATIENCE: Final = 2  # tries after which an editor that keeps saving is merged behind our write instead of before it
_LOOKS: Final = 7  # at a file that is empty, missing or cut: an editor may be in the middle of saving it
_BETWEEN_LOOKS: Final = 0.05
_GLANCES: Final = 12  # the same under the lock, where nobody may be waited for: most saves take less than a millisecond
_BETWEEN_GLANCES: Final = 0.0005

_T = TypeVar("_T")
_Op = Callable[[Board], Outcome]
_Turn = Turn[_Op, tuple[Outcome, View]]  # the answer with the board as it was made of it


class Sink(Protocol):
    def append(self, event: Event, at: float) -> None: ...


class Result(NamedTuple):
    """What a transaction left behind: the board as it now stands, and the task that it changed."""

    board: Board
    task: Task
    change: Change


class Engine:
    """`clock` gives epoch seconds; `profiles` are the agent profiles that a board may name without defining them;
    `tell` is given what the author of a hand edit should hear."""

    def __init__(
        self,
        store: FileStore,
        sink: Sink,
        clock: Callable[[], float] = time.time,
        profiles: Collection[str] = ("shell",),
        tell: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.store = store
        self.sink = sink
        self.clock = clock
        self.grants = Grants(f"{store.side}/claims")
        self.tell = tell
        self._views = Views(store.side, profiles)

    @property
    def known(self) -> Board | None:
        """The board as it was read last."""
        return self._views.last.board if self._views.last is not None else None

    def read(self) -> View:
        """The board as it stands, with edits by hand merged in. Raises InvalidBoard with every problem; a file that
        looks half saved gets a moment."""
        for _ in range(_LOOKS - 1):
            try:
                return self._look()
            except InvalidBoard as error:
                if not error.torn:
                    raise
                time.sleep(_BETWEEN_LOOKS)
        try:
            return self._look()
        except BeingSaved:
            raise Busy("somebody keeps saving the board", "try again") from None

    def _look(self) -> View:
        """For who only reads: edits by hand are merged in, and not written. What a writer changes meanwhile in the
        board and its history doesn't fit together: then it is looked at again."""
        for _ in range(TRIES):
            snapshot = self.store.read()
            found = settled(self.store, snapshot, self._views)
            if found is None:
                return self._views.of(snapshot)
            if self.store.read().rev == snapshot.rev:
                return self._views.of(snapshot) if found.text == snapshot.text else self._views.draft(found.text)
        raise Busy("the board kept changing under our eyes", "try again")

    def settle(self) -> View:
        """The board as it stands; edits by hand that weren't taken in yet are, and told."""
        snapshot = self.store.read()
        if self.store.is_settled(snapshot.rev):
            return self._views.of(snapshot)
        return self._locked(self._settled)

    def _settled(self) -> View:
        """The same for who holds the lock."""
        for tries in range(TRIES):
            snapshot, found = self._whole()
            if found is None:
                return self._views.of(snapshot)
            view = self._taken_in(found, snapshot, tries)
            if view is not None:
                return view
        raise Busy("the board kept changing under our hands", "try again")

    def _whole(self) -> tuple[Snapshot, Settled | None]:
        """What stands there, and the edits in it. Raises InvalidBoard where that is torn and stays so for a moment."""
        for _ in range(_GLANCES - 1):
            try:
                snapshot = self.store.read()
                return snapshot, settled(self.store, snapshot, self._views)
            except InvalidBoard as error:
                if not error.torn:
                    raise
                time.sleep(_BETWEEN_GLANCES)
        snapshot = self.store.read()
        return snapshot, settled(self.store, snapshot, self._views)

    def _taken_in(self, found: Settled, snapshot: Snapshot, tries: int) -> View | None:
        edits = [edit.edited for edit in found.edits]
        if found.text == snapshot.text:
            self.store.adopt(snapshot, edits)
            view = self._views.of(snapshot)
        else:
            draft = self._views.draft(found.text)
            rev = self.store.cas(draft.text, snapshot.rev, force=tries >= PATIENCE, edits=edits)
            if isinstance(rev, Lost):
                return None
            view = self._views.landed(draft, rev)
        self.store.history.edited(found.edited_ns)
        for edit in found.edits:
            if edit.replaced is not None:
                self.store.taken_in(edit.replaced)
        found = found._replace(broken=tuple(map(self.store.set_aside, found.broken)))
        for event, words in told(found, snapshot.rev, view.rev):
            self.sink.append(event, self.clock())
            for sentence in words:
                self.tell(sentence)
        return view

    def _locked(self, work: Callable[[], _T], began: float | None = None) -> _T:
        """`work` under the lock; a file that is torn just then is waited for outside of it. A file that isn't known for
        a board yet is looked at first, so that nothing is put beside what is none. `began`: see `FileStore.locked`."""
        if not os.path.isdir(self.store.side):
            self.read()
        for _ in range(_LOOKS):
            try:
                with self.store.locked(began):
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
        """Runs `op` on the newest board until its change is on disk. Raises RefusedError, InvalidBoard, Busy.

        Where other threads wait for the same board, it may be one of them that runs `op`."""
        outcome, view = self._served(op)
        if isinstance(outcome, Refused):
            self._tell_refused(outcome, actor, said or {})
            raise RefusedError(outcome.message, outcome.remedy, outcome.reason)
        now = self.clock()
        for one in outcome.events:
            fields = {key: value for key, value in one.fields.items() if value is not None}
            self.sink.append(Event(one.name, outcome.task_id, fields), now)
        task = view.board.find(outcome.task_id)
        assert task is not None
        return Result(view.board, task, outcome)

    def _served(self, op: _Op) -> tuple[Outcome, View]:
        turn: _Turn = Turn(op)
        desk = desk_of((self.store.real, type(self.store), self._views.profiles))

        def lead() -> None:
            self._locked(lambda: self._attempt(desk.taken()), turn.began)

        if not desk.serve(turn, lead, self.store.lock_timeout):
            raise self.store.busy()
        assert turn.answer is not None
        return turn.answer

    def _attempt(self, turns: Sequence[_Turn]) -> None:
        """All of these in one write, each on what the one before it made of the board."""
        for tries in range(TRIES):
            view = draft = self._settled()
            for turn in turns:
                draft = self._tried(turn, draft)
            if self._put(draft, view, tries) is not None:
                return
        raise Busy("the board kept changing under our hands", "try again")

    def _tried(self, turn: _Turn, view: View) -> View:
        """The board with what this turn changes in it. What goes wrong goes wrong for this turn alone."""
        turn.answer = turn.error = None
        try:
            outcome, draft = turn.op(view.board), view
            if not isinstance(outcome, Refused):
                draft = self._views.patched(view, outcome.task_id, outcome.patch)
                if outcome.grant is not None:
                    self.grants.write(outcome.task_id, outcome.grant)
        except Exception as error:  # noqa: BLE001  (whatever it is, it is raised where the turn came from)
            turn.error = error
            return view
        turn.answer = (outcome, draft)
        return draft

    def _put(self, draft: View, view: View, tries: int) -> View | None:
        """The draft on disk in place of what `view` shows; None where somebody was faster."""
        if draft.text == view.text:
            return view
        rev = self.store.cas(draft.text, view.rev, force=tries >= PATIENCE)
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

    def restore(self, text: str) -> tuple[View, tuple[str, ...]]:
        """An older version as an edit of the newest: tokens don't fall, and a claimed task that it doesn't have stays.
        What therefore isn't as it was, in words."""
        from board.merge import merge, sentences

        told: list[str] = []

        def make(view: View) -> str:
            merged = merge(view.text, text, view.text, self._views.known_id)
            told[:] = sentences(merged)
            return merged.text

        return self.replace(make), tuple(told)

    def _replace(self, make: Callable[[View], View]) -> View:
        for tries in range(TRIES):
            view = self._settled()
            after = self._put(make(view), view, tries)
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
