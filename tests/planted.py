"""Secrets to plant, drawn by a seeded generator, and the search for them in what was written."""

from __future__ import annotations

import random
import string
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_ALNUM = string.ascii_letters + string.digits
# The board's own text, and what is nobody's but ours: see the module that searches.
OWN = ("claims", "history", "cache", "edits", "lock", "redact.key")


class Planted(NamedTuple):
    """`text` is how the secret stands where it is planted: one word. `env` is what the processes know besides."""

    kind: str
    text: str
    secret: str
    env: dict[str, str]


def planted(kind: str, seed: int = 5) -> Planted:
    dice = random.Random(f"{kind} {seed}")

    def drawn(length: int) -> str:
        return "".join(dice.choices(_ALNUM, k=length - 3)) + "x7Q"

    if kind == "forge":
        token = "gh" + "p_" + drawn(36)
        return Planted(kind, token, token, {})
    if kind == "known":
        value = drawn(20)
        return Planted(kind, value, value, {"BILLING_SECRET": value})
    if kind == "pair":
        value = drawn(18)
        return Planted(kind, f"password={value}", value, {})
    assert kind == "url"
    value = drawn(16)
    return Planted(kind, f"https://dev:{value}@git.example.org/x.git", value, {})


KINDS = ("forge", "known", "pair", "url")
NAMES = ("forge", "known", "pair")  # those that a file's name can hold, which has no slashes


class Several(NamedTuple):
    """Some of each kind at once, for what is slow: `text` is still one word."""

    text: str
    secrets: tuple[str, ...]
    env: dict[str, str]


def several(kinds: Iterable[str]) -> Several:
    # A pair comes last: its value is everything up to the word's end.
    each = sorted((planted(kind) for kind in kinds), key=lambda one: one.kind == "pair")
    env = {name: value for one in each for name, value in one.env.items()}
    return Several(",".join(one.text for one in each), tuple(one.secret for one in each), env)


def files(side: Path, *, own: bool) -> Iterator[Path]:
    """What stands under `.board`; with `own` also what holds the board's own text."""
    for path in sorted(side.rglob("*")):
        if path.is_file() and not path.is_symlink() and (own or path.relative_to(side).parts[0] not in OWN):
            yield path


def holding(paths: Iterable[Path], secret: str) -> list[str]:
    """The files that hold it: in their bytes, or in their names."""
    return [str(path) for path in paths if secret.encode() in path.read_bytes() or secret in path.name]
