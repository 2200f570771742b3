"""The corpus: each format in each way of being mangled that fits it. Made under a seed; nothing of it is stored.

Formats come from public documentation, never from the redactor's own rules: so it can find what they lack.
"""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from board.journal.redact import Redactor
from tests.redaction.keys import key_formats
from tests.redaction.mangling import MANGLINGS
from tests.redaction.named import named_formats
from tests.redaction.places import place_formats
from tests.redaction.tokens import token_formats
from tests.redaction.values import Format, Sample, draw

SEED = "crewboard"


class Case(NamedTuple):
    """`secrets` must not be readable in what becomes of `text`; `keep` must. `width`: a terminal wrapped it there."""

    kind: str
    format: str
    mangling: str
    text: str
    secrets: tuple[str, ...]
    width: int | None
    keep: tuple[str, ...]


def cases(seed: str = SEED) -> Iterator[Case]:
    for form in formats():
        for mangling in MANGLINGS:
            dice = Random(f"{seed} {form.kind} {form.name} {mangling.name}")
            sample = form.make(dice)
            if mangling.fits(form, sample):
                text, width, keep = mangling.do(dice, sample)
                words = sample.keep if keep is None else keep
                yield Case(form.kind, form.name, mangling.name, text, sample.secrets, width, words)


def formats() -> Iterator[Format]:
    yield from token_formats()
    yield from key_formats()
    yield from place_formats()
    yield from named_formats()
    yield from _known_formats()


def a_redactor() -> Redactor:
    """As a worker's would be: it knows the values of `known_values`, and whose machine it runs on."""
    return Redactor(home="/home/mira", user="mira", host="tern", key=b"k" * 32, known=known_values())


# --- values that the redactor was told


def known_values(seed: str = SEED) -> dict[str, str]:
    dice = Random(f"{seed} known")
    return {
        "DB_PASSWORD": draw(dice, "w", 14),
        "ADMIN_SECRET": draw(dice, "p", 20),
        "DEPLOY_KEY": "\n".join(draw(dice, "b", 40) for _ in range(3)),
    }


_CODES: dict[str, Callable[[str], str]] = {
    "as it is": lambda value: value,
    "json": lambda value: json.dumps(value)[1:-1],
    "repr": lambda value: repr(value)[1:-1],
    "url": lambda value: urllib.parse.quote(value, safe=""),
    "hex": lambda value: value.encode().hex(),
    "base64 at 0": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 at 1": lambda value: base64.b64encode(b"a" + value.encode() + b" tail").decode(),
    "base64 at 2": lambda value: base64.b64encode(b"ab" + value.encode() + b" tail").decode(),
}


def _known_formats() -> Iterator[Format]:
    for name, value in known_values().items():
        for code in _CODES:
            yield Format("known", f"{name} {code}", _Known(value, code))


class _Known:
    """A known value under one of its codes, without a name beside it. Its secrets are its lines, uncoded and coded."""

    def __init__(self, value: str, code: str) -> None:
        self._value, self._code = value, code

    def __call__(self, dice: Random) -> Sample:
        coded = _CODES[self._code](self._value)
        secrets = (*coded.split("\n"), *self._value.split("\n"))
        inner = tuple(s[4:-8] if self._code.startswith("base64 at") else s for s in secrets[:1])
        return Sample(f"the reply began {coded} and ended", (*inner, *secrets[1:]), ("reply", "ended"))
