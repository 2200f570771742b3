"""What would keep a board from being kept well on this machine: one small check a concern, each with its remedy.

It changes nothing but for taking the board's lock for an instant; `supervisor.cli.checking` shows what it finds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from board import git, place
from board.engine import Engine
from board.errors import BoardError, Busy, InvalidBoard
from board.model import ENDED, Board, Task
from board.settings import Settings
from board.store import FileStore
from supervisor.control import NoServer, TmuxError, TmuxMissing, TmuxTimeout
from supervisor.instance import running
from supervisor.launch import missing_program
from supervisor.mounts import kind_of, mount_of
from supervisor.processes import HAS_PIDFD
from supervisor.profiles import Profiles
from supervisor.tmux import Tmux

Level = Literal["ok", "warning", "failure"]

OLDEST_PYTHON = (3, 11)
OLDEST_TMUX = (3, 2)
OLDEST_GIT = (2, 30)
LONGEST_SOCKET = 107  # bytes: sun_path has 108 on Linux with the closing NUL (unix(7))
SHORT_OF_DISK, OUT_OF_DISK = 200 << 20, 20 << 20  # bytes
FEW_WATCHES, FEW_INSTANCES = 8192, 128  # what kernels have allowed each user since 2005
CLOCK_SLACK = 60.0  # seconds that another machine's file may be ahead
OLD = 60.0  # seconds after which a temporary file is nobody's any more


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


def examine(patient: Patient) -> list[Finding]:
    """Every check's finding, in order; a check that fails itself is a warning, and stops no other."""
    found = []
    for check in CHECKS:
        try:
            answer = check(patient)
        except (OSError, BoardError, TmuxError) as error:
            answer = Finding(check.__name__.replace("_", " "), "warning", f"could not tell: {error}")
        found += [answer] if isinstance(answer, Finding) else answer
    return found


def how_to_install(program: str) -> str:
    return " / ".join(f"{way} {program}" for way in ("apt install", "dnf install", "brew install", "apk add"))


# --- programs


def python_version(_: Patient) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return Finding("python", "failure", f"{version} is too old", "install 3.11 or newer")
    return Finding("python", "ok", version)


def tmux_program(_: Patient | None = None) -> Finding:
    try:
        version = Tmux("crewboard").version()
    except TmuxMissing:
        return Finding("tmux", "failure", "tmux is not installed", how_to_install("tmux"))
    except TmuxError as error:
        return Finding("tmux", "failure", f"`tmux -V` failed: {error}", how_to_install("tmux"))
    if version is None:
        return Finding("tmux", "ok", "a build that doesn't tell its version; 3.2 is needed")
    words = ".".join(map(str, version))
    if version < OLDEST_TMUX:
        return Finding("tmux", "failure", f"tmux {words} is too old, 3.2 is needed", how_to_install("tmux"))
    note = " (may lose how a worker ended; it is asked again until it knows)" if version < (3, 6) else ""
    return Finding("tmux", "ok", f"{words}{note}")


def git_program(patient: Patient) -> Finding:
    is_needed = patient.settings.worktrees.enabled
    version = git.version()
    if version is not None and version >= OLDEST_GIT:
        return Finding("git", "ok", ".".join(map(str, version)))
    if version is None:
        detail = "git is not installed: no worktrees, and no `done_when` that asks about commits"
    else:
        detail = f"git {'.'.join(map(str, version))} is too old, 2.30 is needed for worktrees"
    return Finding("git", "failure" if is_needed else "warning", detail, how_to_install("git"))


# --- tmux's server


def tmux_socket(patient: Patient) -> Finding:
    folder = os.path.join(patient.env.get("TMUX_TMPDIR") or "/tmp", f"tmux-{os.getuid()}")  # noqa: S108 - tmux's own
    path = os.path.join(folder, patient.settings.socket)
    remedy = "set TMUX_TMPDIR to a short path of a folder of your own"
    if len(os.fsencode(path)) > LONGEST_SOCKET:
        return Finding("socket", "failure", f"{path} is longer than {LONGEST_SOCKET} bytes", remedy)
    there = folder if os.path.isdir(folder) else os.path.dirname(folder)
    if not os.access(there, os.W_OK | os.X_OK):
        return Finding("socket", "failure", f"{there} can't be written", remedy)
    if there == folder and os.stat(folder).st_mode & 0o007:
        return Finding("socket", "failure", f"{folder} is open to others: tmux refuses it", f"chmod 700 {folder}")
    return Finding("socket", "ok", path)


def tmux_server(patient: Patient) -> Finding:
    try:
        tmux = Tmux(patient.settings.socket)
    except ValueError as error:
        return Finding("server", "failure", str(error), "settings.tmux.socket names another one")
    try:
        sessions = tmux.run("list-sessions", "-F", "#{session_name}").split()
    except TmuxMissing:
        return Finding("server", "failure", "there is no tmux to ask")
    except NoServer:
        return Finding("server", "ok", f"none runs on socket {tmux.socket} yet")
    except TmuxTimeout:
        remedy = f"tmux -L {tmux.socket} kill-server ends it and its workers"
        return Finding("server", "failure", f"the server on socket {tmux.socket} doesn't answer", remedy)
    except TmuxError as error:
        return Finding("server", "failure", f"the server on socket {tmux.socket} refuses us: {error}")
    return Finding("server", "ok", f"answers on socket {tmux.socket}, {len(sessions)} sessions")


# --- the board


def board_file(patient: Patient) -> Finding:
    if patient.problem is not None:
        first = patient.problem.problems[:1]
        path = patient.store.path if patient.store else ""
        detail = first[0].at(path) if first else patient.problem.message
        more = f" (and {len(patient.problem.problems) - 1} more)" if len(patient.problem.problems) > 1 else ""
        return Finding("board", "failure", detail + more, patient.problem.remedy or "board check")
    count = len(patient.board.tasks) if patient.board else 0
    return Finding("board", "ok", f"{patient.store.path if patient.store else ''}: {count} tasks")


def supervisor_running(patient: Patient) -> Finding | list[Finding]:
    if patient.store is None:
        return []
    note = running(patient.store.side)
    return Finding("supervisor", "ok", "none runs" if note is None else f"runs: {note.since(time.time())}")


def writable(patient: Patient) -> Finding | list[Finding]:
    if patient.store is None:
        return []
    for folder in (patient.store.folder, patient.store.side):
        if os.path.exists(folder) and not os.access(folder, os.W_OK | os.X_OK):
            return Finding("writable", "failure", f"{folder} can't be written", "the board is replaced, not written to")
    if os.path.exists(patient.store.real) and os.stat(patient.store.real).st_nlink > 1:
        detail = f"{patient.store.path} has more than one name (hard links)"
        return Finding("writable", "failure", detail, "keep one name, or use a symlink")
    return Finding("writable", "ok", patient.store.folder)


def file_system(patient: Patient) -> Finding | list[Finding]:
    """Locks between machines, or through a network's file system, are not to be trusted."""
    if patient.store is None:
        return []
    mount = mount_of(patient.store.folder)
    if mount is None:
        return Finding("file system", "warning", "could not tell on which file system the board lies")
    where = f"{mount.fstype} at {mount.point}"
    match kind_of(mount.fstype):
        case "local":
            return Finding("file system", "ok", where)
        case "unsure":
            return Finding("file system", "warning", f"{where}: locks may not work", "keep the board on a local disk")
        case "remote":
            detail = f"{where}: locks don't hold there, so two writers could both win"
            return Finding("file system", "failure", detail, "keep the board on a local disk")


def board_lock(patient: Patient) -> Finding | list[Finding]:
    if patient.store is None or not os.path.isdir(patient.store.side):
        return []
    try:
        with patient.store.locked():
            return Finding("lock", "ok", "can be taken")
    except Busy as error:
        return Finding("lock", "warning", error.message, error.remedy)
    except OSError as error:
        return Finding("lock", "failure", f"can't be taken: {error}", "see the file system's finding")


def disk(patient: Patient) -> Finding:
    free = shutil.disk_usage(patient.store.folder if patient.store else ".").free
    words = f"{free >> 20} MiB free"
    if free < SHORT_OF_DISK:
        return Finding("disk", "failure" if free < OUT_OF_DISK else "warning", words, "make room")
    return Finding("disk", "ok", words)


def leftovers(patient: Patient) -> Finding | list[Finding]:
    """What a killed writer left behind; harmless, and swept by the next one where it is the board's own."""
    if patient.store is None:
        return []
    side, now = Path(patient.store.side), time.time()
    patterns = ((side.parent, f"{Path(patient.store.real).name}.*.board-tmp"), (side, ".status.*.tmp"))
    found = [path for folder, pattern in (*patterns, (side / "requests", ".*.json")) for path in folder.glob(pattern)]
    old = sorted(str(path) for path in found if now - path.lstat().st_mtime > OLD)
    if old:
        return Finding("leftovers", "warning", f"{len(old)} temporary files of dead writers", f"rm {' '.join(old[:5])}")
    return Finding("leftovers", "ok", "none")


# --- the workers


def agents(patient: Patient) -> list[Finding]:
    """The program of each profile that an open task names, and of each that the board defines."""
    board, store = patient.board, patient.store
    if board is None or store is None:
        return []
    used = {task.agent for task in patient.open_tasks if task.agent is not None}
    profiles = Profiles(store.side)
    return [_agent(profiles, board, store, name, is_used=name in used) for name in sorted(used | set(board.agents))]


def _agent(profiles: Profiles, board: Board, store: FileStore, name: str, *, is_used: bool) -> Finding:
    level: Level = "failure" if is_used else "warning"
    try:
        profile = profiles.find(board, name)
    except BoardError as error:
        return Finding(f"agent {name}", level, error.message, error.remedy)
    missing = missing_program(profile, store.folder)
    if missing is not None:
        remedy = f"install {missing}, or put its folder on the PATH that the supervisor is started with"
        return Finding(f"agent {name}", level, f"the program {missing} is not on the PATH", remedy)
    return Finding(f"agent {name}", "ok", profile.program)


def briefs(patient: Patient) -> Finding | list[Finding]:
    if patient.store is None:
        return []
    named = [(task.id, task.brief) for task in patient.open_tasks if task.brief is not None]
    gone = [f"{name}: {path}" for name, path in named if not os.access(f"{patient.store.folder}/{path}", os.R_OK)]
    if gone:
        return Finding("briefs", "failure", f"can't be read: {', '.join(gone)}", "write them, or mend the paths")
    return Finding("briefs", "ok", f"{len(named)} can be read")


# --- the machine


def pidfd(_: Patient) -> Finding:
    try:
        if HAS_PIDFD:
            os.close(os.pidfd_open(os.getpid()))
            return Finding("pidfd", "ok", "deaths are seen at once")
    except OSError:
        pass
    return Finding("pidfd", "warning", "there is none: deaths are seen within a quarter of a second, by polling")


def inotify(_: Patient) -> Finding | list[Finding]:
    folder = Path("/proc/sys/fs/inotify")
    if not folder.is_dir():
        return []
    watches, instances = (int((folder / f"max_user_{name}").read_text()) for name in ("watches", "instances"))
    detail = f"{watches} watches and {instances} instances for each user"
    if watches < FEW_WATCHES or instances < FEW_INSTANCES:
        remedy = f"sysctl fs.inotify.max_user_watches=65536 fs.inotify.max_user_instances={FEW_INSTANCES * 4}"
        return Finding("inotify", "warning", detail, remedy)
    return Finding("inotify", "ok", detail)


def lingering(_: Patient) -> Finding | list[Finding]:
    """Whether what we start outlives the login; a question only where systemd is the init."""
    if not os.path.isdir("/run/systemd/system") or os.getuid() == 0:
        return []
    argv = ["loginctl", "show-user", str(os.getuid()), "--property=Linger", "--value"]
    try:
        said = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=3, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        said = b""
    if said.strip() == b"yes":
        return Finding("lingering", "ok", "on: workers outlive your login")
    detail = "off: your login's end may end the workers" if said.strip() == b"no" else "could not tell"
    return Finding("lingering", "warning", detail, "loginctl enable-linger")


def clock(patient: Patient) -> Finding:
    """Leases and pauses are instants: a clock that went back makes them longer."""
    now = time.time()
    known = [task.claim.at for task in patient.open_tasks if task.claim is not None]
    if patient.store is not None and os.path.exists(patient.store.real):
        known.append(os.stat(patient.store.real).st_mtime)
    ahead = max((at - now for at in known), default=0.0)
    if ahead > CLOCK_SLACK:
        return Finding("clock", "warning", f"the board knows of an instant {ahead:.0f} s ahead", "set this clock right")
    return Finding("clock", "ok", "nothing on the board lies ahead of it")


Check = Callable[[Patient], Finding | list[Finding]]

CHECKS: tuple[Check, ...] = (
    *(python_version, tmux_program, git_program, tmux_socket, tmux_server),
    *(board_file, writable, file_system, board_lock, disk, leftovers, supervisor_running),
    *(agents, briefs, pidfd, inotify, lingering, clock),
)
