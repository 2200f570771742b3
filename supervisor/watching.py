"""The supervisor's door to the file watcher. It knows no board and no task."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable


def changes(
    folders: Iterable[str], stop: asyncio.Event | None = None, *, of_git: bool = False
) -> AsyncIterator[set[tuple[int, str]]]:
    """What changed right in these folders, again and again until `stop` is set; what editors leave aside is left out,
    and so is what lies in a `.git`, unless that is asked for. Raises OSError and RuntimeError where they can't be
    watched."""
    from watchfiles import DefaultFilter, awatch

    chosen = None if of_git else DefaultFilter()
    return awatch(*folders, watch_filter=chosen, recursive=False, debounce=400, step=100, stop_event=stop)  # type: ignore[return-value]
