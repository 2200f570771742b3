"""`supervisor run` and `start`: a supervisor in this process, or one in the background. The loop is `service`."""

from __future__ import annotations

import asyncio
import faulthandler
import os
import select
import subprocess
import sys
import time
from contextlib import suppress
from typing import IO, Any

from board.cli import hooks
from board.cli.context import Context
from board.errors import BoardError, Busy, InvalidBoard, RefusedError, UsageError
from supervisor import faults
from supervisor.assembly import OURSELVES, assemble, own_environment
from supervisor.instance import Note, running
from supervisor.machine import tmux_program
from supervisor.model import read_mark
from supervisor.processes import ATTEMPT
from supervisor.sdnotify import take
from supervisor.service import Mode, Supervisor
from supervisor.status import read_status

READY = 30.0  # seconds for the first look at everything
LOOK_AGAIN = 0.05  # seconds


def run(ctx: Context) -> None:
    once, dry = ctx.args.once, ctx.args.dry_run
    if once and dry:
        raise UsageError("--once acts and --dry-run doesn't", "choose one of them")
    if dry:
        return _rehearse(ctx)
    forbid_inside_worker(ctx)
    keeper = assembled(ctx, Mode(once=once))
    if keeper.heart.every is not None:
        faulthandler.enable()  # a watchdog's SIGABRT then says where the loop hung
    asyncio.run(_kept(ctx, keeper))
    if once and not ctx.args.quiet:
        from supervisor.cli.watching import status

        ctx.args.watch = False
        status(ctx)
    return None


async def _kept(ctx: Context, keeper: Supervisor) -> None:
    """What no handler meets meanwhile is one line on stderr, and an event in the journal."""
    loop = asyncio.get_running_loop()

    def note(error: BaseException) -> None:
        loop.call_soon_threadsafe(faults.note, keeper.tools, error)

    hooks.listeners.append(note)
    faults.listen(loop, lambda error: hooks.tell("supervisor", error))
    try:
        await keeper.run(lambda: _ready(ctx, keeper))
    finally:
        hooks.listeners.remove(note)


def _rehearse(ctx: Context) -> None:
    keeper = assembled(ctx, Mode(dry=True))
    asyncio.run(keeper.run())
    foreseen = list(keeper.report.foreseen.values())
    if ctx.args.json:
        ctx.emit({"would": [each._asdict() for each in foreseen]})
    else:
        ctx.say("\n".join(each.task if ctx.args.quiet else each.words() for each in foreseen))


def forbid_inside_worker(ctx: Context) -> None:
    """Raises RefusedError where we would carry a worker's mark: whoever ends that worker ends all that carry it."""
    mark = ctx.env.get(ATTEMPT)
    if mark:
        attempt = read_mark(mark)
        whose = f" ({attempt.worker})" if attempt else ""
        raise RefusedError(f"a supervisor inside a worker{whose} would end with it", "start it from your own shell")


def assembled(ctx: Context, mode: Mode) -> Supervisor:
    """Raises BoardError without a usable tmux, and InvalidBoard without a usable board."""
    need_tmux()
    with ctx.placed():
        try:
            keeper = assemble(ctx.path, ctx.env, mode)
        except ValueError as error:
            raise InvalidBoard(str(error), "settings.tmux.socket names another one") from None
    keeper.heart = take(os.environ)  # only now: what is taken said that we are a service
    return keeper


def need_tmux() -> None:
    found = tmux_program()
    if found.level == "failure":
        raise BoardError(found.detail, found.remedy)


def _ready(ctx: Context, keeper: Supervisor) -> None:
    if ctx.args.in_background:
        _leave_stderr()
    elif ctx.args.json:
        ctx.emit(_record(keeper.engine.store.real, os.getpid(), keeper.tools.session, keeper.tmux.socket))
    elif not ctx.args.quiet:
        where = f"session {keeper.tools.session}, tmux -L {keeper.tmux.socket}"
        ctx.say(f"supervisor: keeping {ctx.path} (pid {os.getpid()}, {where})")
    sys.stdout.flush()


def _leave_stderr() -> None:
    """From now on nobody reads it: whoever started us only waited for this moment."""
    number = os.open(os.devnull, os.O_WRONLY)
    os.dup2(number, 2)
    os.close(number)


def _record(board: str, pid: int, session: str | None, socket: str | None) -> dict[str, Any]:
    return {"supervisor": {"pid": pid, "board": board, "session": session, "socket": socket}}


def start(ctx: Context) -> None:
    """On return the new supervisor has looked at everything once, and holds the board's lock."""
    forbid_inside_worker(ctx)
    need_tmux()
    ctx.read()
    note = running(ctx.store.side)
    if note is not None:
        raise RefusedError(f"this board is kept by {note.since(time.time())}", "supervisor stop, or supervisor status")
    child = _spawned(ctx)
    assert child.stderr is not None
    with child.stderr as complaints:
        view = _await_ready(ctx, child, complaints)
    child.returncode = 0  # it outlives us: Python would warn that nobody waited for it
    if ctx.args.json:
        ctx.emit(_record(ctx.store.real, child.pid, view.get("session"), view.get("socket")))
    elif not ctx.args.quiet:
        ctx.say(f"supervisor: keeping {ctx.path} in the background (pid {child.pid}); supervisor status shows it")


def _spawned(ctx: Context) -> subprocess.Popen[bytes]:
    argv = [*OURSELVES, "run", "-q", "--in-background", "--board", ctx.store.real]
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=own_environment(),
        cwd=ctx.store.folder,
        start_new_session=True,
    )


def _await_ready(ctx: Context, child: subprocess.Popen[bytes], complaints: IO[bytes]) -> dict[str, Any]:
    """The status that the child wrote. Raises what the child complained of, and Busy when it takes too long."""
    deadline = time.monotonic() + READY
    said = b""
    while time.monotonic() < deadline:
        if select.select([complaints], [], [], LOOK_AGAIN)[0]:
            part = os.read(complaints.fileno(), 65536)
            said += part
            if not part:
                with suppress(subprocess.TimeoutExpired):
                    child.wait(LOOK_AGAIN)
        if child.poll() is not None:
            raise _failed(child.returncode, said)
        view = _kept_by(ctx.store.side, child.pid)
        if view is not None:
            return view
    raise Busy(f"pid {child.pid} is not ready after {READY:g} s", "it goes on trying: supervisor status")


def _kept_by(side: str, pid: int) -> dict[str, Any] | None:
    """The status, if this process wrote it and holds the lock."""
    note: Note | None = running(side)
    if note is None or note.process.pid != pid:
        return None
    view = read_status(side)
    writer = view.get("supervisor") if view else None
    return view if isinstance(writer, dict) and writer.get("pid") == pid else None


def _failed(code: int, said: bytes) -> BoardError:
    """The child's last line as our own failure, with the child's exit code."""
    lines = said.decode("utf-8", "replace").strip().splitlines()
    words = lines[-1].removeprefix("supervisor: ") if lines else f"it ended with {code} and said nothing"
    error = BoardError(f"not started: {words}")
    error.exit_code = code if code > 0 else 1
    return error
