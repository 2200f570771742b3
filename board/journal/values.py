"""The door to known values: what files and environment names that people gave hold, to be masked wherever it stands.

No value is ever in a problem's words. It knows `.env` and JSON whole; of YAML only lines such as `key: value`, each of
which it takes for what it looks like.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from stat import S_ISDIR, S_ISREG
from typing import Any, Final, NamedTuple

from board.journal.dotenv import env_file_values, unescaped
from board.journal.rules import is_worth_masking

VARIABLES: Final = "env:"  # behind it stands the name of a variable, or a glob
MAX_BYTES: Final = 1 << 20
MAX_VALUES: Final = 2_000
_DEEPEST: Final = 60

_YAML_KEY: Final = re.compile(r"^(?:- +)*(?:[\"']?[\w.\-/ ]{1,128}[\"']?: +|[\"']?[\w.\-/ ]{1,128}[\"']?:$)?")
_YAML_TAGS: Final = re.compile(r"^(?:[&!][^ ]*+ +)+")
_YAML_PLAIN: Final = re.compile(r"(?: +#.*)?$")
_FLOW: Final = re.compile(r"\"((?:[^\"\\]|\\.)*+)\"|'([^']*+)'|([^\s,\[\]{}\"']++)")


class Known(NamedTuple):
    """Values by where they come from, and what can't be had: the source's place in the list, and why."""

    values: Mapping[str, str]
    problems: Sequence[tuple[int, str]] = ()


class Unfit(Exception):
    """A file that isn't what it should be; says nothing of what is in it."""


def known_values(folder: str, sources: Sequence[str], env: Mapping[str, str]) -> Known:
    """Files are looked for from `folder`. Raises nothing: what can't be read is a problem."""
    values: dict[str, str] = {}
    problems = []
    for place, source in enumerate(sources):
        found, problem = _of_source(folder, source, env)
        worthy = [value for value in dict.fromkeys(found) if is_worth_masking(value)]
        if problem is None and len(worthy) + len(values) > MAX_VALUES:
            problem = f"{source}: there are more than {MAX_VALUES:,} values in all; the others aren't masked"
        for number, value in enumerate(worthy[: MAX_VALUES - len(values)]):
            values[f"{source}:{number}"] = value
        if problem is not None:
            problems.append((place, problem))
    return Known(values, problems)


def stamp(folder: str, sources: Sequence[str], env: Mapping[str, str]) -> tuple[object, ...]:
    """What changes when a source does: to be compared and for nothing else."""
    return tuple(_state(located(folder, source, env)) for source in sources if not source.startswith(VARIABLES))


def _of_source(folder: str, source: str, env: Mapping[str, str]) -> tuple[list[str], str | None]:
    if source.startswith(VARIABLES):
        glob = source.removeprefix(VARIABLES)
        return [value for name, value in env.items() if fnmatchcase(name, glob)], None
    path = located(folder, source, env)
    try:
        text = read_text(path)
        return list(_values(text, path)), None
    except OSError as error:
        return [], f"{source}: {(error.strerror or 'it could not be read').lower()}"
    except Unfit as error:
        return [], f"{source}: {error}"


def located(folder: str, source: str, env: Mapping[str, str]) -> str:
    home = env.get("HOME", "")
    return os.path.join(home, source[2:]) if source.startswith("~/") and home else os.path.join(folder, source)


def read_text(path: str) -> str:
    """Raises OSError, and Unfit for what is no small text. Never waits."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe that nobody writes to must not hold us
    try:
        mode = os.fstat(fd).st_mode
        if not S_ISREG(mode):
            raise Unfit("it is a folder" if S_ISDIR(mode) else "it is no file")
        with open(fd, "rb", closefd=False) as file:
            raw = file.read(MAX_BYTES + 1)
    finally:
        os.close(fd)
    if len(raw) > MAX_BYTES:
        raise Unfit(f"it is larger than {MAX_BYTES >> 20} MiB")
    if b"\0" in raw:
        raise Unfit("it is no text")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unfit("it is no UTF-8 text") from None


def _values(text: str, path: str) -> Iterator[str]:
    name = path.lower()
    if name.endswith(".json"):
        return _of_json(text)
    if name.endswith((".yaml", ".yml")):
        return _of_yaml(text)
    return iter(env_file_values(text).values())


def _of_json(text: str) -> Iterator[str]:
    import json

    try:
        # A number stays as it is written: that is what is seen elsewhere.
        data = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise Unfit("it is not JSON") from None
    return _scalars(data, 0)


def _scalars(data: Any, depth: int) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list) and depth < _DEEPEST:
        for each in data.values() if isinstance(data, dict) else data:
            yield from _scalars(each, depth + 1)


def _of_yaml(text: str) -> Iterator[str]:
    """The scalar of each line; a line without a key, as in a block of text, is one as a whole."""
    for line in text.splitlines():
        entry = line.strip()
        if entry.startswith("#") or entry in ("---", "..."):
            continue
        value = _YAML_TAGS.sub("", entry[_yaml_key(entry) :].strip(), count=1)
        if value[:1] in ("[", "{"):
            yield from (next(filter(None, at.groups()), "").rstrip(":") for at in _FLOW.finditer(value))
        elif value[:1] in ('"', "'") and (at := _FLOW.match(value)):
            yield unescaped(at[1]) if at[1] is not None else at[2] or ""
        else:
            yield _YAML_PLAIN.sub("", value, count=1)


def _yaml_key(entry: str) -> int:
    at = _YAML_KEY.match(entry)
    return at.end() if at else 0


def _state(path: str) -> tuple[int, ...] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
