"""A board as columns: what is known of each task without reading it, and where its text stands.

Theory of operation. A roll belongs to one text. It is made by cutting that text into blocks (`blocks`) and taking what
is known of a block with the same content from an older roll; only blocks that were never seen are parsed and checked.
A roll is only made of a board without any problem; where there is one, or where the text can't be cut, the caller
reads the file as a whole, which also knows places and hints. A write of one task changes one row.
Columns of plain values, because a roll of ten thousand tasks has to be loaded from disk within milliseconds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from board.model import Brief, Record
from board.patch import Patch

if TYPE_CHECKING:
    from board.blocks import Block

BOM: Final = "\ufeff"
DIGEST: Final = 16  # bytes
_GATED, _RISKY = 1, 2
_UNLOCKS: Final = {None: 0, "done": 4, "review": 8}  # bits of the same flags
_UNLOCK_OF: Final = {bits: word for word, bits in _UNLOCKS.items()}


class Columns(NamedTuple):
    """One entry a task in the file's order; the dicts, by place, only where there is something to say.

    `digests` are of the blocks' texts, `DIGEST` bytes each; `lengths` are characters. `odd` are the blocks with anchors
    (are there any, and how much their aliases unfold into).
    """

    ids: list[str]
    lengths: list[int]
    digests: bytes
    statuses: list[str]
    priorities: list[int]
    flags: list[int]
    agents: dict[int, str]
    after: dict[int, tuple[str, ...]]
    expires: dict[int, float]
    odd: dict[int, tuple[bool, int]]

    def brief(self, place: int) -> Brief:
        flags, after = self.flags[place], self.after.get(place, ())
        held, agent = self.expires.get(place), self.agents.get(place)
        is_gated, is_risky = bool(flags & _GATED), bool(flags & _RISKY)
        unlock = _UNLOCK_OF.get(flags & 12)
        return Brief(self.statuses[place], self.priorities[place], after, is_gated, is_risky, held, agent, unlock)

    def digest(self, place: int) -> bytes:
        return self.digests[place * DIGEST : place * DIGEST + DIGEST]


class Row(NamedTuple):
    """All that the columns have of one task."""

    id: str
    length: int
    digest: bytes
    status: str
    priority: int
    flags: int
    agent: str | None
    after: tuple[str, ...] | None
    expires: float | None
    odd: tuple[bool, int] | None


class Entry(NamedTuple):
    """What is known of one block; `record` where it was just read."""

    id: str
    brief: Brief
    odd: tuple[bool, int] | None
    record: Record | None = None


class Roll(NamedTuple):
    """`data` is the board without its tasks; the first block begins at `head` of the text without its mark."""

    text: str
    data: dict[str, Any]
    has_aliases: bool
    head: int
    columns: Columns

    @property
    def start(self) -> int:
        return self.head + self.text.startswith(BOM)

    def bounds(self, place: int) -> tuple[int, int]:
        start = self.start + sum(self.columns.lengths[:place])
        return start, start + self.columns.lengths[place]

    def block(self, place: int) -> str:
        start, end = self.bounds(place)
        return self.text[start:end]


class Step(NamedTuple):
    """A roll after a change of one task: its `place`, and its record as it now reads."""

    roll: Roll
    place: int
    record: Record


def enrol(text: str, profiles: Collection[str], older: Columns | None) -> tuple[Roll, dict[int, Record]] | None:
    """The roll of a text, and the records that had to be read for it; None where the file must be read as a whole."""
    from board.blocks import cut, frame
    from board.check import agents_of, is_sound_frame

    body = text.removeprefix(BOM)
    where = cut(body)
    framed = frame(body, where) if where is not None else None
    if where is None or framed is None or not is_sound_frame(framed.data, profiles):
        return None
    texts = [body[start:end] for start, end in zip(where.starts, [*where.starts[1:], where.end], strict=True)]
    digests = [digest(block) for block in texts]
    known = _Known(older)
    entries: list[Entry] = []
    for block, name in zip(texts, digests, strict=True):
        entry = known.get(name) or _entry(block)
        if entry is None:
            return None
        entries.append(entry)
    rows = map(_row, entries, map(len, texts), digests)
    columns = with_rows(Columns([], [], b"", [], [], [], {}, {}, {}, {}), enumerate(rows))
    roll = Roll(text, framed.data, framed.has_aliases, where.starts[0], columns)
    if not _is_sound(roll, agents_of(framed.data, profiles)):
        return None
    return roll, {place: entry.record for place, entry in enumerate(entries) if entry.record is not None}


class _Known:
    def __init__(self, columns: Columns | None) -> None:
        self._columns = columns
        count = len(columns.ids) if columns else 0
        self._places = {columns.digest(place): place for place in range(count)} if columns else {}

    def get(self, name: bytes) -> Entry | None:
        place = self._places.get(name)
        if place is None or self._columns is None:
            return None
        return Entry(self._columns.ids[place], self._columns.brief(place), self._columns.odd.get(place))


def digest(block: str) -> bytes:
    from _blake2 import blake2b

    return blake2b(block.encode("utf-8", "surrogatepass"), digest_size=DIGEST).digest()


def _entry(text: str) -> Entry | None:
    from board.blocks import read_block

    block = read_block(text)
    return None if block is None else _described(block)


def _described(block: Block) -> Entry | None:
    from board.check import is_sound_task
    from board.model import brief_of
    from board.records import read_task

    if not is_sound_task(block.record, block.tree):
        return None
    task = read_task(block.record)
    odd = (block.has_anchors, block.weight) if block.has_anchors or block.weight else None
    return Entry(task.id, brief_of(task), odd, block.record)


def _row(entry: Entry, length: int, name: bytes) -> Row:
    brief = entry.brief
    flags = _GATED * brief.is_gated + _RISKY * brief.is_risky + _UNLOCKS[brief.unlock]
    after = brief.after or None
    return Row(
        entry.id, length, name, brief.status, brief.priority, flags, brief.agent, after, brief.expires_at, entry.odd
    )


def row_at(columns: Columns, place: int) -> Row:
    return Row(
        columns.ids[place],
        columns.lengths[place],
        columns.digest(place),
        columns.statuses[place],
        columns.priorities[place],
        columns.flags[place],
        columns.agents.get(place),
        columns.after.get(place),
        columns.expires.get(place),
        columns.odd.get(place),
    )


def with_rows(columns: Columns, rows: Iterable[tuple[int, Row]]) -> Columns:
    """Columns of their own with these rows at these places, the last of which may be one behind the end."""
    copies: Iterable[Any] = (column if isinstance(column, bytes) else column.copy() for column in columns)
    new, digests = Columns(*copies), bytearray(columns.digests)
    for place, row in rows:
        digests[place * DIGEST : place * DIGEST + DIGEST] = row.digest
        _set(new, place, row)
    return new._replace(digests=bytes(digests))


def _set(columns: Columns, place: int, row: Row) -> None:
    dense: tuple[tuple[list[Any], Any], ...] = (
        (columns.ids, row.id),
        (columns.lengths, row.length),
        (columns.statuses, row.status),
        (columns.priorities, row.priority),
        (columns.flags, row.flags),
    )
    sparse: tuple[tuple[dict[int, Any], Any], ...] = (
        (columns.agents, row.agent),
        (columns.after, row.after),
        (columns.expires, row.expires),
        (columns.odd, row.odd),
    )
    for listed, value in dense:
        listed[place : place + 1] = [value]
    for known, value in sparse:
        known.pop(place, None)
        if value is not None:
            known[place] = value


def _is_sound(roll: Roll, agents: Mapping[str, None]) -> bool:
    """What no block can say alone."""
    from board.ordering import is_sound_order
    from board.tree import MAX_UNFOLDED

    columns = roll.columns
    has_anchors = any(has for has, _ in columns.odd.values())
    if (roll.has_aliases and has_anchors) or sum(weight for _, weight in columns.odd.values()) > MAX_UNFOLDED:
        return False
    if not agents.keys() >= set(columns.agents.values()):
        return False
    return is_sound_order(columns.ids, {columns.ids[place]: names for place, names in columns.after.items()})


def changed(roll: Roll, place: int, patch: Patch) -> Step | None:
    """The roll with one task changed; None where only the file as a whole can tell whether that may be."""
    from board.blocks import read_block, splice_block

    old = roll.block(place)
    start, end = roll.bounds(place)
    block = read_block(old)
    spliced = splice_block(old, block, patch, is_last=end == len(roll.text)) if block is not None else None
    entry = _described(spliced[1]) if spliced is not None else None
    if spliced is None or entry is None or entry.record is None or not _stays(roll.columns, place, entry):
        return None
    text = roll.text[:start] + spliced[0] + roll.text[end:]
    columns = with_rows(roll.columns, [(place, _row(entry, len(spliced[0]), digest(spliced[0])))])
    return Step(roll._replace(text=text, columns=columns), place, entry.record)


def grown(roll: Roll, record: Record, profiles: Collection[str]) -> Step | None:
    """The roll with one more task behind the last; None where only the file as a whole can tell whether that may be."""
    from board.blocks import append_block, pieces_of, read_block
    from board.check import agents_of

    count = len(roll.columns.ids)
    start, end = roll.bounds(max(0, count - 2))[0], roll.bounds(count - 1)[1]
    made = append_block(roll.text[start:end], record)
    if made is None or not (made.endswith("\n") or end == len(roll.text)):
        return None
    text = roll.text[:start] + made + roll.text[end:]
    pieces = pieces_of(made)
    block = read_block(pieces[-1])
    entry = _described(block) if block is not None else None
    if entry is None or entry.record is None:
        return None
    last = row_at(roll.columns, count - 1)._replace(length=len(pieces[-2]), digest=digest(pieces[-2]))
    new_row = _row(entry, len(pieces[-1]), digest(pieces[-1]))
    columns = with_rows(roll.columns, [(count - 1, last), (count, new_row)])
    new = roll._replace(text=text, columns=columns)
    return Step(new, count, entry.record) if _is_sound(new, agents_of(roll.data, profiles)) else None


def _stays(columns: Columns, place: int, entry: Entry) -> bool:
    """Is all that others could mind as it was?"""
    was = columns.brief(place)
    same = (columns.ids[place], was.after, was.agent, columns.odd.get(place))
    return same == (entry.id, entry.brief.after, entry.brief.agent, entry.odd)
