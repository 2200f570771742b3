"""The one door to git: its own command line, each call with an explicit `-C` and a time-out; no rule stands behind it.

It knows no task and no board, asks nobody for a password, and never waits for a lock that a reader doesn't need.
Paths are text with `surrogateescape`, so any file name survives the way there and back.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from board.errors import BoardError
from board.program import environment, run_program

_NO_TREE: Final = ("not a git repository", "must be run in a work tree")
_USUAL: Final = ("main", "master", "develop")


class GitError(BoardError):
    """git failed, so nothing is known. `status` is None when it never got to say: missing, or out of time."""

    def __init__(self, argv: Sequence[str], status: int | None, stderr: str = "", remedy: str = "") -> None:
        self.argv, self.status, self.stderr = tuple(argv), status, stderr[-2000:]
        said = self.stderr.strip().rpartition("\n")[2] or f"exit status {status}"
        super().__init__(f"`{' '.join(argv)}`: {said}", remedy)


class GitMissing(GitError):
    pass


class GitTimeout(GitError):
    pass


class Change(NamedTuple):
    """One line of `git status --porcelain`: `??` is untracked; the path is relative to the tree's top."""

    code: str
    path: str


class Worktree(NamedTuple):
    """A tree in git's books. `head` is None before the first commit, `locked` is the reason, None where it isn't."""

    path: str
    branch: str | None
    is_bare: bool
    head: str | None = None
    locked: str | None = None


# A shell that keeps its standard input, here a lock, until git has ended; git and its hooks don't get it.
_HOLDING: Final = ("/bin/sh", "-c", '"$@" </dev/null; exit $?', "sh")


def run(
    cwd: str, *args: str, timeout: float = 30.0, env: Mapping[str, str] | None = None, lock: int | None = None
) -> str:
    """Its standard output; `env` is added. Raises GitError on any exit status but 0, GitTimeout, GitMissing.

    `lock` is a descriptor that stays open until git has ended, also where we are killed before.
    """
    argv = ("git", "-C", cwd, *args)
    quiet = {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "SSH_ASKPASS_REQUIRE": "never",
        "LC_ALL": "C",
    }
    try:
        holder = () if lock is None else _HOLDING
        full = {**environment(), **quiet, **(env or {})}
        ended = run_program((*holder, *argv), full, timeout, stdin=lock)
    except (FileNotFoundError, PermissionError) as error:
        raise GitMissing(argv, None, "git is not installed or not on PATH", "install git 2.30 or newer") from error
    if ended.status is None:
        raise GitTimeout(argv, None, f"no answer within {timeout:g} s")
    if ended.status != 0:
        raise GitError(argv, ended.status, os.fsdecode(ended.stderr))
    return os.fsdecode(ended.stdout)


def _asked(cwd: str, *args: str) -> str | None:
    """For questions that git answers with exit status 1: None is its no."""
    try:
        return run(cwd, *args).removesuffix("\n")
    except GitError as error:
        if error.status == 1:
            return None
        raise


def version() -> tuple[int, ...] | None:
    try:
        words = run(os.sep, "--version").split()
    except GitMissing:
        return None
    numbers = words[2].split(".") if len(words) > 2 else []
    return tuple(int(number) for number in numbers if number.isdigit()) or None


def root(path: str) -> str | None:
    """The top of the worktree that `path` is in; None outside of any, and inside a bare one."""
    try:
        return run(path, "rev-parse", "--show-toplevel").removesuffix("\n") or None
    except GitError as error:
        if any(words in error.stderr for words in _NO_TREE):
            return None
        raise


class Standing(NamedTuple):
    """Where a worktree stands; `branch` is None when HEAD is detached, `commit` when there is none yet."""

    top: str
    branch: str | None
    commit: str | None


def standing(path: str) -> Standing | None:
    """`root`, `branch` and `head` at once; None outside of any worktree."""
    try:
        said = run(path, "rev-parse", "--show-toplevel", "HEAD", "--symbolic-full-name", "HEAD").split("\n")
    except GitError:  # before the first commit, or outside: each of them knows how to tell
        top = root(path)
        return Standing(top, branch(path), head(path)) if top is not None else None
    top, commit, ref = "\n".join(said[:-3]), *said[-3:-1]
    return Standing(top, ref.removeprefix("refs/heads/") if ref != "HEAD" else None, commit)


def common_dir(path: str) -> str:
    """The `.git` that all worktrees of the repository share, absolute and without symlinks."""
    found = run(path, "rev-parse", "--git-common-dir").removesuffix("\n")
    return os.path.realpath(os.path.join(path, found))


def git_dir(path: str) -> str:
    return os.path.realpath(os.path.join(path, run(path, "rev-parse", "--git-dir").removesuffix("\n")))


def resolve(path: str, name: str) -> str | None:
    """The full id of the commit that `name` stands for, None when there is none; an ambiguous one is a GitError."""
    if not name or name.startswith("-"):
        return None
    found = _asked(path, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if found is None and len(name) >= 4 and not name.strip("0123456789abcdef"):
        flag = f"--disambiguate={name}"
        if run(path, "rev-parse", flag).count("\n") > 1:
            raise GitError(("git", "-C", path, "rev-parse", flag), None, f"{name} is short for several objects")
    return found


def head(path: str) -> str | None:
    """None in a repository without a commit."""
    return resolve(path, "HEAD")


def branch(path: str) -> str | None:
    """None when HEAD is detached; a branch without a commit has its name already."""
    name = _asked(path, "symbolic-ref", "--quiet", "HEAD")
    return name.removeprefix("refs/heads/") if name else None


def has_commit(path: str, commit: str) -> bool:
    return resolve(path, commit) is not None


def is_ancestor(path: str, commit: str, of: str = "HEAD") -> bool | None:
    """None when either is unknown here, or when a shallow clone has cut off the history that would tell."""
    with contextlib.suppress(GitError):  # of what git doesn't know it says so, and then it is asked one by one
        if not commit.startswith("-") and _asked(path, "merge-base", "--is-ancestor", commit, of) is not None:
            return True
    old, new = resolve(path, commit), resolve(path, of)
    if old is None or new is None:
        return None
    if _asked(path, "merge-base", "--is-ancestor", old, new) is not None:
        return True
    return None if _is_cut_off(path, old, new) else False


def _is_cut_off(path: str, old: str, new: str) -> bool:
    """May `old` hide below a shallow edge of `new`? Not below an edge that `old` itself has as an ancestor."""
    try:
        with open(os.path.join(common_dir(path), "shallow"), encoding="ascii") as lines:
            edges = set(lines.read().split())
    except FileNotFoundError:
        return False
    return not edges.isdisjoint(run(path, "rev-list", new, f"^{old}").split())


def changes(path: str) -> tuple[Change, ...]:
    """Everything of the whole tree that is staged, modified or untracked (file by file); ignored files are not."""
    args = ("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all")
    return tuple(Change(line[:2], line[3:]) for line in run(path, *args, timeout=60.0).split("\0") if line)


def dirty(path: str) -> list[str]:
    """`changes` as porcelain lines with unquoted paths."""
    return [f"{change.code} {change.path}" for change in changes(path)]


def remotes(path: str) -> list[str]:
    return run(path, "remote").split()


def unpushed(path: str) -> int | None:
    """How many commits of HEAD no remote is known to have, as of the last fetch or push; None without a remote."""
    if not remotes(path):
        return None
    if head(path) is None:
        return 0
    return int(run(path, "rev-list", "--count", "HEAD", "--not", "--remotes"))


def is_merged(path: str, into: str, of: str = "HEAD") -> bool | None:
    """Is the work of `of` in `into`: by ancestry, or commit for commit as the same patches (rebased, picked)?

    Several commits squashed into one are not recognised: False. None when it can't be told.
    """
    merged = is_ancestor(path, of, into)
    return merged if merged is not False else is_picked(path, of, into)


def is_picked(path: str, commit: str, into: str) -> bool:
    """Is each commit of it in `into` as the same patch (rebased, picked, one squashed)? Merges can't be told: False."""
    if run(path, "rev-list", "--count", "--merges", f"{into}..{commit}").strip() != "0":
        return False
    return all(line.startswith("-") for line in run(path, "cherry", into, commit, timeout=60.0).splitlines())


def default_branch(path: str) -> str | None:
    """What origin calls its HEAD, else main, master or develop, else what the main worktree has checked out."""
    named = _asked(path, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
    if named:
        return named.removeprefix("refs/remotes/origin/")
    for place in ("refs/heads/", "refs/remotes/origin/"):
        for name in _USUAL:
            if resolve(path, place + name):
                return name
    return next((tree.branch for tree in worktrees(path)), None)


def worktrees(path: str) -> tuple[Worktree, ...]:
    """All registered ones, also those whose folder is gone; the main one is first."""
    blocks = run(path, "worktree", "list", "--porcelain").split("\n\n")
    return tuple(_worktree(block.strip("\n").split("\n")) for block in blocks if block.strip())


def _worktree(lines: list[str]) -> Worktree:
    said = dict(line.partition(" ")[::2] for line in lines)
    ref, commit = said.get("branch"), said.get("HEAD", "")
    branch = ref.removeprefix("refs/heads/") if ref else None
    return Worktree(said["worktree"], branch, "bare" in said, commit if commit.strip("0") else None, said.get("locked"))


def fetch(path: str, timeout: float = 10.0) -> None:
    """origin's branches; starts no clean-up in the background."""
    quiet = ("-c", "gc.auto=0", "-c", "maintenance.auto=false")
    run(path, *quiet, "fetch", "--quiet", "--no-recurse-submodules", "origin", timeout=timeout)
