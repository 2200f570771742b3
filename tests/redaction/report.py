"""Prints what the redactor finds and what it spoils: `uv run python -m tests.redaction.report`. Judges nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from tests.redaction import second
from tests.redaction.clean import Alteration, Text, alterations, made, real
from tests.redaction.corpus import Case, a_redactor, cases
from tests.redaction.scoring import Score, losses, misses, redacted, scores, tally
from tests.redaction.second_clean import clean

_SHOWN = 110  # characters of a line


def report() -> Iterator[str]:
    redactor = a_redactor()
    found = scores(cases(), lambda case: redacted(redactor, case))
    yield from _recall(found)
    yield "Misses, by format: the manglings in which a secret could be read"
    yield from misses(found)
    yield ""
    yield "Public words lost, by format"
    yield from losses(found)
    yield ""
    yield from second.report(second.a_redactor())
    for name, texts in (("written for it", list(made())), ("second", list(clean())), ("real text", list(real()))):
        yield ""
        yield from _clean(name, texts, [found for text in texts for found in alterations(redactor, text)])


def _recall(found: list[Score]) -> Iterator[str]:
    total = tally(found, lambda case: "all")
    plainly = {_name(one) for one in found if one.case.mangling == "plain" and not one.read}
    of_known = [one for one in found if _name(one) in plainly]
    for title, by in (("By kind", _kind), ("By mangling", _mangling)):
        known = {**tally(of_known, by), **tally(of_known, lambda case: "all")}
        yield f"{title:<16} {'cases':>7} {'missed':>7} {'recall':>8}   of formats that are found plain"
        for name, row in {**tally(found, by), **total}.items():
            part = f"{100 * known[name].recall:>6.1f} % of {known[name].total}" if name in known else ""
            yield f"{name:<16} {row.total:>7} {row.missed:>7} {100 * row.recall:>6.1f} %   {part}"
        yield ""


def _kind(case: Case) -> str:
    return case.kind


def _mangling(case: Case) -> str:
    return case.mangling


def _name(one: Score) -> tuple[str, str]:
    return one.case.kind, one.case.format


def _clean(name: str, texts: Iterable[Text], found: list[Alteration]) -> Iterator[str]:
    lines = sum(len(text.lines) for text in texts)
    yield f"Clean lines, {name}: {len(found)} of {lines} altered, {10_000 * len(found) / lines:.2f} in 10,000"
    count, shapes, example = Counter[str](), dict[str, set[str]](), dict[str, Alteration]()
    for one in map(_short, found):
        key = re.sub(
            r"[0-9A-Za-z]*\d[0-9A-Za-z]*|^[+ -]+|^[\w/.]+:\d+:", "#", one.after.partition("[REDACTED")[0]
        ).strip(" #")
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
