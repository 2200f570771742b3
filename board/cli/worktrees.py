"""`board worktree`: the tasks' trees listed, and the way to what else is done with them; `board.custody` decides."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from board import custody, removing, treelock
from board.cli.context import Context
from board.custody import Yard
from board.errors import NotFound, UsageError

if TYPE_CHECKING:
    from board.survey import Row, Size

_ONLY: Final = {
    "size": ("list",),
    "create": ("open",),
    "shell": ("open",),
    "editor": ("open",),
    "ignored": ("park",),
    "force": ("remove",),
    "branch": ("remove", "prune"),
    "older": ("prune",),
    "dry_run": ("prune",),
}
_ACTIONS: Final = {
    "list": "worktrees:list_trees",
    "open": "tree_opening:open_tree",
    "park": "tree_parking:park",
    "unpark": "tree_parking:unpark",
    "remove": "tree_removing:remove",
    "prune": "tree_removing:prune",
}
_PATIENCE: Final = 1.0  # seconds for all sizes together, where nobody asked for them


def worktree(ctx: Context) -> None:
    action = ctx.args.action or "list"
    for name, actions in _ONLY.items():
        if getattr(ctx.args, name) and action not in actions:
            said = name.replace("_", "-")
            raise UsageError(f"{action} has no --{said}", f"`board worktree {actions[0]} --{said}` has")
    yard = custody.yard(ctx.read().board, ctx.folder, _seen(ctx))
    module, _, function = _ACTIONS[action].partition(":")
    getattr(import_module(f"board.cli.{module}"), function)(ctx, yard)


def _seen(ctx: Context) -> Mapping[str, Any]:
    """What the supervisor last wrote of each task, while its process lives."""
    try:
        with open(os.path.join(ctx.store.side, "status.json"), encoding="utf-8") as file:
            status = json.load(file)
        os.kill(int(status["supervisor"]["pid"]), 0)
        found = status["tasks"]
    except PermissionError:
        found = status["tasks"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def list_trees(ctx: Context, yard: Yard) -> None:
    from board import survey
    from board.cli import tree_rows
    from board.cli.tree_desk import tell_ended

    if removing.begun(yard.common):
        with contextlib.suppress(treelock.TreesBusy), treelock.held(yard.top, 0.5):
            tell_ended(ctx, removing.end_all(yard.top, yard.common, 0.5))
    rows = [row for row in survey.survey(yard) if ctx.args.id in (None, row.task)]
    if ctx.args.id is not None and not rows:
        raise NotFound(f'no tree of "{ctx.args.id}"', "`board worktree list` shows them all")
    if ctx.args.quiet:
        return ctx.say("\n".join(row.task for row in rows))
    sizes = survey.sizes([row.path for row in rows if row.state == "there"], 1e9 if ctx.args.size else _PATIENCE)
    if ctx.args.json:
        return ctx.emit({"worktrees": [tree_rows.record(row, sizes.get(row.path)) for row in rows]})
    if not rows:
        return ctx.say("no trees")
    return _show(ctx, rows, sizes)


def _show(ctx: Context, rows: list[Row], sizes: Mapping[str, Size]) -> None:
    from board.cli import tree_rows
    from board.render import table

    now = ctx.engine.clock()
    ctx.write(table(tree_rows.HEADERS, [tree_rows.cells(row, sizes.get(row.path), now) for row in rows], ctx.env))
