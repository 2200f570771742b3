"""The commands of whoever works on a task, except those that end it. The rules are `board.moves`'."""

from __future__ import annotations

from board import moves
from board.cli.context import Context
from board.engine import Result
from board.errors import NotFound, UsageError
from board.home import head_of, work_of
from board.instants import format_instant, format_span
from board.model import Board, Claim, Task
from board.moves import Ask, Outcome, Reason, Refused
from board.queries import claimable


def claim(ctx: Context) -> None:
    wanted = None if ctx.args.next else ctx.task_id
    if ctx.args.next and ctx.args.id is not None:
        raise UsageError("name a task or say --next, not both", "see board claim --help")

    def op(board: Board) -> Outcome:
        task_id = wanted or first_claimable(board, ctx.engine.clock()).id
        ask = ctx.engine.ask(board, task_id, ctx.asker.claiming(task_id))
        return _with_a_name(ask, moves.claim(ask, ctx.engine.grants.highest(task_id)))

    with ctx.placed():
        result = ctx.engine.transact(op)
    if ctx.args.quiet and not ctx.args.json:
        return ctx.say(result.task.id)
    verb = "claimed" if any(told.name == "task_claimed" for told in result.change.events) else "held already, renewed:"
    held = _held(result)
    grant = ctx.engine.grants.path(result.task.id, held.token)
    return ctx.tell(result, f"{verb} {result.task.id} as {held.by}: {_lease(ctx, held)}\ngrant: {grant}")


def first_claimable(board: Board, now: float) -> Task:
    """What `claim --next` takes; the tasks behind it aren't asked. Raises NotFound."""
    found = next(claimable(board, now), None)
    if found is None:
        raise NotFound("nothing is ready", "`board list` shows what each task waits for")
    return found


def _with_a_name(ask: Ask, outcome: Outcome) -> Outcome:
    """A made-up name that seems to hold the task already is told how to prove it."""
    held = ask.task.claim
    if not isinstance(outcome, Refused) or ask.actor.is_named or held is None or held.by != ask.actor.name:
        return outcome
    if outcome.reason is not Reason.HELD:
        return outcome
    return outcome._replace(remedy=f"if that is you: board claim {ask.task.id} --as {held.by}")


def _held(result: Result) -> Claim:
    assert result.task.claim is not None
    return result.task.claim


def _lease(ctx: Context, held: Claim) -> str:
    left = format_span(max(0.0, held.expires_at - ctx.engine.clock()))
    return f"token {held.token}, until {format_instant(held.expires_at)} ({left})"


def renew(ctx: Context) -> None:
    result = ctx.change(moves.renew)
    ctx.tell(result, f"renewed {result.task.id}: {_lease(ctx, _held(result))}")


def release(ctx: Context) -> None:
    result = ctx.change(lambda ask: moves.release(ask, force=ctx.args.force))
    ctx.tell(result, f"released {result.task.id}")


def start(ctx: Context) -> None:
    head = _head(ctx)
    result = ctx.change(lambda ask: moves.start(ask, head))
    run = result.task.run
    ctx.tell(result, f"started {result.task.id}: step {result.task.step.id}, attempt {run.attempt if run else 1}")


def checkpoint(ctx: Context) -> None:
    commit, note = ctx.args.commit, ctx.args.note
    if commit is not None and (not commit.strip() or commit.startswith("-")):
        raise UsageError("--commit needs a commit", "leave it out for HEAD of the task's tree")
    if commit is None:
        commit = _head(ctx)
    result = ctx.change(lambda ask: moves.checkpoint(ask, commit, note), {"commit": commit, "note": note})
    words = [word for word in (commit and commit[:12], note) if word]
    ctx.tell(result, f"checkpoint {result.task.id}: {', '.join(words) or 'noted'}")


def _head(ctx: Context) -> str | None:
    """Looked up before the lock is taken; a task that isn't there is the move's to refuse."""
    board = ctx.read().board
    task = board.find(ctx.task_id)
    return head_of(work_of(board, task, ctx.folder)) if task is not None else None


def advance(ctx: Context) -> None:
    step = ctx.args.step
    if step is None and ctx.env.get("BOARD_TASK") == ctx.task_id:
        step = ctx.env.get("BOARD_STEP") or None
    result = ctx.change(lambda ask: moves.advance(ask, step), {"step": step})
    ctx.tell(result, f"advanced {result.task.id} to step {result.task.step.id}")


def block(ctx: Context) -> None:
    on, by = ctx.args.on, ctx.args.by
    if not on.strip() or (by is not None and not by.strip()):
        raise UsageError("name what it waits for", 'such as --on "staging API key"')

    def op(ask: Ask) -> Outcome:
        outcome = moves.block(ask, on)
        if by is None or isinstance(outcome, Refused):
            return outcome
        return outcome._replace(patch={**outcome.patch, "blocked": {**outcome.patch["blocked"], "by": by}})

    result = ctx.change(op, {"on": on})
    ctx.tell(result, f"blocked {result.task.id} on {on}")


def review(ctx: Context) -> None:
    note = ctx.args.note
    result = ctx.change(lambda ask: moves.review(ask, note), {"note": note})
    ctx.tell(result, f"{result.task.id} is up for review; a person's `board done {result.task.id}` ends it")
