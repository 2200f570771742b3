"""The commands that are a person's word: approve, unblock, cancel, reopen. The rules are `board.moves`'."""

from __future__ import annotations

from board import moves
from board.cli.context import Context


def approve(ctx: Context) -> None:
    result = ctx.change(moves.approve)
    ctx.tell(result, f"approved one attempt of {result.task.id}, step {result.task.step.id}")


def unblock(ctx: Context) -> None:
    result = ctx.change(moves.unblock)
    ctx.tell(result, f"unblocked {result.task.id}")


def cancel(ctx: Context) -> None:
    why = ctx.args.why
    result = ctx.change(lambda ask: moves.cancel(ask, why), {"why": why})
    ctx.tell(result, f"cancelled {result.task.id}")


def reopen(ctx: Context) -> None:
    why = ctx.args.why
    result = ctx.change(lambda ask: moves.reopen(ask, why), {"why": why})
    ctx.tell(result, f"reopened {result.task.id}")
