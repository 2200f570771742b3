"""A merged board put together from the blocks of three texts: only what was made new is parsed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from board.blocks import cut, frame, read_block, splice_block
from board.merging.plan import Cell, Part, Plan
from board.model import Record
from board.patch import GONE

BOM: Final = "\ufeff"
_EOL = re.compile(r"\r?\n")

Known = Callable[[str], str | None]  # the id of a block that was read before, None where it wasn't


class Pieces(NamedTuple):
    """A text in pieces; `cells` by id, in its order."""

    bom: str
    head: str
    cells: dict[str, Cell]
    tail: str


def pieces(text: str, known: Known) -> Pieces | None:
    """None where the text has to be read as a whole."""
    body = text.removeprefix(BOM)
    where = cut(body)
    framed = frame(body, where) if where is not None else None
    if where is None or framed is None or (framed.has_aliases and "&" in body[where.starts[0] : where.end]):
        return None
    cells: dict[str, Cell] = {}
    for place in range(len(where.starts)):
        start, end = where.bounds(place)
        block = body[start:end]
        name = known(block) or _id_of(block)
        if name is None or name in cells:
            return None
        cells[name] = Cell(block, lambda block=block: _record(block))  # type: ignore[misc]
    return Pieces(text[: len(text) - len(body)], body[: where.starts[0]], cells, body[where.end :])


def _id_of(block: str) -> str | None:
    read = read_block(block)
    return None if read is None else str(read.record.get("id"))


def _record(block: str) -> Record:
    read = read_block(block)
    assert read is not None
    return read.record


def put_together(made: Plan, base: Pieces, theirs: Pieces, ours: Pieces) -> str | None:
    """The merged text; None where pieces don't fit together, or where both sides changed the same part of the frame."""
    head, tail = _one_of(base.head, theirs.head, ours.head), _one_of(base.tail, theirs.tail, ours.tail)
    blocks = [_written(part) for part in made.parts]
    found = [block for block in blocks if block is not None]
    if head is None or tail is None or len(found) < len(blocks) or not found:
        return None
    ended = [block if block.endswith("\n") else block + _eol(head) for block in found]
    if not tail:
        ended[-1] = found[-1]
    text = head + "".join(ended) + tail
    where = cut(text)
    if where is None or [text[slice(*where.bounds(place))] for place in range(len(where.starts))] != ended:
        return None
    return theirs.bom + text


def _one_of(base: str, theirs: str, ours: str) -> str | None:
    if theirs in (base, ours):
        return ours
    return theirs if ours == base else None


def _written(part: Part) -> str | None:
    text = part.ground.text
    if part.record is None or text is None:
        return text
    read = read_block(text)
    if read is None:
        return None
    names = dict.fromkeys([*read.record, *part.record])
    patch = {key: part.record.get(key, GONE) for key in names if read.record.get(key) != part.record.get(key)}
    made = splice_block(text, read, patch, is_last=not text.endswith("\n"))
    return made[0] if made is not None else None


def _eol(head: str) -> str:
    found = _EOL.search(head)
    return found[0] if found else "\n"
