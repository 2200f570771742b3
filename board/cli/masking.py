"""What `board check` says beyond the board itself: whether its `settings.redact` can be used as they stand.

A rule that can't be is a problem of the board there, and nowhere else: no other command stops for it, because until it
is mended more is masked and not less.
"""

from __future__ import annotations

from board.cli.context import Context
from board.cli.failure import InvalidFile
from board.errors import InvalidBoard, Problem
from board.settings import Redact
from board.views import View


def checked(ctx: Context) -> tuple[View, list[Problem]]:
    """The board and what is told of it. Raises InvalidFile where something is to be mended."""
    view = ctx.read()
    redact = view.board.settings.redact
    if redact == Redact():
        return view, []
    faults, notes = _problems(ctx, view, redact)
    if faults:
        words = f"{len(faults)} problem{'' if len(faults) == 1 else 's'}"
        raise InvalidFile(InvalidBoard(words, problems=(*faults, *notes)), ctx.path)
    return view, notes


def _problems(ctx: Context, view: View, redact: Redact) -> tuple[list[Problem], list[Problem]]:
    from board.document import Document
    from board.findings import Finding, label, place_of
    from board.journal.loading import load

    tree = Document(view.text).tree
    found: tuple[list[Problem], list[Problem]] = ([], [])
    for trouble in load(ctx.store.side, ctx.env, redact).troubles:
        path = ("settings", "redact", *trouble.path)
        problem = Problem(*place_of(tree, Finding(path, "")), f"{label(path)}: {trouble.message}")
        found[0 if trouble.is_fault else 1].append(problem)
    return found
