"""`supervisor demo`: hands over to the demo, which knows what it shows."""

from __future__ import annotations

from board.cli.context import Context


def demo(ctx: Context) -> int:
    from importlib import import_module

    code: int = import_module("supervisor.demo").run(
        keep=ctx.args.keep, break_promise=ctx.args.break_promise, within=ctx.args.within
    )
    return code
