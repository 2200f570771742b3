"""What a command has in its hands: its arguments, its board, who asks, and how it answers. No command's own rule."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from board import place
from board.cli.failure import InvalidFile
from board.cli.who import Asker
from board.engine import Engine, Result, task_of
from board.errors import BoardError, InvalidBoard, UsageError
from board.journal.events import Event
from board.model import Board, Task
from board.moves import Ask, Outcome
from board.settings import Journaling, Redact
from board.store import FileStore
from board.views import View


class Later:
    """A journal that is opened when there is something to write: who only reads doesn't pay for it."""

    def __init__(self, side: str, env: Mapping[str, str], wanted: Callable[[], Redact | None] = lambda: None) -> None:
        """`wanted` says how the board is redacted, once something is written."""
        self._side = side
        self._env = env
        self._wanted = wanted
        self.settings: Callable[[], Journaling] = Journaling

    def append(self, event: Event, at: float) -> None:
        self._journal.append(event, at)
        if self._journal.has_begun:
            self._journal.has_begun = False
            from board.cli.keeper import keep_beside

            keep_beside(self._side, self.settings(), self._env)

    @cached_property
    def _journal(self) -> Any:
        from board.journal.sink import Journal, make_redactor

        redactor = make_redactor(self._side, self._env, self._wanted())
        return Journal(os.path.join(self._side, "journal"), redactor, max_bytes=self.settings().segment_bytes)


class Context:
    def __init__(self, args: Namespace, env: Mapping[str, str], cwd: Callable[[], str]) -> None:
        self.args = args
        self.env = env
        self._cwd = cwd

    @cached_property
    def path(self) -> str:
        """The board's path as the person gave it."""
        try:
            here = self._cwd()
        except OSError:
            raise InvalidBoard("this folder is gone", "cd somewhere else") from None
        return place.find(self.args.board, self.env, here)

    @cached_property
    def store(self) -> FileStore:
        return FileStore(self.path)

    @cached_property
    def engine(self) -> Engine:
        journal = Later(self.store.side, self.env, self.wanted)
        engine = Engine(self.store, journal, profiles=self.profiles, tell=self.warn)
        journal.settings = lambda: engine.last.board.settings.journal if engine.last is not None else Journaling()
        return engine

    def wanted(self) -> Redact | None:
        """How the board as it was last seen wants to be redacted; None where there is none to be read."""
        try:
            view = self.engine.last or self.engine.read()
        except BoardError:
            return None
        return view.board.settings.redact

    @cached_property
    def profiles(self) -> frozenset[str]:
        return profiles(self.store.side)

    @property
    def filed(self) -> frozenset[str]:
        """The profiles that have a file of the board's own."""
        return _filed(self.store.side)

    @cached_property
    def asker(self) -> Asker:
        return Asker(self.args.as_name, self.env, self.engine.grants)

    @property
    def folder(self) -> str:
        return self.store.folder or "."

    @property
    def task_id(self) -> str:
        """The task that was named, else `$BOARD_TASK`."""
        found: str | None = self.args.id if self.args.id is not None else self.env.get("BOARD_TASK")
        if not found:
            raise UsageError("name a task", "`board list` shows them all")
        return found

    @contextmanager
    def placed(self) -> Iterator[None]:
        """Within it, what is wrong with the board is told with the board's path."""
        try:
            yield
        except InvalidBoard as error:
            raise InvalidFile(error, self.path) from None

    def read(self) -> View:
        with self.placed():
            return self.engine.read()

    def task(self) -> tuple[Board, Task]:
        """The named task on the board as it stands. Raises NotFound."""
        board = self.read().board
        return board, task_of(board, self.task_id)

    def change(self, op: Callable[[Ask], Outcome], said: Mapping[str, Any] | None = None) -> Result:
        """One move of the named task. `said` is what a stale writer's words are kept by."""
        task_id = self.task_id
        words = {"command": self.args.command, "task": task_id, **(said or {})}
        with self.placed():
            return self.engine.change(task_id, self.asker.about(task_id), op, words)

    def tell(self, result: Result, words: str) -> None:
        """The answer of a write: JSON of the task as it now stands, or `words`, or nothing."""
        if self.args.json:
            self.tell_task(result.board, result.task)
        elif not self.args.quiet:
            self.say(words)

    def tell_task(self, board: Board, task: Task) -> None:
        from board.queries import view

        self.emit({"task": view(board, task)})

    def say(self, words: str) -> None:
        from board.render import clean

        sys.stdout.write("".join(f"{clean(line)}\n" for line in words.splitlines()))

    def warn(self, words: str) -> None:
        """What somebody should hear who didn't ask."""
        from board.cli import outlet

        outlet.complain(outlet.lines([f"board: an edit by hand was merged: {words}"]))

    def write(self, text: str) -> None:
        """Text that is fit for a terminal already."""
        sys.stdout.write(text)

    def emit(self, record: Mapping[str, Any]) -> None:
        import json

        sys.stdout.write(json.dumps(record, ensure_ascii=False, indent=2) + "\n")


def profiles(side: str) -> frozenset[str]:
    """The agent profiles that a board may name: those shipped with us, and the board's own in `.board/agents`."""
    from board.templates import template_names

    return frozenset(("shell", *_named(template_names("agents")), *_filed(side)))


def _filed(side: str) -> frozenset[str]:
    try:
        return frozenset(_named(os.listdir(os.path.join(side, "agents"))))
    except OSError:
        return frozenset()


def _named(files: Iterable[str]) -> Iterator[str]:
    return (name[:-5] for name in files if name.endswith(".yaml"))
