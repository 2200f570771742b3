"""The only way in to tmux: one-shot calls to a server of our own, each a process with a time-out, and the attaching.

No rule stands behind it, and it opens no window and starts no worker: that is the attached `server`'s.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from supervisor.control import TIMEOUT, Control, NoServer, TmuxMissing, TmuxRefused, TmuxTimeout, is_no_server
from supervisor.panes import BELLS_OPTION
from supervisor.processes import identify
from supervisor.server import EXEC, Server, ServerId, literal

SLOW = 10.0  # seconds for a start that others have a hand in, as systemd while a machine starts
PLACEHOLDER = "(crewboard)"  # no task can have this name
_OPTIONS = (
    ("-s", "exit-empty", "on"),
    ("-s", "escape-time", "0"),
    ("-s", "set-clipboard", "off"),
    ("-s", "default-terminal", "screen-256color"),
    ("-g", "history-limit", "20000"),
    ("-g", "default-size", "200x50"),
    ("-g", "destroy-unattached", "off"),
    ("-g", "set-titles", "off"),
    ("-g", "status-right", ""),
    ("-g", "status-interval", "0"),
    ("-wg", "remain-on-exit", "on"),
    ("-wg", "automatic-rename", "off"),
    ("-wg", "allow-rename", "off"),
)
# A bell is over when it has rung: the server counts them, or nobody would know of one between two looks.
_COUNT_BELLS = ("-g", "alert-bell", f'set-option -wF {BELLS_OPTION} "#{{e|+:0#{{{BELLS_OPTION}}},1}}"')
_WELCOME = "One window a task. Choose one with C-b w, leave with C-b d: the workers stay.\n"


@dataclass(frozen=True, slots=True)
class Tmux:
    """One-shot calls, each a process, to the server on this socket.

    `start_with` goes before the call that may start the server, as with `systemd-run --user --scope`.
    Raises ValueError for a socket that could be a person's own server.
    """

    socket: str
    start_with: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w.-]+", self.socket) or self.socket == "default":
            raise ValueError(f"not a socket of our own: {self.socket!r}")

    def version(self) -> tuple[int, int] | None:
        """None for a build that does not tell, as those from the development branch."""
        said = _ask(["tmux", "-V"], TIMEOUT)
        found = re.search(r"(\d+)\.(\d+)", said)
        return (int(found[1]), int(found[2])) if found else None

    def run(self, *command: str, timeout: float = TIMEOUT) -> str:
        """One command's output; never starts a server."""
        return _ask([*self._argv("-N"), *_as_arguments(command)], timeout)

    def ensure_server_and_session(self, session: str, cwd: str) -> ServerId:
        """Our server with our options and this session; twice is harmless, at the same time too.

        Never call it while holding a lock. The new server keeps our environment and the folder `/`.
        """
        window = ["-n", PLACEHOLDER, "-c", literal(cwd), "--", *EXEC, "printf", _WELCOME]
        commands = [
            ["start-server"],
            *(["set-option", *option] for option in _OPTIONS),
            ["set-hook", *_COUNT_BELLS],
            ["new-session", "-d", "-s", session, *window],
        ]
        line = [word for command in commands for word in (*_as_arguments(command), ";")]
        try:
            _ask([*self.start_with, *self._argv(), *line[:-1]], SLOW if self.start_with else TIMEOUT)
        except TmuxRefused as refusal:
            if not str(refusal).startswith("duplicate session"):
                raise
        return _server_id(self.run("display-message", "-p", "-t", f"={session}:", "#{pid}"))

    async def connect(self, session: str) -> Server:
        """A standing client of a session that exists; close it when done."""
        flags = "no-output,ignore-size"
        argv = [*self._argv("-N", "-C"), "attach-session", "-f", flags, "-t", f"={session}"]
        control = await Control.open(argv, _environment())
        try:
            control.server = _server_id("".join(await control.call("display-message", "-p", "#{pid}")))
        except BaseException:
            await control.close()
            raise
        return Server(control, control.server)

    def attach_argv(self, session: str, window: str | None = None) -> list[str]:
        """For `os.execvp`, also from inside a person's own tmux; `window` is an id or a name."""
        target = f"={session}:{window or ''}"
        return ["env", "-u", "TMUX", "-u", "TMUX_PANE", *self._argv("-N"), "attach-session", "-t", target]

    def kill_server(self) -> None:
        """Every session, window and worker on this socket, but for workers that ignore SIGHUP."""
        try:
            self.run("kill-server")
        except NoServer:
            return

    def _argv(self, *flags: str) -> list[str]:
        return ["tmux", "-u", "-L", self.socket, "-f", "/dev/null", *flags]


def session_name(board_path: str) -> str:
    """A board's session: its folder's name for people, and a hash of the whole path against namesakes."""
    folder = os.path.basename(os.path.dirname(board_path))
    readable = re.sub(r"[^a-z0-9_]+", "-", folder, flags=re.IGNORECASE | re.ASCII).strip("-")[:40]
    digest = hashlib.blake2b(os.fsencode(board_path), digest_size=4).hexdigest()
    return f"{readable or 'board'}-{digest}"


def _ask(argv: list[str], timeout: float) -> str:
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=_environment(),
            cwd="/",
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        raise TmuxMissing(str(error)) from error
    except subprocess.TimeoutExpired:
        raise TmuxTimeout(f"{argv[0]}: no answer within {timeout:g} s") from None
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "replace")
    complaint = done.stderr.decode("utf-8", "replace").strip()
    raise NoServer(complaint) if is_no_server(complaint) else TmuxRefused(complaint)


def _environment() -> dict[str, str]:
    """Ours without what names an outer tmux or an outer worker: the server hands it on to every pane."""
    inner = ("TMUX", "CREWBOARD_", "BOARD_")
    return {key: value for key, value in os.environ.items() if key == "TMUX_TMPDIR" or not key.startswith(inner)}


def _as_arguments(command: Sequence[str]) -> list[str]:
    """On a command line, tmux takes a semicolon at an argument's end for the end of the command."""
    return [f"{word[:-1]}\\;" if word.endswith(";") else word for word in command]


def _server_id(pid: str) -> ServerId:
    found = identify(int(pid)) if pid.strip().isdecimal() else None
    if found is None:
        raise NoServer("the server ended while it was asked for its pid")
    return found
