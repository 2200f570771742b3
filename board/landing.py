"""Bringing a task's branch home: one plain merge by git, where the target is checked out or in a tree of its own.

It asks no definition of done and writes no record. Nothing of anybody's is overwritten: a tree that isn't clean, or in
which git waits for somebody, is left as it is, and conflicts stay where a person can see and settle them.
"""

from __future__ import annotations

import os
from shlex import quote
from typing import Final, NamedTuple

from board import git, git_refs, treelock
from board.done import counted
from board.git import Change, GitError

PATIENCE: Final = 60.0  # seconds for another merge to end
TIMEOUT: Final = 1800.0  # a merge of a large tree, with its hooks
SPARE: Final = ".merging"  # no task's name: our own tree for targets that nobody has checked out
_NAMED: Final = 5

_CODES: Final = {
    "DD": "deleted by both",
    "AU": "added in the target",
    "UD": "deleted by the task",
    "UA": "added by the task",
    "DU": "deleted in the target",
    "AA": "added by both",
    "UU": "changed by both",
}


class Order(NamedTuple):
    """`tip` is the very commit to merge; `root` is the folder for trees of ours; `ignore` are paths, absolute, whose
    changes don't make a tree dirty."""

    top: str
    branch: str
    tip: str
    into: str
    message: str
    root: str
    ignore: tuple[str, ...] = ()


class Landed(NamedTuple):
    """`commit` is what `into` stands at, `was` what it stood at before; `how` is None where it had the work already."""

    commit: str
    was: str
    how: str | None
    commits: int


class Conflict(NamedTuple):
    path: str
    how: str


class Conflicted(NamedTuple):
    """`tree` is where the merge was left open, None where nothing was left."""

    files: tuple[Conflict, ...]
    tree: str | None


class Unfit(NamedTuple):
    """Nothing was merged and nothing changed."""

    reason: str
    message: str
    remedy: str


Outcome = Landed | Conflicted | Unfit


def land(order: Order, patience: float = PATIENCE) -> Outcome:
    """Waits for another one who makes, removes or merges trees of this repository. Raises BoardError when git can't
    be asked, or the wait is over."""
    with treelock.held(order.top, patience):
        was = git.resolve(order.top, f"refs/heads/{order.into}")
        if was is None:
            remedy = f"git -C {order.top} branch {order.into} origin/{order.into}, or name another one with --into"
            return Unfit("no_branch", f"there is no branch {order.into} here to merge into", remedy)
        if git.is_ancestor(order.top, order.tip, was):
            return Landed(was, was, None, 0)
        tree = git_refs.holder_of(order.top, order.into)
        if tree is not None:
            return _hindered(order, tree) or _merge(order, was, tree, is_theirs=True)
        borrowed = git_refs.borrower_of(order.top, order.into)
        return _under_way(*borrowed) if borrowed is not None else _land_beside(order, was)


# --- where it is checked out


def _hindered(order: Order, tree: str) -> Unfit | None:
    busy = git_refs.under_way(tree)
    if busy is not None:
        return _under_way(tree, busy)
    top = os.path.realpath(tree)
    ours = [os.path.relpath(each, top) for path in order.ignore for each in (path, os.path.realpath(path))]
    left = counted(git_refs.seen(tree).changes, ours)
    if left:
        names = ", ".join(f"{each.code.strip()} {each.path}" for each in left[:_NAMED])
        more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
        return Unfit("dirty", f"{tree} is not clean: {names}{more}", "commit, stash or ignore them, then merge again")
    return None


def _under_way(tree: str, what: str) -> Unfit:
    end = "reset" if what == "bisect" else "--abort"
    remedy = f"finish it, or give it up: git -C {quote(tree)} {what} {end}"
    return Unfit("under_way", f"a {what} is under way in {tree}", remedy)


def _merge(order: Order, was: str, tree: str, *, is_theirs: bool) -> Outcome:
    """git's own merge in a clean tree that stands at `was`."""
    forward = bool(git.is_ancestor(order.top, was, order.tip))
    how = ("--ff-only",) if forward else ("--no-ff", "--commit", "--no-edit", "-m", order.message)
    try:
        git.run(tree, "merge", "--no-squash", "--no-autostash", *how, order.tip, timeout=TIMEOUT)
    except GitError as error:
        return _stopped(tree, error, is_theirs=is_theirs)
    return _landed(order, was, git.head(tree) or order.tip, is_forward=forward)


def _landed(order: Order, was: str, commit: str, *, is_forward: bool) -> Landed:
    commits = git_refs.count(order.top, (order.tip,), (was,))
    return Landed(commit, was, "fast-forward" if is_forward else "merge commit", commits)


def _stopped(tree: str, error: GitError, *, is_theirs: bool) -> Outcome:
    """A merge that git didn't end: conflicts are a person's; anything else is taken back, for the tree was clean."""
    unmerged = git_refs.seen(tree).unmerged
    if unmerged:
        return Conflicted(tuple(map(_conflict, unmerged)), tree if is_theirs else None)
    if git_refs.under_way(tree) == "merge":
        git.run(tree, "merge", "--abort", timeout=TIMEOUT)
    said = " ".join(line.strip() for line in error.stderr.splitlines() if line.strip()) or error.message
    return Unfit("refused_by_git", f"git did not merge: {said}", f"see `git -C {tree} status`, then merge again")


def _conflict(change: Change) -> Conflict:
    return Conflict(change.path, _CODES.get(change.code, change.code))


# --- where nobody has it checked out


def _land_beside(order: Order, was: str) -> Outcome:
    """The branch moves only if it is still where it was, and nobody checked it out meanwhile."""
    if git.is_ancestor(order.top, was, order.tip):
        return _moved(order, was, _landed(order, was, order.tip, is_forward=True))
    spare = os.path.join(order.root, SPARE)
    _clear(order.top, spare)
    git.run(order.top, "worktree", "add", "--detach", spare, was, timeout=TIMEOUT)
    try:
        done = _merge(order, was, spare, is_theirs=False)
        return _moved(order, was, done) if isinstance(done, Landed) else done
    finally:
        _clear(order.top, spare)


def _moved(order: Order, was: str, landed: Landed) -> Outcome:
    if git_refs.holder_of(order.top, order.into) is None:
        ref = f"refs/heads/{order.into}"
        try:
            git.run(order.top, "update-ref", "-m", f"merge {order.branch}", ref, landed.commit, was)
        except GitError:
            if git.resolve(order.top, ref) == was:
                raise
        else:
            return landed
    return Unfit("moved", f"{order.into} was moved or checked out meanwhile", "merge again")


def _clear(top: str, spare: str) -> None:
    """Ours alone, and never left open: what stands in it is a merge that died, or a removal that did."""
    if not any(os.path.realpath(each.path) == os.path.realpath(spare) for each in git.worktrees(top)):
        return
    if os.path.isdir(spare) and not os.path.lexists(os.path.join(spare, ".git")):
        import shutil

        shutil.rmtree(spare)  # git began to remove it, and knows it no longer for a tree
    if os.path.isdir(spare):
        git.run(top, "worktree", "remove", "--force", "--force", spare, timeout=TIMEOUT)
    else:
        git.run(top, "worktree", "prune")
