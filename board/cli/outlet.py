"""The one way to stderr, and the way of an error to stdout. It takes what is `Redacted`, and decides nothing.

The redactor is imported by the first word that is said: who has nothing to complain of doesn't pay for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from board.journal.redact import Redacted, Redactor

_FAILED: Final = "[REDACTED:failed]"


def complain(lines: Iterable[Redacted], end: str = "\n") -> None:
    """`end` stands behind each line."""
    sys.stderr.write("".join(f"{line}{end}" for line in lines))
    sys.stderr.flush()


def fitted(text: str, tail: str, width: int) -> Redacted:
    """A line of exactly so many characters, to be written over. The text is cut, if need be; `tail`, ours, is not."""
    line, room = _line(text, None), max(1, width - len(tail))
    shown = line if len(line) <= room else f"{line[: room - 1]}…"
    return cast("Redacted", f"{shown}{tail}".ljust(width))


def answer(text: Redacted) -> None:
    """An error where a script reads."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def lines(texts: Iterable[str], redactor: Redactor | None = None) -> list[Redacted]:
    """Each text as one printable line without secrets. Raises nothing: what can't be redacted isn't shown."""
    return [_line(text, redactor) for text in texts]


def record(told: Mapping[str, Any], redactor: Redactor | None = None) -> Redacted:
    """A record as JSON without secrets, in one line."""
    import json

    try:
        from board.journal.faces import document

        return document(redactor or _redactor(), told, _dumps)
    except Exception:  # noqa: BLE001 - fails closed, whatever it was
        return _failed(json.dumps(_FAILED))


def report(text: str) -> list[Redacted]:
    """The lines of a trace-back, for a person who may hand it on: places are hidden too."""
    try:
        from board.journal.faces import for_report

        return lines(for_report(os.environ).text(text).splitlines())
    except Exception:  # noqa: BLE001 - fails closed
        return [_failed(_FAILED)]


def _line(text: str, redactor: Redactor | None) -> Redacted:
    from board.render import clean

    try:
        return cast("Redacted", clean((redactor or _redactor()).text(text)))
    except Exception:  # noqa: BLE001 - fails closed
        return _failed(_FAILED)


def _redactor() -> Redactor:
    from board.journal.faces import for_terminal

    return for_terminal(os.environ)


def _dumps(x: object) -> str:
    import json

    return json.dumps(x, ensure_ascii=False)


def _failed(text: str) -> Redacted:
    """Also where the redactor itself can't be imported."""
    return cast("Redacted", text)
