"""What the tables of keys are made of: a key, and a mapping of keys. It names none of them (`vocabulary` does)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from board.shapes import Shape


class Key(NamedTuple):
    """`nullable` where a key without a value means no such key: sections, and what `board` itself can't cut out of a
    shared line. `missing` is the message where a required key is absent and its bare name would not help."""

    shape: Shape
    about: str
    default: Any = None
    required: bool = False
    nullable: bool = False
    missing: str = ""


class Table(NamedTuple):
    about: str
    keys: Mapping[str, Key]
    example: str = ""  # what to write instead of something that is no mapping


def written(shape: Shape, about: str) -> Key:
    return Key(shape, about, nullable=True)


def needed(shape: Shape, about: str, missing: str = "") -> Key:
    return Key(shape, about, required=True, missing=missing)
