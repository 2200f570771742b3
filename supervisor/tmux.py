"""The only door to tmux: sessions, windows and panes of a server of our own, by id and with a time-out.

No rule stands behind it: it neither judges what it sees nor decides what should run.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from supervisor.control import (
    TIMEOUT,
    Control,
    Detached,
    NoServer,
    TmuxError,
    TmuxMissing,
    TmuxRefused,
    TmuxTimeout,
    is_no_server,
)
from supervisor.processes import ProcessId, identify, is_alive, send

__all__ = [
    "Detached",
    "ExitSeen",
    "NoServer",
    "Pane",
    "Server",
    "ServerId",
    "Tmux",
    "TmuxError",
    "TmuxMissing",
    "TmuxRefused",
    "TmuxTimeout",
    "session_name",
]

ServerId = ProcessId
ATTEMPT_OPTION = "@crewboard_attempt"
PROCESS_OPTION = "@crewboard_process"
PLACEHOLDER = "(crewboard)"  # no task can have this name
EXIT_WAIT = 0.25  # seconds until an exit that tmux has lost counts as lost for good
OPEN_WAIT = 2.0  # seconds for a new window's first process to end
LOOK_AGAIN = 0.001  # seconds

# One dialect for run and env: tmux starts several arguments without a shell, but one alone through it, and
# `env` says 127 for a missing program where tmux itself would say 1.
_EXEC = ("/usr/bin/env", "--")
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
_WELCOME = "One window a task. Choose one with C-b w, leave with C-b d: the workers stay.\n"

_FORMAT = (
    "#{pane_id} #{window_id} #{pane_pid} #{pane_dead} #{pane_dead_status} #{pane_dead_signal}"
    f" #{{{PROCESS_OPTION}}} #{{{ATTEMPT_OPTION}}} #{{session_name}}:#{{window_name}}"
)
# A session's name never holds a colon, and only the window's name, the last, may hold a space.
_LINE = re.compile(r"(%\d+) (@\d+) (-?\d*) ([01]?) (\d*) (\w*) (\S*) (\S*) ([^:]*):(.*)")


@dataclass(frozen=True, slots=True)
class Pane:
    """`exit_status` and `exit_signal`: both None while it runs, and when tmux has lost how it ended.

    `mark` and `process` are what the last `respawn` left on it; `is_dead` is tmux's word on the terminal.
    """

    id: str
    session: str
    window_id: str
    window_name: str
    pid: int
    is_dead: bool
    exit_status: int | None
    exit_signal: int | None
    mark: str | None
    process: ProcessId | None


@dataclass(frozen=True, slots=True)
class ExitSeen:
    """`has_ended` False: the process lives, or may. True with two Nones: it ended, nobody can say how."""

    has_ended: bool
    status: int | None = None
    signal: int | None = None


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
        window = ["-n", PLACEHOLDER, "-c", _literal(cwd), "--", *_EXEC, "printf", _WELCOME]
        commands = [
            ["start-server"],
            *(["set-option", *option] for option in _OPTIONS),
            ["new-session", "-d", "-s", session, *window],
        ]
        line = [word for command in commands for word in (*_as_arguments(command), ";")]
        try:
            _ask([*self.start_with, *self._argv(), *line[:-1]], TIMEOUT)
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


@dataclass(frozen=True, slots=True)
class Server:
    """A server that we are attached to; its calls raise as `Control`'s do.

    `id` with a pane's id names one pane of this boot: another server hands out `%0` again.
    """

    control: Control
    id: ServerId

    async def close(self) -> None:
        await self.control.close()

    async def panes(self, session: str | None = None) -> list[Pane]:
        """All of them, or one session's, in one call."""
        where = ["-a"] if session is None else ["-s", "-t", f"={session}"]
        return [_pane(line) for line in await self.control.call("list-panes", *where, "-F", _FORMAT)]

    async def open_window(self, session: str, name: str, cwd: str) -> Pane:
        """This session's only window of that name, new or old; a new one's first process has ended.

        So `respawn` is the one way in. Raises ValueError for a name that tmux would write otherwise.
        """
        if not re.fullmatch(r"[\w-]+", name, re.ASCII):
            raise ValueError(f"not a window name: {name!r}")
        window = ["-d", "-S", "-n", name, "-c", _literal(cwd), "-t", f"={session}:"]
        listing = ["list-panes", "-s", "-t", f"={session}", "-F", _FORMAT]
        lines = (await self.control.together(["new-window", *window, "--", *_EXEC, "true"], listing))[-1]
        panes = [pane for pane in map(_pane, lines) if pane.window_name == name]
        # A person may have split the window: the worker's pane is the marked one, else the oldest.
        return await self._at_rest(min(panes, key=lambda pane: (pane.mark is None, int(pane.id[1:]))))

    async def respawn(
        self,
        pane_id: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        options: Mapping[str, str],
    ) -> int:
        """Start `argv` as the pane's own process and return its pid; of two that race, one wins.

        The winner alone leaves `options` on the pane, in the same breath. Raises TmuxRefused while the pane
        lives or without the folder, and ValueError for what no process could be given.
        """
        if not argv or "=" in argv[0]:
            raise ValueError(f"not a program: {argv!r}")
        if not os.path.isdir(cwd):  # tmux would start it in the home folder and say nothing
            raise TmuxRefused(f"no such folder: {cwd}")
        start = ["respawn-pane", "-t", pane_id, "-c", _literal(cwd), *_variables(env), "--", *_EXEC, *argv]
        marks = [["set-option", "-p", "-t", pane_id, "--", *option] for option in options.items()]
        unmark = ["set-option", "-p", "-u", "-t", pane_id, PROCESS_OPTION]
        ask = ["display-message", "-p", "-t", pane_id, "#{pane_pid}"]
        pid = int((await self.control.together(start, unmark, *marks, ask))[-1][0])
        if PROCESS_OPTION not in options and (process := identify(pid)):
            await self.set_option(pane_id, PROCESS_OPTION, f"{process.pid}:{process.ticks}")
        return pid

    async def exit_of(self, pane_id: str) -> ExitSeen:
        """How the pane's process ended, within 250 ms; a lost exit is asked for again, never made up."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + EXIT_WAIT
        while True:
            pane = await self._pane(pane_id)
            if pane.exit_status is not None or pane.exit_signal is not None:
                return ExitSeen(True, pane.exit_status, pane.exit_signal)  # noqa: FBT003
            if _lives(pane):
                return ExitSeen(has_ended=False)
            if loop.time() >= deadline:
                return ExitSeen(has_ended=True)
            await asyncio.sleep(LOOK_AGAIN)
            self._nudge()

    async def capture(self, pane_id: str, *, history: bool = True) -> str:
        """The text as it was written, wrapped lines joined; raw, so redact it before it goes anywhere."""
        since = ["-S", "-"] if history else []
        return "\n".join(await self.control.call("capture-pane", "-p", "-J", *since, "-t", pane_id))

    async def close_window(self, window_id: str) -> None:
        """A worker that ignores SIGHUP outlives this: `processes.survivors` sees it."""
        await self.control.call("kill-window", "-t", window_id)

    async def set_option(self, pane_id: str, name: str, value: str) -> None:
        await self.control.call("set-option", "-p", "-t", pane_id, "--", name, value)

    async def _pane(self, pane_id: str) -> Pane:
        # Not display-message: of a pane that is gone it prints empty fields instead of an error.
        only = f"#{{==:#{{pane_id}},{pane_id}}}"
        return _pane((await self.control.call("list-panes", "-t", pane_id, "-f", only, "-F", _FORMAT))[0])

    async def _at_rest(self, pane: Pane) -> Pane:
        """A live pane without a mark is a window being opened: wait for its first process to end."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + OPEN_WAIT
        while not pane.is_dead and pane.mark is None and loop.time() < deadline:
            await asyncio.sleep(LOOK_AGAIN)
            pane = await self._pane(pane.id)
            if not pane.is_dead and not _lives(pane):
                self._nudge()
        return pane

    def _nudge(self) -> None:
        """A child's end that the server missed (libutempter) is noticed at the next SIGCHLD."""
        send(self.id, signal.SIGCHLD)


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


def _literal(text: str) -> str:
    """For arguments in which tmux expands formats: `#(...)` there would be a command. `#[` it leaves alone."""
    return re.sub(r"#+(?!#|\[)", lambda found: found[0] * 2, text)


def _variables(env: Mapping[str, str]) -> list[str]:
    for name in env:
        if not name or "=" in name:
            raise ValueError(f"not a variable's name: {name!r}")
    return [word for name, value in env.items() for word in ("-e", f"{name}={value}")]


def _server_id(pid: str) -> ServerId:
    found = identify(int(pid)) if pid.strip().isdecimal() else None
    if found is None:
        raise NoServer("the server ended while it was asked for its pid")
    return found


def _pane(line: str) -> Pane:
    """Raises TmuxError for a line that it can't read whole: a pane left out would count as gone."""
    found = _LINE.fullmatch(line)
    if found is None:
        raise TmuxError(f"unreadable pane: {line!r}")
    pane, window, pid, dead, status, number, process, mark, session, name = found.groups()
    is_dead = dead == "1"
    return Pane(
        id=pane,
        session=session,
        window_id=window,
        window_name=name,
        pid=int(pid or 0),
        is_dead=is_dead,
        exit_status=int(status) if is_dead and status else None,
        exit_signal=_signal_number(number) if is_dead else None,
        mark=mark or None,
        process=_process(process),
    )


def _process(text: str) -> ProcessId | None:
    pid, _, ticks = text.partition(":")
    return ProcessId(int(pid), int(ticks)) if pid.isdecimal() and ticks.isdecimal() else None


def _signal_number(text: str) -> int | None:
    """tmux writes a number on some systems and a name on others."""
    if text.isdecimal():
        return int(text)
    return getattr(signal, f"SIG{text.removeprefix('SIG')}", None) if text else None


def _lives(pane: Pane) -> bool:
    """Whether the process may live, whatever the pane says: a worker can close its terminal and go on."""
    if pane.pid <= 0:
        return not pane.is_dead
    process = pane.process or identify(pane.pid) or ProcessId(pane.pid, ticks=0)
    return is_alive(process) is not False
