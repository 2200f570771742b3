"""`supervisor redact`: stdin to stdout through the one redactor, as it comes. Nothing is kept."""

from __future__ import annotations

import codecs
import json
import os
import sys
from collections.abc import Mapping

from board.cli.context import Context
from board.errors import UsageError
from board.journal.redact import Redactor, known_from_environment

_CHUNK = 64 * 1024


def redact(ctx: Context) -> None:
    if ctx.args.width is not None and ctx.args.width < 1:
        raise UsageError(f"--width {ctx.args.width} is no width", "a number of columns")
    redactor = _redactor(ctx.env, _values(ctx.args.env_file))
    stream = redactor.stream(width=ctx.args.width)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while piece := os.read(0, _CHUNK):
        _say(stream.feed(decoder.decode(piece)))
    _say(stream.feed(decoder.decode(b"", final=True)))
    _say(stream.close())


def _say(text: str) -> None:
    sys.stdout.write(text)
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
