"""What an attempt left behind in its task's tree, in words for the worker that goes on. It decides and changes nothing.

Subjects and file names are what programs and people made up: bounded, on one line, and redacted like the rest.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Final

from board import git, git_refs
from board.done import uncommitted
from board.errors import BoardError
from board.home import is_in_repository
from board.instants import format_instant, format_moment
from board.model import Checkpoint, Task
from board.render import clean
from supervisor.launch import Left, Site

PATIENCE: Final = 5.0  # seconds: a restart waits no longer for words
_NAMED: Final = 12  # files
_LONG: Final = 120  # characters of one name or subject
_NOTE: Final = 500


async def left_in(task: Task, site: Site, now: float, redact: Callable[[str], str]) -> Left:
    """What can't be told in time, or at all, is left out."""
    point = task.checkpoint
    try:
        words = await asyncio.wait_for(asyncio.to_thread(_words, point, site), PATIENCE)
    except (BoardError, OSError, TimeoutError):
        words = ("", "could not be looked at; see `git status`")
    return Left(redact(_said(point, words[0], now)), redact(words[1]))


def _said(point: Checkpoint | None, commit: str, now: float) -> str:
    """A checkpoint: its commit, note and age."""
    if point is None:
        return ""
    at = f"{format_instant(point.at)} ({format_moment(point.at, now).rpartition(', ')[2]})" if point.at else ""
    return ", ".join(part for part in (commit or point.commit, _short(point.note or "", _NOTE), at) if part)


def _words(point: Checkpoint | None, site: Site) -> tuple[str, str]:
    """The checkpoint's commit, and the tree as it stands; empty where there is no repository."""
    stands = git.standing(site.tree) if os.path.isdir(site.tree) and is_in_repository(site.tree) else None
    if stands is None:
        return "", ""
    marked = _commit(site.tree, point.commit) if point is not None and point.commit else ""
    where = f"on branch `{_short(stands.branch)}`" if stands.branch else "on no branch"
    at = f"at {_commit(site.tree, stands.commit)}" if stands.commit else "without a commit"
    after = _after(point, site.tree, stands.commit)
    return marked, f"{where}, {at}{after}; {_files(site)}"


def _commit(tree: str, commit: str) -> str:
    """Short, with its subject."""
    subject = git_refs.subject(tree, commit)
    return f"{commit[:9]} ({_short(subject)})" if subject else commit[:9]


def _after(point: Checkpoint | None, tree: str, head: str | None) -> str:
    if point is None or not point.commit or head is None or head.startswith(point.commit):
        return ""
    count = git_refs.count_since(tree, point.commit)
    return f", {count} commit{'' if count == 1 else 's'} after the checkpoint" if count else ", not the checkpoint's"


def _files(site: Site) -> str:
    changes = uncommitted(site.tree, (site.board, site.side))
    if not changes:
        return "nothing is uncommitted"
    names = ", ".join(f"{change.code.strip()} {_short(change.path)}" for change in changes[:_NAMED])
    more = f" and {len(changes) - _NAMED} more" if len(changes) > _NAMED else ""
    return f"uncommitted: {names}{more}"


def _short(text: str, most: int = _LONG) -> str:
    """One line that any file can hold: names may be no Unicode."""
    line = clean(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    return line if len(line) <= most else f"{line[: most - 1]}…"
