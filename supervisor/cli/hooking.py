"""`supervisor hook`, as far as a person types it. What agents call goes past all of this (`supervisor.cli.run`)."""

from __future__ import annotations

from board.cli.context import Context
from supervisor.hooks.call import call


def hook(ctx: Context) -> None:
    state = ("--state", ctx.args.state, "--text", ctx.args.text or "") if ctx.args.state else ()
    call([ctx.args.agent, *state, *ctx.args.payload], ctx.env)
