"""What a terminal does to a text: it wraps, frames, colours, links and writes over. Knows no redactor."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from tests.redaction.values import Sample

WIDTH, NARROW, BOX = 80, 40, 60
Views = Iterator[str]


class Mangled(NamedTuple):
    """`keep` are the words that must still be read afterwards, when they are not those of the sample."""

    text: str
    width: int | None = None
    keep: tuple[str, ...] | None = None


def wrapped(width: int) -> Callable[[Random, Sample], Mangled]:
    def do(dice: Random, sample: Sample) -> Mangled:
        text = _placed(sample, width)
        lines = [line[i : i + width] for line in text.split("\n") for i in range(0, max(len(line), 1), width)]
        return Mangled("\n".join(lines) + "\n", width, keep=_unbroken(sample.keep, lines))

    return do


def _placed(sample: Sample, width: int) -> str:
    """Words in front, so that the first secret lies across the edge."""
    at = sample.text.find(sample.secrets[0])
    if at < 0 or "\n" in sample.text:
        return sample.text
    middle = at + min(len(sample.secrets[0]), width) // 2
    room = -middle % width
    return ("note that the worker said at last " * 3)[: max(0, room - 1)] + " " * (room > 0) + sample.text


def _unbroken(keep: tuple[str, ...], lines: list[str]) -> tuple[str, ...]:
    return tuple(word for word in keep if any(word in line for line in lines))


def rejoined(text: str) -> Views:
    yield text.replace("\n", "")


def framed(edge: str, top: str, bottom: str, width: int | None) -> Callable[[Random, Sample], Mangled]:
    def do(dice: Random, sample: Sample) -> Mangled:
        inner = (width or BOX) - 4
        lines = [line[i : i + inner] for line in sample.text.split("\n") for i in range(0, max(len(line), 1), inner)]
        rows = [f"{edge} {line.ljust(inner)} {edge}" for line in ["Ran one command", *lines]]
        text = "\n".join(
            (top[0] + top[1] * (inner + 2) + top[2], *rows, bottom[0] + bottom[1] * (inner + 2) + bottom[2])
        )
        return Mangled(text + "\n", width, keep=("Ran", "command", *_unbroken(sample.keep, lines)))

    return do


def unframed(text: str) -> Views:
    rows = [re.sub(r"^[│|┃] ?|\s*[│|┃]$", "", line) for line in text.split("\n")]
    yield "".join(rows)
    yield "".join(row.strip() for row in rows)


def hanging(dice: Random, sample: Sample) -> Mangled:
    """As agents show a tool's output: the first line has a sign, and what goes on stands under it."""
    inner = WIDTH - 5
    text = _placed(sample, inner)
    lines = [line[i : i + inner] for line in text.split("\n") for i in range(0, max(len(line), 1), inner)]
    leads = ["  \u23bf  ", *["     "] * len(lines)]
    shown = "\n".join(lead + line for lead, line in zip(leads, lines, strict=False))
    return Mangled(f"\u23fa Bash(make deploy)\n{shown}\n", WIDTH, keep=("Bash", *_unbroken(sample.keep, lines)))


def unhung(text: str) -> Views:
    yield "".join(line[5:] for line in text.split("\n"))


def framed_in_colour(dice: Random, sample: Sample) -> Mangled:
    plain = framed("│", "╭─╮", "╰─╯", WIDTH)(dice, sample)
    return plain._replace(text=plain.text.replace("│", "\x1b[2m│\x1b[22m"))


def unframed_in_colour(text: str) -> Views:
    for view in seen(text):
        yield from unframed(view)


def coloured(dice: Random, sample: Sample) -> Mangled:
    return Mangled(_within(dice, sample, ("\x1b[1;32m", "\x1b[0m", "\x1b[38;5;208m", "\x1b[K", "\x1b[m")))


def linked(dice: Random, sample: Sample) -> Mangled:
    return Mangled(_within(dice, sample, ("\x1b]8;;https://example.org/a\x1b\\", "\x1b]8;;\x1b\\", "\x1b]8;;\x07")))


def unseen(dice: Random, sample: Sample) -> Mangled:
    return Mangled(
        _within(dice, sample, ("\u200b", "\u200d", "\u2060", "\ufeff", "\u202e", "\u202c", "\u00ad", "\u2066"))
    )


def _within(dice: Random, sample: Sample, things: tuple[str, ...]) -> str:
    """Two or three of these in each secret, and one where its prefix is."""
    text = sample.text
    for secret in sample.secrets[:4]:
        at = text.find(secret)
        if at < 0:
            continue
        places = sorted({0, len(secret) // 3, 2 * len(secret) // 3}, reverse=True)
        for place in (at + p for p in places):
            text = text[:place] + dice.choice(things) + text[place:]
        if at > 2 and text[at - 1].isalnum():
            text = text[: at - 1] + dice.choice(things) + text[at - 1 :]
    return text


_SEQUENCES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_NO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")


def unescaped_terminal(text: str) -> str:
    """What a reader sees: no colours, no links, nothing of no width."""
    return _NO_WIDTH.sub("", _SEQUENCES.sub("", text))


def seen(text: str) -> Views:
    yield unescaped_terminal(text)


def typed(dice: Random, sample: Sample) -> Mangled:
    """Progress that the text overwrites, and slips that were typed over."""
    text = _within(dice, sample, ("#\b", "x\b", "..\b\b"))
    return Mangled("\n".join(f"  1%\r{line}" if len(line) > 4 else line for line in text.split("\n")))


def hidden(dice: Random, sample: Sample) -> Mangled:
    """The text was on the screen for a moment."""
    cover = "all checks passed".ljust(len(sample.text) + 2)
    return Mangled(f"{sample.text}\r{cover}\r\nnext\n", keep=("checks", "passed", "next"))


def overtyped(text: str) -> Views:
    while "\b" in text:
        shorter = re.sub("[^\x08\\n]\x08", "", text)
        if shorter == text:
            break
        text = shorter
    yield text
