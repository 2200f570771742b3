"""One answer carried to one agent, by its hook, by keys or typed: whichever its profile has and the question allows.

What is answered is what the person saw: each way looks anew whether that very question is open, and leaves the agent
alone where it isn't. Nothing is tried a second time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from board.requests import Answered, Wish
from supervisor.agents.answers import PAUSE, Answers
from supervisor.agents.needs import fit_to_show
from supervisor.agents.reading import Reading, State
from supervisor.agents.region import Region, cut
from supervisor.agents.screens import LAYOUTS, read_screen
from supervisor.answering import decisions, menu
from supervisor.answering.decisions import Asked
from supervisor.answering.draft import plain
from supervisor.answering.receipt import UNSURE
from supervisor.answering.typing import LOOK_EVERY, type_text
from supervisor.control import TmuxError
from supervisor.server import Look, Server

TAKEN_WITHIN: Final = 5.0  # seconds until a hook that waits takes its decision
GONE_WITHIN: Final = 10.0  # seconds until a dialog that was answered is gone
STILL_WITHIN: Final = 3.0  # seconds in which a screen that moves has to hold still
MENUS: Final = ("question",)  # rules of dialogs whose options a text may name


@dataclass(frozen=True, slots=True)
class Target:
    """The agent that is to get it: its pane, whose process must be `pid`, the rules that read its screen, and the hook
    that waits with this question, if any. `redact` makes a question fit to be compared with what the person saw."""

    server: Server
    pane: str
    pid: int
    agent: str
    answers: Answers | None
    hook: Asked | None
    redact: Callable[[str], str]


class Deed:
    """`begin` is called right before the agent is touched; where it says False, somebody took the wish back."""

    def __init__(self, wish: Wish, target: Target, side: str, begin: Callable[[], bool]) -> None:
        self._wish = wish
        self._to = target
        self._side = side
        self._begin = begin
        self.has_begun = False

    async def do(self) -> Answered:
        """Never raises for what stands in the way, a tmux that fails among it."""
        try:
            if self._wish.answer == "text":
                return await self._text()
            if self._to.hook is not None:
                return await self._by_hook(self._to.hook)
            return await self._by_keys()
        except TmuxError as error:
            so_far = f"{UNSURE}: " if self.has_begun else ""
            return _not(f"{so_far}{type(error).__name__}: {error}")

    def _start(self) -> bool:
        self.has_begun = self._begin()
        return self.has_begun

    # --- by its hook

    async def _by_hook(self, hook: Asked) -> Answered:
        if not self._start():
            return _WITHDRAWN
        decisions.decide(self._side, hook, self._wish.answer, self._wish.text)
        until = _later(TAKEN_WITHIN)
        while not decisions.is_taken(self._side, hook):
            if _is_over(until):
                if decisions.withdraw(self._side, hook):
                    return _not("its hook did not take the answer")
                return _not(f"{UNSURE}: its hook took the answer, and did not end")
            await asyncio.sleep(LOOK_EVERY)
        decisions.forget(self._side, hook)
        return Answered(delivered=True, how="hook")

    # --- by keys

    async def _by_keys(self) -> Answered:
        look, reading, why = await self._look()
        if reading is None:
            return _not(why)
        keys, why = self._keys(look, reading)
        if not keys:
            return _not(why)
        answered = await self._press(keys, reading.rule)
        if not (answered.delivered and self._wish.text):
            return answered
        typed = await self._type()
        return answered if typed.delivered else answered._replace(why=f"the words were not typed: {typed.why}")

    def _keys(self, look: Look, reading: Reading) -> tuple[tuple[str, ...], str]:
        """None, with the reason, where nobody knows what they would do on this screen."""
        choice, rule, answers = self._wish.answer, reading.rule, self._to.answers
        rules = answers.keys.get(rule, {}) if answers is not None else {}
        keys = rules.get("allow" if choice == "allow" else "deny", ())
        if not keys:
            return (), f"no keys are known that {choice} this ({rule})"
        if choice == "allow":
            sure = answers.sure.get(rule) if answers is not None else None
            is_sure = sure is None or sure.search(_dialog(look, self._to.agent)) is not None
            if not is_sure or not all(menu.is_yes(_dialog(look, self._to.agent), key) for key in keys):
                return (), f"its menu ({rule}) doesn't offer a plain yes where one was seen"
        return keys, ""

    async def _look(self) -> tuple[Look, Reading | None, str]:
        """The screen as it is now, if it shows the question that the person answered; else why that is not so."""
        look = await self._to.server.look(self._to.pane)
        if look.obstacle or look.pid != self._to.pid:
            return look, None, look.obstacle or "another process runs in its pane"
        reading = read_screen(self._to.agent, plain(look.screen), 0.0)
        if reading is None or reading.state is not State.ASKING:
            return look, None, "no dialog is to be seen in its pane"
        if not menu.is_same(self._wish.question, self._shown(reading)):
            return look, None, "its screen shows another question than the one that was answered"
        return look, reading, ""

    def _shown(self, reading: Reading) -> str:
        return fit_to_show(reading.detail, self._to.redact)

    async def _press(self, keys: tuple[str, ...], rule: str) -> Answered:
        """Each try looks anew: only a screen that shows the question and has not moved since gets the keys, once."""
        if not self._start():
            return _WITHDRAWN
        until = _later(STILL_WITHIN)
        while True:
            look, reading, why = await self._look()
            if reading is None or reading.rule != rule:
                return _not(why or "its screen shows another question than the one that was answered")
            if await self._to.server.press(self._to.pane, keys, look):
                return await self._gone(rule, reading.detail)
            if _is_over(until):
                return _not("its screen does not hold still")
            await asyncio.sleep(LOOK_EVERY)

    async def _gone(self, rule: str, detail: str) -> Answered:
        until = _later(GONE_WITHIN)
        while not _is_over(until):
            look = await self._to.server.look(self._to.pane)
            if look.is_dead:
                return _not(f"{UNSURE}: {look.obstacle}")
            reading = read_screen(self._to.agent, plain(look.screen), 0.0)
            if reading is not None and (reading.rule, reading.detail) != (rule, detail):
                return Answered(delivered=True, how="keys")
            await asyncio.sleep(LOOK_EVERY)
        return _not("the keys were pressed, and the dialog is still open", how="keys")

    # --- a text

    async def _text(self) -> Answered:
        look = await self._to.server.look(self._to.pane)
        if look.obstacle or look.pid != self._to.pid:
            return _not(look.obstacle or "another process runs in its pane")
        reading = read_screen(self._to.agent, plain(look.screen), 0.0)
        rule = reading.rule if reading is not None and reading.state is State.ASKING else ""
        if rule == "permission-prompt":
            return _not("it asks for a permission: answer allow, or deny (and why)")
        if rule in MENUS:
            return await self._pick()
        if not self._start():
            return _WITHDRAWN
        return await self._type()

    async def _pick(self) -> Answered:
        look, reading, why = await self._look()
        if reading is None:
            return _not(why)
        dialog = _dialog(look, self._to.agent)
        digit = menu.chosen(dialog, self._wish.text)
        if digit is None:
            return _not(f"its menu offers: {menu.offered(dialog) or 'nothing that can be read'}")
        return await self._press((digit,), reading.rule)

    async def _type(self) -> Answered:
        to, pause = self._to, self._to.answers.pause if self._to.answers is not None else PAUSE
        receipt = await type_text(to.server, to.pane, to.agent, self._wish.text, submit_after=pause)
        return Answered(receipt.delivered, "typing", receipt.why)


def _dialog(look: Look, agent: str) -> str:
    return cut(plain(look.screen), LAYOUTS[agent]).text(Region.OPEN)


def _not(why: str, how: str = "") -> Answered:
    return Answered(delivered=False, how=how, why=why)


_WITHDRAWN: Final = _not("it was withdrawn")


def _later(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


def _is_over(until: float) -> bool:
    return asyncio.get_running_loop().time() >= until
