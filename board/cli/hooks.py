"""The last resort of both programs: what no handler met is one redacted line. It mends and restarts nothing.

A hook that raised would have Python print the very exception that it was to hide: none of these raises.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from board.cli import outlet
from board.fault import what, where

Listener = Callable[[BaseException], object]

# Who else hears of it: a supervisor in the background has no stderr that anybody reads.
listeners: list[Listener] = []


def tell(program: str, error: BaseException | None) -> None:
    """One line on stderr, under a trace-back where BOARD_DEBUG asks for it."""
    if error is None or isinstance(error, KeyboardInterrupt | SystemExit):
        return
    try:
        if os.environ.get("BOARD_DEBUG"):
            trace(error)
        outlet.complain(outlet.lines([f"{program}: internal error: {what(error)}{_place(error)}"]))
    except Exception:  # noqa: BLE001 - there is nobody left to tell
        _last_word()
    for listener in listeners:
        try:
            listener(error)
        except Exception:  # noqa: BLE001 - and each of the others still hears of it
            _last_word()


def trace(error: BaseException) -> None:
    """Python's own trace-back, which shows no locals, with its messages and source lines redacted."""
    import traceback

    outlet.complain(outlet.report("".join(traceback.format_exception(error))))


def guard_threads(program: str) -> None:
    def died(args: threading.ExceptHookArgs) -> None:
        tell(program, args.exc_value)

    threading.excepthook = died


def _place(error: BaseException) -> str:
    found = where(error.__traceback__)
    return f" ({found})" if found else ""


def _last_word() -> None:
    try:
        os.write(2, b"[REDACTED:failed]\n")
    except OSError:
        return
