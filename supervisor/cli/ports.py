"""The ports in the table of `supervisor status`: a column of their own, where there are any. Asks nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from board.model import Task
from board.ports import granted
from board.render import EMPTY

Cells = tuple[str, ...]


def cell(task: Task | None, seen: Mapping[str, Any], *, is_fresh: bool) -> str:
    """`web 20412 listens, api 20413`, and what else the worker listens on."""
    heard = seen.get("listening") if is_fresh else None
    listening = heard if isinstance(heard, list) else []
    port = granted(task) if task is not None else {}
    parts = [f"{name} {number}{' listens' if number in listening else ''}" for name, number in port.items()]
    return ", ".join([*parts, *(f"{number} listens" for number in listening if number not in port.values())])


def with_ports(headers: Cells, rows: Sequence[Cells], cells: Sequence[str]) -> tuple[Cells, Sequence[Cells]]:
    """The table with one more column before its last, unless that would be empty."""
    if not any(cells):
        return headers, rows
    more = [(*row[:-1], each or EMPTY, row[-1]) for row, each in zip(rows, cells, strict=True)]
    return (*headers[:-1], "PORTS", headers[-1]), more
