"""Words, names and numbers of which clean text is made. Draws; knows no shape."""

from __future__ import annotations

import base64
from random import Random

Lines = list[str]
PEOPLE = ["Ann Moss", "Bo Reyes", "Cy Okafor", "Dee Lind", "Eli Van Dam"]
WORDS = [
    "fix",
    "the",
    "token",
    "bucket",
    "of",
    "password",
    "reset",
    "page",
    "when",
    "session",
    "key",
    "is",
    "read",
    "from",
    "cache",
    "and",
    "retry",
    "add",
    "test",
    "for",
    "auth",
]
PACKAGES = [
    "requests",
    "left-pad",
    "serde",
    "tokio",
    "jsonwebtoken",
    "passlib",
    "keyring",
    "secretstorage",
    "oauthlib",
]


def say(dice: Random, count: int) -> str:
    return " ".join(dice.choices(WORDS, k=count))


def number(dice: Random, top: int = 1000) -> int:
    return dice.randrange(1, top)


def integrity(dice: Random, kind: str = "sha512", size: int = 64) -> str:
    return f"{kind}-{base64.b64encode(dice.randbytes(size)).decode()}"
