"""What would be lost with a tree: each thing by name, and what to do about it. Changes nothing and removes nothing.

Who works in the tree, and whether the board still needs it, is asked elsewhere (`board.custody`).
"""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from board import git, git_trees, snapshot
from board.errors import RefusedError
from board.snapshot import Snapshot

_NAMED: Final = 3
_INCLUDED: Final = ".worktreeinclude"


class Loss(NamedTuple):
    """`may_force`: parking keeps it. `remedy` is one thing to do, without an end mark."""

    kind: str
    detail: str
    remedy: str
    may_force: bool = False


class Terms(NamedTuple):
    """`bases` are references that count as merged into; `copies` the patterns of files that a fresh tree is given."""

    main: str
    task: str
    bases: tuple[str, ...]
    copies: tuple[str, ...]


class Findings(NamedTuple):
    """`taken` is None where the tree couldn't be recorded. `copies` differ from the main tree's, `others` just go."""

    losses: tuple[Loss, ...]
    taken: Snapshot | None
    copies: tuple[str, ...]
    others: tuple[str, ...]


def look(tree: str, terms: Terms) -> Findings:
    """Everything in a tree that nobody else has. Raises GitError when git can't tell: then nothing may be removed."""
    copies = changed_copies(tree, terms.main, terms.copies)
    others = tuple(name for name in git_trees.ignored(tree) if name not in copies)
    try:
        taken = snapshot.take(tree)
    except RefusedError as error:
        return Findings((Loss(error.reason, error.message, error.remedy),), None, copies, others)
    found = [*_uncommitted(tree, terms, taken), *_unknown_elsewhere(tree, terms, taken.head)]
    if copies:
        detail = f"{_named(copies)} differ from the main tree's and git ignores them"
        found.append(Loss("ignored", detail, f"`board worktree park {terms.task} --ignored`", may_force=True))
    found += _inside(tree, others)
    return Findings(tuple(found), taken, copies, others)


def _uncommitted(tree: str, terms: Terms, taken: Snapshot) -> Iterator[Loss]:
    if taken.links:
        remedy = "commit and push inside of it and record it in the tree, or move it away"
        yield Loss("nested", f"{_named(taken.links)} is a repository of its own that changed", remedy)
    if taken.is_clean:
        return
    changed = git_trees.differences(tree, taken.base, taken.whole)
    changed += git_trees.differences(tree, taken.base, taken.staged)
    paths = sorted({each.path for each in changed})
    yield Loss("dirty", f"not committed: {_named(paths)}", f"`board worktree park {terms.task}`", may_force=True)


def _unknown_elsewhere(tree: str, terms: Terms, head: str) -> Iterator[Loss]:
    """Commits on no remote that aren't merged either."""
    count = git_trees.on_no_remote(tree, head)
    if not count or is_merged(tree, head, terms.bases):
        return
    own = git_trees.on_no_remote(tree, head, *(f"^{base}" for base in terms.bases))
    if not own:
        return
    words = f"{own} commit{'' if own == 1 else 's'} on no remote and not merged"
    name = git.branch(tree)
    remedy = f"`git push -u origin {name}` or merge it" if name else "make a branch of it with `git switch -c NAME`"
    yield Loss("unpushed", words, remedy, may_force=True)


def is_merged(top: str, commit: str, bases: Sequence[str]) -> bool:
    return any(git.is_merged(top, base, commit) for base in bases)


def bases(top: str, wanted: str) -> tuple[str, ...]:
    """Where work may have been merged to: the base's branch, here and on origin."""
    name = wanted.removeprefix("refs/remotes/").removeprefix("origin/")
    if name in ("", "HEAD"):
        name = git.default_branch(top) or "HEAD"
    found = (f"refs/remotes/origin/{name}", f"refs/heads/{name}")
    return tuple(ref for ref in found if git.has_commit(top, ref)) or ((name,) if git.has_commit(top, name) else ())


def changed_copies(tree: str, main: str, patterns: Sequence[str]) -> tuple[str, ...]:
    """Of the ignored files that a fresh tree is given, those that aren't just what the main tree has."""
    specs = [f":(top,glob){pattern.strip('/')}" for pattern in patterns if pattern.strip("/")]
    names = git_trees.ignored(tree, *specs) if specs else []
    include = os.path.join(main, _INCLUDED)
    if os.path.isfile(include):
        listing = ("ls-files", "--others", "--ignored", f"--exclude-from={include}", "-z")
        given = set(git.run(tree, *listing, timeout=60.0).split("\0"))
        names += [name for name in given if name and os.path.lexists(os.path.join(main, name))]
    return tuple(sorted({name for name in names if not name.endswith("/") and not _is_same(tree, main, name)}))


def _is_same(tree: str, main: str, name: str) -> bool:
    here, there = os.path.join(tree, name), os.path.join(main, name)
    if os.path.islink(here) or os.path.islink(there):
        return os.path.islink(here) and os.path.islink(there) and os.readlink(here) == os.readlink(there)
    return os.path.isfile(there) and filecmp.cmp(here, there, shallow=False)


# --- other repositories within


def _inside(tree: str, ignored: Sequence[str]) -> Iterator[Loss]:
    """Submodules, what is left of former ones, and repositories that git ignores."""
    for path in (*git_trees.links(tree), *_repositories(tree, ignored)):
        full = os.path.join(tree, path)
        if os.path.lexists(os.path.join(full, ".git")):
            yield from _of_repository(path, full)
    modules = os.path.join(git.git_dir(tree), "modules")
    for folder in _git_dirs(modules):
        count = int(git.run(folder, f"--git-dir={folder}", "rev-list", "--count", "--all", "--not", "--remotes"))
        if count:
            yield _unpushed(os.path.relpath(folder, modules), count)


def busy_submodules(tree: str) -> list[str]:
    """Submodules with work in them that isn't committed there."""
    paths = (path for path in git_trees.links(tree) if os.path.lexists(os.path.join(tree, path, ".git")))
    return [path for path in paths if git.changes(os.path.join(tree, path))]


def _of_repository(path: str, full: str) -> Iterator[Loss]:
    left = git.changes(full)
    if left:
        yield Loss("nested", f"{path} has {len(left)} changes of its own", f"commit and push inside of {path}")
    elif not os.path.isfile(os.path.join(full, ".git")) and (count := git_trees.on_no_remote(full, "--all")):
        yield _unpushed(path, count)
    for inner in git_trees.links(full):
        if os.path.lexists(os.path.join(full, inner, ".git")):
            yield from _of_repository(os.path.join(path, inner), os.path.join(full, inner))


def _unpushed(path: str, count: int) -> Loss:
    words = f"{path} has {count} commit{'' if count == 1 else 's'} on no remote"
    return Loss("nested", words, f"push inside of {path}, or move it away")


def _repositories(tree: str, ignored: Sequence[str]) -> Iterator[str]:
    for name in ignored:
        if name.endswith("/"):
            for folder, folders, files in os.walk(os.path.join(tree, name)):
                if ".git" in folders or ".git" in files:
                    yield os.path.relpath(folder, tree)
                    folders.clear()


def _git_dirs(folder: str) -> Iterator[str]:
    for at, folders, files in os.walk(folder):
        if "HEAD" in files and "objects" in folders:
            yield at
            folders[:] = ["modules"] if "modules" in folders else []


def _named(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(paths[:_NAMED]) + more
