"""A doctor's checks of the machine: its programs, its tmux server, its kernel. No board is needed for them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from board import git
from supervisor.control import NoServer, TmuxError, TmuxMissing, TmuxTimeout
from supervisor.patient import Finding, Patient
from supervisor.processes import HAS_PIDFD
from supervisor.systemd import lingers
from supervisor.tmux import Tmux

OLDEST_PYTHON = (3, 11)
OLDEST_TMUX = (3, 2)
OLDEST_GIT = (2, 30)
LONGEST_SOCKET = 107  # bytes: sun_path has 108 on Linux with the closing NUL (unix(7))
FEW_WATCHES, FEW_INSTANCES = 8192, 128  # what kernels have allowed each user since 2005


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


def lingering(patient: Patient) -> Finding | list[Finding]:
    """Whether what we start outlives the login; a question only where systemd is the init."""
    if not os.path.isdir("/run/systemd/system") or os.getuid() == 0:
        return []
    is_on = lingers(patient.env)
    if is_on:
        return Finding("lingering", "ok", "on: workers outlive your login")
    detail = "could not tell" if is_on is None else "off: your login's end may end the workers"
    return Finding("lingering", "warning", detail, "loginctl enable-linger")
