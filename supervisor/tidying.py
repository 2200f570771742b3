"""Keeping the journal within its limits beside the loop: in a thread, rarely, one at a time. Decides nothing.

The thread may be killed with us at any point: `board.journal.keeping` loses nothing by that.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from board.journal.keeping import Kept, Limits, keep_journal, trimmed
from board.journal.sink import Journal
from board.settings import Journaling

EVERY = 300.0  # seconds
FIRST = 20.0  # seconds: who has just started has more urgent things to do


class Tidy:
    def __init__(self, journal: Journal, side: str, tell: Callable[..., None]) -> None:
        self._journal = journal
        self._folder = os.path.join(side, "journal")
        self._tell = tell
        self._next_at: float | None = None
        self._thread: threading.Thread | None = None
        self._kept: Kept | None = None

    def look(self, wanted: Journaling, now: float) -> None:
        """Tells what the last pass deleted, and begins another one when it is time or a segment was closed."""
        self._journal.max_bytes = wanted.segment_bytes
        if self._thread is not None and self._thread.is_alive():
            return
        kept, self._kept, self._thread = self._kept, None, None
        if kept is not None and kept.deleted_count:
            self._tell("journal_trimmed", None, **trimmed(kept))
        if self._next_at is None:
            self._next_at = now + FIRST
        if self._journal.has_begun or not self._next_at - EVERY <= now < self._next_at:
            self._journal.has_begun = False
            self._next_at = now + EVERY
            limits = Limits(wanted.max_bytes, wanted.max_age, wanted.free_bytes)
            self._thread = threading.Thread(target=self._keep, args=(limits, now), name="journal", daemon=True)
            self._thread.start()

    def _keep(self, limits: Limits, now: float) -> None:
        try:
            self._kept = keep_journal(self._folder, limits, now)
        except OSError:
            self._kept = None  # nothing is lost by it, and the next pass tries again
