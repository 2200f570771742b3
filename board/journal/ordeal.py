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
_UNITS: Final = 40
_ENDS: Final = ("", "\x01", "\n!")
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
    characters = list(dict.fromkeys(_characters(tree)))
    sample = _sample(tree)
    units = [seed for wish in ("", *characters) for seed in _repeated(tree, "", wish)]
    yield from units
    for before, unit in units:  # one search behind the other
        yield Seed("", before + unit)
    for unit in filter(None, (literal, sample, sample[:-1], literal + sample)):
        yield Seed("", unit)
        yield Seed(literal, unit)
    for character in dict.fromkeys([*characters, *_LIKELY]):
        yield Seed(literal, character)
        yield Seed("", literal + character)


def _parsed(regex: str) -> list[Any]:
    """Python's own reading of it. Without one, a pattern is tried with what any line may hold."""
    try:
        from re import _parser  # type: ignore[attr-defined]

        return list(_parser.parse(regex))
    except (ImportError, re.error, OverflowError, RecursionError):
        return []


def _sample(tree: Any, wish: str = "") -> str:
    """A short text that the pattern may accept, with the character `wish` wherever a class accepts it."""
    return "".join(_sample_of(str(op), value, wish) for op, value in tree)


def _sample_of(op: str, value: Any, wish: str) -> str:
    match op:
        case "LITERAL":
            return chr(value)
        case "NOT_LITERAL":
            return str(next(each for each in (wish, *_LIKELY) if each and ord(each) != value))
        case "ANY":
            return wish or "a"
        case "IN":
            wanted = (each for each in (wish, *_borders(value), *_LIKELY) if each and _accepts(value, each))
            return str(next(wanted, "~"))
        case "BRANCH":
            return _sample(value[1][0], wish)
        case _ if op.endswith("_REPEAT"):
            return _sample(value[2], wish) * min(max(int(value[0]), 1), 40)
        case _ if not op.startswith("ASSERT"):
            return "".join(_sample(inner, wish) for inner in _inside(op, value)[:1])
        case _:
            return ""


def _accepts(items: Any, character: str) -> bool:
    held = [_holds(str(op), value, character) for op, value in items if str(op) != "NEGATE"]
    return any(held) != (str(items[0][0]) == "NEGATE")


def _holds(op: str, value: Any, character: str) -> bool:
    match op:
        case "LITERAL":
            return bool(ord(character) == value)
        case "RANGE":
            return bool(value[0] <= ord(character) <= value[1])
        case _:
            return _is_of(str(value), character)


def _is_of(category: str, character: str) -> bool:
    kinds = {
        "DIGIT": character.isdigit(),
        "SPACE": character.isspace(),
        "WORD": character.isalnum() or character == "_",
    }
    return kinds.get(category.rpartition("_")[2], False) != ("_NOT_" in category)


def _borders(items: Any) -> Iterator[str]:
    """Where two classes have a character in common, they have the end of a range in common."""
    for op, value in items:
        match str(op):
            case "LITERAL":
                yield chr(value)
            case "RANGE":
                yield from map(chr, value)


def _repeated(tree: Any, before: str, wish: str) -> Iterator[Seed]:
    """Each repetition in the pattern, outermost first, with a text that leads there."""
    for op, value in tree:
        name = str(op)
        if name.endswith("_REPEAT"):
            unit = _sample(value[2], wish)
            if unit:
                yield Seed(before, unit)
            yield from _alternatives(value[2], before, wish)
        for inner in _inside(name, value):
            yield from _repeated(inner, before, wish)
        before += _sample_of(name, value, wish)


def _alternatives(tree: Any, before: str, wish: str) -> Iterator[Seed]:
    """Of a repeated choice, each arm repeated alone."""
    for op, value in tree:
        arms = value[1] if str(op) == "BRANCH" else ()
        yield from (Seed(before, unit) for arm in arms if (unit := _sample(arm, wish)))
        if str(op) == "SUBPATTERN":
            yield from _alternatives(value[3], before, wish)


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
            return (value[2],) if name.endswith("_REPEAT") else ()


def _characters(tree: Any) -> Iterator[str]:
    """Of each class and literal in the pattern."""
    for op, value in tree:
        name = str(op)
        if name in ("IN", "LITERAL", "NOT_LITERAL", "ANY"):
            yield _sample_of(name, value, "")
            yield from _borders(value if name == "IN" else ())
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
