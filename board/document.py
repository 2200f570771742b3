"""Between text and board: reading a file's text, and changing it without touching what wasn't asked for.

Theory of operation. The text is parsed once into nodes that know their places (`syntax`). A change is a patch of one
task's top-level keys; each key becomes one *edit*, a span of the text and what replaces it: a value that stands on its key's
line is replaced where it stands, a block mapping is entered and patched key by key, a new key becomes one new line behind
the task's last one. Every byte outside those spans stays: comments, quotes, order, blank lines, line ends.
Then the result is parsed again and compared with the patched data. Where they differ (an anchor shared with another
task, a style that can't be cut) the change is refused with its place: never guessed, never half done.

It knows nothing of statuses or claims, and opens no file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from board.emit import block_task, flow, inline
from board.errors import InvalidBoard, Problem
from board.model import Record
from board.patch import GONE, Patch, patched
from board.syntax import Node, Tree, parse

BOM: Final = "\ufeff"


class Document:
    """A board's text with its tree and its plain data. Immutable; a change gives a new text."""

    __slots__ = ("bom", "data", "text", "tree")

    def __init__(self, text: str) -> None:
        """Raises InvalidBoard with places when `text` is not one YAML mapping."""
        self.bom = BOM if text.startswith(BOM) else ""
        self.text = text[len(self.bom) :]
        self.tree: Tree = parse(self.text)
        root = self.tree.root
        if root is None:
            problem = Problem(1, 1, "the file is empty: not a board")
            raise InvalidBoard(problem.message, "`board init` shows how one begins", (problem,), torn=True)
        if root.kind != "map":
            raise _problem(root.line, root.column, "a board is a mapping with `version:` and `tasks:`")
        self.data: dict[str, Any] = self.tree.plain(root)

    @property
    def tasks(self) -> Node | None:
        assert self.tree.root is not None
        node = self.tree.root.get("tasks")
        return None if node is None else self.tree.target(node)

    def task_node(self, task_id: str) -> Node | None:
        listed = self.tasks
        for item in listed.items if listed is not None else ():
            record = self.tree.target(item)
            name = record.get("id")
            if name is not None and self.tree.target(name).text == task_id:
                return item
        return None


class Edit(NamedTuple):
    start: int
    end: int
    text: str


def splice(document: Document, task_id: str, patch: Patch) -> str:
    """The document's text with `patch` applied to one task, every other byte as it was.

    Raises InvalidBoard with the place where the task's style doesn't allow that safely.
    """
    node = document.task_node(task_id)
    if node is None:
        raise _problem(0, 0, f'no task "{task_id}" in the file')
    target = document.tree.target(node)
    if target is not node or target.kind != "map":
        raise _problem(node.line, node.column, f'task "{task_id}" stands in an alias; write it out to change it')
    text = _apply(document.text, _mapping_edits(document.text, target, patch))
    expected = _expected(document.data, task_id, patch)
    _verify(text, expected, node, task_id)
    return document.bom + text


def append(document: Document, record: Record) -> str:
    """The document's text with one more task at the end of `tasks`."""
    text, listed = document.text, document.tasks
    assert document.tree.root is not None
    eol = _eol(text)
    pair = document.tree.root.pair("tasks")
    if pair is None:
        addition = f"tasks:{eol}" + block_task(record, 2, eol)
        new = _with_line(text, len(text), addition.removesuffix(eol))
    elif listed is None or listed.kind != "seq" or (not listed.items and not listed.flow):
        new = _with_line(text, _line_end(text, pair[0].end), block_task(record, 2, eol).removesuffix(eol))
    elif listed.flow and listed.items:
        new = _apply(text, [Edit(listed.items[-1].end, listed.items[-1].end, ", " + flow(dict(record)))])
    elif listed.flow:
        body = eol + block_task(record, 2, eol).removesuffix(eol)
        new = _apply(text, [Edit(_trim_left(text, listed.start), listed.end, body)])
    else:
        indent = listed.column
        gap = eol if _has_gaps(text, listed) else ""
        place = _line_end(text, _content_end(text, listed.items[-1]))
        new = _with_line(text, place, gap + block_task(record, indent, eol).removesuffix(eol))
    expected = {**document.data, "tasks": [*(document.data.get("tasks") or ()), dict(record)]}
    _verify(new, expected, pair[0] if pair else document.tree.root, str(record["id"]))
    return document.bom + new


def _mapping_edits(text: str, node: Node, patch: Patch) -> list[Edit]:
    edits: list[Edit] = []
    removed = {key for key, value in patch.items() if value is GONE or value is None}
    added = [(key, value) for key, value in patch.items() if key not in removed and node.pair(key) is None]
    for key, value in patch.items():
        pair = node.pair(key)
        if pair is None:
            continue
        if key in removed:
            edits.append(_removal(text, node, pair))
        else:
            edits.extend(_replacement(text, pair, value))
    if added:
        edits.append(_insertion(text, node, added, removed))
    return edits


def _replacement(text: str, pair: tuple[Node, Node], value: Any) -> list[Edit]:
    key, old = pair
    if old.kind == "map" and not old.flow and old.pairs and isinstance(value, Mapping):
        names = [name.text for name, _ in old.pairs]
        nested = {**{name: GONE for name in names if name not in value}, **value}
        return _mapping_edits(text, old, nested)
    if old.kind == "scalar" and old.start == old.end:
        return [Edit(key.end + 1, key.end + 1, " " + inline(value))]
    if old.style in ("|", ">") or (old.kind in ("map", "seq") and not old.flow):
        return [Edit(key.end + 1, _content_end(text, old), f" {inline(value)}{_comments(text, pair)}")]
    return [Edit(old.start, old.end, flow(value) if old.flow or old.kind == "map" else inline(value))]


def _removal(text: str, node: Node, pair: tuple[Node, Node]) -> Edit:
    """Takes the key's lines out; leaves `null` where the lines also hold something of somebody else's."""
    key, old = pair
    start = text.rfind("\n", 0, key.start) + 1
    end = max(_content_end(text, old), key.end + 1)
    line_end = _line_end(text, end)
    shares = text[start : key.start].strip() or text[end:line_end].strip() or "#" in text[key.end : old.start]
    comments = _comments(text, pair)
    if node.flow or shares or comments or len(node.pairs) == 1:
        if old.start == old.end:
            return Edit(end, end, "")
        return Edit(key.end + 1, _content_end(text, old), f" null{comments}")
    return Edit(start, _after_eol(text, line_end), "")


def _comments(text: str, pair: tuple[Node, Node]) -> str:
    """The comments inside a value that goes away, as one comment; a `#` between two nodes is always one."""
    found, at = [], pair[0].end + 1
    for leaf in [*_leaves(pair[1])]:
        for line in text[at : leaf.start].splitlines():
            _, mark, words = line.partition("#")
            if mark and words.strip():
                found.append(words.strip())
        at = leaf.end
    return "  # " + "; ".join(found) if found else ""


def _leaves(node: Node) -> Iterator[Node]:
    if node.flow or node.kind in ("scalar", "alias"):
        yield node
    for item in node.items if not node.flow else ():
        yield from _leaves(item)
    for key, value in node.pairs if not node.flow else ():
        yield key
        yield from _leaves(value)


def _insertion(text: str, node: Node, added: list[tuple[str, Any]], removed: set[str]) -> Edit:
    if node.flow:
        items = ", ".join(f"{inline(key)}: {flow(value)}" for key, value in added)
        place = node.pairs[-1][1].end if node.pairs else node.start + 1
        return Edit(place, place, f", {items}" if node.pairs else items)
    eol = _eol(text)
    lines = eol.join(f"{' ' * node.column}{inline(key)}: {inline(value)}" for key, value in added)
    last_key, last = next(pair for pair in reversed(node.pairs) if pair[0].text not in removed)
    place = _line_end(text, max(_content_end(text, last), last_key.end))
    return Edit(place, place, eol + lines)


def _content_end(text: str, node: Node) -> int:
    """Where a value's own text ends; the blank lines behind a clipped block scalar are not its own."""
    if node.kind == "map" and not node.flow and node.pairs:
        return max(_content_end(text, node.pairs[-1][1]), node.pairs[-1][0].end + 1)
    if node.kind == "seq" and not node.flow and node.items:
        return _content_end(text, node.items[-1])
    if node.style in ("|", ">"):
        header = text[node.start : _line_end(text, node.start)].split("#", maxsplit=1)[0]
        if "+" in header:
            return node.end - 1 if text[node.end - 1 : node.end] == "\n" else node.end
        return node.start + len(text[node.start : node.end].rstrip())
    return node.end


def _verify(text: str, expected: Mapping[str, Any], node: Node, task_id: str) -> None:
    try:
        result = Document(text).data
    except InvalidBoard:
        result = {}
    if _pruned(result) != _pruned(expected):
        raise _problem(
            node.line,
            node.column,
            f'task "{task_id}" is written in a style that can\'t be changed safely (shared anchors?)',
            "write its keys one a line, without anchors that other tasks use",
        )


def _expected(data: Mapping[str, Any], task_id: str, patch: Patch) -> dict[str, Any]:
    tasks = [patched(record, patch) if record.get("id") == task_id else record for record in data["tasks"]]
    return {**data, "tasks": tasks}


def _pruned(value: Any) -> Any:
    """For comparing: a key without a value and no such key mean the same in a record."""
    if isinstance(value, Mapping):
        return {key: _pruned(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_pruned(item) for item in value]
    return value


def _apply(text: str, edits: list[Edit]) -> str:
    parts: list[str] = []
    at = 0
    for edit in sorted(edits):
        parts += (text[at : edit.start], edit.text)
        at = edit.end
    return "".join([*parts, text[at:]])


def _with_line(text: str, place: int, lines: str) -> str:
    """`lines` behind the line that ends at `place`; a file without a final newline stays so."""
    eol = _eol(text)
    if place >= len(text):
        joint = "" if not text or text.endswith("\n") else eol
        return text + joint + lines + (eol if text.endswith("\n") else "")
    return text[:place] + eol + lines + text[place:]


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    if end < 0:
        return len(text)
    return end - 1 if end > at and text[end - 1] == "\r" else end


def _after_eol(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _trim_left(text: str, at: int) -> int:
    while at and text[at - 1] in " \t":
        at -= 1
    return at


def _eol(text: str) -> str:
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"


def _has_gaps(text: str, listed: Node) -> bool:
    if len(listed.items) < 2:
        return False
    first, second = listed.items[0], listed.items[1]
    return any(not line.strip() for line in text[first.end : second.start].splitlines()[1:-1])


def _problem(line: int, column: int, message: str, remedy: str = "") -> InvalidBoard:
    return InvalidBoard(message, remedy, (Problem(line + 1, column + 1, message),))
