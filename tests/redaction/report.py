"""Prints what the redactor finds and what it spoils: `uv run python -m tests.redaction.report`. Judges nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from tests.redaction.clean import Alteration, Text, alterations, made, real
from tests.redaction.corpus import a_redactor, cases
from tests.redaction.scoring import Score, Tally, losses, misses, redacted, scores, tally

_SHOWN = 110  # characters of a line


def report() -> Iterator[str]:
    redactor = a_redactor()
    found = scores(cases(), lambda case: redacted(redactor, case))
    yield from _recall(found)
    yield ""
    yield "Misses, by format: the manglings in which a secret could be read"
    yield from misses(found)
    yield ""
    yield "Public words lost, by format"
    yield from losses(found)
    for name, texts in (("written for it", list(made())), ("real text", list(real()))):
        yield ""
        yield from _clean(name, texts, [found for text in texts for found in alterations(redactor, text)])


def _recall(found: list[Score]) -> Iterator[str]:
    total = tally(found, lambda case: "all")
    yield from _table("By kind", {**tally(found, lambda case: case.kind), **total})
    yield ""
    yield from _table("By mangling", {**tally(found, lambda case: case.mangling), **total})


def _table(title: str, rows: Mapping[str, Tally]) -> Iterator[str]:
    yield f"{title:<16} {'cases':>7} {'missed':>7} {'recall':>8}"
    for name, row in rows.items():
        yield f"{name:<16} {row.total:>7} {row.missed:>7} {100 * row.recall:>6.1f} %"


def _clean(name: str, texts: Iterable[Text], found: list[Alteration]) -> Iterator[str]:
    lines = sum(len(text.lines) for text in texts)
    yield f"Clean lines, {name}: {len(found)} of {lines} altered, {10_000 * len(found) / lines:.2f} in 10,000"
    count, shapes, example = Counter[str](), dict[str, set[str]](), dict[str, Alteration]()
    for one in map(_short, found):
        key = re.sub(r"[0-9A-Za-z]*\d[0-9A-Za-z]*|REDACTED:\w+:\w+|^[+ -]+|^[\w/.]+:\d+:", "#", one.before).strip(" #")
        count[key] += 1
        shapes.setdefault(key, set()).add(one.shape)
        example.setdefault(key, one)
    for key, times in count.most_common():
        yield f"{times:>4} {', '.join(sorted(shapes[key]))}: {example[key].before}  ->  {example[key].after}"


def _short(one: Alteration) -> Alteration:
    """From a little before the first change on, so that the same change in many lines is one."""
    at = next((i for i, (a, b) in enumerate(zip(one.before, one.after, strict=False)) if a != b), 0)
    start = max(0, one.before.rfind(" ", 0, max(0, at - 12)))
    return Alteration(one.shape, one.before[start : start + _SHOWN].strip(), one.after[start : start + _SHOWN].strip())


if __name__ == "__main__":
    for line in report():
        print(line)
