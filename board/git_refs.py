"""What branches and commits say of a task: tips, what is new, subjects, asked through `git.run`. No rule here."""

from __future__ import annotations

import os

from board import git
from board.home import dot_git

# --- a branch and what came to it


def tip(path: str, branch: str) -> str | None:
    """The commit of a branch of ours, checked out or not."""
    return git.resolve(path, f"refs/heads/{branch}")


def has_new(path: str, now: str, since: str) -> bool | None:
    """Can any commit be reached from `now` that can't be from `since`? An amended or rebased one is new, a branch that
    only went back has none. None where either isn't known here."""
    try:
        return bool(git.run(path, "rev-list", "--max-count=1", now, f"^{since}").strip())
    except git.GitMissing:
        raise
    except git.GitError:
        return None


def count_since(path: str, since: str) -> int | None:
    """The commits of HEAD that `since` doesn't have; None where that isn't known here."""
    if git.resolve(path, since) is None:
        return None
    return int(git.run(path, "rev-list", "--count", "HEAD", f"^{since}"))


def subject(path: str, commit: str) -> str | None:
    """The first line of what a commit says of itself."""
    found = git.resolve(path, commit)
    return None if found is None else git.run(path, "log", "-1", "--format=%s", found).removesuffix("\n")


# --- without starting git


def head_log(tree: str) -> str | None:
    """Where git writes down each move of this tree's HEAD, if it does; None outside of a repository."""
    found = dot_git(tree)
    if found is None or os.path.isdir(found):
        return None if found is None else os.path.join(found, "logs", "HEAD")
    try:
        with open(found, encoding="utf-8", errors="surrogateescape") as file:
            said = file.read(4096)
    except OSError:
        return None
    folder = said.removeprefix("gitdir:").strip()
    return os.path.join(os.path.dirname(found), folder, "logs", "HEAD")
