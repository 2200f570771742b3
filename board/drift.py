"""Where the board and the tasks' trees don't agree: from what was seen of them to findings. Pure.

It looks at nothing itself (`board.trees` does). What could not be told is no drift: a rule that misses a fact it needs
says nothing. Work in the board's own folder is shared, so nothing there is any one task's drift.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from shlex import quote
from typing import Final, NamedTuple

from board.claims import is_expired
from board.instants import format_span
from board.model import HELD, Board, Status, Task


class Kind(StrEnum):
    DIRTY = "dirty"  # done or at review, and its tree has changes that nobody committed
    MOVED = "moved"  # its branch isn't at the commit that was found done
    UNMERGED = "unmerged"  # done, and its commits are in no base and on no remote
    GONE = "gone"  # its tree is gone although it is worked on, or nothing reaches its work any more
    ELSEWHERE = "elsewhere"  # another branch than its own is checked out in its tree
    ABANDONED = "abandoned"  # held, and nobody works there: the lease is over, no worker lives, nothing changes
    STRAY = "stray"  # a tree of ours without a task


class Tree(NamedTuple):
    """What git says of a task's own tree and of the branch that has its name.

    `path` is where the tree is, or would be; `is_there` says which. `checked_out` is None when HEAD is detached. `tip`
    is the branch's commit, None without a branch. `ahead` counts its commits that are in no base, `unkept` those that
    are on no remote either, `since` those after the commit that was found done (-1: that one isn't in it), each None
    where it could not be told. `lost` is a commit of the task that nothing reaches.
    """

    path: str
    is_there: bool = False
    checked_out: str | None = None
    tip: str | None = None
    dirty: int | None = None
    under_way: str | None = None
    ahead: int | None = None
    behind: int | None = None
    unkept: int | None = None
    since: int | None = None
    lost: str | None = None
    touched_at: float | None = None


class Doubt(NamedTuple):
    """The look at a task's tree failed: nothing is known of it."""

    why: str


class Stray(NamedTuple):
    name: str
    path: str
    branch: str | None


class Survey(NamedTuple):
    """`trees` holds the tasks that have a tree of their own to work in; `top` is the main worktree."""

    top: str | None = None
    trees: Mapping[str, Tree | Doubt] = {}
    strays: tuple[Stray, ...] = ()
    doubt: str | None = None


class Finding(NamedTuple):
    """`task` is the tree's name for a stray. `remedy` is a command to copy."""

    task: str
    kind: Kind
    detail: str
    remedy: str


_IN_WORDS: Final = {Status.REVIEW: "at review", Status.IN_PROGRESS: "in progress"}
JUDGED: Final = frozenset({Status.DONE, Status.REVIEW, *HELD})


def judged(board: Board) -> Iterator[Task]:
    """The tasks that can drift, in the board's order."""
    for place in range(len(board.tasks)):
        if board.tasks.brief(place).status in JUDGED:
            yield board.tasks[place]


class Watch(NamedTuple):
    """Who works, and when it is. `lives` says whether a task's worker does: None is «could not tell», who isn't in it
    has none. A task without a sign of work for `quiet` seconds is still."""

    lives: Mapping[str, bool | None]
    now: float
    quiet: float


def find(board: Board, survey: Survey, lives: Mapping[str, bool | None], now: float) -> list[Finding]:
    """In the board's order, strays last."""
    found: list[Finding] = []
    watch = Watch(lives, now, board.settings.lease)
    for task in judged(board):
        tree = survey.trees.get(task.id)
        if isinstance(tree, Doubt) or survey.doubt is not None:
            continue
        found += _of_held(task, tree, watch) if task.status in HELD else ()
        found += _of_finished(task, tree) if tree is not None and task.status not in HELD else ()
        found += _lost(task, tree, survey.top or tree.path) if tree is not None else ()
    return found + [_stray(each) for each in survey.strays]


# --- done, or at review


def _of_finished(task: Task, tree: Tree) -> Iterator[Finding]:
    if tree.dirty:
        names = f"{_count(tree.dirty, 'change')} in {tree.path} that nobody committed"
        yield Finding(
            task.id, Kind.DIRTY, f"it is {_standing(task)}, with {names}", f"git -C {quote(tree.path)} status"
        )
    yield from _elsewhere(task, tree)
    if task.status is Status.DONE:
        yield from _moved(task, tree)
        yield from _unmerged(task, tree)


def _moved(task: Task, tree: Tree) -> Iterator[Finding]:
    """What reached the base has been looked at by somebody: it is no drift that it came later."""
    if not tree.since or tree.ahead == 0:
        return
    was = (recorded_commit(task) or "")[:7]
    how = f"{_count(tree.since, 'commit')} since {was}" if tree.since > 0 else f"{was} isn't in it any more"
    yield Finding(task.id, Kind.MOVED, f"its branch moved after it was done: {how}", f"board merge {task.id}")


def _unmerged(task: Task, tree: Tree) -> Iterator[Finding]:
    if tree.unkept:
        detail = f"it is done, and {_count(tree.unkept, 'commit')} of it {_are(tree.unkept)} neither merged nor pushed"
        yield Finding(task.id, Kind.UNMERGED, detail, f"board merge {task.id}")


def recorded_commit(task: Task) -> str | None:
    """The commit that the task was found done at."""
    record = task.record.get(str(task.status))
    commit = record.get("commit") if isinstance(record, Mapping) else None
    return None if commit is None else str(commit)


# --- held


def _of_held(task: Task, tree: Tree | None, watch: Watch) -> Iterator[Finding]:
    is_idle = watch.lives.get(task.id, False) is False
    if tree is not None:
        yield from _gone(task, tree)
    if tree is not None and is_idle:
        yield from _elsewhere(task, tree)
    if is_idle and is_deserted(task, tree, watch):
        held = task.claim
        lease = "nobody holds it" if held is None else f"{held.by}'s lease is over"
        last = last_sign(task, tree)
        since = f", the last sign is {format_span(watch.now - last)} old" if last is not None else ""
        detail = f"it is {_standing(task)}, and nobody works there: {lease}, no worker lives{since}"
        yield Finding(task.id, Kind.ABANDONED, detail, f"board release {task.id}")


def _gone(task: Task, tree: Tree) -> Iterator[Finding]:
    """A person's claim makes no tree: only one that was there can be gone, and its branch is left of it."""
    if not tree.is_there and tree.tip is not None and (task.started or task.checkpoint is not None):
        remedy = f"git worktree add {quote(tree.path)} {task.id}"
        yield Finding(task.id, Kind.GONE, f"it is {_standing(task)}, and its tree {tree.path} is gone", remedy)


def is_deserted(task: Task, tree: Tree | None, watch: Watch) -> bool:
    """Is the lease over, and was there no sign of anybody for as long as a lease lasts?"""
    if task.claim is not None and not is_expired(task.claim, watch.now):
        return False
    last = last_sign(task, tree)
    return last is None or watch.now - last >= watch.quiet


def last_sign(task: Task, tree: Tree | None) -> float | None:
    signs = (
        task.claim.at if task.claim is not None else None,
        task.checkpoint.at if task.checkpoint is not None else None,
        task.run.started_at if task.run is not None else None,
        tree.touched_at if tree is not None else None,
    )
    return max((at for at in signs if at is not None), default=None)


# --- any of them


def _lost(task: Task, tree: Tree, top: str) -> Iterator[Finding]:
    if tree.lost is not None:
        detail = f"nothing reaches its commit {tree.lost[:7]} any more: git will delete it"
        yield Finding(task.id, Kind.GONE, detail, f"git -C {quote(top)} branch {task.id} {tree.lost[:12]}")


def _elsewhere(task: Task, tree: Tree) -> Iterator[Finding]:
    """In the middle of a rebase HEAD is detached: that is no other branch."""
    if not tree.is_there or tree.under_way is not None or tree.checked_out == task.id:
        return
    where = f"branch {tree.checked_out}" if tree.checked_out is not None else "no branch"
    remedy = f"git -C {quote(tree.path)} switch {task.id}"
    yield Finding(task.id, Kind.ELSEWHERE, f"its tree is on {where}, not on {task.id}", remedy)


def _stray(stray: Stray) -> Finding:
    branch = f"on branch {stray.branch}" if stray.branch is not None else "on no branch"
    detail = f"{stray.path} is a tree of ours {branch}, and no task has its name"
    return Finding(stray.name, Kind.STRAY, detail, "board worktree list")


def _standing(task: Task) -> str:
    return _IN_WORDS.get(task.status, str(task.status))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
