"""What nobody foresaw, in words: which exception, and where in our own code. Redacts, writes and handles nothing."""

from __future__ import annotations

from types import TracebackType
from typing import Final

_OURS: Final = ("board", "supervisor")


def what(error: BaseException) -> str:
    """Its type and, if it can say one, its message: an exception may fail while it is shown."""
    name = type(error).__name__
    try:
        return f"{name}: {error}" if str(error) else name
    except Exception:  # noqa: BLE001 - whatever an exception does while it is shown, it is told by its type
        return name


def where(trace: TracebackType | None) -> str | None:
    """`module:line` of the innermost frame of ours; None when there is none."""
    found = None
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in _OURS:
            found = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found
