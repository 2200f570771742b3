"""`board ports`: which ports the tasks have and who listens there, granting what is missing, variables for a shell."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from board.cli.context import Context, profiles
from board.errors import NotFound, RefusedError
from board.model import ENDED, Task
from board.moves import Reason
from board.ports import granted, missing, variables, wanted, words
from board.render import EMPTY, clean, table

if TYPE_CHECKING:
    from board.listeners import Listener

_HEADERS = ("TASK", "NAME", "PORT", "LISTENING", "BY")


class Row(NamedTuple):
    """`listening` is None where there is no port, or nobody can tell; so is `own` where nobody is seen to listen."""

    task: str
    name: str
    port: int | None
    listening: bool | None = None
    pid: int | None = None
    program: str | None = None
    own: bool | None = None

    def cells(self) -> tuple[str, ...]:
        listening = {None: EMPTY, True: "yes", False: "no"}[self.listening]
        port = EMPTY if self.port is None else str(self.port)
        return (self.task, self.name, port, listening, self._by() if self.listening else EMPTY)

    def _by(self) -> str:
        who = "somebody" if self.pid is None else f"pid {self.pid} ({self.program})"
        return who if self.own else f"{who}, not the task's"


def ports(ctx: Context) -> None:
    if ctx.args.grant or ctx.args.env:
        task = _grant(ctx) if ctx.args.grant else ctx.task()[1]
        return _tell_env(ctx, task) if ctx.args.env else _tell(ctx, [task])
    if ctx.args.id is not None or ctx.env.get("BOARD_TASK"):
        return _tell(ctx, [ctx.task()[1]])
    return _tell(ctx, [task for task in ctx.read().board.tasks if task.status not in ENDED])


def _grant(ctx: Context) -> Task:
    from board.granting import Clerk
    from board.reservations import Reservations, folder_of

    task_id = ctx.task_id
    clerk = Clerk(ctx.engine, Reservations(folder_of(ctx.env)), profiles)
    with ctx.placed():
        found = clerk.grant(task_id, ctx.asker.about(task_id), moves=False)
    if found.trouble is not None:
        from board.cli import outlet

        trouble = f"{task_id}: its ports can't be reserved, another board may be given them: {found.trouble}"
        outlet.complain(outlet.lines([f"board: {trouble}"]))
    return found.task


def _tell_env(ctx: Context, task: Task) -> None:
    """Lines that a shell may `eval`."""
    if not wanted(task):
        raise RefusedError(f"{task.id} names no ports", "such as ports: [web] in its record", Reason.NOTHING_TO_DO)
    if missing(task):
        names = ", ".join(missing(task))
        raise NotFound(f"{task.id} has no port for {names} yet", f"board ports {task.id} --grant --env")
    env = variables(task)
    if ctx.args.json:
        return ctx.emit({"env": env})
    return ctx.write("".join(f"export {name}={value}\n" for name, value in env.items()))


def _tell(ctx: Context, tasks: list[Task]) -> None:
    rows = _rows(tasks, ctx.store.real)
    if ctx.args.json:
        return ctx.emit({"ports": [row._asdict() for row in rows]})
    if ctx.args.quiet:
        return ctx.say("\n".join(str(row.port) for row in rows if row.port is not None))
    if not rows:
        return ctx.say("no ports: no such task has `ports` in its record")
    return ctx.write(table(_HEADERS, [row.cells() for row in rows], ctx.env))


def _rows(tasks: list[Task], home: str) -> list[Row]:
    named = [(task, name, granted(task).get(name)) for task in tasks for name in wanted(task)]
    given = {port for _, _, port in named if port is not None}
    if not given:
        return [Row(task.id, name, None) for task, name, _ in named]
    from board.listeners import listening

    found = listening(given)
    return [_row(task, name, port, home, found) for task, name, port in named]


def _row(task: Task, name: str, port: int | None, home: str, found: Mapping[int, tuple[Listener, ...]]) -> Row:
    from board.listeners import is_free
    from board.portsearch import is_own

    if port is None:
        return Row(task.id, name, None)

    def mine(each: Listener) -> bool:
        return is_own(each, task.id, home)

    those = sorted(found.get(port, ()), key=mine, reverse=True)
    if those:
        first = those[0]
        return Row(task.id, name, port, listening=True, pid=first.pid, program=first.program, own=mine(first))
    return Row(task.id, name, port, listening=not is_free(port))


def line(ctx: Context, task: Task) -> str:
    """For the task's page: its ports, and what its worker was heard to listen on."""
    parts = [words(granted(task)), *(f"{name}: none yet" for name in missing(task) if task.status not in ENDED)]
    heard = _heard(ctx, task) if granted(task) else None
    if heard is not None:
        parts.append(f"its worker listens on {', '.join(map(str, heard)) or 'none'}")
    return clean(", ".join(filter(None, parts)))


def _heard(ctx: Context, task: Task) -> list[int] | None:
    """By the supervisor that runs, if one does."""
    import json

    try:
        with open(os.path.join(ctx.store.side, "status.json"), encoding="utf-8") as file:
            view = json.load(file)
        heard = None if "stopped_at" in view else view["tasks"][task.id]["listening"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return [port for port in heard if isinstance(port, int)] if isinstance(heard, list) else None
