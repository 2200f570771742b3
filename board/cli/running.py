"""`board run`: one more task for an agent, said in its own words; whoever keeps the board starts it. It starts nothing.

Whoever only wants something done wants an agent that ends by itself: its headless profile, where there is one.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from board.cli import awaiting, outlet
from board.cli.context import Context
from board.cli.planning import named
from board.cli.watched import watched
from board.errors import UsageError
from board.model import Board, Record
from board.profile import HEADLESS, has_variant

_USUAL: Final = "claude"
_TITLE: Final = 72  # characters of a title that is made from the words


def run(ctx: Context) -> int | None:
    wait = awaiting.span_of(ctx.args, "words")
    words = _words(ctx)
    record = _record(ctx, words)

    def make(board: Board) -> Record:
        chosen = agent_for(board, ctx, ctx.args.agent, screen=ctx.args.screen)
        return named({**record, "agent": chosen}, board, ctx.args.id)

    with ctx.placed():
        result = ctx.engine.add(make)
    task = result.task
    if ctx.args.notify and not ctx.read().board.settings.notify:
        outlet.complain(outlet.lines(["board: settings.notify says nowhere to send to, so nobody is told of its end"]))
    if wait is not None and not ctx.args.json:
        _say_added(ctx, task.id, task.agent)
        _tell_keeper(ctx)
        return awaiting.wait(ctx, task.id, wait)
    if wait is not None:
        return awaiting.wait(ctx, task.id, wait)
    if ctx.args.quiet and not ctx.args.json:
        ctx.say(task.id)
    else:
        ctx.tell(result, f"added {task.id} for {task.agent}; board result {task.id} shows what came of it")
    _tell_keeper(ctx)
    return None


def _say_added(ctx: Context, task_id: str, agent: str | None) -> None:
    """On stderr: what is printed is the result."""
    if not ctx.args.quiet:
        outlet.complain(outlet.lines([f"added {task_id} for {agent}"]))


def _tell_keeper(ctx: Context) -> None:
    if watched(ctx).runs is False:
        outlet.complain(outlet.lines(["board: no supervisor keeps this board, so nobody starts it: supervisor start"]))


def _words(ctx: Context) -> str:
    given = " ".join(ctx.args.words)
    text = sys.stdin.read() if given == "-" else given
    if not text.strip():
        raise UsageError("say what is to be done", 'board run "Analyse this module", or - for stdin')
    if "\0" in text:
        raise UsageError("what is to be done holds a NUL", "leave it out")
    return text.strip()


def _record(ctx: Context, words: str) -> dict[str, Any]:
    args = ctx.args
    if args.title is not None and not args.title.strip():
        raise UsageError("the title is empty", "leave --title out, or say something")
    title = args.title.strip() if args.title is not None else title_of(words)
    fields = {
        "title": title,
        "status": "todo",
        "prompt": None if words == title else words,
        "kind": args.kind,
        "resumable": True if args.resumable else None,
        "notify": True if args.notify else None,
        "worktree": False if args.in_place else None,
        "done_when": args.done_when,
    }
    return {key: value for key, value in fields.items() if value is not None}


def title_of(words: str) -> str:
    """Their first line, cut between words where it is long."""
    first = " ".join(next(line for line in words.splitlines() if line.strip()).split())
    if len(first) <= _TITLE:
        return first
    head = first[: _TITLE - 1]
    return f"{head.rpartition(' ')[0] or head}…"


def agent_for(board: Board, ctx: Context, wanted: str | None, *, screen: bool) -> str:
    """The profile to run with; a name that nobody knows is left to the board's own rules. Raises UsageError where it
    can't be told which agent is meant."""
    name = wanted if wanted is not None else _default(board)
    own = board.agents.get(name)
    if screen or (own is not None and _ends_itself(own)):
        return name
    headless = f"{name}{HEADLESS}"
    if headless in board.agents or headless in ctx.filed:
        return headless
    is_there = headless in ctx.profiles if own is None else has_variant(own, ctx.profiles)
    return headless if is_there else name


def _ends_itself(own: Record) -> bool:
    is_variant = own.get("headless") is True or str(own.get("use", "")).endswith(HEADLESS)
    return own.get("settles") == "exit" or is_variant


def _default(board: Board) -> str:
    defined = [name for name in board.agents if not name.startswith("x-")]
    if len(defined) == 1:
        return defined[0]
    if not defined or _USUAL in defined:
        return _USUAL
    raise UsageError("several agents are defined here, so name one", f"--agent {' or '.join(sorted(defined))}")
