"""`supervisor scrub`: what was written before a rule was there is masked afterwards, and nothing is lost to it."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from board.journal.events import Event, Scalar
from board.journal.following import Follower
from board.journal.keeping import Limits, keep_journal
from board.journal.read import records, segments
from board.journal.redact import Redacted, Redactor
from board.journal.sink import Journal, make_redactor
from board.journal.wanted import Wanted
from board.settings import Redact, RedactRule
from supervisor.cli import main
from supervisor.processes import identify
from supervisor.scrub import Outcome, Scrub, Scrubbed
from tests.cli.conftest import Run, use
from tests.crash.sweep import alone, at_once, sweep
from tests.programs import Ended

AT = 1795169580.12
OLD = "acme-" + "".join(random.Random(5).choices("0123456789ABCDEF", k=20))
RULE = '{kind: acme, literal: "acme-", regex: "acme-[0-9A-F]{16,}"}'
HEAD = "version: 1\nsettings:\n  redact: {SETTINGS}\ntasks:\n  - {id: api, title: A}\n"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """`supervisor scrub WORDS` within this process."""

    def ran(*words: str) -> Ended:
        try:
            code = main(["scrub", *words])
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return ran


def settings(folder: Path, text: str) -> None:
    (folder / "tasks.yaml").write_text(HEAD.replace("SETTINGS", text))


@pytest.fixture
def side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A board whose rule came later than what stands in its files."""
    use(monkeypatch, tmp_path)
    settings(tmp_path, f"rules: [{RULE}]")
    side = tmp_path / ".board"
    make_redactor(str(side), os.environ)
    return side


def a_journal(side: Path, max_bytes: int = 1000) -> Journal:
    return Journal(str(side / "journal"), Redactor(home="", user="", host="", key=b"k", known={}), max_bytes=max_bytes)


def write(side: Path, count: int, *, start: int = 0, words: str = f"used {OLD} here") -> None:
    journal = a_journal(side)
    for n in range(start, start + count):
        journal.append(Event("checkpoint_recorded", "api", {"attempt": n, "note": words}), AT)
    journal.close()


def write_log(side: Path, name: str, text: str | bytes, age: float = 3600) -> Path:
    path = side / "output" / name
    path.parent.mkdir(exist_ok=True)
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def plain(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def holding(side: Path) -> list[str]:
    """Files in which the old secret stands."""
    return [str(path) for path in side.rglob("*") if path.is_file() and OLD.encode() in plain(path)]


def notes(side: Path) -> list[tuple[int, str]]:
    return [(each["attempt"], each["note"]) for each in records(str(side / "journal"), event="checkpoint_recorded")]


def states(side: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.stat().st_ino, p.stat().st_mtime_ns) for p in sorted(side.rglob("*")) if p.is_file()}


def acme() -> Redact:
    return Redact(rules=(RedactRule("acme", "acme-", "acme-[0-9A-F]{16,}"),))


class Swift(Redactor):
    """One that knows one secret: what the real one does in between is of no matter to files."""

    def text(self, s: str) -> Redacted:
        return Redacted(s.replace(OLD, "[REDACTED:known:01234567]"))

    def value(self, x: object) -> Scalar:
        return self.text(x) if isinstance(x, str) else None

    def stream(self, *, width: int | None = None) -> Any:
        return SimpleNamespace(feed=self.text, close=str)


# --- what is masked


def test_every_old_file_is_masked_and_told(side: Path, run: Run) -> None:
    """Segments, packed, closed and open, logs and the status: none has the secret afterwards, every record is there in
    its order, the journal tells it, and a second time there is nothing to do.

    Mutants seen red: the open segment left out; packed ones left out; the status left out.
    """
    write(side, 12)
    keep_journal(str(side / "journal"), Limits(0, 0, 0), AT)
    write(side, 12, start=12)
    write_log(side, "api.log", f"=== attempt 1 (token 1)\nhello {OLD}\n")
    write_log(side, "api.log.1", f"2026-11-20T10:13:00.120Z hello {OLD}\n")
    write_log(side, "old.log.2.gz", f"hello {OLD}\n")
    (side / "status.json").write_text(json.dumps({"tasks": {"api": {"why": f"waits for {OLD}"}}, "v": 1}))
    assert len(holding(side)) > 6
    ended = run()
    assert (ended.code, ended.err) == (0, "")
    assert holding(side) == []
    assert [n for n, _ in notes(side)] == list(range(24))
    marks = {note for _, note in notes(side)}
    assert len(marks) == 1
    assert marks.pop().startswith("used [REDACTED:acme:")
    (told,) = records(str(side / "journal"), event="files_scrubbed")
    changed = [line for line in ended.out.splitlines() if " changed " in line and line[0] in "jos"]
    assert (told["files_count"], told["masked_count"], told["kinds"]) == (len(changed), 28, "28 acme")
    assert json.loads((side / "status.json").read_text())["tasks"]["api"]["why"].startswith("waits for [REDACTED:acme:")
    before = states(side)
    again = run()
    assert again.code == 0
    assert again.out.endswith(" 0 changed, 0 places masked\n")
    assert states(side) == before


def test_a_dry_run_touches_nothing(side: Path, run: Run) -> None:
    """It tells the same files and counts, and no value."""
    write(side, 3)
    write_log(side, "api.log", f"hello {OLD}\n")
    before = states(side)
    dry = json.loads(run("--dry-run", "--json").out)
    assert states(side) == before
    done = json.loads(run("--json").out)
    assert (dry.pop("dry_run"), done.pop("dry_run")) == (True, False)
    assert dry == done
    assert dry["masked_count"] == 4
    assert OLD not in json.dumps(dry)
    assert {each["outcome"] for each in dry["files"]} == {"changed"}


def test_what_needs_no_masking_stays_byte_for_byte(side: Path, run: Run) -> None:
    """Lines beside a masked one, records with keys of others, torn lines and what is no JSON; a clean file is not even
    opened for writing, and its mode and times stay. Mutant seen red: every line written anew."""
    folder = side / "journal"
    folder.mkdir()
    lines = [
        b'{"ts":"2026-11-20T10:00:00.000Z", "level":"info","event":"x","b":[1, {"c": null}],"v":1}\n',
        b'{"ts":"2026-11-20T10:00:00.000Z","level":"info","event":"x","z":1,"a":{"b":["%s"]},"v":1}\n' % OLD.encode(),
        b"no record, but %s\r\n" % OLD.encode(),
        b"\n",
        b'{"ts":"2026-11-20T10:00:00.000Z","event":"torn","note":"%s' % OLD.encode(),
    ]
    path = folder / "2026-11-20.jsonl"
    path.write_bytes(b"".join(lines))
    clean = folder / "2026-11-19.jsonl"
    clean.write_bytes(lines[0])
    log = write_log(side, "api.log", f"clean \u00e4 one\r\n2026-11-20T10:13:00.120Z {OLD}\nlast {OLD}")
    log.chmod(0o640)
    times = log.stat().st_mtime_ns
    before = states(side)[str(clean)]
    assert run("-q") == Ended(0, "", "")
    assert states(side)[str(clean)] == before
    after = gzip.decompress((folder / "2026-11-20.jsonl.gz").read_bytes()).splitlines(keepends=True)
    assert (after[0], after[3]) == (lines[0], lines[3])
    record = json.loads(after[1])
    assert list(record) == ["ts", "level", "event", "z", "a", "v"]
    assert record["a"]["b"][0].startswith("[REDACTED:acme:")
    assert after[2].startswith(b"no record, but [REDACTED:acme:")
    assert after[2].endswith(b"]\r\n")
    assert not after[4].endswith(b"\n")
    assert (stat.S_IMODE(log.stat().st_mode), log.stat().st_mtime_ns) == (0o640, times)
    text = log.read_text()
    assert text.count("[REDACTED:acme:") == 2
    assert "\n2026-11-20T10:13:00.120Z [REDACTED:acme:" in text
    assert not text.endswith("\n")


def test_a_prompt_is_fingerprinted_once(side: Path, run: Run) -> None:
    """A prompt that was kept is its length and fingerprint afterwards; a fingerprint stays as it is."""
    keeping = make_redactor(str(side), os.environ, Redact(prompts="keep"))
    for redactor in (keeping, make_redactor(str(side), os.environ)):
        journal = Journal(str(side / "journal"), redactor)
        journal.append(Event("worker_started", "api", {"prompt": "build it well"}), AT)
        journal.close()
    assert run().code == 0
    first, second = (each["prompt"] for each in records(str(side / "journal"), event="worker_started"))
    assert first == second
    assert first.startswith("13 characters, ")


def test_a_key_over_several_lines_of_a_log(side: Path, run: Run) -> None:
    """What only lines together show is masked, where they carry no instants."""
    body = "\n".join(random.Random(3).randbytes(32).hex() for _ in range(4))
    begin, end = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"
    log = write_log(side, "api.log", f"a\n{begin}\n{body}\n{end}\nb\n")
    assert run().code == 0
    assert body.splitlines()[1] not in log.read_text()
    assert log.read_text().startswith("a\n")
    assert log.read_text().endswith("\nb\n")


# --- what is left


def test_a_log_that_may_be_written_to_is_left(side: Path, run: Run) -> None:
    """Just written to, open elsewhere, or of a worker that lives: it is told with the reason and the exit code is 75;
    one without a secret is nobody's trouble.

    Mutants seen red, one each: its age, its worker, the open file not asked for.
    """
    logs = {name: write_log(side, f"{name}.log", f"hello {OLD}\n") for name in ("young", "open", "working", "free")}
    os.utime(logs["young"])
    write_log(side, "working.log.1", "clean\n")
    me = identify(os.getpid())
    assert me is not None
    (side / "status.json").write_text(json.dumps({"tasks": {"working": {"pid": me.pid}, "free": {"pid": None}}}))
    with logs["open"].open("ab"):
        ended = run()
    assert ended.code == 75
    told = {line.split()[0]: line for line in ended.out.splitlines() if line.startswith("output/")}
    assert "in use   it was written to just now" in told["output/young.log"]
    assert "in use   another process has it open" in told["output/open.log"]
    assert "in use   the worker of working is at work" in told["output/working.log"]
    assert "changed  1 acme" in told["output/free.log"]
    assert "try again when no worker is at work" in ended.out
    assert run("--dry-run").code == 0
    assert {Path(path).stem for path in holding(side)} == {"young", "open", "working"}
    assert not list(side.rglob("*.part"))


def test_a_log_that_grows_meanwhile_is_left(side: Path) -> None:
    """A line that came while the new text was written is not lost. Mutant seen red: not looked at once more."""
    log = write_log(side, "api.log", f"hello {OLD}\n")

    class Slow(Redactor):
        """Somebody appends while the last line is being redacted."""

        def stream(self, *, width: int | None = None):  # type: ignore[no-untyped-def]
            if list(side.rglob("*.part")):
                with log.open("a") as file:
                    file.write("one more\n")
                os.utime(log, (AT - 1e8, AT - 1e8))
            return made.stream(width=width)

    made = make_redactor(str(side), os.environ, acme())
    slow = Slow(home="", user="", host="", key=b"k", known={})
    slow.marks = made.marks
    found = list(Scrub(str(side), slow, time.time()).go())
    assert [(each.outcome, each.why) for each in found] == [(Outcome.IN_USE, "it was written to just now")]
    assert log.read_text() == f"hello {OLD}\none more\n"


def test_a_damaged_file_stays_and_fails(side: Path, run: Run) -> None:
    """What can't be unpacked is told with exit 1, and the others are done."""
    write(side, 12)
    keep_journal(str(side / "journal"), Limits(0, 0, 0), AT)
    first = side / "journal" / segments(str(side / "journal"))[0]
    cut = first.read_bytes()[:-20]
    first.write_bytes(cut)
    ended = run()
    assert ended.code == 1
    assert f"journal/{first.name}" in ended.out
    assert "damaged" in ended.out
    assert first.read_bytes() == cut
    rest = [path for path in (side / "journal").iterdir() if path != first]
    assert not [path for path in rest if OLD.encode() in plain(path)]


def test_the_boards_own_text_is_not_touched(side: Path, run: Run) -> None:
    """tasks.yaml, its versions and the claims keep what people wrote, and links lead nowhere."""
    (side / "history").mkdir(exist_ok=True)
    (side / "history" / "1.yaml").write_text(OLD)
    (side / "claims").mkdir(exist_ok=True)
    (side / "claims" / "api.log").write_text(OLD)
    other = side.parent / "other.log"
    other.write_text(OLD)
    (side / "output").mkdir()
    (side / "output" / "link.log").symlink_to(other)
    (side / "output" / "folder.log").mkdir()
    assert run().code == 0
    assert len(holding(side)) == 3
    assert other.read_text() == OLD


def test_rules_that_cannot_be_used_stop_it(side: Path, run: Run) -> None:
    """A slow rule would mask whole lines for ever: exit 3, with its place, and nothing is touched. Mutant seen red: the
    settings not looked at."""
    slow_regex = "'((?:a|used|[a-z ])+)+!'"
    settings(side.parent, f"rules: [{RULE}, {{kind: slow, literal: used, regex: {slow_regex}}}]")
    write(side, 1)
    before = (side / "journal" / "2026-11-20.jsonl").read_bytes()
    ended = run()
    assert ended.code == 3
    assert "settings.redact.rules" in ended.err
    assert (side / "journal" / "2026-11-20.jsonl").read_bytes() == before


def test_another_one_at_it_is_waited_for_by_leaving(side: Path, run: Run) -> None:
    """While somebody packs the journal or scrubs, exit 75."""
    import fcntl

    write(side, 2)
    held = os.open(side / "journal", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    assert run().code == 75
    os.close(held)
    assert run().code == 0


def test_a_board_without_files_has_nothing_to_scrub(side: Path, run: Run) -> None:
    """No journal, no logs, no status: exit 0, and nothing is made."""
    ended = run()
    assert (ended.code, ended.out) == (0, "0 files, 0 changed, 0 places masked\n")
    assert not (side / "journal").exists()


# --- others at the same time


def test_who_follows_the_journal_is_told_each_record_once(side: Path) -> None:
    """A follower that has read the open segment goes on behind it. Mutant seen red: the plain file replaced by a
    plain one."""
    write(side, 1)
    redactor = make_redactor(str(side), os.environ, acme())
    steps = iter((lambda: _go(side, redactor), list, lambda: write(side, 1, start=1), list))

    def wait() -> bool:
        step = next(steps, None)
        if step is not None:
            step()
        return step is not None

    follower = Follower(str(side / "journal"), Wanted(), from_now=False)
    told = [(found.record["attempt"], found.record["note"]) for found in follower.go_on(wait)]
    assert told == [(0, f"used {OLD} here"), (1, f"used {OLD} here")]
    assert notes(side)[0][1].startswith("used [REDACTED:acme:")


def test_nobody_rewrites_between_a_look_and_a_write(side: Path, run: Run) -> None:
    """A writer that was stopped just before its write is not overtaken: its segment is left, and told.

    Mutant seen red: rewritten without the seal.
    """
    write(side, 1)
    slow = a_journal(side)
    slow.append(Event("checkpoint_recorded", "api", {"attempt": 1, "note": OLD}), AT)
    fd = slow._opened("2026-11-20")
    assert run().code == 75
    os.write(fd, (side / "journal" / "2026-11-20.jsonl").read_bytes().splitlines(keepends=True)[1])
    slow.close()
    assert run().code == 0
    assert [n for n, _ in notes(side)] == [0, 1, 1]
    assert holding(side) == []


def test_a_segment_that_was_begun_meanwhile_is_looked_at_too(side: Path) -> None:
    """Who doesn't know the rules yet goes on in the next segment: it is part of the same pass.

    Mutant seen red: only what was there at the beginning.
    """
    write(side, 1)
    done: list[None] = []

    class Meanwhile(Swift):
        def value(self, x: object) -> Scalar:
            if list(side.rglob("*.part")) and not done:
                done.append(write(side, 1, start=1))
            return super().value(x)

    redactor = Meanwhile(home="", user="", host="", key=b"k", known={})
    assert [each.outcome for each in _go(side, redactor)] == [Outcome.CHANGED, Outcome.CHANGED]
    assert [n for n, _ in notes(side)] == [0, 1]
    assert holding(side) == []


def _writer(side: Path, me: int, lines: int) -> Callable[[], object]:
    def work() -> None:
        journal = a_journal(side, 4000)
        for n in range(lines):
            journal.append(Event("checkpoint_recorded", f"t{me}", {"attempt": n, "note": f"used {OLD}"}), AT)
            if n % 50 == me:
                journal.close()
        assert journal.dropped == 0
        (side / f"done.{me}").touch()

    return work


def _scrubber(side: Path, until: int) -> Callable[[], object]:
    def work() -> None:
        redactor = make_redactor(str(side), os.environ, acme())
        while len(list(side.glob("done.*"))) < until:
            assert not [each for each in _go(side, redactor) if each.outcome is Outcome.FAILED]

    return work


def _go(side: Path, redactor: Redactor) -> list[Scrubbed]:
    return list(Scrub(str(side), redactor, time.time()).go())


def four_writers_and_a_scrubber(side: Path) -> None:
    """Runs in an interpreter of its own, because it forks."""
    side.mkdir()
    make_redactor(str(side), os.environ)
    keeper = lambda: [keep_journal(str(side / "journal"), Limits(0, 0, 0), AT) for _ in range(100)]  # noqa: E731
    assert at_once([*(_writer(side, me, 1500) for me in range(4)), _scrubber(side, 4), keeper]) == [0] * 6
    found = [(each["task"], each["attempt"]) for each in records(str(side / "journal"))]
    assert len(found) == len(set(found)) == 6000
    for me in range(4):
        assert [n for task, n in found if task == f"t{me}"] == list(range(1500))
    _go(side, make_redactor(str(side), os.environ, acme()))
    assert holding(side) == []
    assert len(list(records(str(side / "journal")))) == 6000


@pytest.mark.slow
def test_writers_lose_nothing_and_leave_nothing(tmp_path: Path) -> None:
    """Four writers of unmasked lines, a keeper that packs, and one who scrubs again and again: each record is there
    once, in its writer's order, and after the last pass none is unmasked.

    Mutant seen red: the plain segment left beside the packed one.
    """
    alone(four_writers_and_a_scrubber, tmp_path / "side")


# --- dying


def a_scrubber_that_dies_anywhere(side: Path) -> None:
    """Runs in an interpreter of its own, because it forks."""
    redactor = Swift(home="", user="", host="", key=b"k", known={})
    log = f"2026-11-20T10:13:00.120Z one {OLD}\nplain {OLD}\n"
    _go(side, redactor)  # what is imported and compiled by the first is not swept

    def prepare() -> None:
        for name in ("journal", "output"):
            shutil.rmtree(side / name, ignore_errors=True)
        write(side, 1)
        (side / "journal" / "2026-11-20.2.jsonl").touch()
        keep_journal(str(side / "journal"), Limits(0, 0, 0), AT)
        write(side, 1, start=1)
        write_log(side, "api.log", log)

    def verify(line: int) -> None:
        assert [n for n, _ in notes(side)] == [0, 1], line
        text = (side / "output" / "api.log").read_text()
        assert text == log or (OLD not in text and text.count("REDACTED") == 2 and text.endswith("]\n")), line
        if line % 10 == 0:
            write(side, 1, start=2)
            assert {each.outcome for each in _go(side, redactor)} <= {Outcome.CHANGED, Outcome.CLEAN}
            assert holding(side) == [], line
            assert [n for n, _ in notes(side)] == [0, 1, 2], line
            assert not list(side.rglob("*.part")), line

    assert sweep(prepare, lambda: _go(side, redactor), verify) > 300


@pytest.mark.slow
def test_a_scrubber_may_die_at_any_line(tmp_path: Path) -> None:
    """Killed at each executed line in turn: every file is wholly old or wholly new, no record is lost, and the next
    pass finishes and clears away what was left.

    Mutants seen red: a log written in place; the plain segment removed before the packed one is there.
    """
    alone(a_scrubber_that_dies_anywhere, tmp_path)
