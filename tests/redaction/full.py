"""Lines that are full of secrets, drawn anew each, for those who ask what such a line costs and what is left of it."""

from __future__ import annotations

import base64
import json
import string
import urllib.parse
from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

ALNUM: Final = string.ascii_letters + string.digits
CAPITALS: Final = string.ascii_uppercase + string.digits


class Line(NamedTuple):
    text: str
    secrets: tuple[str, ...]


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _percent(text: str) -> str:
    return "".join(f"%{ord(sign):02X}" for sign in text)


# How one secret is written; what stands behind the last one is cut off with half of it.
WAYS: Final[dict[str, Callable[[str], str]]] = {
    "curl": lambda x: f"curl -u a:{x} ",
    "curl, command after command": lambda x: f"curl -u a:{x};",
    "mysql": lambda x: f"mysql -p{x} ",
    "sshpass": lambda x: f"sshpass -p {x} ",
    "sudo": lambda x: f"echo {x}|sudo -S;",
    "flags": lambda x: f"--password {x} ",
    "bearers": lambda x: f"Authorization: Bearer {x} ",
    "pairs": lambda x: f"password={x};",
    "exports": lambda x: f"export A_TOKEN={x} ",
    "settings": lambda x: f"set A_TOKEN {x}1a ",
    "connection strings": lambda x: f"a;PWD={{{x}}};",
    "addresses": lambda x: f"https://u:{x}@h ",
    "cookies": lambda x: f"'Cookie: sid={x}{x}' ",
    "forms": lambda x: rf"Content-Disposition: form-data; name=\"password\"\n\n{x}\n--x\n",
    "tokens": lambda x: "gh" + f"p_{(x * 5)[:36]} ",
    "AWS ids": lambda x: f"AKIA{(x * 2).upper()[:16]} ",
    "JWTs": lambda x: f"eyJ{x}{x}.eyJ{x}{x}.{x}{x} ",
    "base64": lambda x: _coded(f"password={x}") + " ",
    "hexadecimal": lambda x: f"token={x}".encode().hex() + " ",
    "percent signs": lambda x: urllib.parse.quote(f"password={x}&", safe=""),
    "all in percent signs": lambda x: _percent(f"token={x};"),
    "JSON in JSON": lambda x: rf'"{{\"token\":\"{x}\"}}",',
    "JSON in JSON in JSON": lambda x: rf'"{{\\\"token\\\":\\\"{x}\\\"}}",',
    "commands in JSON in JSON": lambda x: rf'"{{\"cmd\": \"curl -u a:{x} \'h\'\"}}",',
    "HTML": lambda x: f"&quot;token&quot;:&quot;{x}&quot;,",
    "XML": lambda x: f"<password>{x}</password>",
    "XML in HTML": lambda x: f"&lt;password&gt;{x}&lt;/password&gt;",
    "attributes": lambda x: f'name="token" value="{x}" ',
    "setters": lambda x: f'.setPassword("{x}1a");',
    "SQL": lambda x: f"PASSWORD '{x}' ",
    "arguments": lambda x: f'"--password","{x}1a",',
    "sentences": lambda x: f"password is {x}1a ",
    "netrc": lambda x: f"login a password {x} ",
    "keys": lambda x: f"-----BEGIN PRIVATE KEY-----\\n{x * 3}\\n-----END PRIVATE KEY-----",
}


def line(way: str, size: int, seed: object = "full") -> Line:
    dice = Random(f"{way} {seed}")
    written: list[str] = []
    secrets: list[str] = []
    left = size
    while left > 0:
        secrets.append("".join(dice.choices(ALNUM, k=8)))
        written.append(WAYS[way](secrets[-1]))
        left -= len(written[-1])
    return Line("".join(written)[:size], tuple(secrets))


def mixed(size: int) -> Line:
    """All ways in turn."""
    pieces = [line(way, 400, turn) for turn in range(1 + size // (400 * len(WAYS))) for way in WAYS]
    return Line(" ".join(piece.text for piece in pieces)[:size], tuple(s for piece in pieces for s in piece.secrets))


def record(size: int) -> Line:
    """A record of JSON that can be read."""
    dice = Random("record")
    secrets = ["".join(dice.choices(ALNUM, k=8)) for _ in range(size // 24)]
    return Line(json.dumps([{"token": each} for each in secrets]), tuple(secrets))
