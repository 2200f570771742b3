"""The commands that only look: list, show, next, check. They take no lock and write nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from board.cli.context import Context
from board.cli.holder import first_claimable
from board.errors import UsageError
from board.instants import format_instant, format_span
from board.model import ENDED, Board, Status, Task
from board.queries import checks_of, is_ready, view, waits_for
from board.render import EMPTY, clean, paragraph, table

_HEADERS = ("ID", "STATUS", "STEP", "HOLDER", "AGE", "WAITS-FOR", "TITLE")


def list_tasks(ctx: Context) -> None:
    statuses = _statuses(ctx.args.status)
    board = ctx.read().board
    shown = [task for task in board.tasks if _is_wanted(ctx, board, task, statuses)]
    if ctx.args.json:
        return ctx.emit({"tasks": [view(board, task) for task in shown]})
    if ctx.args.quiet:
        return ctx.say("\n".join(task.id for task in shown))
    if not shown:
        return ctx.say("no tasks" if not board.tasks else "no such tasks")
    now = ctx.engine.clock()
    return ctx.write(table(_HEADERS, [_row(board, task, now) for task in shown], ctx.env))


def _statuses(text: str | None) -> frozenset[str] | None:
    if text is None:
        return None
    words = frozenset(word.strip() for word in text.split(",") if word.strip())
    unknown = sorted(words - frozenset(Status))
    if unknown or not words:
        raise UsageError(f'no status "{unknown[0] if unknown else text}"', f"one of {', '.join(Status)}")
    return words


def _is_wanted(ctx: Context, board: Board, task: Task, statuses: frozenset[str] | None) -> bool:
    if statuses is not None and task.status not in statuses:
        return False
    if ctx.args.label is not None and ctx.args.label not in (task.record.get("labels") or ()):
        return False
    return not ctx.args.ready or is_ready(board, task)


def _row(board: Board, task: Task, now: float) -> tuple[str, ...]:
    waits = ", ".join(waits_for(board, task)) if task.status not in ENDED else ""
    step = task.step.id if task.record.get("steps") and task.status not in ENDED else EMPTY
    return (task.id, str(task.status), step, task.claim.by if task.claim else EMPTY, _age(task, now), waits, task.title)


def _age(task: Task, now: float) -> str:
    """Since when it is held or blocked."""
    since = task.claim.at if task.claim else task.blocked.at if task.blocked else None
    return EMPTY if since is None else format_span(max(0.0, now - since))


def show(ctx: Context) -> None:
    board, task = ctx.task()
    if ctx.args.json:
        return ctx.tell_task(board, task)
    if ctx.args.quiet:
        return ctx.say(str(task.status))
    return ctx.write(_page(board, task, ctx.engine.clock(), _ports(ctx, task)))


def _ports(ctx: Context, task: Task) -> str:
    if not task.record.get("ports"):
        return ""
    from board.cli.ports import line

    return line(ctx, task)


def _page(board: Board, task: Task, now: float, ports: str) -> str:
    lines = [f"{task.id}  {task.status}", f"  {task.title}", ""]
    facts = [*_facts(board, task, now), ("ports", ports)]
    lines += [f"{label:<11} {value}" for label, value in facts if value]
    text = "".join(f"{clean(line)}\n" for line in lines)
    work = task.step.prompt if task.step.run is None else None
    if work and work != task.title:
        text += f"\nprompt:\n{paragraph(work)}\n"
    return text


def _facts(board: Board, task: Task, now: float) -> list[tuple[str, str]]:
    labels = task.record.get("labels") or ()
    return [
        ("waits for", ", ".join(waits_for(board, task)) if task.status not in ENDED else ""),
        ("ready", "yes" if is_ready(board, task) else ""),
        ("holder", _holder(task, now)),
        ("steps", "  ".join(_steps(task)) if len(task.steps) > 1 else ""),
        ("resumable", "yes" if task.step.resumable else "no"),
        ("run", task.step.run or ""),
        ("agent", task.agent or ""),
        ("brief", task.brief or ""),
        ("priority", str(task.priority)),
        ("after", ", ".join(task.after)),
        ("labels", ", ".join(str(label) for label in labels)),
        ("done when", ", ".join(task.done_when or ())),
        ("checkpoint", _checkpoint(task)),
        ("attempt", _attempt(task)),
        *_endings(task),
        ("merged", _merged(task)),
    ]


def _rests_on(record: Mapping[str, Any]) -> str:
    """The commit and the checks of an ending, or of a worker's word."""
    commit = str(record["commit"])[:12] if record.get("commit") else ""
    forced = "forced" if record.get("forced") else ""
    return ", ".join(word for word in (commit, *checks_of(record), forced) if word)


def _holder(task: Task, now: float) -> str:
    held = task.claim
    if held is None:
        return ""
    left = held.expires_at - now
    lease = f"another {format_span(left)}" if left > 0 else f"expired {format_span(-left)} ago"
    return f"{held.by} (token {held.token}, lease: {lease})"


def _steps(task: Task) -> list[str]:
    current = task.steps.index(task.step)
    ended = task.status is Status.DONE
    marks = ["x" if index < current or ended else ">" if index == current else " " for index in range(len(task.steps))]
    return [f"[{mark}] {step.id}" for mark, step in zip(marks, task.steps, strict=True)]


def _checkpoint(task: Task) -> str:
    point = task.checkpoint
    if point is None:
        return ""
    at = format_instant(point.at) if point.at is not None else ""
    return ", ".join(filter(None, (point.commit and point.commit[:12], point.note, at)))


def _attempt(task: Task) -> str:
    run = task.run
    if run is None:
        return ""
    started = f", started {format_instant(run.started_at)}" if run.started_at is not None else ""
    return f"{run.attempt} of step {run.step}{started}" + (f", ended: {run.last_exit}" if run.last_exit else "")


def _endings(task: Task) -> list[tuple[str, str]]:
    found = []
    keys = {"said_done": Status.REVIEW, "reopened": Status.TODO}
    for key in ("said_done", "reopened", "done", "failed", "cancelled"):
        record = task.record.get(key)
        if isinstance(record, dict) and task.status == keys.get(key, key):
            words = (f"by {record.get('by')}", record.get("at"), record.get("why"), record.get("note"))
            found.append((key.replace("_", " "), ", ".join(str(word) for word in words if word)))
            found.append(("with", _rests_on(record)))
    return found


def _merged(task: Task) -> str:
    record = task.record.get("merged")
    if not isinstance(record, dict):
        return ""
    return f"into {record.get('into')}, {str(record.get('commit'))[:12]}, by {record.get('by')}, {record.get('at')}"


def next_task(ctx: Context) -> None:
    board = ctx.read().board
    task = first_claimable(board, ctx.engine.clock())
    if ctx.args.json:
        return ctx.tell_task(board, task)
    return ctx.say(task.id if ctx.args.quiet else f"{task.id}  {task.title}\nboard claim {task.id} --as NAME takes it")


def check(ctx: Context) -> None:
    if ctx.args.watch:
        from board.cli.watch import watch

        return watch(ctx)
    from board.cli.masking import checked
    from board.cli.profiling import check_profiles

    seen, notes = checked(ctx)
    check_profiles(ctx)
    count = len(seen.board.tasks)
    if ctx.args.json:
        more = {"notes": [note.message for note in notes]} if notes else {}
        return ctx.emit({"ok": True, "tasks_count": count, **more})
    if notes:
        from board.cli import outlet

        outlet.complain(outlet.lines(note.at(ctx.path) for note in notes))
    return None if ctx.args.quiet else ctx.say(f"ok: {count} task{'' if count == 1 else 's'}")
