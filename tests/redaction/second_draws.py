"""Forms of the second corpus: a text with places to fill in. Makes no case and knows no redactor.

In a template `<<A:8>>` is drawn and public, `<<!ghp_ A:36>>` is drawn and secret from its first drawn part on.
"""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple
from uuid import UUID

_TEXTS = Path(__file__).parent / "second_texts"
_ALNUM = string.ascii_letters + string.digits
_ALPHABETS = {
    "A": _ALNUM,
    "L": string.ascii_lowercase + string.digits,
    "U": string.ascii_uppercase + string.digits,
    "h": "0123456789abcdef",
    "H": "0123456789ABCDEF",
    "d": string.digits,
    "x": string.ascii_letters,
    "w": _ALNUM + "_-",
    "b": _ALNUM + "+/",
    "b32": "qpzry9x8gf2tvdw0s3jn54khce6mua7l",
    "pw": _ALNUM + "!@%^*_-+=.?~",
    "url": _ALNUM + "-_.~",
    "dj": string.ascii_lowercase + string.digits + "!@%^*(-_=+)",
}
_WORDS = [
    "amber",
    "basil",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "garnet",
    "hazel",
    "indigo",
    "juniper",
    "lilac",
    "maple",
]
_PLACE = re.compile(r"<<(!?)([^<>]+)>>")
_PART = re.compile(r"([A-Za-z0-9]+):(\d+)")


class Form(NamedTuple):
    """One way in which a secret stands in a log; `keep` are public words that must be read afterwards."""

    name: str
    template: str
    keep: tuple[str, ...]


class Filled(NamedTuple):
    text: str
    secrets: tuple[str, ...]


def forms(stem: str) -> tuple[Form, ...]:
    """Those of a file beside this: `%%% name`, then `%% word` for each public word, then the text."""
    text = (_TEXTS / f"{stem}.txt").read_text(encoding="utf-8").rstrip("\n")
    return tuple(_form(block) for block in re.split(r"^%%% ", text, flags=re.MULTILINE)[1:])


def _form(block: str) -> Form:
    name, *lines = block.rstrip("\n").split("\n")
    keep = tuple(line.removeprefix("%% ") for line in lines if line.startswith("%% "))
    return Form(name, "\n".join(lines[len(keep) :]), keep)


def fill(template: str, dice: Random) -> Filled:
    secrets: list[str] = []

    def place(found: re.Match[str]) -> str:
        value, drawn = _value(found[2].split(" "), dice)
        if found[1]:
            secrets.append(drawn)
        return value

    return Filled(_PLACE.sub(place, template), tuple(secrets))


def _value(parts: list[str], dice: Random) -> tuple[str, str]:
    """All of it, and that from the first drawn part on."""
    public, drawn = "", ""
    for part in parts:
        found = _PART.fullmatch(part)
        if found:
            drawn += draw(found[1], int(found[2]), dice)
        elif drawn:
            drawn += part
        else:
            public += part
    return public + drawn, drawn


def draw(kind: str, size: int, dice: Random) -> str:
    if kind in _ALPHABETS:
        return _mixed(_ALPHABETS[kind], size, dice)
    return _MADE[kind](size, dice)


def _mixed(alphabet: str, size: int, dice: Random) -> str:
    """Neither quote nor sign at its ends, as generators of passwords are told to."""
    ends = [c for c in alphabet if c.isalnum()]
    middle = [dice.choice(alphabet) for _ in range(size - 2)]
    return "".join([dice.choice(ends), *middle, dice.choice(ends)][:size])


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _lines(size: int, dice: Random) -> list[str]:
    text = _encoded(dice.randbytes(48 * size - 20))
    return [text[i : i + 64] for i in range(0, len(text), 64)]


def _human(size: int, dice: Random) -> str:
    """As people make them up: two words, a number, a sign."""
    return dice.choice(_WORDS).title() + dice.choice(_WORDS).title() + _mixed("23456789", size, dice) + "!"


def _claims(size: int, dice: Random) -> str:
    claims = f'{{"sub":"{_mixed(_ALNUM, 12, dice)}","exp":{dice.randrange(1_700_000_000, 1_900_000_000)}}}'
    return base64.urlsafe_b64encode(claims.encode()).decode().rstrip("=")


def _snowflake(size: int, dice: Random) -> str:
    return _encoded(("1" + _mixed(string.digits, size - 1, dice)).encode()).rstrip("=")


def _header(size: int, dice: Random) -> str:
    head = dice.choice(['{"alg":"HS256","typ":"JWT"}', '{"alg":"RS256","kid":"1","typ":"JWT"}', '{"typ":"at+jwt"}'])
    return base64.urlsafe_b64encode(head.encode()).decode().rstrip("=")


def _openssh(size: int, dice: Random) -> str:
    text = _encoded(b"openssh-key-v1\0\0\0\0\4none\0\0\0\4none\0\0\0\0\0\0\0\1" + dice.randbytes(size))
    return "\n".join(text[i : i + 70] for i in range(0, len(text), 70))


_MADE: dict[str, Callable[[int, Random], str]] = {
    "uuid": lambda size, dice: str(UUID(bytes=dice.randbytes(16), version=4)),
    "bytes": lambda size, dice: _encoded(dice.randbytes(size)),
    "words": lambda size, dice: "-".join(dice.choice(_WORDS) for _ in range(size)),
    "human": _human,
    "b64pw": lambda size, dice: _encoded(_mixed(_ALPHABETS["pw"], size, dice).encode()),
    "basic": lambda size, dice: _encoded(f"deploy:{_mixed(_ALNUM, size, dice)}".encode()),
    "pem": lambda size, dice: "\n".join(_lines(size, dice)),
    "pemj": lambda size, dice: "\\n".join(_lines(size, dice)),
    "openssh": _openssh,
    "claims": _claims,
    "head": _header,
    "snow": _snowflake,
}
