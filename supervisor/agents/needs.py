"""What a living agent needs a person for: it asks, it is at a limit, or it failed. For the law and for people. Pure.

It tells nothing of agents that need nobody: those are busy or idle, or nobody can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from supervisor.agents.reading import TRUST, Heard, Order, Reading, Settled, Source, State, settle

LONGEST: Final = 600  # characters of a question


@dataclass(frozen=True, slots=True)
class Asking:
    """It waits for an answer since `at`. `question` is raw: redact it before it goes anywhere."""

    at: float
    rule: str
    source: str
    question: str = ""


@dataclass(frozen=True, slots=True)
class AtLimit:
    """It is at a usage limit, which ends at `until` if it named that."""

    at: float
    rule: str
    source: str
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Failing:
    """It gave up a turn: a login that is refused, an error of its service. `said` is raw."""

    at: float
    rule: str
    source: str
    said: str = ""


Need = Asking | AtLimit | Failing


def standing(heard: Mapping[Source, Heard]) -> list[Reading]:
    return [each.standing for each in heard.values() if each.standing is not None]


def settled_of(heard: Mapping[Source, Heard], now: float, order: Order = TRUST) -> Settled:
    return settle(standing(heard), now, order)


def need_of(heard: Mapping[Source, Heard], now: float, order: Order = TRUST) -> Need | None:
    """None where the agent needs nobody, or nobody can tell. A limit that is over is none."""
    settled = settled_of(heard, now, order)
    reading = settled.reading
    if reading is None:
        return None
    where = (reading.first_at, reading.rule, str(reading.source))
    match settled.state:
        case State.ASKING:
            return Asking(*where, question_of(heard, reading, now))
        case State.LIMITED:
            until = until_of(heard, reading, now)
            return None if until is not None and until <= now else AtLimit(*where, until)
        case State.FAILED:
            return Failing(*where, reading.detail)
        case State.STARTING | State.BUSY | State.IDLE | State.UNKNOWN:
            return None
        case _:
            assert_never(settled.state)


def question_of(heard: Mapping[Source, Heard], authority: Reading, now: float) -> str:
    """In the screen's own words, where it shows the question that another source only knows of. One that it showed
    before an agent's own word came may be an older question."""
    shown = _also_on_screen(heard, authority, now)
    is_older = shown is not None and authority.source is Source.HOOK and shown.first_at < authority.first_at
    if shown is not None and shown.detail and not (is_older and authority.detail):
        return shown.detail
    return authority.detail


def until_of(heard: Mapping[Source, Heard], authority: Reading, now: float) -> float | None:
    """When the limit ends, where the authority or the screen says so."""
    shown = _also_on_screen(heard, authority, now)
    return authority.until if authority.until is not None or shown is None else shown.until


def _also_on_screen(heard: Mapping[Source, Heard], authority: Reading, now: float) -> Reading | None:
    screen = heard.get(Source.SCREEN)
    shown = screen.standing if screen is not None else None
    return shown if shown is not None and shown.state is authority.state and shown.is_fresh(now) else None


def fit_to_show(text: str, redact: Callable[[str], str]) -> str:
    """Redacted, then cut. Agents wrap lines by themselves: a secret that shows once they are joined is masked, too."""
    safe, joined = redact(text), redact("".join(line.strip() for line in text.splitlines()))
    if joined.count("[REDACTED:") > safe.count("[REDACTED:"):
        safe = joined
    return safe if len(safe) <= LONGEST else f"{safe[: LONGEST - 3]}..."
