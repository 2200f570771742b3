"""Putting a supervisor together from a board's path: the one place that knows all the parts. It runs nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping

from board.engine import Engine
from board.journal.sink import make_redactor
from board.store import FileStore
from supervisor.ledger import Ledger
from supervisor.masks import KeptJournal, Masks
from supervisor.notify.bell import Bell
from supervisor.processes import ATTEMPT
from supervisor.profiles import Profiles
from supervisor.recorder import Recorder
from supervisor.scope import words_before
from supervisor.service import Mode, Supervisor
from supervisor.tidying import Tidy
from supervisor.tmux import Tmux, session_name
from supervisor.tools import Tools

# -P: a folder named `board` or `supervisor` beside the board is not our package.
OURSELVES = (sys.executable, "-P", "-m", "supervisor")


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
    tools.recorder = Recorder(engine.store.side, tools.tell, lambda: start_reader(engine.store.real), tools.drain)
    keeper = Supervisor(engine, tools, Tmux(settings.socket, words_before(env)), mode)
    keeper.bell = Bell(tools, lambda: start_sender(engine.store.real))
    return keeper


def start_reader(path: str) -> subprocess.Popen[bytes]:
    """It lives on when we die, and says what is left. Raises OSError."""
    return _beside("sink", "--board", path)


def start_sender(path: str) -> subprocess.Popen[bytes]:
    """It sends what is due, and ends. Raises OSError."""
    return _beside("notify", "--flush", "-q", "--board", path)


def _beside(*words: str) -> subprocess.Popen[bytes]:
    """One of our own programs, in a session of its own."""
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        [*OURSELVES, *words],
        stdin=quiet,
        stdout=quiet,
        stderr=quiet,
        env=own_environment(),
        cwd="/",
        start_new_session=True,
    )


def own_environment() -> dict[str, str]:
    """Ours without what marks a worker: a process of ours that carries an attempt's mark would be ended with it.

    And without a service manager's words to us: who runs in the background is not the process that it waits for.
    """
    marks = ("TMUX", ATTEMPT, "BOARD_", "NOTIFY_SOCKET", "WATCHDOG_")
    return {key: value for key, value in os.environ.items() if key == "TMUX_TMPDIR" or not key.startswith(marks)}


def supervisor_name() -> str:
    """Who a supervisor is in claims: the same after its own restart on this machine, another one elsewhere."""
    return f"supervisor@{socket.gethostname().split('.')[0] or 'localhost'}"
