"""`board result`: what came of a task's last run, from what the supervisor stored of it. It asks nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from board import results
from board.cli import awaiting, outlet
from board.cli.context import Context
from board.errors import Busy, NotFound
from board.instants import format_moment, format_span
from board.model import HELD, Status, Task
from board.queries import checks_of
from board.render import clean, paragraph, table

_SHORT: Final = 9  # digits of a commit
_LISTED: Final = 20  # commits and files on the page; --json has what is stored


def result(ctx: Context) -> int | None:
    wait = awaiting.span_of(ctx.args, "id")
    if wait is not None:
        _, task = ctx.task()
        if task.status in HELD or (task.status is Status.TODO and _never_ran(task)):
            return awaiting.wait(ctx, task.id, wait)
    stored = _stored(ctx)
    if ctx.args.json:
        ctx.emit({"result": shown(ctx, stored)})
    else:
        show(ctx, stored)
    return None


def _stored(ctx: Context) -> dict[str, Any]:
    """Raises NotFound where there is none, Busy while the task is worked on."""
    name = ctx.task_id
    found, problem = _found(ctx, name)
    task = ctx.read().board.find(name)
    if task is None:
        if found is None:
            ctx.task()  # says that there is no such task, and which one may be meant
            raise AssertionError(name)
        return found
    if task.status in HELD:
        raise Busy(f"{name} is {task.status}: nothing has come of it yet", f"board result {name} --wait")
    ending = results.ending_of(task)
    if found is not None and not (task.status is Status.TODO and _never_ran(task)):
        if ending is not None and found["of"] != ending.of and found.get("run") != results.run_of(task):
            _note(ctx, f"the result of an earlier run; {name} is {task.status} since")
        elif ending is None:
            _note(ctx, f"the result of an earlier run; {name} is {task.status} now")
        return found
    raise NotFound(*_none(task, problem))


def _found(ctx: Context, name: str) -> tuple[dict[str, Any] | None, str]:
    try:
        return results.read(ctx.store.side, name), ""
    except (OSError, ValueError):
        return None, f"the stored result of {name} can't be read"


def _none(task: Task, problem: str) -> tuple[str, str]:
    name = task.id
    if results.ending_of(task) is not None:
        what = problem or f"no result of {name} is stored"
        return what, "a running supervisor writes it within seconds: supervisor start"
    if task.status is Status.TODO:
        return f"{name} has not run yet", f"board why {name}"
    return f"{name} is {task.status}, and nothing was ever started for it", f"board show {name}"


def _never_ran(task: Task) -> bool:
    return task.run is None and task.last_token == 0


def _note(ctx: Context, words: str) -> None:
    if not ctx.args.quiet:
        outlet.complain(outlet.lines([f"board: {words}"]))


def shown(ctx: Context, stored: Mapping[str, Any]) -> Any:
    """As it may be shown: it may have been written under fewer rules, or by somebody else."""
    from board.journal.faces import for_terminal, told

    return told(for_terminal(ctx.env), {key: value for key, value in stored.items() if key not in ("v", "of", "run")})


def show(ctx: Context, stored: Mapping[str, Any]) -> None:
    told = shown(ctx, stored)
    if ctx.args.quiet:
        return ctx.write(f"{paragraph(str(told.get('message') or ''), '')}\n")
    parts = (_head(told, ctx.engine.clock()), _facts(told, ctx), _commits(told, ctx), _files(told, ctx), _message(told))
    return ctx.write("\n".join(part for part in parts if part))


def _head(told: Mapping[str, Any], now: float) -> str:
    at = told.get("at")
    when = f"  {format_moment(min(at, now), now)}" if isinstance(at, int | float) else ""
    return f"{clean(str(told.get('task')))}  {told.get('status')}{when}\n  {clean(str(told.get('title') or ''))}\n"


def _facts(told: Mapping[str, Any], ctx: Context) -> str:
    took, branch, base = told.get("took_s"), told.get("branch"), told.get("base")
    left = told.get("uncommitted_count")
    facts = {
        "why": told.get("why"),
        "rule": told.get("rule"),
        "exit": told.get("exit"),
        "took": None if not isinstance(took, int | float) else format_span(float(round(took))),
        "attempts": told.get("attempt"),
        "agent": told.get("agent"),
        "checks": ", ".join(checks_of(told)) or None,
        "branch": branch and (f"{branch}, from {str(base)[:_SHORT]}" if base else branch),
        "left": f"{left} not committed" if left else None,
    }
    rows = [(key, str(value)) for key, value in facts.items() if value is not None]
    return table(("WHAT", ""), rows, ctx.env) if rows else ""


def _commits(told: Mapping[str, Any], ctx: Context) -> str:
    listed = _mappings(told.get("commits"))
    rows = [(str(each.get("commit"))[:_SHORT], str(each.get("subject") or "")) for each in listed[:_LISTED]]
    return _listing(("COMMIT", "SUBJECT"), rows, told.get("commits_count"), ctx)


def _files(told: Mapping[str, Any], ctx: Context) -> str:
    listed = _mappings(told.get("files"))
    rows = [(_count(each, "added"), _count(each, "removed"), str(each.get("path"))) for each in listed[:_LISTED]]
    return _listing(("ADDED", "REMOVED", "FILE"), rows, told.get("files_count"), ctx)


def _count(each: Mapping[str, Any], key: str) -> str:
    return "binary" if each.get(key) is None else str(each[key])


def _listing(headers: tuple[str, ...], rows: list[Any], total: Any, ctx: Context) -> str:
    if not rows:
        return ""
    more = total - len(rows) if isinstance(total, int) else 0
    return table(headers, rows, ctx.env) + (f"and {more} more\n" if more > 0 else "")


def _mappings(listed: Any) -> list[Mapping[str, Any]]:
    return [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []


def _message(told: Mapping[str, Any]) -> str:
    message = told.get("message")
    if not message:
        return "it said nothing at its end\n"
    source = {"hook": "its last message", "output": "the end of its output"}.get(
        str(told.get("message_source")), "said"
    )
    return f"{source}:\n{paragraph(str(message))}\n"
