"""Tables and words for people: plain aligned text when piped, colour on a terminal. Decides nothing, reads nothing.

What comes out of a board may hold anything, so whatever could move a cursor or recolour a terminal is shown, not sent.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Final

_CONTROL: Final = r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
EMPTY: Final = "-"  # what a cell without a value shows, so that columns can be cut apart by blanks
_STYLES: Final = {
    "claimed": "cyan",
    "in_progress": "bold cyan",
    "blocked": "yellow",
    "review": "magenta",
    "done": "green",
    "failed": "red",
    "cancelled": "dim",
}


def clean(text: str) -> str:
    """One printable line of `text`: blanks for line ends and tabs, escapes for other control characters."""
    return text if text.isprintable() else re.sub(_CONTROL, _shown, text)


def _shown(match: re.Match[str]) -> str:
    char = match[0]
    if char in "\n\t\r":
        return " "
    return f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}"


def paragraph(text: str, indent: str = "  ") -> str:
    """Several lines of `text`, each cleaned and indented."""
    return "\n".join(indent + clean(line) if line.strip() else "" for line in text.rstrip().splitlines())


def wants_colour(env: Mapping[str, str]) -> bool:
    if env.get("NO_COLOR") or env.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], env: Mapping[str, str]) -> str:
    """Aligned columns, ended by a line end. The last column is never padded and, when piped, never cut."""
    cells = [[clean(cell) or EMPTY for cell in row] for row in rows]
    return _rich(headers, cells) if wants_colour(env) else _plain(headers, cells)


def _plain(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headers, *rows]
    widths = [max(_width(line[index]) for line in lines) for index in range(len(headers))]
    return "".join("  ".join(_padded(line, widths)).rstrip() + "\n" for line in lines)


def _padded(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)]


def _width(text: str) -> int:
    """Terminal cells; only a text that isn't ASCII pays for the tables."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def _rich(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    from io import StringIO

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="bold")
    for index, header in enumerate(headers):
        grid.add_column(header, no_wrap=index == 0, overflow="fold" if index == 0 else "ellipsis")
    for row in rows:
        grid.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    out = StringIO()
    width = os.get_terminal_size(sys.stdout.fileno()).columns or 80
    Console(file=out, force_terminal=True, width=width).print(grid)
    return out.getvalue()
