"""`board drift`: where the board and the trees don't agree, seen now. It mends nothing.

Since when that is so, the supervisor knows, where one runs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from board.cli import outlet
from board.cli.context import Context
from board.cli.watched import drift_since, lives, watched
from board.drift import Doubt, Finding, Survey, find, judged
from board.engine import task_of
from board.errors import BoardError
from board.instants import format_instant, format_span
from board.model import Board
from board.trees import survey


class Told(NamedTuple):
    """`since` is when the supervisor saw it first, None where it has not."""

    finding: Finding
    since: float | None

    def record(self) -> dict[str, Any]:
        at = None if self.since is None else format_instant(round(self.since, 3))
        return {**self.finding._asdict(), "kind": str(self.finding.kind), "since": at}


def drift(ctx: Context) -> int:
    board = ctx.read().board
    wanted = ctx.args.id if ctx.args.id is not None else ctx.env.get("BOARD_TASK") or None
    tasks = [task for task in judged(board) if wanted in (None, task.id)]
    seen = survey(board, tasks, ctx.folder)
    if seen.doubt is not None:
        raise BoardError(f"could not look at the trees: {seen.doubt}", "board drift again")
    found = _found(ctx, board, seen, wanted)
    doubts = {name: tree.why for name, tree in seen.trees.items() if isinstance(tree, Doubt)}
    if ctx.args.json:
        told = [{"task": name, "why": why} for name, why in doubts.items()]
        ctx.emit({"drift": [each.record() for each in found], "could_not_tell": told})
    else:
        outlet.complain(outlet.lines(f"could not tell: {name}: {why}" for name, why in doubts.items()))
        _say(ctx, found)
    return 5 if found else 1 if doubts else 0


def _found(ctx: Context, board: Board, seen: Survey, wanted: str | None) -> list[Told]:
    """Raises NotFound for a name that neither a task nor a stray tree has."""
    if wanted is not None and all(stray.name != wanted for stray in seen.strays):
        task_of(board, wanted)
    keeper = watched(ctx)
    since = drift_since(keeper.status)
    findings = find(board, seen, lives(keeper, board), ctx.engine.clock())
    return [Told(each, since.get((each.task, str(each.kind)))) for each in findings if wanted in (None, each.task)]


def _say(ctx: Context, found: list[Told]) -> None:
    if ctx.args.quiet:
        return ctx.say("\n".join(f"{each.finding.task} {each.finding.kind}" for each in found))
    if not found:
        return ctx.say("no drift")
    now = ctx.engine.clock()
    return ctx.say("\n".join(line for each in found for line in _lines(each, now)))


def _lines(told: Told, now: float) -> list[str]:
    task, kind, detail, remedy = told.finding
    since = f"  since {format_span(max(0.0, now - told.since))}" if told.since is not None else ""
    return [f"{task}  {kind}{since}", f"  {detail}", f"  {remedy}"]
