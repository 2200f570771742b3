"""What a reader of a terminal sees of a text: no escape sequences, nothing overwritten, no characters of no width.

Only what is visible is searched and only that is kept, so nothing can hide between the letters of a secret.
It knows no secret, and moves no cursor across lines.
"""

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
_UNSEEN_ASCII: Final = dict.fromkeys((*range(0x09), *range(0x0B, 0x20), 0x7F))
_SURROGATES: Final = r"[\ud800-\udfff]"


def visible(s: str) -> str:
    """Lines stay lines; CRLF is one line's end. A character that no text file can hold is a replacement character."""
    if s.isascii():
        return s if s.isprintable() else _seen(s).translate(_UNSEEN_ASCII)
    if compiled("[\x90\x98\x9b\x9d-\x9f]").search(s) is not None:
        s = compiled(_C1).sub("", s)
    s = compiled(_UNSEEN).sub("", _seen(s))
    try:
        s.encode()
    except UnicodeEncodeError:
        return compiled(_SURROGATES).sub("\ufffd", s)
    return s


def _seen(s: str) -> str:
    if "\x1b" in s:
        s = compiled(_ESCAPES).sub("", s)
    if "\r" in s:
        s = s.replace("\r\n", "\n")
    if "\r" in s or "\b" in s:
        s = "\n".join(map(_overwritten, s.split("\n")))
    return s


def _overwritten(line: str) -> str:
    """What stands behind the last return; a backspace takes a character with it, as who types it means."""
    if "\r" in line:
        line = line.rstrip("\r").rpartition("\r")[2]
    if "\b" not in line:
        return line
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
