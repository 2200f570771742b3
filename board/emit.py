"""Values as YAML text of ours: one line where one will do, quoted whenever another parser could read it otherwise.

Only what `board` itself writes comes through here; people's own text is never re-emitted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from board.model import Record

_PLAIN = re.compile(r"[A-Za-z_~./][\w./~@+%=-]*(?: [\w./~@+%=()!?;'-]+)*", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_SPAN = re.compile(r"\d+(ms|s|m|h|d)")
_HEX = re.compile(r"(?=[0-9]*[a-df])[0-9a-f]{7,64}")  # a commit that no parser takes for a number
_EXPONENT = re.compile(r"[0-9]+e[0-9]+")
_WORDS: Final = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf"])
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")


def inline(value: Any) -> str:
    """A value behind `key:` in a block mapping, on one line."""
    return flow(value) if isinstance(value, Mapping | list | tuple) else _scalar(value, in_flow=False)


def flow(value: Any) -> str:
    """A value in flow style."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key, in_flow=True)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return _scalar(value, in_flow=True)


def _scalar(value: Any, *, in_flow: bool) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return json.dumps(value)
    text = str(value)
    return text if _is_plain(text, in_flow=in_flow) else _quoted(text)


def _is_plain(text: str, *, in_flow: bool) -> bool:
    if _INSTANT.fullmatch(text) or _SPAN.fullmatch(text):
        return True
    if _HEX.fullmatch(text):
        return not _EXPONENT.fullmatch(text)
    if text.lower() in _WORDS or text[:1] in "~." or not _PLAIN.fullmatch(text):
        return False
    return not (in_flow and text.startswith("-"))


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNSAFE.sub(lambda match: _escape(match[0]), quoted)


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def block_task(record: Record, indent: int, eol: str) -> str:
    """A whole new task as a block list item, each line ended by `eol`; long texts as literal blocks."""
    lines = []
    for key, value in record.items():
        dash = "- " if not lines else "  "
        lines.append(f"{' ' * indent}{dash}{key}: {_body(value, indent + 4, eol)}{eol}")
    return "".join(lines)


def _body(value: Any, indent: int, eol: str) -> str:
    if isinstance(value, str) and "\n" in value.strip("\n") and not _UNSAFE.search(value):
        return _literal(value, indent, eol)
    return inline(value)


def _literal(text: str, indent: int, eol: str) -> str:
    lines = text.split("\n")
    if lines[0].startswith((" ", "\t")) or "\r" in text or text.endswith("\n\n") or not lines[0].strip():
        return _quoted(text)
    chomp = "" if text.endswith("\n") else "-"
    body = lines[:-1] if text.endswith("\n") else lines
    return eol.join([f"|{chomp}", *(" " * indent + line if line else "" for line in body)])
