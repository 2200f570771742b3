"""Between text and board: reading a file's text, and changing it without touching what wasn't asked for.

Theory of operation. The text is parsed once into nodes that know their places (`syntax`). A change is a patch of one
task's top-level keys; `edits` says which spans of the text it replaces. Every byte outside of those stays: comments,
quotes, order, blank lines, line ends.
Then the result is parsed again and compared with the patched data. Where they differ (an anchor shared with another
task, a style that can't be cut) the change is refused with its place: never guessed, never half done.

It knows nothing of statuses or claims, and opens no file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from board.edits import (
    Edit,
    apply,
    comments_within,
    content_end,
    eol_near,
    line_end,
    lines_behind,
    mapping_edits,
    trim_left,
)
from board.emit import block_task, inline
from board.errors import InvalidBoard, Problem
from board.model import Record
from board.patch import Patch, patched
from board.syntax import parse
from board.tree import Node, Tree

BOM: Final = "\ufeff"
_MARKER = re.compile(r"^\.\.\.", re.MULTILINE)


class Document:
    """A board's text with its tree and its plain data. Immutable; a change gives a new text."""

    __slots__ = ("bom", "data", "root", "text", "tree")

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
        self.root: Node = root
        self.data: dict[str, Any] = self.tree.plain(root)

    @property
    def tasks(self) -> Node | None:
        node = self.root.get("tasks")
        return None if node is None else self.tree.target(node)

    def task_node(self, task_id: str) -> Node | None:
        listed = self.tasks
        for item in listed.items if listed is not None else ():
            record = self.tree.target(item)
            name = record.get("id")
            if name is not None and self.tree.target(name).text == task_id:
                return item
        return None


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
    expected = _expected(document.data, task_id, patch)
    texts = ((text, expected) for text in ways(document.text, target, patch))
    return document.bom + _first_safe(texts, node, task_id)


def ways(text: str, node: Node, patch: Patch) -> Iterator[str]:
    """The ways to write a patch of the mapping `node`, the best one first; none of them is verified."""
    for cut in (True, False):
        new = apply(text, mapping_edits(text, node, patch, cut=cut))
        yield new if text.endswith("\n") else new.removesuffix("\n").removesuffix("\r")


def append(document: Document, record: Record) -> str:
    """The document's text with one more task at the end of `tasks`."""
    pair, text = document.root.pair("tasks"), document.text
    new = apply(text, _growth(document, record))
    texts = [(new, _with_one_more(document, record))]
    if not text.endswith("\n"):
        # The text of a block scalar there is all that may gain something: the end of its last line.
        eol = eol_near(text, len(text))
        ended = _with_one_more(Document(text + eol), record)
        texts += [(new + eol, texts[0][1]), (new, ended), (new + eol, ended)]
    return document.bom + _first_safe(texts, pair[0] if pair else document.root, str(record["id"]))


def _with_one_more(document: Document, record: Record) -> dict[str, Any]:
    return {**document.data, "tasks": [*(document.data.get("tasks") or ()), dict(record)]}


def _growth(document: Document, record: Record) -> list[Edit]:
    text, root = document.text, document.root
    pair, listed = root.pair("tasks"), document.tasks
    if pair is None:
        return [_new_section(text, root, record)]
    if listed is not None and listed.kind == "seq":
        return _grown(text, root, listed, record)
    if root.flow:
        return mapping_edits(text, root, {"tasks": [record]}, cut=False)
    return _first_of_all(text, pair[1], max(pair[0].end, pair[1].end), record)


def _new_section(text: str, root: Node, record: Record) -> Edit:
    if root.flow:
        return mapping_edits(text, root, {"tasks": [record]}, cut=False)[0]
    marker = _MARKER.search(text, root.end)
    lines = [" " * root.column + "tasks:", *block_task(record, root.column + 2)]
    place, eol = marker.start() if marker else len(text), eol_near(text, len(text))
    if text.endswith("\n", 0, place):
        return Edit(place, place, eol.join([*lines, ""]))
    return lines_behind(text, place, lines)


def _grown(text: str, root: Node, listed: Node, record: Record) -> list[Edit]:
    if listed.items:
        return listed_edits(text, listed, record)
    if not root.flow:
        return _first_of_all(text, listed, listed.end, record)
    return [Edit(listed.start + 1, listed.start + 1, inline(record))]


def listed_edits(text: str, listed: Node, record: Record) -> list[Edit]:
    """One more item behind the last one of a list that has some; nothing is verified."""
    end = content_end(text, listed.items[-1])
    if listed.flow:
        return [Edit(end, end, f", {inline(record)}")]
    gap = [""] if _has_gaps(text, listed) else []
    place = _behind_own_comments(text, line_end(text, end), listed.column)
    return [lines_behind(text, place, [*gap, *block_task(record, listed.column)])]


def _first_of_all(text: str, old: Node, end: int, record: Record) -> list[Edit]:
    """A block list in place of an empty one; what stands behind that on its line stays there."""
    lines = lines_behind(text, line_end(text, end), block_task(record, 2))
    if old.start == old.end:
        return [lines]
    return [Edit(trim_left(text, old.start), old.end, comments_within(text, old.start, old, old.end)), lines]


def _behind_own_comments(text: str, place: int, column: int) -> int:
    """Comments right below a task that stand deeper than its dash are that task's."""
    own = re.compile(rf"\r?\n {{{column + 1},}}#[^\n]*?(?=\r?\n|\Z)")
    while found := own.match(text, place):
        place = found.end()
    return place


def _has_gaps(text: str, listed: Node) -> bool:
    if len(listed.items) < 2:
        return False
    first, second = listed.items[0], listed.items[1]
    return any(not line.strip() for line in text[content_end(text, first) : second.start].splitlines()[1:-1])


def _first_safe(texts: Iterable[tuple[str, Mapping[str, Any]]], node: Node, task_id: str) -> str:
    """The first text that reads as it is meant to."""
    for text, expected in texts:
        if _reads_as(text, expected):
            return text
    raise _problem(
        node.line,
        node.column,
        f'task "{task_id}" is written in a style that can\'t be changed safely (shared anchors?)',
        "write its keys one a line, without anchors that other tasks use",
    )


def _reads_as(text: str, expected: Mapping[str, Any]) -> bool:
    try:
        return bool(pruned(Document(text).data) == pruned(expected))
    except InvalidBoard:
        return False


def _expected(data: Mapping[str, Any], task_id: str, patch: Patch) -> dict[str, Any]:
    tasks = [patched(record, patch) if record.get("id") == task_id else record for record in data["tasks"]]
    return {**data, "tasks": tasks}


def pruned(value: Any) -> Any:
    """For comparing: a key without a value and no such key mean the same in a record."""
    if isinstance(value, Mapping):
        return {key: pruned(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [pruned(item) for item in value]
    return value


def _problem(line: int, column: int, message: str, remedy: str = "") -> InvalidBoard:
    return InvalidBoard(message, remedy, (Problem(line + 1, column + 1, message),))
