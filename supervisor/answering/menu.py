"""What a dialog on the screen asks and offers, and whether that is what a person has answered. Pure."""

from __future__ import annotations

import re
from typing import Final

from supervisor.answering.draft import tight

_OPTION: Final = re.compile(r"[^\w\d]*(\d)\. +(\S.*?)\s*")
_YES: Final = re.compile(r"(Yes|Allow once)\b")
_TYPED: Final = re.compile(r"Type something|Chat about this")  # to pick these answers nothing


def options(dialog: str) -> dict[str, str]:
    """The labels of a menu by their digits, where those count from 1 without a gap; else it is none."""
    found = [(match[1], match[2]) for line in dialog.splitlines() if (match := _OPTION.fullmatch(line))]
    if [digit for digit, _ in found] != [str(place + 1) for place in range(len(found))]:
        return {}
    return dict(found)


def is_yes(dialog: str, key: str) -> bool:
    """Whether that key would say yes, once: any other than a digit is the profile's word."""
    return not key.isdecimal() or _YES.match(options(dialog).get(key, "")) is not None


def chosen(dialog: str, text: str) -> str | None:
    """The digit of the option that the text names, by number or label."""
    offered = {digit: label for digit, label in options(dialog).items() if not _TYPED.match(label)}
    wanted = text.strip().casefold()
    found = [digit for digit, label in offered.items() if wanted in (digit, label.casefold())]
    return found[0] if len(found) == 1 else None


def offered(dialog: str) -> str:
    return ", ".join(f"{digit} {label}" for digit, label in options(dialog).items() if not _TYPED.match(label))


def is_about(question: str, shown: str) -> bool:
    """Whether these are the same words, or some whole lines of them: a hook knows the command, a screen shows it too.
    Agents wrap lines by themselves."""
    wanted, lines = tight(question), [tight(line) for line in shown.splitlines()]
    if not wanted:
        return False
    return any(
        wanted == "".join(lines[first:last]) for first in range(len(lines)) for last in range(first + 1, len(lines) + 1)
    )


def is_same(asked: str, asks: str) -> bool:
    """Whether a person who read the one can mean the other: a hook's words are some of the screen's."""
    return bool(tight(asked)) and (tight(asked) == tight(asks) or is_about(asked, asks) or is_about(asks, asked))
