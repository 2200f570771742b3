"""Draws texts that a row of the table of token formats describes, from the row itself; writes no secret down."""

import random
import sys
from dataclasses import dataclass
from functools import cache
from typing import Any

from board.journal.formats import Format

_parser: Any = sys.modules["re"]._parser  # type: ignore[attr-defined]
parsed = cache(_parser.parse)
_OPEN = 4096  # an upper bound from here on is no bound
_PLAIN = [chr(c) for c in range(33, 127)]
# Parsed patterns live as long as this module, so the identity of a part is its key.
_seen: dict[int, list[str]] = {}
_CLASSES = {"CATEGORY_SPACE": " \t", "CATEGORY_DIGIT": "0123456789"}


@dataclass
class Drawn:
    """`before` has what a row's lookbehind asks for; the match is to be `token`, from its first character."""

    before: str
    token: str


@dataclass
class _Draw:
    dice: random.Random
    change: int  # how many characters more (or less) than the least the last open quantifier gets
    target: Any  # that quantifier's arguments
    before: str = ""

    def tree(self, tree: Any) -> str:
        return "".join(self.node(str(kind), argument) for kind, argument in tree)

    def node(self, kind: str, argument: Any) -> str:
        match kind:
            case "LITERAL":
                return chr(argument)
            case "IN" | "NOT_LITERAL":
                return self.dice.choice(alphabet(kind, argument))
            case "MAX_REPEAT" | "POSSESSIVE_REPEAT":
                least, _, inner = argument
                count = least + (self.change if argument is self.target else 0)
                return "".join(self.tree(inner) for _ in range(max(count, 0)))
            case "SUBPATTERN":
                return self.tree(argument[-1])
            case "BRANCH":
                return self.tree(self.dice.choice([way for way in argument[1] if _is_plain_way(way)] or argument[1]))
            case "ASSERT":
                if argument[0] < 0:
                    self.before = self.tree(argument[1])
                return ""
            case "ASSERT_NOT":
                return ""
        raise AssertionError(kind)


def _is_plain_way(way: Any) -> bool:
    """A way through an edge that asks for nothing before the token."""
    return not way or not (str(way[0][0]) == "ASSERT" and way[0][1][0] < 0 and len(way) == 1)


def alphabet(kind: str, argument: Any) -> list[str]:
    if kind == "NOT_LITERAL":
        return [c for c in _PLAIN if ord(c) != argument]
    if id(argument) not in _seen:
        _seen[id(argument)] = _alphabet(argument)
    return _seen[id(argument)]


def _alphabet(argument: Any) -> list[str]:
    found: set[str] = set()
    for what, value in argument:
        match str(what):
            case "LITERAL":
                found.add(chr(value))
            case "RANGE":
                found.update(chr(c) for c in range(value[0], value[1] + 1))
            case "CATEGORY":
                found.update(_CLASSES[str(value)])
    return sorted(set(_PLAIN) - found) if str(argument[0][0]) == "NEGATE" else sorted(found)


def repeats(tree: Any) -> list[Any]:
    """All quantifiers, in order, those of lookaround left out."""
    found: list[Any] = []
    for kind, argument in tree:
        match str(kind):
            case "MAX_REPEAT" | "POSSESSIVE_REPEAT" | "MIN_REPEAT":
                found += [argument, *repeats(argument[2])]
            case "SUBPATTERN":
                found += repeats(argument[-1])
            case "BRANCH":
                found += [x for way in argument[1] for x in repeats(way)]
    return found


def open_quantifier(tree: Any) -> Any:
    """The last one that is open and must have something; what may follow a token, as its parts behind dots, is none."""
    required = [one for one in repeats(tree) if one[1] >= _OPEN and one[0] >= 1]
    return next((one for one in reversed(required) if one[0] >= 4), required[-1] if required else None)


def is_open(row: Format) -> bool:
    """Whether a token of the row may be longer than the least: some end with a mark or a sign."""
    return open_quantifier(parsed(row.pattern)) is not None


def drawn(row: Format, prefix: str, seed: object, change: int = 0) -> Drawn:
    """A token of `row` that begins with `prefix`, of the least length, or `change` characters more or less."""
    tree = parsed(row.pattern)
    target = open_quantifier(tree)
    dice = random.Random(f"{row.pattern}{prefix}{seed}")
    for _ in range(20_000):
        draw = _Draw(dice, change, target)
        token = draw.tree(tree)
        if prefix.startswith("AAAAAAAAAA"):  # this one shows by its percent sign
            token = token[:20] + "x9" * 8 + "%3D" + token[39:]
        if token.startswith(prefix) and _is_mixed(row, token):
            return Drawn(draw.before, token)
    raise AssertionError(row)


def _is_mixed(row: Format, token: str) -> bool:
    """What a lookahead asks for, and more: a figure, a capital and a small letter, all near its start."""
    if "(?=" not in row.pattern:
        return True
    near = token[max(map(len, row.prefixes)) :][:20]
    return any(c.isdigit() for c in near) and ("[A-Z])" not in row.pattern or any(c.isupper() for c in near))


def loose(pattern: str) -> list[Any]:
    """The greedy quantifiers without a bound that something may follow."""
    return _loose(list(parsed(pattern)), is_last=True)


def _loose(tree: list[Any], *, is_last: bool) -> list[Any]:
    found: list[Any] = []
    for i, (kind, argument) in enumerate(tree):
        last = is_last and i == len(tree) - 1
        match str(kind):
            case "MAX_REPEAT" | "MIN_REPEAT":
                found += [argument] if argument[1] > _OPEN and not last else _loose(list(argument[2]), is_last=False)
            case "SUBPATTERN":
                found += _loose(list(argument[-1]), is_last=last)
            case "BRANCH":
                found += [x for way in argument[1] for x in _loose(list(way), is_last=last)]
    return found
