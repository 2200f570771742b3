"""Typing into an agent, on real tmux: what it is given, what nobody may touch, and what is seen of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from supervisor.agents.screens import read_screen
from supervisor.answering.draft import plain
from supervisor.answering.receipt import UNSURE, Receipt
from supervisor.answering.typing import PATIENCE, Patience, type_text
from supervisor.server import Server
from supervisor.tmux import Tmux
from tests.prompter import PROMPTS
from tests.screens import FOLDER
from tests.waiting import eventually

pytestmark = pytest.mark.tmux

PROMPTER = Path(__file__).parent.parent / "prompter.py"
PAUSE = 0.2
SHORT = Patience(shown=2.0)  # where waiting longer shows nothing more
CLAUDE, CODEX = PROMPTS["claude"], PROMPTS["codex"]


class Agent:
    """A prompter in a pane of its own."""

    def __init__(self, server: Server, folder: Path, agent: str, pane: str) -> None:
        self.server, self.folder, self.agent, self.pane = server, folder, agent, pane

    def given(self) -> list[dict[str, str]]:
        path = self.folder / "given"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def tell(self, *lines: str) -> None:
        with (self.folder / "words").open("w") as pipe:
            pipe.write("".join(f"{line}\n" for line in lines))

    async def shows(self, *what: str) -> str:
        async def look() -> str:
            screen = plain((await self.server.look(self.pane)).screen)
            return screen if all(each in screen for each in what) else ""

        return await until(look)

    async def types(self, text: str, patience: Patience = PATIENCE, pause: float = PAUSE) -> Receipt:
        return await type_text(self.server, self.pane, self.agent, text, submit_after=pause, patience=patience)


async def until(look: Callable[[], Awaitable[str]]) -> str:
    async with asyncio.timeout(20):
        while not (found := await look()):
            await asyncio.sleep(0.01)
        return found


@contextlib.asynccontextmanager
async def agent_in_a_pane(socket: str, folder: Path, agent: str, *first: str) -> AsyncIterator[Agent]:
    tmux = Tmux(socket)
    tmux.ensure_server_and_session("crew", "/")
    server = await tmux.connect("crew")
    try:
        os.mkfifo(folder / "words")
        pane = await server.open_window("crew", "agent", "/")
        argv = [
            sys.executable,
            str(PROMPTER),
            agent,
            str(FOLDER / agent),
            *(str(folder / n) for n in ("given", "words")),
        ]
        await server.control.call("resize-window", "-t", pane.window_id, "-x", "120", "-y", "50")
        await server.respawn(pane.id, [*argv, *first], {}, "/", {})
        made = Agent(server, folder, agent, pane.id)
        await made.shows(PROMPTS[agent])
        yield made
    finally:
        await server.close()


HARD = [
    "plain",
    "-x",
    "a; b ;",
    "#{pane_id} #(id) $HOME `id` \\ \" '",
    "é 漢字 🦀 ñ",
    "two\nlines",
    "one\n\nthree, with an empty one\n  and a deep one",
    "x" * 300,
    "\n".join(f"line {number} of many" for number in range(30)),
    "y" * 8192,
]


@pytest.mark.parametrize("agent", ["claude", "codex"])
def test_a_text_arrives_whole_and_is_submitted(tmux_socket: str, tmp_path: Path, agent: str) -> None:
    """Whatever stands in it, over a suggestion of the agent's own and over none.

    Mutant killed: no bracketed paste.
    """

    async def go() -> None:
        async with agent_in_a_pane(tmux_socket, tmp_path, agent) as made:
            for number, text in enumerate(HARD):
                made.tell("ghost off" if number % 2 else "ghost on", "show idle")
                await made.shows("for agents")
                assert await made.types(text) == Receipt(delivered=True), text
            assert [each["submitted"] for each in made.given()] == HARD
            assert await made.server.control.call("list-buffers") == []

    asyncio.run(go())


def test_who_types_is_never_overwritten(tmux_socket: str, tmp_path: Path) -> None:
    """A half-written line stays as it is, and nothing is submitted. Mutant killed: no look at the box before the
    paste."""

    async def go() -> None:
        async with agent_in_a_pane(tmux_socket, tmp_path, "claude", "type half a th") as made:
            receipt = await made.types("mine")
            assert receipt == Receipt(delivered=False, why="its input box holds a half-written line")
            assert f"{CLAUDE} half a th\n" in await made.shows("half a th")
            assert made.given() == []

    asyncio.run(go())


def test_who_begins_to_type_meanwhile_is_left_alone(tmux_socket: str, tmp_path: Path) -> None:
    """Between the paste and Enter: nothing is submitted, and their words stay.

    Mutant killed: no second look.
    """

    async def go() -> None:
        async with agent_in_a_pane(tmux_socket, tmp_path, "claude", "paste type and theirs") as made:
            receipt = await made.types("mine ", SHORT)
            assert (receipt.delivered, receipt.why) == (False, "the box holds something else as well")
            await made.shows(f"{CLAUDE} mine and theirs")
            assert made.given() == []

    asyncio.run(go())


@pytest.mark.parametrize("agent", ["claude", "codex"])
def test_a_dialog_that_opens_meanwhile_gets_no_key(tmux_socket: str, tmp_path: Path, agent: str) -> None:
    """Between the paste and Enter: Enter would have said yes."""

    async def go() -> None:
        async with agent_in_a_pane(tmux_socket, tmp_path, agent, "paste show permission") as made:
            receipt = await made.types("mine", SHORT)
            assert receipt == Receipt(delivered=False, why="something opened over the input box while it was typed")
            assert made.given() == []

    asyncio.run(go())


@pytest.mark.parametrize(
    ("agent", "shown", "why"),
    [
        ("claude", "permission", "a dialog is open (permission-prompt)"),
        ("claude", "trust", "a dialog is open (trust-dialog)"),
        ("claude", "transcript", "its screen is not known"),
        ("codex", "permission", "a dialog is open (permission-prompt)"),
        ("codex", "trust", "a dialog is open (trust-dialog)"),
    ],
)
def test_nothing_is_typed_where_no_box_is_open(
    tmux_socket: str, tmp_path: Path, agent: str, shown: str, why: str
) -> None:
    """Neither a key nor a paste reaches it."""

    async def go() -> None:
        async with agent_in_a_pane(tmux_socket, tmp_path, agent) as made:
            made.tell(f"show {shown}")
            await until(lambda: rule_of(made, shown))
            assert await made.types("mine") == Receipt(delivered=False, why=why)
            assert made.given() == []

    asyncio.run(go())


def test_a_screen_that_is_half_drawn_is_waited_for(tmux_socket: str, tmp_path: Path) -> None:
    """One that nobody knows may be one that is being drawn: for a moment it is looked at again, and typed at then.

    Mutant killed: one look.
    """

    async def go() -> None:
        async with agent_in_a_pane(tmux_socket, tmp_path, "claude") as made:
            made.tell("show transcript")
            await made.shows("Showing detailed transcript")
            typing = asyncio.create_task(made.types("mine"))
            await asyncio.sleep(0)
            made.tell("show idle")
            assert await typing == Receipt(delivered=True)
            assert made.given() == [{"submitted": "mine"}]

    asyncio.run(go())


async def rule_of(made: Agent, shown: str) -> str:
    reading = read_screen(made.agent, plain((await made.server.look(made.pane)).screen), 0.0)
    return reading.rule if reading is not None and shown[:5] in f"{reading.rule} {reading.detail}" else ""


def test_copy_mode_a_dead_pane_and_a_closed_one_are_left_alone(tmux_socket: str, tmp_path: Path) -> None:
    """With the reason, and what the person looks at doesn't move. Mutant killed: what tmux says of
    the pane is not looked at."""

    async def go() -> None:
        async with agent_in_a_pane(tmux_socket, tmp_path, "claude") as made:
            await made.server.control.call("copy-mode", "-t", made.pane)
            assert await made.types("mine") == Receipt(delivered=False, why="its pane is in copy mode")
            assert await made.server.control.call("display-message", "-p", "-t", made.pane, "#{pane_in_mode}") == ["1"]
            await made.server.control.call("send-keys", "-t", made.pane, "-X", "cancel")
            await made.server.control.call("select-pane", "-d", "-t", made.pane)
            assert (await made.types("mine")).why == "its pane takes no input"
            await made.server.control.call("select-pane", "-e", "-t", made.pane)
            made.tell("exit")
            await until(lambda: dead(made))
            assert await made.types("mine") == Receipt(delivered=False, why="its pane is dead")
            assert (await type_text(made.server, "%99", "claude", "x", submit_after=0)).why.startswith("TmuxRefused")
            assert made.given() == []

    asyncio.run(go())


async def dead(made: Agent) -> str:
    return (await made.server.look(made.pane)).obstacle


@pytest.mark.parametrize("agent", ["claude", "codex"])
@pytest.mark.parametrize("text", ["mine", "two\nlines", "y" * 700, "z" * 2000])
def test_what_is_not_submitted_is_taken_back(tmux_socket: str, tmp_path: Path, text: str, agent: str) -> None:
    """An Enter too soon after the paste is a line break to Codex: the box is empty again, and nobody got anything.

    Mutant killed: a key for each break alone, where Claude clears no more than a row.
    """

    async def go() -> None:
        async with agent_in_a_pane(tmux_socket, tmp_path, agent) as made:
            made.tell("deaf")
            receipt = await made.types(text, Patience(taken=1.0))
            assert receipt == Receipt(delivered=False, why="Enter did not submit it; taken back")
            await made.shows(PROMPTS[agent])
            assert made.given() == []

    asyncio.run(go())


@pytest.mark.parametrize("when", ["paste", "Enter"])
def test_who_is_cancelled_leaves_nothing_half_done(tmux_socket: str, tmp_path: Path, when: str) -> None:
    """Behind the paste the text is taken back; behind Enter it is waited for, and nothing else is pressed. Whoever
    waits in line types nothing. Each has a receipt, however often it is cancelled.

    Mutants killed: the cancellation is passed on; what was submitted is taken back; a second cancellation is heard.
    """

    async def go() -> None:
        async with agent_in_a_pane(tmux_socket, tmp_path, "claude") as made:
            made.tell("deaf")
            typing = asyncio.create_task(made.types("mine", pause=0.0 if when == "Enter" else 60.0))
            await made.shows(f"{CLAUDE} mine")
            second = asyncio.create_task(made.types("later"))
            await asyncio.sleep(0)  # it is in line by now
            if when == "Enter":
                await until(lambda: entered(made))
            for _ in range(3):
                typing.cancel()
                second.cancel()
                await asyncio.sleep(0.05)
            why = {
                "paste": "the supervisor had to leave; taken back",
                "Enter": f"{UNSURE}: the supervisor had to leave",
            }
            assert await typing == Receipt(delivered=False, why=why[when])
            assert await second == Receipt(delivered=False, why="the supervisor had to leave")
            if when == "paste":
                await made.shows(f"{CLAUDE} Resend")
            assert ("mine" in await made.shows(CLAUDE)) == (when == "Enter")
            assert made.given() == []

    asyncio.run(go())


async def entered(made: Agent) -> str:
    return "heard" if (made.folder / "entered").exists() else ""


def test_two_texts_at_once_arrive_one_after_the_other(tmux_socket: str, tmp_path: Path) -> None:
    """Neither stands in the other's way. Mutant killed: no lock (both are pasted, and neither is submitted)."""

    async def go() -> None:
        async with agent_in_a_pane(tmux_socket, tmp_path, "claude") as made:
            receipts = await asyncio.gather(made.types("first"), made.types("second"))
            assert [each.delivered for each in receipts] == [True, True]
            assert [each["submitted"] for each in made.given()] == ["first", "second"]

    asyncio.run(go())


@pytest.mark.parametrize(
    ("agent", "text", "why"),
    [
        ("shell", "x", 'no input box is known of "shell"'),
        ("claude", " \n", "there is nothing to type"),
        ("claude", "a\x1b[201~\rb", "it holds control characters"),
        ("codex", "1. do this", "a text that begins like a choice"),
        ("codex", "x" * 65_537, "65537 characters are too many"),
    ],
)
def test_what_cannot_be_typed_is_said_before_any_key(
    tmux_socket: str, tmp_path: Path, agent: str, text: str, why: str
) -> None:
    """With control characters a paste would end early, and the rest be keys."""

    async def go() -> None:
        async with agent_in_a_pane(tmux_socket, tmp_path, "codex") as made:
            receipt = await type_text(made.server, made.pane, agent, text, submit_after=PAUSE)
            assert not receipt.delivered
            assert receipt.why.startswith(why)
            await made.shows(f"{CODEX} Ask Codex to do anything")

    asyncio.run(go())


def test_a_key_is_not_sent_to_a_screen_that_moved(tmux_socket: str, tmp_path: Path) -> None:
    """The look and the key are one to tmux: between them somebody typed a sign, and the key stays away.

    Mutant killed: nothing is compared.
    """

    async def go() -> None:
        async with agent_in_a_pane(tmux_socket, tmp_path, "claude") as made:
            look = await made.server.look(made.pane)
            made.tell("type x")
            await made.shows(f"{CLAUDE} x\n")
            assert not await made.server.press(made.pane, ("Enter",), look)
            assert not await made.server.paste(made.pane, "y", look)
            assert await made.server.press(made.pane, ("Enter",), await made.server.look(made.pane))
            eventually(made.given, 5)
            assert made.given() == [{"submitted": "x"}]
            # A line with a branch is answered as often as tmux answers it: the next call gets its own answer.
            assert await made.server.control.call("display-message", "-p", "next") == ["next"]

    asyncio.run(go())
