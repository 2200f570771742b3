"""The journal's writer against a real file system and real processes: nothing torn, lost, raised or leaked."""

import ast
import json
import os
import random
import stat
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from board.journal.events import COMMON, LEADING, Event
from board.journal.kinds import EVENTS
from board.journal.read import records, segments
from board.journal.redact import Redactor
from board.journal.sink import Journal, make_redactor

AT = 1795169580.12
DAY = 86400


def a_redactor(**known: str) -> Redactor:
    return Redactor(home="/home/dev", user="dev", host="devbox", key=b"k" * 32, known=known)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / ".board" / "journal")


@pytest.fixture
def journal(folder: str) -> Iterator[Journal]:
    opened = Journal(folder, a_redactor())
    yield opened
    opened.close()


def note(n: int, **more: Any) -> Event:
    return Event("checkpoint_recorded", "a", {"attempt": n, **more})


def attempts(folder: str) -> list[Any]:
    return [record.get("attempt") for record in records(folder)]


def in_children(folder: str, count: int, work: str) -> None:
    """`work` in so many processes, which all wait at one gate until all are there."""
    prelude = (
        "import os, sys\n"
        "from board.journal.events import Event\n"
        "from board.journal.redact import Redactor\n"
        "from board.journal.sink import Journal, make_redactor\n"
        f"folder, me, at = {folder!r}, int(sys.argv[1]), {AT}\n"
        "redactor = Redactor(home='', user='', host='', key=b'k', known={})\n"
        "os.write(1, b'.'); os.read(0, 1)\n"
    )
    (waits, opens), (arrived, arrives) = os.pipe(), os.pipe()
    command = [sys.executable, "-c", prelude + work]
    children = [subprocess.Popen([*command, str(n)], stdin=waits, stdout=arrives) for n in range(count)]
    os.close(waits)
    os.close(arrives)
    there = 0
    while there < count and (come := os.read(arrived, count)):
        there += len(come)
    os.close(opens)
    codes = [child.wait(timeout=60) for child in children]
    os.close(arrived)
    assert codes == [0] * count


def test_who_may_read_it(folder: str, journal: Journal) -> None:
    """The folder, its parent and the file are the person's alone, whatever the umask."""
    before = os.umask(0)
    try:
        journal.append(note(1), AT)
        journal.append(note(2), AT + DAY)
    finally:
        os.umask(before)
    paths = (Path(folder).parent, Path(folder), *(Path(folder, name) for name in segments(folder)))
    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o700, 0o700, 0o600, 0o600]


def test_eight_processes_tear_and_lose_nothing(folder: str) -> None:
    """8 processes with 500 lines each, of many lengths, over several segments: every record is there once and in order.

    Mutants seen red: a descriptor without O_APPEND; a line written in two halves; a full segment renamed away.
    """
    in_children(
        folder,
        8,
        "j = Journal(folder, redactor, fast=bool(me % 2), max_bytes=200_000)\n"
        "for n in range(500):\n"
        "    j.append(Event('checkpoint_recorded', f't{me}', {'attempt': n, 'note': 'x y ' * (n * 7 % 900)}), at)\n"
        "assert j.dropped == 0\n",
    )
    lines = b"".join(Path(folder, name).read_bytes() for name in segments(folder)).split(b"\n")
    assert lines.pop() == b""
    assert all(json.loads(line)["v"] == 1 for line in lines if line)
    found = [(record["task"], record["attempt"]) for record in records(folder)]
    assert len(found) == 4000
    for me in range(8):
        assert [n for task, n in found if task == f"t{me}"] == list(range(500))
    assert len(segments(folder)) > 3


def test_one_record_is_one_write(folder: str) -> None:
    """A reader can never see half a record of ours: its line reaches the kernel whole."""
    trace = (
        "import os\n"
        "writes, real = [], os.write\n"
        "os.write = lambda fd, data: writes.append(bytes(data)) or real(fd, data)\n"
        "j = Journal(folder, redactor)\n"
        "for n in range(3): j.append(Event('checkpoint_recorded', 'a', {'attempt': n, 'note': 'x\\ny' * 9000}), at)\n"
        "assert len(writes) == 3 and all(w.endswith(b'}\\n') and w.count(b'\\n') == 1 for w in writes), writes\n"
    )
    in_children(folder, 1, trace)


def test_a_full_disk_raises_nothing_and_is_counted(folder: str) -> None:
    """Where a file may not grow, the caller goes on; later records are whole, and say how many were dropped.

    Mutants seen red: OSError let out; no newline in front of the next record; the count forgotten.
    """
    in_children(
        folder,
        1,
        "import resource\n"
        "j = Journal(folder, redactor)\n"
        "j.append(Event('checkpoint_recorded', 'a', {'attempt': 0}), at)\n"
        "free = resource.RLIM_INFINITY\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400, free))\n"
        "for n in range(1, 6):\n"
        "    j.append(Event('checkpoint_recorded', 'a', {'attempt': n, 'note': 'x y ' * 99}), at + n)\n"
        "assert j.dropped == 5, j.dropped\n"
        "assert os.path.getsize(os.path.join(folder, '2026-11-20.jsonl')) == 400\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (free, free))\n"
        "j.append(Event('checkpoint_recorded', 'a', {'attempt': 6}), at + 6)\n"
        "assert j.dropped == 0\n"
        "j.append(Event('checkpoint_recorded', 'a', {'attempt': 7}), at + 7)\n",
    )
    found = list(records(folder))
    assert [r["event"] for r in found].count("journal_dropped") == 1
    assert [(r["event"], r.get("attempt")) for r in found if r["event"] != "journal_dropped"] == [
        ("checkpoint_recorded", n) for n in (0, 6, 7)
    ]
    dropped = next(r for r in found if r["event"] == "journal_dropped")
    assert dropped["dropped_count"] == 5
    assert dropped["first_at"] == "2026-11-20T10:13:01.120Z"
    assert dropped["level"] == "error"


def test_a_device_without_room(journal: Journal) -> None:
    """ENOSPC, as the kernel says it, is counted and not raised."""
    journal.append(note(1), AT)
    assert journal._fd is not None
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, journal._fd)
    os.close(full)
    journal.append(note(2), AT)
    assert journal.dropped == 1


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Where there can be no journal, the caller goes on."""
    (tmp_path / "file").write_text("")
    opened = Journal(str(tmp_path / "file" / "journal"), a_redactor())
    opened.append(note(1), AT)
    opened.append(note(2), AT)
    assert opened.dropped == 2


def test_the_next_writer_closes_a_torn_line(folder: str, journal: Journal) -> None:
    """A writer that died in the middle of a line costs that line and not the next one, also while we are open.

    Mutant seen red: the look at the last byte only when the file is opened.
    """
    journal.append(note(1), AT)
    path = Path(folder, "2026-11-20.jsonl")
    with path.open("ab") as file:
        file.write(b'{"ts":"2026-11')
    journal.append(note(2), AT)
    assert attempts(folder) == [1, 2]


def test_segments_by_day_and_by_size(folder: str) -> None:
    """A new day and a full segment begin a new file; nothing is renamed or cut, and the order is that of writing."""
    opened = Journal(folder, a_redactor(), max_bytes=1000)
    for n in range(60):
        opened.append(note(n), AT + (DAY if n >= 40 else 0))
    opened.close()
    names = segments(folder)
    assert names[:2] == ["2026-11-20.jsonl", "2026-11-20.2.jsonl"]
    assert "2026-11-21.jsonl" in names
    assert len(names) > 5
    assert attempts(folder) == list(range(60))
    assert all(Path(folder, name).stat().st_size < 1200 for name in names)


def test_two_writers_agree_on_the_segment(folder: str) -> None:
    """Who opened a segment earlier moves on with the others when it is full."""
    one, two = (Journal(folder, a_redactor(), max_bytes=1000) for _ in range(2))
    for n in range(40):
        (one if n % 2 else two).append(note(n), AT)
    one.close()
    two.close()
    assert attempts(folder) == list(range(40))


def test_a_removed_segment_is_begun_anew(folder: str, journal: Journal) -> None:
    """Who clears the journal away does not silence a writer that has it open. Mutant seen red: no look at the links."""
    journal.append(note(1), AT)
    for name in segments(folder):
        Path(folder, name).unlink()
    Path(folder).rmdir()
    journal.append(note(2), AT)
    assert attempts(folder) == [2]


def test_an_unknown_event_writes_nothing(folder: str, journal: Journal) -> None:
    """A name outside the list is our own fault and is said at once."""
    with pytest.raises(ValueError, match="no_such"):
        journal.append(Event("no_such"), AT)
    assert attempts(folder) == []


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("name", EVENTS)
def test_a_secret_planted_in_every_field_never_reaches_the_file(folder: str, name: str, fast: bool) -> None:
    """In no field of any event, in no form, is a secret written. Mutant seen red: `task` let through as it is."""
    dice = random.Random(name)
    letters = string.ascii_letters + string.digits
    token, known, value = ("".join(dice.choice(letters) for _ in range(36)) for _ in range(3))
    planted = f"ghp_{token} {known} password={value} /home/dev/x\n\x1b[1m{json.dumps(known)}"
    fields = dict.fromkeys((*LEADING, *COMMON, *EVENTS[name].fields), planted)
    opened = Journal(folder, a_redactor(SOME_TOKEN=known), fast=fast)
    opened.append(Event(name, planted, fields), AT)
    opened.close()
    written = b"".join(Path(folder, segment).read_bytes() for segment in segments(folder)).decode()
    assert len(list(records(folder))) == 1
    for secret in (token, known, value, "/home/dev", "\\u001b"):
        assert secret not in written


def test_orjson_and_json_write_the_same_line(folder: str) -> None:
    """Which encoder writes is a matter of time and not of what stands in the file."""
    for n, fast in enumerate((False, True)):
        opened = Journal(folder, a_redactor(), fast=fast)
        fields = {"attempt": 2, "note": 'ä "q" \\ \n €😀', "commit": None, "token": 2**70, "rule": "\ud800"}
        opened.append(Event("checkpoint_recorded", "a", fields), AT + n * DAY)
        opened.append(Event("worker_died", "a", {"ran_for_s": 0.1, "exit_status": 1e22}), AT + n * DAY)
        opened.close()
    one, two = (Path(folder, name).read_text() for name in segments(folder))
    assert [json.loads(line) | {"ts": 0} for line in one.splitlines()] == [
        json.loads(line) | {"ts": 0} for line in two.splitlines()
    ]


def test_the_installation_key_is_made_once(tmp_path: Path) -> None:
    """Many processes that all come first agree on one whole key, which is the person's alone.

    Mutant seen red: the key written into place without the exclusive link.
    """
    in_children(
        str(tmp_path),
        4,
        "for n in range(100):\n"
        "    mark = make_redactor(f'{folder}/{n}', {}).text('password=' + 'x9' * 8)\n"
        "    open(f'{folder}/{n}/mark.{me}', 'w').write(mark)\n",
    )
    for board in tmp_path.iterdir():
        assert len({path.read_text() for path in board.glob("mark.*")}) == 1
        assert len((board / "redact.key").read_bytes()) == 32
        assert stat.S_IMODE((board / "redact.key").stat().st_mode) == 0o600
        assert len(list(board.iterdir())) == 5


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 40])
def test_a_damaged_key_is_replaced(tmp_path: Path, damage: bytes) -> None:
    """A key that is not whole is no key; the next redactor makes one that lasts."""
    (tmp_path / "redact.key").write_bytes(damage)
    marks = [make_redactor(str(tmp_path), {}).text("password=x9x9x9x9") for _ in range(2)]
    assert marks[0] == marks[1]
    assert len((tmp_path / "redact.key").read_bytes()) == 32


def test_a_board_that_cannot_keep_a_key(tmp_path: Path) -> None:
    """Where no key can be kept, secrets are still masked, under a key of this process."""
    (tmp_path / "file").write_text("")
    assert "x9x9x9x9" not in make_redactor(str(tmp_path / "file"), {}).text("password=x9x9x9x9")


def test_the_redactor_of_an_environment(tmp_path: Path) -> None:
    """Home, name and the values under secret names come from the environment that is given."""
    value = "".join(random.Random(1).choices(string.ascii_letters, k=20))
    env = {"HOME": "/home/eve", "USER": "eve", "SOME_TOKEN": value, "EDITOR": "/usr/bin/vi-improved"}
    redactor = make_redactor(str(tmp_path), env)
    out = redactor.text(f"/home/eve/x {value} /usr/bin/vi-improved eve@{os.uname().nodename}")
    assert out.startswith("~/x [REDACTED:known:")
    assert out.endswith(" /usr/bin/vi-improved user@host")


def test_a_claims_worth_of_journal_is_cheap_to_import(tmp_path: Path) -> None:
    """One line in a short command loads neither orjson nor logging, and compiles no token pattern."""
    code = (
        "import sys\n"
        "from board.journal.events import Event\n"
        "from board.journal.sink import Journal, make_redactor\n"
        "from board.journal.patterns import compiled\n"
        f"j = Journal({str(tmp_path / 'journal')!r}, make_redactor({str(tmp_path)!r}, dict(HOME='/home/dev')))\n"
        f"j.append(Event('task_claimed', 'a', {{'by': 'ann', 'token': 3, 'ttl_s': 7200}}), {AT})\n"
        "heavy = {'orjson', 'logging', 'hashlib', 'dataclasses', 'inspect', 'subprocess', 'pathlib', 'base64'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert compiled.cache_info().currsize < 8\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


@pytest.mark.parametrize("name", ["redact", "rules", "events"])
def test_pure_modules_reach_for_nothing(name: str) -> None:
    """What decides about secrets imports no clock, no dice and no file system."""
    package = Path(sys.modules["board.journal.sink"].__file__ or "").parent
    nodes = list(ast.walk(ast.parse((package / f"{name}.py").read_text())))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert not names & {"os", "time", "random", "subprocess", "socket", "pathlib", "logging", "secrets", "tempfile"}
