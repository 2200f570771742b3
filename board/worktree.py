"""A task's own tree: made beside the repository, found again, and compared with what the record expects of it.

It runs no setup command, removes no tree that anybody was ever given, and knows nothing of claims.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import Final, Literal, NamedTuple

from board import copying, git, treelock
from board.treelock import WorktreeError

FETCH_TIMEOUT: Final = 10.0
FETCH_FRESH: Final = 30.0  # seconds in which trees made one after another share one fetch
ADD_TIMEOUT: Final = 600.0  # a checkout of a large repository, with its hooks
_HALF_MADE: Final = "initializing"  # git's own mark on a worktree whose making hasn't ended


class Plan(NamedTuple):
    """`root` may say `{repo}` and counts from the repository's top; `setup` is for the caller to run, in the tree."""

    repo: str
    root: str
    task: str
    base: str
    copy: tuple[str, ...] = (".env*",)
    setup: tuple[str, ...] = ()


class Tree(NamedTuple):
    path: str
    branch: str
    commit: str
    created: bool
    warnings: tuple[str, ...] = ()


class _Site(NamedTuple):
    top: str
    path: str
    branch: str


def ensure(plan: Plan, lock_for: float = 120.0) -> Tree:
    """The task's tree, made when it isn't there; twice and twelve at once are harmless.

    Waits up to `lock_for` seconds for others who make trees of this repository. Raises WorktreeError, or GitError
    when git can't be asked. Files to copy that the tree lacks are copied each time.
    """
    top = main_top(plan.repo)
    site = _Site(top, place(top, plan.root, plan.task), plan.task)
    warnings: list[str] = []
    with treelock.held(top, lock_for) as lock:
        warnings += _end_removals(top)
        created = _settle(site, plan.base, lock, warnings)
        warnings += copying.copy_missing(site.top, site.path, plan.copy)
    commit = git.head(site.path)
    if commit is None:
        raise WorktreeError(f"{site.path} has no commit", f"make a first commit on {site.branch} there")
    return Tree(site.path, site.branch, commit, created, tuple(dict.fromkeys(warnings)))


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


def _settle(site: _Site, base: str, lock: int, warnings: list[str]) -> bool:
    """Whether it had to be made. One failed attempt is cleaned up and repeated."""
    for is_last in (False, True):
        state = _survey(site)
        if state == "there":
            return False
        start = None
        if git.resolve(site.top, f"refs/heads/{site.branch}") is None:
            start = _base(site.top, base, lock, warnings)
        try:
            _add(site, start, force=state == "lost")
        except git.GitError as error:
            if start is not None:
                _forget_branch(site, start)
            if is_last:
                remedy = error.remedy or f"see `git -C {site.top} worktree list`"
                raise WorktreeError(f"can't make {site.path}: {error.message}", remedy) from error
        else:
            return True
    raise AssertionError("the last attempt returns or raises")


def _survey(site: _Site) -> Literal["there", "absent", "lost"]:
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
    if here is None or not _is_own_top(site.path):
        remedy = "move it away, run `git worktree repair` if it was moved here, or set worktrees.root"
        raise WorktreeError(f"{site.path} exists and is not a worktree of {site.top}", remedy)
    if _is_half_made(site):
        return "absent"
    if here.branch != site.branch:
        remedy = f"finish what is under way there, then `git -C {site.path} switch {site.branch}`"
        raise WorktreeError(f"{site.path} is on {here.branch or 'no branch'}, not on {site.branch}", remedy)
    return "there"


def _is_half_made(site: _Site) -> bool:
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
    git.run(site.top, "worktree", "remove", "--force", "--force", site.path, timeout=ADD_TIMEOUT)
    return True


def _add(site: _Site, start: str | None, *, force: bool) -> None:
    # Without --no-track, parallel adds fail on the lock of .git/config and leave their branch behind.
    fresh = ("--no-track", "-b", site.branch, site.path, start) if start else (site.path, site.branch)
    git.run(site.top, "worktree", "add", *(("--force",) if force else ()), *fresh, timeout=ADD_TIMEOUT)


def _forget_branch(site: _Site, start: str) -> None:
    """Deletes the branch that a failed attempt left, only while it is still exactly `start` and nobody's tree."""
    if any(tree.branch == site.branch for tree in git.worktrees(site.top)):
        return
    with contextlib.suppress(git.GitError):  # it isn't there, or somebody has moved it: theirs
        git.run(site.top, "update-ref", "-d", f"refs/heads/{site.branch}", start)


def _base(top: str, wanted: str, lock: int, warnings: list[str]) -> str:
    if "origin" in git.remotes(top):
        warnings += _fetch(top, lock)
    default = git.default_branch(top)
    fallbacks = [f"refs/remotes/origin/{default}"] if default else []
    for name in (wanted, *fallbacks, "HEAD"):
        commit = git.resolve(top, name)
        if commit is not None:
            if name != wanted != "origin/HEAD":
                warnings.append(f"there is no {wanted}; started from {name.removeprefix('refs/remotes/')}")
            return commit
    remedy = f'make a first one: `git -C {top} commit --allow-empty -m "Start"`'
    raise WorktreeError(f"{top} has no commit yet to start {wanted} from", remedy)


def _fetch(top: str, lock: int) -> list[str]:
    """The lock file remembers when it was last tried, so that twelve trees offline don't wait twelve times."""
    last = os.fstat(lock)
    if last.st_size and 0 <= time.time() - last.st_mtime < FETCH_FRESH:
        return []
    try:
        git.fetch(top, FETCH_TIMEOUT)
    except git.GitError as error:
        return [f"could not fetch, the base may be old: {error.message}"]
    finally:
        os.ftruncate(lock, 0)
        os.pwrite(lock, b"fetched\n", 0)
    return []


def is_same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _is_own_top(path: str) -> bool:
    top = git.root(path) if os.path.isdir(path) else None
    return top is not None and is_same(top, path)


def _is_empty_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path) and not os.listdir(path)
