"""`supervisor doctor`: the findings as a table or as JSON. What is looked at stands in `supervisor.doctor`."""

from __future__ import annotations

from board.cli.context import Context
from board.journal.faces import for_terminal
from board.render import table
from supervisor.doctor import examine
from supervisor.patient import patient_of


def doctor(ctx: Context) -> int:
    """1 when at least one thing is a failure."""
    redactor = for_terminal(ctx.env)
    findings = [
        each._replace(detail=redactor.text(each.detail), remedy=redactor.text(each.remedy))
        for each in examine(patient_of(ctx.args.board, ctx.env))
    ]
    is_well = all(each.level != "failure" for each in findings)
    if ctx.args.json:
        ctx.emit({"ok": is_well, "findings": [each._asdict() for each in findings]})
        return 0 if is_well else 1
    shown = [each for each in findings if each.level != "ok" or not ctx.args.quiet]
    rows = [(each.level, each.name, "; ".join(filter(None, (each.detail, each.remedy)))) for each in shown]
    if rows:
        ctx.write(table(("LEVEL", "CHECK", "FINDING"), rows, ctx.env))
    return 0 if is_well else 1
