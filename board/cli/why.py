"""`board why`: the record, what the supervisor last saw, and the journal, put together for one task.

It asks no supervisor: it reads `.board/status.json`, and says how old that is and whether its writer still lives.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from board.cli import verdicts
from board.cli.account import LAW, Account, account
from board.cli.context import Context
from board.instants import format_clock, format_instant, format_moment, format_span, parse_instant
from board.model import Board, Task
from board.presence import is_running, name_of
from board.render import clean

_EVENTS: Final = 6
_VERDICTS: Final = 5


class Sight(NamedTuple):
    """What a supervisor last wrote of this task. `runs` is None where its process can't be asked from here."""

    seen: Mapping[str, Any]
    at: float | None
    by: str
    runs: bool | None


def why(ctx: Context) -> None:
    board, task = ctx.task()
    now = ctx.engine.clock()
    told = account(board, task, now)
    sight = sight_of(status_of(ctx), task)
    do = [f"{command}{_place(ctx)}" for command in _commands(told, sight)]
    past = _past(ctx, task)
    if ctx.args.json:
        return ctx.emit(_record(board, task, told, sight, do) | _past_record(past))
    lines = [
        *_head(task, told),
        *_seen(task, sight, now),
        *_next(told, sight, now),
        *(f"do         {each}" for each in do),
    ]
    ctx.write("".join(f"{clean(line)}\n" for line in lines))
    ctx.write(verdicts.lines(past.verdicts, now, ctx.env))
    return ctx.write("".join(f"{clean(line)}\n" for line in _last(past.events)))


def _place(ctx: Context) -> str:
    """What a command that is copied needs besides, where the board was named."""
    from shlex import quote

    return f" --board {quote(ctx.args.board)}" if ctx.args.board else ""


def _past(ctx: Context, task: Task) -> verdicts.Told:
    from board.journal.read import records

    past = verdicts.newest(records(os.path.join(ctx.store.side, "journal"), task=task.id), _EVENTS, _VERDICTS)
    return verdicts.Told(*(_redacted(ctx, each) for each in past))


def status_of(ctx: Context) -> Mapping[str, Any] | None:
    """The status as its writer left it; None where there is none that can be read."""
    import json

    try:
        with open(os.path.join(ctx.store.side, "status.json"), encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return None
    return _redacted(ctx, found) if isinstance(found, dict) else None


def _redacted(ctx: Context, found: Any) -> Any:
    """What was read back may have been written under fewer rules, or by somebody else."""
    from board.journal.faces import for_terminal, told

    return told(for_terminal(ctx.env), found)


def sight_of(status: Mapping[str, Any] | None, task: Task) -> Sight | None:
    if status is None:
        return None
    tasks = status.get("tasks")
    seen = tasks.get(task.id) if isinstance(tasks, dict) else None
    by, runs = keeper_of(status)
    return Sight(seen if isinstance(seen, dict) else {}, _instant(status, "at"), by, runs)


def keeper_of(status: Mapping[str, Any]) -> tuple[str, bool | None]:
    """Who wrote it, and whether that process still lives (None: it can't be asked from here)."""
    supervisor = status.get("supervisor")
    writer: Mapping[str, Any] = supervisor if isinstance(supervisor, dict) else {}
    by = name_of(writer)
    return by, False if status.get("stopped_at") else is_running(writer, by)


def _head(task: Task, told: Account) -> list[str]:
    return [f"{task.id}  {task.status}", f"  {task.title}", "", f"stands     {told.standing}"]


def _seen(task: Task, sight: Sight | None, now: float) -> list[str]:
    is_watched = sight is not None and sight.runs
    lines = [] if is_watched else [f"supervisor {_absent(sight, now)}"]
    if sight is None or not sight.seen:
        return lines + ([f"rule       {_law(task.blocked.rule)}"] if task.blocked and task.blocked.rule else [])
    seen_at = _instant(sight.seen, "seen_at") or sight.at
    age = f", {format_moment(min(seen_at, now), now)}" if seen_at is not None else ""
    source = sight.seen.get("source") or "the board"
    sure = f"; {sight.seen['sure']}" if sight.seen.get("sure") else ""
    lines.append(f"seen       {sight.seen.get('seen') or 'nothing yet'} ({source}{age}{sure})")
    if sight.seen.get("meaning"):
        lines.append(f"which is   {sight.seen['meaning']}")
    if sight.seen.get("rule"):
        lines.append(f"rule       {_law(str(sight.seen['rule']))}")
    if sight.seen.get("why"):
        lines.append(f"because    {sight.seen['why']}")
    return lines


def _absent(sight: Sight | None, now: float) -> str:
    if sight is None:
        return "none has looked at this board: what follows is the record's own word"
    age = f"at {format_moment(min(sight.at, now), now)}" if sight.at is not None else "at an unknown time"
    if sight.runs is False:
        return f"not running; {sight.by} last looked {age}"
    return f"can't be asked from here; {sight.by} last looked {age}"


def _law(rule: str) -> str:
    meaning = LAW.get(rule)
    return f"{rule}: {meaning}" if meaning else rule


def _next(told: Account, sight: Sight | None, now: float) -> list[str]:
    clock = f" (at {format_clock(told.next_at, now)})" if told.next_at is not None else ""
    lines = [f"next       {told.next}{clock}"]
    if sight is not None and sight.runs is not False and sight.seen.get("next"):
        at = _instant(sight.seen, "next_at")
        when = f" in {format_span(at - now)} (at {format_clock(at, now)})" if at is not None and at > now else ""
        lines = [f"next       {sight.seen['next']}{when}, says the supervisor", *lines]
    return lines


def _commands(told: Account, sight: Sight | None) -> list[str]:
    said = sight.seen.get("do") if sight is not None and sight.runs is not False else None
    theirs = [str(command) for command in said] if isinstance(said, list) else []
    return list(dict.fromkeys([*theirs, *told.do]))


def _last(events: list[dict[str, Any]]) -> list[str]:
    from board.journal.shown import render

    return ["", "last:", *(f"  {render(event)}" for event in events)] if events else []


def _record(board: Board, task: Task, told: Account, sight: Sight | None, do: list[str]) -> dict[str, Any]:
    from board.queries import view

    rule = sight.seen.get("rule") if sight is not None else None
    rule = rule or (task.blocked.rule if task.blocked else None)
    return {
        "task": view(board, task),
        "why": {
            "standing": told.standing,
            "rule": rule,
            "law": LAW.get(str(rule)),
            "next": told.next,
            "next_at": None if told.next_at is None else format_instant(told.next_at),
            "do": do,
        },
        "supervisor": None if sight is None else _supervisor(sight),
    }


def _past_record(past: verdicts.Told) -> dict[str, Any]:
    return {"verdicts": verdicts.records(past.verdicts), "events": past.events}


def _supervisor(sight: Sight) -> dict[str, Any]:
    at = None if sight.at is None else format_instant(sight.at)
    return {"by": sight.by, "running": sight.runs, "at": at, "task": dict(sight.seen) or None}


def _instant(record: Mapping[str, Any], key: str) -> float | None:
    value = record.get(key)
    return None if value is None else parse_instant(str(value))
