"""A task's own tree: made beside the repository, found again, and compared with what the record expects of it.

It runs no setup command, removes no tree that anybody was ever given, and knows nothing of claims.
"""

from __future__ import annotations

import contextlib
import os
from typing import Final, Literal, NamedTuple

from board import base, copying, git, git_making, git_trees, linking, making, submodules, treelock
from board.treelock import WorktreeError

_HALF_MADE: Final = "initializing"  # git's own mark on a worktree whose making hasn't ended


class Plan(NamedTuple):
    """`root` may say `{repo}` and counts from the repository's top. `setup` is for the caller to run, in the tree:
    until it says by `note_ready` that all of it has succeeded, the tree isn't ready."""

    repo: str
    root: str
    task: str
    base: str
    copy: tuple[str, ...] = (".env*",)
    setup: tuple[str, ...] = ()
    link: tuple[str, ...] = ()


class Tree(NamedTuple):
    """`created`: made by this call, or by one before it that nobody could tell of."""

    path: str
    branch: str
    commit: str
    created: bool
    warnings: tuple[str, ...] = ()
    is_ready: bool = True


class _Site(NamedTuple):
    top: str
    path: str
    branch: str
    note: str


def ensure(plan: Plan, lock_for: float = 120.0) -> Tree:
    """The task's tree, made when it isn't there; twice and twelve at once are harmless.

    Waits up to `lock_for` seconds for others who make trees of this repository. Raises WorktreeError, or GitError
    when git can't be asked. Files to copy that the tree lacks are copied each time.
    """
    site = _site(plan)
    warnings: list[str] = []
    with treelock.held(site.top, lock_for) as lock:
        warnings += _end_removals(site.top)
        created = _settle(site, plan.base, lock, warnings)
        unready = making.read(site.note)
        if unready is not None:  # later the submodules are the worker's own
            warnings += submodules.fill(site.top, site.path, lock)
        warnings += linking.link_missing(site.top, site.path, plan.link)
        warnings += copying.copy_missing(site.top, site.path, plan.copy)
        if unready is not None and not plan.setup:
            making.forget(site.note)
    commit = git.head(site.path)
    if commit is None:
        raise WorktreeError(f"{site.path} has no commit", f"make a first commit on {site.branch} there")
    is_untold = unready is not None and unready.tries == 0
    is_ready = unready is None or not plan.setup
    return Tree(site.path, site.branch, commit, created or is_untold, tuple(dict.fromkeys(warnings)), is_ready)


def note_try(plan: Plan) -> int:
    """A setup command is about to be started: how many were before it. Raises OSError."""
    note = _site(plan).note
    before = making.read(note) or making.Making()
    making.write(note, before._replace(tries=before.tries + 1))
    return before.tries


def note_ready(plan: Plan) -> None:
    """All of the setup has succeeded: it isn't run in this tree again."""
    making.forget(_site(plan).note)


def _site(plan: Plan) -> _Site:
    top = main_top(plan.repo)
    note = making.path(git.common_dir(top), plan.task)
    return _Site(top, place(top, plan.root, plan.task), plan.task, note)


def _end_removals(top: str) -> list[str]:
    """A tree that somebody died removing is whole or gone before anybody is given it."""
    from board import removing

    ended = removing.end_all(top, git.common_dir(top))
    return [f"an interrupted removal of {one.intent.path} was ended" for one in ended if one.is_removed]


def main_top(repo: str) -> str:
    """The top of the main worktree, so that trees never nest; of `repo`'s own where the main one is bare."""
    if not os.path.isdir(repo) or (top := git.root(repo)) is None:
        raise WorktreeError(
            f"{repo} is not in a git repository", "run `git init` there, or set worktrees.enabled: false"
        )
    if git.git_dir(top) == git.common_dir(top):
        return top
    main = git.worktrees(top)[0]
    return top if main.is_bare else main.path


def place(top: str, root: str, task: str) -> str:
    """Where the task's tree is, made or not."""
    if not task or os.sep in task or task.startswith(("-", ".")):
        raise WorktreeError(f'"{task}" can\'t name a folder and a branch', "use a-z, 0-9 and - in the task's id")
    folder = os.path.expanduser(root.replace("{repo}", os.path.basename(top)))
    return os.path.normpath(os.path.join(top, folder, task))


def drift(tree_path: str, branch: str | None, checkpoint: str | None) -> str | None:
    """How the tree differs from what the record expects, None when all is well. `tree_path` is the tree's top.

    `branch=None` accepts any. Raises GitError when it can't be told: that is no drift.
    """
    try:
        os.stat(tree_path)
    except (FileNotFoundError, NotADirectoryError):
        return "worktree gone"
    except OSError as error:
        raise git.GitError(("stat", tree_path), None, str(error)) from error
    stands = git.standing(tree_path)
    if stands is None or not is_same(stands.top, tree_path):
        return "worktree gone"
    if branch is not None and stands.branch != branch:
        return f"branch is {stands.branch or 'detached'}, not {branch}"
    if checkpoint is None:
        return None
    return _lost_checkpoint(tree_path, checkpoint)


def _lost_checkpoint(tree_path: str, checkpoint: str) -> str | None:
    kept = git.is_ancestor(tree_path, checkpoint)
    if kept is None and not git.has_commit(tree_path, checkpoint):
        kept = False
    if kept is None and git.head(tree_path) is not None:
        argv = ("git", "-C", tree_path, "merge-base", "--is-ancestor", checkpoint, "HEAD")
        raise git.GitError(argv, None, "the clone is too shallow to tell", "git fetch --unshallow")
    return None if kept else f"checkpoint {checkpoint[:7]} is not an ancestor of HEAD"


def _settle(site: _Site, base_name: str, lock: int, warnings: list[str]) -> bool:
    """Whether it had to be made. One failed attempt is cleaned up and repeated."""
    failed: list[git.GitError] = []
    while (state := _survey(site, lock)) != "there":
        if len(failed) > 1:
            making.forget(site.note)
            remedy = failed[-1].remedy or f"see `git -C {site.top} worktree list`"
            problem = git_making.complaint(failed[-1])
            raise WorktreeError(f"can't make {site.path}: {problem}", remedy) from failed[-1]
        start = None
        if state == "absent":
            _undo_attempt(site)
        if git.resolve(site.top, f"refs/heads/{site.branch}") is None:
            found = base.start_of(site.top, base_name, lock)
            start, warnings[:] = found.commit, [*warnings, *found.warnings]
        making.write(site.note, making.Making(start))
        try:
            git_making.add(site.top, site.path, site.branch, start, lock, force=state == "lost")
        except git.GitError as error:
            failed.append(error)
            if start is not None:
                _forget_branch(site, start)
        else:
            return True
    # git made it and failed behind that: a hook of the person's, mostly.
    warnings += [f"git made {site.path}, and then: {error.message}" for error in failed]
    return bool(failed)


def _survey(site: _Site, lock: int) -> Literal["there", "absent", "lost"]:
    """`lost`: git still has the tree in its books, but the folder is gone. Anything foreign raises WorktreeError."""
    known = git.worktrees(site.top)
    here = next((tree for tree in known if is_same(tree.path, site.path)), None)
    others = [tree for tree in known if tree is not here and tree.branch == site.branch]
    for other in others:
        if os.path.lexists(other.path):
            raise WorktreeError(
                f"branch {site.branch} is checked out in {other.path}, not in {site.path}",
                "switch that tree to another branch, or move it with `git worktree move`",
            )
    if not os.path.lexists(site.path) or _is_empty_folder(site.path):
        return "lost" if here or others else "absent"
    if here is None or not (_is_own_top(site.path) or _is_mended(site)):
        remedy = "move it away, run `git worktree repair` if it was moved here, or set worktrees.root"
        raise WorktreeError(f"{site.path} exists and is not a worktree of {site.top}", remedy)
    if _was_half_made(site, lock):
        return "absent"
    if here.branch != site.branch:
        remedy = f"finish what is under way there, then `git -C {site.path} switch {site.branch}`"
        raise WorktreeError(f"{site.path} is on {here.branch or 'no branch'}, not on {site.branch}", remedy)
    return "there"


def _is_mended(site: _Site) -> bool:
    """A tree that was being made, or taken back, when everything died may lack its `.git`: nobody was given it yet."""
    if making.read(site.note) is None or os.path.lexists(os.path.join(site.path, ".git")):
        return False
    git_making.mend(site.top)
    return _is_own_top(site.path)


def _was_half_made(site: _Site, lock: int) -> bool:
    """Did an attempt die while git filled the tree (its index comes last)? Nobody was given it yet: it goes."""
    admin = git.git_dir(site.path)
    try:
        with open(os.path.join(admin, "locked"), encoding="utf-8", errors="replace") as mark:
            if mark.read().strip() != _HALF_MADE:
                return False
    except FileNotFoundError:
        return False
    if os.path.exists(os.path.join(admin, "index")):
        git.run(site.top, "worktree", "unlock", site.path)
        return False
    git_making.take_back(site.top, site.path, lock)
    return True


def _undo_attempt(site: _Site) -> None:
    """What an attempt left that died before there was a tree: the next one starts from the base of its own day."""
    note = making.read(site.note)
    if note is None:
        return
    git_making.clear_branch_lock(site.top, site.branch)
    start = note.start
    if start is None or git.resolve(site.top, f"refs/heads/{site.branch}") != start:
        return
    if git_making.is_in_another_ref(site.top, start, site.branch):
        _forget_branch(site, start)


def _forget_branch(site: _Site, start: str) -> None:
    """Deletes the branch that a failed attempt left, only while it is still exactly `start` and nobody's tree."""
    if any(tree.branch == site.branch for tree in git.worktrees(site.top)):
        return
    with contextlib.suppress(git.GitError):  # it isn't there, or somebody has moved it: theirs
        git_trees.drop_ref(site.top, f"refs/heads/{site.branch}", start)


def is_same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _is_own_top(path: str) -> bool:
    top = git.root(path) if os.path.isdir(path) else None
    return top is not None and is_same(top, path)


def _is_empty_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path) and not os.listdir(path)
