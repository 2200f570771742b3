"""Checkpoints that nobody says: with `checkpoint: auto` each commit in a living worker's own tree becomes one.

Theory of operation. Git writes each move of a tree's HEAD down in a log of that tree. Its folder is watched, which only
wakes the loop; in each cycle the logs are looked at, and where one has grown git is asked what HEAD is now. So several
commits between two looks are one checkpoint, and a lost event costs no more than a sweep. A tree that several tasks
share tells nothing of whose a commit is: it is left alone, and so is a commit on another branch than the task's.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from board import git, git_commits
from board.errors import RefusedError
from board.home import head_log
from board.model import HELD, Board, Task
from supervisor.keeping import Keeping
from supervisor.launch import Site
from supervisor.leftover import shortened
from supervisor.model import Alive
from supervisor.overview import Overview
from supervisor.tools import Tools
from supervisor.watching import changes

WITHOUT_A_LOG = 10.0  # seconds between two questions to git where it keeps no log

Operate = Callable[[Keeping, str, Coroutine[Any, Any, None]], None]


class _Commit(NamedTuple):
    id: str
    subject: str


class Commits:
    """`operate` starts a task's one operation."""

    def __init__(self, eyes: Overview, tools: Tools, operate: Operate) -> None:
        self._eyes = eyes
        self._tools = tools
        self._operate = operate
        self._seen: dict[str, object] = {}
        self._folders: frozenset[str] = frozenset()
        self._changed = asyncio.Event()

    async def keep(self, wake: Callable[[], None]) -> None:
        """Wakes the loop for each commit, until it is cancelled. Without a watcher, the sweep will do."""
        while True:
            self._changed.clear()
            try:
                if self._folders:
                    async for _ in changes(self._folders, self._changed, of_git=True):
                        wake()
            except (OSError, RuntimeError) as error:
                self._tools.tell("look_failed", None, source="watchfiles", problem=str(error))
            await self._changed.wait()

    def look(self, board: Board) -> None:
        """For each cycle: asks about every tree whose HEAD has moved since the last look."""
        is_wanted = board.settings.checkpoint == "auto"
        followed = [kept for kept in self._eyes.kept.values() if is_wanted and self._is_followed(kept)]
        sites = {kept.mark: self._tools.site(board, kept.task) for kept in followed}
        logs = {mark: head_log(site.tree) for mark, site in sites.items() if site.branch is not None}
        self._follow(frozenset(os.path.dirname(log) for log in logs.values() if log is not None))
        self._seen = {mark: stamp for mark, stamp in self._seen.items() if mark in logs}
        for kept in followed:
            if kept.mark not in logs or kept.operation is not None or not kept.is_fresh:
                continue
            stamp = self._stamp(logs[kept.mark])
            if stamp != self._seen.get(kept.mark, self):
                self._seen[kept.mark] = stamp
                self._operate(kept, "looking", self._note(kept.task, sites[kept.mark]))

    def _is_followed(self, kept: Keeping) -> bool:
        """A living worker of the task's present claim, which is ours."""
        claim, known = kept.task.claim, kept.known
        if claim is None or known is None or not isinstance(kept.verdict, Alive):
            return False
        return self._eyes.is_ours(kept.task) and kept.task.status in HELD and known.attempt.token == claim.token

    def _follow(self, folders: frozenset[str]) -> None:
        there = frozenset(folder for folder in folders if os.path.isdir(folder))
        if there != self._folders:
            self._folders = there
            self._changed.set()

    def _stamp(self, log: str | None) -> object:
        try:
            status = os.stat(log or "")
        except OSError:
            return int(self._tools.engine.clock() / WITHOUT_A_LOG)
        return (status.st_mtime_ns, status.st_size, status.st_ino)

    async def _note(self, task: Task, site: Site) -> None:
        found = await asyncio.to_thread(_new_commit, task, site)
        if found is None:
            return
        note = f"auto: {shortened(found.subject, self._tools.redactor.text)}"  # the board may be shared
        try:
            self._tools.ledger.checkpoint(task, found.id, note)
        except RefusedError:  # the worker said it itself, or is a worker no more
            return


def _new_commit(task: Task, site: Site) -> _Commit | None:
    """HEAD, where that is the task's branch and holds what neither checkpoint nor start knew. Raises GitError."""
    stands = git.standing(site.tree)
    if stands is None or stands.branch != site.branch or stands.commit is None:
        return None
    point, run = task.checkpoint, task.run
    since = point.commit if point is not None and point.commit else run.head if run is not None else None
    if since is not None and git_commits.has_new(site.tree, stands.commit, since) is False:
        return None
    return _Commit(stands.commit, git_commits.subject(site.tree, stands.commit) or "")
