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
from board.requests import Answered, Wish
from supervisor import faults
from supervisor.agents.needs import fit_to_show
from supervisor.agents.reading import State
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


class Desk:
    """`noticed` is set by whoever sees that the folder of requests has changed."""

    def __init__(self, eyes: Overview, tools: Tools) -> None:
        self._eyes = eyes
        self._tools = tools
        self.noticed = asyncio.Event()
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def keep(self) -> None:
        """Until it is cancelled; what is under way then is told as unknown."""
        self._tell_unsure()
        decisions.sweep(self._side)
        try:
            while True:
                self.noticed.clear()
                has_hooks = self.round()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.noticed.wait(), EVERY_WAITED if has_hooks else EVERY)
        finally:
            await faults.ended(self._under_way.values())

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
        """Its process is gone, it is an earlier attempt's, or its agent has gone on since."""
        if each.signal.chain and is_alive(ProcessId(*each.signal.chain[0][:2])) is False:
            return True
        known = self._known(each.signal.task)
        if known is None:
            return False
        if each.signal.mark != known.attempt.mark:
            return True
        latest = known.hooked
        return latest is not None and latest.state is not State.ASKING and latest.order > each.signal.order

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
        started = asyncio.get_running_loop().time()
        try:
            target = self._target(wish)
            if isinstance(target, str):
                answered = Answered(delivered=False, why=target)
            else:
                answered = await Deed(wish, target, self._side, lambda: requests.begin(self._side, wish)).do()
        except asyncio.CancelledError:
            self._end(wish, Answered(delivered=False, why=requests.UNSURE), took=None)
            raise
        self._end(wish, answered, asyncio.get_running_loop().time() - started)

    def _target(self, wish: Wish) -> Target | str:
        """Whom it is for, or why nobody gets it."""
        now, view = self._tools.engine.clock(), self._eyes.board
        if now > wish.until:
            return f"it came {format_span(now - wish.until)} too late"
        kept, server = self._eyes.kept.get(wish.task), self._tools.server
        known = kept.known if kept is not None and isinstance(kept.verdict, Alive) else None
        if view is None or kept is None or known is None or known.pane is None or known.process is None:
            return "its agent doesn't live"
        if server is None:
            return "there is no tmux server"
        if wish.attempt != f"{known.attempt.token}.{known.attempt.number}":
            return "another attempt runs now"
        if why := self._changed(wish, known, now):
            return why
        profile = self._eyes.profile(view.board, kept.task)
        if profile is None or profile.screens is None:
            return "its screen is not read: nobody could see that an answer arrives"
        may_decide = profile.answers is not None and profile.answers.hook
        hook = self._hook_for(known, wish.question) if may_decide and wish.question else None
        answers, redact = profile.answers, self._tools.redactor.text
        return Target(server, known.pane, known.process.pid, profile.screens, answers, hook, redact)

    def _changed(self, wish: Wish, known: Known, now: float) -> str:
        """Why what the person answered is not what the agent asks; empty where it is, or where nothing was asked."""
        seen = agent_view(known.heard, now, self._tools.redactor.text, known.order)
        is_asking = seen["agent_state"] == State.ASKING
        if not wish.question and not wish.since:
            return "it asks something now, which it didn't when it was answered" if is_asking else ""
        if not is_asking:
            return "it doesn't ask any more"
        asks = seen["question"] or ""
        is_same = menu.is_same(wish.question, asks) if wish.question else wish.since == seen["agent_since"]
        return "" if is_same else "it asks something else by now"

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
