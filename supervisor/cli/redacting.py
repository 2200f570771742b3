"""`supervisor redact`: stdin to stdout through the one redactor, as it comes. Nothing is kept.

Lines that belong together are held back until they are whole: a private key, and what a terminal of N columns wrapped.
"""

from __future__ import annotations

import codecs
import json
import os
import sys
from collections.abc import Iterator, Mapping

from board.cli.context import Context
from board.errors import UsageError
from board.journal.redact import LINE_LIMIT, Redactor, known_from_environment

_CHUNK = 64 * 1024
_KEY_LINES = 200  # a private key has fewer
_BEGIN, _END = "-----BEGIN ", "-----END "


class Joiner:
    """From pieces of text to blocks that may be redacted by themselves. `width` None: no line goes on in the next."""

    def __init__(self, width: int | None = None) -> None:
        self._width = width
        self._rest = ""
        self._held: list[str] = []

    def feed(self, piece: str) -> Iterator[str]:
        *lines, self._rest = (self._rest + piece).split("\n")
        for line in lines:
            yield from self._line(line)
        if len(self._rest) > LINE_LIMIT and not self._held:
            yield from self._line(self._rest, end="")
            self._rest = ""

    def end(self) -> Iterator[str]:
        text = "".join(self._held) + self._rest
        self._held, self._rest = [], ""
        if text:
            yield text

    def _line(self, line: str, end: str = "\n") -> Iterator[str]:
        is_wrapped = self._width is not None and len(line) == self._width
        self._held.append(line if is_wrapped else line + end)
        text = "".join(self._held)
        in_key = _BEGIN in text and _END not in text[text.rindex(_BEGIN) :]
        if not (is_wrapped or in_key) or len(self._held) > _KEY_LINES:
            self._held = []
            yield text


def redact(ctx: Context) -> None:
    if ctx.args.width is not None and ctx.args.width < 1:
        raise UsageError(f"--width {ctx.args.width} is no width", "a number of columns")
    redactor = _redactor(ctx.env, _values(ctx.args.env_file))
    joiner = Joiner(ctx.args.width)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while piece := os.read(0, _CHUNK):
        _copy(redactor, joiner.feed(decoder.decode(piece)))
    _copy(redactor, joiner.feed(decoder.decode(b"", final=True)))
    _copy(redactor, joiner.end())


def _copy(redactor: Redactor, blocks: Iterator[str]) -> None:
    for block in blocks:
        sys.stdout.write(redactor.text(block))
    sys.stdout.flush()


def _values(path: str | None) -> Mapping[str, str]:
    """What the file says, of which no error may tell anything."""
    if path is None:
        return {}
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except OSError as error:
        raise UsageError(f"can't read {path}: {(error.strerror or 'failed').lower()}") from None
    except ValueError:
        raise UsageError(f"{path} is not JSON") from None
    if not isinstance(found, dict):
        raise UsageError(f"{path} is no JSON object", 'such as {"NAME": "value"}')
    return {str(name): str(value) for name, value in found.items()}


def _redactor(env: Mapping[str, str], values: Mapping[str, str]) -> Redactor:
    """Marks agree within one run only: there may be no board whose key they could share."""
    return Redactor(
        home=env.get("HOME", ""),
        user=env.get("USER") or env.get("LOGNAME", ""),
        host=os.uname().nodename,
        key=os.urandom(32),
        known={**known_from_environment(env), **values},
    )
