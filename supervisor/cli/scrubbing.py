"""`supervisor scrub`: old files redacted by the rules of now, as a table or as JSON. `supervisor.scrub` does it."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from board.cli import outlet
from board.cli.context import Context
from board.cli.masking import checked
from board.journal.events import Event
from board.journal.faces import for_terminal, told
from board.journal.sink import Journal, make_redactor
from board.render import table
from supervisor.scrub import Outcome, Scrub, Scrubbed

_FAILED = 1
_IN_USE = 75
_LATER = "what is in use was left: try again when no worker is at work (`supervisor stop --workers` ends them)"


def scrub(ctx: Context) -> int:
    """Rules that can't be used as they stand are a problem of the board: they would mask whole lines, for ever."""
    view, notes = checked(ctx)
    outlet.complain(outlet.lines([note.at(ctx.path) for note in notes]))
    redactor = make_redactor(ctx.store.side, ctx.env, view.board.settings.redact)
    began, now = time.monotonic(), time.time()
    done = list(Scrub(ctx.store.side, redactor, now, is_dry=ctx.args.dry_run).go())
    took = time.monotonic() - began
    if not ctx.args.dry_run and any(each.outcome is Outcome.CHANGED for each in done):
        journal = Journal(
            os.path.join(ctx.store.side, "journal"), redactor, max_bytes=view.board.settings.journal.segment_bytes
        )
        journal.append(_event(done, took), time.time())
        journal.close()
    _tell(ctx, done)
    return _exit_code(done, is_dry=ctx.args.dry_run)


def _exit_code(done: Sequence[Scrubbed], *, is_dry: bool) -> int:
    outcomes = {each.outcome for each in done}
    if Outcome.FAILED in outcomes:
        return _FAILED
    return _IN_USE if Outcome.IN_USE in outcomes and not is_dry else 0


def _event(done: Sequence[Scrubbed], took: float) -> Event:
    outcomes = Counter(each.outcome for each in done)
    kinds = _kinds(done)
    return Event(
        "files_scrubbed",
        None,
        {
            "files_count": outcomes[Outcome.CHANGED],
            "masked_count": sum(kinds.values()),
            "kinds": _words(kinds),
            "in_use_count": outcomes[Outcome.IN_USE],
            "failed_count": outcomes[Outcome.FAILED],
            "took_s": round(took, 3),
        },
    )


def _kinds(done: Sequence[Scrubbed]) -> Counter[str]:
    """What was masked; in a dry run, what would be."""
    found: Counter[str] = Counter()
    for each in done:
        for kind in each.found:
            found[kind.kind] += kind.masked_count
    return found


def _words(kinds: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))


# --- told


def _tell(ctx: Context, done: Sequence[Scrubbed]) -> None:
    redactor = for_terminal(ctx.env)
    shown = [each for each in done if each.outcome is not Outcome.CLEAN]
    if ctx.args.json:
        return ctx.emit(told(redactor, {"dry_run": ctx.args.dry_run, **_record(done)}))
    if ctx.args.quiet:
        return None
    if shown:
        rows = [[each.path, str(each.outcome), each.why or _words(_kinds([each]))] for each in shown]
        ctx.write(
            table(("FILE", "IS" if not ctx.args.dry_run else "WOULD BE", "MASKED"), told(redactor, rows), ctx.env)
        )
    ctx.say("\n".join(_summary(done, is_dry=ctx.args.dry_run)))
    return None


def _summary(done: Sequence[Scrubbed], *, is_dry: bool) -> list[str]:
    outcomes, kinds = Counter(each.outcome for each in done), _kinds(done)
    changed = outcomes[Outcome.CHANGED]
    verb = "would change" if is_dry else "changed"
    lines = [f"{len(done)} files, {changed} {verb}, {sum(kinds.values())} places masked"]
    return [*lines, _LATER] if outcomes[Outcome.IN_USE] else lines


def _record(done: Sequence[Scrubbed]) -> dict[str, Any]:
    outcomes = Counter(each.outcome for each in done)
    return {
        "files_count": len(done),
        "changed_count": outcomes[Outcome.CHANGED],
        "in_use_count": outcomes[Outcome.IN_USE],
        "failed_count": outcomes[Outcome.FAILED],
        "masked_count": sum(_kinds(done).values()),
        "files": [
            {
                "path": each.path,
                "outcome": each.outcome.replace(" ", "_"),
                "why": each.why,
                "masked": [kind._asdict() for kind in each.found],
            }
            for each in done
            if each.outcome is not Outcome.CLEAN
        ],
    }
