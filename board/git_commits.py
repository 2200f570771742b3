"""What branches and commits say of a task: tips, what is new, subjects, asked through `git.run`. No rule here."""

from __future__ import annotations

from board import git


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


def listed(path: str, since: str, until: str, most: int) -> list[tuple[str, str]]:
    """Commits that `until` has and `since` doesn't, newest first, each with the first line of its message."""
    said = git.run(path, "log", "-z", f"--max-count={most}", "--format=%H %s", until, f"^{since}", "--")
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in said.split("\0") if line]
