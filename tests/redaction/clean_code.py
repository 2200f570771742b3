"""Documents made of source code and prose about secrets. Adds names and numbers; holds no secret."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.redaction import clean_words as words
from tests.redaction.values import draw

_NAMES = ["orders", "billing", "search", "mailer", "reports", "gateway", "catalogue", "audit"]


def _of(table: str, lead: str = "") -> Callable[[Random], list[str]]:
    """Runs of neighbouring lines, in a file that is named anew each time."""
    lines = table.strip("\n").split("\n")

    def make(dice: Random) -> list[str]:
        name = dice.choice(_NAMES)
        start = dice.randrange(len(lines))
        picked = (lines[start:] + lines[:start])[: dice.randrange(8, 24)]
        return [lead + line.replace("orders", name) for line in picked] + [""]

    return make


def _in_diff(dice: Random) -> list[str]:
    table = dice.choice((words.PYTHON, words.TYPESCRIPT, words.GO, words.RUST, words.YAML, words.SHELL))
    body = [dice.choice("+- ") + line for line in _of(table)(dice)]
    name = f"src/{dice.choice(_NAMES)}/auth.{draw(dice, 'a', 2)}"
    old, new = draw(dice, "h", 10), draw(dice, "h", 10)
    head = [f"diff --git a/{name} b/{name}", f"index {old}..{new} 100644", f"--- a/{name}", f"+++ b/{name}"]
    return [*head, f"@@ -{dice.randrange(900)},7 +{dice.randrange(900)},9 @@", *body]


def _in_a_reader(dice: Random) -> list[str]:
    """As an agent's tool shows a file: with numbers."""
    table = dice.choice((words.PYTHON, words.TYPESCRIPT, words.GO, words.TERRAFORM))
    first = dice.randrange(1, 400)
    return [f"{first + i:>6}\u2192{line}" for i, line in enumerate(_of(table)(dice))]


def _grepped(dice: Random) -> list[str]:
    table = dice.choice((words.PYTHON, words.TYPESCRIPT, words.SHELL, words.YAML, words.PROSE))
    name = dice.choice(_NAMES)
    return [f"src/{name}/auth.py:{dice.randrange(1, 500)}:{line}" for line in _of(table)(dice)]


SHAPES: dict[str, Callable[[Random], list[str]]] = {
    "python": _of(words.PYTHON),
    "typescript": _of(words.TYPESCRIPT),
    "go": _of(words.GO),
    "rust": _of(words.RUST),
    "sql": _of(words.SQL),
    "terraform": _of(words.TERRAFORM),
    "yaml": _of(words.YAML),
    "shell": _of(words.SHELL),
    "prose": _of(words.PROSE),
    "code diff": _in_diff,
    "numbered code": _in_a_reader,
    "grepped code": _grepped,
}
