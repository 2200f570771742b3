"""`.board/output/<task>.log`: what workers printed, redacted. Raw text never touches the disk."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from board.journal.redact import Redactor
from supervisor.model import Attempt

_PANE_IS_DEAD = re.compile(r"(?:^|\n)Pane is dead \([^\n]*\)$")


class Kept(NamedTuple):
    path: str
    lines: int
    size: int


def log_path(side: str, task: str) -> Path:
    return Path(side) / "output" / f"{task}.log"


def tidied(raw: str) -> str:
    """A pane's text without the empty rows around it and without tmux's own last line."""
    text = _PANE_IS_DEAD.sub("", raw.rstrip())
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines()).strip("\n")


def keep_output(side: str, attempt: Attempt, redactor: Redactor, raw: str) -> Kept:
    """Appends one attempt's text under a heading, in one write. Raises OSError."""
    path = log_path(side, attempt.task)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = redactor.text(tidied(raw))
    data = f"=== attempt {attempt.number} (token {attempt.token})\n{text}\n".encode()
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, data)
    finally:
        os.close(fd)
    return Kept(f"output/{path.name}", text.count("\n") + 1 if text else 0, len(data))
