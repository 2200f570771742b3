"""The rows of `board worktree list` and `prune`, for people and for scripts. Asks nothing and decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from board.instants import format_instant, format_span
from board.render import EMPTY
from board.survey import Row, Size

HEADERS: Final = (
    "TASK",
    "STATUS",
    "BRANCH",
    "DIRTY",
    "AHEAD",
    "BEHIND",
    "MERGED",
    "PARKED",
    "SIZE",
    "AGE",
    "IN-USE",
    "PATH",
)
_UNITS: Final = ("B", "kB", "MB", "GB", "TB")


def cells(row: Row, size: Size | None, now: float) -> tuple[str, ...]:
    behind = EMPTY if row.behind is None else str(row.behind)
    return (
        row.task,
        row.status or "no task",
        row.branch or ("detached" if row.state == "there" else EMPTY),
        _count(row.dirty),
        _ahead(row),
        behind,
        {None: EMPTY, True: "yes", False: "no"}[row.is_merged],
        "yes" if row.parked else EMPTY,
        EMPTY if size is None else f"{size_words(size.bytes)}{'' if size.is_whole else '+'}",
        EMPTY if row.changed_at is None else format_span(max(0.0, now - row.changed_at)),
        _use(row),
        _path(row),
    )


def _count(number: int | None) -> str:
    return EMPTY if number is None else str(number)


def _ahead(row: Row) -> str:
    """With what no remote has, where that isn't all the same."""
    if row.ahead is None or not row.unpushed:
        return _count(row.ahead)
    return f"{row.ahead} ({row.unpushed} unpushed)"


def _use(row: Row) -> str:
    words = [f"pid {pid}" for pid in row.pids[:1]] + ([f"+{len(row.pids) - 1}"] if len(row.pids) > 1 else [])
    words += [f":{port}" for port in row.listening]
    return " ".join(words) or EMPTY


def _path(row: Row) -> str:
    notes = [{"there": "", "gone": "its folder is gone", "none": "no tree"}[row.state], row.problem]
    if row.locked is not None:
        notes.append(f"locked: {row.locked}" if row.locked else "locked")
    said = "; ".join(note for note in notes if note)
    return f"{row.path} ({said})" if said else row.path


def size_words(number: float) -> str:
    """`1.2 MB`, by thousands."""
    unit = 0
    while number >= 1000 and unit < len(_UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.0f} {_UNITS[unit]}" if unit == 0 or number >= 100 else f"{number:.1f} {_UNITS[unit]}"


def record(row: Row, size: Size | None) -> dict[str, Any]:
    told: Mapping[str, Any] = row._asdict()
    at = {
        key: None if told[key] is None else format_instant(float(int(told[key])))
        for key in ("committed_at", "changed_at")
    }
    renamed = {"merged": row.is_merged, "pids": list(row.pids), "listening": list(row.listening)}
    sized = {"size_bytes": size.bytes if size else None, "size_is_whole": size.is_whole if size else None}
    plain = {key: value for key, value in told.items() if key != "is_merged"}
    return {**plain, **renamed, **at, **sized}


def _instant(at: float | None) -> str | None:
    return None if at is None else format_instant(float(int(at)))
