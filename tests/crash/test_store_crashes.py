"""Whenever a writer dies, the board is wholly old or wholly new, nothing acknowledged is lost, and life goes on."""

from __future__ import annotations

import fcntl
import os
import random
import select
import signal
from functools import partial
from pathlib import Path

import pytest

from board import store as store_module
from board.grants import Grants, read_grant
from board.model import Claim
from board.reading import revision
from board.store import FileStore, Lost
from tests.crash.sweep import alone, ended, fork, sweep

# More than a pipe's or a buffered file's buffer, so that a half-written file can be seen.
FILLER = "".join(f"# line {number} of what people wrote\n" for number in range(700))
OLD, NEW = "version: 1\n" + FILLER, "version: 2\n" + FILLER


def swap(path: str, old: str, new: str) -> None:
    store = FileStore(path)
    with store.locked():
        snapshot = store.read()
        assert snapshot.text == old
        assert not isinstance(store.cas(new, snapshot.rev), Lost)


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name not in ("tasks.yaml", ".board")]


def assert_lock_is_free(folder: Path) -> None:
    for path, flags in ((folder / ".board", os.O_RDONLY), (folder / ".board/lock", os.O_RDWR | os.O_CREAT)):
        fd = os.open(path, flags, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(fd)


def test_a_writer_may_die_at_any_line(tmp_path: Path) -> None:
    """Old or new and never between; the lock is free, what stands there is known for ours, unless it is somebody's;
    the next write works and sweeps up.
    Mutants killed: written in place; renamed before it was flushed; the temporary files not swept up; the version kept
    behind the rename; a second name of ours that is taken for somebody's."""
    alone(die_at_each_line, tmp_path)


def die_at_each_line(folder: Path) -> None:
    path = folder / "tasks.yaml"
    seen: set[str] = set()

    def prepare() -> None:
        path.write_text(OLD)

    def verify(line: int) -> None:
        text = path.read_text()
        assert text in (OLD, NEW), f"line {line}: torn"
        seen.add(text)
        (folder / ".board").mkdir(exist_ok=True)
        assert FileStore(str(path)).history.is_ours(revision(text.encode())) or text == OLD, f"line {line}: not known"
        assert_lock_is_free(folder)
        swap(str(path), text, "version: 3\n")
        assert path.read_text() == "version: 3\n"
        assert leftovers(folder) == []

    deaths = sweep(prepare, lambda: swap(str(path), OLD, NEW), verify)
    assert deaths > 300
    assert seen == {OLD, NEW}


def test_a_board_may_die_while_it_is_made(tmp_path: Path) -> None:
    """`create` leaves no board or a whole one; afterwards one can be made, or is told to be there."""
    path = tmp_path / "tasks.yaml"
    seen: set[bool] = set()

    def prepare() -> None:
        for left in tmp_path.iterdir():
            left.unlink()

    def verify(line: int) -> None:
        seen.add(path.exists())
        if path.exists():
            assert path.read_text() == NEW, f"line {line}: torn"
            assert path.stat().st_mode & 0o777 == 0o644
        else:
            FileStore(str(path)).create(NEW)
            assert path.read_text() == NEW

    assert sweep(prepare, lambda: FileStore(str(path)).create(NEW), verify) > 10
    assert seen == {True, False}


def test_a_grant_may_die_at_any_line(tmp_path: Path) -> None:
    """A half-written grant is no grant, but its number is used up: no later one can be taken for it."""
    folder = tmp_path / "claims"

    def prepare() -> None:
        for left in folder.glob("*"):
            left.unlink()

    def verify(_line: int) -> None:
        grants = Grants(str(folder))
        found = read_grant(grants.path("a", 1))
        assert found is None or (found.task, found.token, found.by) == ("a", 1, "bob")
        assert grants.highest("a") == (1 if Path(grants.path("a", 1)).exists() else 0)
        following = grants.highest("a") + 1
        assert read_grant(grants.write("a", Claim("bob", following, 0.0, 1.0))) == grants.find("a", "bob")

    assert sweep(prepare, lambda: Grants(str(folder)).write("a", Claim("bob", 1, 0.0, 1.0)), verify) > 10


def count_up(path: str, acknowledged: int) -> None:
    """Writes the next number again and again, and tells each one that is on disk."""
    store = FileStore(path)
    while True:
        with store.locked():
            snapshot = store.read()
            following = int(snapshot.text.split("\n", 1)[0]) + 1
            assert not isinstance(store.cas(f"{following}\n{FILLER}", snapshot.rev), Lost)
        os.write(acknowledged, f"{following}\n".encode())


def test_nothing_acknowledged_is_lost_in_500_kills(tmp_path: Path) -> None:
    """A busy writer is killed 500 times at random moments: the file is whole and holds what was told, or one more."""
    path = tmp_path / "tasks.yaml"
    path.write_text(f"0\n{FILLER}")
    dice, last = random.Random(20261120), 0
    for kill in range(500):
        reads, writes = os.pipe()
        pid = fork(partial(count_up, str(path), writes))
        os.close(writes)
        # Every second one has begun to write, however slow the machine is; the others die wherever they are.
        select.select([reads], [], [], dice.random() * 0.012 if kill % 2 else 10)
        _wait(reads, dice.random() * 0.006)
        os.kill(pid, signal.SIGKILL)
        with os.fdopen(reads, "rb") as pipe:
            numbers = pipe.read().split()
        assert ended(pid) == -signal.SIGKILL
        last = int(numbers[-1]) if numbers else last
        first, _, rest = path.read_text().partition("\n")
        assert rest == FILLER
        assert int(first) in (last, last + 1)
        last = int(first)
    assert last > 100
    swap(str(path), f"{last}\n{FILLER}", NEW)
    assert leftovers(tmp_path) == []


def _wait(fd: int, seconds: float) -> None:
    """A pause of a random length is this test's dice; nothing is expected to be done within it."""
    poll = select.poll()
    poll.register(fd, 0)
    poll.poll(seconds * 1000)


@pytest.mark.parametrize("new", [NEW, "version: 2\n"], ids=["large", "small"])
def test_the_order_of_syncs(tmp_path: Path, new: str) -> None:
    """The whole text is synced before the name changes, and the name's folder after that: what a loss of power needs.
    Mutants killed: no sync of the file; none of the folder; rename before sync; sync before flush."""
    path, record = tmp_path / "tasks.yaml", tmp_path / "record"
    path.write_text(OLD)

    def work() -> None:
        steps: list[str] = []
        fsync, exchange = os.fsync, store_module.exchange

        def seen_fsync(fd: int) -> None:
            name = Path(f"/proc/self/fd/{fd}").readlink()
            steps.append("sync folder" if name == tmp_path else f"sync {name.read_text() == new}")
            fsync(fd)

        def seen_exchange(source: str, target: str) -> bool:
            steps.append(f"rename {Path(source).read_text() == new} {target == str(path)}")
            return exchange(source, target)

        os.fsync, store_module.exchange = seen_fsync, seen_exchange  # type: ignore[assignment]
        swap(str(path), OLD, new)
        record.write_text("\n".join(steps))

    assert ended(fork(work)) == 0
    assert record.read_text().splitlines() == ["sync True", "rename True True", "sync folder"]
