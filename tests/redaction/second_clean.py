"""Clean lines of the second corpus: what a person would be annoyed to see masked. Holds no secret.

Hashes, identifiers, placeholders, code about secrets and talk of them, public keys, plans with their values hidden.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.redaction.clean import Text
from tests.redaction.second_draws import fill, forms

LINES = 5000


def clean(seed: str = "second clean") -> Iterator[Text]:
    """As many lines of each kind, in documents."""
    shapes = forms("clean")
    least = LINES // len(shapes) + 1
    for shape in shapes:
        dice = Random(f"{seed} {shape.name}")
        lines: list[str] = []
        while len(lines) < least:
            lines += fill(shape.template, dice).text.split("\n")
        yield Text(shape.name, lines[:least])
