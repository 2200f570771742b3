"""`supervisor status` and `why`: what the supervisor sees, put together with the board. Only files are asked."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from board.cli import inbox
from board.cli.account import account
from board.cli.context import Context
from board.cli.failure import InvalidFile
from board.errors import InvalidBoard
from board.instants import format_instant, format_span, parse_instant
from board.journal.faces import for_terminal, told
from board.model import ENDED, Board, Task
from board.render import EMPTY, clean, table
from supervisor.agents.telling import UNSEEN_AGENT
from supervisor.cli.ports import cell, with_ports
from supervisor.instance import Note, running
from supervisor.status import LIVING, ports_view, read_status

_HEADERS = ("TASK", "STATUS", "STEP", "STATE", "ATTEMPT", "SINCE", "WHY/NEXT")
_STATES_AT_WORK = frozenset({*LIVING, "starting", "stopping"})
_FRESH = 2.0  # seconds in which a last look still counts
_LOOK_AGAIN = 0.25  # seconds
_REDRAW = 1.0  # seconds: ages grow on a terminal


class Sight(NamedTuple):
    """`board` is None while the file can't be used; `problems` then say why. `waiting` counts what needs a person."""

    status: Mapping[str, Any]
    note: Note | None
    board: Board | None
    problems: tuple[str, ...]
    path: str
    now: float
    waiting: int = 0

    @property
    def is_fresh(self) -> bool:
        """Does somebody look, or did until just now?"""
        at = _instant(self.status, "at")
        return self.note is not None or (at is not None and self.now - at < _FRESH)

    @property
    def tasks(self) -> Mapping[str, Mapping[str, Any]]:
        found = self.status.get("tasks")
        return found if isinstance(found, dict) else {}


def why(ctx: Context) -> None:
    from board.cli.why import why as board_why

    board_why(ctx)


def status(ctx: Context) -> None:
    if not ctx.args.watch:
        return _show(ctx, look(ctx))
    try:
        _watch(ctx)
    except KeyboardInterrupt:
        sys.stdout.write("\n" if sys.stdout.isatty() else "")


def look(ctx: Context) -> Sight:
    """Raises InvalidFile when there is neither a usable board nor a word of any supervisor."""
    redactor = for_terminal(ctx.env)
    found = told(redactor, read_status(ctx.store.side) or {})
    note = running(ctx.store.side)
    if note is not None and note.process.pid == os.getpid():
        note = None  # `run --once`: we have let the board go already
    now = time.time()
    try:
        return Sight(found, note, ctx.read().board, (), ctx.path, now, len(inbox.look(ctx).items))
    except InvalidBoard as error:
        if not found and note is None:
            raise
        problems = [each.at(ctx.path) for each in error.problems] if isinstance(error, InvalidFile) else []
        said = tuple(redactor.text(each) for each in problems or [str(error)])
        return Sight(found, note, None, said, ctx.path, now, len(inbox.look(ctx).items))


def _show(ctx: Context, sight: Sight) -> None:
    if ctx.args.json:
        ctx.emit(record(sight))
    else:
        ctx.write(page(sight, ctx.env, is_quiet=ctx.args.quiet))


# --- for scripts


def record(sight: Sight) -> dict[str, Any]:
    """The status as its writer left it, whether that one still runs, and each task that has not ended."""
    tasks: dict[str, Any] = {name: dict(seen) for name, seen in sight.tasks.items()}
    for task in sight.board.tasks if sight.board else ():
        if task.id in tasks or task.status not in ENDED:
            tasks[task.id] = {**_unseen(sight, task), **tasks.get(task.id, {}), "status": str(task.status)}
    head = {"v": 1, "at": None, "supervisor": None, "incident": None, **sight.status}
    told = sight.status.get("board")
    board = {**(told if isinstance(told, dict) else {}), "path": os.path.realpath(sight.path)}
    board |= {"ok": sight.board is not None, "problems": list(sight.problems)}
    return {"running": sight.note is not None, **head, "board": board, "inbox_count": sight.waiting, "tasks": tasks}


def _unseen(sight: Sight, task: Task) -> dict[str, Any]:
    """A task of which the supervisor says nothing, by the record alone; the keys are those of the others."""
    assert sight.board is not None
    told = account(sight.board, task, sight.now)
    run = task.run if task.started else None
    return {
        "status": str(task.status),
        "step": task.step.id,
        "state": "none",
        "pid": None,
        "pane": None,
        "window": None,
        "attempt": run.attempt if run else None,
        "token": task.claim.token if task.claim else None,
        "started_at": None if run is None or run.started_at is None else format_instant(run.started_at),
        "rule": task.blocked.rule if task.blocked else None,
        "why": told.standing,
        "seen": "nothing",
        "source": "board",
        "sure": None,
        "seen_at": None,
        "odd_since": None,
        "next": told.next,
        "next_at": None if told.next_at is None else format_instant(told.next_at),
        "do": list(told.do),
        **ports_view(task, None),
        **UNSEEN_AGENT,
        "turn": None,
    }


# --- for people


def page(sight: Sight, env: Mapping[str, str], *, is_quiet: bool = False) -> str:
    head = [] if is_quiet else _head(sight)
    lines = "".join(f"{clean(line)}\n" for line in [*head, *_alarms(sight)])
    rows = _rows(sight)
    if not rows:
        return lines + "no tasks that are still open\n"
    cells = [_ports(sight, row[0]) for row in rows]
    return lines + table(*with_ports(_HEADERS, rows, cells), env)


def _ports(sight: Sight, name: str) -> str:
    task = sight.board.find(name) if sight.board else None
    return cell(task, sight.tasks.get(name) or {}, is_fresh=sight.is_fresh)


def _head(sight: Sight) -> list[str]:
    note, view = sight.note, sight.status
    if note is not None:
        working = sum(seen.get("state") in _STATES_AT_WORK for seen in sight.tasks.values())
        places = view.get("max_workers")
        count = f"; {working} of {places} places taken" if isinstance(places, int) else ""
        return [
            f"{sight.path} is kept by {note.by} (pid {note.process.pid}) since {_ago(note.started_at, sight)}{count}"
        ]
    if not view:
        return ["no supervisor runs (none has kept this board yet); supervisor start"]
    stopped, last = _instant(view, "stopped_at"), _instant(view, "at")
    if stopped is not None:
        return [f"no supervisor runs (last one stopped {_ago(stopped, sight)} ago); supervisor start"]
    age = f"its last word is {_ago(last, sight)} old" if last is not None else "it left no word"
    return [f"no supervisor runs (the last one ended without saying so, {age}); supervisor start"]


def _alarms(sight: Sight) -> list[str]:
    lines = []
    if sight.problems:
        keeps = "; the last good one is kept" if sight.note is not None else ""
        lines += [f"THE BOARD CAN'T BE USED{keeps}:", *(f"  {problem}" for problem in sight.problems)]
    incident = sight.status.get("incident")
    if isinstance(incident, dict) and sight.note is not None:
        at = _instant(incident, "at")
        since = f" {_ago(at, sight)} ago" if at is not None else ""
        waiting = ", ".join(str(name) for name in incident.get("waiting") or ()) or "nobody"
        lines.append(f"INCIDENT{since}: {incident.get('cause')}; waiting for a turn: {waiting}")
    if sight.waiting:
        lines.append(f"{inbox.summary(sight.waiting, 0)}: board inbox")
    return lines


def _rows(sight: Sight) -> list[tuple[str, ...]]:
    if sight.board is None:
        return [_seen_row(sight, name, seen, str(seen.get("status") or "")) for name, seen in sight.tasks.items()]
    rows = []
    for task in sight.board.tasks:
        seen = sight.tasks.get(task.id)
        if seen is not None and (task.status not in ENDED or seen.get("state") in _STATES_AT_WORK):
            rows.append(_seen_row(sight, task.id, seen, str(task.status), _standing(sight, task, seen)))
        elif task.status not in ENDED:
            rows.append(_unseen_row(sight, task))
    return rows


def _standing(sight: Sight, task: Task, seen: Mapping[str, Any]) -> str:
    """The record's own word, where the supervisor says nothing or spoke of another status."""
    if seen.get("why") and (sight.note is not None or seen.get("status") == task.status):
        return ""
    assert sight.board is not None
    return account(sight.board, task, sight.now).standing


def _seen_row(sight: Sight, name: str, seen: Mapping[str, Any], status_now: str, standing: str = "") -> tuple[str, ...]:
    state = str(seen.get("state") or EMPTY)
    if state in _STATES_AT_WORK and not sight.is_fresh:
        state += "?"  # nobody looks any more
    attempt = seen.get("attempt")
    since = _instant(seen, "started_at") if state.startswith(LIVING) else _instant(seen, "seen_at")
    return (
        name,
        status_now,
        str(seen.get("step") or EMPTY),
        state,
        EMPTY if attempt is None else str(attempt),
        EMPTY if since is None else _ago(since, sight),
        standing or _reason(sight, seen),
    )


def _reason(sight: Sight, seen: Mapping[str, Any]) -> str:
    parts = [str(seen.get("why") or "")]
    if seen.get("next") and sight.note is not None:
        at = _instant(seen, "next_at")
        when = f" in {format_span(at - sight.now)}" if at is not None and at > sight.now else ""
        parts.append(f"{seen['next']}{when}")
    return "; ".join(filter(None, parts))


def _unseen_row(sight: Sight, task: Task) -> tuple[str, ...]:
    assert sight.board is not None
    told = account(sight.board, task, sight.now)
    since = task.claim.at if task.claim else task.blocked.at if task.blocked else None
    attempt = str(task.run.attempt) if task.run is not None and task.started else EMPTY
    age = EMPTY if since is None else _ago(since, sight)
    return (task.id, str(task.status), task.step.id, "none", attempt, age, told.standing)


def _ago(at: float, sight: Sight) -> str:
    return format_span(max(0.0, sight.now - at))


def _instant(view: Mapping[str, Any], key: str) -> float | None:
    value = view.get(key)
    return None if value is None else parse_instant(str(value))


# --- again and again


def _watch(ctx: Context) -> None:
    if ctx.args.json or not sys.stdout.isatty():
        _print_each(ctx)
    else:
        _redraw(ctx)


def _print_each(ctx: Context) -> None:
    """One page a change, with an empty line between two."""
    shown: Sequence[object] | None = None
    while True:
        key = _key(ctx)
        if key != shown:
            sys.stdout.write("\n" if shown is not None else "")
            _show(ctx, look(ctx))
            sys.stdout.flush()
            shown = key
        time.sleep(_LOOK_AGAIN)


def _key(ctx: Context) -> tuple[object, ...]:
    """Changes when the board, the status or who keeps it does."""
    paths = (ctx.store.real, os.path.join(ctx.store.side, "status.json"))
    return (running(ctx.store.side), *(_stamp(path) for path in paths))


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        there = os.stat(path)
    except OSError:
        return None
    return there.st_ino, there.st_mtime_ns, there.st_size


def _redraw(ctx: Context) -> None:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    def drawn() -> Text:
        return Text.from_ansi(page(look(ctx), ctx.env))

    with Live(drawn(), console=Console(highlight=False), auto_refresh=False) as live:
        shown, drawn_at = _key(ctx), time.monotonic()
        while True:
            time.sleep(_LOOK_AGAIN)
            key, now = _key(ctx), time.monotonic()
            if key != shown or now - drawn_at >= _REDRAW:
                shown, drawn_at = key, now
                live.update(drawn(), refresh=True)
