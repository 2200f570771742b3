"""One attempt's way from bytes to its log: decoded, seen as a reader would see it, redacted, stamped, appended.

It opens and reads no pipe, and its clock is whoever feeds it.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from board.journal.marks import Redacted, lines_of
from board.journal.redact import Redactor
from supervisor.agents.signals import is_status
from supervisor.model import Attempt
from supervisor.sink.messages import Spoken
from supervisor.sink.outlog import OutLog, heading, our_line, worker_line
from supervisor.sink.rows import Line, Rows

QUIET: Final = 0.2  # seconds after which a whole row that didn't change is told
QUIET_REPAINTING: Final = 1.0  # ... of a program that went back to its rows within the last `REPAINTS`
REPAINTS: Final = 5.0
QUIET_HELD: Final = 1.0  # ... after which no line is taken for the first of several that are one secret
_TELL_AGAIN: Final = 10.0  # seconds between two events of what was dropped


class Loss(NamedTuple):
    """Bytes that did not get into the log since `first_at`, and why."""

    why: str
    dropped: int
    first_at: float


class Tape:
    """`tell_loss` gets what was lost, at most every ten seconds and at the end. `spoken` is what the worker last said
    of itself through its terminal, and when."""

    def __init__(self, attempt: Attempt, redactor: Redactor, log: OutLog, tell_loss: Callable[[Loss], None]) -> None:
        self.attempt = attempt
        self.lines = 0
        self.size = 0
        self.lost = 0
        self.spoken: Spoken | None = None
        self._redactor = redactor
        self._log = log
        self._tell_loss = tell_loss
        self._rows = Rows()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stream = redactor.stream()
        self._stamps: list[float] = []  # of the lines that the redactor holds back
        self._losses: dict[str, Loss] = {}
        self._told_at = float("-inf")
        self._last_at = 0.0

    def begin(self, at: float, *, again: bool) -> None:
        head = heading(self.attempt.number, self.attempt.token)
        self._append([self._ours(at, f"{head} goes on: output may be missing here" if again else head)], at)

    def feed(self, piece: bytes, at: float) -> None:
        self._last_at = at
        self._write(self._rows.feed(self._decoder.decode(piece), at), at)
        if self._rows.status and is_status(self._rows.status):
            self.spoken = Spoken(self.attempt.mark, self._rows.status, at)
        self._rows.status = ""

    def gap(self, dropped: int, at: float) -> None:
        """So many bytes that should come here are lost; what comes next begins a line."""
        self._cut(at)
        self._append([self._ours(at, f"--- output dropped: {dropped:,} bytes")], at)
        self._note(Loss("it came faster than it could be written", dropped, at), at)

    def settles_in(self, at: float) -> float | None:
        """Seconds until `settle` has something to do; None while it has nothing."""
        since = self._rows.waits_since()
        if since is not None:
            return min(max(0.0, since + self._quiet() - at), self._quiet())
        return min(max(0.0, self._last_at + QUIET_HELD - at), QUIET_HELD) if self._stream.waiting else None

    def settle(self, at: float) -> None:
        """What stood for a moment is told, and after a longer one also what was held back for what might follow."""
        self._write(self._rows.settle(at - self._quiet()), at)
        if self._stream.waiting and at - self._last_at >= QUIET_HELD and self._rows.waits_since() is None:
            self._add(self._stream.close(), at)

    def _quiet(self) -> float:
        return QUIET_REPAINTING if self._last_at - self._rows.moved_up_at < REPAINTS else QUIET

    def close(self, at: float, ended: str | None) -> None:
        """All is written, with a last line; `ended` is how the attempt ended, None where nobody said so."""
        self._cut(at)
        head = heading(self.attempt.number, self.attempt.token)
        how = f"ended: {ended}" if ended else "ended its output"
        self._append([self._ours(at, f"{head} {how}")], at)
        self._tell_losses(at)
        self._log.close()

    def _cut(self, at: float) -> None:
        """Whatever was begun is over."""
        tail = self._decoder.decode(b"", final=True)
        self._write([*self._rows.feed(tail, at), *self._rows.close()], at)
        self._add(self._stream.close(), at)
        self._decoder.reset()
        self._stream = self._redactor.stream()

    def _write(self, lines: Sequence[Line], at: float) -> None:
        """Notices stand between the lines where they came."""
        run: list[Line] = []
        for line in lines:
            if line.is_notice:
                self._redact(run, at)
                run = []
                self._append([self._ours(line.at, f"--- {line.text}")], at)
            else:
                run.append(line)
        self._redact(run, at)

    def _redact(self, lines: Sequence[Line], at: float) -> None:
        if lines:
            self._stamps += [line.at for line in lines]
            self._add(self._stream.feed("".join(f"{line.text}\n" for line in lines)), at)

    def _add(self, text: Redacted, at: float) -> None:
        if not text:
            return
        lines = lines_of(text)
        ready = len(self._stamps) - self._stream.waiting
        stamps, self._stamps = self._stamps[:ready], self._stamps[ready:]
        if len(stamps) != len(lines):  # lines that belong together have become one: all have the first one's instant
            stamps = [(stamps or [at])[0]] * len(lines)
        written = [worker_line(when, line) for when, line in zip(stamps, lines, strict=True)]
        if self._append(written, at):
            self.lines += len(lines)

    def _ours(self, at: float, text: str) -> Redacted:
        return our_line(at, self._redactor.text(text))

    def _append(self, lines: Sequence[Redacted], at: float) -> bool:
        missing = self._log.append(lines)
        self.size += sum(map(len, lines))
        if missing:
            self._note(Loss("the log can't be written", missing, at), at)
        return not missing

    def _note(self, loss: Loss, at: float) -> None:
        self.lost += loss.dropped
        before = self._losses.get(loss.why)
        self._losses[loss.why] = loss if before is None else before._replace(dropped=before.dropped + loss.dropped)
        if at - self._told_at >= _TELL_AGAIN:
            self._tell_losses(at)

    def _tell_losses(self, at: float) -> None:
        for loss in self._losses.values():
            self._tell_loss(loss)
            self._told_at = at
        self._losses.clear()
