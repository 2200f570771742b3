"""A terminal's text cut into what it is made of: whole lines, words, control characters, escape sequences. Pure.

Titles and images are left out, a program's status (OSC 7501) is not; it knows no screen. Where the text was cut into
pieces makes no difference to what a screen comes to look like, and what never ends is given up: no sequence is longer
than some dozens of characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

LONGEST_STRING: Final = 1 << 20  # characters of a title or an image that never ends: then it is text again
STATUS: Final = "7501;"  # how a program's status begins
LONGEST_STATUS: Final = 128  # characters: a longer one is none

_PLAIN: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")
_LINES: Final = re.compile(r"(?:[^\x00-\x1f\x7f-\x9f]*+\r\n)++")
_CSI: Final = re.compile(r"\x1b\[([0-?]{0,64}[ -/]{0,4})([@-~])")
_ESCAPE: Final = re.compile(r"\x1b([ -/]{0,4}[0-OQ-WYZ\\`-jl-~])")
_STRING: Final = re.compile(r"\x1b([]PX^_k])")
_UNFINISHED: Final = re.compile(r"\x1b(?:\[[0-?]{0,64}[ -/]{0,4}|[ -/]{0,4})\Z")
_BROKEN: Final = re.compile(r"\x1b\[?[0-?]{0,64}[ -/]{0,4}")
_STRING_END: Final = re.compile(r"[\x18\x1a\x1b]")
_TITLE_END: Final = re.compile(r"[\x07\x18\x1a\x1b]")


class Token(NamedTuple):
    """`lines`: each of them plain and ended by CR and LF. `escape`: what stands behind ESC. `sequence`: a CSI's final
    character, and its parameters. `status`: what a program says of itself, unseen."""

    kind: Literal["lines", "plain", "control", "escape", "sequence", "status"]
    text: str
    parameters: str = ""


class Tokens:
    def __init__(self) -> None:
        self._rest = ""
        self._string: str | None = None
        self._skipped = 0
        self._kept = ""  # of a string that may be a status

    def feed(self, text: str) -> Iterator[Token]:
        text, self._rest = self._rest + text, ""
        place = 0
        while place < len(text):
            if self._string is not None:
                token, place = self._skip(text, place)
                if token is not None:
                    yield token
            elif text[place] == "\x1b":
                token, place = self._escape(text, place)
                if token is not None:
                    yield token
            elif found := _LINES.match(text, place):
                place = found.end()
                yield Token("lines", found[0])
            elif found := _PLAIN.match(text, place):
                place = found.end()
                yield Token("plain", found[0])
            else:
                place += 1
                yield Token("control", text[place - 1])

    def _escape(self, text: str, place: int) -> tuple[Token | None, int]:
        """The sequence that begins here, if it is whole and known, and where the text goes on."""
        if found := _CSI.match(text, place):
            return Token("sequence", found[2], found[1]), found.end()
        if found := _ESCAPE.match(text, place):
            return Token("escape", found[1]), found.end()
        if found := _STRING.match(text, place):
            self._string, self._skipped, self._kept = found[1], 0, ""
            return None, found.end()
        if _UNFINISHED.match(text, place):
            self._rest = text[place:]
            return None, len(text)
        broken = _BROKEN.match(text, place)
        assert broken is not None
        return None, broken.end()

    def _skip(self, text: str, place: int) -> tuple[Token | None, int]:
        """Over a title or an image; the status that ended here, if it was one, and where the text goes on."""
        until = min(len(text), place + LONGEST_STRING - self._skipped)
        end = (_TITLE_END if self._string == "]" else _STRING_END).search(text, place, until)
        if self._string == "]":
            self._keep(text, place, until if end is None else end.start())
        if end is not None:
            self._string = None
            return self._status(end[0]), end.start() if end[0] == "\x1b" else end.end()
        self._skipped += until - place
        if self._skipped >= LONGEST_STRING:
            self._string = None
        return None, until

    def _keep(self, text: str, place: int, until: int) -> None:
        self._kept += text[place : min(until, place + len(STATUS) + LONGEST_STATUS + 1 - len(self._kept))]

    def _status(self, end: str) -> Token | None:
        """Cancelled, it was none."""
        kept, self._kept = self._kept, ""
        is_one = kept.startswith(STATUS) and len(kept) <= len(STATUS) + LONGEST_STATUS and end in "\x07\x1b"
        return Token("status", kept.removeprefix(STATUS)) if is_one else None
