"""The rule `alive`: what is done about a worker that lives, or about what outlived it. Pure; one rule of `decide`.

A worker that lives is left alone. It is ended where the record says so: past its step's `max_runtime`, or stalled where
the step has `on_stall: restart` and a machine may start it again. Whatever else is odd about it is for a person.
"""

from __future__ import annotations

from typing import assert_never

from board.instants import format_instant, format_span
from board.model import Ending, Step
from supervisor.activity import BeingEnded, Looping, Overdue, Stalled, Working
from supervisor.agents.needs import Asking, AtLimit, Failing
from supervisor.model import Alive, Case, Decision, End, Lingering, Nothing, Rule


def alive(case: Case) -> Decision | None:
    match case.verdict:
        case Alive():
            return _living(case, case.verdict)
        case Lingering(count=count):
            return Decision(Rule.ALIVE, End(0.0), f"{count} of its processes outlived the worker")
        case _:
            return None


def _living(case: Case, verdict: Alive) -> Decision:
    lives = f"pid {verdict.pid} lives"
    match verdict.doing:
        case Working():
            return Decision(Rule.ALIVE, Nothing(), lives)
        case Looping(lines=lines, times=times):
            said = "line" if len(lines) == 1 else f"{len(lines)} lines"
            return Decision(Rule.ALIVE, Nothing(), f"{lives}, but said the same {said} at least {times} times in a row")
        case Stalled(limit=limit):
            why = f"{lives}, but showed neither output nor CPU for {format_span(limit)}"
            return Decision(Rule.ALIVE, _on_stall(case), why)
        case Overdue(limit=limit):
            why = f"{lives}, but its step may run for {format_span(limit)} at most"
            return Decision(Rule.ALIVE, End(case.grace, Ending.MAX_RUNTIME), why)
        case Asking(rule=rule, source=source):
            return Decision(Rule.ALIVE, Nothing(), f"{lives}, and waits for an answer ({rule}, says its {source})")
        case AtLimit(rule=rule, source=source, until=until):
            end = "" if until is None else f" until {format_instant(round(until))}"
            return Decision(
                Rule.ALIVE, Nothing(), f"{lives}, but is at its usage limit{end} ({rule}, says its {source})"
            )
        case Failing(rule=rule, source=source):
            return Decision(Rule.ALIVE, Nothing(), f"{lives}, but its agent failed ({rule}, says its {source})")
        case BeingEnded(why=ending):
            return Decision(Rule.ALIVE, End(case.grace, ending), f"{lives}, and is being ended: {ending}")
        case _:
            assert_never(verdict.doing)


def _on_stall(case: Case) -> Nothing | End:
    step = case.task.step
    return End(case.grace, Ending.STALLED) if step.on_stall == "restart" and _may_restart(step) else Nothing()


def _may_restart(step: Step) -> bool:
    """May a machine start it again? Behind a gate it could not, and would only have ended it."""
    return step.resumable and step.gate is None
