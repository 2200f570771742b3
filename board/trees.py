"""What git says of every task's tree and branch, asked side by side and bounded in time: facts, for who judges them.

It judges nothing and changes nothing. A look that failed is a `Doubt`, and one that must not wait is left as one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, NamedTuple

from board import git, git_refs, worktree
from board.done import counted
from board.drift import Doubt, Stray, Survey, Tree, recorded_commit
from board.errors import BoardError
from board.home import home_of, is_in_repository
from board.model import Board, Status, Task

PATIENCE: Final = 30.0  # seconds for all trees together
_AT_ONCE: Final = 8
_TOUCHED: Final = 500  # so many changed files are looked at for when they changed


class Repository(NamedTuple):
    """What all trees share: the main worktree, the branches with their commits, the trees (by their real paths, the
    main one first, those without a folder left out), and the bases."""

    top: str
    root: str
    branches: Mapping[str, str]
    worktrees: Mapping[str, git.Worktree]
    bases: Mapping[str, str]
    is_shallow: bool


class Look(NamedTuple):
    """How to look: `at_once` trees side by side, within `patience` seconds, `pause` between two that follow."""

    at_once: int = _AT_ONCE
    patience: float = PATIENCE
    pause: Callable[[], object] = lambda: None


PLAIN: Final = Look()


def survey(board: Board, tasks: Iterable[Task], folder: str, look: Look = PLAIN) -> Survey:
    """The facts of these tasks, as far as they have a tree of their own. Raises nothing of git's."""
    if not board.settings.worktrees.enabled or not is_in_repository(folder):
        return Survey()
    try:
        repository = repository_of(board, folder)
    except (BoardError, OSError) as error:
        return Survey(doubt=str(error))
    homes = {
        task.id: (task, home) for task in tasks if (home := home_of(board, task, folder, lambda _: repository.top))
    }
    found = _all(repository, homes, look)
    return Survey(repository.top, _with_lost(repository, homes, found), _strays(repository, board.tasks.ids))


def repository_of(board: Board, folder: str) -> Repository:
    """Raises BoardError where there is none, or git can't tell."""
    settings = board.settings.worktrees
    top = worktree.main_top(folder)
    root = os.path.dirname(worktree.place(top, settings.root, "any"))
    bases = git_refs.bases(top, settings.base)
    trees = {os.path.realpath(each.path): each for each in git.worktrees(top) if os.path.isdir(each.path)}
    return Repository(top, root, git_refs.branches(top), trees, bases, git_refs.is_shallow(top))


def _all(repository: Repository, homes: Mapping[str, tuple[Task, str]], look: Look) -> dict[str, Tree | Doubt]:
    late = Doubt(f"no answer within {look.patience:g} s")
    if look.at_once == 1:
        found: dict[str, Tree | Doubt] = {}
        deadline = time.monotonic() + look.patience
        for name, (task, home) in homes.items():
            found[name] = tree_of(repository, task, home) if time.monotonic() < deadline else late
            look.pause()
        return found
    from concurrent.futures import ThreadPoolExecutor, wait

    pool = ThreadPoolExecutor(look.at_once)
    asked = {name: pool.submit(tree_of, repository, *each) for name, each in homes.items()}
    wait(asked.values(), look.patience)
    pool.shutdown(wait=False, cancel_futures=True)
    return {name: each.result() if each.done() and not each.cancelled() else late for name, each in asked.items()}


def tree_of(repository: Repository, task: Task, home: str) -> Tree | Doubt:
    try:
        tree = _looked(repository, task, home)
        return _reached(repository, task, tree) if tree.tip is not None else tree
    except (BoardError, OSError) as error:
        return Doubt(str(error))


def _looked(repository: Repository, task: Task, home: str) -> Tree:
    """The tree itself. Whoever moved it, or works on its branch in another one, has it there."""
    path, tip = place_of(repository, task.id, home), repository.branches.get(task.id)
    if path is None:
        return Tree(home, tip=tip)
    seen = git_refs.seen(path)
    changes = counted(seen.changes)
    return Tree(
        path,
        is_there=True,
        checked_out=seen.branch,
        tip=tip,
        dirty=len(changes),
        under_way=git_refs.under_way(path) if seen.branch != task.id else None,
        touched_at=_touched_at(path, changes) if task.status not in (Status.DONE, Status.REVIEW) else None,
    )


def place_of(repository: Repository, branch: str, home: str) -> str | None:
    """The tree at its usual place, else wherever the branch is checked out; None where there is neither."""
    if os.path.realpath(home) in repository.worktrees:
        return home
    return next((each.path for each in repository.worktrees.values() if each.branch == branch), None)


def _touched_at(path: str, changes: list[git.Change]) -> float | None:
    at = [git_refs.reflog_at(path) or 0.0]
    for change in changes[:_TOUCHED]:
        try:
            at.append(os.lstat(os.path.join(path, change.path)).st_mtime)
        except OSError:
            continue
    return min(max(at), time.time()) or None


def _reached(repository: Repository, task: Task, tree: Tree) -> Tree:
    """How far the branch and its base have come apart, and who else has its commits."""
    top, tip, bases = repository.top, tree.tip, tuple(dict.fromkeys(repository.bases.values()))
    assert tip is not None
    if not bases:
        return tree
    ahead = git_refs.count(top, (tip,), bases)
    behind = git_refs.count(top, bases, (tip,))
    tree = tree._replace(ahead=ahead, behind=behind, unkept=ahead)
    if ahead and (repository.is_shallow and not _is_told(top, tip, bases)):
        return tree._replace(ahead=None, behind=None, unkept=None)
    if task.status is not Status.DONE:
        return tree
    if ahead and any(git.is_picked(top, tip, base) for base in bases):
        tree = tree._replace(ahead=0, unkept=0)
    elif ahead:
        tree = tree._replace(unkept=git_refs.count(top, (tip,), bases, and_remotes=True))
    return tree._replace(since=_since(top, tip, recorded_commit(task)))


def _is_told(top: str, tip: str, bases: tuple[str, ...]) -> bool:
    """In a shallow clone: can it be told that the branch is in none of these?"""
    return all(git.is_ancestor(top, tip, base) is not None for base in bases)


def _since(top: str, tip: str, commit: str | None) -> int | None:
    if commit is None or (found := git.resolve(top, commit)) is None:
        return None
    if found == tip:
        return 0
    is_in = git.is_ancestor(top, found, tip)
    return None if is_in is None else git_refs.count(top, (tip,), (found,)) if is_in else -1


def _with_lost(
    repository: Repository, homes: Mapping[str, tuple[Task, str]], found: dict[str, Tree | Doubt]
) -> dict[str, Tree | Doubt]:
    """A finished task without a branch: does anything still reach its commit? One question for all of them."""
    asked = {
        name: commit
        for name, tree in found.items()
        if isinstance(tree, Tree) and tree.tip is None and (commit := _last_commit(homes[name][0])) is not None
    }
    try:
        lost = git_refs.lost(repository.top, set(asked.values())) if asked else set()
    except (BoardError, OSError):
        lost = set()
    for name, commit in asked.items():
        tree = found[name]
        if commit in lost and isinstance(tree, Tree):
            found[name] = tree._replace(lost=commit)
    return found


def _last_commit(task: Task) -> str | None:
    commit = recorded_commit(task) or (task.checkpoint.commit if task.checkpoint is not None else None)
    return commit if commit is not None and len(commit) >= 40 else None


def _strays(repository: Repository, ids: Collection[str]) -> tuple[Stray, ...]:
    """Trees in our folder, and only there: a person's other trees are theirs."""
    names, root = frozenset(ids), os.path.realpath(repository.root)
    found = []
    for path, each in repository.worktrees.items():
        folder, name = os.path.split(path)
        is_ours = folder == root and not name.startswith(".") and path != os.path.realpath(repository.top)
        if is_ours and name not in names and each.branch not in names:
            found.append(Stray(name, each.path, each.branch))
    return tuple(found)
