"""The shape of a journal line, for the events that `kinds` lists. Writes nothing and asks no clock."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from board.journal.kinds import CASE, EVENTS, Level

Scalar: TypeAlias = str | int | float | bool | None

VERSION: Final = 1
# Any event may say these: the first four stand before its own facts, as columns do in a table.
LEADING: Final = ("step", "worker", "rule", "cause")
COMMON: Final = ("by", "token", "attempt", "why")
# What a model was told. The redactor lets only its length and fingerprint through, unless the board says `keep`; what
# workers and people write for people (note, said, why) is no prompt.
PROMPTS: Final = frozenset(("prompt",))


class Event(NamedTuple):
    """One thing that happened. A number in a field whose name ends in `_at` is an instant."""

    name: str
    task: str | None = None
    fields: Mapping[str, Scalar] = MappingProxyType({})


def instant(at: float) -> str:
    """RFC 3339, UTC, cut to milliseconds: texts of two instants sort as the instants do."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def line_record(event: Event, at: float) -> dict[str, Scalar]:
    """The journal line's keys and values, in their fixed order; a key that nobody gave is absent.

    A field that the table does not list, or that is not a scalar, is left out and counted in `dropped_fields`.
    Raises ValueError for a name outside the closed list.
    """
    kind = EVENTS.get(event.name)
    if kind is None:
        raise ValueError(f"unknown event {event.name!r}")
    record: dict[str, Scalar] = {"ts": instant(at), "level": kind.level, "event": event.name}
    if event.task is not None:
        record["task"] = event.task
    dropped = len(event.fields)
    for name in (*LEADING, *COMMON, *kind.fields):
        if name in event.fields and _is_scalar(event.fields[name]):
            record[name] = _written(name, event.fields[name])
            dropped -= 1
    if dropped:
        record["dropped_fields"] = dropped
    record["v"] = VERSION
    return record


def _is_scalar(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)


def _written(name: str, value: Scalar) -> Scalar:
    if not name.endswith("_at") or isinstance(value, bool | str | None):
        return value
    try:
        return instant(value)
    except (ValueError, OverflowError, OSError):
        return None


class Described(NamedTuple):
    """A row of the events' page; `fields` are those of this event alone."""

    name: str
    level: Level
    doc: str
    fields: tuple[str, ...]


def described(*, with_cases: bool = False) -> list[Described]:
    """The table as its pages show it. A decision's case is one `case_…`, unless each of its fields is asked for."""
    return [
        Described(name, kind.level, kind.doc, kind.fields if with_cases else _without_case(kind.fields))
        for name, kind in EVENTS.items()
    ]


def _without_case(fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{CASE}…" if field.startswith(CASE) else field for field in fields))


def markdown() -> str:
    """The table as the README has it."""
    rows = (f"| `{row.name}` | {row.level} | {row.doc} | {_codes(row.fields)} |" for row in described())
    return "\n".join(["| event | level | when | its own fields |", "|---|---|---|---|", *rows]) + "\n"


def _codes(fields: tuple[str, ...]) -> str:
    return ", ".join(f"`{field}`" for field in fields)
