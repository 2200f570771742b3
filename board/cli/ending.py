"""`board done` and `board fail`. What done means is asked before the lock is taken; `board.proof` asks it.

A token that is stale is refused before any check runs, and once more when the answer is written. A tree that moved
meanwhile is refused too: the record never names a commit that nobody asked.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from board import moves
from board.cli.context import Context
from board.cli.failure import NotDone
from board.errors import UsageError
from board.home import head_of, home_of, work_of
from board.journal.events import Event
from board.model import Board, Status, Task
from board.moves import Ask, Outcome, Reason, Refused
from board.queries import checks_of

if TYPE_CHECKING:
    from board.done import Finding
    from board.proof import Scene

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
    evidence = _forced(ctx, board, task) if force else proved(ctx, board, task)
    result = ctx.change(lambda ask: moves.done(ask, evidence), _said(ctx))
    names = ", ".join(checks_of(evidence)) or ("forced" if force else "")
    with_what = f" ({names})" if names else ""
    if result.task.status is Status.REVIEW:
        ctx.tell(result, f"{task.id} is up for review{with_what}; somebody else's `board done {task.id}` ends it")
    else:
        ctx.tell(result, f"done: {task.id}{with_what}")


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


# --- evidence


def _forced(ctx: Context, board: Board, task: Task) -> dict[str, Any]:
    return {"forced": True, "why": ctx.args.why, "commit": head_of(work_of(board, task, ctx.folder))}


def proved(ctx: Context, board: Board, task: Task) -> dict[str, Any]:
    """The evidence that the definition of done holds, right now. Raises NotDone; the journal has what each check said
    either way."""
    from board.cli.progress import progress
    from board.proof import moved, prove, quest

    asked = quest(board, task, _scene(ctx, board, task))
    proof = prove(asked, progress(ctx))
    for finding in proof.findings:
        _journal(ctx, task, finding)
    if proof.failed:
        names = ", ".join(finding.item for finding in proof.failed)
        raise _not_done(
            ctx, task, f"{len(proof.failed)} of {len(proof.findings)} checks failed ({names})", proof.failed
        )
    other = moved(asked, proof)
    if other is not None:
        _journal(ctx, task, other)
        raise _not_done(ctx, task, "its tree moved while it was asked", [other])
    return {**proof.evidence(), "why": ctx.args.why}


def _scene(ctx: Context, board: Board, task: Task) -> Scene:
    from board.proof import Scene

    store, tree = ctx.store, work_of(board, task, ctx.folder)
    ours = tuple(os.path.abspath(path) for path in (store.path, store.real, store.side))
    return Scene(tree, store.real, ours, is_own_tree=home_of(board, task, ctx.folder) is not None, env=ctx.env)


def _not_done(ctx: Context, task: Task, why: str, failed: Sequence[Finding]) -> NotDone:
    from board.journal.sink import make_redactor

    redactor = make_redactor(ctx.store.side, ctx.env, ctx.wanted())
    shown = [
        {
            "check": finding.item,
            "detail": redactor.text(finding.detail),
            "exit_status": finding.exit_status,
            "output": "\n".join(redactor.text(finding.tail).splitlines()[-_LAST_LINES:]),
        }
        for finding in failed
    ]
    remedy = "mend what is listed and ask again, or overrule it with --force --why"
    return NotDone(f"{task.id} is not done: {why}", remedy, shown)


def _journal(ctx: Context, task: Task, finding: Finding) -> None:
    """What held at review is in the journal already."""
    if finding.held_at is None:
        event = Event(f"done_check_{'passed' if finding.ok else 'failed'}", task.id, _told(ctx, task, finding))
        ctx.engine.sink.append(event, ctx.engine.clock())


def _told(ctx: Context, task: Task, finding: Finding) -> Mapping[str, Any]:
    fields = {
        "step": task.step.id,
        "by": ctx.asker.name,
        "check": finding.item,
        "exit_status": finding.exit_status,
        "output": None if finding.ok else finding.tail or finding.detail,
        "took_s": round(finding.seconds, 3),
    }
    return {key: value for key, value in fields.items() if value is not None}
