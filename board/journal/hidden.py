"""Secrets in other clothes: what percent signs, backslashes, base64 and hexadecimal write of a known format.

A decoded text comes with where each of its characters, or all of it, stands in the written one. It masks nothing.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from board.journal.patterns import compiled

# Percent signs, also doubled; backslashes, also doubled, before a number or a letter; HTML's names and numbers.
_CODES: Final = (
    r"%(?:25){0,4}([0-9A-Fa-f]{2})|\\{1,8}(?:u00([0-9A-Fa-f]{2})|x([0-9A-Fa-f]{2})|([/nrt\"']))"
    r"|&(?:#x([0-9A-Fa-f]{2})|#([0-9]{2,3})|(quot|apos|lt|gt|amp));"
    r"|\\{2,8}"
)
_LETTERS: Final = {"n": "\n", "r": "\n", "t": "\t"}
_ENTITIES: Final = {"quot": '"', "apos": "'", "lt": "<", "gt": ">", "amp": "&"}
# Bytes of visible ASCII: in hexadecimal the first figure of each is 2 to 7, in base64 the first character of a group
# of four is one of I to f. No hash has a long run of them.
_HEX_RUN: Final = "(?:[2-7][0-9A-Fa-f]|0[9AaDd]){12,}"
_HEX_WORD: Final = "[0-9A-Fa-f]{24,}+"
_BASE64_RUN: Final = "(?:[I-Za-f][A-Za-z0-9+/_-]{3}){5}"
_BASE64_WORD: Final = "[A-Za-z0-9+/_-]{20,}+"
_SHORTEST_WORD: Final = 20
# Of a run each fourth character is of one class, five of them in base64, six in hexadecimal; blanks part the words.
_CLASSES: Final = dict.fromkeys("ABCDEFGHghijklmnopqrstuvwxyz189+/_-", b"-")
_CLASSES.update(dict.fromkeys("IJKLMNOPQRSTUVWXYZabcdef", b"b"), **dict.fromkeys("0234567", b"h"))
_TO_CLASSES: Final = b"".join(_CLASSES.get(chr(byte), b" ") for byte in range(256))
_EACH_FOURTH: Final = (b"bbbbb", b"hhhhhh")
_PRINTABLE: Final = rb"[\t\n\r -~]{14,}"
_CODE_HINTS: Final = (
    ("%", "%(?:25)*+[2-7][0-9A-Fa-f]"),
    ("\\", r"\\(?:u00[2-7]|x[2-7]|/)"),
    ("&", "&(?:#[x0-9]|quot;|apos;|lt;)"),
)
_HAS_CODES: Final = ("%", "\\", "&")


class View:
    """`text`, decoded, says what the written text has at the places that `span` tells."""

    def __init__(self, written: str) -> None:
        self.text: Final = compiled(_CODES).sub(lambda m: _meant(m[0]), written)
        self._codes = compiled(_CODES).finditer(written)
        # Where each character stands in the written text, and one more, the end: as far as it was asked for.
        self._at: list[int] = []
        self._done = 0
        self._end = len(written)

    def span(self, start: int, end: int) -> tuple[int, int]:
        while len(self._at) <= end:
            m = next(self._codes, None)
            self._at += range(self._done, (self._end if m is None else m.start()) + 1)
            self._done = self._end if m is None else m.end()
        return self._at[start], self._at[end]


class Run(NamedTuple):
    """What a word says that no part can be cut out of: what is in it stands for all of the word."""

    text: str
    start: int
    end: int


def decoded(s: str) -> View | None:
    """None: it is written as it is."""
    is_coded = any(sign in s for sign in _HAS_CODES) and compiled(_CODES).search(s) is not None
    return View(s) if is_coded else None


def runs(s: str) -> Iterator[Iterator[Run]]:
    """What hexadecimal says and what base64 does, each in order."""
    yield (Run(run, *m.span()) for m in compiled(_HEX_WORD).finditer(s) for run in _hex_runs(m[0]))
    yield (Run(run, *m.span()) for m in compiled(_BASE64_WORD).finditer(s) for run in _base64_runs(m[0]))


def coded_places(s: str) -> Iterator[int]:
    """Where a text of any length may say something by signs and numbers."""
    for sign, hint in _CODE_HINTS:
        if sign in s:
            yield from (m.start() for m in compiled(hint).finditer(s))


def veiled(s: str) -> Iterator[tuple[str, str]]:
    """Words of ASCII text that are base64 or hexadecimal of text, and the text: a cheap look, in no order."""
    for word in set(_likely_words(s)):
        # Every third of base64's characters is a capital.
        if word != word.lower():
            yield from ((word, run) for run in _base64_runs(word))
        for figures in compiled(_HEX_WORD).findall(word):
            yield from ((figures, run) for run in _hex_runs(figures))


def _likely_words(s: str) -> Iterator[str]:
    classes = s.encode().translate(_TO_CLASSES)
    for first in range(4):
        fourths = classes[first::4]
        for run in _EACH_FOURTH:
            at = fourths.find(run)
            while at >= 0:
                place = first + 4 * at
                start, end = classes.rfind(b" ", 0, place) + 1, classes.find(b" ", place)
                end = len(s) if end < 0 else end
                if end - start >= _SHORTEST_WORD:
                    yield s[start:end]
                at = fourths.find(run, max(at + 1, (end - first) // 4))


@lru_cache(maxsize=1024)
def _meant(written: str) -> str:
    """One character."""
    code = compiled(_CODES).fullmatch(written)
    assert code is not None
    if letter := code[4]:
        return _LETTERS.get(letter, letter)
    if name := code[7]:
        return _ENTITIES[name]
    if written.strip("\\") == "":
        return "\\"
    number = int(code[6]) if code[6] else int(code[1] or code[2] or code[3] or code[5], 16)
    return chr(number)


def _hex_runs(word: str) -> Iterator[str]:
    """Bytes may begin at an even or at an odd figure of it."""
    for m in compiled(_HEX_RUN).finditer(word):
        yield bytes.fromhex(m[0]).decode("ascii", "replace")


def _base64_runs(word: str) -> Iterator[str]:
    """Where the text begins in which the secret is nobody knows: each of the four ways to cut it is tried."""
    from binascii import Error, a2b_base64

    if compiled(_BASE64_RUN).search(word) is None:
        return
    plain = word.replace("-", "+").replace("_", "/")
    for offset in range(4):
        text = plain[offset:]
        try:
            data = a2b_base64(text[: len(text) // 4 * 4])
        except Error:
            continue
        for m in compiled(_PRINTABLE).finditer(data):
            yield m[0].decode("ascii")
