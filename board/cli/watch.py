"""`board check --watch`: for people with the file open. Looks again after each save, and says what is wrong now."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Iterator
from typing import Final

from board.cli import outlet
from board.cli.context import Context
from board.cli.failure import InvalidFile, lines, record
from board.cli.masking import checked
from board.errors import InvalidBoard
from board.render import clean

_SETTLE: Final = 100  # milliseconds for which an editor's several writes are taken for one
_NET: Final = 1000  # milliseconds after which the file's state is compared all the same


def watch(ctx: Context) -> None:
    """Until it is interrupted. What is found is told when it differs from what was found before."""
    gc.enable()  # unlike other commands this one stays
    path = os.path.realpath(ctx.path)
    before = ""
    for _ in _saves(path):
        found = _found(ctx)
        if found != before:
            stamp = "" if ctx.args.json else f"{time.strftime('%H:%M:%S')} "
            ctx.write(f"{stamp}{found}\n")
            sys.stdout.flush()
        before = found


def _found(ctx: Context) -> str:
    try:
        view, notes = checked(ctx)
    except InvalidFile as error:
        return outlet.record({"ok": False, **record(error)}) if ctx.args.json else "\n".join(lines(error, "board"))
    count = len(view.board.tasks)
    if ctx.args.json:
        return _json(ok=True, tasks_count=count, **({"notes": [note.message for note in notes]} if notes else {}))
    return "\n".join([*(clean(note.at(ctx.path)) for note in notes), f"ok: {count} task{'' if count == 1 else 's'}"])


def _json(**fields: object) -> str:
    import json

    return json.dumps(fields, ensure_ascii=False)


def _saves(path: str) -> Iterator[None]:
    """Once now, then after each change of the file, however it was saved: also one that fell between the first look and
    the watcher's beginning, or of which it never heard."""
    from watchfiles import watch as changes

    folder, name = os.path.split(path)
    seen = _state(path)
    yield
    try:
        for batch in changes(folder, recursive=False, debounce=_SETTLE, rust_timeout=_NET, yield_on_timeout=True):
            now = _state(path)
            if now != seen or any(os.path.basename(changed) == name for _, changed in batch):
                seen = now
                yield
    except FileNotFoundError:
        raise InvalidBoard(f"the folder {folder} is gone") from None


def _state(path: str) -> tuple[int, ...] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
