"""What making a tree asks of git, on top of `board.git`: adding, mending, origin's HEAD, files that git doesn't keep.

No rule stands behind it; it takes no lock, but hands one on to what must not go on without it.
"""

from __future__ import annotations

import contextlib
import os
from typing import Final, NamedTuple

from board import git

TIMEOUT: Final = 600.0  # a checkout of a large repository with its hooks, a clone of a submodule
_OTHERS: Final = ("ls-files", "--others", "-z")


class Submodule(NamedTuple):
    name: str
    path: str


# --- trees


def add(top: str, path: str, branch: str, start: str | None, lock: int, *, force: bool) -> None:
    """A tree on a new branch at `start`, or on the branch that is there."""
    # Without --no-track, parallel adds fail on the lock of .git/config and leave their branch behind.
    fresh = ("--no-track", "-b", branch, path, start) if start else (path, branch)
    git.run(top, "worktree", "add", *(("--force",) if force else ()), *fresh, timeout=TIMEOUT, lock=lock)


def take_back(top: str, path: str, lock: int) -> None:
    """Removes a tree that nobody was ever given, whatever is in it."""
    git.run(top, "worktree", "remove", "--force", "--force", path, timeout=TIMEOUT, lock=lock)


def mend(top: str) -> None:
    """Writes the `.git` files of registered trees anew where they are missing or broken."""
    git.run(top, "worktree", "repair")


def is_in_another_ref(path: str, commit: str, branch: str) -> bool:
    """Would the commit still be reachable without this branch?"""
    listed = git.run(path, "for-each-ref", "--contains", commit, "--format=%(refname)", timeout=60.0)
    return any(ref != f"refs/heads/{branch}" for ref in listed.splitlines())


def clear_branch_lock(path: str, branch: str) -> None:
    """What a git that was killed leaves beside a branch that it was making; only for who knows that nobody else makes
    this one."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(git.common_dir(path), "refs", "heads", f"{branch}.lock"))


def complaint(error: git.GitError) -> str:
    """git's first complaint: its last line is often only advice, or that it has tried twice."""
    lines = error.stderr.splitlines()
    return next((line for line in lines if line.startswith(("fatal:", "error:"))), error.message)


# --- origin


def learn_origin_head(path: str, timeout: float) -> None:
    """Asks origin what its HEAD is, and writes that down as `git clone` does."""
    git.run(path, "remote", "set-head", "origin", "--auto", timeout=timeout)


# --- what git doesn't keep


def others(path: str, patterns: tuple[str, ...]) -> list[str]:
    """Untracked files, ignored or not, that these globs name; folders stand for all in them."""
    specs = [f":(top,glob){pattern.strip('/')}" for pattern in patterns if pattern.strip("/")]
    return _names(git.run(path, *_OTHERS, "--", *specs, timeout=60.0)) if specs else []


def others_by(path: str, file: str) -> list[str]:
    """Untracked files that the patterns of a file name, which are written as in a `.gitignore`."""
    return _names(git.run(path, *_OTHERS, "--ignored", f"--exclude-from={file}", timeout=60.0))


def counted(path: str, names: list[str]) -> list[str]:
    """Those of the names that git shows as untracked: what `clean` would count."""
    shown = set(_names(git.run(path, *_OTHERS, "--exclude-standard", timeout=60.0)))
    return [name for name in names if name in shown]


def has_tracked(path: str, name: str) -> bool:
    """Does git keep this file, or any in this folder?"""
    return bool(git.run(path, "ls-files", "-z", "--", f":(top,literal){name}"))


def is_ignored(path: str, name: str) -> bool:
    try:
        git.run(path, "check-ignore", "--quiet", "--", name)
    except git.GitError as error:
        if error.status == 1:
            return False
        raise
    return True


def _names(said: str) -> list[str]:
    """A nested repository is listed with a slash at its end: it isn't a file."""
    return [name for name in said.split("\0") if name and not name.endswith("/")]


# --- submodules


def submodules(path: str) -> list[Submodule]:
    """Those of the tree's own `.gitmodules`, in its order."""
    if not os.path.isfile(os.path.join(path, ".gitmodules")):
        return []
    try:
        said = git.run(path, "config", "-z", "--file", ".gitmodules", "--get-regexp", r"^submodule\..*\.path$")
    except git.GitError as error:
        if error.status == 1:
            return []
        raise
    pairs = (item.partition("\n")[::2] for item in said.split("\0") if item)
    return [Submodule(key.removeprefix("submodule.").removesuffix(".path"), value) for key, value in pairs]


def fill_submodule(path: str, submodule: str, reference: str | None, lock: int) -> None:
    """Clones and checks out this one and those in it; objects that `reference` has are copied, not fetched."""
    from_here = ("--reference", reference, "--dissociate") if reference else ()
    where = ("--", submodule)
    git.run(path, "submodule", "--quiet", "update", "--init", *from_here, *where, timeout=TIMEOUT, lock=lock)
    git.run(path, "submodule", "--quiet", "update", "--init", "--recursive", *where, timeout=TIMEOUT, lock=lock)
