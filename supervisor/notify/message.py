"""The words of a message: a title, a text that fits a telephone, and the items as records. Pure.

Texts are redacted before they are cut: half a secret looks like none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from shlex import quote
from typing import Any, Final

from board.inbox.item import Item, record_of

LISTED: Final = 20  # items in one message; the inbox has them all
_LINE: Final = 240  # characters

Redact = Callable[[str], str]


def message_of(items: Sequence[Item], board: str, missing: int, redact: Redact) -> dict[str, Any]:
    """`missing` earlier messages were given up; people should know."""
    shown = [_safe(item, redact) for item in items]
    return {
        "title": title_of(shown),
        "text": text_of(shown, missing),
        "count": len(shown),
        "dropped_count": missing,
        "items": [_record(item, board) for item in shown[:LISTED]],
    }


def title_of(items: Sequence[Item]) -> str:
    if len(items) == 1:
        return f"{items[0].origin.task or 'the board'}: {items[0].kind}"
    return f"{len(items)} things need you"


def text_of(items: Sequence[Item], missing: int) -> str:
    if len(items) == 1:
        lines = [line(items[0].question), *map(line, items[0].more), *items[0].do]
    else:
        more = len(items) - LISTED
        lines = [line(f"{item.key}: {item.question}") for item in items[:LISTED]]
        lines.append(f"and {more} more: board inbox" if more > 0 else "board inbox")
    if missing:
        lines.append(f"({missing} earlier messages could not be sent)")
    return "\n".join(lines)


def _safe(item: Item, redact: Redact) -> Item:
    more, do = tuple(map(redact, item.more)), tuple(map(redact, item.do))
    return item._replace(key=redact(item.key), question=redact(item.question), more=more, do=do)


def _record(item: Item, board: str) -> dict[str, Any]:
    record = record_of(item)
    return {**record, "do": [at_board(command, board) for command in record["do"]]}


def at_board(command: str, board: str) -> str:
    """To be typed anywhere."""
    return f"{command} --board {quote(board)}"


def line(text: str) -> str:
    """One line, and not too long."""
    whole = " ".join(text.split())
    return whole if len(whole) <= _LINE else f"{whole[: _LINE - 3]}..."
