"""`board log`: the journal as people read it. What a record means stands in `board.journal.events`."""

from __future__ import annotations

import gc
import os
import sys
import time
from typing import Any, Final

from board.cli.context import Context
from board.errors import UsageError
from board.instants import parse_span
from board.journal import read
from board.journal.faces import for_terminal, told

_BETWEEN_LOOKS: Final = 0.2


def log(ctx: Context) -> None:
    wanted = _wanted(ctx)
    folder = os.path.join(ctx.store.side, "journal")
    follows = ctx.args.follow
    if follows:
        gc.enable()  # unlike other commands this one stays
        # Past and future in one go: nothing that is written between two questions is missed.
        found = read.follow(folder, wait=_wait, **{**wanted, "since": wanted["since"] or 0.0})
    else:
        found = read.records(folder, **wanted)
    shown = 0
    redactor = for_terminal(ctx.env)
    for record in found:
        shown += 1
        _tell(ctx, told(redactor, record))
    if not shown and not ctx.args.json and not ctx.args.quiet and not follows:
        ctx.say("nothing happened yet, as far as the journal knows")


def _tell(ctx: Context, record: read.Record) -> None:
    if ctx.args.json:
        import json

        ctx.write(json.dumps(record, ensure_ascii=False) + "\n")
    else:
        ctx.say(read.render(record))


def _wanted(ctx: Context) -> dict[str, Any]:
    return {
        "task": ctx.args.id or ctx.env.get("BOARD_TASK") or None,
        "event": _event(ctx.args.event),
        "since": _since(ctx),
        "grep": _pattern(ctx.args.grep),
    }


def _event(name: str | None) -> str | None:
    from board.journal.events import EVENTS

    if name is not None and name not in EVENTS:
        from difflib import get_close_matches

        near = get_close_matches(name, EVENTS, 1)
        raise UsageError(
            f'no event "{name}"', f'did you mean "{near[0]}"?' if near else "`board log` shows their names"
        )
    return name


def _since(ctx: Context) -> float | None:
    text = ctx.args.since
    span = None if text is None else parse_span(text)
    if text is not None and span is None:
        raise UsageError(f'"{text}" is no span', "such as 30m, 2h or 1d")
    return None if span is None else ctx.engine.clock() - span


def _pattern(text: str | None) -> str | None:
    import re

    try:
        return None if text is None else re.compile(text).pattern
    except re.error as error:
        raise UsageError(f"--grep: {error}", "a regular expression of Python's") from None


def _wait() -> bool:
    sys.stdout.flush()
    time.sleep(_BETWEEN_LOOKS)
    return True
