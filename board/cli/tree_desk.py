"""What the actions on a task's tree have in common: the lock, the journal, and a tree that is there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from board import custody, removing, treelock
from board.cli import outlet
from board.cli.context import Context
from board.custody import Subject, Yard
from board.errors import RefusedError
from board.journal.events import Event


@contextlib.contextmanager
def held(ctx: Context, yard: Yard) -> Iterator[None]:
    """The trees' lock, and whatever was interrupted ended first."""
    with treelock.held(yard.top, custody.PATIENCE):
        tell_ended(ctx, removing.end_all(yard.top, yard.common))
        yield


def tell_ended(ctx: Context, ended: list[removing.Ended]) -> None:
    for one in ended:
        if one.is_removed:
            journal_removed(ctx, one, forced=None)
            words = f"{one.intent.path}: its removal had been interrupted; it is removed"
        else:
            words = f"{one.intent.path}: its removal had been interrupted; it was taken back, because {one.why}"
        outlet.complain(outlet.lines([f"board: {words}"]))


def journal_removed(ctx: Context, ended: removing.Ended, *, forced: bool | None) -> None:
    intent = ended.intent
    fields = {"path": intent.path, "branch": intent.branch, "commit": intent.head, "forced": forced}
    journal(ctx, "worktree_removed", intent.task, {**fields, "branch_deleted": ended.branch_is_gone})


def journal(ctx: Context, name: str, task: str, fields: Mapping[str, Any]) -> None:
    said = {key: value for key, value in {**fields, "by": ctx.asker.name}.items() if value is not None}
    ctx.engine.sink.append(Event(name, task, said), ctx.engine.clock())


def made(ctx: Context, yard: Yard, it: Subject) -> str:
    if it.known is not None and it.is_there and it.name not in removing.begun(yard.common):
        return it.path
    if not ctx.args.create:
        custody.need_tree(it)
        raise RefusedError(f"{it.path} is being removed", f"`board worktree remove {it.name}` ends that", "removing")
    return make(ctx, yard, it)


def make(ctx: Context, yard: Yard, it: Subject) -> str:
    """The task's tree; what a fresh one needs besides, its setup, is the supervisor's to run."""
    from board import worktree as trees

    settings = yard.board.settings.worktrees
    with held(ctx, yard):
        pass
    plan = trees.Plan(yard.top, settings.root, it.name, settings.base, settings.copy, settings.setup)
    tree = trees.ensure(plan)
    notes = [*tree.warnings, *(["its setup was not run"] if tree.created and settings.setup else [])]
    outlet.complain(outlet.lines(f"board: {note}" for note in notes))
    if tree.created:
        fields = {"path": tree.path, "branch": tree.branch, "base": settings.base}
        journal(ctx, "worktree_created", it.name, fields)
    return tree.path
