"""Hostile lines for a regular expression, made from what it says of itself, and the time that it takes for them.

Run as a program, in a process of its own, it tries the rules that stdin holds; `trial` starts it and reads what it
says. It imports nothing of ours, judges no secret, and ends by a signal in the middle of a search that takes too long.
"""

import re
import sys
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

SIZES: Final = (1_000, 10_000, 50_000)
PER_CHARACTER: Final = 5e-6  # seconds of CPU: 50 ms for 10,000 characters
LEAST: Final = 0.05  # seconds of CPU that any line may take
_UNITS: Final = 24
_ENDS: Final = ("", "\x01", "\n!")
_OF_CATEGORY: Final = {
    "CATEGORY_DIGIT": "1",
    "CATEGORY_NOT_DIGIT": "a",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_SPACE": "a",
    "CATEGORY_WORD": "a",
    "CATEGORY_NOT_WORD": "-",
}
_LIKELY: Final = "aA1 -_=.\"'/"  # what else a class that excludes something may accept


class Seed(NamedTuple):
    """`unit` is repeated behind `before`, which leads the search to where a repetition begins."""

    before: str
    unit: str


def lines(regex: str, literal: str) -> Iterator[str]:
    """Short ones first: what takes exponential time shows there."""
    seeds = list(dict.fromkeys(seeds_of(regex, literal)))[:_UNITS]
    for size in SIZES:
        for before, unit in seeds:
            body = before + unit * max(1, (size - len(before)) // len(unit))
            for end in _ENDS:
                yield body + end


def seeds_of(regex: str, literal: str) -> Iterator[Seed]:
    tree = _parsed(regex)
    sample = _sample(tree)
    units = list(_repeated(tree, ""))
    yield from units
    for before, unit in units:  # one search behind the other
        yield Seed("", before + unit)
    for unit in filter(None, (literal, sample, sample[:-1], literal + sample)):
        yield Seed("", unit)
        yield Seed(literal, unit)
    for character in dict.fromkeys([*_characters(tree), *_LIKELY]):
        yield Seed(literal, character)
        yield Seed("", literal + character)


def _parsed(regex: str) -> list[Any]:
    """Python's own reading of it. Without one, a pattern is tried with what any line may hold."""
    try:
        from re import _parser  # type: ignore[attr-defined]

        return list(_parser.parse(regex))
    except (ImportError, re.error, OverflowError, RecursionError):
        return []


def _sample(tree: Any) -> str:
    """A short text that the pattern may accept."""
    return "".join(_sample_of(str(op), value) for op, value in tree)


def _sample_of(op: str, value: Any) -> str:
    match op:
        case "LITERAL":
            return chr(value)
        case "NOT_LITERAL":
            return next(each for each in _LIKELY if ord(each) != value)
        case "ANY":
            return "a"
        case "IN":
            return _member(value)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _sample(value[2]) * min(max(int(value[0]), 1), 40)
        case "SUBPATTERN":
            return _sample(value[3])
        case "ATOMIC_GROUP":
            return _sample(value)
        case "BRANCH":
            return _sample(value[1][0])
        case _:
            return ""


def _member(items: Any) -> str:
    """A character of a class; of one that excludes some, a likely one that isn't named."""
    named = [(str(op), value) for op, value in items]
    if named[0][0] == "NEGATE":
        excluded = "".join(_first(op, value) for op, value in named[1:])
        return next((each for each in _LIKELY if each not in excluded), "~")
    return _first(*named[0])


def _first(op: str, value: Any) -> str:
    match op:
        case "LITERAL":
            return chr(value)
        case "RANGE":
            return chr(value[0])
        case "CATEGORY":
            return _OF_CATEGORY.get(str(value), "a")
        case _:
            return ""


def _repeated(tree: Any, before: str) -> Iterator[Seed]:
    """Each repetition in the pattern, outermost first, with a text that leads there."""
    for op, value in tree:
        name = str(op)
        if name.endswith("_REPEAT"):
            unit = _sample(value[2])
            if unit:
                yield Seed(before, unit)
            yield from _alternatives(value[2], before)
            yield from _repeated(value[2], before)
        else:
            for inner in _inside(name, value):
                yield from _repeated(inner, before)
        before += _sample_of(name, value)


def _alternatives(tree: Any, before: str) -> Iterator[Seed]:
    """Of a repeated choice, each arm repeated alone."""
    for op, value in tree:
        arms = value[1] if str(op) == "BRANCH" else ()
        yield from (Seed(before, unit) for arm in arms if (unit := _sample(arm)))
        if str(op) == "SUBPATTERN":
            yield from _alternatives(value[3], before)


def _inside(name: str, value: Any) -> tuple[Any, ...]:
    match name:
        case "SUBPATTERN":
            return (value[3],)
        case "ATOMIC_GROUP":
            return (value,)
        case "ASSERT" | "ASSERT_NOT":
            return (value[1],)
        case "BRANCH":
            return tuple(value[1])
        case "GROUPREF_EXISTS":
            return tuple(each for each in value[1:] if each is not None)
        case _:
            return ()


def _characters(tree: Any) -> Iterator[str]:
    """A character of each class and literal in the pattern."""
    for op, value in tree:
        name = str(op)
        if name in ("IN", "LITERAL", "NOT_LITERAL", "ANY"):
            yield _sample_of(name, value)
        elif name.endswith("_REPEAT"):
            yield from _characters(value[2])
        else:
            for inner in _inside(name, value):
                yield from _characters(inner)


def main() -> None:
    """For each rule of stdin, in order: a line once it is through. A search that takes too long is this one's end."""
    import marshal
    import warnings
    from signal import ITIMER_PROF, setitimer

    warnings.simplefilter("ignore")
    for literal, regex in marshal.loads(sys.stdin.buffer.read()):
        setitimer(ITIMER_PROF, LEAST)  # how long reading it may take
        compiled = re.compile(regex)
        for line in lines(regex, literal):
            setitimer(ITIMER_PROF, max(LEAST, PER_CHARACTER * len(line)))
            for _ in compiled.finditer(line):
                pass
        setitimer(ITIMER_PROF, 0)
        sys.stdout.write("ok\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
