"""`board inbox` and `board snooze`: what needs a person, as a table, a page or JSON. What that is stands in `inbox`.

What is shown was written by workers and people: it passes the redactor first, as everything that is read back does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any, NamedTuple

from board.cli.context import Context
from board.cli.failure import InvalidFile
from board.cli.parser import width
from board.errors import InvalidBoard, NotFound, UsageError
from board.inbox import snoozes
from board.inbox.finding import items, scene_of
from board.inbox.item import Item, Kind, record_of
from board.inbox.scene import last_good
from board.instants import format_clock, format_instant, format_span, parse_instant, parse_span
from board.journal.events import Event, Scalar
from board.render import EMPTY, clean, table

_HEADERS = ("ITEM", "SINCE", "HOLDS", "WHAT")
_KEY = 34  # characters of a key in the table
_LEAST = 20  # characters of a question
_USUAL = 3600.0  # seconds that an item is put off, unless somebody says otherwise


class Shown(NamedTuple):
    """`hidden` counts those that are put off and not among them. `is_whole`: the board itself could be read."""

    items: list[Item]
    hidden: int
    snoozed: snoozes.Snoozes
    is_whole: bool
    now: float


def inbox(ctx: Context) -> None:
    wanted, is_all = ctx.args.id, ctx.args.all
    if not ctx.args.watch:
        return ctx.write(_text(ctx, look(ctx, wanted, is_all=is_all), wanted))
    from board.cli.watch import again

    def drawn() -> tuple[object, str]:
        shown = look(ctx, wanted, is_all=is_all)
        return [(item.key, item.cause) for item in shown.items], _text(ctx, shown, wanted)

    return again((ctx.store.folder, ctx.store.side, os.path.join(ctx.store.side, "journal")), drawn, ctx.args)


def look(ctx: Context, wanted: str | None = None, *, is_all: bool = False) -> Shown:
    """What needs somebody, about one task or item where that is `wanted`; with `is_all` what was put off as well.
    Raises InvalidBoard where there is neither a board nor anything of one, NotFound for an id that is none."""
    board, problems = _board(ctx)
    now = ctx.engine.clock()
    found = items(scene_of(ctx.store, board, problems, now))
    known = snoozes.read(ctx.store.side)
    if wanted is not None:
        if not _chosen(found, wanted) and (board is None or board.find(wanted) is None):
            _forbid_unknown(wanted, found)
        found = _chosen(found, wanted)
    shown = [item for item in found if is_all or not snoozes.is_put_off(known, item, now)]
    return Shown(shown, len(found) - len(shown), known, not problems, now)


def _board(ctx: Context) -> tuple[Any, tuple[str, ...]]:
    """The board, or the last good one and what is wrong with the file."""
    try:
        return ctx.read().board, ()
    except InvalidBoard as error:
        if not os.path.isdir(ctx.store.side):
            raise
        listed = [each.at(ctx.path) for each in error.problems] if isinstance(error, InvalidFile) else []
        return last_good(ctx.store, ctx.profiles), tuple(listed or [str(error)])


def _chosen(found: Sequence[Item], wanted: str) -> list[Item]:
    """Those of a task, or the one of this key."""
    return [item for item in found if wanted in (item.key, item.origin.task)]


def _forbid_unknown(wanted: str, found: Sequence[Item]) -> None:
    head = wanted.partition(":")[0]
    if head in set(Kind):
        return  # an item that has ended by itself since somebody copied its key
    from difflib import get_close_matches

    near = get_close_matches(wanted, [item.key for item in found], 1)
    raise NotFound(f'no task and no item "{wanted}"', f'did you mean "{near[0]}"?' if near else "board inbox")


# --- showing


def _text(ctx: Context, shown: Shown, wanted: str | None) -> str:
    told = [seen_record(ctx, item) for item in shown.items]
    if ctx.args.json:
        import json

        records = [{**each, **_snoozed(shown, item)} for item, each in zip(shown.items, told, strict=True)]
        whole = {"count": len(told), "hidden_count": shown.hidden, "board_ok": shown.is_whole, "items": records}
        return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"
    if ctx.args.quiet:
        return "".join(f"{each['key']}\n" for each in told)
    head = f"{summary(len(told), shown.hidden, wanted)}\n"
    if wanted is not None:
        return head + "".join(f"\n{_page(shown, item, each)}" for item, each in zip(shown.items, told, strict=True))
    return head + (_table(ctx, shown, told) if told else "")


def summary(count: int, hidden: int, about: str | None = None) -> str:
    what = "nothing needs" if not count else "1 item needs" if count == 1 else f"{count} items need"
    whose = f" about {clean(about)}" if about is not None else ""
    return f"{what} you{whose}{f'; {hidden} put off' if hidden else ''}"


def seen_record(ctx: Context, item: Item) -> dict[str, Any]:
    """One item as a person or a script may see it: redacted, and with commands that mean this board."""
    from board.journal.faces import for_terminal, told

    record = record_of(item)
    if ctx.args.board:  # a command that is copied must mean this board
        record["do"] = [f"{command} --board {quote(ctx.args.board)}" for command in record["do"]]
    shown: dict[str, Any] = told(for_terminal(ctx.env), record, keys=False)
    return shown


def _snoozed(shown: Shown, item: Item) -> dict[str, str | None]:
    is_off = snoozes.is_put_off(shown.snoozed, item, shown.now)
    return {"snoozed_until": format_instant(shown.snoozed[item.key].until) if is_off else None}


def _table(ctx: Context, shown: Shown, told: Sequence[Mapping[str, Any]]) -> str:
    rows = [_row(shown, item, each) for item, each in zip(shown.items, told, strict=True)]
    taken = sum(max(len(row[at]) for row in (_HEADERS, *rows)) + 2 for at in range(3))
    room = max(_LEAST, width() - taken)
    cut = [(*row[:3], _cut(row[3], room)) for row in rows]
    more = "board inbox ITEM shows one, and the commands that answer it\n"
    return table(_HEADERS, cut, ctx.env) + more


def _row(shown: Shown, item: Item, each: Mapping[str, Any]) -> tuple[str, ...]:
    off = "(put off) " if snoozes.is_put_off(shown.snoozed, item, shown.now) else ""
    holds = str(item.holds) if item.holds else EMPTY
    return (_short(str(each["key"])), _age(item, shown.now), holds, f"{off}{each['question']}")


def _short(key: str) -> str:
    """The kind and the end of the id, which tells long ones apart."""
    return key if len(key) <= _KEY else f"{key[: _KEY // 2 - 2]}...{key[-(_KEY // 2 - 1) :]}"


def _cut(text: str, room: int) -> str:
    line = clean(text)
    return line if len(line) <= room else f"{line[: room - 3]}..."


def _age(item: Item, now: float) -> str:
    return EMPTY if item.since is None else format_span(max(0.0, now - item.since))


def _page(shown: Shown, item: Item, each: Mapping[str, Any]) -> str:
    at = f"  since {_age(item, shown.now)}" if item.since is not None else ""
    holds = f"  holds {item.holds} back" if item.holds else ""
    lines = [f"{each['key']}  {each['severity']}{at}{holds}", f"  {each['question']}"]
    lines += [f"  {line}" for line in each["more"]]
    where = " ".join(f"{name}={value}" for name, value in each["origin"].items() if value is not None)
    lines += [f"where      {where}", *(f"do         {command}" for command in each["do"])]
    snooze = shown.snoozed.get(item.key)
    if snooze is not None and snoozes.is_put_off(shown.snoozed, item, shown.now):
        lines.append(f"put off    until {format_clock(snooze.until, shown.now)}, by {snooze.by}")
    return "".join(f"{clean(line)}\n" for line in lines)


# --- putting off


def snooze(ctx: Context) -> None:
    if ctx.args.id is None:
        raise UsageError("name a task or an item", "board inbox shows them all")
    seen = look(ctx, ctx.args.id, is_all=True)
    if ctx.args.off:
        return _wake(ctx, seen)
    until = _until(ctx, seen.now)
    if not seen.items:
        raise NotFound(f"nothing needs you about {ctx.args.id}", "board inbox")
    snoozes.put_off(ctx.store, seen.items, until, ctx.asker.name, seen.now)
    for item in seen.items:
        _tell(ctx, "item_snoozed", item, until_at=until)
    keys = [item.key for item in seen.items]
    if ctx.args.json:
        return ctx.emit({"snoozed": keys, "until": format_instant(until)})
    when = f"{format_clock(until, seen.now)} ({format_span(round(until - seen.now))})"
    return None if ctx.args.quiet else ctx.say("\n".join(f"put off {key} until {when}" for key in keys))


def _wake(ctx: Context, seen: Shown) -> None:
    keys = [item.key for item in seen.items if snoozes.is_put_off(seen.snoozed, item, seen.now)]
    snoozes.wake(ctx.store, [*keys, ctx.args.id], seen.now)
    for item in seen.items:
        if item.key in keys:
            _tell(ctx, "item_returned", item)
    if ctx.args.json:
        return ctx.emit({"woken": keys})
    return None if ctx.args.quiet else ctx.say("\n".join(f"back: {key}" for key in keys) or "it was not put off")


def _tell(ctx: Context, name: str, item: Item, **fields: float) -> None:
    said: dict[str, Scalar] = {"by": ctx.asker.name, "item": item.key, **fields}
    ctx.engine.sink.append(Event(name, item.origin.task, said), ctx.engine.clock())


def _until(ctx: Context, now: float) -> float:
    """Raises UsageError for what is no time to come."""
    span, instant = ctx.args.span, ctx.args.until
    if span is not None and instant is not None:
        raise UsageError("say --for or --until, not both", "see board snooze --help")
    if instant is not None:
        at = parse_instant(instant)
        if at is None or at <= now:
            raise UsageError(f'--until "{instant}" is no instant to come', "such as 2026-11-20T10:00:00Z (UTC)")
        return at
    seconds = _USUAL if span is None else parse_span(span)
    if not seconds or seconds > 3660 * 86400:
        raise UsageError(f'--for "{span}" is no span', "such as 30m, 2h or 1d")
    return round(now + seconds, 3)
