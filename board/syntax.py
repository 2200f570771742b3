"""The one door to the YAML parser: text in, a tree of nodes that know their places out.

It knows YAML 1.2 and nothing of boards. No objects are constructed by tags, instants stay text, aliases are kept as
references, so that a file of a few hundred bytes can't unfold into gigabytes (`plain` counts what it unfolds).
PyYAML is used for its events alone: its libyaml (0.2.5) reads `{at: 2026-11-20T10:00:00Z}`, which the older libyaml
inside ruamel.yaml.clib refuses; ruamel.yaml is the independent reader that the tests compare with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, Literal

from board.errors import InvalidBoard, Problem

MAX_DEPTH: Final = 64
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
_TAGS: Final = {
    "tag:yaml.org,2002:str": "str",
    "tag:yaml.org,2002:map": "map",
    "tag:yaml.org,2002:seq": "seq",
    "tag:yaml.org,2002:null": "null",
    "!": "str",
}

Kind = Literal["scalar", "map", "seq", "alias"]

_KINDS: Final[dict[str, Kind]] = {
    "ScalarEvent": "scalar",
    "AliasEvent": "alias",
    "MappingStartEvent": "map",
    "SequenceStartEvent": "seq",
}


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
        self.items: list[Node] = []
        self.pairs: list[tuple[Node, Node]] = []

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
                raise _forbidden(node.line, node.column, "aliases unfold into too much (an alias bomb?)")
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
                raise _forbidden(value.line, value.column, "`<<` merges a mapping or a list of mappings")
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


def parse(text: str, depth: int = 0) -> Tree:
    """The document in `text`; `depth` levels stand around it. Raises InvalidBoard with one problem (line, column, what)
    where it is no YAML, has a second document, an unknown tag, a doubled key, an undefined alias, or is nested deeper
    than `MAX_DEPTH`."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(yaml.parse(text, Loader=loader), depth).tree()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        what = " ".join(part for part in (error.problem, error.context) if part)
        if "nesting depth" in what:  # newer libyaml has a limit of its own, which it meets while it looks ahead
            raise _forbidden(line, column, f"nested deeper than {MAX_DEPTH} levels") from None
        raise _broken(line, column, what or "not YAML") from None
    except yaml.YAMLError as error:
        line, column = _place_of(error, text)
        raise _broken(line, column, str(error).splitlines()[0]) from None


def _place_of(error: Exception, text: str) -> tuple[int, int]:
    """The error's own `position` counts bytes in one of the parsers and characters in the other."""
    bad = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    position = getattr(error, "position", None)
    at = bad.start() if bad else position if isinstance(position, int) else 0
    before = text[:at]
    return before.count("\n"), at - (before.rfind("\n") + 1)


def _broken(line: int, column: int, message: str) -> InvalidBoard:
    """Perhaps only half saved."""
    problem = Problem(line + 1, column + 1, message)
    return InvalidBoard(message, problems=(problem,), torn=True)


def _forbidden(line: int, column: int, message: str) -> InvalidBoard:
    """Whole as it is, and nothing that a second look could mend."""
    problem = Problem(line + 1, column + 1, message)
    return InvalidBoard(message, problems=(problem,))


class _Builder:
    """Turns parse events into a tree without recursion, so that depth is ours to limit."""

    def __init__(self, events: Any, depth: int) -> None:
        self._events = events
        self._room = MAX_DEPTH - depth
        self._anchors: dict[str, Node] = {}
        self._open: list[Node] = []
        self._keys: list[Node | None] = []
        self._seen: list[set[str]] = []
        self._root: Node | None = None
        self._documents = 0

    def tree(self) -> Tree:
        for event in self._events:
            self._take(event, type(event).__name__)
        return Tree(self._root, self._anchors)

    def _take(self, event: Any, name: str) -> None:
        mark = event.start_mark
        if name == "DocumentStartEvent":
            self._documents += 1
            if self._documents > 1:
                raise _forbidden(mark.line, mark.column, "a second document; a board is one document")
        elif name in ("MappingEndEvent", "SequenceEndEvent"):
            self._close(event)
        elif name in _KINDS:
            self._node(event, name)

    def _node(self, event: Any, name: str) -> None:
        kind, start, end = _KINDS[name], event.start_mark, event.end_mark
        node = Node(kind, start.index, end.index, start.line, start.column)
        if kind == "alias":
            self._alias(node, str(event.anchor))
        else:
            self._describe(node, event)
        self._attach(node)
        if kind in ("map", "seq"):
            self._push(node)

    def _alias(self, node: Node, name: str) -> None:
        node.text = name
        if name not in self._anchors:
            raise _broken(node.line, node.column, f"alias *{name} has no anchor before it")
        if self._anchors[name] in self._open:
            raise _broken(node.line, node.column, f"alias *{name} stands inside its own anchor")
        node.target = self._anchors[name]

    def _describe(self, node: Node, event: Any) -> None:
        if event.anchor:
            node.anchor = str(event.anchor)
            self._anchors[node.anchor] = node
        tag = str(event.tag) if event.tag else None
        if tag is not None:
            node.tag = _TAGS.get(tag)
            if node.tag is None:
                raise _forbidden(node.line, node.column, f"tag {tag} isn't understood here; write plain values")
        if node.kind == "scalar":
            node.text = event.value
            node.style = event.style if event.style in ("'", '"', "|", ">") else ""
        else:
            node.flow = bool(event.flow_style)

    def _push(self, node: Node) -> None:
        if len(self._open) >= self._room:
            raise _forbidden(node.line, node.column, f"nested deeper than {MAX_DEPTH} levels")
        self._open.append(node)
        self._keys.append(None)
        self._seen.append(set())

    def _attach(self, node: Node) -> None:
        if not self._open:
            self._root = node
            return
        parent, key = self._open[-1], self._keys[-1]
        if parent.kind == "seq":
            parent.items.append(node)
        elif key is None:
            self._note_key(node)
        else:
            parent.pairs.append((key, node))
            self._keys[-1] = None

    def _note_key(self, node: Node) -> None:
        if node.kind == "scalar":
            seen = self._seen[-1]
            if node.text in seen and node.text != "<<":
                raise _broken(node.line, node.column, f'key "{node.text}" stands twice in one mapping')
            seen.add(node.text)
        self._keys[-1] = node

    def _close(self, event: Any) -> None:
        node = self._open.pop()
        self._keys.pop()
        self._seen.pop()
        if node.flow:
            node.end = event.end_mark.index
            return
        last = node.items[-1] if node.items else node.pairs[-1][1] if node.pairs else None
        if last is not None:
            node.end = max(last.end, node.pairs[-1][0].end if node.pairs else 0)
