"""Parked work: what a tree holds beside its HEAD, kept in the repository. `board.unparking` brings it back.

`refs/crewboard/preserved/TASK` is a chain, the newest state first; each is a commit that `git stash apply` understands.
`refs/crewboard/kept/TASK` holds what has no other reference to live by. Nothing here removes a tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from board import git, git_trees, snapshot
from board.errors import RefusedError
from board.snapshot import Snapshot

PRESERVED: Final = "refs/crewboard/preserved/"
KEPT: Final = "refs/crewboard/kept/"
_IDENTITY: Final = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "crewboard"), ("EMAIL", "crewboard@localhost"))
}
_UTF8: Final = ("-c", "i18n.commitEncoding=UTF-8", *("-c", "core.fsync=all", "-c", "core.fsyncMethod=batch"))


class Parked(NamedTuple):
    """`files` are the paths that differ from HEAD. `is_new` is False where the newest parked state said it all."""

    commit: str
    head: str
    files: tuple[str, ...]
    is_new: bool


class State(NamedTuple):
    """A parked state as its commit tells it; its tree is of the tracked files, `loose` a commit of the others."""

    commit: str
    head: str
    staged: str
    loose: str
    before: str | None


def park(tree: str, task: str, also: Sequence[str] = ()) -> Parked | None:
    """The tree's uncommitted work under the task's reference; None where there is none. Twice is harmless.

    The caller holds the trees' lock. Raises RefusedError where it can't all be kept.
    """
    taken = snapshot.take(tree, also)
    if taken.links:
        raise _not_ours(tree, taken.links)
    if taken.is_clean:
        return None
    return record(tree, task, taken)


def record(tree: str, task: str, taken: Snapshot) -> Parked:
    files = files_of(tree, taken)
    before = newest(tree, task)
    if before is not None and _is_same(tree, before, taken):
        return Parked(before, taken.head, files, is_new=False)
    index = commit(tree, taken.staged, (taken.head,), f"{task}: staged")
    loose = commit(tree, taken.loose, (), f"{task}: untracked")
    parents = (taken.head, index, loose, *((before,) if before else ()))
    made = commit(tree, taken.work, parents, f"{task}: parked, {len(files)} files")
    git_trees.move_ref(tree, PRESERVED + task, made, before)
    return Parked(made, taken.head, files, is_new=True)


def newest(top: str, task: str) -> str | None:
    return git.resolve(top, PRESERVED + task)


def state(top: str, commit_id: str) -> State:
    """Raises RefusedError where it isn't one that `park` has made."""
    found = git_trees.parents(top, commit_id)
    if len(found) not in (3, 4):
        raise RefusedError(f"{commit_id[:12]} is no parked state", f"look at it with `git show {commit_id[:12]}`")
    head, index, loose, *before = found
    return State(commit_id, head, index, loose, before[0] if before else None)


def keep(top: str, task: str, commits: Iterable[str]) -> None:
    """From here on these commits have a reference of the task's to live by."""
    wanted = tuple(dict.fromkeys(commits))
    if not wanted:
        return
    before = git.resolve(top, KEPT + task)
    made = commit(top, git_trees.tree_of(top, wanted[0]), (*wanted, *((before,) if before else ())), f"{task}: kept")
    git_trees.move_ref(top, KEPT + task, made, before)


def commit(top: str, tree: str, parents: Sequence[str], message: str) -> str:
    linked = [word for parent in dict.fromkeys(parents) for word in ("-p", parent)]
    return git.run(top, *_UTF8, "commit-tree", tree, *linked, "-m", message, env=_IDENTITY).strip()


def files_of(top: str, taken: Snapshot) -> tuple[str, ...]:
    changed = (*git_trees.differences(top, taken.base, taken.whole), *_staged(top, taken))
    return tuple(sorted({each.path for each in changed}))


def _staged(top: str, taken: Snapshot) -> list[git_trees.Entry]:
    return git_trees.differences(top, taken.base, taken.staged)


def _is_same(top: str, tip: str, taken: Snapshot) -> bool:
    found = state(top, tip)
    return found.head == taken.head and trees(top, found) == (taken.work, taken.staged, taken.loose)


def trees(top: str, found: State) -> tuple[str, ...]:
    return tuple(git_trees.tree_of(top, each) for each in (found.commit, found.staged, found.loose))


def _not_ours(tree: str, paths: Sequence[str]) -> RefusedError:
    named = ", ".join(paths[:3])
    remedy = f"commit and push inside of it, then record it in {tree} with `git add` and a commit, or move it away"
    return RefusedError(
        f"{named} in {tree} is a repository of its own that changed: it can't be parked", remedy, "nested"
    )


def count(top: str, tip: State) -> int:
    number, at = 1, tip
    while at.before is not None:
        number, at = number + 1, state(top, at.before)
    return number
