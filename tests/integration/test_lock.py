"""The board's lock between real processes: one at a time, freed by any death, and understood by other programs."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from board.errors import BoardError, Busy
from board.lock import Lock
from tests.crash.sweep import at_once, ended, fork

PROCESSES, ROUNDS = 8, 40


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / ".board").mkdir()
    return str(tmp_path / ".board/lock")


def held_elsewhere(path: str) -> tuple[int, int]:
    """The pid of a child that has the lock, and the pipe whose end lets it go."""
    (ready, there), (waits, lets_go) = os.pipe(), os.pipe()

    def hold() -> None:
        os.close(lets_go)
        with Lock(path):
            os.write(there, b".")
            os.read(waits, 1)

    pid = fork(hold)
    os.close(there)
    os.close(waits)
    assert os.read(ready, 1) == b"."
    os.close(ready)
    return pid, lets_go


def released(pid: int, lets_go: int) -> None:
    os.close(lets_go)
    assert ended(pid) == 0


def test_a_lock_that_failed_half_way_holds_nothing(path: str) -> None:
    """The folder was locked and the file can't be: a supervisor that lives on doesn't stand in anybody's way.
    Mutant killed: the folder's lock kept."""
    Path(path).symlink_to("elsewhere")
    failed = Lock(path, 0)
    with pytest.raises(BoardError, match="can't lock"):
        failed.__enter__()
    Path(path).unlink()
    with Lock(path, 0) as lock:
        assert lock is not failed


def test_one_at_a_time(path: str, tmp_path: Path) -> None:
    """Eight processes count up one number by reading and writing it: none of 320 steps is lost.
    Mutants killed: flock left out; shared instead of exclusive."""
    number = tmp_path / "number"
    number.write_text("0")

    def count() -> None:
        for _ in range(ROUNDS):
            with Lock(path, 30):
                number.write_text(str(int(number.read_text()) + 1))

    assert at_once([count] * PROCESSES) == [0] * PROCESSES
    assert number.read_text() == str(PROCESSES * ROUNDS)


def test_a_deleted_lock_lets_nobody_in_beside_its_holder(path: str, tmp_path: Path) -> None:
    """The same while somebody deletes the lock's file again and again.
    Mutant killed: the folder not locked as well."""
    number = tmp_path / "number"
    number.write_text("0")

    def count() -> None:
        for _ in range(ROUNDS):
            with Lock(path, 30):
                text = number.read_text()
                Path(path).unlink(missing_ok=True)
                number.write_text(str(int(text) + 1))

    assert at_once([count] * PROCESSES) == [0] * PROCESSES
    assert number.read_text() == str(PROCESSES * ROUNDS)


def test_deleted_while_held_it_stays_held(path: str) -> None:
    """Also for who comes later, when there is a new file."""
    pid, lets_go = held_elsewhere(path)
    Path(path).unlink()
    with pytest.raises(Busy), Lock(path, 0.05):
        pass
    released(pid, lets_go)
    with Lock(path, 5):
        pass


def test_a_killed_holder_holds_nothing(path: str) -> None:
    """The kernel frees what SIGKILL leaves behind: at once, and without anybody's judgement."""
    pid, lets_go = held_elsewhere(path)
    os.kill(pid, signal.SIGKILL)
    assert ended(pid) == -signal.SIGKILL
    os.close(lets_go)
    with Lock(path, 0):
        pass


def test_a_program_that_it_starts_does_not_keep_it(path: str) -> None:
    """Its descriptors end with the program: a tmux server that outlives us holds no board."""
    with Lock(path) as lock:
        assert lock._fds
        assert all(fcntl.fcntl(fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC for fd in lock._fds)


def test_busy_names_its_holder(path: str) -> None:
    """Who waits in vain is told for whom, and that nothing has happened."""
    pid, lets_go = held_elsewhere(path)
    with (
        pytest.raises(Busy, match=rf"locked by pid {pid} \(.+\) since .+; waited 50ms; try again") as busy,
        Lock(path, 0.05),
    ):
        pass
    assert busy.value.exit_code == 75
    released(pid, lets_go)


@pytest.mark.parametrize(
    "note", ["", "{", "1", "1 2", "x 1.0 board", "1 x board", "\xff", "\0", "1 nan", "1e3 1.0 board"]
)
def test_a_holder_that_says_nothing_sensible(path: str, note: str) -> None:
    """The note is a courtesy: nothing depends on it."""
    pid, lets_go = held_elsewhere(path)
    Path(path).write_bytes(note.encode("latin-1"))
    with pytest.raises(Busy, match="another process"), Lock(path, 0):
        pass
    released(pid, lets_go)


def test_filelock_and_we_wait_for_each_other(path: str) -> None:
    """A script may take the board's lock with the usual library."""
    with Lock(path), pytest.raises(Timeout), FileLock(path, timeout=0.05):
        pass
    with FileLock(path, timeout=5), pytest.raises(Busy), Lock(path, 0.05):
        pass
    with Lock(path, 0):
        pass


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_it_may_be_taken_again_and_again(path: str) -> None:
    """No descriptor is left open, whether it was had or not. Mutant killed: the folder kept when the file is taken."""
    opened = descriptors()
    lock = Lock(path, 0)
    for _ in range(3):
        with lock:
            assert Path(path).read_text().startswith(f"{os.getpid()} ")
    with FileLock(path), pytest.raises(Busy), lock:
        pass
    with pytest.raises(ZeroDivisionError), lock:
        1 / 0  # noqa: B018
    assert descriptors() == opened
    assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600


def symlinked(path: Path) -> None:
    (path.parent / "other").write_text("theirs")
    path.symlink_to("other")


def gone(path: Path) -> None:
    shutil.rmtree(path.parent)


@pytest.mark.parametrize("make", [Path.mkdir, symlinked, gone])
def test_what_can_not_be_locked(path: str, make: Callable[[Path], object]) -> None:
    """A link that somebody put there isn't followed; the answer is one line."""
    make(Path(path))
    with pytest.raises(BoardError, match="can't lock") as refused, Lock(path, 0):
        pass
    assert not isinstance(refused.value, Busy)
