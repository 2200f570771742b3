"""One row of a terminal without a right edge: what stands in it after text was written over text. Pure."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

LONGEST: Final = 64 * 1024  # columns; what is written beyond them is gone, and the row says so
CUT: Final = " [cut at 64 KiB]"
_LAST_WORD: Final = 4096  # columns given up, so that no half of a word, which may be a secret, is the last one


@lru_cache(4096)
def columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


class Row:
    """`at`: when it last changed. `is_told`: it stands in the log as it stands here.

    Plain text is kept as a text; anything else as cells, of which a wide character has a second, empty one.
    """

    __slots__ = ("_cells", "_is_cut", "_text", "at", "is_told")

    def __init__(self, at: float, text: str = "") -> None:
        self.at = at
        self.is_told = False
        self._text = text
        self._cells: list[str] | None = None
        self._is_cut = False
        if len(text) > LONGEST:
            self._text, self._is_cut = text[:LONGEST], True

    @property
    def is_blank(self) -> bool:
        return not self.shown()

    def shown(self) -> str:
        text = self._text if self._cells is None else "".join(self._cells)
        return _without_last_word(text) + CUT if self._is_cut else text.rstrip(" ")

    def put(self, x: int, text: str) -> int:
        """Writes over what stands there; the column behind it."""
        if self._cells is None and text.isascii() and self._text.isascii():
            room = LONGEST - x
            if len(text) > room:
                text, self._is_cut = text[:room], True
            there = self._text
            if x >= len(there):
                self._text = f"{there}{' ' * (x - len(there))}{text}"
            else:
                self._text = there[:x] + text + there[x + len(text) :]
            return x + len(text)
        cells = self._as_cells()
        for char in text:
            x = self._put_cell(cells, x, char)
        return x

    def erase(self, start: int, end: int | None = None) -> None:
        """From column `start` up to and without `end`, or to the end of the row."""
        if start == 0 and end is None:
            self._text, self._cells, self._is_cut = "", None, False
        elif self._cells is None and self._text.isascii():
            there = self._text
            self._text = there[:start] + ("" if end is None else " " * (min(end, len(there)) - start) + there[end:])
        else:
            cells = self._as_cells()
            last = len(cells) if end is None else min(end, len(cells))
            for x in range(start, last):
                self._clear(cells, x)
            if end is None:
                del cells[start:]

    def delete(self, x: int, count: int) -> None:
        """The rest moves to the left."""
        cells = self._as_cells()
        for place in range(x, min(x + count, len(cells))):
            self._clear(cells, place)
        del cells[x : x + count]

    def insert(self, x: int, count: int) -> None:
        """The rest moves to the right."""
        cells = self._as_cells()
        if x < len(cells):
            if cells[x] == "":
                self._clear(cells, x)
            cells[x:x] = [" "] * count
            del cells[LONGEST:]

    def _as_cells(self) -> list[str]:
        if self._cells is None:
            self._cells = []
            text, self._text, x = self._text, "", 0
            for char in text:
                x = self._put_cell(self._cells, x, char)
        return self._cells

    def _put_cell(self, cells: list[str], x: int, char: str) -> int:
        width = columns(char)
        if x + width > LONGEST:
            self._is_cut = True
            return x
        if len(cells) < x + width:
            cells.extend([" "] * (x + width - len(cells)))
        if width == 0:
            _join(cells, x, char)
            return x
        for place in range(x, x + width):
            self._clear(cells, place)
        cells[x] = char
        if width == 2:
            cells[x + 1] = ""
        return x + width

    def _clear(self, cells: list[str], x: int) -> None:
        """Half of a wide character doesn't stay without the other half."""
        if cells[x] == "" and x:
            cells[x - 1] = " "
        if x + 1 < len(cells) and cells[x + 1] == "":
            cells[x + 1] = " "
        cells[x] = " "


def _join(cells: list[str], x: int, mark: str) -> None:
    """A mark of no width joins the character before it, of which more than a few are noise."""
    place = x - 1
    if place > 0 and cells[place] == "":
        place -= 1
    if place >= 0 and len(cells[place]) < 16:
        cells[place] += mark


def _without_last_word(text: str) -> str:
    kept = text[: max(0, len(text) - _LAST_WORD)]
    at = text.rfind(" ", len(kept))
    return text[:at] if at > 0 else kept
