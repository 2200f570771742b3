"""A pane as tmux tells of it: the line that is asked for, read whole or not at all.

It asks tmux nothing itself, and takes its word on the terminal only: whether the process lives, /proc says.
"""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass

from supervisor.control import TmuxError
from supervisor.processes import ProcessId, identify, is_alive

ATTEMPT_OPTION = "@crewboard_attempt"
PROCESS_OPTION = "@crewboard_process"
BELLS_OPTION = "@crewboard_bells"  # of a window: how often it was rung in, counted by the server itself

FORMAT = (
    "#{pane_id} #{window_id} #{pane_pid} #{pane_dead} #{pane_dead_status} #{pane_dead_signal}"
    f" #{{{PROCESS_OPTION}}} #{{{ATTEMPT_OPTION}}} #{{session_name}}:#{{window_name}}"
)
# What is written to a pane moves at least one of these; the last is a clock's, and only ever compared.
OUTPUT_FORMAT = (
    "#{pane_id} #{alternate_on} #{history_size}/#{cursor_x}/#{cursor_y}/#{window_activity}"
    f" #{{{BELLS_OPTION}}} #{{pane_title}}"
)
# A session's name never holds a colon, and only the window's name, the last, may hold a space.
_LINE = re.compile(r"(%\d+) (@\d+) (-?\d*) ([01]?) (\d*) (\w*) (\S*) (\S*) ([^:]*):(.*)")


@dataclass(frozen=True, slots=True)
class Pane:
    """`exit_status` and `exit_signal`: both None while it runs, and when tmux has lost how it ended. They may be known
    before the pane `is_dead`: it isn't for as long as its output has not gone where it is piped.

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
class Output:
    """`mark` is another one after each byte that the pane was sent, or after those of one second at least.

    `bells` are those of its window since the server began.
    """

    mark: str
    is_full_screen: bool
    title: str = ""
    bells: int = 0

    def is_untouched_since(self, at: float) -> bool:
        """By tmux's own clock, in whole seconds; a person's pane in the same window counts as well."""
        written = self.mark.rpartition("/")[2]
        return written.isdecimal() and int(written) <= at


def read_output(line: str) -> tuple[str, Output]:
    """The pane's id with what tmux tells of its output; raises TmuxError for a line that it can't read whole."""
    found = re.fullmatch(r"(%\d+) ([01]?) (\d+/\d+/\d+/\d+) (\d*) (.*)", line)
    if found is None:
        raise TmuxError(f"unreadable output: {line!r}")
    return found[1], Output(found[3], found[2] == "1", found[5].strip(), int(found[4] or 0))


def read_pane(line: str) -> Pane:
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
        exit_status=int(status) if status else None,
        exit_signal=_signal_number(number),
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


def lives(pane: Pane) -> bool:
    """Whether the process may live, whatever the pane says: a worker can close its terminal and go on."""
    if pane.pid <= 0:
        return not pane.is_dead
    process = pane.process or identify(pane.pid) or ProcessId(pane.pid, ticks=0)
    return is_alive(process) is not False
