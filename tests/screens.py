"""The captured screens that the rules are proved by: each with a head that says how it was seen, and what it shows."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "data" / "screens"
_END = "# ---\n"


class Sample(NamedTuple):
    """`seen` is the head's first line; `title` is empty where the pane's title wasn't noted."""

    agent: str
    name: str
    seen: str
    rule: str
    title: str
    text: str


def read_sample(agent: str, name: str) -> Sample:
    head, _, text = (FOLDER / agent / f"{name}.txt").read_text(encoding="utf-8").partition(_END)
    lines = [line.removeprefix("# ") for line in head.splitlines()]
    said = dict(line.split(": ", 1) for line in lines[1:])
    return Sample(agent, name, lines[0], said["rule"], said.get("title", ""), text)


def samples() -> list[Sample]:
    return [read_sample(path.parent.name, path.stem) for path in sorted(FOLDER.glob("*/*.txt"))]
