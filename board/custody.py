"""The trees of a board's tasks and what may be done with each: the rule over what `losses` finds and the board says.

`board.removing` and `board.parking` do it; nothing is asked of a supervisor but what its status says.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

from board import git, git_making, git_trees, home, losses, occupancy, parking, removing, worktree
from board.errors import NotFound, RefusedError
from board.losses import Findings, Loss
from board.model import HELD, Board, Task
from board.removing import Ended, Intent

PATIENCE: Final = 30.0
_HALF_MADE: Final = "initializing"
_LIVING: Final = ("running", "stalled", "looping", "stopping")


@dataclass(frozen=True)
class Yard:
    """A board's repository: its main tree, the `.git` of all of them, the folder of the tasks' trees.

    `seen` is what the supervisor's status says of each task."""

    board: Board
    top: str
    common: str
    folder: str
    seen: Mapping[str, Any]

    @cached_property
    def bases(self) -> tuple[str, ...]:
        """The references that count as merged into."""
        return losses.bases(self.top, self.board.settings.worktrees.base)

    def path(self, task: str) -> str:
        return worktree.place(self.top, self.board.settings.worktrees.root, task)

    def terms(self, task: str) -> losses.Terms:
        return losses.Terms(self.top, task, self.bases, self.board.settings.worktrees.copy)


class Subject(NamedTuple):
    """A tree by the name of its task, which may be gone from the board; `known` is None where git has no such tree."""

    name: str
    task: Task | None
    path: str
    known: git.Worktree | None

    @property
    def is_there(self) -> bool:
        return os.path.isdir(self.path)


class Removed(NamedTuple):
    ended: Ended
    parked: parking.Parked | None
    findings: Findings | None


def yard(board: Board, folder: str, seen: Mapping[str, Any]) -> Yard:
    """Raises RefusedError outside of a repository."""
    if not home.is_in_repository(folder):
        raise RefusedError(f"{folder} is in no git repository, so no task has a tree", "`git init` there makes one")
    top = worktree.main_top(folder)
    around = os.path.dirname(worktree.place(top, board.settings.worktrees.root, "x"))
    return Yard(board, top, git.common_dir(top), around, seen)


def subject(yard: Yard, name: str) -> Subject:
    """Raises NotFound where neither a task nor a tree has the name, RefusedError where the tree isn't ours."""
    task, path = yard.board.find(name), yard.path(name)
    if task is not None and not has_own(yard, task):
        why = f"{name} works in a folder of its own choice, or in the board's: that is nobody's to park or remove here"
        raise RefusedError(why, "its record says so with `worktree`, or the settings with `worktrees`", "not_ours")
    known = _known(yard, path)
    if task is None and known is None and not parking.newest(yard.top, name):
        raise NotFound(f'no task or tree "{name}"', "`board worktree list` shows them")
    return Subject(name, task, path, known)


def has_own(yard: Yard, task: Task) -> bool:
    """Is the task's tree one that we make? One that was made before the board said otherwise still is."""
    if task.record.get("worktree") not in (None, True):
        return False
    return yard.board.settings.worktrees.enabled or _known(yard, yard.path(task.id)) is not None


def _known(yard: Yard, path: str) -> git.Worktree | None:
    real = os.path.realpath(path)
    return next((tree for tree in git.worktrees(yard.top) if os.path.realpath(tree.path) == real), None)


# --- what stands in the way


def obstacles(yard: Yard, it: Subject) -> list[Loss]:
    """Why nobody may remove it, whatever is parked: somebody is in it, or needs it, or has locked it."""
    found = []
    if (worker := worker_of(yard, it)) is not None:
        found.append(worker)
    elif it.task is not None and it.task.status in HELD:
        holder = it.task.claim.by if it.task.claim is not None else "nobody"
        found.append(Loss("held", f"{it.name} is {it.task.status}, held by {holder}", f"`board release {it.name}`"))
    if who := occupancy.words(it.path):
        found.append(Loss("in_use", who, "end it, or let it leave the folder"))
    if it.known is not None and it.known.locked not in (None, _HALF_MADE):
        why = f" ({it.known.locked})" if it.known.locked else ""
        found.append(Loss("locked", f"it is locked{why}", f"`git worktree unlock {it.path}`"))
    return found


def worker_of(yard: Yard, it: Subject) -> Loss | None:
    """The supervisor's worker on the task, as far as its status says."""
    worker = yard.seen.get(it.name) or {}
    if worker.get("state") not in _LIVING:
        return None
    return Loss("in_use", f"its worker is {worker['state']} (pid {worker.get('pid')})", f"`supervisor stop {it.name}`")


def park(yard: Yard, it: Subject, *, with_ignored: bool) -> tuple[parking.Parked | None, tuple[str, ...]]:
    """What was parked, and the ignored files that weren't although the main tree hasn't the like."""
    need_tree(it)
    if busy := losses.busy_submodules(it.path):
        why = f"{busy[0]} in {it.path} has changes of its own: only its own repository can keep them"
        raise RefusedError(why, f"commit and push inside of {busy[0]}", "nested")
    copies = losses.changed_copies(it.path, yard.top, yard.board.settings.worktrees.copy)
    return parking.park(it.path, it.name, copies if with_ignored else ()), () if with_ignored else copies


def need_tree(it: Subject) -> None:
    if it.known is None or not it.is_there:
        raise NotFound(f"{it.name} has no tree", f"`board worktree open {it.name} --create` makes it")


def revive_branch(yard: Yard, it: Subject) -> None:
    tip, branch = parking.newest(yard.top, it.name), f"refs/heads/{it.name}"
    if tip is not None and git.resolve(yard.top, branch) is None:
        git_trees.move_ref(yard.top, branch, parking.state(yard.top, tip).head, None)


# --- removing


def remove(yard: Yard, it: Subject, *, force: bool = False, drops_branch: bool = False) -> Removed:
    """The tree gone by git; with `force`, what only it had is parked first. The caller holds the trees' lock.

    Raises RefusedError for whatever would be lost, NotFound where there is none.
    """
    if it.known is None:
        raise NotFound(f"{it.name} has no tree", _remedy_of_none(it))
    if stands := obstacles(yard, it):
        raise refused(it, stands)
    if it.known.locked == _HALF_MADE:
        git.run(yard.top, "worktree", "unlock", it.path)
    if _is_half_made(yard, it):
        return Removed(_remove_half_made(yard, it), None, None)
    if not it.is_there:
        return Removed(removing.remove(yard.top, _intent(it, None, drops_branch=False)), None, None)
    found = losses.look(it.path, yard.terms(it.name))
    if stays := [loss for loss in found.losses if not (force and loss.may_force)]:
        raise refused(it, stays)
    parked = parking.park(it.path, it.name, found.copies) if found.losses else None
    if found.losses and it.known.head is not None:
        parking.keep(yard.top, it.name, git_trees.unreferenced(yard.top, (it.known.head,)))
    drops = drops_branch and may_drop(yard, it)
    return Removed(removing.remove(yard.top, _intent(it, _with_copies(it, found), drops_branch=drops)), parked, found)


def _with_copies(it: Subject, found: Findings) -> Findings:
    """What was parked is what may go."""
    if not found.copies:
        return found
    from board import snapshot

    return found._replace(taken=snapshot.take(it.path, found.copies))


def may_drop(yard: Yard, it: Subject) -> bool:
    """Is the tree's branch the task's own, and its work somewhere else already?"""
    branch, head = (it.known.branch, it.known.head) if it.known is not None else (None, None)
    if branch is None or head is None or f"refs/heads/{branch}" in yard.bases:
        return False
    return losses.is_merged(yard.top, head, yard.bases)


def refused(it: Subject, found: list[Loss]) -> RefusedError:
    words = "; ".join(loss.detail for loss in found)
    can = f", or `board worktree remove {it.name} --force` parks it first" if all(x.may_force for x in found) else ""
    return RefusedError(f"{it.path} stays: {words}", f"{found[0].remedy}{can}", found[0].kind)


def _remedy_of_none(it: Subject) -> str:
    return "what is parked of it stays" if it.task is None else f"`board worktree open {it.name} --create` makes one"


def _intent(it: Subject, found: Findings | None, *, drops_branch: bool) -> Intent:
    assert it.known is not None
    taken = found.taken if found is not None else None
    whole, staged = (taken.whole, taken.staged) if taken is not None else (None, None)
    return Intent(it.name, it.path, it.known.branch, it.known.head, whole, staged, drops_branch)


def _is_half_made(yard: Yard, it: Subject) -> bool:
    """Did whoever made it die while git filled it (its index comes last)? Nobody was given it yet."""
    admin = git_trees.admin_of(yard.common, it.path)
    return it.known is not None and it.known.locked == _HALF_MADE and not os.path.exists(f"{admin}{os.sep}index")


def _remove_half_made(yard: Yard, it: Subject) -> Ended:
    git.run(yard.top, "worktree", "remove", "--force", it.path, timeout=git_making.TIMEOUT)
    return Ended(_intent(it, None, drops_branch=False), is_removed=True)
