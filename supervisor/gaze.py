"""Looking at what agents do, on a slow timer of its own: neither a cycle nor a restart ever waits for it.

One listing tells of all panes what was written to, their titles and their bells; a screen is read only when
`agents.schedule` says so. Decides nothing: it leaves what it heard with what is known of the attempt, and asks for a
cycle when an agent's state has changed. A look that failed says nothing of an agent, and what was heard grows old. Of
workers without screens of their own only what they say themselves is followed, for as long as it holds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from supervisor.agents import statusfile
from supervisor.agents.needs import settled_of
from supervisor.agents.reading import (
    NOBODY,
    SPEAKS_ONCE,
    Heard,
    Reading,
    Settled,
    Source,
    State,
    confirmed,
    hear,
    is_news,
    says_still,
)
from supervisor.agents.schedule import Watch, noticed, read
from supervisor.agents.screens import LAYOUTS, read_screen
from supervisor.agents.signals import read_signal
from supervisor.agents.titles import read_bell, read_title
from supervisor.control import TmuxError
from supervisor.model import Alive
from supervisor.overview import Overview
from supervisor.panes import Output
from supervisor.screen import Zones
from supervisor.server import Server
from supervisor.sight import Known
from supervisor.sink.messages import Spoken
from supervisor.tools import Tools

TICK = 1.0  # seconds between two looks
SOON = 0.5  # seconds until the next one where a screen that asks was read but once: a person waits for that
YOUNG = 20.0  # seconds for which a worker of which nobody says anything is taken to be starting
DRAWN = 3.0  # seconds behind an agent's own word in which it draws what it waits with


class Seen(NamedTuple):
    """A live agent whose state is read by the rules for `agent`; "" where there are none, but its own word is known.
    `zones` is its clock."""

    known: Known
    agent: str
    zones: Zones


class Gaze:
    """`wake` asks for a cycle, `say` for the status to be written."""

    def __init__(self, eyes: Overview, tools: Tools, wake: Callable[[], None], say: Callable[[], None]) -> None:
        self._eyes = eyes
        self._tools = tools
        self._wake = wake
        self._say = say
        self._watches: dict[str, Watch] = {}
        self._folders: dict[str, str | None] = {}
        self._signals: dict[str, Spoken] = {}
        self._settled: dict[str, Settled] = {}
        self._has_failed = False

    async def keep(self) -> None:
        """Until it is cancelled."""
        while True:
            await self.round(time.monotonic())
            await asyncio.sleep(self.pause)

    @property
    def pause(self) -> float:
        """Seconds until the next look."""
        screens = [each.known.heard.get(Source.SCREEN) for each in self._seen()]
        is_asked = any(
            each is not None and each.newest.state is State.ASKING and not each.is_settled for each in screens
        )
        return SOON if is_asked else TICK

    async def round(self, now: float) -> None:
        """One look at all agents, at `now` of a clock that nobody sets. What fails is told once, and tried again."""
        seen, server = self._seen(), self._tools.server
        marks = {each.known.attempt.mark for each in seen}
        self._watches = {mark: watch for mark, watch in self._watches.items() if mark in marks}
        self._folders = {mark: folder for mark, folder in self._folders.items() if mark in marks}
        self._signals = {mark: spoken for mark, spoken in self._signals.items() if mark in marks}
        self._settled = {mark: settled for mark, settled in self._settled.items() if mark in marks}
        if not seen or server is None:
            return
        try:
            await self._look(server, seen, now)
            self._has_failed = False
        except (TmuxError, OSError) as error:
            if not self._has_failed:
                problem = f"{type(error).__name__}: {error}"
                self._tools.tell("look_failed", None, source="agents", problem=problem)
            self._has_failed = True

    def _seen(self) -> list[Seen]:
        view = self._eyes.board
        found = []
        for kept in self._eyes.kept.values() if view is not None else ():
            if kept.known is None or not isinstance(kept.verdict, Alive):
                continue
            assert view is not None
            profile = self._eyes.profile(view.board, kept.task)
            screens = profile.screens if profile is not None else None
            if screens in LAYOUTS or kept.known.hooked is not None or kept.known.heard:
                agent = screens if screens in LAYOUTS and screens is not None else ""
                found.append(Seen(kept.known, agent, self._tools.zones(profile)))
        return found

    async def _look(self, server: Server, seen: list[Seen], now: float) -> None:
        outputs = await server.outputs(self._tools.session)
        for each in seen:
            output = outputs.get(each.known.pane or "")
            if output is not None:
                await self._look_at(server, each, output, now)

    async def _look_at(self, server: Server, seen: Seen, output: Output, now: float) -> None:
        known, at = seen.known, self._tools.engine.clock()
        mark, asked = known.attempt.mark, _asked_on_screen(known)
        before, sources = self._settled.get(mark, NOBODY), set(known.heard)
        self._hear(known, read_title(seen.agent, output.title, at))
        self._hear_file(seen, at)
        self._hear_signal(seen)
        await self._look_at_screen(server, seen, output, now)
        self._confirm_words(known, output, at)
        self._presume(known, at)
        after = self._settled[mark] = settled_of(known.heard, at, known.order)
        has_more = set(known.heard) != sources or _asked_on_screen(known) != asked
        self._tell(before, after, has_more=has_more)

    async def _look_at_screen(self, server: Server, seen: Seen, output: Output, now: float) -> None:
        known, at = seen.known, self._tools.engine.clock()
        mark = known.attempt.mark
        last = self._watches.get(mark)
        bells = output.bells if Source.BELL in known.order else 0
        watch = noticed(last, output.mark, (bells, output.title if _speaks(known) else ""), now)
        if last is not None and watch.signal != last.signal and bells:
            self._hear(known, read_bell(at))
        if watch.is_due(now) and known.pane is not None and seen.agent and Source.SCREEN in known.order:
            screen = await server.capture(known.pane, history=False)
            self._hear(known, read_screen(seen.agent, screen, at, seen.zones))
            heard = known.heard.get(Source.SCREEN)
            watch = read(watch, now, is_open=heard is not None and not heard.is_settled)
        elif watch.is_unchanged:
            self._confirm(known, at)
        self._watches[mark] = watch

    def _hear(self, known: Known, reading: Reading | None) -> None:
        if reading is not None and reading.source in known.order:
            known.heard[reading.source] = hear(known.heard.get(reading.source), reading)

    def _hear_file(self, seen: Seen, at: float) -> None:
        known = seen.known
        if seen.agent not in statusfile.AGENTS or known.process is None:
            return
        mark = known.attempt.mark
        if mark not in self._folders:
            self._folders[mark] = statusfile.sessions_folder(known.process.pid)
        folder = self._folders[mark]
        self._hear(known, statusfile.read_status_file(folder, known.process, at) if folder is not None else None)

    def _hear_signal(self, seen: Seen) -> None:
        """What it said through its terminal, where that is read for its log."""
        mark = seen.known.attempt.mark
        spoken = self._tools.recorder.spoken.get(mark)
        if spoken is not None and spoken != self._signals.get(mark):
            self._signals[mark] = spoken
            self._hear(seen.known, read_signal(spoken.words, spoken.at, has_screens=bool(seen.agent)))

    def _confirm_words(self, known: Known, output: Output, at: float) -> None:
        """What an agent said itself, once, before it began to wait."""
        spoken = self._signals.get(known.attempt.mark)
        said_at = {
            Source.HOOK: known.hooked.at if known.hooked is not None else None,
            Source.SIGNAL: spoken.at if spoken is not None else None,
        }
        for source in SPEAKS_ONCE & known.heard.keys():
            word, said = known.heard[source], said_at[source]
            is_untouched = said is not None and output.is_untouched_since(said + DRAWN)
            if says_still(word, known.heard.values(), at, is_untouched=is_untouched):
                known.heard[source] = confirmed(word, at)

    def _confirm(self, known: Known, at: float) -> None:
        screen: Heard | None = known.heard.get(Source.SCREEN)
        if screen is not None:
            known.heard[Source.SCREEN] = confirmed(screen, at)

    def _presume(self, known: Known, at: float) -> None:
        """A worker that nobody says anything of is starting, for as long as it is young."""
        known.heard.pop(Source.PROCESS, None)
        is_told = settled_of(known.heard, at, known.order).state is not State.UNKNOWN
        age = known.ran_for()
        if not is_told and age is not None and age < YOUNG:
            self._hear(known, Reading(Source.PROCESS, State.STARTING, "young", at))

    def _tell(self, before: Settled, after: Settled, *, has_more: bool) -> None:
        if is_news(before, after):
            self._wake()
        elif has_more:
            self._say()


def _asked_on_screen(known: Known) -> str:
    """The next prompt may follow so soon that nothing but its words differs."""
    heard = known.heard.get(Source.SCREEN)
    standing = heard.standing if heard is not None else None
    return standing.detail if standing is not None and standing.state is State.ASKING else ""


def _speaks(known: Known) -> bool:
    return Source.TITLE in known.heard
