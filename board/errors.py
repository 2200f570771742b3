"""How a command ends badly: one exception a documented exit code; nothing here decides anything.

Expected answers of the pure core are values (`moves.Refused`); these exceptions carry them, and what the
outside world does to us, up to the command line, which prints one line and exits with `exit_code`.
"""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong in a board file; `line` and `column` count from 1, 0 is «no place»."""

    line: int
    column: int
    message: str

    def at(self, path: str) -> str:
        place = f"{path}:{self.line}:{self.column}" if self.line else path
        return f"{place}: {self.message}"


class BoardError(Exception):
    """Our own fault unless a subclass says whose. `remedy` is what the person can do, in one line."""

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


class Unwritable(BoardError):
    """The disk is full, or may not be written to. Nothing was changed; the same may work later."""


class UsageError(BoardError):
    """The words of the command are off."""

    exit_code = 2


class InvalidBoard(BoardError):
    """The board file is missing, unreadable, broken or says something that it may not."""

    exit_code = 3

    def __init__(
        self, message: str, remedy: str = "", problems: tuple[Problem, ...] = (), *, torn: bool = False
    ) -> None:
        """`torn`: the file may merely have been caught in the middle of being saved."""
        super().__init__(message, remedy)
        self.problems = problems
        self.torn = torn


class BeingSaved(InvalidBoard):
    """Somebody's editor may be in the middle of saving it: what is there may be less than what is meant."""

    def __init__(self) -> None:
        super().__init__("the file ends in the middle of what it held", "save it again", torn=True)


class NotFound(BoardError):
    """No such task, or nothing is ready."""

    exit_code = 4


class RefusedError(BoardError):
    """A well-formed request that the record forbids. `reason` is a word from `moves.Reason`."""

    exit_code = 5

    def __init__(self, message: str, remedy: str = "", reason: str = "") -> None:
        super().__init__(message, remedy)
        self.reason = reason


class Busy(BoardError):
    """Somebody else holds the lock, or the file keeps changing; nothing was read or written."""

    exit_code = 75
