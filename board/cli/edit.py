"""`board edit`: a copy of the board in the person's editor, and its way back. Nothing is locked while it is open.

What others wrote meanwhile is merged in (`board.merge`). A copy that can't be used is kept, never thrown away.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from board.check import check
from board.cli import outlet
from board.cli.context import Context
from board.cli.failure import InvalidFile, lines
from board.document import Document
from board.errors import BoardError, InvalidBoard, UsageError
from board.journal.events import Event, Scalar
from board.merge import Clash, Merged, event_fields, merge, sentences
from board.store import Lost, Snapshot
from board.views import View


def edit(ctx: Context) -> None:
    editor = _editor(ctx)
    with ctx.placed():
        base = ctx.store.read()
    copy = _copy(ctx, base)
    while True:
        _open(editor, copy, base)
        text = _read(copy)
        if text == base.text:
            os.unlink(copy)
            return _say(ctx, "unchanged", 0)
        try:
            clashes = _save(ctx, base, text)
        except InvalidBoard as error:
            _again(InvalidFile(error, copy))
            continue
        os.unlink(copy)
        return _say(ctx, "saved", len(clashes))


def _editor(ctx: Context) -> list[str]:
    import shlex
    from shutil import which

    words = shlex.split(ctx.env.get("VISUAL") or ctx.env.get("EDITOR") or "")
    if not words and sys.stdin.isatty():
        words = [name for name in ("vi", "nano") if which(name)][:1]
    if not words:
        raise UsageError("no editor", "set $EDITOR")
    return words


def _copy(ctx: Context, base: Snapshot) -> str:
    """In `.board/edits`, where git doesn't see it; not the file itself, so that a half-typed line is nobody's board."""
    ctx.store.prepare()
    folder = os.path.join(ctx.store.side, "edits")
    os.makedirs(folder, 0o700, exist_ok=True)
    path = os.path.join(folder, f"tasks.{os.getpid()}.yaml")
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(base.text)
    return path


def _open(editor: list[str], copy: str, base: Snapshot) -> None:
    import subprocess

    try:
        status = subprocess.call([*editor, copy])
    except OSError as error:
        os.unlink(copy)
        raise BoardError(f"can't start {editor[0]}: {(error.strerror or '').lower()}", "set $EDITOR") from None
    if status != 0:
        if _read(copy) == base.text:
            os.unlink(copy)
            raise BoardError(f"{editor[0]} ended with status {status}; nothing was changed")
        raise BoardError(f"{editor[0]} ended with status {status}; nothing was saved", f"your copy is {copy}")


def _read(copy: str) -> str:
    try:
        with open(copy, encoding="utf-8", newline="") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidBoard(f"can't read your copy {copy}: {error}") from None


def _again(error: InvalidFile) -> None:
    """Shows the problems and returns to edit again, or raises them where nobody is there or gives up."""
    kept = InvalidBoard(f"nothing was saved; your copy is {error.path}", "mend it, then copy it over the board")
    outlet.complain(lines(error, "board"))
    if not sys.stdin.isatty() or not sys.stderr.isatty():
        raise kept
    outlet.complain(outlet.lines(["edit again, or give up and keep the copy? [E/g]"]), end=" ")
    if sys.stdin.readline().strip().lower() not in ("", "e", "edit", "y", "yes"):
        raise kept


def _save(ctx: Context, base: Snapshot, text: str) -> tuple[Clash, ...]:
    """Saves `text`, merged with what was written meanwhile. Raises InvalidBoard; then nothing was saved."""
    check(Document(text), ctx.profiles)  # the whole edit first: its lines are what the person sees
    made: list[Merged] = [Merged(text, ())]

    def make(view: View) -> str:
        made[:] = [merge(base.text, text, view.text)]
        return made[0].text

    rev = ctx.engine.replace(make).rev if _is_usable(ctx, base.text) else _mend(ctx, base, text)
    _tell(ctx, rev, base, made[0])
    return made[0].clashes


def _mend(ctx: Context, base: Snapshot, text: str) -> str:
    """The way back of an edit that began with a broken board: only over that very board, there is nothing to merge."""
    with ctx.store.locked():
        rev = ctx.store.cas(text, base.rev)
    if isinstance(rev, Lost):
        raise InvalidBoard("the board changed meanwhile", "edit it as it stands now")
    return rev


def _is_usable(ctx: Context, text: str) -> bool:
    try:
        check(Document(text), ctx.profiles)
    except InvalidBoard:
        return False
    return True


def _tasks(text: str) -> dict[str, Any]:
    """The records by id; none where the text was no board."""
    try:
        listed = Document(text).data.get("tasks") or ()
        return {str(record["id"]): record for record in listed}
    except (InvalidBoard, KeyError, TypeError):
        return {}


def _tell(ctx: Context, rev: str, base: Snapshot, merged: Merged) -> None:
    before, after = _tasks(base.text), _tasks(merged.text)
    changed = [name for name in after if name in before and after[name] != before[name]]
    fields: dict[str, Scalar] = {
        "by": ctx.asker.name,
        "rev": rev,
        "rev_was": base.rev,
        "changed_count": len(changed),
        "added_count": len(after.keys() - before.keys()),
        "removed_count": len(before.keys() - after.keys()),
    }
    now = ctx.engine.clock()
    if merged.ours or merged.clashes:
        more = event_fields(merged)
        ctx.engine.sink.append(Event("board_merged", None, {**fields, **more}), now)
        for sentence in sentences(merged):
            ctx.warn(sentence)
    else:
        ctx.engine.sink.append(Event("board_edited", None, fields), now)


def _say(ctx: Context, words: str, clashes: int) -> None:
    if ctx.args.json:
        ctx.emit({"edit": {"result": words, "clashes_count": clashes}})
    elif not ctx.args.quiet:
        more = f"; {clashes} value{'s' if clashes > 1 else ''} had changed meanwhile: board log --event board_merged"
        ctx.say(f"{words}{more if clashes else ''}")
