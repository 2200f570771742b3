"""The second room of git's door: what is registered, referred to and compared of a repository's trees; no rule.

Everything here is a narrow question or one change of one reference, over `git.run`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from board import git

LINK: Final = "160000"  # the mode of an entry that is a commit of another repository
_ARGS_AT_ONCE: Final = 400


class Entry(NamedTuple):
    """One path that differs between two trees: the modes and the object on the newer side, `A`, `D`, `M` or `T`."""

    old_mode: str
    mode: str
    blob: str
    code: str
    path: str


class Ref(NamedTuple):
    commit: str
    at: float


def admin_of(common: str, path: str) -> str | None:
    """The folder in which git keeps what it knows of the linked tree at `path`, made or gone."""
    folder = os.path.join(common, "worktrees")
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        try:
            with open(os.path.join(folder, name, "gitdir"), encoding="utf-8", errors="surrogateescape") as told:
                found = os.path.dirname(told.read().rstrip("\n"))
        except OSError:
            continue
        if os.path.realpath(found) == os.path.realpath(path):
            return os.path.join(folder, name)
    return None


# --- references


def refs(top: str, *under: str) -> dict[str, Ref]:
    form = "--format=%(refname) %(objectname) %(committerdate:unix)"
    rows = (line.split(" ") for line in git.run(top, "for-each-ref", form, *under).splitlines())
    return {name: Ref(commit, float(at or 0)) for name, commit, at in rows}


def move_ref(top: str, name: str, new: str, old: str | None) -> None:
    """From exactly `old` (None: from nowhere) to `new`, or GitError."""
    git.run(top, "update-ref", name, new, old or "")


def drop_ref(top: str, name: str, old: str) -> None:
    """Only while it is still exactly `old`, or GitError."""
    git.run(top, "update-ref", "-d", name, old)


def parents(top: str, commit: str) -> tuple[str, ...]:
    return tuple(git.run(top, "rev-parse", f"{commit}^@").split())


def tree_of(top: str, commit: str) -> str:
    return git.run(top, "rev-parse", "--verify", f"{commit}^{{tree}}").strip()


# --- comparing


def differences(top: str, old: str, new: str) -> list[Entry]:
    """Path by path, whole folders written out, renames as two."""
    if old == new:
        return []
    parts = git.run(top, "diff-tree", "-r", "-z", "--no-renames", old, new, timeout=120.0).split("\0")
    return [_entry(about, path) for about, path in zip(parts[0::2], parts[1::2], strict=False)]


def _entry(about: str, path: str) -> Entry:
    old_mode, mode, _, blob, code = about.lstrip(":").split(" ")
    return Entry(old_mode, mode, blob, code[:1], path)


def on_no_remote(where: str, *what: str) -> int:
    """How many commits of `what` no remote is known to have; all of them where there is no remote."""
    return int(git.run(where, "rev-list", "--count", *what, "--not", "--remotes"))


def unreferenced(top: str, commits: Iterable[str], besides: str = "") -> list[str]:
    """Those of `commits` that no shared reference but `besides` leads to, without what another of them has. What isn't
    in the repository any more is none."""
    wanted = list(dict.fromkeys(commits))
    if not wanted:
        return []
    others = ("--not", *((f"--exclude={besides}",) if besides else ()), "--glob=refs/*")
    walked = ("rev-list", "--ignore-missing", "--topo-order", "--parents", *wanted, *others)
    rows = [line.split() for line in git.run(top, *walked, timeout=120.0).splitlines()]
    inner = {parent for row in rows for parent in row[1:]}
    return [row[0] for row in rows if row[0] not in inner]


def links(tree: str) -> list[str]:
    """The paths at which the index has a commit of another repository: its submodules."""
    staged = git.run(tree, "ls-files", "--stage", "-z", timeout=60.0).split("\0")
    return [line.partition("\t")[2] for line in staged if line.startswith(LINK)]


def ignored(tree: str, *specs: str) -> list[str]:
    """What git is told to ignore, below `specs`; without any, a folder that is ignored whole is one, with a slash."""
    whole = () if specs else ("--directory",)
    listing = ("ls-files", "--others", "--ignored", "--exclude-standard", "-z", *whole)
    return [name for name in git.run(tree, *listing, "--", *specs, timeout=60.0).split("\0") if name]


def batches(args: Sequence[str]) -> Iterator[Sequence[str]]:
    """What fits one command line."""
    for start in range(0, len(args), _ARGS_AT_ONCE):
        yield args[start : start + _ARGS_AT_ONCE]
