"""The second corpus of secrets: written after the rules and from public documentation alone, to see if they hold.

Never adapted to what the redactor can do: a form leaves it only when its vendor's documentation says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random
from typing import NamedTuple

from board.journal.redact import Redactor
from tests.redaction.corpus import Case
from tests.redaction.scoring import Score, Tally, misses, score, tally
from tests.redaction.second_draws import fill, forms
from tests.redaction.second_manglings import MANGLINGS, Mangled
from tests.redaction.second_vendors import PREFIXED

SEED = "second"
_IN_TEXTS = (
    "token by place",
    "cloud command",
    "cluster",
    "shell",
    "dotfile",
    "configuration",
    "connection",
    "web",
    "key",
    "code",
    "trace",
    "transcript",
)
FAMILIES = {"token by prefix": PREFIXED, **{family: forms(family.replace(" ", "_")) for family in _IN_TEXTS}}
_MANGLED = 3  # cases of each form beside the plain one


class Second(NamedTuple):
    """One text as it stands in a log, and how a reader would read it."""

    case: Case
    mangled: Mangled


def a_redactor() -> Redactor:
    """One that knows no value: all is found by its form or its place."""
    return Redactor(home="/home/noor", user="noor", host="kiln", key=b"s" * 32, known={})


def cases(seed: str = SEED) -> Iterator[Second]:
    """Each form plain, and in some manglings that are drawn for it."""
    for family, some in FAMILIES.items():
        for form in some:
            dice = Random(f"{seed} {family} {form.name}")
            for name in ("plain", *dice.sample([*MANGLINGS][1:], _MANGLED)):
                filled = fill(form.template, dice)
                mangled = MANGLINGS[name](filled.text, dice)
                keep = form.keep if mangled.keep is None else mangled.keep
                case = Case(family, form.name, name, mangled.text, filled.secrets, mangled.width, keep)
                yield Second(case, mangled)


def redacted(redactor: Redactor, second: Second) -> str:
    stream = redactor.stream(width=second.mangled.width)
    text, size = second.mangled.text, second.mangled.piece or len(second.mangled.text)
    return "".join(stream.feed(text[at : at + size]) for at in range(0, len(text), size)) + stream.close()


def judged(second: Second, output: str) -> Score:
    """By the first corpus' measure, with the readers of these manglings."""
    views = "\n\0\n".join((output, *second.mangled.read(output)))
    found = score(second.case._replace(mangling="plain"), views)
    return found._replace(case=second.case)


def found(redactor: Redactor) -> list[Score]:
    return [judged(second, redacted(redactor, second)) for second in cases()]


def report(redactor: Redactor) -> Iterator[str]:
    of = found(redactor)
    yield "Second corpus, written after the rules"
    yield from table("By family", tally(of, lambda case: case.kind))
    yield from table("By mangling", tally(of, lambda case: case.mangling))
    yield from table("In all", tally(of, lambda case: "all"))
    yield "Misses, by format: the manglings in which a secret could be read"
    yield from misses(of)
    yield ""
    yield "Public words lost, by format and mangling"
    yield from (f"{one.case.kind}/{one.case.format} {one.case.mangling}: {one.lost}" for one in of if one.lost)


def table(title: str, rows: dict[str, Tally]) -> Iterable[str]:
    yield f"{title:<18} {'cases':>7} {'missed':>7} {'recall':>8}"
    yield from (f"{name:<18} {row.total:>7} {row.missed:>7} {100 * row.recall:>6.1f} %" for name, row in rows.items())
    yield ""
