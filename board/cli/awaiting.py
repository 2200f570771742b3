"""Waiting for the end of a task's run, with its progress on stderr: `board run --wait`, `board result --wait`.

It only looks: whoever stops waiting, by Ctrl-C or after a time-out, changes nothing for the task.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from board import results
from board.cli import outlet
from board.cli.account import account
from board.cli.context import Context
from board.cli.watch import stirs
from board.cli.watched import AT_WORK, watched
from board.errors import BoardError, Busy, NotFound, UsageError
from board.instants import format_span, parse_span
from board.model import HELD, Board, Status, Task

FOREVER: Final = -1.0
_STORED_WITHIN: Final = 20.0  # seconds from an ending until its result is there, where somebody writes it
_NARROW: Final = 80  # columns of a terminal that doesn't say
_OVER: Final = results.ENDED | {Status.CANCELLED}


def span_of(args: Namespace, other: str) -> float | None:
    """Seconds that `--wait` says, FOREVER without a span, None without the option.

    A word behind it that is no span was meant for the argument `other`, where that has none yet.
    """
    said: str | None = args.wait
    if said is None or said == "":
        return None if said is None else FOREVER
    span = parse_span(said)
    if span is not None:
        return span
    given = getattr(args, other)
    if given:
        raise UsageError(f'--wait takes a span such as 10m, not "{said}"', "put it behind everything else")
    setattr(args, other, [said] if isinstance(given, list) else said)
    return FOREVER


def wait(ctx: Context, task_id: str, patience: float) -> int:
    """Until the run is over; then its result is shown. Raises Busy when that takes longer."""
    gc.enable()  # unlike other commands this one stays
    progress = _Progress(ctx)
    try:
        board, task = _followed(ctx, task_id, patience, progress)
        stored = _stored(ctx, task)
    except KeyboardInterrupt:
        progress.end()
        outlet.complain(outlet.lines([f"board: {task_id} goes on; board result {task_id} --wait"]))
        return 130
    progress.end()
    return _tell(ctx, board, task, stored)


def _followed(ctx: Context, task_id: str, patience: float, progress: _Progress) -> tuple[Board, Task]:
    until = None if patience < 0 else time.monotonic() + patience
    for _ in _looks(ctx):
        board = _board(ctx)
        if board is not None:
            task = board.find(task_id)
            if task is None:
                progress.end()
                raise NotFound(f"{task_id} was taken from the board", "`board history` has its older versions")
            if task.status in _OVER:
                return board, task
            progress.show(_line(ctx, board, task))
        if until is not None and time.monotonic() >= until:
            break
    progress.end()
    raise Busy(f"{task_id} is not over after {format_span(max(patience, 0.0))}, and goes on", _later(task_id))


def _later(task_id: str) -> str:
    return f"board result {task_id} --wait"


def _looks(ctx: Context) -> Iterator[None]:
    return stirs((os.path.abspath(ctx.folder), os.path.abspath(ctx.store.side)))


def _board(ctx: Context) -> Board | None:
    """None while the file can't be used: somebody is editing it, and the run goes on meanwhile."""
    try:
        return ctx.read().board
    except BoardError:
        return None


def _line(ctx: Context, board: Board, task: Task) -> str:
    if task.status not in HELD:
        return f"{task.id}: {task.status}, {account(board, task, ctx.engine.clock()).standing}"
    run, point, seen = task.run, task.checkpoint, watched(ctx).of(task.id)
    parts = [str(task.status)]
    if task.record.get("steps"):
        parts.append(f"step {task.step.id}")
    if run is not None and run.attempt > 1:
        parts.append(f"attempt {run.attempt}")
    state = seen.get("state")
    if isinstance(state, str) and state not in AT_WORK:
        parts.append(state)
    if point is not None and point.note:
        parts.append(point.note)
    return f"{task.id}: {', '.join(parts)}"


def _stored(ctx: Context, task: Task) -> dict[str, Any] | None:
    """The result of this very ending, once it is there; what there is where nobody writes one."""
    ending = results.ending_of(task)
    if ending is None:
        return None
    found = None
    until = time.monotonic() + _STORED_WITHIN
    for _ in _looks(ctx):
        with suppress(OSError, ValueError):
            found = results.read(ctx.store.side, task.id)
        if (found is not None and found["of"] == ending.of) or time.monotonic() >= until or not watched(ctx).runs:
            break
    return found if found is not None and found["of"] == ending.of else None


def _tell(ctx: Context, board: Board, task: Task, stored: Mapping[str, Any] | None) -> int:
    from board.cli import resulting
    from board.queries import view

    if ctx.args.json:
        ctx.emit({"task": view(board, task), "result": None if stored is None else resulting.shown(ctx, stored)})
    elif stored is not None:
        resulting.show(ctx, stored)
    elif not ctx.args.quiet:
        outlet.complain(outlet.lines([f"board: no result is stored for {task.id}: board show {task.id}"]))
    if task.status in (Status.DONE, Status.REVIEW):
        return 0
    standing = account(board, task, ctx.engine.clock()).standing
    outlet.complain(outlet.lines([f"board: {task.id} is {task.status}: {standing}; board why {task.id}"]))
    return 5


class _Progress:
    """A line on stderr whenever it is another one; on a terminal one line that is written over."""

    def __init__(self, ctx: Context) -> None:
        self._is_silent = ctx.args.quiet
        self._is_live = sys.stderr.isatty() and not ctx.args.json
        self._began = time.monotonic()
        self._shown = ""

    def show(self, line: str) -> None:
        if self._is_silent:
            return
        if self._is_live:
            tail = f" ({format_span(float(round(time.monotonic() - self._began)))})"
            outlet.complain([outlet.fitted(line, tail, _columns() - 1)], end="\r")
        elif line != self._shown:
            outlet.complain(outlet.lines([line]))
        self._shown = line

    def end(self) -> None:
        if self._is_live and self._shown:
            outlet.complain(outlet.lines([""]))
        self._shown = ""


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _NARROW
    except OSError:
        return _NARROW
