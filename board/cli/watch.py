"""Looking again and again: `board check --watch` after each save of the file, `board inbox --watch` after each change.

The one door to the file watcher; what is looked at, and shown, is the commands'.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
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


def again(folders: Sequence[str], drawn: Callable[[], tuple[object, str]], args: Namespace) -> None:
    """Shows what `drawn` gives, whenever something in these folders changes, until it is interrupted. What it gives
    first tells whether that is news: on a terminal the page is drawn anew all the same, for ages grow."""
    gc.enable()
    try:
        if args.json or args.quiet or not sys.stdout.isatty():
            each(stirs(folders), drawn)
        else:
            _over(stirs(folders), drawn)
    except KeyboardInterrupt:
        sys.stdout.write("\n" if sys.stdout.isatty() else "")


def each(stirs: Iterable[None], drawn: Callable[[], tuple[object, str]]) -> None:
    """One page a change, with an empty line between two; `stirs` are when to look."""
    shown: object = None
    for turn, _ in enumerate(stirs):
        news, text = drawn()
        if turn and news == shown:
            continue
        sys.stdout.write(f"\n{text}" if turn else text)
        sys.stdout.flush()
        shown = news


def _over(stirs: Iterable[None], drawn: Callable[[], tuple[object, str]]) -> None:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(Text(""), console=Console(highlight=False), auto_refresh=False) as live:
        for _ in stirs:
            live.update(Text.from_ansi(drawn()[1]), refresh=True)


def stirs(folders: Sequence[str]) -> Iterator[None]:
    """Once now, after each change in one of these, and each second: some things change because time goes by."""
    from watchfiles import watch as changes

    yield
    there = [folder for folder in folders if os.path.isdir(folder)]
    for _ in changes(*there, recursive=False, debounce=_SETTLE, rust_timeout=_NET, yield_on_timeout=True):
        yield
