"""A parsed document as nodes that know their places, and what they mean as plain values. Knows nothing of boards.

No objects are constructed by tags, instants stay text, aliases are kept as references, so that a file of a few hundred
bytes can't unfold into gigabytes (`plain` counts what it unfolds).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, Literal

from board.errors import InvalidBoard, Problem

MAX_UNFOLDED: Final = 200_000  # nodes made from aliases in one document

_INT = re.compile(r"[-+]?[0-9]+")
_RADIX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS: Final[dict[str, Any]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf"), float("inf")),
    "-.inf": float("-inf"),
    ".nan": float("nan"),
}
_LEAF: Final[list[Any]] = []  # what a scalar has for items and pairs

Kind = Literal["scalar", "map", "seq", "alias"]


class Node:
    """One node. `start` and `end` are character offsets into the text, `line` and `column` count from 0.

    `end` of a block collection is the end of its last leaf. `style` is the scalar's quote (`'`, `"`, `|`, `>`) or
    empty for a plain one; `flow` is true for `{}` and `[]`; `target` is what an alias stands for: the last node before
    it with that anchor, since an anchor may be set again (YAML 1.2.2, 3.2.2.2).
    """

    __slots__ = (
        "anchor",
        "column",
        "end",
        "flow",
        "items",
        "kind",
        "line",
        "pairs",
        "start",
        "style",
        "tag",
        "target",
        "text",
    )

    def __init__(self, kind: Kind, start: int, end: int, line: int, column: int) -> None:
        self.kind: Kind = kind
        self.start, self.end, self.line, self.column = start, end, line, column
        self.text = ""
        self.style = ""
        self.anchor: str | None = None
        self.tag: str | None = None
        self.target: Node | None = None
        self.flow = False
        is_leaf = kind == "scalar" or kind == "alias"  # noqa: PLR1714  (a set is slower, and there are many)
        self.items: list[Node] = _LEAF if is_leaf else []
        self.pairs: list[tuple[Node, Node]] = _LEAF if is_leaf else []

    def get(self, key: str) -> Node | None:
        return next((value for name, value in self.pairs if name.kind == "scalar" and name.text == key), None)

    def pair(self, key: str) -> tuple[Node, Node] | None:
        return next((pair for pair in self.pairs if pair[0].kind == "scalar" and pair[0].text == key), None)


class Tree:
    """A parsed document: its root node (None when there is nothing but comments) and its anchors. `unfolded` counts the
    nodes that `plain` made from aliases so far."""

    __slots__ = ("anchors", "root", "unfolded")

    def __init__(self, root: Node | None, anchors: dict[str, Node]) -> None:
        self.root = root
        self.anchors = anchors
        self.unfolded = 0

    def target(self, node: Node) -> Node:
        """The node that an alias stands for, or the node itself."""
        while node.target is not None:
            node = node.target
        return node

    def plain(self, node: Node | None) -> Any:
        """The node as dict, list, str, int, float, bool or None; `<<` merges are unfolded, instants stay text.

        Raises InvalidBoard when aliases unfold into more than `MAX_UNFOLDED` nodes.
        """
        if node is None:
            return None
        if node.kind == "alias":
            target = self.target(node)
            self.unfolded += _weight(target)
            if self.unfolded > MAX_UNFOLDED:
                raise forbidden(node.line, node.column, "aliases unfold into too much (an alias bomb?)")
            return self.plain(target)
        if node.kind == "scalar":
            return scalar(node)
        if node.kind == "seq":
            return [self.plain(item) for item in node.items]
        return self._mapping(node)

    def _mapping(self, node: Node) -> dict[Any, Any]:
        own: dict[Any, Any] = {}
        merged: dict[Any, Any] = {}
        for key, value in node.pairs:
            if key.kind == "scalar" and key.text == "<<" and not key.style:
                for layer in self._layers(value):
                    merged = {**layer, **merged}
                continue
            name = self.plain(key)
            own[name if isinstance(name, str | int | float | bool | None) else str(name)] = self.plain(value)
        return {**merged, **own} if merged else own

    def _layers(self, value: Node) -> Iterator[dict[Any, Any]]:
        target = self.target(value)
        parts = target.items if target.kind == "seq" else [value]
        for part in parts:
            layer = self.plain(part)
            if not isinstance(layer, dict):
                raise forbidden(value.line, value.column, "`<<` merges a mapping or a list of mappings")
            yield layer


def _weight(node: Node) -> int:
    return 1 + sum(_weight(item) for item in node.items) + sum(1 + _weight(value) for _, value in node.pairs)


def scalar(node: Node) -> Any:
    """A scalar's value by the YAML 1.2 core schema: `yes`, `no`, `on`, `off` are strings."""
    text = node.text
    if node.style or node.tag == "str":
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        return int(text) if len(text) < 20 else text
    if _RADIX.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def forbidden(line: int, column: int, message: str) -> InvalidBoard:
    """Whole as it is, and nothing that a second look could mend."""
    problem = Problem(line + 1, column + 1, message)
    return InvalidBoard(message, problems=(problem,))
