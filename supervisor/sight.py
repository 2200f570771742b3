"""Looking: from a task's attempt to an `Observation`, through tmux's listing and the processes themselves.

One listing serves all tasks of a cycle. Nothing is judged here; a look that failed says so and claims nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from supervisor.activity import Activity, Doing, Working
from supervisor.agents.needs import need_of
from supervisor.agents.reading import TRUST, Heard, Order
from supervisor.agents.reading import Source as AgentSource
from supervisor.control import NoServer, TmuxError
from supervisor.hooks.latest import Latest
from supervisor.kin import survivors_of
from supervisor.model import Attempt, Exit, Observation, Source
from supervisor.panes import Pane
from supervisor.processes import ProcessId, age_of, identify, is_alive
from supervisor.server import Server
from supervisor.turns.turn import Turn


@dataclass(frozen=True, slots=True)
class Listing:
    """Every marked pane of our session by its mark; `panes` is None when tmux could not be asked."""

    at: float
    panes: Mapping[str, Pane] | None
    server_gone: bool = False
    problem: str | None = None


@dataclass(slots=True)
class Known:
    """What is remembered of an attempt between two looks."""

    attempt: Attempt
    process: ProcessId | None = None
    pane: str | None = None
    window: str | None = None
    ended: Exit | None = None
    screen: str = ""
    is_captured: bool = False
    is_watched: bool = False
    is_ours: bool = False  # started by this very process, not adopted
    last: Observation | None = None
    activity: Activity | None = None
    told: Doing = field(default_factory=Working)
    heard: dict[AgentSource, Heard] = field(default_factory=dict)  # what its agent does, by who says so
    order: Order = TRUST  # whom of those one listens to, the most trusted first
    listening: tuple[int, ...] | None = None  # the ports on which its tree listens, once somebody has looked
    hooked: Latest | None = None  # what its agent's hooks last said, and of what
    turn: Turn | None = None  # whether its agent's turn is over, and what was done about that
    born: tuple[float, float] | None = None  # our clock when it was first seen alive, and how old it was then

    def listen_to(self, order: Order) -> None:
        """What others have said is forgotten."""
        if order != self.order:
            self.order = order
            self.heard = {source: heard for source, heard in self.heard.items() if source in order}

    def ran_for(self) -> float | None:
        """Seconds that the worker has run, counted by ourselves from our first look at it."""
        if self.process is None:
            return None
        now = time.monotonic()
        if self.born is None:
            self.born = (now, age_of(self.process) or 0.0)
        return now - self.born[0] + self.born[1]


async def list_panes(server: Server | None, session: str, at: float) -> Listing:
    if server is None:
        return Listing(at, None, server_gone=True, problem="no tmux server")
    try:
        panes = await server.panes(session)
    except NoServer as error:
        return Listing(at, None, server_gone=True, problem=str(error))
    except TmuxError as error:
        return Listing(at, None, problem=f"{type(error).__name__}: {error}")
    return Listing(at, {pane.mark: pane for pane in panes if pane.mark})


class Looker:
    """Looks at attempts by one listing. `fell` holds the tasks whose tmux server is known to be gone."""

    def __init__(self, listing: Listing, server: Server | None, fell: Collection[str]) -> None:
        self._listing = listing
        self._server = server
        self._fell = fell

    async def look(self, many: Sequence[Known]) -> None:
        """What was seen of each is its `last` then. Whoever is found gone is looked at behind that, all at once: what
        else is left of it, and how it ended."""
        gone = [known for known in many if not self._is_there(known)]
        if not gone:
            return
        others, _ = await asyncio.gather(
            asyncio.to_thread(survivors_of, [(known.attempt.mark, known.process) for known in gone]),
            asyncio.gather(*map(self._learn_exit, gone)),
        )
        for known, left in zip(gone, others, strict=True):
            self._seen(known, self._pane(known), lives=False, others=None if left is None else len(left))

    def _is_there(self, known: Known) -> bool:
        """Does it live, or can't it be told? Then that is what was seen."""
        pane = self._pane(known)
        _learn(known, pane)
        if known.process is None and pane is not None and not pane.is_dead:
            self._seen(known, pane, problem="the pane's process could not be identified")
            return True
        lives = is_alive(known.process) if known.process is not None else False
        if lives is False:
            return False
        self._seen(known, pane, lives=lives, problem=None if lives else "the process could not be looked at")
        return True

    def _pane(self, known: Known) -> Pane | None:
        return (self._listing.panes or {}).get(known.attempt.mark)

    async def _learn_exit(self, known: Known) -> None:
        pane = self._pane(known)
        if known.ended is None and pane is not None and self._server is not None:
            known.ended = _listed_exit(pane) or await _exit_of(self._server, pane)

    def _seen(
        self,
        known: Known,
        pane: Pane | None,
        *,
        lives: bool | None = None,
        others: int | None = 0,
        problem: str | None = None,
    ) -> None:
        listing = self._listing
        known.last = Observation(
            at=listing.at,
            source=Source.TMUX if pane is not None else Source.TREE,
            listed=listing.panes is not None,
            pane=pane.id if pane is not None else None,
            pane_is_dead=pane is not None and pane.is_dead,
            pid=known.process.pid if known.process is not None else None,
            process_lives=lives,
            others=others,
            ended=known.ended,
            server_gone=listing.server_gone or known.attempt.task in self._fell,
            problem=problem or listing.problem,
            ran_for=known.ran_for() if lives else None,
            activity=known.activity if lives else None,
            need=need_of(known.heard, listing.at, known.order) if lives else None,
        )


def _listed_exit(pane: Pane) -> Exit | None:
    """The listing may have told it already."""
    is_told = pane.is_dead and (pane.exit_status is not None or pane.exit_signal is not None)
    return Exit(pane.exit_status, pane.exit_signal) if is_told else None


async def _exit_of(server: Server, pane: Pane) -> Exit | None:
    try:
        seen = await server.exit_of(pane.id)
    except TmuxError:
        return None
    return Exit(seen.status, seen.signal) if seen.has_ended else None


def _learn(known: Known, pane: Pane | None) -> None:
    if pane is None:
        return
    known.pane, known.window = pane.id, pane.window_id
    if known.process is None:
        known.process = pane.process or (identify(pane.pid) if not pane.is_dead else None)
