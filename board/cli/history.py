"""`board history`: the versions that were written, what changed between them, and the way back to one."""

from __future__ import annotations

from collections.abc import Iterator

from board.cli import outlet
from board.cli.context import Context
from board.errors import InvalidBoard, NotFound, UsageError
from board.instants import format_instant, format_span
from board.journal.events import Event
from board.render import table, wants_colour
from board.versions import Version

_SHOWN = 12  # digits of a revision; as many as git shows of a commit, and a few to spare


def history(ctx: Context) -> None:
    action = ctx.args.action or "list"
    if action in ("show", "restore") and ctx.args.rev is None:
        raise UsageError("name a version", "`board history` lists them")
    {"list": _list, "show": _show, "diff": _diff, "restore": _restore}[action](ctx)


def _versions(ctx: Context) -> list[Version]:
    """Newest first; edits as they were made, before they were merged, are none."""
    return [version for version in reversed(ctx.store.history.versions()) if not version.is_note]


def _list(ctx: Context) -> None:
    if ctx.args.limit < 1:
        raise UsageError("--limit is 1 or more")
    now, head = ctx.engine.clock(), ctx.store.history.head()
    rows, shown = [], []
    for version in _versions(ctx)[: ctx.args.limit]:
        at, text = ctx.store.history.files.written_at(version), ctx.store.history.files.load(version)
        is_current = head is not None and (version.number, version.rev) == (head.number, head.rev)
        size = None if text is None else len(text)
        shown.append({"rev": version.rev, "at": format_instant(at), "size_bytes": size, "current": is_current})
        age = format_span(max(0.0, now - at))
        damaged = "damaged" if text is None else f"{size} bytes"
        rows.append((version.rev[:_SHOWN], format_instant(at), age, damaged, "current" if is_current else ""))
    if ctx.args.json:
        return ctx.emit({"versions": shown})
    if ctx.args.quiet:
        return ctx.say("\n".join(row[0] for row in rows))
    if not rows:
        return ctx.say("no version was written yet")
    return ctx.write(table(("REV", "WRITTEN", "AGE", "SIZE", "NOW"), rows, ctx.env))


def _text(ctx: Context, rev: str) -> tuple[Version, str]:
    found = {version.rev: version for version in reversed(_versions(ctx)) if version.rev.startswith(rev.lower())}
    if len(found) > 1:
        raise UsageError(f"{rev} is the beginning of {len(found)} versions", "give more of its digits")
    for version in found.values():
        raw = ctx.store.history.files.load(version)
        if raw is not None:
            return version, raw.decode("utf-8")
        raise NotFound(f"version {version.rev[:_SHOWN]} is damaged", "`board history` lists the others")
    raise NotFound(f"no version {rev}", "`board history` lists them")


def _show(ctx: Context) -> None:
    version, text = _text(ctx, ctx.args.rev)
    if ctx.args.json:
        return ctx.emit({"version": {"rev": version.rev, "text": text}})
    return ctx.write(text)


def _diff(ctx: Context) -> None:
    """Of two versions, of one and the newest, or of the newest and what stands on disk."""
    now = ctx.store.read()
    if ctx.args.rev is None:
        head = ctx.store.history.head()
        old = _text(ctx, head.rev) if head is not None else (None, now.text)
        pair = (old[1], now.text, head.rev[:_SHOWN] if head is not None else "", "on disk")
    else:
        first = _text(ctx, ctx.args.rev)
        second = _text(ctx, ctx.args.other) if ctx.args.other is not None else None
        name = second[0].rev[:_SHOWN] if second is not None else "on disk"
        pair = (first[1], second[1] if second is not None else now.text, first[0].rev[:_SHOWN], name)
    lines = list(_unified(*pair))
    if ctx.args.json:
        return ctx.emit({"diff": lines})
    return ctx.write("".join(f"{_coloured(line, ctx)}\n" for line in lines))


def _unified(old: str, new: str, old_name: str, new_name: str) -> Iterator[str]:
    from difflib import unified_diff

    from board.render import clean

    for line in unified_diff(old.splitlines(), new.splitlines(), old_name, new_name, lineterm=""):
        yield clean(line)


def _coloured(line: str, ctx: Context) -> str:
    colour = {"+": "32", "-": "31", "@": "36"}.get(line[:1])
    return f"\x1b[{colour}m{line}\x1b[0m" if colour and wants_colour(ctx.env) else line


def _restore(ctx: Context) -> None:
    """The old text as the newest version, but for what a machine must not forget."""
    version, text = _text(ctx, ctx.args.rev)
    with ctx.placed():
        before = ctx.engine.read()
        try:
            view, notes = ctx.engine.restore(text)
        except InvalidBoard as error:
            raise InvalidBoard(f"version {version.rev[:_SHOWN]} is no board by today's rules: {error}") from None
    fields = {"by": ctx.asker.name, "rev": view.rev, "rev_was": before.rev, "restored": version.rev}
    ctx.engine.sink.append(Event("board_restored", None, fields), ctx.engine.clock())
    outlet.complain(outlet.lines(f"board: {note}" for note in notes))
    if ctx.args.json:
        ctx.emit({"restored": {"rev": view.rev, "from": version.rev}})
    elif not ctx.args.quiet:
        ctx.say(f"restored {version.rev[:_SHOWN]} as {view.rev[:_SHOWN]}")
