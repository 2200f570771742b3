"""Putting a supervisor together from a board's path: the one place that knows all the parts. It runs nothing."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from board.engine import Engine
from board.journal.sink import make_redactor
from board.store import FileStore
from supervisor.ledger import Ledger
from supervisor.masks import KeptJournal, Masks
from supervisor.profiles import Profiles
from supervisor.scope import words_before
from supervisor.service import Mode, Supervisor
from supervisor.tidying import Tidy
from supervisor.tmux import Tmux, session_name
from supervisor.tools import Tools


def open_engine(path: str, env: Mapping[str, str]) -> tuple[Engine, Masks]:
    """The board's engine with a journal for a program that writes much, and what decides how that is redacted."""
    store = FileStore(path)
    store.prepare()
    journal = KeptJournal(os.path.join(store.side, "journal"), make_redactor(store.side, env), fast=True)
    return Engine(store, journal, profiles=Profiles(store.side).names()), Masks(journal, store.side, env)


def assemble(path: str, env: Mapping[str, str], mode: Mode) -> Supervisor:
    """A supervisor for this board. Raises InvalidBoard when there is no usable board to begin with."""
    engine, masks = open_engine(path, env)
    settings = engine.read().board.settings
    tools = Tools(
        engine=engine,
        ledger=Ledger(engine, supervisor_name()),
        profiles=Profiles(engine.store.side),
        redactor=masks.take(settings.redact),
        masks=masks,
        session=session_name(engine.store.real),
        watch=lambda _: None,
    )
    if isinstance(engine.sink, KeptJournal) and not mode.dry:
        tools.tidy = Tidy(engine.sink, engine.store.side, tools.tell)
    return Supervisor(engine, tools, Tmux(settings.socket, words_before(env)), mode)


def supervisor_name() -> str:
    """Who a supervisor is in claims: the same after its own restart on this machine, another one elsewhere."""
    return f"supervisor@{socket.gethostname().split('.')[0] or 'localhost'}"
