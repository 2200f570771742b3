"""What stands typed in an agent's input box: nothing, exactly a text of ours, or something of somebody else's. Pure.

Agents wrap what is typed and indent it, so that texts are compared without their blanks. What is drawn faint (but for
a first sign under the cursor) is an agent's own suggestion, and so is what it is known to say in an empty box.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from supervisor.agents.region import FOOTER, RULE, Frame, Layout, cut
from supervisor.agents.screens import LAYOUTS

_ESCAPE: Final = re.compile(
    r"\x1b\[(?P<sgr>[\d;:]*)m|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[^a-zA-Z]*[a-zA-Z]|\x1b[()].|[\x0e\x0f]"
)
_CHOICE: Final = re.compile(r"\s*\d+\.\s")
_GHOSTS: Final = {
    "claude": re.compile(r"Resend your message to try again"),
    "codex": re.compile(r"Ask Codex to do anything"),
    "gemini": re.compile(r"Type your message or @path/to/file"),
    "opencode": re.compile(r"Ask anything….*"),
}
# A long paste is shown as one word, which says how long it is.
_PASTED: Final = {
    "claude": re.compile(r"\[Pasted text #\d+(?: \+(?P<more>\d+) lines?)?\]"),
    "codex": re.compile(r"\[Pasted Content (?P<chars>\d+) chars\](?: #\d+)?"),
    "gemini": re.compile(r"\[Pasted Text: (?:(?P<lines>\d+) lines|(?P<chars>\d+) chars)\](?: #\d+)?"),
    "opencode": re.compile(r"\[Pasted ~(?P<lines>\d+) lines?\]"),
}


class Draft(NamedTuple):
    """The lines of the box, as they are drawn; `rest` stands below one that nothing closes. `is_ghost`: nobody typed
    that."""

    lines: tuple[str, ...]
    rest: tuple[str, ...] = ()
    is_ghost: bool = False

    @property
    def is_empty(self) -> bool:
        return self.is_ghost or not tight(self.lines)


def is_typeable(text: str) -> bool:
    """No key can stand in it, and no agent's box would look like a choice of a menu with it."""
    return bool(text.strip()) and all(each.isprintable() or each in "\n\t" for each in text) and not _CHOICE.match(text)


def plain(screen: str) -> str:
    """The text of a screen that was captured with its colours."""
    return _ESCAPE.sub("", screen)


def read_draft(agent: str, screen: str) -> Draft | None:
    """What the box holds, by a capture with colours; None where no box is known, or none is open."""
    layout = LAYOUTS.get(agent)
    if layout is None:
        return None
    lines = [line.rstrip() for line in plain(screen).splitlines()]
    place = _bare(lines, layout.prompt) if layout.frame is Frame.BARE else _framed(lines, layout)
    if place is None:
        return None
    end = _ruled_off(lines, place) if agent == "gemini" else None
    place = place if end is None else slice(place.start, end)
    drawn = _inside(lines[place], layout)
    said = " ".join(" ".join(drawn).split())
    solid = _inside([line.rstrip() for line in _solid(screen).splitlines()][place], layout)
    is_faint = len(said) > 1 and len(tight(solid)) <= 1
    rest = tuple(lines[place.stop :]) if layout.frame is Frame.BARE and end is None else ()
    return Draft(drawn, rest, _GHOSTS[agent].fullmatch(said) is not None or is_faint)


def holds(agent: str, draft: Draft, text: str) -> bool:
    """Whether that is this text, whole, and nothing else; or what the agent shows in place of a long one."""
    if draft.is_ghost:
        return False
    pasted = _PASTED[agent].fullmatch(" ".join(" ".join(draft.lines).split()))
    if pasted is not None and _is_as_long(pasted.groupdict(), text):
        return True
    # An empty line in a box that nothing closes may be the text's own, or its end.
    ends = [at for at, line in enumerate((*draft.rest, "")) if not line]
    return any(
        tight((*draft.lines, *draft.rest[:end])) == tight(text) and sum(map(bool, draft.rest[end:])) <= FOOTER
        for end in ends
    )


def tight(lines: Sequence[str]) -> str:
    return "".join("".join(lines).split())


def _is_as_long(said: dict[str, str | None], text: str) -> bool:
    counts = {"more": text.count("\n"), "lines": text.count("\n") + 1, "chars": len(text)}
    return all(counts[name] == int(value) for name, value in said.items() if value is not None)


def _bare(lines: Sequence[str], prompt: str) -> slice | None:
    """From the last prompt on to the next empty line; a choice of a menu is marked like it."""
    first = next((at for at in reversed(range(len(lines))) if lines[at].lstrip().startswith(prompt)), None)
    if first is None or _CHOICE.match(lines[first].lstrip().removeprefix(prompt)):
        return None
    end = next((at for at in range(first, len(lines)) if not lines[at]), len(lines))
    return slice(first, end)


def _ruled_off(lines: Sequence[str], box: slice) -> int | None:
    """Where a rule closes it: Gemini draws one in place of a coloured row where it has few colours."""
    return next((at for at in range(box.start, len(lines)) if RULE.fullmatch(lines[at])), None)


def _framed(lines: Sequence[str], layout: Layout) -> slice | None:
    box = cut("\n".join(lines), layout).box
    drawn = [(at, line) for at, line in enumerate(lines) if line]
    for first in reversed(range(len(drawn) - len(box) + 1)) if box else ():
        if tuple(line for _, line in drawn[first : first + len(box)]) == box:
            return slice(drawn[first][0], drawn[first + len(box) - 1][0] + 1)
    return None


def _inside(lines: Sequence[str], layout: Layout) -> tuple[str, ...]:
    """What stands in the box, without what draws it."""
    if layout.frame is Frame.CLOSED:  # each line begins with the frame, and the last one tells the model
        return tuple(line.lstrip().removeprefix(layout.prompt) for line in lines[:-1])
    return (lines[0].lstrip().removeprefix(layout.prompt), *lines[1:])


def _solid(screen: str) -> str:
    """Without what is drawn faint."""
    made, is_faint, since = [], False, 0
    for found in _ESCAPE.finditer(screen):
        made.append(_shown(screen[since : found.start()], is_faint=is_faint))
        since = found.end()
        if found["sgr"] is not None:
            is_faint = _becomes_faint(found["sgr"], is_faint=is_faint)
    return "".join((*made, _shown(screen[since:], is_faint=is_faint)))


def _shown(text: str, *, is_faint: bool) -> str:
    return re.sub(r"[^\n]", " ", text) if is_faint else text


def _becomes_faint(sgr: str, *, is_faint: bool) -> bool:
    numbers = iter(sgr.split(";"))
    for number in numbers:
        if number in ("38", "48", "58"):  # a colour, whose own numbers follow
            for _ in range(1 if next(numbers, "") == "5" else 3):
                next(numbers, "")
        elif number == "2":
            is_faint = True
        elif number in ("", "0", "22"):
            is_faint = False
    return is_faint
