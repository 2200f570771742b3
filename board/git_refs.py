"""Questions to git about branches and what is reached from them, over `git.run`; no rule stands behind them.

They name refs and commits, never a task. None is «could not tell» or «there is none», as each says.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from board import git
from board.git import Change, GitError, run

TIMEOUT: Final = 20.0
_CHUNK: Final = 400  # commits on one command line
# What stands in a worktree's own git folder while git waits for somebody there.
_UNDER_WAY: Final = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}

_BORROWED: Final = {
    os.path.join("rebase-merge", "head-name"): "rebase",
    os.path.join("rebase-apply", "head-name"): "rebase",
    "BISECT_START": "bisect",
}


class Seen(NamedTuple):
    """A worktree at one look. `branch` is None when HEAD is detached, `commit` where there is none yet.

    `changes` are as in `git.changes`, but a folder in which all is untracked counts once; `unmerged` are conflicts.
    """

    branch: str | None
    commit: str | None
    changes: tuple[Change, ...]
    unmerged: tuple[Change, ...]


def seen(tree: str, timeout: float = TIMEOUT) -> Seen:
    args = ("status", "--porcelain=v2", "--branch", "-z", "--no-renames", "--untracked-files=normal")
    head: dict[str, str] = {}
    changes, unmerged = [], []
    for line in run(tree, *args, timeout=timeout).split("\0"):
        kind, _, rest = line.partition(" ")
        if kind == "#":
            name, _, value = rest.partition(" ")
            head[name] = value
        elif kind == "?":
            changes.append(Change("??", rest))
        elif kind == "1":
            changes.append(Change(rest[:2].replace(".", " "), rest.split(" ", 7)[7]))
        elif kind == "u":
            unmerged.append(Change(rest[:2], rest.split(" ", 9)[9]))
    branch, commit = head.get("branch.head"), head.get("branch.oid")
    return Seen(
        None if branch == "(detached)" else branch,
        None if commit == "(initial)" else commit,
        (*changes, *unmerged),
        tuple(unmerged),
    )


def branches(path: str) -> dict[str, str]:
    """The commit of each local branch."""
    said = run(path, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", timeout=TIMEOUT)
    pairs = (line.partition(" ")[::2] for line in said.splitlines())
    return {ref.removeprefix("refs/heads/"): commit for commit, ref in pairs}


def count(path: str, of: Sequence[str], without: Sequence[str], *, and_remotes: bool = False) -> int:
    """How many commits are reached from any of `of` and from none of `without` (nor, if so asked, of the remotes')."""
    remotes = ("--remotes",) if and_remotes else ()
    return int(run(path, "rev-list", "--count", *of, "--not", *without, *remotes, timeout=TIMEOUT))


def lost(path: str, commits: Collection[str]) -> set[str]:
    """Those of these full ids that are there and that no ref or HEAD of any worktree reaches."""
    wanted = sorted(commits)
    found: set[str] = set()
    for at in range(0, len(wanted), _CHUNK):
        part = wanted[at : at + _CHUNK]
        args = ("rev-list", "--ignore-missing", *part, "--not", "--all")
        found |= set(run(path, *args, timeout=TIMEOUT).split()) & set(part)
    return found


def merge_base(path: str, commit: str, others: Sequence[str]) -> str | None:
    """Where `commit`'s history left that of the others, taken together; None where they share nothing."""
    try:
        return run(path, "merge-base", commit, *others, timeout=TIMEOUT).strip() or None
    except GitError as error:
        if error.status == 1:
            return None
        raise


def is_shallow(path: str) -> bool:
    return os.path.exists(os.path.join(git.common_dir(path), "shallow"))


def under_way(tree: str) -> str | None:
    """What git was told to do there and has not ended yet: `merge`, `rebase` and their like; None when nothing."""
    admin = git.git_dir(tree)
    return next((word for name, word in _UNDER_WAY.items() if os.path.exists(os.path.join(admin, name))), None)


def reflog_at(tree: str) -> float | None:
    """When HEAD last moved there; None where git keeps no log of it."""
    try:
        return os.stat(os.path.join(git.git_dir(tree), "logs", "HEAD")).st_mtime
    except OSError:
        return None


def holder_of(path: str, branch: str) -> str | None:
    """The worktree in which this branch is checked out, where its folder is there; None where there is none."""
    trees = git.worktrees(path)
    return next((tree.path for tree in trees if tree.branch == branch and os.path.isdir(tree.path)), None)


def borrower_of(path: str, branch: str) -> tuple[str, str] | None:
    """The worktree whose HEAD left this branch for a rebase or a bisection that will come back to it, and which."""
    common = git.common_dir(path)
    linked = os.path.join(common, "worktrees")
    for name in (os.curdir, *(os.listdir(linked) if os.path.isdir(linked) else ())):
        admin = common if name == os.curdir else os.path.join(linked, name)
        tree = os.path.dirname(_read(admin, "gitdir") or common)
        for mark, word in _BORROWED.items():
            said = _read(admin, mark)
            if said is not None and said.removeprefix("refs/heads/") == branch and os.path.isdir(tree):
                return tree, word
    return None


def _read(folder: str, name: str) -> str | None:
    try:
        with open(os.path.join(folder, name), encoding="utf-8", errors="surrogateescape") as file:
            return file.read().strip()
    except (FileNotFoundError, NotADirectoryError):
        return None


def bases(path: str, wanted: str) -> Mapping[str, str]:
    """The refs that work may have reached, with their commits: the default branch here and on origin, and `wanted`."""
    name = branch_name(path, wanted)
    refs = (f"refs/heads/{name}", f"refs/remotes/origin/{name}") if name else ()
    return {ref: commit for ref in (*refs, wanted) if (commit := git.resolve(path, ref)) is not None}


def branch_name(path: str, wanted: str) -> str | None:
    """The branch that a base such as `origin/HEAD` or `origin/main` means; None where there is none at all."""
    name = wanted.removeprefix("refs/remotes/").removeprefix("origin/").removeprefix("refs/heads/")
    return name if name not in ("", "HEAD") else git.default_branch(path)
