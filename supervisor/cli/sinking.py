"""`supervisor sink`: the reader of workers' output as a program; a supervisor starts it. It parses nothing itself."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

from board.cli.context import Context
from board.errors import BoardError, RefusedError
from board.journal.redact import Redactor
from board.journal.sink import make_redactor
from supervisor.masks import KeptJournal, Masks
from supervisor.sink.reader import serve


def sink(ctx: Context) -> None:
    signal.signal(signal.SIGTERM, _leave)
    side = os.path.abspath(ctx.store.side)
    journal = KeptJournal(os.path.join(side, "journal"), make_redactor(side, ctx.env))
    masks = Masks(journal, side, ctx.env)
    if not serve(side, lambda: _redactor(ctx, masks), journal):
        raise RefusedError("another one reads this board's workers already")


def _redactor(ctx: Context, masks: Masks) -> Redactor:
    """As the board asks for it now; of one that can't be read, as it was asked for last."""
    with suppress(BoardError):
        masks.follow(ctx.engine.read().board.settings.redact)
    return masks.redactor


def _leave(number: int, _: FrameType | None) -> None:
    """What was read is written first."""
    sys.exit(128 + number)
