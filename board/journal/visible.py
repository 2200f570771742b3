"""What a reader of a terminal sees of a text: no escape sequences, nothing overwritten, no characters of no width.

Only what is visible is searched and only that is kept, so nothing can hide between the letters of a secret.
It knows no secret, and moves no cursor across lines.
"""

from collections.abc import Callable
from typing import Final

from board.journal.patterns import compiled

_ESCAPES: Final = (
    r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]?"  # CSI: colours, cursor
    r"|[\]PX^_][^\x07\x1b\x9c\n]*+(?:\x07|\x9c|\x1b\\)?"  # OSC (links, titles), DCS, SOS, PM, APC
    r"|[ -/]*+[0-~]?)"
)
_C1: Final = r"\x9b[0-?]*+[ -/]*+[@-~]?|[\x9d\x90\x98\x9e\x9f][^\x07\x1b\x9c\n]*+(?:\x07|\x9c|\x1b\\)?"
_UNSEEN: Final = (
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_UNSEEN_ASCII: Final = bytes((*range(0x09), *range(0x0B, 0x20), 0x7F))
_ASCII: Final = bytes(range(0x80))
_SURROGATES: Final = r"\ud800-\udfff"
_ODD: Final = _UNSEEN.replace("]", f"{_SURROGATES}]")


def visible(s: str) -> str:
    """Lines stay lines; CRLF is one line's end. A character that no text file can hold is a replacement character."""
    if s.isascii():
        return s if s.isprintable() else _without_controls(_seen(s))
    # Of most texts few characters are no ASCII, so those are looked at by themselves.
    others = s.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass")
    if compiled(_ODD).search(others) is None:
        return _without_controls(_seen(s))
    s = compiled(_UNSEEN).sub("", _seen(compiled(_C1).sub("", s)))
    return compiled(f"[{_SURROGATES}]").sub("\ufffd", s)


def _without_controls(s: str) -> str:
    return s.encode().translate(None, _UNSEEN_ASCII).decode()


def _seen(s: str) -> str:
    if "\x1b" in s:
        s = compiled(_ESCAPES).sub("", s)
    if "\r" in s:
        s = s.replace("\r\n", "\n")
    for sign, alter in (("\r", _overwritten), ("\b", _taken_back)):
        if sign in s:
            s = _altered(s, sign, alter)
    return s


def _altered(s: str, sign: str, alter: Callable[[str], str]) -> str:
    """The text with those lines altered that have the sign."""
    out, done = [], 0
    at = s.find(sign)
    while at >= 0:
        start = max(done, s.rfind("\n", done, at) + 1)
        end = s.find("\n", at)
        end = len(s) if end < 0 else end
        out += [s[done:start], alter(s[start:end])]
        done = end
        at = s.find(sign, end)
    return "".join((*out, s[done:]))


def _overwritten(line: str) -> str:
    """What stands behind the last return."""
    return line.rstrip("\r").rpartition("\r")[2]


def _taken_back(line: str) -> str:
    """A backspace takes a character with it, as who types it means."""
    kept: list[str] = []
    for piece in compiled(r"(\x08+)").split(line):
        if piece.startswith("\b"):
            _take(kept, len(piece))
        elif piece:
            kept.append(piece)
    return "".join(kept)


def _take(kept: list[str], count: int) -> None:
    """Removes so many characters from the end."""
    while kept and count:
        last = kept.pop()
        if len(last) > count:
            kept.append(last[:-count])
        count = max(0, count - len(last))
