"""What would keep a board from being kept well on this machine: one small check a concern, each with its remedy.

It changes nothing but for taking the board's lock for an instant; `supervisor.cli.checking` shows what it finds.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from board.errors import BoardError, Busy
from board.findings import label
from board.journal.loading import load
from board.settings import Redact
from supervisor.agents.health import agent
from supervisor.control import TmuxError
from supervisor.install import host_of, read
from supervisor.instance import running
from supervisor.machine import (
    git_program,
    inotify,
    lingering,
    pidfd,
    python_version,
    tmux_program,
    tmux_server,
    tmux_socket,
)
from supervisor.mounts import kind_of, mount_of
from supervisor.notify.checkup import notify
from supervisor.patient import Finding, Level, Patient
from supervisor.profiles import Profiles
from supervisor.unit import Standing, command_of, standing

SHORT_OF_DISK, OUT_OF_DISK = 200 << 20, 20 << 20  # bytes
CLOCK_SLACK = 60.0  # seconds that another machine's file may be ahead
OLD = 60.0  # seconds after which a temporary file is nobody's any more


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


def service(patient: Patient) -> Finding | list[Finding]:
    """An installed service that isn't what this installation would install, or that doesn't run."""
    if patient.store is None:
        return []
    host = host_of(patient.store.real, patient.env)
    text = read(host.path)
    match standing(text):
        case Standing.ABSENT:
            return Finding("service", "ok", "none is installed")
        case Standing.FOREIGN:
            return Finding("service", "warning", f"{host.path} is not ours", "move it away, or leave the service to it")
        case Standing.EDITED:
            detail = f"{host.path} was changed by hand"
            return Finding("service", "warning", detail, "supervisor install --force gives up what was changed")
        case Standing.OURS:
            if command_of(text or "") != command_of(host.text()):
                return Finding("service", "warning", f"{host.name} starts another installation", "supervisor install")
    how, at_login = host.state()
    detail = f"{host.name}: {how or 'its manager does not answer'}{f', {at_login}' if at_login else ''}"
    if (how, at_login) == ("active", "enabled"):
        return Finding("service", "ok", detail)
    level: Level = "failure" if how == "failed" else "warning"
    return Finding("service", level, detail, f"supervisor install; {host.journal()} says more")


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


def redaction(patient: Patient) -> list[Finding]:
    """What of the board's own `settings.redact` isn't used as it was meant."""
    if patient.store is None or patient.settings.redact == Redact():
        return []
    loaded = load(patient.store.side, patient.env, patient.settings.redact)
    words = f"{len(loaded.own.rules)} rules of the board's own, {len(loaded.known)} known values"
    found = [Finding("redaction", "ok", words)]
    for trouble in loaded.troubles:
        detail, _, remedy = trouble.message.partition("; ")
        where = label(("settings", "redact", *trouble.path))
        found.append(Finding("redaction", "failure" if trouble.is_fault else "warning", f"{where}: {detail}", remedy))
    return found if len(found) == 1 else found[1:]


# --- the workers


def agents(patient: Patient) -> list[Finding]:
    """The program of each profile that an open task names, and of each that the board or a file of its own defines."""
    board, store = patient.board, patient.store
    if board is None or store is None:
        return []
    used = {task.agent for task in patient.open_tasks if task.agent is not None}
    profiles = Profiles(store.side)
    return [
        agent(profiles, board, store.folder, name, is_used=name in used)
        for name in sorted({*used, *board.agents, *profiles.own()})
    ]


def briefs(patient: Patient) -> Finding | list[Finding]:
    if patient.store is None:
        return []
    named = [(task.id, task.brief) for task in patient.open_tasks if task.brief is not None]
    gone = [f"{name}: {path}" for name, path in named if not os.access(f"{patient.store.folder}/{path}", os.R_OK)]
    if gone:
        return Finding("briefs", "failure", f"can't be read: {', '.join(gone)}", "write them, or mend the paths")
    return Finding("briefs", "ok", f"{len(named)} can be read")


Check = Callable[[Patient], Finding | list[Finding]]

CHECKS: tuple[Check, ...] = (
    *(python_version, tmux_program, git_program, tmux_socket, tmux_server),
    *(board_file, writable, file_system, board_lock, disk, leftovers, redaction, supervisor_running, service),
    *(agents, briefs, notify, pidfd, inotify, lingering, clock),
)
