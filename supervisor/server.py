"""The tmux server that we are attached to: its panes listed, opened, started anew and read, by id and with a time-out.

No rule stands behind it: it neither judges what it sees nor decides what should run, and it starts no server (`tmux`).
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from supervisor.control import Control, TmuxRefused
from supervisor.panes import FORMAT, OUTPUT_FORMAT, PROCESS_OPTION, Output, Pane, lives, read_output, read_pane
from supervisor.processes import ProcessId, environment_of, identify, send

ServerId = ProcessId
EXIT_WAIT = 0.25  # seconds until an exit that tmux has lost counts as lost for good
OPEN_WAIT = 2.0  # seconds for a new window's first process to end
LOOK_AGAIN = 0.001  # seconds

# One dialect for run and env: tmux starts several arguments without a shell, but one alone through it, and
# `env` says 127 for a missing program where tmux itself would say 1.
EXEC = ("/usr/bin/env", "--")

# Where a process ends before tmux has read what it wrote, tmux closes the terminal and drops that, unless the pane is
# piped somewhere: then it reads first what the terminal holds (`window_pane_destroy_ready` in tmux's window.c). Of 900
# workers that said a word and ended, 133 were never heard without this, and 3 with it (3.3a): what the kernel hasn't
# handed to the terminal by then is lost all the same.
DRAIN = "exec cat >/dev/null"


@dataclass(frozen=True, slots=True)
class ExitSeen:
    """`has_ended` False: the process lives, or may. True with two Nones: it ended, nobody can say how."""

    has_ended: bool
    status: int | None = None
    signal: int | None = None


# What has to be the same when a key is sent as when the screen was looked at. Whoever types moves the cursor.
STANDING = (
    "#{pane_dead}#{pane_in_mode}#{pane_input_off}#{pane_synchronized}"
    " #{pane_pid}/#{cursor_x}/#{cursor_y}/#{history_size}/#{alternate_on}"
)
OBSTACLES = ("its pane is dead", "its pane is in copy mode", "its pane takes no input", "its panes are synchronized")


@dataclass(frozen=True, slots=True)
class Look:
    """A screen at one instant: its text with colours (raw), and how it stood."""

    screen: str
    standing: str

    @property
    def is_dead(self) -> bool:
        return not self.standing.startswith("0")

    @property
    def pid(self) -> int:
        """Of the pane's own process."""
        return int(self.standing.split()[1].partition("/")[0] or 0)

    @property
    def obstacle(self) -> str:
        """Why no key should be sent there; empty where one may be."""
        found = (why for flag, why in zip(self.standing, OBSTACLES, strict=False) if flag != "0")
        return next(found, "")


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
        return [read_pane(line) for line in await self.control.call("list-panes", *where, "-F", FORMAT)]

    async def outputs(self, session: str) -> dict[str, Output]:
        """What tells whether a pane of this session was written to, for all of them in one call."""
        lines = await self.control.call("list-panes", "-s", "-t", f"={session}", "-F", OUTPUT_FORMAT)
        return dict(map(read_output, lines))

    async def open_window(self, session: str, name: str, cwd: str) -> Pane:
        """This session's only window of that name, new or old; a new one's first process has ended.

        So `respawn` is the one way in. Raises ValueError for a name that tmux would write otherwise.
        """
        if not re.fullmatch(r"[\w-]+", name, re.ASCII):
            raise ValueError(f"not a window name: {name!r}")
        window = ["-d", "-S", "-n", name, "-c", literal(cwd), "-t", f"={session}:"]
        listing = ["list-panes", "-s", "-t", f"={session}", "-F", FORMAT]
        lines = (await self.control.together(["new-window", *window, "--", *EXEC, "true"], listing))[-1]
        panes = [pane for pane in map(read_pane, lines) if pane.window_name == name]
        # A person may have split the window: the worker's pane is the marked one, else the oldest.
        pane = await self._at_rest(min(panes, key=lambda pane: (pane.mark is None, int(pane.id[1:]))))
        if not _is_clogged(pane):
            return pane
        await self.close_window(pane.window_id)
        return await self.open_window(session, name, cwd)

    async def respawn(
        self,
        pane_id: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        options: Mapping[str, str],
        pipe_into: str = DRAIN,
    ) -> int:
        """Start `argv` as the pane's own process and return its pid; of two that race, one wins.

        The winner alone leaves `options` on the pane, in the same breath. Raises TmuxRefused while the pane
        lives or without the folder, and ValueError for what no process could be given.
        """
        if not argv or "=" in argv[0]:
            raise ValueError(f"not a program: {argv!r}")
        if not os.path.isdir(cwd):  # tmux would start it in the home folder and say nothing
            raise TmuxRefused(f"no such folder: {cwd}")
        start = ["respawn-pane", "-t", pane_id, "-c", literal(cwd), *_variables(env), "--", *EXEC, *argv]
        pipe = ["pipe-pane", "-O", "-t", pane_id, pipe_into]
        marks = [["set-option", "-p", "-t", pane_id, "--", *option] for option in options.items()]
        unmark = ["set-option", "-p", "-u", "-t", pane_id, PROCESS_OPTION]
        ask = ["display-message", "-p", "-t", pane_id, "#{pane_pid}"]
        pid = int((await self.control.together(start, pipe, unmark, *marks, ask))[-1][0])
        if PROCESS_OPTION not in options and (process := identify(pid)):
            await self.set_option(pane_id, PROCESS_OPTION, f"{process.pid}:{process.ticks}")
        return pid

    async def exit_of(self, pane_id: str) -> ExitSeen:
        """How the pane's process ended, within 250 ms; a lost exit is asked for again, never made up."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + EXIT_WAIT
        while True:
            pane = await self._pane(pane_id)
            is_known = pane.exit_status is not None or pane.exit_signal is not None
            if is_known and (pane.is_dead or not lives(pane)):
                return ExitSeen(True, pane.exit_status, pane.exit_signal)  # noqa: FBT003
            if lives(pane):
                return ExitSeen(has_ended=False)
            if loop.time() >= deadline:
                return ExitSeen(has_ended=True)
            await asyncio.sleep(LOOK_AGAIN)
            self._nudge()

    async def capture(self, pane_id: str, *, history: bool = True) -> str:
        """The text as it was written, wrapped lines joined; raw, so redact it before it goes anywhere."""
        since = ["-S", "-"] if history else []
        return "\n".join(await self.control.call("capture-pane", "-p", "-J", *since, "-t", pane_id))

    async def tail(self, pane_id: str, lines: int) -> list[str]:
        """The last lines that were written, at least so many where there are; raw, as `capture`'s are."""
        return await self.control.call("capture-pane", "-p", "-J", "-S", f"-{lines}", "-t", pane_id)

    async def look(self, pane_id: str) -> Look:
        """What is to be seen there now, for whoever means to answer it. Raises TmuxRefused for a pane that is gone."""
        screen = ["capture-pane", "-p", "-e", "-J", "-t", pane_id]
        lines, told = await self.control.together(screen, ["display-message", "-p", "-t", pane_id, STANDING])
        return Look("\n".join(lines), told[0])

    async def press(self, pane_id: str, keys: Sequence[str], look: Look) -> bool:
        """Keys by tmux's names, all or none; False, and none was sent, where the screen has moved since that look."""
        return await self.control.if_so(pane_id, _still(look), ["send-keys", "-t", pane_id, "--", *keys])

    async def paste(self, pane_id: str, text: str, look: Look) -> bool:
        """The text as one bracketed paste, as `press` does; it passes no file and no process."""
        name = f"crewboard-{secrets.token_hex(8)}"
        await self.control.call("set-buffer", "-b", name, "--", text)
        try:
            return await self.control.if_so(pane_id, _still(look), ["paste-buffer", "-p", "-b", name, "-t", pane_id])
        finally:
            await self.control.call("delete-buffer", "-b", name)

    async def pipe(self, pane_id: str, into: str) -> None:
        """What the pane is sent from now on goes to this command, and no longer to another one."""
        await self.control.call("pipe-pane", "-O", "-t", pane_id, into)

    async def environment(self, session: str) -> list[bytes]:
        """What every process of this session is started with: from the server's start, and as it was changed since."""
        asked = (["show-environment", "-g"], ["show-environment", "-t", f"={session}"])
        changed = [line.encode() for lines in await self.control.together(*asked) for line in lines]
        return [*environment_of(self.id.pid), *changed]

    async def close_window(self, window_id: str) -> None:
        """A worker that ignores SIGHUP outlives this: `kin.survivors` sees it."""
        await self.control.call("kill-window", "-t", window_id)

    async def set_option(self, pane_id: str, name: str, value: str) -> None:
        await self.control.call("set-option", "-p", "-t", pane_id, "--", name, value)

    async def _pane(self, pane_id: str) -> Pane:
        # Not display-message: of a pane that is gone it prints empty fields instead of an error.
        only = f"#{{==:#{{pane_id}},{pane_id}}}"
        return read_pane((await self.control.call("list-panes", "-t", pane_id, "-f", only, "-F", FORMAT))[0])

    async def _at_rest(self, pane: Pane) -> Pane:
        """A live pane without a mark is a window being opened: wait for its first process to end. One whose process has
        ended is being read out: wait for that, but not for a reader that is stuck."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + OPEN_WAIT
        while not pane.is_dead and (pane.mark is None or _is_clogged(pane)) and loop.time() < deadline:
            await asyncio.sleep(LOOK_AGAIN)
            pane = await self._pane(pane.id)
            if not pane.is_dead and not lives(pane):
                self._nudge()
        return pane

    def _nudge(self) -> None:
        """A child's end that the server missed (libutempter) is noticed at the next SIGCHLD."""
        send(self.id, signal.SIGCHLD)


def _still(look: Look) -> str:
    return f"#{{==:{STANDING},{look.standing}}}"


def _is_clogged(pane: Pane) -> bool:
    return pane.mark is not None and not pane.is_dead and not lives(pane)


def literal(text: str) -> str:
    """For arguments in which tmux expands formats: `#(...)` there would be a command. `#[` it leaves alone."""
    return re.sub(r"#+(?!#|\[)", lambda found: found[0] * 2, text)


def _variables(env: Mapping[str, str]) -> list[str]:
    for name in env:
        if not name or "=" in name:
            raise ValueError(f"not a variable's name: {name!r}")
    return [word for name, value in env.items() for word in ("-e", f"{name}={value}")]
