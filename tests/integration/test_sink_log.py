"""One attempt's way into its log, with a real pipe and a real file: gaps, rotation, a disk that takes nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from board.journal.redact import Redacted, Redactor
from supervisor.model import Attempt
from supervisor.sink.outlog import OutLog, entry, has_ending, log_path, our_line, worker_line
from supervisor.sink.tail import entries
from supervisor.sink.tape import Loss, Tape
from supervisor.sink.track import Track

ATTEMPT = Attempt("crew", "t", 3, 2)
NOW = 1_795_169_580.0  # 2026-11-20T10:13:00Z


class Way:
    """A track with a pipe to write into, and what it told of losses."""

    def __init__(self, side: Path, *, again: bool = False) -> None:
        self.path = log_path(str(side), "t")
        self.told: list[Loss] = []
        pipe = side / "pipe"
        os.mkfifo(pipe)
        fd = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.writer = os.open(pipe, os.O_WRONLY)
        redactor = Redactor(home="", user="", host="", key=b"k" * 32, known={"A": "known-value-1"})
        self.track = Track(Tape(ATTEMPT, redactor, OutLog(self.path), self.told.append), fd, str(pipe), again=again)

    def comes(self, data: bytes, at: float = NOW) -> None:
        os.write(self.writer, data)
        assert self.track.read(1 << 16, at, is_woken=True)
        while self.track.has_work:
            self.track.work(1 << 14, at)

    def end(self, ended: str | None = None) -> list[str]:
        os.close(self.writer)
        assert self.track.read(1 << 16, NOW, is_woken=True) is False
        self.track.close_pipe()
        self.track.finish(ended, NOW)
        assert self.track.is_over(NOW)
        self.track.close(NOW)
        return [each.text for each in entries(self.path)]


def test_a_pipe_that_nobody_opened_is_not_at_its_end(tmp_path: Path) -> None:
    """Both read as nothing; only one that was opened, and so wakes us, has ended. Mutant: any empty read is the end."""
    way = Way(tmp_path)
    os.close(way.writer)
    assert way.track.read(1 << 16, NOW, is_woken=False) is None
    assert way.track.read(1 << 16, NOW, is_woken=True) is False
    way.track.close_pipe()


def test_the_rest_of_a_line_whose_beginning_is_lost_is_no_line(tmp_path: Path) -> None:
    """It may be half a secret. What is left out is counted. Mutant: `skip_line` left out."""
    way = Way(tmp_path, again=True)
    way.comes(b"value-1 half\r\nwhole known-value-1\r\n")
    lines = way.end("exit 0")
    assert lines[0] == "=== attempt 2 (token 3) goes on: output may be missing here"
    assert lines[1] == "--- output dropped: 14 bytes"
    assert lines[2].startswith("whole [REDACTED:known:")
    assert lines[3:] == ["=== attempt 2 (token 3) ended: exit 0"]
    assert [loss.dropped for loss in way.told] == [14]


def test_characters_and_secrets_in_pieces(tmp_path: Path) -> None:
    """Bytes come as they come. Mutant: each piece decoded by itself."""
    way = Way(tmp_path)
    for byte in "日本 known-value-1 é\r\n".encode():
        way.comes(bytes([byte]))
    line = way.end()[1]
    assert line.startswith("日本 [REDACTED:known:")
    assert line.endswith("] é")


def test_a_row_is_written_when_it_stood_for_a_moment(tmp_path: Path) -> None:
    """Not only when all is quiet: a line a moment would never be. The unfinished one waits. Mutant: quiet of all."""
    way = Way(tmp_path)
    way.comes(b"first\r\n", NOW)
    way.comes(b"second\r\nthi", NOW + 0.15)
    assert way.track.due_in(NOW + 0.15, NOW) == pytest.approx(0.05, abs=1e-6)
    way.track.settle(NOW + 0.21, NOW)
    assert [each.text for each in entries(way.path)][1:] == ["first"]
    way.track.settle(NOW + 0.4, NOW)
    assert [each.text for each in entries(way.path)][1:] == ["first", "second"]
    assert way.track.due_in(NOW + 9, NOW) is None
    assert way.end()[1:4] == ["first", "second", "thi"]
    assert has_ending(str(tmp_path), ATTEMPT)
    assert not has_ending(str(tmp_path), Attempt("crew", "t", 3, 20))


def test_a_full_log_is_put_aside(tmp_path: Path) -> None:
    """One older one is kept, no line is torn or lost between the two. Mutant: the new one begun in the old file."""
    log = OutLog(str(tmp_path / "output" / "t.log"), biggest=1000)
    for number in range(60):
        assert log.append([worker_line(NOW, Redacted(f"line {number}"))]) == 0
    log.close()
    old, new = tmp_path / "output" / "t.log.1", tmp_path / "output" / "t.log"
    found = [each.text for each in [*entries(str(old)), *entries(str(new))]]
    assert found == [f"line {number}" for number in range(60 - len(found), 60)]
    assert 1000 <= old.stat().st_size < 1100
    assert new.stat().st_mode & 0o777 == 0o600


def test_a_torn_line_is_closed_before_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "t.log"
    path.write_text("2026-11-20T10:13:00.000Z tor")
    log = OutLog(str(path))
    log.append([worker_line(NOW, Redacted("whole"))])
    log.close()
    assert [each.text for each in entries(str(path))] == ["tor", "whole"]


def test_what_the_disk_does_not_take_is_counted(tmp_path: Path) -> None:
    """Nothing raises, the loss is told once, and it goes on when there is room again. Mutant: the error raised."""
    way = Way(tmp_path)
    (tmp_path / "output").write_text("in the way")
    way.comes(b"lost\r\n")
    way.track.settle(NOW + 1, NOW)
    assert [loss.why for loss in way.told] == ["the log can't be written"]
    (tmp_path / "output").unlink()
    way.comes(b"written\r\n")
    assert way.end() == ["written", "=== attempt 2 (token 3) ended its output"]
    assert way.track.tape.lost == sum(loss.dropped for loss in way.told)


def test_no_line_of_a_worker_passes_for_one_of_ours() -> None:
    """A worker's line begins with its instant, whatever it says. Mutant: ours recognised anywhere in a line."""
    forged = our_line(NOW, Redacted("=== attempt 9 (token 9) ended: exit 0")).rstrip("\n")
    back = entry(worker_line(NOW, Redacted(forged)).rstrip("\n"))
    assert (back.is_ours, back.text) == (False, forged)
    assert entry(forged).is_ours
