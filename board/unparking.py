"""The way of parked work back into a tree, in an order in which it may be killed anywhere. It removes no tree."""

from __future__ import annotations

import contextlib
import filecmp
import os
from collections.abc import Container
from typing import Final, NamedTuple

from board import git, git_trees, occupancy, snapshot
from board.errors import NotFound, RefusedError
from board.parking import PRESERVED, State, commit, count, files_of, keep, newest, state, trees
from board.snapshot import Snapshot

_PATIENCE: Final = 60.0


class Unparked(NamedTuple):
    """`conflicts` are the paths in which both sides stand; then the state stays parked. `left`: states still parked.

    `is_anew`: an earlier attempt had ended half-way, and what stood in the tree is under the kept reference."""

    commit: str
    conflicts: tuple[str, ...]
    left: int
    is_anew: bool = False


def unpark(main: str, tree: str, task: str) -> Unparked:
    """The newest parked state back in the tree, what was staged staged again; its reference goes one state back.

    A tree that holds exactly that state already will do; any other change is refused. In conflict nothing is
    dropped. `main` is the main tree: its copies may be overwritten. The caller holds the trees' lock. Raises NotFound
    where nothing is parked.
    """
    tip = newest(tree, task)
    if tip is None:
        raise NotFound(f"nothing of {task} is parked", "`board worktree list` shows what is")
    wanted, is_anew = state(tree, tip), False
    if _begun(tree):
        _settle(tree)
    if not _is_there(tree, wanted):
        now = snapshot.take(tree)
        if is_anew := not now.is_clean and _begun(tree) == (tip, now.head):
            now = _back_to_head(tree, task, now)
        if not now.is_clean:
            raise _in_the_way(tree, task, now)
        _step_aside(main, tree, wanted)
        if conflicts := _apply(tree, wanted, now.head):
            return Unparked(tip, conflicts, count(tree, wanted), is_anew)
        if wanted.head == now.head and not _is_there(tree, wanted):
            raise RefusedError(f"{tree} is not what was parked", f"it stays in {PRESERVED}{task}; look at `git diff`")
    _drop(tree, task, wanted)
    return Unparked(tip, (), count(tree, wanted) - 1, is_anew)


def _is_there(tree: str, wanted: State) -> bool:
    if git.head(tree) != wanted.head:
        return False
    now = snapshot.take(tree, _hidden(tree, wanted))
    return trees(tree, wanted) == (now.work, now.staged, now.loose)


def _hidden(tree: str, wanted: State) -> list[str]:
    """Of the parked files that no index knew, those that are ignored and there: a look at the tree must see them."""
    found = [path for path in snapshot.paths(tree, wanted.loose) if os.path.lexists(os.path.join(tree, path))]
    ignored: list[str] = []
    for some in git_trees.batches(found):
        ignored += git_trees.ignored(tree, *(f":(top,literal){path}" for path in some))
    return ignored


def _in_the_way(tree: str, task: str, now: Snapshot) -> RefusedError:
    files = files_of(tree, now)
    named = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
    return RefusedError(
        f"{tree} has changes of its own ({named})",
        f"commit them, or `git stash` them there, then `board worktree unpark {task}`",
        "dirty",
    )


def _begun(tree: str) -> tuple[str, ...]:
    """Of an unparking that didn't come to its end: the parked state, and the HEAD that it was meant for."""
    try:
        with open(_note(tree), encoding="ascii") as told:
            return tuple(told.read().split())
    except OSError:
        return ()


def _settle(tree: str) -> None:
    """A git that outlived its caller comes to its end; the lock of one that didn't is nobody's."""
    occupancy.settle(tree, _PATIENCE)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(git.git_dir(tree), "index.lock"))


def _note(tree: str) -> str:
    return os.path.join(git.git_dir(tree), "crewboard-unparking")


def _end(tree: str) -> None:
    if os.path.exists(path := _note(tree)):
        os.unlink(path)


def _back_to_head(tree: str, task: str, now: Snapshot) -> Snapshot:
    """A half-unparked tree as it was before. What stands in it is kept first: somebody may have worked on it."""
    whole = commit(tree, now.whole, (now.head,), f"{task}: half unparked")
    keep(tree, task, (whole, commit(tree, now.staged, (now.head,), f"{task}: half unparked, staged")))
    git.run(tree, "reset", "--quiet", "--hard", timeout=snapshot.SLOW)
    for each in git_trees.differences(tree, now.base, now.whole):
        path = os.path.join(tree, each.path)
        if each.code == "A" and os.path.lexists(path):
            os.unlink(path)
    return snapshot.take(tree)


def _step_aside(main: str, tree: str, wanted: State) -> None:
    """Files that git doesn't know and that stand where a parked one is to be: equal ones, and the main tree's copies,
    make room; RefusedError for any other."""
    tracked = set(snapshot.paths(tree, "HEAD"))
    fresh = [path for each in (wanted.loose, wanted.commit) for path in snapshot.paths(tree, each)]
    found = {path: at for path in fresh if path not in tracked and (at := _blocked(tree, path, tracked)) is not None}
    if differ := [at for path, at in found.items() if at != path or not _may_go(main, tree, wanted, path)]:
        named = ", ".join(differ[:3])
        raise RefusedError(f"{named} in {tree} would be overwritten", "move it away, then unpark again", "collision")
    for path in found:
        os.unlink(os.path.join(tree, path))


def _blocked(tree: str, path: str, tracked: Container[str]) -> str | None:
    """What isn't in git and stands where a file is to be: there itself, in place of a folder of its, or below it."""
    full = os.path.join(tree, path)
    if os.path.isdir(full) and not os.path.islink(full):
        return next(iter(git_trees.ignored(tree, f":(top,literal){path}")), None)
    if os.path.lexists(full):
        return path
    parts = path.split("/")
    above = ("/".join(parts[:count]) for count in range(1, len(parts)))
    return next((at for at in above if at not in tracked and _is_no_folder(os.path.join(tree, at))), None)


def _is_no_folder(path: str) -> bool:
    return os.path.lexists(path) and (os.path.islink(path) or not os.path.isdir(path))


def _may_go(main: str, tree: str, wanted: State, path: str) -> bool:
    here, there = os.path.join(tree, path), os.path.join(main, path)
    if not os.path.isfile(here) or os.path.islink(here):
        return False
    if os.path.isfile(there) and filecmp.cmp(here, there, shallow=False):
        return True
    return git.run(tree, "hash-object", "--", here).strip() == _blob(tree, wanted, path)


def _blob(tree: str, wanted: State, path: str) -> str | None:
    for each in (wanted.loose, wanted.commit):
        if found := git.run(tree, "ls-tree", each, "--", path, env={"GIT_LITERAL_PATHSPECS": "1"}):
            return found.split("\t")[0].split()[2]
    return None


def _apply(tree: str, wanted: State, head: str) -> tuple[str, ...]:
    """The paths in conflict, in which git has left both sides."""
    with open(_note(tree), "w", encoding="ascii") as told:
        told.write(f"{wanted.commit} {head}\n")
    for words in (("--index",), ()):
        try:
            git.run(tree, "stash", "apply", "--quiet", *words, wanted.commit, timeout=snapshot.SLOW)
        except git.GitError as error:
            unmerged = git.run(tree, "diff", "--name-only", "--diff-filter=U", "-z").split("\0")
            if found := tuple(path for path in unmerged if path):
                _end(tree)
                return found
            if words and "index" in error.stderr:
                continue
            raise
        else:
            return ()
    raise AssertionError("the second attempt returns or raises")


def _drop(tree: str, task: str, wanted: State) -> None:
    """One state back. What came back only merged stays kept as it was."""
    if git.head(tree) != wanted.head:
        keep(tree, task, (wanted.commit,))
    if wanted.before is None:
        git_trees.drop_ref(tree, PRESERVED + task, wanted.commit)
    else:
        git_trees.move_ref(tree, PRESERVED + task, wanted.before, wanted.commit)
    _end(tree)
