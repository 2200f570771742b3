"""`board worktree park` and `unpark`: uncommitted work into the repository and back into the tree."""

from __future__ import annotations

from board import custody
from board.cli import outlet
from board.cli.context import Context
from board.cli.tree_desk import held, journal, make
from board.custody import Subject, Yard
from board.errors import NotFound, RefusedError


def park(ctx: Context, yard: Yard) -> None:
    it = custody.subject(yard, ctx.task_id)
    with held(ctx, yard):
        parked, left = custody.park(yard, it, with_ignored=ctx.args.ignored)
    if parked is not None and parked.is_new:
        fields = {"path": it.path, "branch": it.known.branch if it.known else None, "commit": parked.commit}
        journal(ctx, "worktree_parked", it.name, {**fields, "files_count": len(parked.files)})
    if left:
        named = ", ".join(left[:3])
        outlet.complain(outlet.lines([f"board: {named} not kept: git ignores it; --ignored parks it too"]))
    if ctx.args.json:
        commit, files = (parked.commit, list(parked.files)) if parked is not None else (None, [])
        return ctx.emit({"parked": {"task": it.name, "commit": commit, "files": files, "not_kept": list(left)}})
    if ctx.args.quiet:
        return None
    if parked is None:
        return ctx.say(f"{it.name} has nothing to park")
    count = f"{len(parked.files)} file{'' if len(parked.files) == 1 else 's'}"
    was = "" if parked.is_new else " (it was already)"
    return ctx.say(f"parked {it.name}: {count} as {parked.commit[:12]}{was}; the tree is as it was")


def unpark(ctx: Context, yard: Yard) -> None:
    from board import parking, unparking

    it = custody.subject(yard, ctx.task_id)
    if parking.newest(yard.top, it.name) is None:
        raise NotFound(f"nothing of {it.name} is parked", "`board worktree list` shows what is")
    if (worker := custody.worker_of(yard, it)) is not None:
        raise custody.refused(it, [worker])
    path = _tree(ctx, yard, it)
    with held(ctx, yard):
        done = unparking.unpark(yard.top, path, it.name)
    fields = {"path": path, "commit": done.commit, "conflicts_count": len(done.conflicts)}
    journal(ctx, "worktree_unparked", it.name, fields)
    if done.is_anew:
        kept = f"{parking.KEPT}{it.name}"
        outlet.complain(outlet.lines([f"board: it had been interrupted and began anew; what stood there is in {kept}"]))
    if done.conflicts:
        named = ", ".join(done.conflicts[:3])
        remedy = f"mend them, then `git update-ref -d {parking.PRESERVED}{it.name}`"
        raise RefusedError(f"both sides stand in {named}, and it stays parked", remedy, "conflict")
    if ctx.args.json:
        return ctx.emit({"unparked": {"task": it.name, "path": path, "commit": done.commit, "left": done.left}})
    more = f"; {done.left} more parked before it" if done.left else ""
    return None if ctx.args.quiet else ctx.say(f"unparked {it.name} in {path}{more}")


def _tree(ctx: Context, yard: Yard, it: Subject) -> str:
    """The task's tree; one that was removed is made again, and a branch that is gone where the parked work began."""
    if it.known is not None and it.is_there:
        return it.path
    if it.task is None:
        custody.need_tree(it)
    custody.revive_branch(yard, it)
    return make(ctx, yard, it)
