"""`supervisor completion`: the line that turns on shell completion. What a shell is answered stands in `board`'s."""

from __future__ import annotations

from board.cli.completion import tell_hook
from board.cli.context import Context
from supervisor.cli.table import SUPERVISOR


def completion(ctx: Context) -> None:
    tell_hook(ctx, SUPERVISOR)
