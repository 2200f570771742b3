"""What is known of an agent, as the status shows it and `supervisor explain` reads it. Pure; it looks at nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from board.instants import format_instant
from supervisor.agents.needs import fit_to_show, question_of, settled_of, until_of
from supervisor.agents.reading import TRUST, Heard, Order, Settled, Source, State
from supervisor.turns.turn import Turn

UNSEEN_AGENT: Final[Mapping[str, Any]] = {
    "agent_state": None,
    "agent_rule": None,
    "agent_source": None,
    "agent_since": None,
    "agent_until": None,
    "question": None,
    "agent_reads": [],
    "agent_sources": [],
}


def agent_view(
    heard: Mapping[Source, Heard], now: float, redact: Callable[[str], str], order: Order = TRUST
) -> dict[str, Any]:
    """None everywhere for a worker whose state nobody reads. It only changes when what is known does.

    `agent_reads` are all that are listened to, `agent_sources` those that have spoken; each the most trusted first.
    """
    if not heard:
        return dict(UNSEEN_AGENT)
    settled = settled_of(heard, now, order)
    reading = settled.reading
    return {
        "agent_state": str(settled.state),
        "agent_rule": reading.rule if reading is not None else None,
        "agent_source": str(reading.source) if reading is not None else None,
        "agent_since": _instant(settled.since),
        "agent_until": _instant(until_of(heard, reading, now)) if reading is not None else None,
        "question": _question(heard, settled, now, redact),
        "agent_reads": [str(source) for source in order if source is not Source.PROCESS],
        "agent_sources": [_source(each, now, redact) for each in in_order(heard, order)],
    }


def turn_view(turn: Turn, redact: Callable[[str], str]) -> dict[str, Any] | None:
    """None while it works. `waits`: for a person, and `why`."""
    if turn.ended_at is None and not turn.waits:
        return None
    return {
        "ended_at": _instant(turn.ended_at),
        "asked_at": _instant(turn.asked_at if turn.asked_on is not None else None),
        "waits": turn.waits,
        "why": redact(turn.why) or None,
    }


def in_order(heard: Mapping[Source, Heard], order: Order = TRUST) -> list[Heard]:
    return [heard[source] for source in order if source in heard]


def _question(heard: Mapping[Source, Heard], settled: Settled, now: float, redact: Callable[[str], str]) -> str | None:
    if settled.state is not State.ASKING or settled.reading is None:
        return None
    return fit_to_show(question_of(heard, settled.reading, now), redact) or None


def _source(heard: Heard, now: float, redact: Callable[[str], str]) -> dict[str, Any]:
    """`last_at` is only told of a word that is too old to count: that of a fresh one moves on with each look."""
    newest = heard.newest
    return {
        "source": str(newest.source),
        "state": str(newest.state),
        "rule": newest.rule,
        "since": _instant(newest.first_at),
        "stands": heard.standing is not None and heard.standing.is_same(newest),
        "last_at": None if newest.is_fresh(now) else _instant(newest.at),
        "detail": fit_to_show(newest.detail, redact) or None,
    }


def _instant(at: float | None) -> str | None:
    return None if at is None else format_instant(round(at, 3))
