"""A line of JSON stays JSON: what is done where masks broke one, or where it was cut. It finds no secret by itself."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from board.journal.marks import CUT, Marks
from board.journal.patterns import compiled
from board.journal.rules import is_plain, secret_kind

_SIGNS: Final = r"\"(?:[^\"\\]++|\\.)*+(\"?)|[\[\]{}]"


def still_json(line: str, done: str, values: Callable[[list[str]], Mapping[str, str]], marks: Marks) -> str:
    """`done` is what became of the line, and `values` tells what becomes of texts that are redacted one by one."""
    text = line.strip()
    if text[:1] + text[-1:] not in ("{}", "[]") or _parsed(done) is not None:
        return done
    value = _parsed(line)
    if value is None:
        return done
    if done.endswith(CUT):
        return next(each for each in _closed(done) if _parsed(each) is not None)
    separators = (", ", ": ") if '": ' in text else (",", ":")
    redacted = values(list(_texts(value[0])))
    return json.dumps(_walked(value[0], redacted, marks), ensure_ascii=False, separators=separators)


def _parsed(text: str) -> tuple[Any] | None:
    try:
        return (json.loads(text),)
    except (ValueError, RecursionError):
        return None


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, item in value.items():
                yield key
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)


def _walked(value: Any, redacted: Mapping[str, str], marks: Marks, kind: str | None = None) -> Any:
    match value:
        case dict():
            return {redacted[key]: _walked(item, redacted, marks, secret_kind(key)) for key, item in value.items()}
        case list():
            return [_walked(item, redacted, marks, kind) for item in value]
        case bool() | None:
            return value
        case str() if kind is None or marks.is_marked(value):
            return redacted[value]
        case _:
            text = str(value)
            return value if kind is None or is_plain(text, kind) else marks.mark(kind, text)


def _closed(text: str) -> Iterator[str]:
    """JSON that ends with a cut, with its strings, lists and records closed: what may be JSON again, best first."""
    head = text.removesuffix(CUT)
    opened: list[str] = []
    is_in_string = False
    for m in compiled(_SIGNS).finditer(head):
        match m[0]:
            case "[" | "{":
                opened.append("]" if m[0] == "[" else "}")
            case "]" | "}":
                opened = opened[:-1]
            case _:
                is_in_string = not m[1]
    ends = "".join(reversed(opened))
    quoted = f'{text}"' if is_in_string else f'{head}"{CUT}"'
    yield quoted + ends
    yield f"{quoted}: null{ends}"  # it was a key that was cut
    yield f'"{CUT}"'
