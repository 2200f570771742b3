"""A merged board spliced into the person's text as a whole, for files that can't be cut by lines."""

from __future__ import annotations

from typing import Any

from board.document import Document, append, splice
from board.errors import InvalidBoard, Problem
from board.merging.plan import Cell, Plan
from board.merging.rules import Record, Rules
from board.patch import GONE


def cells(document: Document) -> dict[str, Cell]:
    listed = document.data.get("tasks") or ()
    return {str(record["id"]): Cell(None, lambda record=record: record) for record in listed}  # type: ignore[misc]


def spliced(made: Plan, base: Document, theirs: Document, ours: Document, rules: Rules) -> str:
    """Raises InvalidBoard where the person's layout doesn't allow it safely."""
    keys = [key for key in dict.fromkeys([*theirs.data, *ours.data]) if key != "tasks"]
    sides = (base.data, theirs.data, ours.data)
    top = {key: rules.settled(None, key, *(side.get(key) for side in sides)) for key in keys}
    tasks = [part.ground.record if part.record is None else part.record for part in made.parts]
    text = theirs.bom + theirs.text
    for key, value in top.items():
        text = _with_section(text, ours, key, theirs.data.get(key), value)
    mine = cells(theirs)
    for record in tasks:
        text = _with_task(text, mine, record)
    kept = {record["id"] for record in tasks}
    for name in mine:
        if name not in kept:
            text = _without_task(text, name)
    _verify(text, {**top, "tasks": tasks})
    return text


def _with_task(text: str, theirs: dict[str, Cell], record: Record) -> str:
    cell = theirs.get(record["id"])
    if cell is None:
        return append(Document(text), record)
    was = cell.record
    patch = {key: record.get(key, GONE) for key in {**was, **record} if was.get(key) != record.get(key)}
    return splice(Document(text), str(record["id"]), patch) if patch else text


def _with_section(text: str, source: Document, key: str, old: Any, new: Any) -> str:
    """`text` with a top-level section as `source` has it, when that is the value which was meant."""
    if old == new:
        return text
    document = Document(text)
    span, body = _section(document, key), _section(source, key)
    snippet = source.text[body[0] : body[1]] if body is not None else ""
    plain = document.text
    if span is None:
        gap = "" if plain.endswith("\n") else "\n"
        return document.bom + plain + gap + snippet + "\n"
    end = span[1] if snippet else span[1] + len(plain[span[1] :]) - len(plain[span[1] :].removeprefix("\n"))
    return document.bom + plain[: span[0]] + snippet + plain[end:]


def _section(document: Document, key: str) -> tuple[int, int] | None:
    assert document.tree.root is not None
    pair = document.tree.root.pair(key)
    if pair is None:
        return None
    name, value = pair
    return name.start, _trimmed(document.text, name.start, max(value.end, name.end + 1))


def _without_task(text: str, task_id: str) -> str:
    """`text` without the task's lines; comments above it stay."""
    document = Document(text)
    node = document.task_node(task_id)
    assert node is not None
    plain = document.text
    dash = plain.rfind("-", 0, node.start)
    start = plain.rfind("\n", 0, dash) + 1
    end = plain.find("\n", _trimmed(plain, node.start, node.end))
    return document.bom + plain[:start] + (plain[end + 1 :] if end >= 0 else "")


def _trimmed(text: str, start: int, end: int) -> int:
    return start + len(text[start:end].rstrip())


def _verify(text: str, expected: Record) -> None:
    try:
        data = Document(text).data
    except InvalidBoard:
        data = {}
    if _comparable(data) != _comparable(expected):
        problem = Problem(0, 0, "the board changed meanwhile, and both versions can't be merged safely")
        raise InvalidBoard(problem.message, "edit the board as it stands now", (problem,))


def _comparable(data: Record) -> Any:
    """Keys without a value mean no such key, and the order of tasks is no matter of a merge's safety."""
    tasks = {str(record["id"]): _filled(record) for record in data.get("tasks") or ()}
    return {**_filled({key: value for key, value in data.items() if key != "tasks"}), "tasks": tasks}


def _filled(record: Record) -> dict[str, Any]:
    return {
        key: _filled(value) if isinstance(value, dict) else value for key, value in record.items() if value is not None
    }
