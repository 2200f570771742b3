"""`board worktree remove` and `prune`: trees that nobody needs any more, told one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from board import custody
from board.cli.context import Context
from board.cli.tree_desk import held, journal, journal_removed
from board.custody import Yard
from board.errors import RefusedError, UsageError
from board.instants import parse_span

_OLDER: Final = 7 * 86400.0


def remove(ctx: Context, yard: Yard) -> None:
    it = custody.subject(yard, ctx.task_id)
    with held(ctx, yard):
        it = custody.subject(yard, it.name)
        done = custody.remove(yard, it, force=ctx.args.force, drops_branch=ctx.args.branch)
    _tell_removed(ctx, done)
    if not done.ended.is_removed:
        raise RefusedError(f"{it.path} stays: {done.ended.why}", "try again", "in_use")
    if ctx.args.json:
        return ctx.emit({"removed": _told(done)})
    return None if ctx.args.quiet else ctx.say("\n".join(_lines(ctx, done)))


def _lines(ctx: Context, done: custody.Removed) -> Iterator[str]:
    name, branch = done.ended.intent.task, done.ended.intent.branch
    yield f"removed {done.ended.intent.path}"
    if done.parked is not None:
        count = f"{len(done.parked.files)} file{'' if len(done.parked.files) == 1 else 's'}"
        yield f"parked before: {count}; `board worktree unpark {name}` brings it back"
    if done.ended.branch_is_gone:
        yield f"branch {branch} is gone; it was merged"
    elif branch is not None:
        yield f"branch {branch} stays" + (": it isn't merged" if ctx.args.branch else "")
    if done.findings is not None and done.findings.others:
        names = ", ".join(done.findings.others[:5]) + (" ..." if len(done.findings.others) > 5 else "")
        yield f"ignored files went with it: {names}"


def _told(done: custody.Removed) -> dict[str, Any]:
    intent, found = done.ended.intent, done.findings
    return {
        "task": intent.task,
        "path": intent.path,
        "branch": intent.branch,
        "branch_deleted": done.ended.branch_is_gone,
        "commit": intent.head,
        "parked": done.parked.commit if done.parked else None,
        "ignored": list(found.others[:20]) if found else [],
    }


def _tell_removed(ctx: Context, done: custody.Removed) -> None:
    if done.parked is not None and done.parked.is_new:
        fields = {"path": done.ended.intent.path, "branch": done.ended.intent.branch, "commit": done.parked.commit}
        journal(ctx, "worktree_parked", done.ended.intent.task, {**fields, "files_count": len(done.parked.files)})
    if done.ended.is_removed:
        journal_removed(ctx, done.ended, forced=ctx.args.force or None)


def prune(ctx: Context, yard: Yard) -> None:
    if ctx.args.id is not None:
        raise UsageError("prune takes no ID", f"`board worktree remove {ctx.args.id}` removes one")
    older = _OLDER if ctx.args.older is None else parse_span(ctx.args.older)
    if older is None:
        raise UsageError(f'--older "{ctx.args.older}" is no span', "such as 12h or 7d")
    gone: list[dict[str, Any]] = []
    kept: list[dict[str, Any]] = []
    for name, why in _verdicts(ctx, yard, older):
        if why or ctx.args.dry_run:
            (kept if why else gone).append({"task": name, **({"why": why} if why else {})})
            continue
        told = _prune_one(ctx, yard, name)
        (kept if "why" in told else gone).append(told)
    if ctx.args.json:
        return ctx.emit({"removed": gone, "kept": kept, "dry_run": ctx.args.dry_run})
    if ctx.args.quiet:
        return ctx.say("\n".join(each["task"] for each in gone))
    verb = "would remove" if ctx.args.dry_run else "removed"
    lines = [f"{verb} {each['task']}" for each in gone] + [f"kept {each['task']}: {each['why']}" for each in kept]
    return ctx.say("\n".join(lines) if lines else "no trees")


def _verdicts(ctx: Context, yard: Yard, older: float) -> list[tuple[str, str]]:
    from board import survey

    with held(ctx, yard):
        pass
    rows = {row.task: row for row in survey.survey(yard)}
    now = ctx.engine.clock()
    return [(it.name, survey.why_kept(yard, it, rows[it.name], older, now)) for it in survey.candidates(yard)]


def _prune_one(ctx: Context, yard: Yard, name: str) -> dict[str, Any]:
    try:
        with held(ctx, yard):
            done = custody.remove(yard, custody.subject(yard, name), drops_branch=ctx.args.branch)
    except RefusedError as error:
        return {"task": name, "why": error.message}
    _tell_removed(ctx, done)
    return _told(done) if done.ended.is_removed else {"task": name, "why": done.ended.why}
