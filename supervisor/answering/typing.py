"""Typing a text into an agent's input box, as a person would, and seeing that it was taken.

It looks before each key, and a key is only pressed on a screen that has not moved since it was looked at: never over
somebody's draft, never into a dialog. What it could not submit it takes back, if the box still holds just that; so it
does when it is cancelled, and says what became of it.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final, NamedTuple
from weakref import WeakValueDictionary

from supervisor import faults
from supervisor.agents.reading import State
from supervisor.agents.screens import LAYOUTS, read_screen
from supervisor.answering.draft import holds, is_typeable, plain, read_draft
from supervisor.answering.receipt import UNSURE, Receipt
from supervisor.control import TmuxError
from supervisor.server import Look, Server

LOOK_EVERY: Final = 0.05  # seconds
LEAVES_WITHIN: Final = 2.0  # seconds, once it is cancelled
DRAWN_WITHIN: Final = 2.0  # seconds in which a screen that is not known may become one: it was half drawn
LONGEST: Final = 65_536  # characters
_TAKES: Final = (State.IDLE, State.BUSY, State.LIMITED, State.FAILED)
_DRAFT: Final = "its input box holds a half-written line"
_NOT_KNOWN: Final = "its screen is not known"
_LEFT: Final = "the supervisor had to leave"
_STANDS: Final = "it stands in the box, not submitted: "


class Patience(NamedTuple):
    """Seconds until what was pasted is drawn, and until what was submitted has left the box."""

    shown: float = 5.0
    taken: float = 10.0


PATIENCE: Final = Patience()

_turns: WeakValueDictionary[tuple[object, str], asyncio.Lock] = WeakValueDictionary()  # one text at a time for a pane


async def type_text(
    server: Server,
    pane: str,
    agent: str,
    text: str,
    *,
    submit_after: float,
    patience: Patience = PATIENCE,
) -> Receipt:
    """Delivered: the box was empty, held this text and nothing else, and was empty again after Enter, or the agent at
    work. `submit_after` seconds lie between the paste and Enter. Never raises for what stands in the
    way, a tmux that fails among it; a task of its own that is cancelled has a receipt soon after. Twice types it
    twice."""
    if agent not in LAYOUTS:
        return Receipt(delivered=False, why=f'no input box is known of "{agent}"')
    if not is_typeable(text) or len(text) > LONGEST:
        return Receipt(delivered=False, why=_unfit(text))
    lock = _turns.setdefault((server.id, pane), asyncio.Lock())
    typing = _Typing(server, pane, agent, text.strip("\n"), patience)
    try:
        async with lock:
            try:
                return await typing.run(submit_after)
            except asyncio.CancelledError:
                return await faults.whole(typing.leave())
    except asyncio.CancelledError:
        return Receipt(delivered=False, why=_LEFT)
    except TmuxError as error:
        return Receipt(delivered=False, why=f"{typing.so_far}{type(error).__name__}: {error}")


def _unfit(text: str) -> str:
    if not text.strip():
        return "there is nothing to type"
    if len(text) > LONGEST:
        return f"{len(text)} characters are too many to type: at most {LONGEST}"
    if is_typeable(f"x{text}"):
        return "a text that begins like a choice (1. …) looks like a menu in the box: begin it with a word"
    return "it holds control characters: an agent would take them for keys"


def in_the_way(look: Look, agent: str) -> str:
    """Why nothing may be typed on this screen; empty where it may."""
    if look.obstacle:
        return look.obstacle
    reading = read_screen(agent, plain(look.screen), 0.0)
    if reading is None or reading.state not in _TAKES:
        is_open = reading is not None and reading.state is State.ASKING
        return f"a dialog is open ({reading.rule})" if reading and is_open else _NOT_KNOWN
    draft = read_draft(agent, look.screen)
    if draft is None:
        return "its input box is not to be seen"
    return "" if draft.is_empty else _DRAFT


class _Typing:
    """One text on its way; `so_far` says what is known of it if nobody can look any more."""

    def __init__(self, server: Server, pane: str, agent: str, text: str, patience: Patience) -> None:
        self._server = server
        self._pane = pane
        self._agent = agent
        self._text = text
        self._patience = patience
        self.so_far = ""

    async def run(self, submit_after: float) -> Receipt:
        way = await self._paste()
        if way:
            return Receipt(delivered=False, why=way)
        self.so_far = _STANDS
        await asyncio.sleep(submit_after)
        way = await self._enter()
        if way:
            return Receipt(delivered=False, why=f"{way}{await self._take_back()}")
        return await self._taken()

    async def leave(self) -> Receipt:
        """For one that was cancelled: takes back what was not submitted, or sees what was."""
        until = _later(LEAVES_WITHIN)  # no time-out: a cancellation may get lost in a look (see `faults.ended`)
        with contextlib.suppress(TmuxError):
            while self.so_far and not _is_over(until):
                look = await self._server.look(self._pane)
                if look.obstacle:
                    break
                if self.so_far == f"{UNSURE}: ":  # behind Enter nothing is taken back: it may be on its way
                    if self._has_gone(look):
                        return Receipt(delivered=True)
                elif back := await self._take_back():
                    return Receipt(delivered=False, why=f"{_LEFT}{back}")
                await asyncio.sleep(LOOK_EVERY)
        return Receipt(delivered=False, why=f"{self.so_far}{_LEFT}")

    async def _paste(self) -> str:
        """Why it was not pasted; empty once it was."""
        until, known_by = _later(self._patience.shown), _later(DRAWN_WITHIN)
        while True:
            look = await self._server.look(self._pane)
            way = in_the_way(look, self._agent)
            if way == _NOT_KNOWN and not _is_over(known_by):
                await asyncio.sleep(LOOK_EVERY)
                continue
            if way:
                return way
            self.so_far = "unknown whether it stands in the box: "
            if await self._server.paste(self._pane, self._text, look):
                return ""
            self.so_far = ""
            if _is_over(until):
                return "its screen does not hold still"
            await asyncio.sleep(LOOK_EVERY)

    async def _enter(self) -> str:
        """Why Enter was not pressed; empty once it was."""
        until = _later(self._patience.shown)
        self.so_far = _STANDS
        while True:
            look = await self._server.look(self._pane)
            if look.obstacle:
                return look.obstacle
            if self._is_held(look):
                self.so_far = f"{UNSURE}: "
                if await self._server.press(self._pane, ("Enter",), look):
                    return ""
                self.so_far = _STANDS
            if _is_over(until):
                return self._not_held(look)
            await asyncio.sleep(LOOK_EVERY)

    def _not_held(self, look: Look) -> str:
        if self._is_held(look):
            return "its screen does not hold still"
        draft = read_draft(self._agent, look.screen)
        if draft is None:
            return "something opened over the input box while it was typed"
        return "the box stayed empty" if draft.is_empty else "the box holds something else as well"

    def _is_held(self, look: Look) -> bool:
        draft = read_draft(self._agent, look.screen)
        return draft is not None and holds(self._agent, draft, self._text)

    async def _taken(self) -> Receipt:
        until = _later(self._patience.taken)
        while True:
            look = await self._server.look(self._pane)
            if look.is_dead:
                return Receipt(delivered=False, why=f"{UNSURE}: {look.obstacle}")
            if self._has_gone(look):
                return Receipt(delivered=True)
            if _is_over(until):
                break
            await asyncio.sleep(LOOK_EVERY)
        if self._is_held(look):
            return Receipt(delivered=False, why=f"Enter did not submit it{await self._take_back()}")
        return Receipt(delivered=False, why=f"{UNSURE}: the box did not empty, and the agent is not at work")

    def _has_gone(self, look: Look) -> bool:
        draft = read_draft(self._agent, look.screen)
        if draft is None or self._is_held(look):
            return False
        reading = read_screen(self._agent, plain(look.screen), 0.0)
        return draft.is_empty or (reading is not None and reading.state is State.BUSY)

    async def _take_back(self) -> str:
        """Only while the box holds just that. A drawn row a key, and a key more for the break before it."""
        look = await self._server.look(self._pane)
        draft = read_draft(self._agent, look.screen)
        if look.obstacle or draft is None or not self._is_held(look):
            return ""
        breaks = max(self._text.count("\n"), len(draft.lines) - 1)
        if not await self._server.press(self._pane, ("C-u",) * (2 * breaks + 1), look):
            return ""
        return "; taken back" if await self._is_emptied() else "; it could not be taken back whole"

    async def _is_emptied(self) -> bool:
        until = _later(self._patience.shown)
        while True:
            draft = read_draft(self._agent, (await self._server.look(self._pane)).screen)
            if draft is not None and draft.is_empty:
                return True
            if _is_over(until):
                return False
            await asyncio.sleep(LOOK_EVERY)


def _later(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


def _is_over(until: float) -> bool:
    return asyncio.get_running_loop().time() >= until
