"""What `check` finds, made ready to be read: its words, its line and column, the nearest known word. Judges nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple

from board.errors import Problem
from board.shapes import Choice, Regex, Shape, describe_got, regex_fault, show
from board.tree import Node, Tree

_COMPARISONS: Final = 30_000  # about half a second of looking for near words, in one report
_COMPARED: Final = 60  # characters of a word

Path = tuple[str | int, ...]


class Finding(NamedTuple):
    """What is wrong where. `word` is looked up among `known` for the nearest one."""

    path: Path
    message: str
    at_key: bool = False
    word: str = ""
    known: Collection[str] = ()


def wrong(path: Path, expected: str, value: Any, shape: Shape | None = None) -> Finding:
    words = shape.words if isinstance(shape, Choice) and isinstance(value, str) else ()
    message = f"{label(path)}: expected {expected}, got {describe_got(shape, value)}"
    if isinstance(shape, Regex) and isinstance(value, str):
        message = f"{label(path)}: {regex_fault(value)}"
    return Finding(path, message, at_key=value is None, word=str(value) if words else "", known=words)


def label(path: Path) -> str:
    """The keys that lead here from the nearest list item: `priority`, `claim.token`, `settings.restart.stale`. What
    stands in the settings is named from the top: `settings.redact.rules[0].regex`."""
    if path[0] == "settings":
        return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)[1:]
    parts = list(path)
    while isinstance(parts[-1], int):
        parts.pop()
    last = max((index for index, part in enumerate(parts) if isinstance(part, int)), default=-1)
    return ".".join(str(part) for part in parts[last + 1 :])


def unknown(path: Path, kind: str, name: str, known: Collection[str], label: str = "") -> Finding:
    return Finding(path, f"{label}unknown {kind} {show(name)}", word=name, known=known)


def in_order(tree: Tree, found: Iterable[Finding]) -> list[Problem]:
    """By place and message, each problem once."""
    placed = sorted(((place_of(tree, finding), finding.message, finding) for finding in found), key=_by_place)
    hints = _Hints()
    listed = (Problem(*at, message + hints.of(finding)) for at, message, finding in placed)
    return list(dict.fromkeys(listed))


def _by_place(item: tuple[tuple[int, int], str, Finding]) -> tuple[tuple[int, int], str]:
    return item[:2]


def place_of(tree: Tree, finding: Finding) -> tuple[int, int]:
    """Line and column, from 1, of the value or its key; of the nearest node where an alias or a merge stands there."""
    node, key = tree.root, None
    assert node is not None
    for part in finding.path:
        following = _child(node, part)
        if following is None:
            merge = node.pair("<<")
            node, key = (merge[0] if merge else node), None
            break
        key, node = following
    shown = key if finding.at_key and key is not None else node
    return shown.line + 1, shown.column + 1


def _child(node: Node, part: str | int) -> tuple[Node | None, Node] | None:
    if node.kind == "seq" and isinstance(part, int):
        return None, node.items[part]
    name = str(part)
    return next((pair for pair in node.pairs if pair[0].kind == "scalar" and pair[0].text == name), None)


class _Hints:
    """Near words, within a budget of comparisons: ten thousand misspelt names must not cost minutes."""

    def __init__(self) -> None:
        self._left = _COMPARISONS

    def of(self, finding: Finding) -> str:
        if not finding.known or self._left <= 0:
            return ""
        import difflib

        self._left -= len(finding.known)
        near = difflib.get_close_matches(finding.word[:_COMPARED], finding.known, 1, 0.6)
        return f' (did you mean "{near[0]}"?)' if near else ""
