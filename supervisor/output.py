"""A worker's output as its pane shows it, put into its log where no reader recorded it. Nothing raw is kept."""

from __future__ import annotations

import re
from typing import NamedTuple

from board.journal.marks import lines_of
from board.journal.redact import Redactor
from supervisor.model import Attempt
from supervisor.sink.outlog import OutLog, heading, log_path, our_line, worker_line

_PANE_IS_DEAD = re.compile(r"(?:^|\n)Pane is dead \([^\n]*\)$")


class Kept(NamedTuple):
    path: str
    lines: int
    size: int


def tidied(raw: str) -> str:
    """A pane's text without the empty rows around it and without tmux's own last line."""
    text = _PANE_IS_DEAD.sub("", raw.rstrip())
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines()).strip("\n")


def keep_output(side: str, attempt: Attempt, redactor: Redactor, raw: str, at: float) -> Kept:
    """Appends one attempt's text under a heading, in one write; all of it has the instant at which it was read."""
    lines = lines_of(redactor.text(tidied(raw)))
    head = f"{heading(attempt.number, attempt.token)} as its pane showed it"
    written = [our_line(at, redactor.text(head)), *(worker_line(at, line) for line in lines)]
    log = OutLog(log_path(side, attempt.task))
    lost = log.append(written)
    log.close()
    return Kept(f"output/{attempt.task}.log", len(lines), sum(map(len, written)) - lost)
