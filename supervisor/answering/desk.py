"""Answers that people have asked us to give, beside the loop: each is judged, carried out once, and has its receipt.

A wish that was begun is never begun again: what the last supervisor died with is told as unknown. It also clears away
the questions that agents' hooks wait with, once they are settled.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from board import requests
from board.instants import format_span
from board.model import HELD
from board.requests import Answered, Wish
from supervisor import faults
from supervisor.agents.needs import fit_to_show, settled_of
from supervisor.agents.reading import Source, State
from supervisor.agents.telling import agent_view
from supervisor.answering import decisions, menu
from supervisor.answering.decisions import Asked
from supervisor.answering.deed import Deed, Target
from supervisor.hooks.latest import Standing, standing
from supervisor.model import Alive
from supervisor.overview import Overview
from supervisor.processes import ProcessId, is_alive
from supervisor.sight import Known
from supervisor.tools import Tools

EVERY: Final = 5.0  # seconds: the net, where nobody noticed a file
EVERY_WAITED: Final = 1.0  # seconds, while a hook waits
BESIDE: Final = 5.0  # seconds by which a hook that tells of a question may be later than the one that waits with it
LOOK_EVERY: Final = 0.1  # seconds, while nobody can tell what the agent does
SPARE: Final = 1.0  # seconds of a wish's patience in which whoever asked still hears why not
_UNTOLD: Final = (State.UNKNOWN, State.STARTING)


class NotYet(str):
    """Why nobody can tell by now."""

    __slots__ = ()


class Desk:
    """`noticed` is set by whoever sees that the folder of requests has changed."""

    def __init__(self, eyes: Overview, tools: Tools) -> None:
        self._eyes = eyes
        self._tools = tools
        self.noticed = asyncio.Event()
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def keep(self) -> None:
        """Until it is cancelled, and what is under way has ended. What was not begun is left for who comes next."""
        self._tell_unsure()
        decisions.sweep(self._side)
        try:
            while True:
                self.noticed.clear()
                has_hooks = self.round()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.noticed.wait(), EVERY_WAITED if has_hooks else EVERY)
        finally:
            await faults.finished(self._under_way.values())

    @property
    def _side(self) -> str:
        return self._tools.engine.store.side

    def _tell_unsure(self) -> None:
        for wish in requests.underway(self._side):
            self._end(wish, Answered(delivered=False, why=requests.UNSURE))

    def round(self) -> bool:
        """Takes up what waits; whether an agent's hook waits for an answer. Nothing before the board was read."""
        if self._eyes.board is None:
            return bool(requests.waiting(self._side))
        for wish in requests.waiting(self._side):
            if wish.id not in self._under_way:
                task = asyncio.create_task(self._answer(wish), name=f"answer {wish.task}")
                self._under_way[wish.id] = task
                task.add_done_callback(lambda done, name=wish.id: self._over(name, done))  # type: ignore[misc]
        requests.sweep(self._side, self._tools.engine.clock())
        asked = decisions.asked(self._side)
        for each in asked:
            if self._is_settled(each):
                decisions.forget(self._side, each)
        return bool(asked)

    def _over(self, wish_id: str, done: asyncio.Task[None]) -> None:
        del self._under_way[wish_id]
        faults.over(self._tools, done)

    # --- hooks that wait

    def _known(self, task: str) -> Known | None:
        kept = self._eyes.kept.get(task)
        return kept.known if kept is not None else None

    def _is_settled(self, each: Asked) -> bool:
        """Its process is gone, it is an earlier attempt's, or its agent has gone on since: by its hooks' word, or by
        another's, for nobody tells of a no at the pane."""
        if each.signal.chain and is_alive(ProcessId(*each.signal.chain[0][:2])) is False:
            return True
        known = self._known(each.signal.task)
        if known is None:
            return False
        if each.signal.mark != known.attempt.mark:
            return True
        latest, settled = known.hooked, settled_of(known.heard, self._tools.engine.clock())
        if settled.state not in (*_UNTOLD, State.ASKING) and (settled.since or 0.0) > each.signal.at:
            return True
        later = 0.0 if latest is None else (latest.order - each.signal.order) / 1e9
        if latest is None or later <= 0.0 or latest.state is not State.ASKING:
            return later > 0.0
        return later > BESIDE and not latest.asks(self._tools.redactor.text(each.signal.text))

    def _hook_for(self, known: Known, question: str) -> Asked | None:
        """The one that waits with this very question; None where that can't be said for sure."""
        found = [
            each
            for each in decisions.asked(self._side)
            if standing(each.signal, known.attempt, known.process) is Standing.OWN
            and menu.is_about(each.signal.text, question)
        ]
        return found[0] if len({each.prompt for each in found}) == 1 else None

    # --- one answer

    async def _answer(self, wish: Wish) -> None:
        started, deed = asyncio.get_running_loop().time(), None
        try:
            target = await self._settled_target(wish)
            if isinstance(target, str):
                answered = Answered(delivered=False, why=target)
            else:
                deed = Deed(wish, target, self._side, lambda: requests.begin(self._side, wish))
                answered = await deed.do()
        except asyncio.CancelledError:
            if deed is not None and deed.has_begun:
                self._end(wish, Answered(delivered=False, why=requests.UNSURE), took=None)
            raise
        self._end(wish, answered, asyncio.get_running_loop().time() - started)

    async def _settled_target(self, wish: Wish) -> Target | str:
        """As soon as somebody can tell what the agent does, as behind our own start; or why nobody could in time."""
        while isinstance(target := self._target(wish), NotYet):
            if self._tools.engine.clock() > wish.until - SPARE:
                break
            await asyncio.sleep(LOOK_EVERY)
        return target

    def _target(self, wish: Wish) -> Target | str:
        """Whom it is for, or why nobody gets it."""
        now, view = self._tools.engine.clock(), self._eyes.board
        if now > wish.until:
            return f"it came {format_span(now - wish.until)} too late"
        kept, server = self._eyes.kept.get(wish.task), self._tools.server
        if kept is None or kept.known is None or kept.known.last is None:
            return NotYet("its agent was not seen") if self._is_held(wish.task) else "its agent doesn't live"
        known = kept.known if isinstance(kept.verdict, Alive) else None
        if view is None or known is None or known.pane is None or known.process is None:
            return "its agent doesn't live"
        if server is None:
            return "there is no tmux server"
        if wish.attempt != f"{known.attempt.token}.{known.attempt.number}":
            return "another attempt runs now"
        profile = self._eyes.profile(view.board, kept.task)
        if profile is None or profile.screens is None:
            return "its screen is not read: nobody could see that an answer arrives"
        if why := self._changed(wish, known, now):
            return why
        may_decide = profile.answers is not None and profile.answers.hook
        hook = self._hook_for(known, wish.question) if may_decide and wish.question else None
        answers, redact = profile.answers, self._tools.redactor.text
        return Target(server, known.pane, known.process.pid, profile.screens, answers, hook, redact)

    def _changed(self, wish: Wish, known: Known, now: float) -> str:
        """Why what the person answered is not what the agent asks; empty where it is, or where nothing was asked."""
        seen = agent_view(known.heard, now, self._tools.redactor.text, known.order)
        screen = known.heard.get(Source.SCREEN)
        if seen["agent_state"] in (None, *_UNTOLD) and (screen is None or not screen.is_settled):
            return NotYet("nobody can tell what its agent does")
        is_asking = seen["agent_state"] == State.ASKING
        if not wish.question and not wish.since:
            return "it asks something now, which it didn't when it was answered" if is_asking else ""
        if not is_asking:
            return "it doesn't ask any more"
        asks = seen["question"] or ""
        is_same = menu.is_same(wish.question, asks) if wish.question else wish.since == seen["agent_since"]
        return "" if is_same else "it asks something else by now"

    def _is_held(self, task: str) -> bool:
        """Does the record say that somebody works on it?"""
        found = self._eyes.board.board.find(task) if self._eyes.board is not None else None
        return found is not None and found.status in HELD

    def _end(self, wish: Wish, answered: Answered, took: float | None = None) -> None:
        redact = self._tools.redactor.text
        why = redact(answered.why)
        self._tools.tell(
            "answer_given",
            wish.task,
            by=wish.by,
            why=why or None,
            request=wish.id,
            answer=wish.answer,
            text=fit_to_show(wish.text, redact) or None,
            delivered=answered.delivered,
            how=answered.how or None,
            took_s=None if took is None else round(took, 3),
        )
        try:
            requests.end(self._side, wish.id, answered, why)
        except OSError as error:
            self._tools.tell("write_failed", wish.task, problem=str(error))
