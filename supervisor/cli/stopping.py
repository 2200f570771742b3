"""`supervisor stop`: a wish to the running supervisor, and the wait until it has come true.

Without one running, workers can still be ended: this very process then looks once and winds them down.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from board.cli import outlet
from board.cli.context import Context
from board.errors import Busy, UsageError
from board.model import Task
from supervisor import signals
from supervisor.cli.life import assembled
from supervisor.instance import Note, running
from supervisor.processes import ProcessId, identify, is_alive, send
from supervisor.service import Mode, Supervisor
from supervisor.status import LIVING, read_status

WITHIN = 60.0  # seconds until a stop has to have come true
NUDGE = 1.0  # seconds after which a supervisor that hasn't taken the wish is woken
INSIST = 5.0  # seconds after which it gets SIGTERM instead
LOOK_AGAIN = 0.05  # seconds


def stop(ctx: Context) -> None:
    if ctx.args.id and ctx.args.workers:
        raise UsageError("--workers ends all of them", "leave out the task, or --workers")
    if ctx.args.id:
        return _stop_task(ctx, ctx.task()[1])
    note = running(ctx.store.side)
    if note is not None:
        _ask_to_stop(ctx, note)
        words = f"stopped {note.by} (pid {note.process.pid})" + (" and its workers" if ctx.args.workers else "")
        return _tell(ctx, words, stopped=True, supervisor=note.process.pid)
    if not ctx.args.workers:
        return _tell(ctx, "no supervisor runs: nothing to stop", stopped=False, supervisor=None)
    count = asyncio.run(_end_all(assembled(ctx, Mode()), ctx.asker.name))
    words = f"no supervisor runs; {count} worker{'' if count == 1 else 's'} ended" if count else "nothing runs"
    return _tell(ctx, words, stopped=count > 0, supervisor=None)


def _tell(ctx: Context, words: str, **record: Any) -> None:
    if ctx.args.json:
        ctx.emit(record)
    elif not ctx.args.quiet:
        ctx.say(words)


# --- the supervisor


def _ask_to_stop(ctx: Context, note: Note) -> None:
    wish = signals.ask(ctx.store.side, signals.Request("stop", ctx.asker.name, workers=ctx.args.workers))
    # SIGTERM would leave the workers alive: only the plain stop may fall back on it.
    number = None if ctx.args.workers else signal.SIGTERM
    with _withdrawn(wish):
        _await(ctx, lambda: is_alive(note.process) is False, _Insisting(wish, note.process, number))


@contextlib.contextmanager
def _withdrawn(wish: Path) -> Any:
    """A wish that nobody took must not stop the next supervisor."""
    try:
        yield
    finally:
        wish.unlink(missing_ok=True)


class _Insisting:
    """Reminds a supervisor of a wish that it hasn't taken: first SIGHUP (look now), then `last`."""

    def __init__(self, wish: Path, process: ProcessId, last: signal.Signals | None) -> None:
        self._wish = wish
        self._process = process
        self._due = [(NUDGE, signal.SIGHUP), *([(INSIST, last)] if last else [])]
        self._since = time.monotonic()

    def __call__(self) -> None:
        if self._due and time.monotonic() - self._since >= self._due[0][0] and self._wish.exists():
            send(self._process, self._due.pop(0)[1])


def _await(ctx: Context, holds: Callable[[], bool], meanwhile: Callable[[], None]) -> None:
    """Raises Busy when it doesn't come to hold in time."""
    deadline = time.monotonic() + WITHIN
    progress = _Progress(ctx)
    while not holds():
        if time.monotonic() >= deadline:
            raise Busy(f"not ended after {WITHIN:g} s: {_living(ctx.store.side)} workers run", "supervisor status")
        meanwhile()
        progress()
        time.sleep(LOOK_AGAIN)


class _Progress:
    """How many workers still run, to whoever waits at a terminal; a line for each new number."""

    def __init__(self, ctx: Context) -> None:
        self._is_wanted = not ctx.args.quiet and not ctx.args.json and sys.stderr.isatty()
        self._side = ctx.store.side
        self._said: int | None = None

    def __call__(self) -> None:
        count = _living(self._side) if self._is_wanted else None
        if count is not None and count != self._said:
            self._said = count
            words = f"supervisor: waiting; {count} worker{' runs' if count == 1 else 's run'}"
            outlet.complain(outlet.lines([words]))


def _living(side: str) -> int:
    tasks = (read_status(side) or {}).get("tasks")
    seen = tasks.values() if isinstance(tasks, dict) else ()
    return sum(isinstance(task, dict) and task.get("state") in (*LIVING, "stopping") for task in seen)


# --- one task's worker


def _stop_task(ctx: Context, task: Task) -> None:
    note = running(ctx.store.side)
    if note is None:
        ended = asyncio.run(assembled(ctx, Mode()).end_worker(task.id, ctx.asker.name))
        words = f"{task.id}: its worker is ended" if ended else f"{task.id} has no worker: nothing to stop"
        return _tell(ctx, words, stopped=ended, task=task.id)
    worker = _worker(ctx.store.side, task.id)
    is_held = task.claim is not None and task.claim.by == note.by
    if worker is None and not is_held:
        return _tell(ctx, f"{task.id} has no worker: nothing to stop", stopped=False, task=task.id)
    wish = signals.ask(ctx.store.side, signals.Request("stop", ctx.asker.name, task=task.id))
    token = task.claim.token if is_held and task.claim else None
    with _withdrawn(wish):
        _await(ctx, lambda: _is_let_go(ctx, task.id, token, worker), _Insisting(wish, note.process, None))
    return _tell(ctx, f"{task.id}: its worker is ended", stopped=True, task=task.id)


def _worker(side: str, task_id: str) -> ProcessId | None:
    tasks = (read_status(side) or {}).get("tasks")
    seen = tasks.get(task_id) if isinstance(tasks, dict) else None
    pid = seen.get("pid") if isinstance(seen, dict) else None
    return identify(pid) if isinstance(pid, int) else None


def _is_let_go(ctx: Context, task_id: str, token: int | None, worker: ProcessId | None) -> bool:
    """Its process is gone, and the claim under which it ran too."""
    if worker is not None and is_alive(worker) is not False:
        return False
    task = ctx.engine.read().board.find(task_id)
    return token is None or task is None or task.claim is None or task.claim.token != token


# --- without a running supervisor


async def _end_all(keeper: Supervisor, by: str) -> int:
    """Looks at everything and winds all workers down; how many there were."""
    keeper.stop(by, workers=True)  # said before its first look, so that it decides and starts nothing
    await keeper.run()
    return sum(kept.known is not None for kept in keeper.eyes.kept.values())
