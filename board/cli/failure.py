"""How a command's failure is told: one line and an exit code, a line a problem for a board, JSON for scripts.

It decides nothing: the exception knows its exit code. What it tells leaves by `outlet`, redacted.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from board.errors import BoardError, Busy, InvalidBoard, NotFound, RefusedError, UsageError

if TYPE_CHECKING:
    from board.journal.redact import Redacted


class Misused(UsageError):
    """Words that argparse can't read. `program` is the command as it was typed, such as `board claim`."""

    def __init__(self, program: str, message: str) -> None:
        super().__init__(message, f"see {program} --help")
        self.program = program


class InvalidFile(InvalidBoard):
    """An invalid board whose `path` is known: its problems can be shown with their places."""

    def __init__(self, error: InvalidBoard, path: str) -> None:
        super().__init__(error.message, error.remedy, error.problems)
        self.path = path


class NotDone(RefusedError):
    """The definition of done doesn't hold. `findings` are `item: detail` lines, with the output of commands below."""

    def __init__(self, message: str, remedy: str, findings: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(message, remedy, "not_done")
        self.findings = findings


class Conflicting(RefusedError):
    """A merge that git can't end by itself. `files` are paths, each with what both sides did to it."""

    def __init__(self, message: str, remedy: str, files: Sequence[tuple[str, str]]) -> None:
        super().__init__(message, remedy, "conflict")
        self.files = files


_REASONS: Final = (
    (UsageError, "usage"),
    (InvalidBoard, "invalid_board"),
    (NotFound, "not_found"),
    (Busy, "busy"),
)


def understood(error: Exception) -> BoardError:
    """The failure as one of ours; anything unforeseen is our own fault."""
    if isinstance(error, BoardError):
        return error
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
        where = f"{error.filename}: " if error.filename else ""
        return BoardError(f"{where}{(error.strerror or str(error)).lower()}")
    from board.fault import what

    return BoardError(f"internal error: {what(error)}", "run with BOARD_DEBUG=1 for a traceback")


def tell(error: BoardError, program: str, *, as_json: bool) -> int:
    """Writes the failure to stderr, and to stdout too where a script reads; the exit code."""
    from board.cli import outlet

    sys.stdout.flush()
    outlet.complain(lines(error, program))
    if as_json:
        outlet.answer(outlet.record({"error": record(error)}))
    return error.exit_code


def lines(error: BoardError, program: str) -> list[Redacted]:
    from board.cli import outlet

    return outlet.lines(_sentences(error, program))


def _sentences(error: BoardError, program: str) -> list[str]:
    if isinstance(error, InvalidFile) and error.problems:
        return [problem.at(error.path) for problem in error.problems]
    speaker = error.program if isinstance(error, Misused) else program
    told = [f"{speaker}: {error}"]
    if isinstance(error, NotDone):
        told += [line for finding in error.findings for line in _finding_lines(finding)]
    if isinstance(error, Conflicting):
        told += [f"  {path}: {how}" for path, how in error.files]
    return told


def _finding_lines(finding: Mapping[str, Any]) -> list[str]:
    output = str(finding.get("output") or "")
    return [f"  {finding['check']}: {finding['detail']}", *(f"    {line}" for line in output.splitlines())]


def record(error: BoardError) -> dict[str, Any]:
    """What `--json` says of a failure, not redacted yet. `reason` is a word to branch on."""
    reason = error.reason if isinstance(error, RefusedError) else ""
    reason = reason or next((word for kind, word in _REASONS if isinstance(error, kind)), "failed")
    told: dict[str, Any] = {
        "exit_code": error.exit_code,
        "reason": str(reason),
        "message": error.message,
        "remedy": error.remedy,
    }
    if isinstance(error, InvalidFile):
        told["problems"] = [{"path": error.path, **problem._asdict()} for problem in error.problems]
    if isinstance(error, NotDone):
        told["checks"] = list(error.findings)
    if isinstance(error, Conflicting):
        told["conflicts"] = [{"path": path, "how": how} for path, how in error.files]
    return told
