"""`supervisor redact`: stdin to stdout through the one redactor, as it comes. Nothing is kept."""

from __future__ import annotations

import codecs
import json
import os
import select
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from board.cli import outlet
from board.cli.context import Context
from board.errors import InvalidBoard, UsageError
from board.journal.dotenv import env_file_values
from board.journal.redact import Redactor, known_from_environment
from board.journal.tally import Found, Tally
from board.journal.values import MAX_BYTES

_CHUNK: Final = 64 * 1024
_DEEPEST: Final = 60


def redact(ctx: Context) -> None:
    if ctx.args.width is not None and ctx.args.width < 1:
        raise UsageError(f"--width {ctx.args.width} is no width", "a number of columns")
    known = {name: value for path in ctx.args.env_file or () for name, value in _values(path).items()}
    redactor = _redactor(ctx).knowing(known)
    tally = Tally(redactor.marks) if ctx.args.report else None
    is_copied = tally is None or not ctx.args.quiet
    try:
        for text in _redacted(redactor, ctx.args.width, tally):
            if is_copied:
                _write(text)
    finally:
        if tally is not None and not isinstance(sys.exception(), BrokenPipeError):
            _report(ctx, tally.found())


def _redacted(redactor: Redactor, width: int | None, tally: Tally | None) -> Iterator[str]:
    """What is ready at once; after Ctrl-C what was held back."""
    stream = redactor.stream(width=width)
    try:
        for text in _pieces():
            if tally is not None:
                tally.came(text)
            yield _counted(stream.feed(text), tally)
    except KeyboardInterrupt:
        yield _counted(stream.close(), tally)
        raise
    yield _counted(stream.close(), tally)


def _counted(text: str, tally: Tally | None) -> str:
    if tally is not None:
        tally.went(text)
    return text


def _pieces() -> Iterator[str]:
    """Whatever bytes they are; what is no UTF-8 is replaced."""
    if sys.stdin is None:  # then 0 is any file that was opened since
        raise UsageError("can't read stdin: it is closed")
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while piece := _read():
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _read() -> bytes:
    while True:
        try:
            return os.read(0, _CHUNK)
        except BlockingIOError:
            select.select([0], [], [])
        except OSError as error:
            raise UsageError(f"can't read stdin: {(error.strerror or 'failed').lower()}") from None


def _write(text: str) -> None:
    """As UTF-8 whatever the terminal's encoding: a filter has no say in it."""
    if text:
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()


def _redactor(ctx: Context) -> Redactor:
    """The board's, if there is one. One that is there and can't be read is told, for its own rules would be missing."""
    if not ctx.args.no_board and _has_board(ctx):
        from board.journal.loading import load
        from board.journal.sink import make_redactor

        wanted = ctx.read().board.settings.redact
        problems = [
            f"supervisor: settings.redact: {trouble.message}"
            for trouble in load(ctx.store.side, ctx.env, wanted).troubles
        ]
        outlet.complain(outlet.lines(problems))
        return make_redactor(ctx.store.side, ctx.env, wanted)
    env = ctx.env
    return Redactor(
        home=env.get("HOME", ""),
        user=env.get("USER") or env.get("LOGNAME", ""),
        host=os.uname().nodename,
        key=os.urandom(32),  # marks agree within this run
        known=known_from_environment(env),
    )


def _has_board(ctx: Context) -> bool:
    if ctx.args.board or ctx.env.get("BOARD_FILE"):
        return True
    try:
        return bool(ctx.path)
    except InvalidBoard:
        return False


# --- known values


def _values(path: str) -> Mapping[str, str]:
    """What the file says, of which no error may tell anything."""
    text = _text(path)
    if path.endswith(".json") or text.lstrip()[:1] in ("{", "["):
        return _of_json(path, text)
    found = env_file_values(text)
    if not found and text.strip():
        raise UsageError(f"{path} is neither a JSON object nor a .env file", "NAME=value, a line each")
    return found


def _text(path: str) -> str:
    """A pipe is as good as a file: `--env-file <(...)`."""
    try:
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"can't read {path}: {(error.strerror or 'failed').lower()}") from None
    if len(raw) > MAX_BYTES:
        raise UsageError(f"{path} is larger than {MAX_BYTES >> 20} MiB")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no UTF-8 text") from None


def _of_json(path: str, text: str) -> Mapping[str, str]:
    try:
        # A number stays as it is written: that is what is seen elsewhere.
        found = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise UsageError(f"{path} is not JSON") from None
    if not isinstance(found, dict):
        raise UsageError(f"{path} is no JSON object", 'such as {"NAME": "value"}')
    return dict(_scalars(path, found, 0))


def _scalars(name: str, data: Any, depth: int) -> Iterator[tuple[str, str]]:
    match data:
        case str():
            yield name, data
        case dict() if depth < _DEEPEST:
            for key, each in data.items():
                yield from _scalars(f"{name}.{key}", each, depth + 1)
        case list() if depth < _DEEPEST:
            for place, each in enumerate(data):
                yield from _scalars(f"{name}.{place}", each, depth + 1)


# --- the report


def _report(ctx: Context, found: Sequence[Found]) -> None:
    from board.render import table

    if ctx.args.json:
        outlet.complain([outlet.record({"masked": [each._asdict() for each in found]})])
        return
    rows = [(each.kind, f"{each.masked_count:,}", different(each)) for each in found]
    text = table(("KIND", "MASKED", "DIFFERENT"), rows, {**ctx.env, "NO_COLOR": "1"}) if rows else "nothing was masked"
    outlet.complain(outlet.lines(text.splitlines()))


def different(found: Found) -> str:
    if found.different_count is None:
        return "?"
    return f"{found.different_count:,}{' or more' if found.is_more else ''}"
