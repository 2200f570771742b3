"""The journal's keeper against real files and real processes: what is packed is whole, what goes is the oldest."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from board.journal.events import Event
from board.journal.files import Segment, named
from board.journal.following import Follower, follow
from board.journal.keeping import NAMES, Limits, keep, keep_journal
from board.journal.read import Flaw, everything, find_last, records, segments
from board.journal.redact import Redactor
from board.journal.sink import Journal, _appending
from board.journal.wanted import Wanted
from tests.crash.sweep import alone, at_once, sweep
from tests.programs import environment

AT = 1795169580.12
DAY = 86400.0
NO_LIMITS = Limits(0, 0, 0)


def a_journal(folder: Path, max_bytes: int = 1000, *, fast: bool = False) -> Journal:
    return Journal(
        str(folder), Redactor(home="", user="", host="", key=b"k" * 32, known={}), fast=fast, max_bytes=max_bytes
    )


def note(n: int, task: str = "a", words: str = "") -> Event:
    return Event("checkpoint_recorded", task, {"attempt": n, "note": words})


def write(folder: Path, count: int, *, start: int = 0, at: float = AT, max_bytes: int = 1000) -> None:
    journal = a_journal(folder, max_bytes)
    for n in range(start, start + count):
        journal.append(note(n), at)
    journal.close()
    assert journal.dropped == 0


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def attempts(folder: Path) -> list[int]:
    return [record["attempt"] for record in records(str(folder))]


def attempts_of(folder: Path, name: str) -> list[int]:
    return [record["attempt"] for record in everything(str(folder / name)) if not isinstance(record, Flaw)]


def pack(folder: Path, limits: Limits = NO_LIMITS, now: float = AT) -> Any:
    kept = keep_journal(str(folder), limits, now)
    assert kept is not None
    return kept


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


# --- packing


def test_what_is_packed_reads_as_before(folder: Path) -> None:
    """All but the newest segment are packed; records, their order, the mode and the last line's time stay."""
    write(folder, 60)
    before = segments(str(folder))
    times = [(folder / name).stat().st_mtime_ns for name in before]
    assert pack(folder).packed_count == len(before) - 1
    after = segments(str(folder))
    assert after == [*(f"{name}.gz" for name in before[:-1]), before[-1]]
    assert names_in(folder) == sorted(after)
    assert [(folder / name).stat().st_mtime_ns for name in after] == times
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in after} == {0o600}
    assert attempts(folder) == list(range(60))
    assert pack(folder).packed_count == 0


def test_one_segment_is_left_alone(folder: Path) -> None:
    """Whoever has only the open one has nothing to pack, and no folder is no error."""
    write(folder, 3)
    assert pack(folder) == (0, 0, 0, None, None, None)
    assert keep_journal(str(folder / "none"), NO_LIMITS, AT) is None


def test_a_writer_goes_on_after_its_segment_was_packed(folder: Path) -> None:
    """Who has a sealed segment open appends to the newest one, and so does who comes later.

    Mutants seen red: a sealed segment written all the same.
    """
    mine, other = a_journal(folder), a_journal(folder)
    mine.append(note(0), AT)
    other.append(note(1), AT)
    (folder / "2026-11-20.2.jsonl").write_text("")
    (folder / "2026-11-20.jsonl").chmod(0o400)  # sealed by a keeper that was killed then
    mine.append(note(2), AT)
    mine.close()
    assert pack(folder).packed_count == 1
    other.append(note(3), AT)
    other.close()
    write(folder, 1, start=4)
    assert attempts(folder) == [0, 1, 2, 3, 4]
    assert attempts_of(folder, "2026-11-20.jsonl.gz") == [0, 1]
    assert segments(str(folder)) == ["2026-11-20.jsonl.gz", "2026-11-20.2.jsonl"]


def test_nobody_seals_between_a_look_and_a_write(folder: Path) -> None:
    """A writer that was stopped just before its write is waited for, by leaving its segment for the next time.

    Mutants seen red: sealed without the exclusive lock; a writer without the shared one.
    """
    slow = a_journal(folder)
    slow.append(note(0), AT)
    fd = slow._opened("2026-11-20")
    (folder / "2026-11-20.2.jsonl").write_text("")
    assert pack(folder).packed_count == 0
    assert pack(folder, Limits(1, 1, 1 << 60), now=AT + 9 * DAY).deleted_count == 0
    os.write(fd, (folder / "2026-11-20.jsonl").read_bytes().replace(b'"attempt":0', b'"attempt":1'))
    slow.close()
    assert pack(folder).packed_count == 1
    assert attempts(folder) == [0, 1]


def test_a_segment_made_anew_too_late_is_not_used(folder: Path) -> None:
    """Who saw a segment as the newest, and opens it after it was packed or deleted, writes elsewhere; the empty file
    hides nothing and is cleared away. Mutants seen red: the empty plain file read instead; written to."""
    write(folder, 20)
    pack(folder)
    before = segments(str(folder))
    for gone in (False, True):
        if gone:
            (folder / "2026-11-20.jsonl.gz").unlink()
        late = a_journal(folder)
        late._segment = Segment("2026-11-20", 1)
        late._fd = _appending(str(folder / "2026-11-20.jsonl"))
        late.append(note(20 + gone), AT)
        late.close()
        assert attempts(folder)[-1] == 20 + gone
        assert (0 in attempts(folder)) is not gone
        pack(folder)
        assert not (folder / "2026-11-20.jsonl").exists()
        assert segments(str(folder))[-1] == before[-1]


def test_a_person_who_packs_by_hand_loses_nothing(folder: Path) -> None:
    """`gzip -k` leaves both; what was appended since is read, and stands in what we pack."""
    write(folder, 2, max_bytes=10**6)
    (folder / "2026-11-20.jsonl.gz").write_bytes(gzip.compress((folder / "2026-11-20.jsonl").read_bytes()))
    write(folder, 1, start=2, max_bytes=10**6)
    assert attempts(folder) == [0, 1, 2]
    (folder / "2026-11-21.jsonl").write_text("")
    pack(folder)
    assert attempts(folder) == [0, 1, 2]
    assert segments(str(folder)) == ["2026-11-20.jsonl.gz", "2026-11-21.jsonl"]


def test_one_keeper_at_a_time(folder: Path) -> None:
    """Who finds another one at it leaves."""
    write(folder, 30)
    held = os.open(folder, os.O_RDONLY)
    import fcntl

    fcntl.flock(held, fcntl.LOCK_EX)
    assert keep_journal(str(folder), NO_LIMITS, AT) is None
    os.close(held)
    assert pack(folder).packed_count > 0


# --- many writers


def _writer(folder: Path, me: int, lines: int) -> Callable[[], object]:
    def work() -> None:
        journal = a_journal(folder, 4000, fast=bool(me % 2))
        for n in range(lines):
            journal.append(note(n, f"t{me}", "x y " * (n * 7 % 90)), AT)
            if n % 50 == me:  # as a command does, which opens the journal anew
                journal.close()
        assert journal.dropped == 0
        (folder / f"done.{me}").touch()

    return work


def _keeper(folder: Path, limits: Limits) -> Callable[[], object]:
    """Until the writers are done."""

    def work() -> None:
        turns = 0
        while sum(name.startswith("done.") for name in names_in(folder)) < 8:
            keep_journal(str(folder), limits, AT)
            turns += 1
        assert turns > 1

    return work


def _raw(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def eight_writers_and_two_keepers(folder: Path) -> None:
    """Runs in an interpreter of its own, because it forks."""
    works = [_writer(folder, me, 800) for me in range(8)]
    assert at_once([*works, *(_keeper(folder, NO_LIMITS) for _ in range(2))]) == [0] * 10
    found = [(record["task"], record["attempt"]) for record in records(str(folder))]
    assert len(found) == len(set(found)) == 6400
    assert sum(name.endswith(".gz") for name in segments(str(folder))) > 50
    for me in range(8):
        assert [n for task, n in found if task == f"t{me}"] == list(range(800))
    lines = [line for name in segments(str(folder)) for line in _raw(folder / name).split(b"\n")]
    assert len([line for line in lines if line]) == 6400  # nothing torn; who meets a line half written begins a new one


def eight_writers_and_a_deleter(folder: Path) -> None:
    """Runs in an interpreter of its own, because it forks."""
    works = [_writer(folder, me, 800) for me in range(8)]
    assert at_once([*works, _keeper(folder, Limits(30_000, 0, 0))]) == [0] * 9
    found = [(record["task"], record["attempt"]) for record in records(str(folder))]
    assert 0 < len(found) < 6400
    for me in range(8):
        mine = [n for task, n in found if task == f"t{me}"]
        assert mine == list(range(800))[800 - len(mine) :]


@pytest.mark.slow
@pytest.mark.parametrize("work", [eight_writers_and_two_keepers, eight_writers_and_a_deleter])
def test_eight_writers_lose_nothing_to_a_keeper(folder: Path, work: Callable[[Path], object]) -> None:
    """While segments are packed (by two who compete) and deleted without a pause, each record of eight processes is
    there once, whole and in its writer's order; what is deleted is a beginning, never something in between.

    Mutants seen red: a new writer that begins with the lowest number that is free; the newest deleted first.
    """
    folder.mkdir()
    alone(work, folder)


# --- dying keepers


def a_keeper_that_dies_anywhere(folder: Path) -> None:
    """Runs in an interpreter of its own, because it forks."""

    def prepare() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        write(folder, 12, max_bytes=400)

    def verify(line: int) -> None:
        assert attempts(folder) == list(range(12)), line
        write(folder, 1, start=12, max_bytes=400)
        pack(folder)
        assert attempts(folder) == list(range(13)), line
        assert [name for name in names_in(folder) if not name.endswith(".gz")] == segments(str(folder))[-1:]

    assert sweep(prepare, lambda: keep_journal(str(folder), NO_LIMITS, AT), verify) > 100


def a_deleter_that_dies_anywhere(folder: Path) -> None:
    """Runs in an interpreter of its own, because it forks."""

    def prepare() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        write(folder, 12, max_bytes=400)

    def verify(line: int) -> None:
        left = attempts(folder)
        assert left == list(range(12))[12 - len(left) :], line
        assert left[-1] == 11

    assert sweep(prepare, lambda: keep_journal(str(folder), Limits(1, 0, 0), AT), verify) > 100


@pytest.mark.slow
@pytest.mark.parametrize("work", [a_keeper_that_dies_anywhere, a_deleter_that_dies_anywhere])
def test_a_keeper_may_die_at_any_line(tmp_path: Path, work: Callable[[Path], object]) -> None:
    """Killed at each executed line in turn: every record is there once, writers go on, and the next keeper finishes.

    Mutant seen red: the plain file removed before the rename.
    """
    alone(work, tmp_path)


# --- limits


def test_the_oldest_goes_when_there_is_too_much(folder: Path) -> None:
    """Beyond the bytes segments go in their order, packed or not, until the rest fits; the open one stays.

    Mutants seen red: the newest first; the open one deleted; one too many.
    """
    write(folder, 60)
    pack(folder)
    names = segments(str(folder))
    sizes = [(folder / name).stat().st_size for name in names]
    kept = pack(folder, Limits(sum(sizes[2:]), 0, 0))
    assert kept == (0, 2, sum(sizes[:2]), "max_bytes", "2026-11-20.jsonl", "2026-11-20.2.jsonl")
    assert segments(str(folder)) == names[2:]
    assert pack(folder, Limits(1, 0, 0)).deleted_count == len(names) - 3
    assert segments(str(folder)) == names[-1:]
    write(folder, 5, start=60)
    assert attempts(folder)[-1] == 64


def test_what_is_old_goes(folder: Path) -> None:
    """Seconds since the last line, as the file has it; 0 keeps everything. Mutant seen red: younger than the age."""
    write(folder, 2, at=AT)
    write(folder, 2, start=2, at=AT + DAY)
    write(folder, 2, start=4, at=AT + 2 * DAY)
    for n, name in enumerate(segments(str(folder))):
        os.utime(folder / name, (AT + n * DAY, AT + n * DAY))
    assert pack(folder, Limits(0, 0, 0), now=AT + 900 * DAY).deleted_count == 0
    kept = pack(folder, Limits(0, 1.5 * DAY, 0), now=AT + 2 * DAY)
    assert (kept.deleted_count, kept.limit) == (1, "max_age")
    assert attempts(folder) == [2, 3, 4, 5]


def test_a_full_disk_costs_all_but_two(folder: Path) -> None:
    """Where less is free than shall be, the oldest go; the open one and the one before it stay whatever happens."""
    write(folder, 60)
    names = segments(str(folder))
    kept = pack(folder, Limits(0, 0, 1 << 60))
    assert (kept.deleted_count, kept.limit) == (len(names) - 2, "free_bytes")
    assert segments(str(folder)) == [f"{names[-2]}.gz", names[-1]]


def test_other_logs_are_kept_by_the_same_rules(tmp_path: Path) -> None:
    """The newest of each series is open; of several series the one whose last line is oldest goes first."""
    pattern = re.compile(r"(?P<series>[a-z0-9-]+)(?:\.(?P<number>[0-9]+))?\.log(?P<packed>\.gz)?")
    written = {"b.log": 1, "a.log": 2, "b.2.log": 3, "a.2.log": 4, "a.3.log": 5, "c.log": 0, "notes.txt": 0}
    for name, at in written.items():
        (tmp_path / name).write_text("x" * 100)
        os.utime(tmp_path / name, (at, at))
    kept = keep(str(tmp_path), pattern, Limits(0, 4, 0), 6.5)
    assert kept is not None
    assert (kept.packed_count, kept.oldest, kept.newest) == (3, "b.log", "a.log")
    assert names_in(tmp_path) == ["a.2.log.gz", "a.3.log", "b.2.log", "c.log", "notes.txt"]


@pytest.fixture
def cramped(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("may not mount")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], capture_output=True, check=False)


def test_a_disk_that_is_really_full(cramped: Path) -> None:
    """What doesn't fit is counted, a keeper that can't pack leaves everything, and with room again it is told how many
    were dropped and since when. Mutant seen red: `first_at` of the last one."""
    folder = cramped / "journal"
    journal = a_journal(folder, 20_000)
    n = 0
    while not journal.dropped:
        journal.append(note(n, words="x y " * 99), AT + n)
        n += 1
    first = n - 1
    with contextlib.suppress(OSError), (cramped / "filler").open("wb", buffering=0) as filler:
        while filler.write(b"x" * 512):
            pass
    assert pack(folder).packed_count == 0
    for more in range(3):
        journal.append(note(n + more, words="x y " * 99), AT + n + more)
    assert attempts(folder) == list(range(first))
    (cramped / "filler").unlink()
    assert pack(folder, Limits(150_000, 0, 0)).deleted_count > 0
    journal.append(note(n + 3), AT + n + 3)
    journal.close()
    dropped, last = list(records(str(folder)))[-2:]
    assert (dropped["event"], dropped["dropped_count"], dropped["first_at"][17:19]) == (
        "journal_dropped",
        4,
        f"{int(AT + first) % 60:02d}",
    )
    assert last["attempt"] == n + 3


# --- reading packed segments


@pytest.mark.parametrize("damage", ["cut", "middle", "empty", "no gzip"])
def test_a_damaged_segment_hides_no_other(folder: Path, damage: str) -> None:
    """What can be unpacked is told, then the next segment; `everything` says that something is wrong."""
    write(folder, 400, max_bytes=40_000)
    write(folder, 3, start=400, at=AT + DAY)
    pack(folder)
    first = folder / segments(str(folder))[0]
    data = first.read_bytes()
    broken = {
        "cut": data[: len(data) // 2],
        "middle": data[: len(data) // 2] + bytes(99) + data[len(data) // 2 + 99 :],
        "empty": b"",
        "no gzip": b"hello\n",
    }
    first.write_bytes(broken[damage])
    found = attempts(folder)
    assert found[-3:] == [400, 401, 402]
    here = [each["attempt"] for each in everything(str(first)) if not isinstance(each, Flaw)]
    assert here[:50] == list(range(len(here)))[:50]  # what damage unpacks to before it is noticed is anything
    assert (len(here) > 50) is (damage in ("cut", "middle"))
    assert damage == "empty" or Flaw.TORN in list(everything(str(first)))


def test_a_file_that_was_packed_since_it_was_listed(folder: Path) -> None:
    """`everything` finds it under its new name."""
    write(folder, 20)
    name = segments(str(folder))[0]
    pack(folder)
    assert next(iter(everything(str(folder / name)))) == next(records(str(folder)))


@pytest.mark.parametrize("packs", [False, True])
@pytest.mark.parametrize("count", [0, 1, 7, 45, 99])
def test_the_last_ones_are_the_last_ones(folder: Path, count: int, packs: bool) -> None:
    """Backwards through plain and packed segments, filtered, in their order: what the end of all records is."""
    journal = a_journal(folder)
    for n in range(80):
        journal.append(note(n, "b" if n % 3 else "a"), AT)
    journal.close()
    if packs:
        pack(folder)
    with (folder / segments(str(folder))[-1]).open("ab") as file:
        file.write(b'{"ts":"2026')
    for task in (None, "a", "b", "none"):
        wanted = [record["attempt"] for record in records(str(folder), task=task)]
        found = [each.record["attempt"] for each in find_last(str(folder), Wanted(task), count)]
        assert found == (wanted[-count:] if count else [])


# --- following


def attempts_followed(folder: Path, *deeds: Callable[[], object], **more: Any) -> list[int]:
    """One deed at each moment in which there is nothing new; the following ends two moments after the last."""
    left = [*deeds, lambda: None, lambda: None]

    def wait() -> bool:
        if left:
            left.pop(0)()
        return bool(left)

    return [record["attempt"] for record in follow(str(folder), wait=wait, **more)]


@pytest.mark.parametrize("since", [None, 0.0])
def test_following_survives_that_segments_are_packed_and_deleted(folder: Path, since: float | None) -> None:
    """Each record once, whatever becomes of the file that it was read from: packed, deleted, or cleared away by hand.

    Mutants seen red: the packed segment read from its beginning; offsets alone, without the open file; a name that was
    read to its end never looked at again.
    """
    write(folder, 3)

    def lose(*limits: int) -> Callable[[], object]:
        return lambda: pack(folder, Limits(*limits))

    def more(start: int, count: int) -> Callable[[], object]:
        return lambda: write(folder, count, start=start)

    def all_at_once(start: int) -> Callable[[], object]:
        def work() -> None:
            write(folder, 8, start=start)
            pack(folder, Limits(1, 0, 0))
            write(folder, 1, start=start + 8)

        return work

    def clear(start: int) -> Callable[[], object]:
        def work() -> None:
            shutil.rmtree(folder)
            write(folder, 2, start=start)

        return work

    deeds = [all_at_once(3), more(12, 50), lose(0, 0, 0), more(62, 3), all_at_once(65), lose(1, 0, 0)]
    deeds += [clear(74), more(76, 20), lose(0, 0, 0), clear(96), more(98, 2), clear(100), more(102, 1)]
    found = attempts_followed(folder, *deeds, since=since)
    assert found == list(range(0 if since is not None else 3, 103))


def test_the_last_ones_and_then_the_new_ones(folder: Path) -> None:
    """What is written between the two questions is told once. Mutant seen red: `find_last` without the ends."""
    write(folder, 10)
    follower = Follower(str(folder), Wanted(), from_now=True)
    write(folder, 5, start=10)
    pack(folder)
    last = [each.record["attempt"] for each in find_last(str(folder), Wanted(), 4, follower.ends)]
    assert last == [6, 7, 8, 9]
    new = [each.record["attempt"] for each in follower.go_on(lambda: False)]
    assert new == [10, 11, 12, 13, 14]


# --- who runs it


def test_a_command_that_begins_a_segment_packs_the_one_before(tmp_path: Path) -> None:
    """`board` itself keeps to the limits, in a process of its own that is over soon after."""
    from tests.waiting import eventually

    (tmp_path / "tasks.yaml").write_text(
        "version: 1\nsettings: {journal: {segment_bytes: 1kB}}\ntasks:\n  - {id: a, title: A}\n"
    )
    env = environment()
    for _ in range(8):
        for word in ("claim", "release"):
            argv = [sys.executable, "-m", "board", word, "a", "--as", "bob", "-q"]
            subprocess.run(argv, cwd=tmp_path, env=env, check=True, stdout=subprocess.DEVNULL, timeout=60)
    folder = tmp_path / ".board/journal"
    eventually(lambda: any(name.endswith(".gz") for name in segments(str(folder))), 15)
    assert [record["event"] for record in records(str(folder))] == ["task_claimed", "claim_released"] * 8


def test_names_of_segments_are_known() -> None:
    """Who reads and who keeps mean the same names; foreign ones are none, and nobody touches them."""
    ours = ("2026-11-20.jsonl", "2026-11-20.2.jsonl", "2026-11-20.10.jsonl.gz", "2026-11-20.123456789.jsonl")
    near = ("notes.jsonl", "2026-11-20.0.jsonl", "2026-11-20.jsonl.gz.part", "2026-11-20.jsonl.bak", "2026-11-20")
    near += ("2026-11-20.02.jsonl", "2026-11-20..jsonl", "2026-11-20.1234567890.jsonl", "2026-1x-20.jsonl", "", ".gz")
    near += (
        "2026-11-20.\u0662.jsonl",
        "\u0662026-11-20.jsonl",
        "2026-11-202.jsonl",
        "2026-11-20jsonl",
        "2026-11-20.jsonl.",
    )
    for name in (*ours, *near):
        segment = named(name)
        assert (segment is not None, NAMES.fullmatch(name) is not None) == (name in ours, name in ours), name
        assert segment is None or segment.name == name
