"""`board instructions`: what an agent should know of the board, for the file in which it reads its instructions."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import Final, NamedTuple

from board.cli import outlet
from board.cli.context import Context
from board.errors import BoardError, Busy, RefusedError, UsageError
from board.marked import Broken, put, section
from board.templates import template_text

_LARGEST: Final = 4 << 20  # bytes of a file of instructions
# Which file an agent reads by itself, from the top of the repository.
FILES: Final = {
    "claude": "CLAUDE.md",
    "codex": "AGENTS.md",
    "opencode": "AGENTS.md",
    "gemini": "GEMINI.md",
    "aider": "CONVENTIONS.md",
}
_EXTRA: Final = {"aider": "; Aider reads it when you say so: aider --read CONVENTIONS.md"}


class _Read(NamedTuple):
    """A file as it stands; `mode` is None where there is none."""

    data: bytes
    mode: int | None


def instructions(ctx: Context) -> None:
    agent, path = ctx.args.agent, ctx.args.write
    text = template_text("instructions.md")
    if path is not None:
        return _write(ctx, path, section(text))
    if ctx.args.json:
        files = FILES if agent is None else {agent: FILES[agent]}
        return ctx.emit({"text": section(text).decode(), "files": files})
    ctx.write(section(text).decode())
    if not ctx.args.quiet:
        outlet.complain(outlet.lines([_where(agent)]))
    return None


def _where(agent: str | None) -> str:
    if agent is None:
        return f"agents read it from {', '.join(dict.fromkeys(FILES.values()))}: board instructions --write FILE"
    name = FILES[agent]
    return f"{agent} reads {name} in your repository: board instructions --write {name}{_EXTRA.get(agent, '')}"


def _write(ctx: Context, path: str, wanted: bytes) -> None:
    if not path.strip():
        raise UsageError("--write needs a file", "such as CLAUDE.md or AGENTS.md")
    real = os.path.realpath(path)  # one of these names is often a link to the other
    before = _read(real, path)
    after = put(before.data, wanted)
    if isinstance(after, Broken):
        remedy = "mend or remove the marks (<!-- crewboard: begin/end -->), then again"
        raise RefusedError(f"{path}:{after.line}: {after.message}; nothing was written", remedy, "broken_marks")
    changed = before.mode is None or after != before.data
    if changed:
        _replace(real, path, before, after)
    if ctx.args.json:
        ctx.emit({"path": path, "changed": changed})
    elif not ctx.args.quiet:
        ctx.say(f"wrote {path}" if changed else f"{path} is as it should be")


def _read(real: str, path: str) -> _Read:
    try:
        fd = os.open(real, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return _Read(b"", None)
    except OSError as error:
        raise BoardError(f"can't read {path}: {(error.strerror or str(error)).lower()}") from None
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        os.close(fd)
        raise UsageError(f"{path} is no file", "name a file such as CLAUDE.md")
    with os.fdopen(fd, "rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise UsageError(f"{path} is larger than {_LARGEST >> 20} MiB", "is it the right file?")
    return _Read(data, stat.S_IMODE(status.st_mode))


def _replace(real: str, path: str, before: _Read, after: bytes) -> None:
    aside = f"{real}.{os.getpid()}.board-tmp"
    try:
        with open(aside, "xb") as file:
            file.write(after)
            file.flush()
            if before.mode is not None:
                os.fchmod(file.fileno(), before.mode)
            os.fsync(file.fileno())
        if _read(real, path) != before:
            raise Busy(f"{path} was changed meanwhile; nothing was written", "try again")
        os.replace(aside, real)
    except OSError as error:
        raise BoardError(f"can't write {path}: {(error.strerror or str(error)).lower()}") from None
    finally:
        with suppress(OSError):
            os.unlink(aside)
