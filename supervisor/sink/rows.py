"""What a reader of a pane would have seen, as lines: a small terminal of unbounded width. Pure.

Theory of operation. The window is the screen: the last `HEIGHT` rows, which a program may go back to and paint anew. A
row is settled, and told once, when it leaves the window, when it stood for a while (`settle`: rows above the cursor's,
for the last one may be half a word), and at the end. A told row that is painted anew is told again as what it
became, but what only moved within the window, as the box of a program that repaints itself, is not. Colours and titles
are nothing; a full-screen program is one notice. Where the text was cut into pieces makes no difference.

It has no right edge: text that tmux would wrap is one line, as `capture-pane -J` joins it.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple, assert_never

from supervisor.sink.escapes import Token, Tokens
from supervisor.sink.row import LONGEST, Row

HEIGHT: Final = 50  # our panes' own
FARTHEST: Final = 1000  # columns to which a cursor can be sent: no few bytes shall make a long line
FULL_SCREEN: Final = "full-screen program: what it shows is not logged"
_MOST_RECALLED: Final = 4 * HEIGHT

_FULL_SCREEN_MODES: Final = frozenset(("47", "1047", "1049"))


class Line(NamedTuple):
    """`is_notice`: no text of the worker's, but a word about it."""

    at: float
    text: str
    is_notice: bool = False


class Rows:
    def __init__(self) -> None:
        self.moved_up_at = float("-inf")  # when a program last went back to rows that it had left
        self._rows = [Row(0.0)]
        self._x = self._y = 0
        self._saved = (0, 0)
        self.status = ""  # what the program last said of itself
        self._recalled: Counter[str] = Counter()  # told texts that are gone from the window, or have moved
        self._tokens = Tokens()
        self._is_full_screen = self._was_full_screen = False
        self._at = 0.0
        self._out: list[Line] = []

    def waits_since(self) -> float | None:
        """When the first row that `settle` has to tell last changed."""
        return next((row.at for row in self._rows[: self._y] if not row.is_told), None)

    def feed(self, text: str, at: float) -> list[Line]:
        """What is settled by this text, which came `at`."""
        self._at = at
        for token in self._tokens.feed(text):
            self._take(token)
        return self._taken()

    def settle(self, until: float) -> list[Line]:
        """Whole rows that have not changed since then are told as they stand, up to the first that has."""
        for row in self._rows[: self._y]:
            if not row.is_told and row.at > until:
                return self._taken()
            self._tell(row)
        self._recalled.clear()
        return self._taken()

    def close(self) -> list[Line]:
        """Nothing comes any more, or what came next is lost: all rows are told, and the next one is a new one."""
        self._leave_all()
        self._tokens = Tokens()
        self._recalled.clear()
        return self._taken()

    def _take(self, token: Token) -> None:
        kind, text = token.kind, token.text
        if kind == "sequence":
            self._sequence(token.parameters, text)
        elif kind == "status":
            self.status = text
        elif self._is_full_screen:
            return
        elif kind == "lines":
            self._put_lines(text)
        elif kind == "plain":
            self._put(text)
        elif kind == "control":
            self._control(text)
        elif kind == "escape":
            self._short(text)
        else:
            assert_never(kind)

    # --- writing

    def _row(self) -> Row:
        return self._rows[self._y]

    def _touched(self, row: Row) -> Row:
        """To be called before a row changes."""
        if row.is_told:
            row.is_told = False
            if self._recalled.total() < _MOST_RECALLED:
                self._recalled[row.shown()] += 1
        row.at = self._at
        return row

    def _put(self, text: str) -> None:
        self._x = self._touched(self._row()).put(self._x, text)

    def _put_lines(self, text: str) -> None:
        lines = text.split("\r\n")
        if self._x == 0 and self._y == len(self._rows) - 1 and self._row().is_blank:
            self._rows.pop()
            self._rows += [Row(self._at, line) for line in lines]
            self._scroll(len(self._rows) - HEIGHT)
            self._y = len(self._rows) - 1
            return
        for line in lines[:-1]:
            if line:
                self._put(line)
            self._x = 0
            self._feed_line()

    def _control(self, char: str) -> None:
        match char:
            case "\r":
                self._x = 0
            case "\n" | "\x0b" | "\x0c":
                self._feed_line()
            case "\b":
                self._x = max(0, self._x - 1)
            case "\t":
                self._x = min((self._x // 8 + 1) * 8, LONGEST)
            case _:
                pass

    def _feed_line(self) -> None:
        if self._y < HEIGHT - 1:
            self._move(self._y + 1)
        else:
            self._rows.append(Row(self._at))
            self._scroll(1)

    def _scroll(self, count: int) -> None:
        """Rows leave the window at its top."""
        if count > 0:
            for row in self._rows[:count]:
                self._tell(row)
            del self._rows[:count]

    def _leave_all(self) -> None:
        """The whole screen leaves the window: without the empty rows at its end."""
        while self._rows and self._rows[-1].is_blank:
            self._rows.pop()
        self._scroll(len(self._rows))
        self._rows = [Row(self._at)]
        self._x = self._y = 0

    def _tell(self, row: Row) -> None:
        if row.is_told:
            return
        text, row.is_told = row.shown(), True
        if self._recalled and self._recalled[text] > 0:
            self._recalled[text] -= 1
        else:
            self._out.append(Line(row.at, text))

    def _taken(self) -> list[Line]:
        out, self._out = self._out, []
        return out

    # --- moving

    def _move(self, y: int, x: int | None = None) -> None:
        """To another row, or another column; a row that isn't there yet is an empty one."""
        y = max(0, min(y, HEIGHT - 1))
        if y < self._y:
            self.moved_up_at = self._at
        while len(self._rows) <= y:
            self._rows.append(Row(self._at))
        self._y = y
        if x is not None:
            self._x = max(0, min(x, max(FARTHEST, self._x)))

    def _short(self, final: str) -> None:
        match final:
            case "7":
                self._saved = (self._y, self._x)
            case "8":
                self._move(*self._saved)
            case "D":
                self._feed_line()
            case "E":
                self._feed_line()
                self._x = 0
            case "M" if self._y == 0:
                self._rows.insert(0, Row(self._at))
                del self._rows[HEIGHT:]
            case "M":
                self._move(self._y - 1)
            case "c":
                self._leave_all()
            case _:
                pass

    def _sequence(self, parameters: str, final: str) -> None:
        if parameters.startswith("?"):
            if final in "hl" and _FULL_SCREEN_MODES.intersection(parameters[1:].split(";")):
                self._turn_full_screen(on=final == "h")
        elif not self._is_full_screen and all(each in "0123456789;" for each in parameters):
            first, _, second = parameters.partition(";")
            self._command(final, _number(first), _number(second.partition(";")[0]))

    def _turn_full_screen(self, *, on: bool) -> None:
        self._is_full_screen = on
        if on and not self._was_full_screen:
            self._was_full_screen = True
            for row in self._rows[: self._y]:
                self._tell(row)
            self._out.append(Line(self._at, FULL_SCREEN, is_notice=True))

    def _command(self, final: str, first: int | None, second: int | None) -> None:
        count = first or 1
        match final:
            case "A" | "F":
                self._move(self._y - count, 0 if final == "F" else None)
            case "B" | "E":
                self._move(self._y + count, 0 if final == "E" else None)
            case "C":
                self._move(self._y, self._x + count)
            case "D":
                self._move(self._y, self._x - count)
            case "G" | "`":
                self._move(self._y, count - 1)
            case "d":
                self._move(count - 1)
            case "H" | "f":
                self._move(count - 1, (second or 1) - 1)
            case "s":
                self._saved = (self._y, self._x)
            case "u":
                self._move(*self._saved)
            case _:
                self._change(final, first or 0, min(count, FARTHEST))

    def _change(self, final: str, what: int, count: int) -> None:
        x = self._x
        match final, what:
            case "K", 0:
                self._touched(self._row()).erase(x)
            case "K", 1:
                self._touched(self._row()).erase(0, x + 1)
            case "K", 2:
                self._touched(self._row()).erase(0)
            case "J", 0 if (self._y, x) == (0, 0):  # the whole screen, as tmux takes it
                self._leave_all()
            case "J", 0:
                self._touched(self._row()).erase(x)
                self._clear(self._rows[self._y + 1 :])
            case "J", 1:
                self._touched(self._row()).erase(0, x + 1)
                self._clear(self._rows[: self._y])
            case "J", 2:
                y = self._y
                self._leave_all()
                self._move(y, x)
            case "P", _:
                self._touched(self._row()).delete(x, count)
            case "X", _:
                self._touched(self._row()).erase(x, x + count)
            case "@", _:
                self._touched(self._row()).insert(x, count)
            case _:
                pass

    def _clear(self, rows: list[Row]) -> None:
        for row in rows:
            self._touched(row).erase(0)


def _number(text: str) -> int | None:
    """None for what isn't there, or is no number as these are."""
    return min(int(text), 1 << 20) if text.isdecimal() and text.isascii() else None
