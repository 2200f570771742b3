"""Values as YAML text of ours: one line where one will do, quoted whenever another parser could read it otherwise.

Only what `board` itself writes comes through here; people's own text is never re-emitted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from board.errors import UsageError
from board.model import Record

_PLAIN = re.compile(r"[A-Za-z_/][\w./~@+%=-]*(?: [\w./~@+%=()!?;'-]+)*", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", re.ASCII)
_SPAN = re.compile(r"\d+(\.\d+)?(ms|s|m|h|d)", re.ASCII)
_HEX = re.compile(r"(?!0b)(?=[0-9]*[a-df])[0-9a-f]{7,64}")  # a commit that no parser takes for a number
_WORDS: Final = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf"])
# Compiled when they are needed: text that is printable, as most is, has none of these.
_UNSAFE: Final = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]"
_SURROGATE: Final = r"[\ud800-\udfff]"


def inline(value: Any) -> str:
    """A value on one line, fit to stand behind `key:` and inside braces. Raises UsageError where text is no Unicode."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{inline(key)}: {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, int | float):
        return repr(value)
    text = str(value)
    return text if _is_plain(text) else _quoted(text)


def _is_plain(text: str) -> bool:
    if any(pattern.fullmatch(text) for pattern in (_INSTANT, _SPAN, _HEX)):
        return True
    return text.lower() not in _WORDS and _PLAIN.fullmatch(text) is not None


def _quoted(text: str) -> str:
    if text.isprintable():
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if re.search(_SURROGATE, text):
        raise UsageError(f"{text!r} is not valid Unicode", "say it in UTF-8")
    import json

    return re.sub(_UNSAFE, lambda match: _escape(match[0]), json.dumps(text, ensure_ascii=False))


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def block_task(record: Record, indent: int) -> list[str]:
    """The lines of a whole new task as a block list item; long texts as literal blocks."""
    lines: list[str] = []
    for key, value in record.items():
        dash = "  " if lines else "- "
        first, *rest = _body(value, indent + 4)
        lines += [f"{' ' * indent}{dash}{inline(key)}: {first}", *rest]
    return lines


def _body(value: Any, indent: int) -> list[str]:
    if isinstance(value, str) and _is_literal(value):
        chomp = "" if value.endswith("\n") else "-"
        return [f"|{chomp}", *(" " * indent + line if line else "" for line in value.removesuffix("\n").split("\n"))]
    return [inline(value)]


def _is_literal(text: str) -> bool:
    """Has it several lines, and can it stand as a block without marks of indentation and without escapes?"""
    if "\n" not in text.strip("\n") or text.endswith("\n\n") or not text.split("\n", 1)[0].strip():
        return False
    return text[0] not in " \t" and not re.search(_UNSAFE, text) and not re.search(_SURROGATE, text)
