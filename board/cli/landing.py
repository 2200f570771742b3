"""`board merge`: a task's branch into the branch that it left, once the definition of done holds.

The rules of merging are git's, how it is done is `board.landing`'s; here it is asked for, recorded and told.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple, assert_never

from board import moves
from board.cli.context import Context
from board.cli.failure import Conflicting
from board.engine import Result
from board.errors import BoardError, RefusedError, UsageError
from board.home import definition_of_done, home_of
from board.landing import Conflicted, Landed, Order, Unfit, land
from board.model import Board, Status, Task
from board.moves import Refused
from board.render import clean
from board.trees import Repository, place_of, repository_of


class Branch(NamedTuple):
    """A task's own branch: its tip, and its tree where there is one."""

    repository: Repository
    name: str
    tip: str
    home: str
    tree: str | None


def merge(ctx: Context) -> None:
    force, why = ctx.args.force, ctx.args.why
    if force and not (why or "").strip():
        raise UsageError("--force needs --why", "it goes on record")
    board, task = ctx.task()
    branch = branch_of(ctx, board, task)
    definition = definition_of_done(board, task, branch.tree or ctx.folder)
    _refuse(moves.may_merge(_asked(ctx, board), definition, force=force))
    order = _order(ctx, board, task, branch)
    if not force:
        _hold(ctx, board, task, branch)
    done = _landed(task, order)
    _tell(ctx, order, branch.tree, done, _recorded(ctx, task, order, done))


def _asked(ctx: Context, board: Board) -> moves.Ask:
    return ctx.engine.ask(board, ctx.task_id, ctx.asker.about(ctx.task_id))


def _refuse(refused: Refused | None) -> None:
    if refused is not None:
        raise RefusedError(refused.message, refused.remedy, refused.reason)


def branch_of(ctx: Context, board: Board, task: Task) -> Branch:
    """Raises RefusedError for a task that has none, BoardError when git can't be asked."""
    home = home_of(board, task, ctx.folder)
    if home is None:
        remedy = "worktrees.enabled: true gives each task one" if not board.settings.worktrees.enabled else ""
        raise RefusedError(f"{task.id} has no branch of its own: it works in the board's folder", remedy, "no_branch")
    repository = repository_of(board, ctx.folder)
    tip = repository.branches.get(task.id)
    if tip is None:
        raise RefusedError(f"there is no branch {task.id} yet", f"board start {task.id}, or commit on it", "no_branch")
    return Branch(repository, task.id, tip, home, place_of(repository, task.id, home))


def _order(ctx: Context, board: Board, task: Task, branch: Branch) -> Order:
    from board.git_refs import branch_name

    top = branch.repository.top
    into = ctx.args.into or branch_name(top, board.settings.worktrees.base)
    if into is None:
        raise RefusedError("there is no branch to merge into", "name one with --into", "no_branch")
    if into == branch.name:
        raise UsageError(f"{into} is the task's own branch", "name another one with --into")
    ours = tuple(os.path.abspath(path) for path in (ctx.store.path, ctx.store.real, ctx.store.side))
    message = clean(f"Merge {task.id} into {into}: {task.title}")
    return Order(top, branch.name, branch.tip, into, message, branch.repository.root, ours)


def _hold(ctx: Context, board: Board, task: Task, branch: Branch) -> None:
    """The definition of done, but for being merged, which is what is asked for. Raises NotDone."""
    from board import git
    from board.cli.ending import proved

    if branch.tree is None:
        _refuse(_unasked(task, branch))
        return
    items = tuple(item for item in definition_of_done(board, task, branch.tree) if item != "merged")
    proved(ctx, board, task._replace(done_when=items))
    stands = git.standing(branch.tree)
    if stands is None or (stands.branch, stands.commit) != (branch.name, branch.tip):
        where = "elsewhere" if stands is None else stands.branch or "no branch"
        message = f"what was checked is not what {branch.name} stands at: its tree is on {where}"
        raise RefusedError(message, f"git -C {branch.tree} switch {branch.name}, then merge again", "moved")


def _unasked(task: Task, branch: Branch) -> Refused | None:
    """Without a tree nothing can be asked: what was found done at this very commit still is."""
    from board.drift import recorded_commit

    if task.status is Status.DONE and recorded_commit(task) == branch.tip:
        return None
    remedy = f"git -C {branch.repository.top} worktree add {branch.home} {branch.name}, or --force --why"
    return Refused(moves.Reason.NOT_READY, f"{task.id} has no tree, so its checks can't be asked", remedy)


def _landed(task: Task, order: Order) -> Landed:
    outcome = land(order)
    match outcome:
        case Landed():
            return outcome
        case Unfit():
            raise RefusedError(outcome.message, outcome.remedy, outcome.reason)
        case Conflicted():
            raise _conflicting(task, order, outcome)
        case _:
            assert_never(outcome)


def _conflicting(task: Task, order: Order, found: Conflicted) -> Conflicting:
    count = len(found.files)
    files = f"{count} file{'' if count == 1 else 's'}"
    if found.tree is None:
        message = f"{task.id} and {order.into} clash in {files}; nothing was changed"
        remedy = f"merge {order.into} into {order.branch} in its tree, or check {order.into} out and merge again"
    else:
        message = f"{task.id} and {order.into} clash in {files}; the merge is left open in {found.tree}"
        remedy = f"mend them, `git add` and `git commit` there, then `board merge {task.id}`; or `git merge --abort`"
    return Conflicting(message, remedy, [(each.path, each.how) for each in found.files])


def _recorded(ctx: Context, task: Task, order: Order, done: Landed) -> Result | None:
    """None where it is on record already. What git did stands, whatever becomes of the record."""
    is_known = isinstance(task.record.get("merged"), dict) and task.record["merged"].get("into") == order.into
    if done.how is None and is_known:
        return None
    record: dict[str, Any] = {"into": order.into, "commit": done.commit}
    record["was"] = done.was if done.how is not None else None
    record |= {"forced": True, "why": ctx.args.why} if ctx.args.force else {}
    told = {"how": done.how, "commits_count": done.commits if done.how is not None else None}
    try:
        return ctx.change(lambda ask: moves.merged(ask, record, told))
    except BoardError as error:
        error.message = f"{task.id} is merged into {order.into}, but that is not on record: {error.message}"
        error.remedy = f"board merge {task.id} records it"
        raise


def _tell(ctx: Context, order: Order, tree: str | None, done: Landed, result: Result | None) -> None:
    board, task = (result.board, result.task) if result is not None else ctx.task()
    if ctx.args.json:
        from board.queries import view

        merge = {"into": order.into, "commit": done.commit, "was": done.was, "how": done.how}
        ctx.emit({"merge": {**merge, "commits_count": done.commits}, "task": view(board, task)})
    elif not ctx.args.quiet:
        ctx.say("\n".join([_sentence(task, order.into, done), *_next(task, tree)]))


def _sentence(task: Task, into: str, done: Landed) -> str:
    if done.how is None:
        return f"{task.id} is in {into} already"
    commits = f"{done.commits} commit{'' if done.commits == 1 else 's'}"
    return f"merged {task.id} into {into}: {commits}, {done.how}; {into} was {done.was[:7]}, is {done.commit[:7]}"


def _next(task: Task, tree: str | None) -> list[str]:
    if task.status is not Status.DONE:
        return [f"next: board done {task.id}"]
    return [f"next: board worktree remove {task.id}"] if tree is not None else []
