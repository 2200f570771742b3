"""A claim in which one system call fails or is the last: told truly, nothing torn, nothing in the next one's way."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from board import moves
from board.claims import Actor
from board.document import Document
from board.engine import Engine
from board.errors import BoardError
from board.grants import Grants
from board.journal.redact import Redactor
from board.journal.sink import Journal
from board.records import read_board
from board.store import FileStore
from tests.crash import faults
from tests.crash.sweep import alone
from tests.crash.test_store_crashes import assert_lock_is_free, leftovers

TASKS = "".join(f"  - id: {name}  # kept\n    title: Task {name}\n" for name in "abcd")
BOARD = f"version: 1\ntasks:\n{TASKS}"
TITLES = [f"Task {name}" for name in "abcd"]
EDITED = BOARD.replace("Task d", "By hand")
REFUSED, MADE = 10, 11  # exit codes of a child that was told so: nothing was changed; it was, and couldn't be synced
KILLED = -9
# What is never made for our sake, can't fail, or may without harm: memory, the end, Python asking a file what it is.
BARE = frozenset(
    "mmap mremap munmap brk mprotect futex exit_group getpid geteuid getegid ioctl lseek".split()  # noqa: SIM905
)
ERRORS = {"write": ["ENOSPC", "EDQUOT", "EIO"], "pwrite64": ["ENOSPC"], "openat": ["ENOSPC", "EMFILE", "EACCES"]}
ERRORS |= {"renameat2": ["EINVAL", "ENOSYS", "EXDEV"], "link": ["EPERM"], "flock": ["ENOLCK"], "mkdir": ["EROFS"]}

needs_strace = pytest.mark.skipif(not faults.can_trace(), reason="needs strace, and leave to trace")


class House:
    """A folder with a board of which `c` was claimed before, and the claim of `a` that goes wrong. With `is_edited`
    somebody has saved an edit of the first version since."""

    def __init__(self, folder: Path, *, is_edited: bool) -> None:
        self.folder = folder
        self.path = folder / "tasks.yaml"
        self.is_edited = is_edited
        folder.mkdir()

    def engine(self) -> Engine:
        store = FileStore(str(self.path), lock_timeout=5)
        redactor = Redactor(home="", user="", host="", key=b"k", known={})
        return Engine(store, Journal(f"{store.side}/journal", redactor))

    def claim(self, task: str, name: str) -> int:
        engine = self.engine()
        result = engine.change(task, Actor(name), lambda ask: moves.claim(ask, engine.grants.highest(task)))
        assert result.task.claim is not None
        return result.task.claim.token

    def claim_or_say(self) -> None:
        try:
            self.claim("a", "ann")
        except BoardError as error:
            os._exit(MADE if "the change was made" in str(error) else REFUSED)

    def begin(self) -> None:
        for path in sorted(self.folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        self.path.write_text(BOARD)
        self.claim("c", "carl")
        if self.is_edited:
            self.path.write_text(EDITED)
            saved_at = time.time() - 1  # or it would be waited for, since its last lines are others
            os.utime(self.path, (saved_at, saved_at))

    def holders(self) -> dict[str, tuple[str, int]]:
        tasks = read_board(Document(self.path.read_text()).data).tasks
        assert [task.id for task in tasks] == list("abcd")
        assert self.path.read_text().count("# kept\n") == 4
        assert [task.title for task in tasks] == [*TITLES[:3], "By hand" if self.is_edited else TITLES[3]]
        return {task.id: (task.claim.by, task.claim.token) for task in tasks if task.claim is not None}

    def assert_sound(self, code: int, where: str) -> None:
        held = self.holders()
        assert held.pop("c", None) == ("carl", 1) or (self.path.read_text() == EDITED and code != 0), where
        assert code in (0, REFUSED, MADE, KILLED), f"{where}: the child ended with {code}"
        assert held == {"a": ("ann", 1)} if code in (0, MADE) else held in ({}, {"a": ("ann", 1)}), where
        assert not held or code != REFUSED, f"{where}: told that nothing was changed"
        assert_lock_is_free(self.folder)
        if not held:
            used = Grants(f"{self.folder}/.board/claims").highest("a")
            assert self.claim("a", "bob") == used + 1, where
        assert self.claim("b", "bob") == 1, where
        assert {"a", "b", "c"} == self.holders().keys(), where
        assert leftovers(self.folder) == [], where
        assert not (self.folder / ".board" / "edits").exists(), f"{where}: our own text was taken for somebody's"


def points(house: House) -> Iterator[tuple[str, int]]:
    """Each system call of the claim, by name and number. What it imports is there already."""
    house.begin()
    house.claim("a", "ann")
    house.begin()
    calls = faults.calls_of(house.claim_or_say, house.folder.parent / "calls")
    assert house.holders()["a"] == ("ann", 1)
    assert calls["fsync"] >= 2
    assert calls["renameat2"] == 1 + house.is_edited
    for name, count in calls.items():
        for number in range(1, count + 1):
            yield name, number


@needs_strace
def test_a_claim_may_die_at_any_system_call(tmp_path: Path) -> None:
    """Also one that has an edit by hand to merge. Mutants killed: a version that never came to be the board counts as
    one that an edit may have begun with; an edit counts as taken in before that; dead writers' files not swept up."""
    alone(die_at_each_call, tmp_path)


def die_at_each_call(folder: Path) -> None:
    for is_edited in (False, True):
        die_in(House(folder / f"edited {is_edited}", is_edited=is_edited))


def die_in(house: House) -> None:
    deaths = 0
    for name, number in list(points(house)):
        house.begin()
        code = faults.killed_at(name, number, house.claim_or_say)
        deaths += code == KILLED
        house.assert_sound(code, f"killed at {name} {number}")
    assert deaths > 80


@needs_strace
def test_any_system_call_of_a_claim_may_fail(tmp_path: Path) -> None:
    """It is told, or made up for. Mutants killed: a history that can't be read taken for none, so that a stale save
    ends a claim; the same for its folder."""
    alone(fail_at_each_call, tmp_path)


def fail_at_each_call(folder: Path) -> None:
    for is_edited in (False, True):
        fail_in(House(folder / f"edited {is_edited}", is_edited=is_edited))


def fail_in(house: House) -> None:
    codes = []
    for name, number in list(points(house)):
        for error in ["EIO", *ERRORS.get(name, ())] if name not in BARE else ():
            house.begin()
            codes.append(faults.failing(name, error, number, house.claim_or_say))
            house.assert_sound(codes[-1], f"{error} at {name} {number}")
    assert {0, REFUSED, MADE} <= set(codes)
