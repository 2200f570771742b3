"""`.env` files: names and values as shells and dotenv libraries read them, also over several lines within quotes.

It reads no file, and judges no value.
"""

import re
from collections.abc import Iterator
from typing import Final

_ENTRY: Final = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*(?:=|:(?=[ \t]))[ \t]*"
    r"(?:'(?P<single>[^']*+)'|\"(?P<double>(?:[^\"\\]|\\.)*+)\"|`(?P<back>[^`]*+)`|(?P<bare>[^\r\n]*+))",
    re.MULTILINE | re.DOTALL,
)
_COMMENT: Final = re.compile(r"(?:^|(?<=[ \t]))#.*")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t"}


def env_file_values(text: str) -> dict[str, str]:
    """What a `.env` file sets, by name: with `export`, quotes, escapes and comments."""
    return {at["name"]: _value(at) for at in _ENTRY.finditer(text.removeprefix("\ufeff"))}


def env_file_forms(text: str) -> Iterator[tuple[str, str]]:
    """Each entry in every form in which some reader takes it: escapes left alone, a comment taken for part of it."""
    for at in _ENTRY.finditer(text.removeprefix("\ufeff")):
        raw = at["bare"].strip() if at["bare"] is not None else at["double"]
        yield from ((at["name"], form) for form in dict.fromkeys((_value(at), raw)) if form is not None)


def unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda m: _ESCAPED.get(m[1], m[1]), text)


def _value(at: re.Match[str]) -> str:
    if at["double"] is not None:
        return unescaped(at["double"])
    value = at["single"] if at["single"] is not None else at["back"]
    return _COMMENT.sub("", at["bare"]).strip() if value is None else value
