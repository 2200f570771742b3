"""`supervisor logs`: what a task's workers printed, from its log; where nobody records, also what its pane shows now.

Without a task it is the journal, which is `board log`'s. Raw text passes through here on its way from tmux to the
redactor and no further.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from board.cli.context import Context
from board.cli.log import journal_options, log
from board.errors import BoardError, UsageError
from board.instants import parse_instant, parse_span
from board.journal.events import instant
from board.journal.sink import make_redactor
from board.render import clean, wants_colour
from supervisor.cli.panes import home, windows
from supervisor.control import TmuxError
from supervisor.output import tidied
from supervisor.sink.outlog import Entry, heading, log_path
from supervisor.sink.tail import Tail, entries

_LOOK_AGAIN = 0.2  # seconds
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are shown: from an instant on, those that match, so many of the last."""

    since: str | None
    grep: re.Pattern[str] | None
    last: int | None

    def has(self, each: Entry) -> bool:
        is_early = self.since is not None and (each.ts is None or each.ts < self.since)
        return not is_early and (self.grep is None or self.grep.search(each.text) is not None)


def logs(ctx: Context) -> None:
    if ctx.args.id is None:
        return _journal(ctx)
    if asked := journal_options(ctx.args):
        raise UsageError(f"{asked[0]} asks the journal", f"{asked[0]} without {ctx.args.id}, or with --task")
    wanted, path = _wanted(ctx), log_path(ctx.store.side, ctx.args.id)
    tail = Tail(path)
    if not (_LABEL.fullmatch(ctx.args.id) and tail.exists):
        ctx.task()
    past = [*entries(f"{path}.1"), *tail.read()]
    found: Iterable[Entry] = filter(wanted.has, [*past, *_unrecorded(ctx, past)])
    found = list(found) if wanted.last is None else deque(found, wanted.last)
    for each in found:
        _say(ctx, each)
    if ctx.args.follow:
        for each in filter(wanted.has, _followed(tail)):
            _say(ctx, each)
    if not found and not ctx.args.quiet and not ctx.args.json:
        is_all = wanted.since is None and wanted.grep is None and wanted.last is None
        ctx.say(f"{ctx.args.id} has printed nothing{' yet' if is_all else ' of that kind'}")
    return None


def _journal(ctx: Context) -> None:
    if ctx.args.no_times:
        raise UsageError("--no-times is for a task's output", "name a task")
    log(ctx)


def _followed(tail: Tail) -> Iterator[Entry]:
    """For ever."""
    while True:
        yield from tail.read()
        sys.stdout.flush()
        time.sleep(_LOOK_AGAIN)


def _unrecorded(ctx: Context, past: list[Entry]) -> list[Entry]:
    """What stands in the pane of an attempt of which the log knows nothing."""
    try:
        at = home(ctx)
        found = [each for each in windows(at) or () if each.attempt is not None and each.attempt.task == ctx.args.id]
        if not found:
            return []
        attempt = found[0].attempt
        assert attempt is not None
        head = heading(attempt.number, attempt.token)
        if any(each.is_ours and f"{each.text} ".startswith(f"{head} ") for each in past):
            return []
        raw = at.tmux.run("capture-pane", "-p", "-J", "-S", "-", "-t", found[0].pane)
    except (BoardError, TmuxError):
        return []
    lines = make_redactor(ctx.store.side, ctx.env, ctx.wanted()).text(tidied(raw)).splitlines()
    now = instant(ctx.engine.clock())
    return [
        Entry(now, f"{head} as its pane shows it", is_ours=True),
        *(Entry(None, line, is_ours=False) for line in lines),
    ]


# --- what is wanted, and how it is shown


def _wanted(ctx: Context) -> Wanted:
    count = ctx.args.lines
    if count is not None and count < 0:
        raise UsageError(f"--lines {count} is less than none", "a number from 0 on")
    try:
        grep = None if ctx.args.grep is None else re.compile(ctx.args.grep)
    except re.error as error:
        raise UsageError(f"--grep: {error}", "a regular expression of Python's") from None
    return Wanted(_since(ctx), grep, count)


def _since(ctx: Context) -> str | None:
    text = ctx.args.since
    if text is None:
        return None
    span = parse_span(text)
    at = parse_instant(text) or parse_instant(f"{text}T00:00:00Z") if span is None else ctx.engine.clock() - span
    if at is None:
        hint = "such as 30m, 1d, 2026-11-20 or 2026-11-20T10:00:00Z"
        raise UsageError(f'--since: "{text}" is no span, day or instant', hint)
    return instant(at)


def _say(ctx: Context, each: Entry) -> None:
    sys.stdout.write(_json(each) if ctx.args.json else _line(ctx, each))


def _json(each: Entry) -> str:
    return json.dumps({"ts": each.ts, "line": each.text}, ensure_ascii=False) + "\n"


def _line(ctx: Context, each: Entry) -> str:
    """As it stands in the log; on a terminal the instant is dim."""
    text = clean(each.text)
    if each.ts is None or ctx.args.no_times:
        return f"{text}\n"
    ts = f"\x1b[2m{each.ts}\x1b[0m" if wants_colour(ctx.env) else each.ts
    return f"{text} {ts}\n" if each.is_ours else f"{ts} {text}\n"
