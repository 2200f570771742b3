"""When a screen is worth a look, so that fifty agents that repaint theirs cost next to nothing. Pure.

Theory of operation. A screen is read when there was output and then none for a moment: what an agent stops at is what
it waits with. One that never rests, as a spinner doesn't, is read every `RESTLESS` seconds, and a bell or another title
is a cause at once. What would be acted upon is read a second time, `AGAIN` after the first. A screen that nothing was
written to is not read at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

QUIET: Final = 0.9  # seconds without output
LEAST: Final = 1.9  # seconds between two reads but for the second one
RESTLESS: Final = 5.0  # seconds between two reads of a screen that never rests
AGAIN: Final = 0.4  # seconds until the second read, at least


@dataclass(frozen=True, slots=True)
class Watch:
    """`mark` is that of the newest output, `moved_at` when it was found new; `read_mark` that of the screen last read.

    `is_open`: what was read has to be read once more before it stands. Instants are of a clock that nobody sets.
    """

    mark: str
    moved_at: float
    signal: object = None
    is_called: bool = False
    read_mark: str | None = None
    read_at: float = float("-inf")
    is_open: bool = False

    def is_due(self, now: float) -> bool:
        """Is there anything to be read, and is this the moment?"""
        since = now - self.read_at
        if self.is_open:
            return since >= AGAIN
        if since < LEAST:
            return False
        if self.is_called:
            return True
        return self.mark != self.read_mark and (now - self.moved_at >= QUIET or since >= RESTLESS)

    @property
    def is_unchanged(self) -> bool:
        return self.read_mark is not None and self.mark == self.read_mark


def noticed(before: Watch | None, mark: str, signal: object, now: float) -> Watch:
    """After one more look at what tells of output; `signal` is anything that changes with each bell and title."""
    if before is None:
        return Watch(mark, now, signal)
    moved_at = now if mark != before.mark else before.moved_at
    is_called = before.is_called or signal != before.signal
    return replace(before, mark=mark, moved_at=moved_at, signal=signal, is_called=is_called)


def read(watch: Watch, now: float, *, is_open: bool) -> Watch:
    """The screen as of `watch.mark` was read."""
    return replace(watch, read_mark=watch.mark, read_at=now, is_open=is_open, is_called=False)
