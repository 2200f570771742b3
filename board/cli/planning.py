"""The commands that shape a board: init, add, schema. `board.check` says what may stand in one."""

from __future__ import annotations

import os
import re
import sys
from typing import Any, Final

from board import place
from board.cli.context import Context, Later
from board.errors import BoardError, RefusedError, UsageError
from board.home import is_in_repository
from board.journal.events import Event
from board.model import Board, Record
from board.store import FileStore
from board.templates import template_text

_ID_LENGTH: Final = 48  # of an id made from a title; a DNS label has room for 63
_SCHEMA: Final = "tasks.schema.json"


def init(ctx: Context) -> None:
    path = place.new(ctx.args.path or ctx.args.board, ctx.env)
    store = FileStore(path)
    if os.path.lexists(path):
        raise RefusedError(f"{path} exists already", "`board check` looks at it", "exists")
    if not os.path.isdir(store.folder):
        raise BoardError(f"there is no folder {store.folder}", "make it first")
    text = adapted(template_text("boards/init.yaml"), in_git=is_in_repository(store.folder))
    store.prepare()
    _write_schema(store.side)
    try:
        store.create(text)
    except BoardError:
        if os.path.lexists(path):  # somebody was faster
            raise RefusedError(f"{path} exists already", "`board check` looks at it", "exists") from None
        raise
    ctx.args.board = path
    Later(store.side, ctx.env).append(Event("board_created", None, {"path": path}), ctx.engine.clock())
    if ctx.args.json:
        ctx.emit({"board": {"path": path, "tasks_count": len(ctx.read().board.tasks)}})
    elif not ctx.args.quiet:
        ctx.say(f'made {path}\nboard add "What to do" puts a task on it')


def adapted(template: str, *, in_git: bool) -> str:
    """The template for a folder that is, or isn't, in a git repository."""
    from string import Template

    return Template(template).substitute(
        done_when="[clean]" if in_git else "[]",
        worktrees="{enabled: true}" if in_git else "{enabled: false}",
    )


def add(ctx: Context) -> None:
    record = _record(ctx)
    with ctx.placed():
        result = ctx.engine.add(lambda board: named(record, board, ctx.args.id))
    if ctx.args.quiet and not ctx.args.json:
        return ctx.say(result.task.id)
    return ctx.tell(result, f"added {result.task.id}")


def _record(ctx: Context) -> dict[str, Any]:
    args = ctx.args
    if not args.title.strip():
        raise UsageError("a task needs a title", 'board add "What to do"')
    if args.prompt is not None and args.run is not None:
        raise UsageError("a task has a prompt or a command", "leave out --prompt or --run")
    prompt = sys.stdin.read() if args.prompt == "-" else args.prompt
    if prompt is not None and not prompt.strip():
        raise UsageError("the prompt is empty", "say what to do")
    fields = {
        "title": args.title.strip(),
        "status": "todo",
        "agent": args.agent,
        "brief": args.brief,
        "priority": args.priority,
        "after": [name.strip() for name in args.after.split(",") if name.strip()] if args.after else None,
        "labels": args.label,
        "prompt": prompt,
        "run": args.run,
        "resumable": True if args.resumable else None,
        "gate": args.gate,
        "kind": args.kind,
        "done_if": args.done_if,
        "done_when": args.done_when,
    }
    return {key: value for key, value in fields.items() if value is not None}


def named(record: Record, board: Board, task_id: str | None) -> Record:
    """The record with its id in front; one that was made up is free on this very board."""
    taken = set(board.tasks.ids)
    if task_id is not None and task_id in taken:
        raise UsageError(f'there is a task "{task_id}" already', "leave --id out, or take another")
    return {"id": task_id if task_id is not None else free_id(record["title"], taken), **record}


def free_id(title: str, taken: set[str]) -> str:
    """`cover-the-refund-path` from a title, with a number behind it where that is taken."""
    stem = slug(title)
    number, name = 1, stem
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


def slug(title: str) -> str:
    """A DNS label of whole words where they fit; `task` where nothing of the title can stand in one."""
    from unicodedata import normalize

    plain = normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", re.sub(r"['`]", "", plain))
    name = ""
    for word in words:
        longer = f"{name}-{word}" if name else word[:_ID_LENGTH]
        if len(longer) > _ID_LENGTH:
            break
        name = longer
    return name or "task"


def schema(ctx: Context) -> None:
    if not ctx.args.write:
        from board.schema import schema as made

        return ctx.emit(made())
    ctx.store.prepare()
    path = _write_schema(ctx.store.side)
    if ctx.args.json:
        return ctx.emit({"path": path})
    return None if ctx.args.quiet else ctx.say(f"wrote {path}")


def _write_schema(side: str) -> str:
    """The schema's path in `.board/`, replaced whole."""
    from board.schema import text

    path = os.path.join(side, _SCHEMA)
    aside = f"{path}.{os.getpid()}"
    try:
        with open(aside, "w", encoding="utf-8") as file:
            file.write(text())
        os.replace(aside, path)
    except OSError as error:
        raise BoardError(f"can't write {path}: {(error.strerror or str(error)).lower()}") from None
    return path
