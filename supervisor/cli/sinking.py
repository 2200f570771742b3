"""`supervisor sink`: the reader of workers' output as a program; a supervisor starts it. It parses nothing itself."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from board.cli.context import Context
from board.errors import RefusedError
from board.journal.sink import Journal, make_redactor
from supervisor.sink.reader import serve


def sink(ctx: Context) -> None:
    signal.signal(signal.SIGTERM, _leave)
    side = os.path.abspath(ctx.store.side)
    redactor = make_redactor(side, ctx.env)
    if not serve(side, redactor, Journal(os.path.join(side, "journal"), redactor)):
        raise RefusedError("another one reads this board's workers already")


def _leave(number: int, _: FrameType | None) -> None:
    """What was read is written first."""
    sys.exit(128 + number)
