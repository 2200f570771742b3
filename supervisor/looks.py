"""Facts that the law asks for and only the outside knows: `done_if`, drift, progress, the definition of done.

Each look is bounded in time, runs beside the loop, and gives `FAILED` where it could not tell.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from board import git, worktree
from board.done import Finding, Terms, check
from board.environs import environs
from board.errors import BoardError
from board.home import definition_of_done, head_of
from board.model import Board, Task
from board.program import environment, run_program
from supervisor.launch import Site
from supervisor.model import Answer, Unseen

DONE_IF_TIMEOUT = 60.0


async def done_if(task: Task, site: Site) -> Answer:
    """Exit 0 is yes, any other exit no; a time-out, a signal or a shell that can't run it is no answer."""
    command = task.step.done_if
    assert command is not None
    env = {**environment(os.environ), **environs(task, site.board, site.tree, is_own_tree=site.branch is not None)}
    try:
        ended = await asyncio.to_thread(run_program, ["sh", "-c", command], env, DONE_IF_TIMEOUT, cwd=site.tree)
    except OSError:
        return Unseen.FAILED
    if ended.status is None or ended.status < 0 or ended.status in (126, 127):
        return Unseen.FAILED
    return ended.status == 0


async def drift(task: Task, site: Site) -> str | Unseen | None:
    """Why the tree is no longer what the checkpoint was made in; None when it is."""
    commit = task.checkpoint.commit if task.checkpoint is not None else None
    if not os.path.isdir(site.tree):
        return "worktree gone"
    try:
        if site.branch is None and commit is None:
            return None
        return await asyncio.to_thread(_drift, site, commit)
    except (BoardError, OSError):
        return Unseen.FAILED


def _drift(site: Site, commit: str | None) -> str | None:
    """A folder that is no tree of its own is where the board or a person put it: anywhere in a tree."""
    top = site.tree if site.branch is not None else git.root(site.tree) or site.tree
    return worktree.drift(top, site.branch, commit)


def progress(task: Task, head: str | None) -> Answer:
    """Did anything advance since the last start: a checkpoint that moved, or a new commit in its tree, which is at
    `head` now?"""
    run = task.run
    if run is None or run.progressed:
        return True
    if run.head is None:
        return False
    return Unseen.FAILED if head is None else head != run.head


async def tree_head(site: Site) -> str | None:
    return await asyncio.to_thread(head_of, site.tree)


async def findings(board: Board, task: Task, site: Site) -> tuple[Finding, ...]:
    """What the definition of done was found to be; empty where there is none."""
    items = definition_of_done(board, task, site.tree)
    terms = Terms(base=board.settings.worktrees.base, ignore=(site.board, site.side))
    return await asyncio.to_thread(check, items, site.tree, terms) if items else ()


def evidence(findings: tuple[Finding, ...], commit: str | None) -> Mapping[str, Any]:
    return {"commit": commit, "checks": [finding.item for finding in findings] or None}
