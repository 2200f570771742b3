"""`supervisor replay`: journal files decided again, as a table. Only files are asked; the deciding is `replay`'s."""

from __future__ import annotations

import os
import stat
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from board.cli.context import Context
from board.errors import UsageError
from board.instants import parse_span
from board.journal.events import instant
from board.journal.faces import for_terminal, told
from board.journal.read import Flaw, everything, segments
from board.render import table
from supervisor.replay import Record, Replayed, WhatIf, replayed

_HEADERS = ("TIME", "TASK", "THEN", "NOW", "WHY")
_DIFFERS = 5


def replay(ctx: Context) -> int:
    """5 when a decision differs. What was passed over is said, and makes no difference."""
    what_if, since = _what_if(ctx), _span(ctx.args.since, "--since")
    from_ts = "" if since is None else instant(max(0.0, time.time() - since))
    passed: Counter[str] = Counter()
    found = list(replayed(_records(_files(ctx), passed, ctx.args.task, from_ts), passed, what_if))
    differ = [each for each in found if each.differs]
    shown = found if ctx.args.all else differ
    redactor = for_terminal(ctx.env)
    if ctx.args.json:
        ctx.emit(told(redactor, _record(len(found), len(differ), passed, shown)))
    elif ctx.args.quiet:
        ctx.say("\n".join(dict.fromkeys(redactor.text(each.task) for each in differ)))
    else:
        ctx.write(table(_HEADERS, told(redactor, [_row(each) for each in shown]), ctx.env) if shown else "")
        ctx.say("\n".join(_counts(len(found), len(differ), passed)))
    return _DIFFERS if differ else 0


def _records(paths: list[str], passed: Counter[str], task: str | None, from_ts: str) -> Iterator[Record]:
    for path in paths:
        try:
            for found in everything(path):
                if isinstance(found, Flaw):
                    passed[found] += 1
                elif task in (None, found.get("task")) and found["ts"] >= from_ts:
                    yield found
        except OSError as error:
            raise _unreadable(path, error) from None


def _row(each: Replayed) -> tuple[str, ...]:
    now = f"{each.rule_now}: {each.outcome_now}" if each.differs else "the same"
    return (each.ts, f"{each.task}/{each.step}", f"{each.rule}: {each.outcome}", now, each.why)


def _counts(decisions: int, differ: int, passed: Counter[str]) -> list[str]:
    lines = [f"{decisions} decision{'' if decisions == 1 else 's'}, {differ} differ{'s' if differ == 1 else ''}"]
    if passed:
        lines.append("passed over: " + ", ".join(f"{count} {what}" for what, count in sorted(passed.items())))
    return lines


def _record(decisions: int, differ: int, passed: Counter[str], shown: list[Replayed]) -> dict[str, Any]:
    decided = [{**asdict(each), "differs": each.differs} for each in shown]
    passed_over = {what.replace(" ", "_"): count for what, count in sorted(passed.items())}
    return {"decisions_count": decisions, "differ_count": differ, "passed_over": passed_over, "decisions": decided}


# --- what was asked for


def _what_if(ctx: Context) -> WhatIf:
    args = ctx.args
    for name in ("intensity", "stale"):
        if (getattr(args, name) or 0) < 0:
            raise UsageError(f"--{name} {getattr(args, name)} is less than none", "a number from 0 on")
    return WhatIf(args.intensity, _span(args.period, "--period"), args.stale, _span(args.backoff, "--backoff"))


def _span(text: str | None, option: str) -> float | None:
    span = None if text is None else parse_span(text)
    if text is not None and span is None:
        raise UsageError(f'{option}: "{text}" is no span', "such as 30m, 2h or 1d")
    return span


def _files(ctx: Context) -> list[str]:
    """The named files and those of the named folders; this board's own journal when nothing is named."""
    if ctx.args.paths:
        return [path for named in ctx.args.paths for path in _files_of(named)]
    folder = os.path.join(ctx.store.side, "journal")
    if not os.path.isdir(folder):
        ctx.read()  # a board that isn't there is said to be missing; one without a journal has no decisions yet
    return [os.path.join(folder, name) for name in segments(folder)]


def _files_of(named: str) -> list[str]:
    """A journal's folder may be named by itself, by the `.board` around it, or by the folder of its board."""
    try:
        mode = os.stat(named).st_mode
        if stat.S_ISREG(mode):
            return [named]
        for folder in (named, os.path.join(named, "journal"), os.path.join(named, ".board", "journal")):
            if stat.S_ISDIR(mode) and os.path.isdir(folder) and (names := segments(folder)):
                return [os.path.join(folder, name) for name in names]
    except (OSError, ValueError) as error:
        raise _unreadable(named, error) from None
    raise UsageError(f"there is no journal in {named}", "name a file or a folder such as .board/journal")


def _unreadable(path: str, error: OSError | ValueError) -> UsageError:
    reason = error.strerror if isinstance(error, OSError) else None
    return UsageError(
        f"can't read {path}: {(reason or 'failed').lower()}", "name a file or a folder such as .board/journal"
    )
