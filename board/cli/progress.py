"""What `board done` shows while its checks run: a line a check, whose seconds tick on a terminal. It asks nothing.

Where stderr is no terminal, or the answer is for a script, nothing is said.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Final

from board.cli import outlet
from board.cli.context import Context
from board.done import Finding, Progress

TICK: Final = 1.0  # seconds
_NARROW: Final = 80  # columns of a terminal that doesn't say


def progress(ctx: Context) -> Progress:
    if not sys.stderr.isatty() or ctx.args.quiet or ctx.args.json:
        return Progress()
    ticking = _Ticking()
    return Progress(ticking.start, ticking.end)


class _Ticking:
    """One line at a time, written over until its check is over. `\\r` only goes back within a line, so none is longer
    than the terminal is wide."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, item: str) -> None:
        self._over.clear()
        self._show(item, " ...", end="\r")
        self._thread = threading.Thread(target=self._tick, args=(item, time.monotonic()), daemon=True)
        self._thread.start()

    def end(self, finding: Finding) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        self._show(finding.item, f" ... {'ok' if finding.ok else 'no'} ({finding.seconds:.1f}s)", end="\n")

    def _tick(self, item: str, began: float) -> None:
        while not self._over.wait(TICK):
            self._show(item, f" ... {time.monotonic() - began:.0f}s", end="\r")

    def _show(self, item: str, tail: str, end: str) -> None:
        outlet.complain([outlet.fitted(f"checking {item}", tail, _columns() - 1)], end=end)


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _NARROW
    except OSError:
        return _NARROW
