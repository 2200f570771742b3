"""Files under `.board`, written by older rules, redacted by those of now: what is gone through, and what is left.

Theory of operation. A file is read first; what has nothing to be masked is not touched. Of the journal a plain segment
is sealed before it is rewritten, as `board.journal.keeping` does it: from then on writers go to a later one, so that no
line of theirs is lost or left out. A log has no such lock: one that may still be written to is left for later. It never
opens the board's own text: `tasks.yaml`, `history`, `claims`, `cache`, `edits`.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from functools import partial
from typing import BinaryIO, Final, NamedTuple, TypeAlias

from board.journal.files import PACKED, Segment, is_damaged, named, open_file
from board.journal.keeping import NAMES, alone, sealed, sweep_aside
from board.journal.redact import Redactor
from board.journal.scrubbing import Pair, Scrubber
from board.journal.tally import Found
from supervisor.instance import running
from supervisor.processes import identify
from supervisor.rewriting import drop, is_open_elsewhere, put_in_place, seen, write_aside
from supervisor.status import read_status

YOUNG: Final = 5.0  # seconds since the last write, within which a log counts as being written
_LOGS: Final = re.compile(r"(?P<task>.+?)\.log(?:\.[0-9]+)?(?P<packed>\.gz)?")
_SEAL_TRIES: Final = 40
_BETWEEN: Final = 0.05

_InUse: TypeAlias = Callable[[int], str | None]


class Outcome(StrEnum):
    CLEAN = "clean"  # nothing to be masked
    CHANGED = "changed"
    IN_USE = "in use"
    FAILED = "failed"


class Scrubbed(NamedTuple):
    """One file; `path` leads there from `.board`. `why` says what kept it from being changed."""

    path: str
    outcome: Outcome
    found: Sequence[Found] = ()
    why: str | None = None


class _Damaged(Exception):
    """A packed file that can't be unpacked to its end."""


class _File(NamedTuple):
    """`lines` says what it ought to hold, `in_use` of its descriptor whether somebody may be writing to it, and who."""

    name: str
    lines: Callable[[Scrubber, BinaryIO], Iterator[Pair]]
    folder_fd: int
    in_use: _InUse = lambda _: None
    is_to_be_sealed: bool = False


class Scrub:
    def __init__(self, side: str, redactor: Redactor, now: float, *, is_dry: bool = False) -> None:
        """With `is_dry` the outcomes are those that would be, and nothing is touched."""
        self._side = side
        self._redactor = redactor
        self._now = now
        self._is_dry = is_dry

    def go(self) -> Iterator[Scrubbed]:
        """One by one, as they are done; whatever can't be is told and stops no other. Twice is harmless."""
        yield from self._journal()
        yield from self._logs()
        yield from self._status()

    # --- what there is

    def _journal(self) -> Iterator[Scrubbed]:
        """Also segments that were begun meanwhile: by somebody, perhaps, who doesn't know the new rules."""
        folder = os.path.join(self._side, "journal")
        with alone(folder) as folder_fd:
            if folder_fd is None:
                yield from _not_ours("journal", folder)
                return
            if not self._is_dry:
                sweep_aside(folder, NAMES)
            done: set[str] = set()
            while new := [each for each in _segments(folder) if each.name not in done]:
                for segment in new:
                    done |= {segment.name, segment._replace(is_packed=True).name}
                    file = _File(f"journal/{segment.name}", Scrubber.journal, folder_fd)
                    yield from self._tried(file._replace(is_to_be_sealed=not segment.is_packed))

    def _logs(self) -> Iterator[Scrubbed]:
        folder = os.path.join(self._side, "output")
        with alone(folder) as folder_fd:
            if folder_fd is None:
                yield from _not_ours("output", folder)
                return
            if not self._is_dry:
                sweep_aside(folder, _LOGS)
            at_work = _at_work(self._side)
            for name in sorted(os.listdir(folder)):
                match = _LOGS.fullmatch(name)
                if match is not None and _is_a_file(os.path.join(folder, name)):
                    in_use = partial(_log_in_use, match["task"], at_work, self._now)
                    yield from self._tried(_File(f"output/{name}", Scrubber.log, folder_fd, in_use))

    def _status(self) -> Iterator[Scrubbed]:
        if not _is_a_file(os.path.join(self._side, "status.json")):
            return
        folder_fd = os.open(self._side, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            in_use = partial(_status_in_use, self._side)
            yield from self._tried(_File("status.json", Scrubber.status, folder_fd, in_use))
        finally:
            os.close(folder_fd)

    # --- one file

    def _tried(self, file: _File) -> Iterator[Scrubbed]:
        """Read through; only if something is to be masked in it, it is touched. One that is gone is not told."""
        try:
            is_clean, found = self._looked(file)
            if is_clean:
                yield Scrubbed(file.name, Outcome.CLEAN)
            elif self._is_dry:
                why = self._asked(file)
                yield Scrubbed(file.name, Outcome.IN_USE if why else Outcome.CHANGED, found, why)
            else:
                yield self._sealed(file) if file.is_to_be_sealed else self._rewritten(file)
        except FileNotFoundError:
            return
        except OSError as error:
            yield Scrubbed(file.name, Outcome.FAILED, (), (error.strerror or "it could not be rewritten").lower())
        except _Damaged:
            yield Scrubbed(file.name, Outcome.FAILED, (), "it is damaged: what can't be unpacked can't be redacted")

    def _looked(self, file: _File) -> tuple[bool, Sequence[Found]]:
        """Is there nothing to be masked? And what there is: all of it for a dry run, else it doesn't matter."""
        scrubber = Scrubber(self._redactor)
        is_clean = True
        with open_file(self._path(file)) as text:
            for is_same in _compared(file.lines(scrubber, text)):
                is_clean &= is_same
                if not (is_clean or self._is_dry):
                    return False, ()
            if is_damaged(text):
                raise _Damaged
        return is_clean, scrubber.tally.found()

    def _sealed(self, file: _File) -> Scrubbed:
        """It is packed on the way: who follows the journal then knows that it was read to its end."""
        path = self._path(file)
        for _ in range(_SEAL_TRIES):
            with sealed(path) as fd:
                if fd is not None:
                    return self._packed(file, fd)
            os.stat(path)
            time.sleep(_BETWEEN)
        return Scrubbed(file.name, Outcome.IN_USE, (), "somebody writes to it without a pause")

    def _packed(self, file: _File, fd: int) -> Scrubbed:
        path, scrubber = self._path(file), Scrubber(self._redactor)
        with open(fd, "rb", closefd=False) as text:
            aside = write_aside(path + PACKED, _new(file.lines(scrubber, text)), os.fstat(fd), is_whole=False)
        put_in_place(aside, path + PACKED, file.folder_fd)
        os.unlink(path)
        return Scrubbed(file.name, Outcome.CHANGED, scrubber.tally.found())

    def _rewritten(self, file: _File) -> Scrubbed:
        path, scrubber = self._path(file), Scrubber(self._redactor)
        with open(path, "rb") as here, open_file(path) as text:
            before = os.fstat(here.fileno())
            aside = write_aside(path, _new(file.lines(scrubber, text)), before)
            was_damaged = is_damaged(text)
        why = self._asked(file) or _changed_since(path, before)
        if was_damaged or why is not None:
            drop(aside)
            if was_damaged:
                raise _Damaged
            return Scrubbed(file.name, Outcome.IN_USE, (), why)
        put_in_place(aside, path, file.folder_fd)
        return Scrubbed(file.name, Outcome.CHANGED, scrubber.tally.found())

    def _asked(self, file: _File) -> str | None:
        """Why it must not be replaced; of our own descriptors there is none left by now."""
        fd = os.open(self._path(file), os.O_RDONLY | os.O_CLOEXEC)
        try:
            return file.in_use(fd)
        finally:
            os.close(fd)

    def _path(self, file: _File) -> str:
        return os.path.join(self._side, file.name)


# --- who else is there


def _not_ours(name: str, folder: str) -> Iterator[Scrubbed]:
    if os.path.isdir(folder):
        yield Scrubbed(name, Outcome.IN_USE, (), "its old files are being packed, or scrubbed, by another process")


def _log_in_use(task: str, at_work: frozenset[str], now: float, fd: int) -> str | None:
    if task in at_work:
        return f"the worker of {task} is at work"
    if os.fstat(fd).st_mtime > now - YOUNG:
        return "it was written to just now"
    return "another process has it open" if is_open_elsewhere(fd) else None


def _status_in_use(side: str, _fd: int) -> str | None:
    return "the supervisor writes it anew" if running(side) is not None else None


def _at_work(side: str) -> frozenset[str]:
    """Tasks whose worker's process lives, as it was last seen: workers outlive their supervisor."""
    tasks = (read_status(side) or {}).get("tasks")
    if not isinstance(tasks, dict):
        return frozenset()
    pids = {task: view.get("pid") for task, view in tasks.items() if isinstance(view, dict)}
    return frozenset(task for task, pid in pids.items() if isinstance(pid, int) and identify(pid) is not None)


def _changed_since(path: str, before: os.stat_result) -> str | None:
    return None if seen(os.stat(path)) == seen(before) else "it was written to just now"


def _segments(folder: str) -> list[Segment]:
    """Every file of the journal, also both of a segment that was packed and not yet removed."""
    return sorted(filter(None, map(named, os.listdir(folder))))


def _is_a_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


# --- what is in a file


def _new(pairs: Iterator[Pair]) -> Iterator[bytes]:
    return (new for _, new in pairs)


def _compared(pairs: Iterator[Pair]) -> Iterator[bool]:
    """Is all the same so far? What is held back by one piece comes with another."""
    old = new = b""
    for was, is_now in pairs:
        old, new = old + was, new + is_now
        size = min(len(old), len(new))
        yield old[:size] == new[:size]
        old, new = old[size:], new[size:]
    yield old == new
