"""What terminals and logs do to a text, and how its reader undoes it. Draws no secret and knows no redactor."""

from __future__ import annotations

import base64
import binascii
import itertools
import json
import re
import textwrap
from collections.abc import Callable
from random import Random
from typing import NamedTuple
from urllib.parse import quote, unquote

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07)")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{8,}={0,2}")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_SIGNS = {"n": "\n", "r": "\r", "t": "\t"}
Read = Callable[[str], tuple[str, ...]]


def _as_is(output: str) -> tuple[str, ...]:
    return ()


class Mangled(NamedTuple):
    """`read` gives further views of an output; `piece` is how many characters come at once, 0: all of them.

    `keep` is what must be read afterwards when it isn't what the form says.
    """

    text: str
    read: Read = _as_is
    width: int | None = None
    piece: int = 0
    keep: tuple[str, ...] | None = None


def _each(text: str, change: Callable[[str], str]) -> str:
    return "\n".join(change(line) for line in text.split("\n"))


def _unprefixed(pattern: str) -> Read:
    return lambda output: (re.sub(pattern, "", _ANSI.sub("", output), flags=re.MULTILINE),)


def _joined(output: str) -> tuple[str, ...]:
    return (output.replace("\n", ""),)


def plain(text: str, dice: Random) -> Mangled:
    return Mangled(text)


def diff(text: str, dice: Random) -> Mangled:
    return Mangled(_each(text, lambda line: f"\x1b[32m+\x1b[m\x1b[32m{line}\x1b[m"), _unprefixed(r"^\+"))


def word_diff(text: str, dice: Random) -> Mangled:
    """Colours begin and end within words, as `git diff --word-diff=color` and highlighters have it."""
    cut = [0, *sorted(dice.sample(range(1, max(2, len(text))), min(4, max(1, len(text) - 1)))), len(text)]
    parts = [text[a:b] for a, b in itertools.pairwise(cut)]
    marked = (f"\x1b[{31 + at % 2};1m{part}\x1b[0m" for at, part in enumerate(parts))
    return Mangled("".join(marked), lambda output: (_ANSI.sub("", output),))


def progress(text: str, dice: Random) -> Mangled:
    done = "".join(f"\r\x1b[KFetching {dice.randrange(100)}%" for _ in range(3))
    return Mangled(f"{done}\r\x1b[K{text}", lambda output: (_ANSI.sub("", output),))


def stamped(text: str, dice: Random) -> Mangled:
    second = dice.randrange(10, 50)
    return Mangled(_each(text, lambda line: f"2026-03-01T12:00:{second}.1234567Z {line}"), _unprefixed(r"^\S+Z "))


def composed(text: str, dice: Random) -> Mangled:
    return Mangled(_each(text, lambda line: f"\x1b[36mweb-1  |\x1b[0m {line}"), _unprefixed(r"^web-1  \| "))


def syslog(text: str, dice: Random) -> Mangled:
    return Mangled(_each(text, lambda line: f"Mar 01 12:00:01 node4 web[812]: {line}"), _unprefixed(r"^.{31}: "))


def quoted(text: str, dice: Random) -> Mangled:
    return Mangled(_each(text, lambda line: f"> {line}"), _unprefixed(r"^> "))


def grepped(text: str, dice: Random) -> Mangled:
    path = f"\x1b[35mconf/app.txt\x1b[m\x1b[36m:\x1b[m{dice.randrange(1, 90)}\x1b[36m:\x1b[m"
    return Mangled(_each(text, lambda line: path + line), _unprefixed(r"^conf/app\.txt:\d+:"))


def indented(text: str, dice: Random) -> Mangled:
    return Mangled(textwrap.indent(text, "        "))


def wrapped(text: str, dice: Random) -> Mangled:
    width = dice.choice((60, 72, 100))
    return Mangled(_each(text, lambda line: _cut(line, width)), _joined, width)


def boxed(text: str, dice: Random) -> Mangled:
    inner = 56
    lines = _each(text, lambda line: _cut(line, inner)).split("\n")
    box = [f"╭{'─' * (inner + 2)}╮", *(f"│ {line:<{inner}} │" for line in lines), f"╰{'─' * (inner + 2)}╯"]
    return Mangled("\n".join(box), lambda output: (_unboxed("", output), _unboxed(" ", output)), inner + 4)


def _unboxed(between: str, output: str) -> str:
    """A space at the end of a line cannot be told from the filling."""
    return re.sub(r" *│\n│ ", between, output)


def _cut(line: str, width: int) -> str:
    return "\n".join(line[at : at + width] for at in range(0, max(1, len(line)), width))


def in_json(text: str, dice: Random) -> Mangled:
    return Mangled(json.dumps({"type": "tool_result", "content": text}), lambda output: (_unescaped(output),))


def in_json_twice(text: str, dice: Random) -> Mangled:
    line = json.dumps({"payload": json.dumps({"stdout": text, "exit_code": 0})})
    return Mangled(line, lambda output: (_unescaped(output), _unescaped(_unescaped(output))))


def _unescaped(text: str) -> str:
    def sign(found: re.Match[str]) -> str:
        code = found[1]
        return chr(int(code[1:], 16)) if len(code) == 5 else _SIGNS.get(code, code)

    return _ESCAPE.sub(sign, text)


def as_repr(text: str, dice: Random) -> Mangled:
    line = f"CompletedProcess(args=['show'], returncode=0, stdout={text!r})"
    return Mangled(line, lambda output: (_unescaped(output),))


def in_url(text: str, dice: Random) -> Mangled:
    line = f"GET /log?level=info&line={quote(text, safe='')}&n=1 HTTP/1.1"
    return Mangled(line, lambda output: (unquote(output),))


def in_base64(text: str, dice: Random) -> Mangled:
    """As `kubectl get secret -o yaml` shows a file; the words within are as secret as the rest."""
    data = base64.b64encode(text.encode()).decode()
    text = f"apiVersion: v1\ndata:\n  app.env: {data}\nkind: Secret\nmetadata:\n  name: web"
    return Mangled(text, _decoded, keep=("app.env", "name: web"))


def _decoded(output: str) -> tuple[str, ...]:
    views = []
    for run in _BASE64.findall(output):
        try:
            views.append(base64.b64decode(run[: len(run) // 4 * 4]).decode("utf-8", "replace"))
        except binascii.Error:
            continue
    return tuple(views)


def zero_width(text: str, dice: Random) -> Mangled:
    """As pages put places to break into long words."""
    return Mangled(re.sub(r"(\w{12})", "\\1\u200b", text), lambda output: (output.replace("\u200b", ""),))


def crlf(text: str, dice: Random) -> Mangled:
    return Mangled(text.replace("\n", "\r\n") + "\r\n", lambda output: (output.replace("\r", ""),))


def in_pieces(text: str, dice: Random) -> Mangled:
    return Mangled(text, piece=dice.choice((1, 3, 11, 40)))


MANGLINGS: dict[str, Callable[[str, Random], Mangled]] = {
    "plain": plain,
    "diff": diff,
    "word diff": word_diff,
    "progress": progress,
    "stamped": stamped,
    "composed": composed,
    "syslog": syslog,
    "quoted": quoted,
    "grepped": grepped,
    "indented": indented,
    "wrapped": wrapped,
    "boxed": boxed,
    "json": in_json,
    "json twice": in_json_twice,
    "repr": as_repr,
    "url": in_url,
    "base64": in_base64,
    "zero width": zero_width,
    "crlf": crlf,
    "pieces": in_pieces,
}
