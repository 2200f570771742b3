"""Arithmetic of restarting: how long to pause, how many are left. Pure; time and dice come in as arguments."""

from __future__ import annotations

from board.model import Run, Step
from board.settings import Backoff, RestartPolicy

SKEW = 1.0  # seconds by which an instant may lie ahead without the clock having been set
JITTER = 0.1  # up to a tenth is added, so that workers which died together don't come back together


def pause(backoff: Backoff, restart: int, draw: float) -> float:
    """Seconds before restart number `restart` (from 1), `draw` in [0, 1) adding at most `JITTER` of it."""
    if backoff.initial <= 0:
        return 0.0
    try:
        plain = backoff.initial * backoff.factor ** (restart - 1)
    except OverflowError:
        plain = backoff.cap
    return float(min(plain, backoff.cap) * (1 + JITTER * draw))


def recent(run: Run, policy: RestartPolicy, now: float) -> tuple[float, ...]:
    """The restarts that still count: those within `period`. What is older is forgiven."""
    return tuple(at for at in run.restarts if now - at < policy.period)


def due_at(run: Run, policy: RestartPolicy, ended_at: float, now: float, draw: float) -> float:
    """The instant from which the next restart is allowed by the back-off.

    A death that lies ahead was recorded before somebody set the clock back: nobody can tell how much of its pause is
    over, and it isn't waited for until the clock is there again. Its restarts lie ahead as well, and go on to count.
    """
    if ended_at > now + SKEW:
        return now
    return ended_at + pause(policy.backoff, len(recent(run, policy, now)) + 1, draw)


def stall_limit(step: Step, otherwise: float) -> float:
    """Seconds without output and CPU that make a stall of this step; 0 is never, and overrules the board's too."""
    return otherwise if step.stall_after is None else step.stall_after


def stale_after(run: Run, *, progressed: bool) -> int:
    """The tally of deaths in a row that brought nothing, this one included."""
    return 0 if progressed else run.stale + 1


def next_slot(started_at: float, place: int, policy: RestartPolicy) -> float:
    """After a mass death the `place`-th task (from 0) gets its turn `spacing` seconds after the one before it."""
    return started_at + place * policy.spacing
