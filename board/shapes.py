"""The shapes that a value in a board file may have: what is in each, and how it and a wrong value are called.

It knows no keys (that is `vocabulary`) and no places. Patterns keep to what Python and ECMAScript (editors, JSON
Schema) read alike; the instants' pattern knows the calendar, so that no second opinion is needed on 30 February.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final, NamedTuple, assert_never

_SHOWN: Final = 60


class Text(NamedTuple):
    expected: str
    pattern: str = ""


class Veiled(NamedTuple):
    """A text that may be a secret where it is not what was expected: then it is not shown, and `remedy` is."""

    expected: str
    pattern: str
    remedy: str


class Span(NamedTuple):
    """`30s`, `1h30m`; where it need not be above zero, also a bare `0`."""

    above_zero: bool


class Size(NamedTuple):
    """`64MiB`, `500kB`, or a whole number of bytes, which is at least so many."""

    low: int


class Regex(NamedTuple):
    """A regular expression of Python's."""


class Whole(NamedTuple):
    low: int
    high: int | None = None


class Number(NamedTuple):
    low: int


class Flag(NamedTuple):
    """`true` or `false`, no other word."""


class FlagOrText(NamedTuple):
    """`true`, `false`, or a text that isn't meant to be one of them."""

    expected: str
    pattern: str


class Ending(NamedTuple):
    """A status that a program may exit with, or `signal N`."""


class Choice(NamedTuple):
    words: tuple[str, ...]


class Items(NamedTuple):
    item: Text | Veiled | Part | Either | Choice
    expected: str
    least: int = 0
    most: int | None = None


class Part(NamedTuple):
    """A mapping with the keys of `TABLES[name]`."""

    name: str


class Named(NamedTuple):
    """A mapping from names of the person's choice to values of one shape."""

    name: Text | Ending
    value: Text | Part | Whole


class Either(NamedTuple):
    """A mapping is read as the part, everything else as the plain shape."""

    plain: Text | Span | Flag
    part: Part


Scalar = Text | Veiled | Span | Size | Regex | Whole | Number | Flag | FlagOrText | Ending | Choice
Shape = Scalar | Items | Part | Named | Either

_DAY = (
    r"(?!0000)(?:[0-9]{4}-(?:(?:0[13578]|1[02])-31|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8]))"
    r"|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
)
_HOUR = r"(?:[01][0-9]|2[0-3])"
_SPAN = "".join(
    rf"(?:[0-9]{{1,{digits}}}(?:\.[0-9]{{1,3}})?{unit})?"  # so many digits that `now` plus a span stays a date
    for unit, digits in (("d", 6), ("h", 6), ("m", 9), ("s", 9), ("ms", 9))
)

INSTANT_PATTERN: Final = (
    rf"^{_DAY}[Tt ]{_HOUR}:[0-5][0-9]:[0-5][0-9](?:\.[0-9]{{1,9}})? ?(?:[Zz]|[+-]{_HOUR}:?[0-5][0-9])?$"
)
SPAN_PATTERN: Final = rf"^(?=[0-9])(?:0|{_SPAN})$"
SPAN_ABOVE_ZERO_PATTERN: Final = rf"^(?=[0-9])(?=.*[1-9]){_SPAN}$"
_UNITS_OF_BYTES: Final = r"[0-9]{1,6}(?:\.[0-9]{1,3})?(?:[kMG]B|[KMG]iB)"
MOST_BYTES: Final = 10**15
SIZE_PATTERN: Final = rf"^{_UNITS_OF_BYTES}$"
SIZE_ABOVE_ZERO_PATTERN: Final = rf"^(?=[1-9]){_UNITS_OF_BYTES}$"
ID_PATTERN: Final = "^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$"

TEXT: Final = Text("text", r"\S")
MAYBE_EMPTY: Final = Text("text")
ID: Final = Text("a DNS label (1 to 63 of a-z 0-9 -, no - at its ends)", ID_PATTERN)
NAME: Final = Text("a name of A-Z a-z 0-9 _ . - (at most 64)", "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$")
VARIABLE: Final = Text("the name of an environment variable", "^[A-Za-z_][A-Za-z0-9_]*$")
INSTANT: Final = Text("an instant such as 2026-11-20T10:00:00Z", INSTANT_PATTERN)
TEXTS: Final = Items(TEXT, "a list of texts")
ARGV: Final = Items(MAYBE_EMPTY, "a list of a program and its arguments", least=1)
CHECKS: Final = Items(TEXT, "a list of checks (clean, committed, pushed, merged, pr or commands)")
_SWITCHES: Final = ("y", "yes", "n", "no", "on", "off", "true", "false")
PLACE: Final = FlagOrText(
    "true, false, none, or a folder's path",
    rf"^(?!(?:{'|'.join(form(word) for word in _SWITCHES for form in (str.lower, str.upper, str.title))})$).*\S",
)
COUNT: Final = Whole(0)
MOST_PORTS: Final = 16  # of one task
PORT_NAME: Final = Text(
    "a name of a-z 0-9 _ - that begins with a letter (at most 32, such as web)", "^[a-z][a-z0-9_-]{0,31}$"
)
PORT_NAMES: Final = Items(PORT_NAME, f"a list of at most {MOST_PORTS} names of ports", most=MOST_PORTS)
PORT: Final = Whole(1, 65535)
# Below what Linux (32768) and the others (49152) hand out by themselves, above what only root may have.
OWN_PORT: Final = Whole(1024, 32767)
ENDINGS: Final = Ending()
ENDING_PATTERN: Final = "^(?:[1-9]?[0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]|signal [1-9][0-9]?)$"
NOT_OWN_KINDS: Final = ("cut", "failed", "known")  # marks that mean something else than a kind of secret
KIND: Final = Text(
    f"a word of a-z 0-9 (at most 16, not {', '.join(NOT_OWN_KINDS[:-1])} or {NOT_OWN_KINDS[-1]})",
    rf"^(?!(?:{'|'.join(NOT_OWN_KINDS)})$)[a-z][a-z0-9]{{0,15}}$",
)
LITERAL: Final = Text(
    "a text of 3 to 200 characters that stands in each such secret",
    r"^(?=[^\x00-\x1f\x7f\u0085\u2028\u2029]{3,200}$).*\S",
)
ALLOWED: Final = Items(Text("a text, or a regular expression after re:", r"^(?!re:$).*\S"), "a list of texts")
SOURCES: Final = Items(Text("a file, or a variable's name after env:", r"^(?!env:$).*\S"), "a list of files")


def is_in(shape: Scalar, value: Any) -> bool:
    match shape:
        case Text(_, pattern) | Veiled(_, pattern):
            return isinstance(value, str) and _matches(pattern, value)
        case Choice(words):
            return isinstance(value, str) and value in words
        case Flag():
            return isinstance(value, bool)
        case FlagOrText(_, pattern):
            return isinstance(value, bool) or (isinstance(value, str) and _matches(pattern, value))
        case Whole(low, high):
            return _is_whole(value) and low <= value and (high is None or value <= high)
        case Number(low):
            return (_is_whole(value) or isinstance(value, float)) and low <= value < math.inf
        case Span(above_zero):
            return _is_span(value, above_zero=above_zero)
        case Size(low):
            return _is_size(value, low)
        case Regex():
            return isinstance(value, str) and _is_regex(value)
        case Ending():
            text = str(value) if _is_whole(value) else value  # a key `1` is a number to YAML
            return isinstance(text, str) and _matches(ENDING_PATTERN, text)
        case _:
            assert_never(shape)


def _is_span(value: Any, *, above_zero: bool) -> bool:
    if isinstance(value, str):
        return _matches(SPAN_ABOVE_ZERO_PATTERN if above_zero else SPAN_PATTERN, value)
    return not above_zero and _is_whole(value) and value == 0


def _is_size(value: Any, low: int) -> bool:
    if isinstance(value, str):
        return _matches(SIZE_ABOVE_ZERO_PATTERN if low else SIZE_PATTERN, value)
    return _is_whole(value) and low <= value <= MOST_BYTES


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_compiled: Final[dict[str, re.Pattern[str]]] = {}


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled.get(pattern)
    if compiled is None:
        # Python's `$` also matches before a last newline; the patterns mean what other validators mean by it.
        strict = pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern
        compiled = _compiled[pattern] = re.compile(strict)
    return compiled.search(value) is not None


def _is_regex(value: str) -> bool:
    return regex_fault(value) is None


def regex_fault(pattern: str) -> str | None:
    """What is wrong with a regular expression, and where in it."""
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a later Python may read otherwise is right today
            re.compile(pattern)
    except re.error as error:
        return f"{error.msg} (column {error.pos + 1})" if error.pos is not None else error.msg
    except (OverflowError, RecursionError):
        return "too large a regular expression"
    return None


def describe(shape: Shape) -> str:
    match shape:
        case Text(expected) | Veiled(expected) | Items(_, expected) | FlagOrText(expected):
            return expected
        case Span(above_zero):
            return (
                "a span above 0 such as 30s, 10m or 1h30m" if above_zero else "a span such as 30s, 10m or 1h30m, or 0"
            )
        case Size(low):
            return f"a size such as 64MiB or 500kB, or a number of bytes, {low} or more"
        case Regex():
            return "a regular expression"
        case Ending():
            return "an exit status from 0 to 255, or signal and its number"
        case Whole(low, high):
            to = f" from {low} to {high}" if high is not None else f", {low} or more"
            return str(low) if low == high else f"a whole number{to}"
        case Number(low):
            return f"a number, {low} or more"
        case Flag():
            return "true or false"
        case Choice(words):
            return f"one of {', '.join(words)}" if len(words) > 1 else words[0]
        case Part() | Named():
            return "a mapping"
        case Either(plain, _):
            return f"{describe(plain)}, or a mapping"
        case _:
            assert_never(shape)


_BOOLEAN_WORDS: Final = {
    **dict.fromkeys(("y", "yes", "on", "true"), "true"),
    **dict.fromkeys(("n", "no", "off", "false"), "false"),
}


def describe_got(shape: Shape | None, value: Any) -> str:
    if isinstance(shape, Flag | FlagOrText) and isinstance(value, str) and value.lower() in _BOOLEAN_WORDS:
        return f"{show(value)}: in YAML 1.2 that is text; write {_BOOLEAN_WORDS[value.lower()]}"
    if isinstance(shape, Veiled) and isinstance(value, str):
        return f"one that is not shown; {shape.remedy}"
    if isinstance(shape, Text) and isinstance(value, bool | int | float):
        # The value itself stays unsaid: a number among an agent's variables may be a secret.
        return f"{'a boolean' if isinstance(value, bool) else 'a number'}; put it in quotes"
    return show(value)


def show(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping"
        case list():
            return "a list" if value else "an empty list"
        case str():
            text = value if len(value) <= _SHOWN else value[: _SHOWN - 3] + "..."
            return '"' + "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text) + '"'
        case _:
            return str(value)
