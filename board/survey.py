"""All trees of a board side by side: what `board worktree list` shows and `prune` decides by. Changes nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from board import custody, git, git_refs, git_trees, losses, occupancy, parking
from board.custody import Subject, Yard
from board.errors import BoardError
from board.model import ENDED

_AT_ONCE: Final = 8
_BLOCK: Final = 512  # bytes, the unit of st_blocks


class Row(NamedTuple):
    """One tree, or what is left of one. None: could not tell, or there is nothing to tell. `state`: `there`, `gone`
    (git has it in its books, the folder is away), `none` (parked work, or a task that should have one)."""

    task: str
    status: str | None
    state: str
    path: str
    branch: str | None
    dirty: int | None = None
    ahead: int | None = None
    behind: int | None = None
    is_merged: bool | None = None
    unpushed: int | None = None
    parked: str | None = None
    committed_at: float | None = None
    changed_at: float | None = None
    pids: tuple[int, ...] = ()
    listening: tuple[int, ...] = ()
    locked: str | None = None
    problem: str = ""


class Size(NamedTuple):
    """Bytes on disk; not whole where the time was over."""

    bytes: int
    is_whole: bool


def survey(yard: Yard) -> list[Row]:
    """The tasks' trees in the board's order, then trees and parked work of no task. Each tree's questions are asked
    side by side."""
    subjects = list(_subjects(yard))
    found = git_trees.refs(yard.top, parking.PRESERVED)
    parked = {name.removeprefix(parking.PRESERVED): ref.commit for name, ref in found.items()}
    there = occupancy.occupants([it.path for it in subjects if it.is_there])
    has_remote = bool(git.remotes(yard.top))

    def row(it: Subject) -> Row:
        pids = tuple(each.pid for each in there.get(it.path, ()))
        plain = _plain(yard, it)._replace(parked=parked.get(it.name), pids=pids)
        try:
            return _asked(yard, it, plain, has_remote=has_remote)
        except BoardError as error:
            return plain._replace(problem=error.message)

    rows = _side_by_side(row, subjects)
    rows += [_nowhere(yard, name, parked) for name in parked if name not in {it.name for it in subjects}]
    return [each for each in rows if each.state != "none" or each.parked or _is_missed(yard, each.task)]


def _subjects(yard: Yard) -> Iterator[Subject]:
    known = {os.path.realpath(tree.path): tree for tree in git.worktrees(yard.top)}
    for task in yard.board.tasks:
        path = yard.path(task.id)
        tree = known.pop(os.path.realpath(path), None)
        if task.record.get("worktree") in (None, True) and (tree or yard.board.settings.worktrees.enabled):
            yield Subject(task.id, task, path, tree)
    around = os.path.realpath(yard.folder)
    for real, tree in known.items():
        if os.path.dirname(real) == around:
            yield Subject(os.path.basename(real), None, tree.path, tree)


def _plain(yard: Yard, it: Subject) -> Row:
    state = "there" if it.known and it.is_there else "gone" if it.known else "none"
    branch = it.known.branch if it.known is not None else None
    status = str(it.task.status) if it.task is not None else None
    ports = tuple((yard.seen.get(it.name) or {}).get("listening") or ())
    locked = it.known.locked if it.known is not None else None
    return Row(it.name, status, state, it.path, branch, listening=ports, locked=locked)


def _nowhere(yard: Yard, name: str, parked: dict[str, str]) -> Row:
    task = yard.board.find(name)
    return Row(name, str(task.status) if task else None, "none", yard.path(name), None, parked=parked[name])


def _is_missed(yard: Yard, name: str) -> bool:
    """Was the task begun, so that its tree should be there?"""
    task = yard.board.find(name)
    return task is not None and task.run is not None and task.status not in ENDED


def _asked(yard: Yard, it: Subject, row: Row, *, has_remote: bool) -> Row:
    if it.known is None or it.known.head is None:
        return row
    head, top = it.known.head, yard.top
    bases = yard.bases
    ahead = git_refs.count(top, (head,), bases) if bases else None
    behind = git_refs.count(top, bases, (head,)) if bases else None
    return row._replace(
        dirty=len(git.changes(it.path)) if it.is_there else None,
        ahead=ahead,
        behind=behind,
        is_merged=ahead == 0 or losses.is_merged(top, head, bases),
        unpushed=git_trees.on_no_remote(top, head) if has_remote else None,
        committed_at=float(git.run(top, "show", "--no-patch", "--format=%ct", head).strip()),
        changed_at=_changed_at(yard, it),
    )


def _changed_at(yard: Yard, it: Subject) -> float | None:
    """When somebody last did something there: to its files at the top, its index, or its HEAD."""
    admin = git_trees.admin_of(yard.common, it.path)
    places = [it.path] + ([os.path.join(admin, name) for name in ("index", "HEAD", "logs/HEAD")] if admin else [])
    times = [os.stat(path).st_mtime for path in places if os.path.exists(path)]
    return max(times, default=None)


def sizes(paths: Iterable[str], patience: float) -> dict[str, Size]:
    """What each folder takes on disk, links not followed; all of them together within `patience` seconds."""
    wanted, deadline = list(paths), time.monotonic() + patience
    return dict(zip(wanted, _side_by_side(lambda path: _size(path, deadline), wanted), strict=True))


def _size(path: str, deadline: float) -> Size:
    total, folders = 0, [path]
    while folders:
        if time.monotonic() > deadline:
            return Size(total, is_whole=False)
        try:
            for entry in os.scandir(folders.pop()):
                total += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
        except OSError:
            continue
    return Size(total, is_whole=True)


def _side_by_side(ask: Callable[[Any], Any], all_of: list[Any]) -> list[Any]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(ask, all_of))


# --- pruning


def why_kept(yard: Yard, it: Subject, row: Row, older: float, now: float) -> str:
    """Why `prune` leaves a tree alone; empty where it goes."""
    if it.task is None:
        return f"no task has this name: `board worktree remove {it.name}` decides"
    if it.task.status not in ENDED:
        return f"{it.name} is {it.task.status}"
    if row.problem:
        return row.problem
    if row.changed_at is not None and now - row.changed_at < older:
        return "it changed not long ago"
    if found := custody.obstacles(yard, it):
        return found[0].detail
    if not it.is_there:
        return ""
    found = list(losses.look(it.path, yard.terms(it.name)).losses)
    return "; ".join(loss.detail for loss in found)


def candidates(yard: Yard) -> list[Subject]:
    """The trees that git has in its books."""
    return [it for it in _subjects(yard) if it.known is not None]
