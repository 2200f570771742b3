"""The ground that a worker starts on: its tree made and set up, its temporary folder there; or its task blocked.

No rule is decided here, and no worker started. A folder that a person named is used as it is.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Final

from board import temporary, worktree
from board.errors import BoardError
from board.model import SETUP, Board
from supervisor.keeping import Keeping
from supervisor.launch import Site
from supervisor.setup import Setup, Work
from supervisor.tools import Tools

PATIENCE: Final = 1800.0  # seconds for trees that others make of the same repository, one after the other


class Readier:
    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self._making = asyncio.Lock()  # who waits for another's tree takes no thread from those who look

    async def ready(self, keeping: Keeping, board: Board, site: Site) -> bool:
        """May a worker start there? If not, its task is blocked, with what is missing."""
        if site.branch is None:
            return self._has_folder(keeping, site)
        self._make_temporary(keeping, site)
        # What was looked at a moment ago, and is as it was, needs no second look.
        return keeping.facts.drift is None or await self._has_tree(keeping, board, site, site.branch)

    def _has_folder(self, keeping: Keeping, site: Site) -> bool:
        if os.path.isdir(site.tree):
            return True
        said = keeping.task.record.get("worktree")
        block(self.tools, keeping, f"its folder: {said} is not there; make it, or change the task's `worktree`")
        return False

    def _make_temporary(self, keeping: Keeping, site: Site) -> None:
        try:
            temporary.make(temporary.place(site.board, keeping.task.id))
        except BoardError as error:
            self.tools.tell("look_failed", keeping.task.id, source="temporary folder", problem=str(error))

    async def _has_tree(self, keeping: Keeping, board: Board, site: Site, branch: str) -> bool:
        wanted, began = board.settings.worktrees, time.monotonic()
        folder = self.tools.engine.store.folder
        plan = worktree.Plan(folder, wanted.root, branch, wanted.base, wanted.copy, wanted.setup, wanted.link)
        try:
            async with self._making:
                tree = await asyncio.to_thread(worktree.ensure, plan, PATIENCE)
        except (BoardError, OSError) as error:
            block(self.tools, keeping, f"its worktree: {error}")
            return False
        if tree.created:
            self.tools.tell(
                "worktree_created",
                keeping.task.id,
                path=tree.path,
                branch=tree.branch,
                base=wanted.base,
                took_s=round(time.monotonic() - began, 3),
                warnings="; ".join(tree.warnings) or None,
            )
        return tree.is_ready or await self._set_up(Work(keeping, board, site, plan))

    async def _set_up(self, work: Work) -> bool:
        await self.tools.capture(work.keeping)  # the pane is about to be another program's
        failed = await Setup(self.tools).run(work)
        if failed is None:
            return True
        off = work.keeping.called_off
        if off is None:
            block(self.tools, work.keeping, SETUP, failed)
        elif off.is_final:
            block(self.tools, work.keeping, f"a person: stopped by {off.by}", failed)
        return False


def block(tools: Tools, keeping: Keeping, on: str, why: str | None = None) -> None:
    on = tools.redactor.text(on)  # git and commands speak in it, and the board may be shared
    tools.ledger.hold(keeping.task, on, "", why or on, keeping.death)
