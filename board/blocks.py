"""A board's text as lines: its head, one block for each task, its tail. What a command doesn't need isn't parsed.

Theory of operation. `cut` looks at lines alone: the head ends with the line `tasks:` and what stands before the first
`-`; a block begins at each `-` in that column; the tail begins with the next key at the line's start. Lines can
deceive (a quoted text may go over several lines and look like a task), so a cut is only trusted where its pieces stand
for themselves: `frame` parses head and tail without the blocks, and each block is parsed alone (`read_block`).

Why that is enough: a parser reads from left to right, and at the end of a piece that it could read to its end on its
own nothing is left open: no quote, no bracket. Plain and literal text that might go on ends at the next `-` or key
because that stands at or left of the task's own column. So the next piece begins where a fresh parser would. Three
things do reach from one piece into another, and each makes us read the file as a whole instead: an alias to an anchor
in another piece (it has no anchor when read alone), an anchor in a task that an alias of the frame might mean, and
`%` directives.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from board.document import Document, listed_edits, pruned, ways
from board.edits import apply
from board.errors import InvalidBoard
from board.model import Record
from board.patch import Patch, patched
from board.syntax import parse
from board.tree import Node, Tree

_TASKS: Final = re.compile(r"^tasks:[ \t]*(?:#[^\n]*)?\r?\n", re.MULTILINE)
_FIRST: Final = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*( *)-(?=[ \t\r\n])")
_ENDS: Final = {
    True: re.compile(r"\n(?=[^\s#-]|-[^ \t\r\n])"),  # the list's own dashes stand at the line's start
    False: re.compile(r"\n(?=[^\s#])"),
}
_DIRECTIVE: Final = re.compile(r"^%", re.MULTILINE)


class Cut(NamedTuple):
    """Offsets into the text: `key` of the word `tasks`, `starts` of the blocks, `end` of the last one."""

    key: int
    starts: list[int]
    end: int

    def bounds(self, index: int) -> tuple[int, int]:
        following = index + 1
        return self.starts[index], self.starts[following] if following < len(self.starts) else self.end


class Block(NamedTuple):
    """One task read alone. Other pieces could mean its anchors. `weight` counts what its aliases unfold into."""

    record: dict[str, Any]
    tree: Tree
    has_anchors: bool
    weight: int

    @property
    def node(self) -> Node:
        assert self.tree.root is not None
        return self.tree.root


class Frame(NamedTuple):
    """Head and tail as one small document, `tasks` left out of its data."""

    data: dict[str, Any]
    has_aliases: bool


def cut(text: str) -> Cut | None:
    """Where a text without a byte order mark may be cut; None where its lines don't show it."""
    found = _TASKS.search(text)
    first = _FIRST.match(text, found.end()) if found else None
    if found is None or first is None or _DIRECTIVE.search(text, 0, found.start()):
        return None
    indent = first[1]
    start = first.start(1)
    ended = _ENDS[not indent].search(text, first.end())
    end = ended.end() if ended else len(text)
    return Cut(found.start(), dashes(text, indent, start, end), end)


def dashes(text: str, indent: str, start: int, end: int) -> list[int]:
    """The offsets of the lines from `start` on that begin with `indent` and a list's dash."""
    mark = f"\n{indent}-"
    found = [start]
    at = text.find(mark, start, end)
    while at >= 0:
        behind = at + len(mark)
        if behind >= end or text[behind] in " \t\r\n":
            found.append(at + 1)
        at = text.find(mark, behind, end)
    return found


def frame(text: str, where: Cut) -> Frame | None:
    """None where head and tail aren't one mapping in which `tasks` is an empty value just where the cut has it."""
    try:
        document = Document(text[: where.starts[0]] + text[where.end :])
    except InvalidBoard:
        return None
    pair = document.root.pair("tasks")
    if document.root.flow or pair is None or pair[0].start != where.key or pair[1].start != pair[1].end:
        return None
    data = {key: value for key, value in document.data.items() if key != "tasks"}
    return Frame(data, _has_aliases(document.root))


def _has_aliases(node: Node) -> bool:
    if node.kind == "alias":
        return True
    return any(map(_has_aliases, node.items)) or any(_has_aliases(part) for pair in node.pairs for part in pair)


def read_block(text: str) -> Block | None:
    """None where it isn't exactly one list item that is a mapping: then the file has to be read as a whole."""
    try:
        tree = parse(text, depth=1)
        listed = tree.root
        if listed is None or listed.kind != "seq" or listed.flow or listed.anchor or listed.tag:
            return None
        if len(listed.items) != 1 or listed.items[0].kind != "map":
            return None
        item = Tree(listed.items[0], tree.anchors)
        return Block(item.plain(item.root), item, bool(tree.anchors), item.unfolded)
    except InvalidBoard:
        return None


def splice_block(text: str, block: Block, patch: Patch, *, is_last: bool) -> tuple[str, Block] | None:
    """The block's text with `patch` applied, and how it reads now; None where that can't be done in the block alone.

    `is_last`: nothing stands behind it in the file, so that its last line may be without an end.
    """
    expected = pruned(patched(block.record, patch))
    for new in ways(text, block.node, patch):
        if not (is_last or new.endswith("\n")) or len(pieces_of(new)) != 1:
            continue
        after = read_block(new)
        if after is not None and pruned(after.record) == expected:
            return new, after
    return None


def append_block(text: str, record: Record) -> str | None:
    """The last blocks of a list (two show whether tasks stand apart) with one more behind; None where unsure."""
    try:
        listed = parse(text, depth=1).root
    except InvalidBoard:
        return None
    if listed is None or listed.kind != "seq" or listed.flow:
        return None
    new = apply(text, listed_edits(text, listed, record))
    blocks = [read_block(piece) for piece in (*pieces_of(text), *pieces_of(new))]
    records = [pruned(block.record) for block in blocks if block is not None]
    half = len(blocks) // 2
    grown = [*records[:half], pruned(record)]
    return new if len(records) == len(blocks) and records[half:] == grown else None


def pieces_of(text: str) -> list[str]:
    """A text that begins with a list's item, cut before each item."""
    starts = dashes(text, " " * (len(text) - len(text.lstrip(" "))), 0, len(text))
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
