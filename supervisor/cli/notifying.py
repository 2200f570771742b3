"""`supervisor notify`: the rules and what waits, a test of each way; and, for the supervisor, the sender itself."""

from __future__ import annotations

import os
import time
from typing import Any

from board.cli.context import Context
from board.errors import InvalidBoard
from board.inbox.scene import last_good
from board.instants import format_instant, format_moment
from board.journal.faces import for_terminal, told
from board.journal.sink import Journal, make_redactor
from board.notices import Rule
from board.render import EMPTY, table
from board.settings import Redact
from supervisor.notify.queue import Entry, Queue
from supervisor.notify.sending import Place, Sender, deliver

_TEST = {"title": "crewboard: a test", "text": "Nothing needs you: `supervisor notify --test` sent this."}


def notify(ctx: Context) -> int:
    if ctx.args.flush:
        return _flush(ctx)
    rules = ctx.read().board.settings.notify
    return _test(ctx, rules) if ctx.args.test else _show(ctx, rules)


def _place(ctx: Context) -> Place:
    return Place(os.path.dirname(ctx.store.real), ctx.env)


# --- for people


def _show(ctx: Context, rules: tuple[Rule, ...]) -> int:
    queue = Queue(ctx.store.side)
    waiting, now = queue.entries(), time.time()
    record = {
        "rules": [{"ways": list(rule.ways), "kinds": list(rule.kinds), "severity": rule.severity} for rule in rules],
        "waiting": [_waiting(entry) for entry in waiting],
        "lost_count": queue.lost(),
    }
    shown: dict[str, Any] = told(for_terminal(ctx.env), record, keys=False)
    if ctx.args.json:
        ctx.emit(shown)
        return 0
    rows = [
        (way, rule["severity"], ", ".join(rule["kinds"]) or "all") for rule in shown["rules"] for way in rule["ways"]
    ]
    if not rows:
        ctx.say("nobody is told of anything: settings.notify has no rules; board inbox shows what needs you")
    elif not ctx.args.quiet:
        ctx.write(table(("TO", "FROM", "KINDS"), rows, ctx.env))
    if waiting:
        late = [
            (each["way"], each["attempts"], _due(entry, now), each["problem"])
            for entry, each in zip(waiting, shown["waiting"], strict=True)
        ]
        ctx.write(
            "\n" + table(("WAITS FOR", "TRIED", "NEXT", "PROBLEM"), [tuple(map(str, row)) for row in late], ctx.env)
        )
    if shown["lost_count"]:
        ctx.say(f"{shown['lost_count']} were given up: board log --event notification_failed")
    return 0


def _waiting(entry: Entry) -> dict[str, Any]:
    due = format_instant(round(entry.due_at, 3)) if entry.due_at else None
    problem = entry.record.get("problem")
    return {"way": entry.way, "attempts": entry.attempts, "due_at": due, "problem": problem and str(problem)}


def _due(entry: Entry, now: float) -> str:
    return format_moment(entry.due_at, now) if entry.due_at > now else EMPTY


def _test(ctx: Context, rules: tuple[Rule, ...]) -> int:
    ways = list(dict.fromkeys(way for rule in rules for way in rule.ways))
    redactor = for_terminal(ctx.env)
    message = {**_TEST, "count": 0, "dropped_count": 0, "items": []}
    sent = {way: deliver(way, message, _place(ctx), redactor, time.time(), frozenset()) for way in ways}
    results = [
        {"way": redactor.text(way), "ok": not each.problem, "problem": each.problem} for way, each in sent.items()
    ]
    is_well = all(each["ok"] for each in results)
    if ctx.args.json:
        ctx.emit({"ok": is_well, "ways": results})
    elif not ways:
        ctx.say("settings.notify has no rules: there is nothing to test")
    elif not ctx.args.quiet or not is_well:
        rows = [(str(each["way"]), "sent" if each["ok"] else "failed", str(each["problem"])) for each in results]
        ctx.write(table(("TO", "RESULT", "PROBLEM"), rows, ctx.env))
    return 0 if is_well else 1


# --- the sender process


def _flush(ctx: Context) -> int:
    """What is due, once. Works on the last good board as well: a broken one is a reason for messages."""
    queue = Queue(ctx.store.side)
    with queue.alone() as is_alone:
        if not is_alone:
            return 0
        rules, wanted = _settings(ctx)
        redactor = make_redactor(ctx.store.side, ctx.env, wanted)
        journal = Journal(os.path.join(ctx.store.side, "journal"), redactor)
        ways = [way for rule in rules for way in rule.ways]
        Sender(queue, redactor, journal, _place(ctx), ways).flush(time.time())
    return 0


def _settings(ctx: Context) -> tuple[tuple[Rule, ...], Redact]:
    try:
        board = ctx.read().board
    except InvalidBoard:
        good = last_good(ctx.store, ctx.profiles)
        if good is None:
            raise
        board = good
    return board.settings.notify, board.settings.redact
