"""`board status`: where the work stands, in one screen, from the record, from git, and from what the supervisor wrote.

What it sees of trees is of this moment and needs no supervisor; `supervisor status` is about workers and decisions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from board.cli.context import Context
from board.cli.watched import Watched, lives, watched
from board.drift import Doubt, Finding, Survey, Tree, find
from board.instants import format_instant
from board.model import HELD, Board, Status, Task
from board.queries import is_ready
from board.trees import survey

_ALWAYS = frozenset({*HELD, Status.BLOCKED, Status.REVIEW})


class Line(NamedTuple):
    """One task; `tree` is None for work in the board's folder."""

    task: Task
    tree: Tree | Doubt | None
    seen: Mapping[str, Any]
    drift: tuple[str, ...]


class Standing(NamedTuple):
    board: Board
    path: str
    survey: Survey
    keeper: Watched
    lines: tuple[Line, ...]
    findings: tuple[Finding, ...]
    now: float


def status(ctx: Context) -> None:
    if not ctx.args.watch:
        return show(ctx, look(ctx))
    from board.cli.rewatching import again_and_again

    return again_and_again(ctx)


def look(ctx: Context) -> Standing:
    board, now = ctx.read().board, ctx.engine.clock()
    keeper = watched(ctx)
    seen = survey(board, board.tasks, ctx.folder)
    findings = find(board, seen, lives(keeper, board), now)
    kinds: dict[str, list[str]] = {}
    for each in findings:
        kinds.setdefault(each.task, []).append(str(each.kind))
    lines = tuple(
        Line(task, seen.trees.get(task.id), keeper.of(task.id), tuple(kinds.get(task.id, ())))
        for task in board.tasks
        if _matters(task, seen.trees.get(task.id)) or task.id in kinds
    )
    return Standing(board, ctx.path, seen, keeper, lines, tuple(findings), now)


def _matters(task: Task, tree: Tree | Doubt | None) -> bool:
    return task.status in _ALWAYS or (isinstance(tree, Tree) and tree.is_there)


def show(ctx: Context, standing: Standing) -> None:
    from board.cli import standing_page

    if ctx.args.json:
        ctx.emit(record(standing))
    else:
        ctx.write(standing_page.page(standing, ctx.env, is_quiet=ctx.args.quiet))


def record(standing: Standing) -> dict[str, Any]:
    keeper = standing.keeper
    return {
        "at": format_instant(round(standing.now, 3)),
        "supervisor": {"running": keeper.runs, "by": keeper.by or None},
        "counts": counts(standing.board),
        "ready_count": ready(standing.board),
        "drift_count": len(standing.findings),
        "could_not_tell": standing.survey.doubt,
        "tasks": [_line_record(each, standing.now) for each in standing.lines],
    }


def counts(board: Board) -> dict[str, int]:
    """By status, in the order of a task's life; those that there are."""
    found = Counter(board.tasks.brief(place).status for place in range(len(board.tasks)))
    return {str(status): found[status] for status in Status if found[status]}


def ready(board: Board) -> int:
    places = range(len(board.tasks))
    return sum(board.tasks.brief(at).status == Status.TODO and is_ready(board, board.tasks[at]) for at in places)


def _line_record(line: Line, now: float) -> dict[str, Any]:
    task, tree, seen = line.task, line.tree, line.seen
    known = tree if isinstance(tree, Tree) else None
    point = task.checkpoint
    age = None if point is None or point.at is None else round(max(0.0, now - point.at), 3)
    return {
        "task": task.id,
        "status": str(task.status),
        "tree": known.path if known is not None and known.is_there else None,
        "branch": known.checked_out if known is not None else None,
        "ahead": known.ahead if known is not None else None,
        "behind": known.behind if known is not None else None,
        "dirty": known.dirty if known is not None else None,
        "could_not_tell": tree.why if isinstance(tree, Doubt) else None,
        "ports": ports(line),
        "listening": listening(seen),
        "checkpoint": task.record.get("checkpoint"),
        "checkpoint_age_s": age,
        "worker": {key: seen.get(key) for key in ("state", "pid", "rule", "why")} if seen else None,
        "drift": list(line.drift),
    }


def ports(line: Line) -> dict[str, dict[str, Any]]:
    """By name; the supervisor knows which of them listen, the record alone does not (None)."""
    recorded, seen = line.task.record.get("port"), line.seen.get("ports")
    found: dict[str, dict[str, Any]] = {}
    if isinstance(recorded, Mapping):
        found = {str(name): {"port": port, "listening": None} for name, port in recorded.items()}
    elif isinstance(recorded, int):
        found = {"port": {"port": recorded, "listening": None}}
    told = seen if isinstance(seen, Mapping) else {}
    return {**found, **{str(name): dict(each) for name, each in told.items() if isinstance(each, Mapping)}}


def listening(seen: Mapping[str, Any]) -> list[int]:
    found = seen.get("listening")
    return [port for port in found if isinstance(port, int)] if isinstance(found, list) else []
