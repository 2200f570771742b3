"""From texts to boards: what is known of a text is taken from the cache, and what isn't is read and checked.

Theory of operation. A view is one text and what it means. Where the text could be cut into blocks, a view has a roll,
tasks are read when they are asked for, and a change of one task touches one block. Everywhere else, and wherever that
is refused, the file is read, checked and spliced as a whole: that is slower by the number of tasks, and the only one of
the two that tells what is wrong and where. Both give the same text.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import NamedTuple

from board.cache import Cache, Stored
from board.errors import InvalidBoard, UsageError
from board.model import Board, Record, Task, Tasks
from board.patch import Patch
from board.records import board_of, read_board, read_task
from board.roll import Roll, Step, changed, digest, enrol, grown
from board.store import Snapshot

_FEW = 16  # records that are fetched one by one; who wants more gets all at once


class View(NamedTuple):
    """A board as read: its text, the revision of that text, its meaning. Without `rev`: not on disk yet.

    `stored` is what was kept of this text, or of the one that a draft began with; `records` are those that it
    doesn't have."""

    text: str
    rev: str
    board: Board
    roll: Roll | None = None
    stored: Stored | None = None
    records: Mapping[int, Record] = {}


class Views:
    """`side` is the board's `.board`; `profiles` are those that a board may name without defining them."""

    def __init__(self, side: str, profiles: Collection[str]) -> None:
        self.profiles = frozenset(profiles)
        self._cache = Cache(os.path.join(side, "cache"), profiles)
        self.last: View | None = None
        self._known_ids: dict[bytes, str] | None = None
        self._known_rev = ""

    def of(self, snapshot: Snapshot) -> View:
        """Raises InvalidBoard with every problem."""
        view = self.last
        if view is None or view.rev != snapshot.rev:
            view = self.last = (self._known(snapshot) or self._read(snapshot.text))._replace(rev=snapshot.rev)
        return view

    def _known(self, snapshot: Snapshot) -> View | None:
        stored = self._cache.load(snapshot.rev)
        if stored is not None and stored.rev == snapshot.rev:
            return self._rolled(stored.roll(snapshot.text), stored, {})
        older = stored or (self.last.stored if self.last is not None else None)
        made = enrol(snapshot.text, self.profiles, older.columns if older is not None else None)
        if made is None:
            return None
        roll, records = made
        # Who only looks keeps up a cache, and doesn't begin one.
        kept = self._cache.save(snapshot.rev, roll, records, older) if os.path.isdir(self._cache.folder) else None
        return self._rolled(roll, kept, records)

    def draft(self, text: str) -> View:
        """A whole new text, not on disk yet. Raises InvalidBoard."""
        older = self._older()
        made = enrol(text, self.profiles, older.columns if older is not None else None)
        return self._rolled(made[0], None, made[1]) if made is not None else self._read(text)

    def _older(self) -> Stored | None:
        """What is known of some text, from which most of another one is known."""
        return (self.last.stored if self.last is not None else None) or self._cache.load()

    def known_id(self, block: str) -> str | None:
        """The id of the task in a block that stands in the newest board known; None where it isn't there so."""
        rev = self.last.rev if self.last is not None else ""
        if self._known_ids is None or rev != self._known_rev:
            stored = self._older()
            ids = stored.columns.ids if stored is not None else ()
            self._known_ids = {stored.columns.digest(place): name for place, name in enumerate(ids)} if stored else {}
            self._known_rev = rev
        return self._known_ids.get(digest(block)) if self._known_ids else None

    def _read(self, text: str) -> View:
        from board.check import check
        from board.document import Document

        document = Document(text)
        check(document, self.profiles)
        return View(text, "", read_board(document.data))

    def _rolled(self, roll: Roll, stored: Stored | None, records: Mapping[int, Record]) -> View:
        source = _Records(roll, records, self._cache, stored)
        tasks = Tasks(roll.columns.ids, source.task, roll.columns.brief)
        return View(roll.text, "", board_of(roll.data, tasks), roll, stored, {} if stored is not None else records)

    def patched(self, view: View, task_id: str, patch: Patch) -> View:
        """A draft with one task changed, of a board or another draft. Raises InvalidBoard where that can't be done
        safely."""
        place = view.board.tasks.place(task_id)
        step = changed(view.roll, place, patch) if view.roll is not None and place is not None else None
        if step is not None:
            return self._stepped(view, step)
        from board.document import Document, splice

        return self._read(splice(Document(view.text), task_id, patch))

    def with_task(self, view: View, record: Record) -> View:
        """A draft with one more task. Raises UsageError for a record that the board's rules forbid."""
        step = grown(view.roll, record, self.profiles) if view.roll is not None else None
        if step is not None:
            return self._stepped(view, step)
        from board.document import Document, append

        text = append(Document(view.text), record)
        try:
            return self._read(text)
        except InvalidBoard as error:
            raise UsageError("; ".join(problem.message for problem in error.problems)) from None

    def _stepped(self, view: View, step: Step) -> View:
        """A board of which all but one task is known from the view before."""
        records = {**view.records, step.place: step.record}
        source = _Records(step.roll, records, self._cache, view.stored)
        brief = step.roll.columns.brief
        tasks = view.board.tasks.changed(read_task(step.record), step.place, source.task, brief)
        return View(step.roll.text, "", view.board._replace(tasks=tasks), step.roll, view.stored, records)

    def landed(self, draft: View, rev: str) -> View:
        """The draft once it is on disk; for who holds the board's lock."""
        stored = None
        if draft.roll is not None and draft.stored is not None:
            stored = self._cache.amend(rev, draft.roll, draft.records, draft.stored)
        elif draft.roll is not None:
            stored = self._cache.save(rev, draft.roll, draft.records, self._older())
        view = self.last = draft._replace(rev=rev, stored=stored, records={} if stored is not None else draft.records)
        return view


class _Records:
    """Where the tasks of a roll are read from: what was parsed, the cache, else their block."""

    def __init__(self, roll: Roll, records: Mapping[int, Record], cache: Cache, stored: Stored | None) -> None:
        self._roll = roll
        self._records = records
        self._cache = cache
        self._stored = stored
        self._fetched = 0

    def task(self, place: int) -> Task:
        return read_task(self._records.get(place) or self._fetch(place) or self._parse(place))

    def _fetch(self, place: int) -> Record | None:
        if self._stored is None:
            return None
        self._fetched += 1
        if self._fetched == _FEW:
            self._records = {**self._cache.records(self._stored), **self._records}
            return self._records.get(place)
        return self._cache.record(self._stored, place) if self._fetched < _FEW else None

    def _parse(self, place: int) -> Record:
        from board.blocks import read_block

        block = read_block(self._roll.block(place))
        assert block is not None
        return block.record
