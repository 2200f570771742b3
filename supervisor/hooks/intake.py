"""Taking in what agents say of themselves, beside the loop: neither a cycle nor a restart ever waits for it.

It leaves the latest word with what is known of the attempt, as one reading among others, tells the journal when it is
another one, and asks for a cycle then. What a person is asked is told where all sources are one (`signs`), not here.
A file is dropped only when what it says is kept: whoever kills us loses no signal. Decides nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace

from supervisor.agents.needs import settled_of
from supervisor.agents.reading import Source, hear, is_news
from supervisor.census import Census
from supervisor.hooks import background, folder, tray
from supervisor.hooks.latest import Latest, Standing, follow, reading_of, standing, with_background
from supervisor.hooks.tray import Waiting
from supervisor.overview import Overview
from supervisor.sight import Known
from supervisor.tools import Tools
from supervisor.watching import changes

SOON = 0.2  # seconds until the same again while there is no board, or a worker that nobody has seen
EVERY = 3.0  # seconds: the net under the file watcher, and between two looks at work in the background
PATIENCE = 10.0  # seconds in which a worker has to be seen whose signals are there


class Intake:
    """`wake` is called when an agent newly says something else."""

    def __init__(self, eyes: Overview, tools: Tools, wake: Callable[[], None]) -> None:
        self._eyes = eyes
        self._tools = tools
        self._wake = wake
        self._remembered: set[str] = set()
        self._refused: set[tuple[str, str]] = set()
        self._read: dict[str, Latest] = {}  # by attempt: the word that all others know of
        self._changed = asyncio.Event()
        self._has_left = False
        self._census = Census()

    async def keep(self) -> None:
        """Until it is cancelled."""
        os.makedirs(folder.folder(self._side), 0o700, exist_ok=True)
        watching = asyncio.create_task(self._watch())
        try:
            while True:
                self._changed.clear()
                await self.round()
                await self._next()
        finally:
            watching.cancel()

    @property
    def _side(self) -> str:
        return self._tools.engine.store.side

    async def _watch(self) -> None:
        try:
            async for _ in changes((folder.folder(self._side),)):
                self._changed.set()
        except (OSError, RuntimeError) as error:
            self._tools.tell("look_failed", None, source="watchfiles", problem=str(error))

    async def _next(self) -> None:
        try:
            await asyncio.wait_for(self._changed.wait(), SOON if self._has_left else EVERY)
        except TimeoutError:
            await asyncio.to_thread(tray.sweep, self._side)

    async def round(self) -> None:
        """Takes in all that waits, if it is known by now whose it is."""
        self._has_left = self._eyes.board is None
        if self._has_left:
            return
        self._remember()
        found = await asyncio.to_thread(tray.waiting, self._side)
        before = {task: kept.known.hooked for task, kept in self._eyes.kept.items() if kept.known is not None}
        done = [each for each in found if self._take(each)]
        self._has_left = len(done) < len(found)
        await self._look_behind()
        is_other = self._join()
        if self._tell_news(before) or is_other:
            self._wake()
        await asyncio.to_thread(tray.drop, self._side, done)
        self._tell_losses(done)

    def _known(self, task: str) -> Known | None:
        kept = self._eyes.kept.get(task)
        return kept.known if kept is not None else None

    def _remember(self) -> None:
        """What was heard before our time, once for each attempt."""
        for task in self._eyes.kept:
            known = self._known(task)
            if known is not None and known.attempt.mark not in self._remembered:
                self._remembered.add(known.attempt.mark)
                known.hooked = known.hooked or tray.kept(self._side, task, known.attempt.mark)

    def _take(self, each: Waiting) -> bool:
        """False: it has to wait until somebody has seen the worker."""
        signal = each.signal
        if signal is None:
            self._refuse(each.name.task, "what is no signal")
            return True
        known = self._known(signal.task)
        is_old = signal.at + PATIENCE < self._tools.engine.clock()
        if known is None and not is_old:
            return False  # a board that was just read has tasks that nobody has looked at yet
        whose = standing(signal, known.attempt if known else None, known.process if known else None)
        if whose is None:
            return is_old
        if whose is not Standing.OWN or signal.kind == "unread" or known is None:
            self._refuse(signal.task, f"one {whose}" if whose is not Standing.OWN else signal.detail, signal.agent)
            return True
        redact = self._tools.redactor.text
        known.hooked = follow(known.hooked, replace(signal, text=redact(signal.text), message=redact(signal.message)))
        return True

    def _refuse(self, task: str, problem: str, agent: str | None = None) -> None:
        """Told once for each task and problem: it may be one of thousands."""
        if (task, problem) in self._refused or self._eyes.board is None or self._eyes.board.board.find(task) is None:
            return
        self._refused.add((task, problem))
        self._tools.tell("agent_signal_ignored", task, agent=agent, problem=problem)

    async def _look_behind(self) -> None:
        """Whether a turn that is over has left something running, where the agent itself doesn't say."""
        many = {}
        for known in filter(None, map(self._known, self._eyes.kept)):
            latest = known.hooked
            if known.process is not None and latest is not None and background.is_to_be_looked_for(latest):
                many[known.attempt.mark] = (known.process, latest)
        found = await asyncio.to_thread(background.counts, self._census, many) if many else None
        for known in filter(None, map(self._known, self._eyes.kept)):
            count = (found or {}).get(known.attempt.mark)
            if count is not None and known.hooked is not None:
                known.hooked = with_background(known.hooked, count, self._tools.engine.clock())

    def _join(self) -> bool:
        """Each new word becomes a reading, beside those of other sources. Does anybody do something else by that?"""
        is_other = False
        known_now = [known for known in map(self._known, self._eyes.kept) if known is not None]
        marks = {known.attempt.mark for known in known_now}
        self._read = {mark: latest for mark, latest in self._read.items() if mark in marks}
        for known in known_now:
            latest, mark, now = known.hooked, known.attempt.mark, self._tools.engine.clock()
            if latest is None or Source.HOOK not in known.order:
                continue
            if Source.HOOK in known.heard and latest == self._read.get(mark):
                continue
            self._read[mark] = latest
            before = settled_of(known.heard, now, known.order)
            known.heard[Source.HOOK] = hear(known.heard.get(Source.HOOK), reading_of(latest))
            is_other = is_other or is_news(before, settled_of(known.heard, now, known.order))
        return is_other

    def _tell_news(self, before: dict[str, Latest | None]) -> bool:
        has_told = False
        for task in self._eyes.kept:
            known = self._known(task)
            latest, was = known.hooked if known is not None else None, before.get(task)
            if known is None or latest is None or (was is not None and was.news == latest.news):
                continue
            has_told = True
            self._keep(task, latest)
            self._tools.tell(
                "agent_signal_seen",
                task,
                worker=known.attempt.worker,
                token=known.attempt.token,
                agent=latest.agent,
                state=str(latest.state),
                state_was=str(was.state) if was is not None else None,
                source=latest.source,
                detail=latest.detail,
                part=latest.part or None,
                session=latest.session or None,
                background_count=latest.background or None,
            )
        return has_told

    def _keep(self, task: str, latest: Latest) -> None:
        try:
            redact = self._tools.redactor.text
            tray.keep(self._side, task, latest, redact(latest.text), redact(latest.message))
        except OSError as error:
            self._tools.tell("look_failed", task, source="hook", problem=str(error))

    def _tell_losses(self, found: list[Waiting]) -> None:
        lost = sum(each.signal.dropped for each in found if each.signal is not None)
        if lost:
            self._tools.tell("agent_signals_dropped", None, dropped_count=lost)
