"""Values drawn from a seeded generator, and templates that hold them. Knows no format and no redactor.

A template is text with parts to draw: `<w36>` is a secret of 36 letters and figures, `<d12?>` is drawn but public.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from random import Random
from typing import NamedTuple

WORD = string.ascii_letters + string.digits
ALPHABETS = {
    "w": WORD,
    "l": string.ascii_lowercase + string.digits,
    "u": string.ascii_uppercase + string.digits,
    "a": string.ascii_lowercase,
    "d": string.digits,
    "h": "0123456789abcdef",
    "H": "0123456789ABCDEF",
    "s": WORD + "-_",
    "b": WORD + "+/",
    "B": string.ascii_uppercase + "234567",
    "x": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "p": WORD + "!@#%^*_-+=?",
}
_PART = re.compile(r"<([a-zA-Z])(\d+)(\??)>")
_MIXED = (string.ascii_uppercase, string.ascii_lowercase, string.digits)
_SYLLABLES = ["ba", "ko", "mi", "ta", "ru", "se", "lo", "vi", "ne", "du", "pa", "gi", "zo", "fe", "ha", "wu"]


class Sample(NamedTuple):
    """A secret in its natural place, not mangled: `keep` are words of the text that are no secret."""

    text: str
    secrets: tuple[str, ...]
    keep: tuple[str, ...]


class Format(NamedTuple):
    """`prefixed`: a reader knows the secret by its own shape, without a name beside it."""

    kind: str
    name: str
    make: Callable[[Random], Sample]
    prefixed: bool = False


def draw(dice: Random, alphabet: str, length: int) -> str:
    """Letters of both sizes and a figure where the alphabet has them and there is room; no sign at either end."""
    signs = ALPHABETS[alphabet]
    needs = [part for part in _MIXED if set(part) <= set(signs)] if length >= 8 else []
    while True:
        text = "".join(dice.choices(signs, k=length))
        ends_in_words = text[0].isalnum() and text[-1].isalnum()
        if ends_in_words and all(any(c in part for c in text) for part in needs):
            return text


def uuid(dice: Random) -> str:
    digits = draw(dice, "h", 32)
    return "-".join((digits[:8], digits[8:12], "4" + digits[13:16], "a" + digits[17:20], digits[20:]))


def passphrase(dice: Random) -> str:
    """Small letters only, as people make them up."""
    return "-".join("".join(dice.choices(_SYLLABLES, k=3)) for _ in range(3))


def fill(dice: Random, template: str) -> tuple[str, tuple[str, ...]]:
    """The text, and which parts of it are secret. `g` is a UUID, `q` a passphrase; their length is no matter."""
    secrets: list[str] = []

    def part(m: re.Match[str]) -> str:
        match m[1]:
            case "g":
                value = uuid(dice)
            case "q":
                value = passphrase(dice)
            case _:
                value = draw(dice, m[1], int(m[2]))
        if not m[3]:
            secrets.append(value)
        return value

    return _PART.sub(part, template), tuple(secrets)


def from_template(template: str, keep: str) -> Callable[[Random], Sample]:
    """A format that is one template; `keep` are its public words."""

    def make(dice: Random) -> Sample:
        text, secrets = fill(dice, template)
        return Sample(text, secrets, tuple(keep.split()))

    return make
