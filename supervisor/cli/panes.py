"""Where a task's pane is. It looks at tmux by single calls and changes nothing there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from board.cli.context import Context
from board.errors import BoardError, InvalidBoard
from supervisor.control import NoServer, TmuxError, TmuxRefused
from supervisor.model import Attempt, read_mark
from supervisor.panes import ATTEMPT_OPTION
from supervisor.status import read_status
from supervisor.tmux import Tmux, session_name

_FORMAT = f"#{{window_id}} #{{pane_id}} #{{pane_dead}} #{{{ATTEMPT_OPTION}}}|#{{window_name}}"


class Home(NamedTuple):
    """Our server and our session for one board, whether they exist or not."""

    tmux: Tmux
    session: str


class Window(NamedTuple):
    name: str
    id: str
    pane: str
    is_dead: bool
    attempt: Attempt | None


def home(ctx: Context) -> Home:
    """From the board; while that can't be used, from what the supervisor last wrote. Raises InvalidBoard."""
    session = session_name(ctx.store.real)
    try:
        socket = ctx.read().board.settings.socket
    except InvalidBoard:
        view: Mapping[str, Any] = read_status(ctx.store.side) or {}
        if not isinstance(view.get("socket"), str):
            raise
        socket = view["socket"]
    try:
        return Home(Tmux(socket), session)
    except ValueError as error:
        raise InvalidBoard(str(error), "settings.tmux.socket names another one") from None


def windows(at: Home) -> list[Window] | None:
    """Every pane of our session; None when there is no such session. Raises TmuxError when tmux gives no answer."""
    try:
        text = at.tmux.run("list-panes", "-s", "-t", f"={at.session}", "-F", _FORMAT)
    except (NoServer, TmuxRefused):
        return None
    return [_window(line) for line in text.splitlines()]


def _window(line: str) -> Window:
    head, _, name = line.partition("|")
    window, pane, is_dead, *mark = head.split(" ")
    return Window(name, window, pane, is_dead == "1", read_mark(mark[0]) if mark else None)


def asked_windows(at: Home) -> list[Window] | None:
    """The same for a command: without an answer it fails in one line."""
    try:
        return windows(at)
    except TmuxError as error:
        raise BoardError(f"tmux gave no answer: {error}", "supervisor doctor") from None
