"""Looking after agents that stop, beside the loop: neither a cycle nor a restart ever waits for it.

It follows the turns of live, interactive agents of ours, asks what is due to be asked, and leaves what it knows with
what is known of the attempt. What it types goes through `answering`, which refuses where a person is at work.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any, NamedTuple

from board.errors import BoardError
from board.journal.events import Scalar
from board.model import HELD, Board
from supervisor import faults, looks
from supervisor.agents.needs import settled_of
from supervisor.agents.reading import Source, State
from supervisor.agents.screens import LAYOUTS
from supervisor.answering.receipt import UNSURE, Receipt
from supervisor.answering.typing import type_text
from supervisor.hooks.call import prompt_mark
from supervisor.judge import attempt_of
from supervisor.keeping import Keeping
from supervisor.launch import brief_of, message
from supervisor.model import Alive
from supervisor.overview import Overview
from supervisor.profiles import Profile
from supervisor.server import Server
from supervisor.sight import Known
from supervisor.tools import Tools
from supervisor.turns import record
from supervisor.turns.turn import (
    PACE,
    Ask,
    Brief,
    Glance,
    GoOn,
    Leave,
    Pace,
    Progress,
    Turn,
    begun,
    decide,
    delivered,
    is_due,
    left,
    noticed,
    undelivered,
)

TICK = 1.0  # seconds between two looks
BY_A_PERSON = ("interrupted", "idle_prompt")  # the second is all that is said of a turn that was cut short
PAUSE = 0.4  # seconds between a text and its Enter, where the profile says none

_TOLD = {Ask: "agent_nudged", Brief: "agent_briefed", GoOn: "agent_continued"}

Deliver = Callable[[Server, str, str, str, float], Awaitable[Receipt]]


async def _typed(server: Server, pane: str, agent: str, text: str, pause: float) -> Receipt:
    return await type_text(server, pane, agent, text, submit_after=pause)


class Agent(NamedTuple):
    """One that is followed."""

    kept: Keeping
    known: Known
    profile: Profile


class Turns:
    """`say` asks for the status to be written."""

    def __init__(
        self, eyes: Overview, tools: Tools, say: Callable[[], None], deliver: Deliver = _typed, pace: Pace = PACE
    ) -> None:
        self._eyes = eyes
        self._tools = tools
        self._say = say
        self._deliver = deliver
        self._pace = pace
        self._unreadable: set[str] = set()
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def keep(self) -> None:
        """Until it is cancelled, and what is under way has ended."""
        try:
            while True:
                self.round()
                await asyncio.sleep(TICK)
        finally:
            await faults.finished(self._under_way.values())

    def round(self) -> None:
        """One look at all of them; what is due is begun."""
        view = self._eyes.board
        for agent in self._agents(view.board) if view is not None else ():
            known, turn = agent.known, self._turn(agent)
            if turn is None or known.attempt.mark in self._under_way:
                continue
            glance = self._glance(agent, turn)
            known.turn = noticed(turn, glance)
            assert view is not None
            if known.turn.limit != turn.limit:
                self._begin(agent, self._keep(agent, known.turn))
            elif is_due(known.turn, glance, self._pace):
                self._begin(agent, self._see_to(agent, view.board, glance))
            if known.turn != turn:
                self._say()

    def _begin(self, agent: Agent, work: Coroutine[Any, Any, None]) -> None:
        mark, task = agent.known.attempt.mark, agent.kept.task.id

        async def guarded() -> None:
            try:
                await work
            except (BoardError, OSError) as error:
                self._tools.tell("look_failed", task, source="turns", problem=str(error))
            except Exception as error:  # noqa: BLE001 - one agent's fault must not become all agents'
                faults.note(self._tools, error, task)

        def over(_: asyncio.Task[None]) -> None:
            self._under_way.pop(mark, None)
            self._say()

        running = self._under_way[mark] = asyncio.get_running_loop().create_task(guarded(), name=f"turn of {task}")
        running.add_done_callback(over)

    # --- who is followed, and what is seen

    def _agents(self, board: Board) -> list[Agent]:
        """Those that settle nothing by ending, and of which somebody says what they do."""
        found = []
        for kept in self._eyes.kept.values():
            profile = self._eyes.profile(board, kept.task) if self._is_at_work(kept) else None
            if profile is not None and profile.settles == "said" and kept.known is not None and kept.known.heard:
                found.append(Agent(kept, kept.known, profile))
        return found

    def _is_at_work(self, kept: Keeping) -> bool:
        """A live worker of ours, at the step that the record says, that nothing is being done about."""
        known, task = kept.known, kept.task
        if known is None or not isinstance(kept.verdict, Alive) or task.run is None or kept.operation is not None:
            return False
        is_current = known.attempt == attempt_of(task, self._tools.session) and task.run.ending is None
        return is_current and task.status in HELD and self._eyes.is_ours(task)

    def _turn(self, agent: Agent) -> Turn | None:
        """What is remembered; None where that can't be read."""
        known, task = agent.known, agent.kept.task.id
        if known.turn is not None:
            return known.turn
        mark = known.attempt.mark
        if mark in self._unreadable:
            return None
        try:
            before = record.kept(self._tools.engine.store.side, task, mark)
        except (OSError, ValueError) as error:
            self._unreadable.add(mark)
            self._tools.tell("look_failed", task, source="turns", problem=str(error))
            return None
        return before or Turn(mark)

    def _glance(self, agent: Agent, turn: Turn) -> Glance:
        known = agent.known
        hooked = known.hooked if Source.HOOK in known.order else None
        has_stopped = hooked is not None and hooked.state is State.IDLE
        return Glance(
            at=self._tools.engine.clock(),
            heard=dict(known.heard),
            ran_for=known.ran_for() or 0.0,
            is_counted=hooked is not None and has_stopped and hooked.background == 0,
            is_interrupted=hooked is not None and (not has_stopped or hooked.detail in BY_A_PERSON),
            is_typeable=agent.profile.screens in LAYOUTS,
            order=known.order,
            is_talk=hooked is not None and turn.is_talk(hooked.opening, hooked.prompt),
        )

    async def _progress(self, agent: Agent, board: Board) -> Progress:
        task = agent.kept.task
        said = repr((task.step.id, task.checkpoint)).encode()
        head = await looks.tip_of(self._tools.site(board, task))
        return Progress(hashlib.blake2b(said, digest_size=8).hexdigest(), head)

    # --- what is done

    async def _see_to(self, agent: Agent, board: Board, glance: Glance) -> None:
        progress, turn = await self._progress(agent, board), agent.known.turn
        if turn is None or not self._is_at_work(agent.kept) or agent.kept.known is not agent.known:
            return
        match decide(turn, glance, progress):
            case Leave(why=why):
                await self._leave(agent, left(turn, why))
            case Ask() | Brief() | GoOn() as deed:
                await self._say_to(agent, board, deed, begun(turn, deed, progress, glance.at))

    async def _say_to(self, agent: Agent, board: Board, deed: Ask | Brief | GoOn, after: Turn) -> None:
        """That it is asked is on the disk before a key is pressed; what did not come through is taken back there."""
        known, before, server = agent.known, agent.known.turn, self._tools.server
        if before is None or server is None or known.pane is None:
            return
        text = await self._text(agent, board, deed)
        after = replace(after, sent=prompt_mark(text, self._tools.engine.store.side))
        try:
            await self._keep(agent, after)
        except OSError:
            known.turn = undelivered(before, "that could not be written down", self._tools.engine.clock())
            raise
        receipt = await self._deliver(server, known.pane, agent.profile.screens or "", text, _pause(agent.profile))
        why = self._tools.redactor.text(receipt.why)
        if receipt.delivered:
            await self._keep(agent, delivered(after))
            self._tell(agent, _TOLD[type(deed)], after)
        elif receipt.why.startswith(UNSURE):
            await self._keep(agent, replace(after, why=why))
            self._tell(agent, "nudge_undelivered", after, why=why)
        else:
            turn = undelivered(before, why, self._tools.engine.clock())
            await self._keep(agent, turn)
            next_at = None if turn.waits else turn.try_at
            self._tell(agent, "nudge_undelivered", turn, why=why, tries_count=turn.tries, next_at=next_at)
            if turn.waits:
                await self._leave(agent, turn)

    async def _text(self, agent: Agent, board: Board, deed: Ask | Brief | GoOn) -> str:
        """A brief that isn't there any more is none: that is nothing to type, and told as such."""
        site, task = self._tools.site(board, agent.kept.task), agent.kept.task
        if not isinstance(deed, Brief):
            return message(task, site, "finish" if isinstance(deed, Ask) else "continue")
        try:
            return await asyncio.to_thread(brief_of, site.side, agent.known.attempt)
        except (OSError, UnicodeDecodeError):
            return ""

    async def _leave(self, agent: Agent, turn: Turn) -> None:
        agent.known.turn = turn
        self._tell(agent, "turn_unfinished", turn, why=turn.why)
        await self._keep(agent, turn)

    async def _keep(self, agent: Agent, turn: Turn) -> None:
        """On the disk, and then known. Raises OSError, and nothing has changed."""
        if agent.kept.known is agent.known:  # another attempt's record is not this one's to write
            why = self._tools.redactor.text(turn.why)
            await asyncio.to_thread(record.keep, self._tools.engine.store.side, agent.kept.task.id, turn, why)
        agent.known.turn = turn

    def _tell(self, agent: Agent, event: str, turn: Turn, **more: Scalar) -> None:
        known = agent.known
        reading = settled_of(known.heard, self._tools.engine.clock(), known.order).reading
        self._tools.tell(
            event,
            agent.kept.task.id,
            step=agent.kept.task.step.id,
            worker=known.attempt.worker,
            token=known.attempt.token,
            pid=known.process.pid if known.process is not None else None,
            pane=known.pane,
            source=None if reading is None else str(reading.source),
            ended_at=turn.ended_at,
            asked_at=turn.asked_at,
            until_at=turn.limit,
            **more,
        )


def _pause(profile: Profile) -> float:
    pause = getattr(getattr(profile, "answers", None), "pause", None)
    return pause if isinstance(pause, float) else PAUSE
