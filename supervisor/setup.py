"""A tree's setup commands, one after the other in the task's pane, where people see them and their output is kept.

It runs before any worker and under nobody's grant; it makes no tree and changes no record. Whoever finds a command of a
supervisor that is gone (the law: no current token) ends it: setup is begun anew, from its first command.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final, NamedTuple

from board import worktree
from board.environs import environs
from board.instants import format_span
from board.model import Board
from supervisor.control import TmuxError
from supervisor.hands import Hands
from supervisor.keeping import Keeping
from supervisor.launch import Site, search_path
from supervisor.model import SETUP, Alive, Attempt, Decision, Exit
from supervisor.panes import ATTEMPT_OPTION
from supervisor.processes import ATTEMPT, identify, is_alive
from supervisor.sight import Known
from supervisor.tools import Tools

LOOK_AGAIN: Final = 0.05  # seconds


class Work(NamedTuple):
    """Whose tree is readied, where, and by which plan."""

    keeping: Keeping
    board: Board
    site: Site
    plan: worktree.Plan


class Setup:
    def __init__(self, tools: Tools) -> None:
        self.tools = tools

    async def run(self, work: Work) -> str | None:
        """None: all of it succeeded, and the tree is ready. Else what failed, in words. Raises TmuxError, OSError."""
        keeping = work.keeping
        before = keeping.known, keeping.verdict, keeping.decision
        try:
            for command in work.plan.setup:
                failed = await self._one(work, command)
                if failed is not None:
                    return failed
        finally:
            keeping.known, keeping.verdict, keeping.decision = before
        await asyncio.to_thread(worktree.note_ready, work.plan)
        return None

    async def _one(self, work: Work, command: str) -> str | None:
        keeping = work.keeping
        words = f"setup `{command}`"
        began = time.monotonic()
        known = keeping.known = await self._start(work, command)
        keeping.verdict = Alive(known.process.pid if known.process else None, known.pane)
        keeping.decision = Decision(keeping.decision.rule, keeping.decision.action, f"{words} runs")
        self.tools.wake()  # who asks for the status sees that, and where
        told = {"command": command, "pid": known.process.pid if known.process else None, "pane": known.pane}
        self.tools.tell("setup_started", keeping.task.id, **told)
        ended = await self._ending(work, known)
        self.tools.recorder.finish(known.attempt, ended.words())
        self.tools.tell(
            "setup_ended" if ended.is_success else "setup_failed",
            keeping.task.id,
            **told,
            cause=None if ended.is_success else ended.words(),
            exit_status=ended.status,
            signal=ended.signal,
            took_s=round(time.monotonic() - began, 3),
        )
        return None if ended.is_success else f"{words} ended with {ended.words()}"

    async def _start(self, work: Work, command: str) -> Known:
        task, site, server = work.keeping.task, work.site, self.tools.server
        assert server is not None
        number = await asyncio.to_thread(worktree.note_try, work.plan)
        pane = await server.open_window(self.tools.session, task.id, site.tree)
        known = Known(Attempt(self.tools.session, task.id, SETUP, number + 1), pane=pane.id, window=pane.window_id)
        own = {ATTEMPT: known.attempt.mark, "PATH": search_path()}
        env = {**environs(task, site.board, site.tree, is_own_tree=True), **own}
        into = self.tools.recorder.begin(self.tools.source(work.board, known, env, site.tree))
        mark = {ATTEMPT_OPTION: known.attempt.mark}
        try:
            pid = await server.respawn(pane.id, ("sh", "-c", command), env, site.tree, mark, into)
        except TmuxError as error:
            self.tools.recorder.finish(known.attempt, f"not started: {error}")
            raise
        known.process = identify(pid)
        return known

    async def _ending(self, work: Work, known: Known) -> Exit:
        """How it ended, by itself or by us: after its time, or because somebody called it off."""
        limit = work.board.settings.worktrees.setup_timeout
        until = asyncio.get_running_loop().time() + limit
        while known.process is not None and is_alive(known.process) is not False:
            if work.keeping.called_off is not None:
                return await self._ended_by_us(work, known, f"stopped by {work.keeping.called_off.by}")
            if asyncio.get_running_loop().time() > until:
                return await self._ended_by_us(work, known, f"no end within {format_span(limit)}")
            await asyncio.sleep(LOOK_AGAIN)
        assert self.tools.server is not None
        assert known.pane is not None
        seen = await self.tools.server.exit_of(known.pane)
        return Exit(seen.status, seen.signal)

    async def _ended_by_us(self, work: Work, known: Known, cause: str) -> Exit:
        left = await Hands(self.tools).end_tree(known)
        if left != 0:
            self.tools.tell(
                "look_failed", work.keeping.task.id, source="process tree", problem="processes of the setup still live"
            )
        return Exit(cause=cause)
