"""What a live worker does, in words and fields for people: the journal's, the status'. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from board.instants import format_instant, format_span
from board.journal.events import Scalar
from supervisor.activity import Activity, BeingEnded, Doing, Looping, Overdue, Stalled, Working
from supervisor.agents.needs import Asking, AtLimit, Failing, Need, fit_to_show
from supervisor.agents.reading import Source as AgentSource
from supervisor.model import Source, Sure

_SHOWN = 80  # characters of a repeated line


def is_told(doing: Doing, told: Doing) -> bool:
    """Is this what was told last? Of an agent that asks, another question is news. A file's word has no question."""
    if isinstance(doing, Asking) and isinstance(told, Asking) and doing.source == told.source != AgentSource.FILE:
        return doing.at == told.at
    return type(doing) is type(told)


def evidence(
    doing: Doing, activity: Activity | None, before: Doing, redact: Callable[[str], str]
) -> tuple[str, dict[str, Scalar]] | None:
    """The event that this is, with what was seen, by what and how sure; None where it is told otherwise, or no news."""
    match doing:
        case Working():
            by = seen_by(before)
            return ("worker_resumed", by) if by else None
        case Stalled(at=at):
            seen: dict[str, Scalar] = {} if activity is None else _quiet(activity)
            return "worker_stalled", {**seen_by(doing), "stalled_at": at, **seen}
        case Looping(at=at, lines=lines, times=times):
            told: dict[str, Scalar] = {"lines_count": len(lines), "times_count": times, "line": sample(lines, redact)}
            span = None if activity is None else round(activity.repeated_for, 3)
            return "loop_seen", {**seen_by(doing), "looped_at": at, "repeated_for_s": span, **told}
        case Asking(at=at, question=question):
            return "agent_asked", {**_by_agent(doing), "asked_at": at, "question": fit_to_show(question, redact)}
        case AtLimit(at=at, until=until):
            return "agent_limited", {**_by_agent(doing), "limited_at": at, "until_at": until}
        case Failing(at=at, said=said):
            return "agent_failed", {**_by_agent(doing), "failed_at": at, "said": fit_to_show(said, redact)}
        case Overdue() | BeingEnded():
            return None
        case _:
            assert_never(doing)


def _by_agent(need: Need) -> dict[str, Scalar]:
    return {"rule": need.rule, **seen_by(need)}


def _quiet(activity: Activity) -> dict[str, Scalar]:
    return {"quiet_for_s": round(activity.quiet_for, 3), "cpu_s": round(activity.cpu_s, 3)}


def seen_by(doing: Doing) -> dict[str, Scalar]:
    """Who saw it, and how sure that is; empty for what has no look of its own.

    A worker that is silent may well be waiting for something: that is never proved.
    """
    match doing:
        case Stalled():
            return {"source": f"{Source.TMUX}, {Source.TREE}", "sure": str(Sure.LIKELY)}
        case Looping():
            return {"source": str(Source.SCREEN), "sure": str(Sure.LIKELY)}
        case Asking(source=source) | AtLimit(source=source) | Failing(source=source):
            return {"source": source, "sure": str(Sure.LIKELY)}
        case _:
            return {}


def sample(lines: tuple[str, ...], redact: Callable[[str], str]) -> str:
    """The longest of these lines. Cut only after it was redacted: half a secret looks like none."""
    safe = max(redact("\n".join(lines)).splitlines(), key=len, default="").strip()
    return safe if len(safe) <= _SHOWN else safe[: _SHOWN - 3] + "..."


def words(doing: Doing) -> str:
    """The rest of a sentence about a pid that lives. It doesn't change while this doesn't: it stands in the status."""
    match doing:
        case Working():
            return ""
        case Stalled(at=at):
            return f", without output and CPU since {format_instant(round(at))}"
        case Looping(at=at, lines=lines):
            said = "the same line" if len(lines) == 1 else f"the same {len(lines)} lines"
            return f", saying {said} again and again since {format_instant(round(at))}"
        case Asking(at=at):
            return f", waiting for an answer since {format_instant(round(at))}"
        case AtLimit(at=at, until=until):
            end = "" if until is None else f" until {format_instant(round(until))}"
            return f", at a usage limit{end}, since {format_instant(round(at))}"
        case Failing(at=at):
            return f", refused by its login or its service since {format_instant(round(at))}"
        case Overdue(limit=limit):
            return f", for longer than {format_span(limit)}"
        case BeingEnded(why=why):
            return f", and is being ended ({why})"
        case _:
            assert_never(doing)


def since(doing: Doing) -> float | None:
    """Since when it stalls or loops; None for what does neither."""
    return doing.at if isinstance(doing, Stalled | Looping) else None


def state(doing: Doing) -> str:
    match doing:
        case Working():
            return "running"
        case Stalled():
            return "stalled"
        case Looping():
            return "looping"
        case Asking():
            return "asking"
        case AtLimit():
            return "limited"
        case Failing():
            return "failing"
        case Overdue() | BeingEnded():
            return "stopping"
        case _:
            assert_never(doing)
