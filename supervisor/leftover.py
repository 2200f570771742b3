"""What an attempt left behind in its task's tree, in words for the worker that goes on. It decides and changes nothing.

Subjects and file names are what programs and people made up: bounded, on one line, and redacted like the rest.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Final

from board import git, git_commits
from board.done import uncommitted
from board.errors import BoardError
from board.home import is_in_repository
from board.instants import format_instant, format_moment
from board.model import Checkpoint, Task
from board.render import clean
from supervisor.launch import Left, Site

PATIENCE: Final = 5.0  # seconds: a restart waits no longer for words
_NAMED: Final = 12  # files
LONG: Final = 120  # characters of one name or subject
_NOTE: Final = 500


Redact = Callable[[str], str]


async def left_in(task: Task, site: Site, now: float, redact: Redact) -> Left:
    """What can't be told in time, or at all, is left out."""
    point = task.checkpoint
    try:
        words = await asyncio.wait_for(asyncio.to_thread(_words, point, site, redact), PATIENCE)
    except (BoardError, OSError, TimeoutError):
        words = ("", "could not be looked at; see `git status`")
    return Left(_said(point, words[0], now, redact), words[1])


def _said(point: Checkpoint | None, commit: str, now: float, redact: Redact) -> str:
    """A checkpoint: its commit, note and age."""
    if point is None:
        return ""
    at = f"{format_instant(point.at)} ({format_moment(point.at, now).rpartition(', ')[2]})" if point.at else ""
    note = shortened(point.note or "", redact, _NOTE)
    return ", ".join(part for part in (commit or point.commit, note, at) if part)


def _words(point: Checkpoint | None, site: Site, redact: Redact) -> tuple[str, str]:
    """The checkpoint's commit, and the tree as it stands; empty where there is no repository."""
    stands = git.standing(site.tree) if os.path.isdir(site.tree) and is_in_repository(site.tree) else None
    if stands is None:
        return "", ""
    marked = _commit(site.tree, point.commit, redact) if point is not None and point.commit else ""
    where = f"on branch `{shortened(stands.branch, redact)}`" if stands.branch else "on no branch"
    at = f"at {_commit(site.tree, stands.commit, redact)}" if stands.commit else "without a commit"
    return marked, f"{where}, {at}{_after(point, site.tree, stands.commit)}; {_files(site, redact)}"


def _commit(tree: str, commit: str, redact: Redact) -> str:
    """Short, with its subject."""
    subject = git_commits.subject(tree, commit)
    return f"{commit[:9]} ({shortened(subject, redact)})" if subject else commit[:9]


def _after(point: Checkpoint | None, tree: str, head: str | None) -> str:
    if point is None or not point.commit or head is None or head.startswith(point.commit):
        return ""
    count = git_commits.count_since(tree, point.commit)
    return f", {count} commit{'' if count == 1 else 's'} after the checkpoint" if count else ", not the checkpoint's"


def _files(site: Site, redact: Redact) -> str:
    changes = uncommitted(site.tree, (site.board, site.side))
    if not changes:
        return "nothing is uncommitted"
    names = ", ".join(f"{change.code.strip()} {shortened(change.path, redact)}" for change in changes[:_NAMED])
    more = f" and {len(changes) - _NAMED} more" if len(changes) > _NAMED else ""
    return f"uncommitted: {names}{more}"


def shortened(text: str, redact: Redact, most: int = LONG) -> str:
    """One line that any file can hold, redacted before it is cut: half a secret is still one. Names of git's may be no
    Unicode."""
    line = clean(redact(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")))
    return line if len(line) <= most else f"{line[: most - 1]}…"
