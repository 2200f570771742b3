"""The one door to the YAML parser: text in, a tree of nodes (`tree`) out. It knows YAML 1.2 and nothing of boards.

PyYAML is used for its events alone: its libyaml (0.2.5) reads `{at: 2026-11-20T10:00:00Z}`, which the older libyaml
inside ruamel.yaml.clib refuses; ruamel.yaml is the independent reader that the tests compare with.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from board.errors import InvalidBoard, Problem
from board.tree import Kind, Node, Tree, forbidden

MAX_DEPTH: Final = 64

_TAGS: Final = {
    "tag:yaml.org,2002:str": "str",
    "tag:yaml.org,2002:map": "map",
    "tag:yaml.org,2002:seq": "seq",
    "tag:yaml.org,2002:null": "null",
    "!": "str",
}

_QUOTES: Final = frozenset("'\"|>")


def parse(text: str, depth: int = 0) -> Tree:
    """The document in `text`; `depth` levels stand around it. Raises InvalidBoard with one problem (line, column, what)
    where it is no YAML, has a second document, an unknown tag, a doubled key, an undefined alias, or is nested deeper
    than `MAX_DEPTH`."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(loader(text).get_event, depth).tree()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        what = " ".join(part for part in (error.problem, error.context) if part)
        if "nesting depth" in what:  # newer libyaml has a limit of its own, which it meets while it looks ahead
            raise forbidden(line, column, f"nested deeper than {MAX_DEPTH} levels") from None
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


class _Builder:
    """Turns parse events into a tree without recursion, so that depth is ours to limit."""

    def __init__(self, take: Callable[[], Any], depth: int) -> None:
        self._take = take
        self._room = MAX_DEPTH - depth
        self._anchors: dict[str, Node] = {}
        self._open: list[Node] = []
        self._keys: list[Node | None] = []
        self._seen: list[set[str]] = []
        self._root: Node | None = None
        self._documents = 0

    def tree(self) -> Tree:
        steps = {
            "ScalarEvent": self._scalar,
            "AliasEvent": self._alias,
            "MappingStartEvent": self._mapping,
            "SequenceStartEvent": self._sequence,
            "MappingEndEvent": self._close,
            "SequenceEndEvent": self._close,
            "DocumentStartEvent": self._document,
        }
        while event := self._take():
            step = steps.get(event.__class__.__name__)
            if step is not None:
                step(event)
            elif event.__class__.__name__ == "StreamEndEvent":
                break
        return Tree(self._root, self._anchors)

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            mark = event.start_mark
            raise forbidden(mark.line, mark.column, "a second document; a board is one document")

    def _scalar(self, event: Any) -> None:
        node = _node("scalar", event)
        node.text = event.value
        if event.style in _QUOTES:
            node.style = event.style
        self._describe(node, event)
        self._attach(node)

    def _mapping(self, event: Any) -> None:
        self._collection(_node("map", event), event)

    def _sequence(self, event: Any) -> None:
        self._collection(_node("seq", event), event)

    def _collection(self, node: Node, event: Any) -> None:
        self._describe(node, event)
        node.flow = bool(event.flow_style)
        self._attach(node)
        self._push(node)

    def _alias(self, event: Any) -> None:
        node, name = _node("alias", event), str(event.anchor)
        node.text = name
        if name not in self._anchors:
            raise _broken(node.line, node.column, f"alias *{name} has no anchor before it")
        if self._anchors[name] in self._open:
            raise _broken(node.line, node.column, f"alias *{name} stands inside its own anchor")
        node.target = self._anchors[name]
        self._attach(node)

    def _describe(self, node: Node, event: Any) -> None:
        if event.anchor:
            node.anchor = str(event.anchor)
            self._anchors[node.anchor] = node
        if event.tag:
            node.tag = _TAGS.get(str(event.tag))
            if node.tag is None:
                raise forbidden(node.line, node.column, f"tag {event.tag} isn't understood here; write plain values")

    def _push(self, node: Node) -> None:
        if len(self._open) >= self._room:
            raise forbidden(node.line, node.column, f"nested deeper than {MAX_DEPTH} levels")
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


def _node(kind: Kind, event: Any) -> Node:
    start = event.start_mark
    return Node(kind, start.index, event.end_mark.index, start.line, start.column)
