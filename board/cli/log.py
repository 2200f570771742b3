"""`board log`: the journal as people read it. What a record means stands in `board.journal.events`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from board.cli.context import Context
from board.errors import UsageError
from board.instants import parse_instant, parse_span
from board.journal.faces import for_terminal, told
from board.journal.read import find, find_last
from board.journal.wanted import Found, Wanted

_BETWEEN_LOOKS: Final = 0.2


def log(ctx: Context) -> None:
    if ctx.args.events:
        return _tell_events(ctx)
    wanted, lines = _wanted(ctx), _lines(ctx)
    tell, shown = _teller(ctx), 0
    for found in _found(ctx, os.path.join(ctx.store.side, "journal"), wanted, lines):
        tell(found)
        shown += 1
    if not shown and not ctx.args.json and not ctx.args.quiet:
        ctx.say("nothing happened yet, as far as the journal knows")
    return None


def _found(ctx: Context, folder: str, wanted: Wanted, lines: int | None) -> Iterable[Found]:
    if ctx.args.follow:
        return _followed(folder, wanted, lines)
    return find(folder, wanted) if lines is None else find_last(folder, wanted, lines)


def _followed(folder: str, wanted: Wanted, lines: int | None) -> Iterable[Found]:
    """Past and future without a gap: what is written between two questions is neither missed nor told twice."""
    import gc

    from board.journal.following import Follower

    gc.enable()  # unlike other commands this one stays
    follower = Follower(folder, wanted, from_now=lines is not None)
    if lines is not None:
        yield from find_last(folder, wanted, lines, follower.ends)
    yield from follower.go_on(_wait)


def _wait() -> bool:
    sys.stdout.flush()
    time.sleep(_BETWEEN_LOOKS)
    return True


# --- telling


def _teller(ctx: Context) -> Callable[[Found], None]:
    """JSON as it stands in the file; columns in colour on a terminal; else plain lines that begin with their day."""
    from board.journal.shown import line_of, render, render_coloured, render_day
    from board.render import wants_colour

    day = ""
    redactor = for_terminal(ctx.env)  # what was written under fewer rules than there are by now

    def raw(found: Found) -> None:
        ctx.write(redactor.text(found.raw.decode("utf-8", "replace").removesuffix("\n")) + "\n")

    def plain(found: Found) -> None:
        record = told(redactor, found.record)
        ctx.say(f"{line_of(record).day} {render(record)}")

    def coloured(found: Found) -> None:
        nonlocal day
        record = told(redactor, found.record)
        line = line_of(record)
        if line.day != day:
            day = line.day
            ctx.write(render_day(day) + "\n")
        ctx.write(render_coloured(record) + "\n")

    return raw if ctx.args.json else coloured if wants_colour(ctx.env) else plain


def _tell_events(ctx: Context) -> None:
    from board.journal.events import COMMON, LEADING, described
    from board.render import table

    if ctx.args.json:
        rows = [row._asdict() for row in described(with_cases=True)]
        return ctx.emit({"fields_of_any": [*LEADING, *COMMON], "events": rows})
    if ctx.args.quiet:
        return ctx.say("\n".join(row.name for row in described()))
    rows_of_text = [(row.name, row.level, row.doc, " ".join(row.fields)) for row in described()]
    ctx.write(table(("EVENT", "LEVEL", "MEANING", "ITS OWN FIELDS"), rows_of_text, ctx.env))
    return ctx.say(f"any event may also have: {' '.join((*LEADING, *COMMON))}")


# --- what was asked for


def _wanted(ctx: Context) -> Wanted:
    args = ctx.args
    return Wanted(_task(ctx), _events(args.event), _since(ctx), _pattern(args.grep), args.level)


def _task(ctx: Context) -> str | None:
    named = [name for name in (ctx.args.id, ctx.args.task) if name is not None]
    if len(set(named)) > 1:
        raise UsageError(f"two tasks are named, {named[0]} and {named[1]}", "name one")
    return next(iter(named), None) or ctx.env.get("BOARD_TASK") or None


def _events(given: list[str] | None) -> tuple[str, ...]:
    from board.journal.kinds import EVENTS

    names = tuple(name.strip() for each in given or () for name in each.split(","))
    for name in names:
        if name not in EVENTS:
            from difflib import get_close_matches

            near = get_close_matches(name, EVENTS, 1)
            hint = f'did you mean "{near[0]}"?' if near else "`board log --events` shows them"
            raise UsageError(f'no event "{name}"', hint)
    return names


def _since(ctx: Context) -> float | None:
    text: str | None = ctx.args.since
    if text is None:
        return None
    span = parse_span(text)
    if span is not None:
        return ctx.engine.clock() - span
    at = parse_instant(text if ":" in text else f"{text}T00:00:00Z")
    if at is None:
        raise UsageError(
            f'--since: "{text}" is no span, day or instant', "such as 30m, 1d, 2026-11-20 or 2026-11-20T10:00:00Z"
        )
    return at


def _lines(ctx: Context) -> int | None:
    count: int | None = ctx.args.lines
    if count is not None and count < 0:
        raise UsageError(f"--lines {count} is less than none", "a number from 0 on")
    return count


def _pattern(text: str | None) -> str | None:
    import re

    try:
        return None if text is None else re.compile(text).pattern
    except re.error as error:
        raise UsageError(f"--grep: {error}", "a regular expression of Python's") from None


def journal_options(args: Any) -> list[str]:
    """The options that were given and are for the journal alone."""
    names = ("task", "event", "level", "events")
    return [f"--{name}" for name in names if getattr(args, name) not in (None, False)]
