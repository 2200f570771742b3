"""A board read and changed piece by piece, by the rules that `board.blocks` states for its callers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from board.blocks import cut, frame, read_block, splice_block


def by_blocks(text: str) -> dict[str, Any] | None:
    """The data read piece by piece, by the rule that `blocks` states; None where that rule asks for the whole file."""
    where = cut(text)
    framed = frame(text, where) if where is not None else None
    if where is None or framed is None:
        return None
    blocks = [read_block(text[slice(*where.bounds(place))]) for place in range(len(where.starts))]
    found = [block for block in blocks if block is not None]
    if len(found) < len(blocks) or (framed.has_aliases and any(block.has_anchors for block in found)):
        return None
    return {**framed.data, "tasks": [block.record for block in found]}


def spliced_by_lines(text: str, place: int, patch: Mapping[str, Any]) -> str | None:
    """The whole text with one block spliced; None where the block alone doesn't allow it."""
    where = cut(text)
    assert where is not None
    start, end = where.bounds(place)
    block = read_block(text[start:end])
    assert block is not None
    made = splice_block(text[start:end], block, patch, is_last=end == len(text))
    if made is None:
        return None
    assert made[1].record == read_block(made[0]).record  # type: ignore[union-attr]
    return text[:start] + made[0] + text[end:]
