"""What a doctor looks at and what it says of it: values, made once and handed from check to check. Checks nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from board import place
from board.engine import Engine
from board.errors import InvalidBoard
from board.model import ENDED, Board, Task
from board.settings import Settings
from board.store import FileStore
from supervisor.profiles import Profiles

Level = Literal["ok", "warning", "failure"]


class Finding(NamedTuple):
    name: str
    level: Level
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined. `store` is None without a board file to be found, `board` None while it can't be used."""

    env: Mapping[str, str]
    store: FileStore | None
    board: Board | None
    problem: InvalidBoard | None

    @property
    def settings(self) -> Settings:
        return self.board.settings if self.board else Settings()

    @property
    def open_tasks(self) -> list[Task]:
        return [task for task in self.board.tasks if task.status not in ENDED] if self.board else []


class _Silent:
    def append(self, event: object, at: float) -> None:
        """A doctor writes no journal."""


def patient_of(named: str | None, env: Mapping[str, str]) -> Patient:
    store: FileStore | None = None
    try:
        store = FileStore(place.find(named, env, os.getcwd()), lock_timeout=1.0)
        board = Engine(store, _Silent(), profiles=Profiles(store.side).names()).read().board
    except InvalidBoard as error:
        return Patient(env, store, None, error)
    return Patient(env, store, board, None)
