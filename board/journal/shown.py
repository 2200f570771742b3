"""A journal's record as people read it: one line, plain or coloured. Reads nothing."""

import json
import re
from typing import Final, NamedTuple

from board.journal.kinds import CASE
from board.journal.wanted import Record

_SHOWN_APART: Final = frozenset(("ts", "level", "event", "task", "step", "v"))
_EVENT_WIDTH: Final = 20
_SUBJECT_WIDTH: Final = 20
_COLOURS: Final = {"warn": "33", "error": "1;31"}
_EVENT, _SUBJECT, _DIM = "1", "36", "2"


class Line(NamedTuple):
    """The parts of a line, each fit for a terminal."""

    day: str
    time: str
    level: str
    event: str
    subject: str
    facts: tuple[tuple[str, str], ...]


def line_of(record: Record) -> Line:
    told = ((key, x) for key, x in record.items() if key not in _SHOWN_APART and not key.startswith(CASE))
    ts = str(record.get("ts", ""))
    return Line(
        day=_shown(ts[:10]),
        time=_shown(ts[11:19]),
        level=_shown(str(record.get("level", ""))),
        event=_shown(str(record.get("event", ""))),
        subject="/".join(_shown(str(record[key])) for key in ("task", "step") if record.get(key) is not None),
        facts=tuple((_shown(key), _shown(x)) for key, x in told if x is not None),
    )


def render(record: Record) -> str:
    """One line for people, without colour: `10:13:00 worker_restarted refund-tests/write rule=restart attempt=2`."""
    line = line_of(record)
    words = [word for word in (line.time, line.event, line.subject) if word and word != '""']
    return " ".join([*words, *(f"{key}={value}" for key, value in line.facts)])


def render_coloured(record: Record) -> str:
    """The same for a terminal: in columns, with what is not at rest in colour."""
    line = line_of(record)
    colour = _COLOURS.get(line.level)
    facts = " ".join(f"{_painted(key + '=', _DIM)}{value}" for key, value in line.facts)
    return " ".join(
        [
            _painted(line.time, _DIM),
            _painted(f"{line.level:<5}", colour or _DIM),
            _painted(f"{line.event:<{_EVENT_WIDTH}}", colour or _EVENT),
            _painted(f"{line.subject:<{_SUBJECT_WIDTH}}", _SUBJECT),
            facts,
        ]
    ).rstrip()


def render_day(day: str) -> str:
    return _painted(f"--- {day}", _DIM)


def _painted(text: str, colour: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m"


def _shown(value: object) -> str:
    """One word or a quoted text; nothing in it moves a terminal's cursor."""
    if not isinstance(value, str):
        return json.dumps(value)
    if re.fullmatch(r"[\w.,:;/@~+%=\[\]-]+", value):
        return value
    return json.dumps(value, ensure_ascii=not value.isprintable())
