"""`board done` and `board fail`. What done means is asked before the lock is taken; `board.done` asks it.

A token that is stale is refused before any check runs, and once more when the answer is written.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from board import moves
from board.cli import outlet
from board.cli.context import Context
from board.cli.failure import NotDone
from board.errors import UsageError
from board.home import definition_of_done, head_of, tree_of
from board.journal.events import Event
from board.model import Board, Task
from board.moves import Ask, Outcome, Reason, Refused

if TYPE_CHECKING:
    from board.done import Finding

_LAST_LINES: Final = 5  # of a failed command's output stand below its name; the journal has the rest


def done(ctx: Context) -> None:
    force, why = ctx.args.force, ctx.args.why
    if force and not (why or "").strip():
        raise UsageError("--force needs --why", "it goes on record")
    board = ctx.read().board
    task = board.find(ctx.task_id)
    if task is None or _refused(ctx, board):
        ctx.change(_only_refuse, _said(ctx))
        return
    tree = tree_of(board, task, ctx.folder)
    evidence = {"forced": True, "why": why} if force else _ask(ctx, board, task, tree)
    evidence["commit"] = head_of(tree)
    result = ctx.change(lambda ask: moves.done(ask, evidence), _said(ctx))
    checks = evidence.get("checks")
    ctx.tell(result, f"done: {task.id}" + (f" ({', '.join(checks)})" if checks else ", forced" if force else ""))


def fail(ctx: Context) -> None:
    why = ctx.args.why
    result = ctx.change(lambda ask: moves.fail(ask, why), {"why": why})
    ctx.tell(result, f"failed: {result.task.id}")


def _said(ctx: Context) -> dict[str, Any]:
    return {"why": ctx.args.why, "forced": ctx.args.force or None}


def _refused(ctx: Context, board: Board) -> bool:
    ask = ctx.engine.ask(board, ctx.task_id, ctx.asker.about(ctx.task_id))
    return isinstance(moves.done(ask, {}), Refused)


def _only_refuse(ask: Ask) -> Outcome:
    """Raises what stands in the way, and journals it, without ever passing a task whose checks nobody ran."""
    outcome = moves.done(ask, {})
    if isinstance(outcome, Refused):
        return outcome
    return Refused(Reason.NOTHING_TO_DO, f"{ask.task.id} changed a moment ago", f"board done {ask.task.id}")


def _ask(ctx: Context, board: Board, task: Task, tree: str) -> dict[str, Any]:
    """The evidence that the definition of done holds. Raises NotDone, with every item that doesn't in the journal."""
    from board.done import Progress, Terms, check

    items = definition_of_done(board, task, tree)
    ours = (ctx.store.path, ctx.store.real, ctx.store.side)
    terms = Terms(base=board.settings.worktrees.base, ignore=tuple(os.path.abspath(path) for path in ours))
    progress = Progress(_say_start, _say_end) if _is_watched(ctx) else Progress()
    findings = check(items, tree, terms, progress)
    failed = [finding for finding in findings if not finding.ok]
    if failed:
        raise _not_done(ctx, task, failed, len(findings))
    return {"checks": list(items)} if items else {}


def _not_done(ctx: Context, task: Task, failed: Sequence[Finding], asked: int) -> NotDone:
    from board.journal.sink import make_redactor

    redactor = make_redactor(ctx.store.side, ctx.env, ctx.wanted())
    for finding in failed:
        ctx.engine.sink.append(Event("done_check_failed", task.id, _told(ctx, task, finding)), ctx.engine.clock())
    shown = [
        {
            "check": finding.item,
            "detail": redactor.text(finding.detail),
            "exit_status": finding.exit_status,
            "output": "\n".join(redactor.text(finding.tail).splitlines()[-_LAST_LINES:]),
        }
        for finding in failed
    ]
    names = ", ".join(finding.item for finding in failed)
    return NotDone(
        f"{task.id} is not done: {len(failed)} of {asked} checks failed ({names})",
        "mend what is listed and ask again, or overrule it with --force --why",
        shown,
    )


def _told(ctx: Context, task: Task, finding: Finding) -> Mapping[str, Any]:
    fields = {
        "step": task.step.id,
        "by": ctx.asker.name,
        "check": finding.item,
        "exit_status": finding.exit_status,
        "output": finding.tail or finding.detail,
        "took_s": round(finding.seconds, 3),
    }
    return {key: value for key, value in fields.items() if value is not None}


def _is_watched(ctx: Context) -> bool:
    return sys.stderr.isatty() and not ctx.args.quiet and not ctx.args.json


def _say_start(item: str) -> None:
    outlet.complain(outlet.lines([f"checking {item} ..."]), end=" ")


def _say_end(finding: Finding) -> None:
    outlet.complain(outlet.lines([f"{'ok' if finding.ok else 'no'} ({finding.seconds:.1f}s)"]))
