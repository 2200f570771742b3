"""Which tasks a merged board has, in which order, and what each is made of. Pure.

Theory of operation. A task that only one side touched is taken from that side as it is written, comments and all; one
that both touched is the person's text with the values that `rules` settle on. Texts are compared before they are read,
so that of ten thousand tasks only those that differ somewhere are parsed. A person's new id with an old task's content
is that task. The order is the person's, unless only the other side changed it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from board.merging.rules import WHOLE, Clash, Record, Rules, is_claimed


class Cell:
    """One task of one version: its text where that can be cut out, and its record once somebody asks."""

    __slots__ = ("_read", "_record", "text")

    def __init__(self, text: str | None, read: Callable[[], Record]) -> None:
        self.text = text
        self._read = read
        self._record: Record | None = None

    @property
    def record(self) -> Record:
        if self._record is None:
            self._record = self._read()
        return self._record

    def is_same(self, other: Cell | None) -> bool:
        if other is None:
            return False
        if self.text is not None and self.text == other.text:
            return True
        return self.text is None and self.record == other.record


Cells = Mapping[str, Cell]


class Part(NamedTuple):
    """One task of the result: `ground`'s text, with the values of `record` where that isn't None."""

    name: str
    ground: Cell
    record: Record | None = None


class Plan(NamedTuple):
    parts: list[Part]
    clashes: list[Clash]
    theirs: list[str]
    ours: list[str]


def plan(before: Cells, theirs: Cells, ours: Cells, *, is_late: bool = False) -> Plan:
    """`is_late`: where both changed a value, ours stays."""
    return _Planner(before, theirs, ours, is_late=is_late).plan()


class _Planner:
    def __init__(self, before: Cells, theirs: Cells, ours: Cells, *, is_late: bool) -> None:
        self._rules = Rules(is_late=is_late)
        self._clashes = self._rules.clashes
        self._before, self._theirs, self._ours = before, theirs, ours
        self._told: tuple[list[str], list[str]] = ([], [])
        self._new_names = self._renames()
        self._old_names = {new: old for old, new in self._new_names.items()}
        self._refused: set[str | None] = set()  # old names of renamed tasks that keep them

    def plan(self) -> Plan:
        parts: dict[str, Part] = {}
        for name, cell in self._theirs.items():
            part = (
                self._renamed(self._old_names[name], name, cell) if name in self._old_names else self._kept(name, cell)
            )
            if part is not None:
                parts[part.name] = part
        for name, cell in self._ours.items():
            if name not in self._theirs and name not in self._new_names and self._stays(name, cell):
                parts[name] = Part(name, cell)
        order = self._order(parts)
        return Plan([parts[name] for name in order], self._clashes, *self._told)

    # --- one task

    def _kept(self, name: str, theirs: Cell) -> Part | None:
        """A task of the person's text."""
        before, ours = self._before.get(name), self._ours.get(name)
        if ours is None:
            if theirs.is_same(before):
                self._told[1].append(f"-{name}")
                return None
            if before is None:
                self._told[0].append(f"+{name}")
            else:
                self._clashes.append(Clash(name, WHOLE, None, "changed", "theirs"))
            return Part(name, theirs)
        if theirs.is_same(ours):
            return Part(name, ours)
        if theirs.is_same(before):
            self._tell(1, name, before, ours)
            return Part(name, ours)
        self._tell(0, name, before, theirs)
        if ours.is_same(before):
            record: Record = theirs.record
        else:
            self._tell(1, name, before, ours)
            was = before.record if before is not None else {}
            record = self._rules.both_changed(name, was, theirs.record, ours.record)
        record = self._rules.guarded(name, record, ours.record)
        return Part(name, theirs, None if record is theirs.record else record)

    def _renamed(self, old: str, new: str, theirs: Cell) -> Part | None:
        """The person's new name for a task, which means nothing to whoever holds it under the old one."""
        ours = self._ours.get(old)
        self._told[0].append(f"{old} -> {new}")
        if ours is None:
            self._clashes.append(Clash(old, WHOLE, None, f"renamed to {new}", "theirs"))
            return Part(new, theirs)
        if is_claimed(ours.record):
            self._clashes.append(Clash(old, "id", old, new, "ours"))
            self._refused.add(old)
            return Part(old, ours)
        if ours.is_same(self._before[old]):
            return Part(new, theirs)
        self._tell(1, old, self._before[old], ours)
        return Part(new, theirs, {**ours.record, "id": new})

    def _stays(self, name: str, ours: Cell) -> bool:
        """Of a task that the person's text doesn't have."""
        before = self._before.get(name)
        if before is None:
            self._told[1].append(f"+{name}")
            return True
        self._told[0].append(f"-{name}")
        if is_claimed(ours.record):
            self._clashes.append(Clash(name, WHOLE, "claimed", "deleted", "ours"))
            return True
        if not ours.is_same(before):
            self._clashes.append(Clash(name, WHOLE, "changed", "deleted", "theirs"))
        return False

    def _tell(self, side: int, name: str, before: Cell | None, after: Cell) -> None:
        was = before.record if before is not None else {}
        changed = [key for key in dict.fromkeys([*was, *after.record]) if was.get(key) != after.record.get(key)]
        self._told[side].extend([f"{name}.{key}" for key in changed] or [f"{name} (text)"])

    # --- names and order

    def _renames(self) -> dict[str, str]:
        """By old name: ids that went, and new ones with the same content."""
        gone = [name for name in self._before if name not in self._theirs]
        new = [name for name in self._theirs if name not in self._before and name not in self._ours]
        contents = {_content(self._theirs[name]): name for name in reversed(new)} if gone else {}
        found: dict[str, str] = {}
        for old in gone:
            match = contents.pop(_content(self._before[old]), None)
            if match is not None:
                found[old] = match
        return found

    def _order(self, parts: Mapping[str, Part]) -> list[str]:
        theirs = [name for name in (self._kept_name(new) for new in self._theirs) if name in parts]
        ours = [name for name in (self._named(old, parts) for old in self._ours) if name in parts]
        before = [name for name in (self._named(old, parts) for old in self._before) if name in parts]
        known = set(theirs) & set(ours) & set(before)
        if _of(theirs, known) == _of(before, known) != _of(ours, known):
            return _woven(ours, theirs)
        if _of(theirs, known) != _of(before, known):
            self._told[0].append("(order)")
        return _woven(theirs, ours)

    def _kept_name(self, new: str) -> str:
        """Where a new name wasn't followed, its place is the old one's."""
        return self._old_names.get(new, new) if self._old_names.get(new) in self._refused else new

    def _named(self, old: str, parts: Mapping[str, Part]) -> str:
        new = self._new_names.get(old, old)
        return new if new in parts else old


def _of(names: Sequence[str], known: set[str]) -> list[str]:
    return [name for name in names if name in known]


def _woven(first: list[str], second: list[str]) -> list[str]:
    """`first`, and what only `second` has: behind the one that it follows there and what is new behind that here."""
    placed, shared = set(first), set(second)
    behind: dict[str | None, list[str]] = {}
    last: str | None = None
    for name in second:
        if name in placed:
            last = name
        else:
            behind.setdefault(last, []).append(name)
    found: list[str] = []
    waiting = behind.get(None, [])
    for name in first:
        if name in shared or not found:
            found += waiting
            waiting = behind.get(name, [])
        found.append(name)
    return found + waiting


def _content(cell: Cell) -> str:
    """The task without its name, so that equal ones are found by a dict."""
    return repr(sorted((key, value) for key, value in cell.record.items() if key != "id"))
