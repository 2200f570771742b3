"""The removal of a tree, in an order in which it may be killed anywhere: what is meant is on disk before it begins, and
whoever comes next ends it, or takes it back where somebody has been there since.

Whether a tree may be removed is not asked here (`board.custody`); what must outlive it is, once more. The caller holds
the trees' lock.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from typing import Final, NamedTuple

from board import git, git_trees, occupancy, parking, snapshot
from board.errors import BoardError, RefusedError
from board.treelock import WorktreeError

_FOLDER: Final = os.path.join("crewboard", "removing")
_ATTEMPTS: Final = 3


class Intent(NamedTuple):
    """`whole` and `staged` are the tree's files and its index, as git trees that are referred to or in `head`."""

    task: str
    path: str
    branch: str | None
    head: str | None
    whole: str | None
    staged: str | None
    drops_branch: bool = False


class Ended(NamedTuple):
    """`is_removed` is False where it was taken back, for `why`."""

    intent: Intent
    is_removed: bool
    why: str = ""
    branch_is_gone: bool = False


def remove(top: str, intent: Intent) -> Ended:
    """The tree gone, and its branch where that was wanted and is safe. Raises GitError, or WorktreeError where git
    could not: the next command ends it."""
    common = git.common_dir(top)
    tie(top, intent)
    _write(common, intent)
    return _end(top, common, intent)


def begun(common: str) -> list[str]:
    """The tasks whose trees' removal hasn't come to its end; costs one look at a folder."""
    try:
        return sorted(name for name in os.listdir(os.path.join(common, _FOLDER)) if not name.startswith("."))
    except FileNotFoundError:
        return []


def end_all(top: str, common: str, patience: float = 30.0) -> list[Ended]:
    """Ends, or takes back, whatever was interrupted; a git that is still at it is waited for so long."""
    ended = []
    for task in begun(common):
        if (intent := _read(common, task)) is not None:
            occupancy.settle(intent.path, patience)
            ended.append(_end(top, common, intent))
    return ended


def tie(top: str, intent: Intent) -> None:
    """What only the tree itself refers to (its HEAD's past, references of its own) gets a reference that stays."""
    admin = git_trees.admin_of(git.common_dir(top), intent.path)
    if admin is None:
        return
    commits = [*_past(admin), *_own_refs(top, admin), *((intent.head,) if intent.head else ())]
    with contextlib.suppress(git.GitError):  # an index that is torn or unmerged; the files were looked at elsewhere
        found = snapshot.staged(admin, top)
        if intent.head is not None and found not in (git_trees.tree_of(top, intent.head), intent.staged):
            commits.append(parking.commit(top, found, (intent.head,), f"{intent.task}: staged"))
    parking.keep(top, intent.task, git_trees.unreferenced(top, commits))


def _past(admin: str) -> list[str]:
    found = []
    for name, columns in ((os.path.join("logs", "HEAD"), 2), ("ORIG_HEAD", 1)):
        with contextlib.suppress(OSError), open(os.path.join(admin, name), encoding="utf-8", errors="replace") as told:
            found += [word for line in told for word in line.split(" ")[:columns]]
    return [word.strip() for word in reversed(found) if word.strip("0\n")]


def _own_refs(top: str, admin: str) -> list[str]:
    own = ("refs/worktree", "refs/bisect", "refs/rewritten")
    said = git.run(top, f"--git-dir={admin}", "for-each-ref", "--format=%(objectname)", *own)
    return said.split()


# --- on disk


def _write(common: str, intent: Intent) -> None:
    folder = os.path.join(common, _FOLDER)
    os.makedirs(folder, exist_ok=True)
    aside = os.path.join(folder, f".{intent.task}.{os.getpid()}")
    with open(aside, "w", encoding="ascii") as file:
        json.dump(intent._asdict(), file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, os.path.join(folder, intent.task))


def _read(common: str, task: str) -> Intent | None:
    """None for what nobody can read: a person's file, or one of another version."""
    try:
        with open(os.path.join(common, _FOLDER, task), encoding="ascii") as file:
            return Intent(**json.load(file))
    except (OSError, ValueError, TypeError):
        return None


def _forget(common: str, intent: Intent) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(common, _FOLDER, intent.task))


# --- to its end


def _end(top: str, common: str, intent: Intent) -> Ended:
    for attempt in range(_ATTEMPTS):
        is_there, is_known = os.path.lexists(intent.path), _is_known(top, intent)
        if not is_there and not is_known:
            break
        if is_there and (who := occupancy.words(intent.path)):
            return _take_back(top, common, intent, who)
        try:
            if attempt == 0 and is_known:
                git.run(top, "worktree", "remove", intent.path, timeout=snapshot.SLOW)
            elif is_there and (why := _since(top, common, intent, is_known=is_known)):
                return _take_back(top, common, intent, why)
            else:
                _delete(top, intent, is_known=is_known)
        except (git.GitError, OSError) as error:
            # Not clean in git's eyes: parked, or half removed. Or another git is at it, which outlived its caller.
            if attempt + 1 == _ATTEMPTS:
                raise _unfinished(intent, error) from error
    if os.path.lexists(intent.path):
        raise _unfinished(intent, None)
    is_gone = intent.drops_branch and _drop_branch(top, intent)
    _forget(common, intent)
    return Ended(intent, is_removed=True, branch_is_gone=is_gone)


def _is_known(top: str, intent: Intent) -> bool:
    real = os.path.realpath(intent.path)
    return any(os.path.realpath(tree.path) == real for tree in git.worktrees(top))


def _delete(top: str, intent: Intent, *, is_known: bool) -> None:
    """By git while it knows the tree; what git left of one that it has forgotten was found to hold nothing new."""
    if is_known:
        git.run(top, "worktree", "remove", "--force", intent.path, timeout=snapshot.SLOW)
    else:
        shutil.rmtree(intent.path)


def _since(top: str, common: str, intent: Intent, *, is_known: bool) -> str:
    """What has come into the tree since it was found to be safe; empty where nothing has."""
    if intent.whole is None:
        return "" if not os.path.isdir(intent.path) or not os.listdir(intent.path) or is_known else "it isn't empty"
    if is_known:
        _repair(top, intent)
        admin = git.git_dir(intent.path)
        if git.head(intent.path) != intent.head or snapshot.staged(admin, top) != intent.staged:
            return "its HEAD or its index moved"
    fresh = [each.path for each in snapshot.remains(common, intent.path, intent.whole) if each.code != "D"]
    return f"{fresh[0]} was written" if fresh else ""


def _repair(top: str, intent: Intent) -> None:
    """What makes the folder a tree may have gone before the rest."""
    if not os.path.lexists(os.path.join(intent.path, ".git")):
        git.run(top, "worktree", "repair")  # with a path it fails, and mends it all the same


def _take_back(top: str, common: str, intent: Intent, why: str) -> Ended:
    """What is missing comes back beside what is there; a folder that git has forgotten is left to its writer."""
    if _is_known(top, intent):
        _repair(top, intent)
    if intent.whole is not None:
        gone = [each.path for each in snapshot.remains(common, intent.path, intent.whole) if each.code == "D"]
        snapshot.put_back(common, intent.path, intent.whole, gone)
    _forget(common, intent)
    return Ended(intent, is_removed=False, why=why)


def _drop_branch(top: str, intent: Intent) -> bool:
    """Only as it was, and nowhere checked out. Commits that nothing else leads to are kept."""
    if intent.branch is None or intent.head is None:
        return False
    name = f"refs/heads/{intent.branch}"
    if any(tree.branch == intent.branch for tree in git.worktrees(top)):
        return False
    if git.resolve(top, name) == intent.head:
        parking.keep(top, intent.task, git_trees.unreferenced(top, (intent.head,), besides=name))
        git_trees.drop_ref(top, name, intent.head)
    return git.resolve(top, name) is None


def _unfinished(intent: Intent, error: BaseException | None) -> BoardError:
    if isinstance(error, RefusedError):
        return error
    detail = f": {error.message if isinstance(error, BoardError) else error}" if error is not None else ""
    remedy = f"mend that, then `board worktree remove {intent.task}` ends it"
    return WorktreeError(f"{intent.path} is only half removed{detail}", remedy)
