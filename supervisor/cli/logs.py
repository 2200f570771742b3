"""`supervisor logs`: what a task's workers printed, from its log and from the pane of the one at work, redacted.

Without a task it is `board log`. Raw text passes through here on its way from tmux to the redactor and no further.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from board.cli.context import Context
from board.cli.log import journal_options, log
from board.errors import BoardError, UsageError
from board.journal.redact import Redactor
from board.journal.sink import make_redactor
from supervisor.cli.panes import Home, Window, home, windows
from supervisor.control import TmuxError
from supervisor.output import log_path, tidied

_LOOK_AGAIN = 0.4  # seconds
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class Screen(NamedTuple):
    """What stands in a task's pane and not yet in its log; `heading` is the one that the log will give it."""

    heading: str
    lines: tuple[str, ...]
    is_live: bool


def logs(ctx: Context) -> None:
    if ctx.args.id is None:
        return log(ctx)
    if asked := journal_options(ctx.args):
        raise UsageError(f"{asked[0]} asks the journal", f"{asked[0]} without {ctx.args.id}, or with --task")
    source = Source(ctx, ctx.args.id)
    if ctx.args.follow:
        for line in followed(source):
            _say(ctx, line)
        return None
    kept, screen = source.kept(), source.screen()
    if ctx.args.json:
        live = screen is not None and screen.is_live
        return ctx.emit({"task": ctx.args.id, "live": live, "lines": [*kept, *_shown(screen)]})
    lines = [*kept, *_shown(screen)]
    if not lines and not ctx.args.quiet:
        return ctx.say(f"{ctx.args.id} has printed nothing yet")
    return ctx.write("".join(f"{line}\n" for line in lines))


def _shown(screen: Screen | None) -> list[str]:
    return [] if screen is None else [f"{screen.heading}{', at work now' if screen.is_live else ''}", *screen.lines]


class Source:
    """One task's output. Raises NotFound for a task that is neither on the board nor has a log."""

    def __init__(self, ctx: Context, task_id: str) -> None:
        self._path = log_path(ctx.store.side, task_id)
        if not (_LABEL.fullmatch(task_id) and self._path.is_file()):
            ctx.task()
        self._id = task_id
        self._redactor: Redactor = make_redactor(ctx.store.side, ctx.env, ctx.wanted())
        self._home: Home | None = _home(ctx)

    def kept(self) -> list[str]:
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        return self._redactor.text(text).splitlines()

    def screen(self) -> Screen | None:
        """None without a pane, without an answer, and where the log has it all already."""
        window = self._window()
        if window is None or window.attempt is None or self._home is None:
            return None
        heading = f"=== attempt {window.attempt.number} (token {window.attempt.token})"
        if heading in self.kept():
            return None
        try:
            raw = self._home.tmux.run("capture-pane", "-p", "-J", "-S", "-", "-t", window.pane)
        except TmuxError:
            return None
        return Screen(heading, tuple(self._redactor.text(tidied(raw)).splitlines()), not window.is_dead)

    def _window(self) -> Window | None:
        try:
            found = windows(self._home) if self._home is not None else None
        except TmuxError:
            return None
        mine = [each for each in found or () if each.attempt is not None and each.attempt.task == self._id]
        return mine[0] if mine else None


def _home(ctx: Context) -> Home | None:
    try:
        return home(ctx)
    except BoardError:
        return None


# --- following


def followed(source: Source) -> Iterator[str]:
    """Every line once, for ever: as the screen shows it while a worker is at work, as the log keeps it afterwards."""
    told = _Told()
    while True:
        screen = source.screen()
        yield from told.kept(source.kept())
        if screen is not None:
            yield from told.seen(screen)
        sys.stdout.flush()
        time.sleep(_LOOK_AGAIN)


class _Told:
    """What was told already: so many lines of the log, and so many of the attempt that is on the screen."""

    def __init__(self) -> None:
        self._kept = 0
        self._heading: str | None = None
        self._lines: list[str] = []
        self._before: tuple[str, ...] = ()

    def kept(self, lines: Sequence[str]) -> list[str]:
        """New lines of the log, without those that the screen has shown."""
        new = list(lines[self._kept :])
        self._kept = len(lines)
        if self._heading is None or self._heading not in new:
            return new
        at = new.index(self._heading)
        shown = _shared(self._lines, new[at + 1 :])
        self._heading, self._lines, self._before = None, [], ()
        return [*new[:at], *new[at + 1 + shown :]]

    def seen(self, screen: Screen) -> list[str]:
        """Lines that stand where they stood one look ago: what a program paints over again and again is not told."""
        told = []
        if screen.heading != self._heading:
            self._heading, self._lines, self._before = screen.heading, [], ()
            told = [f"{screen.heading}, at work now"]
        settled = screen.lines[: _shared(self._before, screen.lines)]
        self._before = screen.lines
        fresh = list(settled[_shared(self._lines, settled) :]) if len(settled) > len(self._lines) else []
        self._lines += fresh
        return told + fresh


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines both begin with."""
    for count, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return count
    return min(len(one), len(other))


def _say(ctx: Context, line: str) -> None:
    sys.stdout.write((json.dumps({"line": line}, ensure_ascii=False) if ctx.args.json else line) + "\n")
