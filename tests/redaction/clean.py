"""Text without a secret, as a worker's terminal shows it: made under a seed, and read from what Python brings along.

Written without a look at the redactor's rules. Hashes, identifiers and noise are drawn; nothing in here may be masked.
"""

from __future__ import annotations

import difflib
import importlib.metadata
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from board.journal.redact import Redactor
from tests.redaction import clean_code, clean_files, clean_output
from tests.redaction.corpus import SEED
from tests.redaction.terminal import unescaped_terminal

Shape = Callable[[Random], list[str]]
MODULES = 60
# What a worker prints is seldom code about passwords: it has a smaller part, though each line of it is harder.
SHAPES: dict[str, tuple[Shape, int]] = {
    **{name: (shape, 960) for name, shape in {**clean_files.SHAPES, **clean_output.SHAPES}.items()},
    **{name: (shape, 300) for name, shape in clean_code.SHAPES.items()},
}


class Text(NamedTuple):
    """A document: lines that stand together, under the name of what they are."""

    shape: str
    lines: list[str]


class Alteration(NamedTuple):
    shape: str
    before: str
    after: str


def made(seed: str = SEED) -> Iterator[Text]:
    for name, (shape, least) in SHAPES.items():
        dice = Random(f"{seed} clean {name}")
        count = 0
        while count < least:
            lines = shape(dice)
            count += len(lines)
            yield Text(name, lines)


# Its page is a list of addresses with a password in each: that isn't text without secrets.
SPEAKS_OF_SECRETS = ("apprise",)


def real() -> Iterator[Text]:
    """Modules of the standard library, and what installed packages say of themselves."""
    library = Path(sysconfig.get_path("stdlib"))
    for path in sorted(library.glob("*.py"), key=lambda p: (-p.stat().st_size, p.name))[:MODULES]:
        yield Text(f"stdlib/{path.name}", path.read_text(encoding="utf-8", errors="replace").split("\n"))
    for found in sorted(importlib.metadata.distributions(), key=lambda d: d.name):
        if found.name in SPEAKS_OF_SECRETS:
            continue
        yield Text(f"package/{found.name}", (found.read_text("METADATA") or "").split("\n"))


def alterations(redactor: Redactor, text: Text) -> Iterator[Alteration]:
    """Lines that redacting changed; what a terminal would not show is no change."""
    stream = redactor.stream()
    after = (stream.feed("\n".join(text.lines)) + stream.close()).split("\n")
    if len(text.lines) == len(after):
        pairs = [(old, new) for old, new in zip(text.lines, after, strict=True) if not _is_as_shown(old, new)]
    else:
        pairs = list(_unpaired(text.lines, after))
    yield from (Alteration(text.shape, old, new) for old, new in pairs)


def _is_as_shown(before: str, after: str) -> bool:
    """The same, but for what has no width; of what was written over, the last part or all that it left visible."""
    if before == after:
        return True
    *parts, last = (_visible(part) for part in before.removesuffix("\r").split("\r"))
    shown = last
    for part in reversed(parts):
        shown += part[len(shown) :]
    return _visible(after) in (last, shown)


def _visible(text: str) -> str:
    return "".join(c for c in unescaped_terminal(text) if c >= " " or c == "\t")


def _unpaired(before: list[str], after: list[str]) -> Iterator[tuple[str, str]]:
    """Lines of a text that has another number of lines afterwards."""
    shown = [_visible(line) for line in before]
    matcher = difflib.SequenceMatcher(None, shown, after, autojunk=False)
    for tag, low, high, new_low, new_high in matcher.get_opcodes():
        if tag != "equal":
            yield from ((line, " / ".join(after[new_low:new_high])) for line in before[low:high] or [""])
