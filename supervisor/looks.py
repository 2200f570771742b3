"""Facts that the law asks for and only the outside knows: `done_if`, drift, progress, the definition of done.

Each look is bounded in time, runs beside the loop, and gives `FAILED` where it could not tell.
"""

from __future__ import annotations

import asyncio
import os
from threading import Event

from board import git, git_commits, worktree
from board.environs import environs
from board.errors import BoardError
from board.home import head_of
from board.model import Board, Task
from board.program import environment, run_program
from board.proof import Proof, Quest, Scene, moved, prove, quest
from supervisor.launch import Site
from supervisor.model import Answer, Unseen

DONE_IF_TIMEOUT = 60.0
TIMES = 3  # so often the definition of done is asked of a tree that moves meanwhile


async def done_if(task: Task, site: Site) -> Answer:
    """Exit 0 is yes, any other exit no; a time-out, a signal or a shell that can't run it is no answer.

    No as well where the tree has yet to be made, for whoever starts the step: it is asked there again.
    """
    command = task.step.done_if
    assert command is not None
    if lacks_tree(task, site):
        return False
    env = {**environment(os.environ), **environs(task, site.board, site.tree, is_own_tree=site.branch is not None)}
    try:
        ended = await asyncio.to_thread(run_program, ["sh", "-c", command], env, DONE_IF_TIMEOUT, cwd=site.tree)
    except OSError:
        return Unseen.FAILED
    if ended.status is None or ended.status < 0 or ended.status in (126, 127):
        return Unseen.FAILED
    return ended.status == 0


def lacks_tree(task: Task, site: Site) -> bool:
    """Is its own tree one that has yet to be made? One that is gone is another matter."""
    return site.branch is not None and not task.started and not os.path.isdir(site.tree)


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


async def progress(task: Task, site: Site, tip: str | None) -> Answer:
    """Did anything advance since the last start: a checkpoint that moved, or a commit that the work, which is at `tip`
    now, did not have then? A branch that only went back brought nothing."""
    run = task.run
    if run is None or run.progressed:
        return True
    if run.head is None or tip == run.head:
        return False
    if tip is None:
        return Unseen.FAILED
    try:
        found = await asyncio.to_thread(git_commits.has_new, site.tree, tip, run.head)
    except (BoardError, OSError):
        return Unseen.FAILED
    return Unseen.FAILED if found is None else found


async def tip_of(site: Site) -> str | None:
    """The commit at which the task's work stands: of its own branch, whatever else its tree has checked out, or HEAD
    where it has none. None outside of a repository, or when git can't tell."""
    return await asyncio.to_thread(_tip, site)


def _tip(site: Site) -> str | None:
    if site.branch is None:
        return head_of(site.tree)
    try:
        return git_commits.tip(site.tree, site.branch) if os.path.isdir(site.tree) else None
    except (BoardError, OSError):
        return None


async def proof(board: Board, task: Task, site: Site) -> Proof:
    """What the definition of done was found to be; the last finding is a tree that moved each time it was asked. When
    we are cancelled the command that runs is ended: nobody could wait for its time-out."""
    scene, over = Scene(site.tree, site.board, (site.board, site.side), is_own_tree=site.branch is not None), Event()
    try:
        return await asyncio.to_thread(_steady, quest(board, task, scene, over.is_set))
    finally:
        over.set()


def _steady(asked: Quest) -> Proof:
    for _ in range(TIMES):
        found = prove(asked)
        other = None if found.failed else moved(asked, found)
        if other is None:
            break
        found = found._replace(findings=(*found.findings, other))
    return found
