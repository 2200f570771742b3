"""`board worktree open`: where a task's work is, and the person's shell or editor there. It changes no tree."""

from __future__ import annotations

import os
import sys

from board import custody
from board.cli.context import Context
from board.cli.tree_desk import made
from board.custody import Yard
from board.errors import BoardError, UsageError


def open_tree(ctx: Context, yard: Yard) -> None:
    board, task = ctx.task()
    if custody.has_own(yard, task):
        path = made(ctx, yard, custody.subject(yard, task.id))
    else:
        from board.home import work_of

        path = os.path.abspath(work_of(board, task, ctx.folder))
    if ctx.args.shell or ctx.args.editor:
        return _start(ctx, path)
    if ctx.args.json:
        return ctx.emit({"worktree": {"task": task.id, "path": path}})
    return ctx.write(f"{path}\n")


def _start(ctx: Context, path: str) -> None:
    """The person's shell or editor instead of this process, with the task's variables."""
    from board.environs import environs

    if ctx.args.shell and ctx.args.editor:
        raise UsageError("--shell or --editor", "not both")
    _, task = ctx.task()
    env = {**ctx.env, **environs(task, ctx.store.real, path, is_own_tree=path != os.path.abspath(ctx.folder))}
    if ctx.args.shell:
        words = [ctx.env.get("SHELL") or "/bin/sh"]
    else:
        import shlex

        words = shlex.split(ctx.env.get("VISUAL") or ctx.env.get("EDITOR") or "")
        if not words:
            raise UsageError("no editor", "set $EDITOR")
        words.append(path)
    os.chdir(path)
    sys.stdout.flush()
    try:
        os.execvpe(words[0], words, env)  # noqa: S606
    except OSError as error:
        raise BoardError(f"can't start {words[0]}: {(error.strerror or '').lower()}", "set $SHELL or $EDITOR") from None
