"""Three versions of a board into one: what a person edited, over what others wrote meanwhile. Pure; writes nothing.

Theory of operation. The person's text is the ground: their comments, order and layout stay. What only the board's other
writers changed is spliced into it, key by key. Where both changed one task, the machine's own keys stay as they are on
disk, so that an edit can't take a claim back, and the person's word wins for every other key; each value that lost is
named as a clash. The result is parsed and compared with the data that was meant, or it isn't given out at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from board.document import Document, append, splice
from board.errors import InvalidBoard, Problem
from board.patch import GONE

MACHINE: Final = frozenset(
    (
        "status",
        "step",
        "claim",
        "last_token",
        "checkpoint",
        "run",
        "ran",
        "blocked",
        "approved",
        "done",
        "failed",
        "cancelled",
    )
)
WHOLE: Final = "(task)"  # the field of a clash about a task as a whole

Record = Mapping[str, Any]


class Clash(NamedTuple):
    """Both changed one value. `ours` stood on disk, `theirs` was the person's; `kept` is «ours» or «theirs»."""

    task: str | None
    field: str
    ours: Any
    theirs: Any
    kept: str


class Merged(NamedTuple):
    text: str
    clashes: tuple[Clash, ...]


def merge(base: str, edited: str, current: str) -> Merged:
    """`edited` (the person's version of `base`) and `current` (what is on disk now) as one text.

    Raises InvalidBoard when one of them can't be parsed, or where the person's layout doesn't allow it safely.
    """
    if current == base:
        return Merged(edited, ())
    if edited in (base, current):
        return Merged(current, ())
    return _Merge(Document(base), Document(edited), Document(current)).merged()


class _Merge:
    def __init__(self, base: Document, edited: Document, current: Document) -> None:
        self._base, self._edited, self._current = base, edited, current
        self._before, self._theirs, self._ours = _by_id(base), _by_id(edited), _by_id(current)
        self._clashes: list[Clash] = []

    def merged(self) -> Merged:
        top = self._top()
        tasks = list(self._tasks())
        text = self._edited.bom + self._edited.text
        for key, value in top.items():
            text = _with_section(text, self._current, key, self._edited.data.get(key), value)
        for record in tasks:
            text = self._with_task(text, record)
        kept = {record["id"] for record in tasks}
        for name in self._theirs:
            if name not in kept:
                text = _without_task(text, name)
        _verify(text, {**top, "tasks": tasks})
        return Merged(text, tuple(self._clashes))

    def _top(self) -> dict[str, Any]:
        sides = (self._base.data, self._edited.data, self._current.data)
        keys = [key for key in dict.fromkeys([*self._edited.data, *self._current.data]) if key != "tasks"]
        return {key: self._settled(None, key, *(side.get(key) for side in sides)) for key in keys}

    def _settled(self, task: str | None, key: str, before: Any, theirs: Any, ours: Any) -> Any:
        """One value: whoever changed it has it, and where both did, the person."""
        if theirs in (before, ours):
            return ours
        if ours != before:
            self._clashes.append(Clash(task, key, ours, theirs, "theirs"))
        return theirs

    def _tasks(self) -> Iterator[Record]:
        for name, theirs in self._theirs.items():
            before, ours = self._before.get(name), self._ours.get(name)
            if ours is not None:
                yield self._task(name, before or {}, theirs, ours)
            elif before is None or theirs != before:
                if before is not None:
                    self._clashes.append(Clash(name, WHOLE, None, "changed", "theirs"))
                yield theirs
        for name, ours in self._ours.items():
            if name in self._theirs:
                continue
            if name not in self._before:
                yield ours
            elif ours != self._before[name]:
                self._clashes.append(Clash(name, WHOLE, "changed", None, "theirs"))

    def _task(self, name: str, before: Record, theirs: Record, ours: Record) -> Record:
        if theirs in (before, ours):
            return ours
        if ours == before:
            return theirs
        made: dict[str, Any] = {}
        for key in dict.fromkeys([*theirs, *ours]):
            values = (before.get(key), theirs.get(key), ours.get(key))
            machine = key in MACHINE and not (key == "run" and isinstance(values[1] or values[2], str))
            made[key] = self._machine(name, key, *values) if machine else self._settled(name, key, *values)
        return {key: value for key, value in made.items() if value is not None}

    def _machine(self, name: str, key: str, before: Any, theirs: Any, ours: Any) -> Any:
        if theirs not in (before, ours):
            self._clashes.append(Clash(name, key, ours, theirs, "ours"))
        return ours

    def _with_task(self, text: str, record: Record) -> str:
        theirs = self._theirs.get(record["id"])
        if theirs is None:
            return append(Document(text), record)
        patch = {key: record.get(key, GONE) for key in {**theirs, **record} if theirs.get(key) != record.get(key)}
        return splice(Document(text), str(record["id"]), patch) if patch else text


def _by_id(document: Document) -> dict[str, Record]:
    listed = document.data.get("tasks") or ()
    return {str(record["id"]): record for record in listed}


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
