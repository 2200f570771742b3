"""The edits that a change of one mapping means: spans of a board's text and what replaces them.

Theory of operation. A value on its key's line is replaced where it stands; a block mapping is entered and edited key by
key; a new key is one new line behind the last one; a key that goes takes its lines with it, unless they also hold
something else (a list's dash, a comment): then its value becomes `null`. A comment inside a value that goes is kept
behind what replaces it. Nothing is verified here: `document` parses the outcome and compares it with what was meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from board.emit import inline
from board.patch import GONE, Patch
from board.tree import Node

Pair = tuple[Node, Node]


class Edit(NamedTuple):
    start: int
    end: int
    text: str


def apply(text: str, edits: list[Edit]) -> str:
    """Edits at one place keep their order."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: edit[:2]):
        parts += (text[at : edit.start], edit.text)
        at = edit.end
    return "".join([*parts, text[at:]])


def mapping_edits(text: str, node: Node, patch: Patch, *, cut: bool) -> list[Edit]:
    """`cut` says whether keys that go take their lines with them, or only become `null`."""
    removed = {key for key, value in patch.items() if value is GONE or value is None}
    edits: list[Edit] = []
    for key, value in patch.items():
        pair = node.pair(key)
        if pair is None:
            continue
        if key not in removed:
            edits += _replacement(text, node, pair, value, cut=cut)
        elif cut and _may_be_cut(text, node, pair):
            edits.append(_lines_of(text, pair))
        elif pair[1].start < pair[1].end:
            edits += _replacement(text, node, pair, None, cut=cut)
    added = {key: value for key, value in patch.items() if key not in removed and node.pair(key) is None}
    return [*edits, _insertion(text, node, added, removed)] if added else edits


def _replacement(text: str, parent: Node, pair: Pair, value: Any, *, cut: bool) -> list[Edit]:
    key, old = pair
    if _is_block(old) and old.kind == "map" and isinstance(value, Mapping) and _shares_keys(old, value):
        gone = {name.text: GONE for name, _ in old.pairs if name.text not in value}
        return mapping_edits(text, old, {**gone, **value}, cut=cut)
    if old.start == old.end:
        place = _behind_colon(text, pair)
        return [Edit(place, place, f" {inline(value)}")]
    start = _behind_colon(text, pair) if _is_block(old) else old.start
    end = content_end(text, old)
    comments = comments_within(text, start, old, end)
    gap = " " if _is_block(old) else ""
    # Inside braces more may follow on this line, which the comment must not swallow.
    rest = eol_near(text, end) + " " * key.column if comments and parent.flow else ""
    return [Edit(start, end, f"{gap}{inline(value)}{comments}{rest}")]


def _is_block(node: Node) -> bool:
    return node.style in ("|", ">") or (node.kind in ("map", "seq") and not node.flow)


def _shares_keys(node: Node, value: Mapping[str, Any]) -> bool:
    return any(node.pair(key) for key, item in value.items() if item is not None)


def _may_be_cut(text: str, parent: Node, pair: Pair) -> bool:
    """Do the lines of this key hold nothing but the key and its value?"""
    key, old = pair
    start, end = _behind_colon(text, pair), _end_of(text, pair)
    ahead = text[_line_start(text, key.start) : key.start]
    behind = text[end : line_end(text, end)]
    alone = len(parent.pairs) == 1
    return not (parent.flow or alone or ahead.strip() or behind.strip() or comments_within(text, start, old, end))


def _lines_of(text: str, pair: Pair) -> Edit:
    return Edit(_line_start(text, pair[0].start), _next_line(text, _end_of(text, pair)), "")


def _insertion(text: str, node: Node, added: Mapping[str, Any], removed: set[str]) -> Edit:
    written = [f"{inline(key)}: {inline(value)}" for key, value in added.items()]
    if node.flow:
        place = _end_of(text, node.pairs[-1]) if node.pairs else node.start + 1
        return Edit(place, place, "".join(f", {item}" for item in written) if node.pairs else ", ".join(written))
    last = _last_line(text, [pair for pair in node.pairs if pair[0].text not in removed])
    place = line_end(text, _end_of(text, last))
    indent = " " * node.pairs[0][0].column
    return lines_behind(text, place, [indent + item for item in written])


def _last_line(text: str, pairs: list[Pair]) -> Pair:
    """The pair to write behind: not one that would take the end of our line for its own."""
    return next((pair for pair in reversed(pairs) if not _is_kept(text, pair[1])), pairs[-1])


def _is_kept(text: str, node: Node) -> bool:
    """Is this a block scalar whose last blank lines are its own (`|+`), or one that ends in the middle of a line?"""
    is_cut_off = node.end == len(text) and not text.endswith("\n")
    return node.style in ("|", ">") and (is_cut_off or "+" in _header(text, node))


def _header(text: str, node: Node) -> str:
    return text[node.start : line_end(text, node.start)].partition("#")[0]


def lines_behind(text: str, place: int, lines: list[str]) -> Edit:
    """New lines behind the one that ends at `place`, ended as lines are there; a last line without an end stays so."""
    eol = eol_near(text, place)
    return Edit(place, place, eol + eol.join(lines))


# --- places --------------------------------------------------------------------------------------------------------


def _behind_colon(text: str, pair: Pair) -> int:
    """People write `key : value` too."""
    key, old = pair
    return text.find(":", key.end, max(old.start, key.end)) + 1 or key.end


def _end_of(text: str, pair: Pair) -> int:
    return max(content_end(text, pair[1]), _behind_colon(text, pair))


def content_end(text: str, node: Node) -> int:
    """Where a value's own text ends; the blank lines behind a clipped block scalar are not its own."""
    if node.kind == "map" and not node.flow and node.pairs:
        return _end_of(text, node.pairs[-1])
    if node.kind == "seq" and not node.flow and node.items:
        return content_end(text, node.items[-1])
    if node.style in ("|", ">"):
        own = text[node.start : node.end]
        is_kept = "+" in _header(text, node)
        kept = own.removesuffix("\n").removesuffix("\r") if is_kept else own.rstrip(" \t\r\n")
        return node.start + len(kept)
    return node.end


def comments_within(text: str, at: int, node: Node, end: int) -> str:
    """The comments between `at` and `end` that are no part of a scalar, as one comment behind two spaces."""
    found = []
    for start, stop in _gaps(text, at, node, end):
        for line in text[start:stop].splitlines():
            words = line.partition("#")[2].strip()
            if words:
                found.append(words)
    return "  # " + "; ".join(found) if found else ""


def _gaps(text: str, at: int, node: Node, end: int) -> Iterator[tuple[int, int]]:
    for leaf in _leaves(node):
        yield at, leaf.start
        if leaf.style in ("|", ">"):
            yield leaf.start, min(line_end(text, leaf.start), leaf.end)
        at = leaf.end
    yield at, max(at, end)


def _leaves(node: Node) -> Iterator[Node]:
    if node.kind in ("scalar", "alias"):
        yield node
    for item in node.items:
        yield from _leaves(item)
    for key, value in node.pairs:
        yield from _leaves(key)
        yield from _leaves(value)


def line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    if end < 0:
        return len(text)
    return end - 1 if end > at and text[end - 1] == "\r" else end


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _next_line(text: str, at: int) -> int:
    return text.find("\n", at) + 1 or len(text)


def trim_left(text: str, at: int) -> int:
    while at and text[at - 1] in " \t":
        at -= 1
    return at


def eol_near(text: str, place: int) -> str:
    """How the line at `place` ends, or the one before it where the file ends there."""
    end = text.find("\n", place)
    end = end if end >= 0 else text.rfind("\n", 0, place)
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"
