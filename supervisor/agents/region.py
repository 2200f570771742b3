"""A screen cut into the parts that its rules look at: what is asked, said last, typed into and shown below. Pure.

Theory of operation. A screen holds its past above its present, and old prompts look like new ones: only what the agent
draws at the bottom counts. Where an input box is there, the agent takes input, and no dialog is open: what was said
last is what stands above the box, back to the line that the person typed last. Where there is none, the last part of
the screen is a dialog, a viewer or a program that draws no box, and it is told by how that part *ends*.

What is typed into the box never counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

SAID: Final = 14  # lines above the box that still count as what was said last
OPEN: Final = 30  # lines of a dialog
FOOTER: Final = 5  # lines below the box
WIDEST: Final = 500  # characters of a line: no agent draws longer ones, and half a line could show half a secret
FEED: Final = "\f"  # between what was said and the footer: nothing on a screen is one
BOX: Final = 12  # lines of it: a longer draft is cut off by the agents themselves

RULE: Final = re.compile(r"\s*[─━▀▄]{20,}\s*")
_TOP: Final = re.compile(r"\s*╭─+╮\s*")  # of a frame that is closed on all sides
_CHOICE: Final = re.compile(r"\s*\S\s*\d+\.\s")


class Region(StrEnum):
    """`LIVE` is what was said, and behind a form feed the footer. `OPEN` is empty while there is an input box, and all
    others are while there is none."""

    OPEN = "open"
    BOX = "box"
    LIVE = "live"


class Frame(StrEnum):
    """Where an input box is drawn: between two rules, bare, above a closing line of `╹`, or bare as the last line."""

    RULED = "ruled"
    BARE = "bare"
    CLOSED = "closed"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Layout:
    """How an agent draws its input box: each begins with `prompt`."""

    prompt: str
    frame: Frame


@dataclass(frozen=True, slots=True)
class Parts:
    """Each part's lines, without those that are empty."""

    open: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    box: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()

    def text(self, region: Region) -> str:
        match region:
            case Region.OPEN:
                return "\n".join(self.open)
            case Region.BOX:
                return "\n".join(self.box)
            case Region.LIVE:
                return "\n".join((*self.said, f"{FEED}{self.footer[0] if self.footer else ''}", *self.footer[1:]))
            case _:
                assert_never(region)


def cut(screen: str, layout: Layout) -> Parts:
    lines = [line if len(line) <= WIDEST else "…" for each in screen.splitlines() if (line := each.rstrip())]
    box = _BOXES[layout.frame](lines, layout.prompt)
    if box is None:
        return Parts(open=_open(lines, layout))
    is_bare = layout.frame in _BARE
    above = lines[: box.start - (layout.frame is Frame.RULED)]
    footer = lines[box.stop + (not is_bare) :]
    return Parts(said=_said(above, layout.prompt), box=tuple(lines[box.start : box.stop]), footer=tuple(footer))


def _ruled_box(lines: Sequence[str], prompt: str) -> slice | None:
    """What stands between the last two rules, if somebody can type there."""
    rules = [place for place, line in enumerate(lines) if RULE.fullmatch(line)]
    if len(rules) < 2 or not 1 < rules[-1] - rules[-2] <= BOX + 1 or len(lines) - rules[-1] - 1 > FOOTER:
        return None
    first = rules[-2] + 1
    return slice(first, rules[-1]) if _is_prompt(lines[first], prompt) else None


def _bare_box(lines: Sequence[str], prompt: str) -> slice | None:
    """The last prompt, as long as nothing but a footer stands below it."""
    place = _last(lines, prompt)
    if place is None or len(lines) - place - 1 > FOOTER or not _is_prompt(lines[place], prompt):
        return None
    return slice(place, place + 1)


def _last_box(lines: Sequence[str], prompt: str) -> slice | None:
    """The last line: whatever stands below a prompt is the answer to what was typed there."""
    end = len(lines)
    return slice(end - 1, end) if lines and _is_prompt(lines[-1], prompt) else None


def _closed_box(lines: Sequence[str], prompt: str) -> slice | None:
    """The lines with a prompt right above the last closing line, as long as only a footer stands below that."""
    end = _last(lines, "╹")
    if end is None or len(lines) - end - 1 > FOOTER:
        return None
    first = end
    while first and lines[first - 1].lstrip().startswith(prompt):
        first -= 1
    return slice(first, end) if first < end else None


_BOXES: Final = {Frame.RULED: _ruled_box, Frame.BARE: _bare_box, Frame.CLOSED: _closed_box, Frame.LAST: _last_box}
_BARE: Final = (Frame.BARE, Frame.LAST)


def _last(lines: Sequence[str], start: str) -> int | None:
    return next((at for at in reversed(range(len(lines))) if lines[at].lstrip().startswith(start)), None)


def _is_prompt(line: str, prompt: str) -> bool:
    """A choice of a menu is marked like an input box."""
    return line.lstrip().startswith(prompt) and _CHOICE.match(line) is None


def _said(above: Sequence[str], prompt: str) -> tuple[str, ...]:
    typed = max((place for place, line in enumerate(above) if _is_prompt(line, prompt)), default=-1)
    return tuple(above[typed + 1 :][-SAID:])


def _open(lines: Sequence[str], layout: Layout) -> tuple[str, ...]:
    """Back to the last rule but one, to the last frame's top, or to what the person typed last where a bare prompt
    can't be a choice."""
    since = [0, *(place + 1 for place, line in enumerate(lines) if RULE.fullmatch(line))]
    typed = [place + 1 for place, line in enumerate(lines) if _is_prompt(line, layout.prompt)]
    tops = [place for place, line in enumerate(lines) if _TOP.fullmatch(line)]
    starts = [since[-2 if len(since) > 2 else -1], *tops[-1:], *(typed[-1:] if layout.frame in _BARE else ())]
    return tuple(lines[max(starts) :][-OPEN:])
