"""`board diff`: what a task's branch changes since it left its base, with what is not committed yet. Changes nothing.

git itself shows it, with its own pager and colours on a terminal and plain when piped.
"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any, NamedTuple

from board import git, git_refs
from board.cli import outlet
from board.cli.context import Context
from board.cli.landing import Branch, branch_of
from board.done import counted
from board.errors import BoardError, RefusedError
from board.git_diff import File, numbers, show
from board.model import Task


class Span(NamedTuple):
    """From where the branch left its base to its tip, or to its tree with what isn't committed there."""

    branch: Branch
    base: str
    start: str
    commits: int
    changes: tuple[git.Change, ...]

    @property
    def words(self) -> tuple[str, ...]:
        return (self.start,) if self.branch.tree is not None else (self.start, self.branch.tip)

    @property
    def where(self) -> str:
        return self.branch.tree or self.branch.repository.top


def diff(ctx: Context) -> None:
    board, task = ctx.task()
    span = _span(task, branch_of(ctx, board, task))
    with tempfile.TemporaryDirectory(prefix="board-diff-") as folder:
        index = _with_untracked(span, os.path.join(folder, "index"))
        if ctx.args.json:
            return ctx.emit(_record(task, span, numbers(span.where, span.words, index)))
        if not ctx.args.quiet:
            outlet.complain(outlet.lines([_head(task, span)]))
        _show(ctx, span, index)
    return None


def _span(task: Task, branch: Branch) -> Span:
    repository, tip = branch.repository, branch.tip
    bases = _bases(task, branch)
    start = git_refs.merge_base(repository.top, tip, tuple(bases.values())) if bases else None
    if start is None:
        shallow = "; the clone is shallow" if repository.is_shallow else ""
        raise RefusedError(f"{branch.name} shares no history with a base{shallow}", "git fetch --unshallow", "no_base")
    name = next(iter(bases)).removeprefix("refs/heads/").removeprefix("refs/remotes/")
    changes: tuple[git.Change, ...] = ()
    if branch.tree is not None:
        seen = git_refs.seen(branch.tree)
        if seen.branch != branch.name:
            branch = branch._replace(tree=None)  # another branch's files are not this one's
        else:
            changes = tuple(counted(seen.changes))
    return Span(branch, name, start, git_refs.count(repository.top, (tip,), (start,)), changes)


def _bases(task: Task, branch: Branch) -> dict[str, str]:
    """Where its work was brought home, what counts is where that stood before: else it would change nothing."""
    record, top = task.record.get("merged"), branch.repository.top
    if isinstance(record, dict) and "was" in record and git.is_ancestor(top, branch.tip, str(record["commit"])):
        was = git.resolve(top, str(record["was"]))
        if was is not None:
            return {f"refs/heads/{record['into']}": was}
    return dict(branch.repository.bases)


def _with_untracked(span: Span, index: str) -> str | None:
    """A copy of the tree's index in which new files are known by name, so that git shows them; None where none are."""
    if span.branch.tree is None or not any(change.code == "??" for change in span.changes):
        return None
    from board.git_diff import index_with_untracked

    try:
        return index_with_untracked(span.branch.tree, index)
    except (BoardError, OSError):
        return None


def _head(task: Task, span: Span) -> str:
    new = sum(change.code == "??" for change in span.changes)
    left = len(span.changes) - new
    parts = [f"{left} changed" if left else "", f"{new} new" if new else ""]
    said = ", ".join(filter(None, parts))
    uncommitted = f", and not committed: {said}" if said else ""
    commits = f"{span.commits} commit{'' if span.commits == 1 else 's'}"
    return f"{task.id}: {commits} since it left {span.base} at {span.start[:7]}{uncommitted}"


def _show(ctx: Context, span: Span, index: str | None) -> None:
    sys.stdout.flush()
    command = ["difftool"] if ctx.args.tool else ["diff"]
    if not ctx.args.tool and not sys.stdout.isatty():
        command += ["--no-color", "--no-ext-diff"]
    command += ["--stat"] if ctx.args.stat and not ctx.args.tool else []
    code = show(span.where, (*command, *span.words, "--"), index)
    if code not in (0, 141):  # 141: who read it had enough
        raise BoardError(f"git {command[0]} ended with exit status {code}", f"see `git -C {span.where} diff`")


def _record(task: Task, span: Span, files: list[File]) -> dict[str, Any]:
    left = [{"code": change.code.strip(), "path": change.path} for change in span.changes]
    return {
        "task": task.id,
        "branch": span.branch.name,
        "base": span.base,
        "start": span.start,
        "commit": span.branch.tip,
        "commits_count": span.commits,
        "uncommitted": left,
        "files": [file._asdict() for file in files],
    }
