"""What `board check` says beyond the board itself: whether its `settings.redact` can be used as they stand, and whether
the briefs that its steps name are there.

What isn't is a problem of the board there, and nowhere else: no other command stops for it. Until a rule is mended more
is masked and not less; a step without its brief is not started.
"""

from __future__ import annotations

from board import briefs
from board.cli.context import Context
from board.cli.failure import InvalidFile
from board.document import Document
from board.errors import InvalidBoard, Problem
from board.findings import Finding, Path, in_order, label, place_of, unknown
from board.settings import Redact
from board.views import View


def checked(ctx: Context) -> tuple[View, list[Problem]]:
    """The board and what is told of it. Raises InvalidFile where something is to be mended."""
    view = ctx.read()
    redact = view.board.settings.redact
    faults, notes = ([], []) if redact == Redact() else _problems(ctx, view, redact)
    faults += _without_brief(ctx, view)
    notes += [Problem(0, 0, fault) for fault in briefs.faults(ctx.store.side)]
    if faults:
        words = f"{len(faults)} problem{'' if len(faults) == 1 else 's'}"
        raise InvalidFile(InvalidBoard(words, problems=(*faults, *notes)), ctx.path)
    return view, notes


def _without_brief(ctx: Context, view: View) -> list[Problem]:
    """Steps whose `kind` nobody has written a brief for."""
    if "kind" not in view.text:
        return []
    known = briefs.kinds(ctx.store.side)
    found: list[Finding] = []
    for place, task in enumerate(view.board.tasks):
        path: Path = ("tasks", place)
        listed = task.record.get("steps")
        named = [((*path, "steps", at, "kind"), step.get("kind")) for at, step in enumerate(listed or ())]
        for where, kind in named or [((*path, "kind"), task.record.get("kind"))]:
            if kind is not None and kind not in known:
                found.append(unknown(where, "brief", str(kind), known, "kind: "))
    return in_order(Document(view.text).tree, found) if found else []


def _problems(ctx: Context, view: View, redact: Redact) -> tuple[list[Problem], list[Problem]]:
    from board.journal.loading import load

    tree = Document(view.text).tree
    found: tuple[list[Problem], list[Problem]] = ([], [])
    for trouble in load(ctx.store.side, ctx.env, redact).troubles:
        path = ("settings", "redact", *trouble.path)
        problem = Problem(*place_of(tree, Finding(path, "")), f"{label(path)}: {trouble.message}")
        found[0 if trouble.is_fault else 1].append(problem)
    return found
