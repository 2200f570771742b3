"""The board file's JSON Schema (draft 2020-12), for editors that complete and explain; `check` has the last word.

Printed from `vocabulary`, so it allows what `check` allows, but for what no schema can say: names that must be unique
or exist (`id`, `after`, `step`, `agent`, `use`, `ports`), cycles, the room between two ports, and that `5.0` is no
whole number.
"""

from __future__ import annotations

from typing import Any, Final, assert_never

from board.keys import Key
from board.model import Status
from board.shapes import (
    ENDING_PATTERN,
    MOST_BYTES,
    SIZE_ABOVE_ZERO_PATTERN,
    SIZE_PATTERN,
    SPAN_ABOVE_ZERO_PATTERN,
    SPAN_PATTERN,
    Choice,
    Either,
    Ending,
    Flag,
    FlagOrText,
    Items,
    Named,
    Number,
    Part,
    Regex,
    Scalar,
    Shape,
    Size,
    Span,
    Text,
    Veiled,
    Whole,
)
from board.vocabulary import OF_ONE_STEP, OWN, TABLES

Json = dict[str, Any]

_ABSENT: Final[Json] = {"type": "null"}
_HAS_COMMAND: Final[Json] = {"required": ["run"], "properties": {"run": {"type": "string"}}}
_RULES: Final[dict[str, Json]] = {
    "profile": {"anyOf": [{"required": ["start"]}, {"required": ["use"]}]},
    "notify": {"anyOf": [{"required": ["to"]}, {"required": ["command"]}]},
    "step": {"oneOf": [{"required": ["prompt"]}, {"required": ["run"], "properties": {"kind": False}}]},
    "task": {
        "allOf": [
            {
                "if": {"required": ["steps"]},
                "then": {"properties": {**dict.fromkeys(OF_ONE_STEP, False), "run": {"type": ["object", "null"]}}},
            },
            {
                "if": _HAS_COMMAND,
                "then": {"properties": {"prompt": False, "kind": False}},
                "else": {"properties": {"ran": _ABSENT}},
            },
            {
                "if": {"required": ["status"], "properties": {"status": {"const": str(Status.BLOCKED)}}},
                "then": {"required": ["blocked"], "properties": {"blocked": {"type": "object"}}},
            },
        ]
    },
}


def schema() -> Json:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Crewboard board",
        **_table("board"),
        "$defs": {name: _table(name) for name in TABLES if name != "board"},
    }


def text() -> str:
    """The schema as a file holds it, the same bytes each time."""
    import json

    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _table(name: str) -> Json:
    table = TABLES[name]
    required = [key for key, has in table.keys.items() if has.required]
    return {
        "description": table.about,
        "type": "object",
        "properties": {key: _key(has) for key, has in table.keys.items()},
        "patternProperties": {f"^{OWN}": {}},
        "additionalProperties": False,
        **({"required": required} if required else {}),
        **_RULES.get(name, {}),
    }


def _key(key: Key) -> Json:
    shape = _shape(key.shape)
    return {
        "description": key.about,
        **({"anyOf": [shape, _ABSENT]} if key.nullable else shape),
        **({"default": key.default} if key.default is not None else {}),
    }


def _shape(shape: Shape) -> Json:
    match shape:
        case Items(item, _, least, most):
            lengths = {"minItems": least or None, "maxItems": most}
            limits = {key: limit for key, limit in lengths.items() if limit is not None}
            return {"type": "array", "items": _shape(item), **limits}
        case Part(name):
            return {"$ref": f"#/$defs/{name}"}
        case Named(name, value):
            return _named(name, value)
        case Either(plain, part):
            return {"anyOf": [_shape(plain), _shape(part)]}
        case _:
            return _scalar(shape)


def _scalar(shape: Scalar) -> Json:
    match shape:
        case Text(_, pattern) | Veiled(_, pattern):
            return {"type": "string", "pattern": pattern} if pattern else {"type": "string"}
        case Span(above_zero):
            return _span(above_zero=above_zero)
        case Size(low):
            pattern = SIZE_ABOVE_ZERO_PATTERN if low else SIZE_PATTERN
            return {"anyOf": [{"type": "string", "pattern": pattern}, _whole(low, MOST_BYTES)]}
        case Regex():
            return {"type": "string", "format": "regex"}
        case Ending():
            return {"type": "string", "pattern": ENDING_PATTERN}
        case Whole(low, high):
            return _whole(low, high)
        case Number(low):
            return {"type": "number", "minimum": low}
        case Flag():
            return {"type": "boolean"}
        case FlagOrText(_, pattern):
            return {"anyOf": [{"type": "boolean"}, {"type": "string", "pattern": pattern}]}
        case Choice(words):
            return {"type": "string", "enum": [str(word) for word in words]}
        case _:
            assert_never(shape)


def _span(*, above_zero: bool) -> Json:
    if above_zero:
        return {"type": "string", "pattern": SPAN_ABOVE_ZERO_PATTERN}
    return {"anyOf": [{"type": "string", "pattern": SPAN_PATTERN}, {"const": 0}]}


def _whole(low: int, high: int | None) -> Json:
    if low == high:
        return {"const": low}
    return {"type": "integer", "minimum": low, **({"maximum": high} if high is not None else {})}


def _named(name: Text | Ending, value: Text | Part | Whole) -> Json:
    pattern = ENDING_PATTERN if isinstance(name, Ending) else name.pattern
    return {
        "type": "object",
        "patternProperties": {f"^{OWN}": {}, f"^(?!{OWN}){pattern.removeprefix('^')}": _shape(value)},
        "additionalProperties": False,
    }
