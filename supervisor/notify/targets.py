"""From what a board says to addresses: `env:` and `file:` looked up. Only senders and doctors ask; it sends nothing."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import unquote

_BIGGEST: Final = 1 << 16  # bytes of a file of addresses
_SHORTEST: Final = 6  # characters of a part of an address that is masked by itself


class Addresses(NamedTuple):
    """`fault` says why there is none."""

    urls: tuple[str, ...]
    fault: str = ""


def addresses(way: str, folder: str, env: Mapping[str, str]) -> Addresses:
    """Of a way that is neither the desktop nor a command; `folder` is the board's."""
    kind, _, name = way.partition(":")
    if kind == "env":
        url = env.get(name, "").strip()
        return Addresses((url,)) if url else Addresses((), f"the variable {name} is not set here")
    if kind == "file":
        return _of_file(os.path.join(folder, os.path.expanduser(name)))
    return Addresses((way,))


def _of_file(path: str) -> Addresses:
    """One address a line; `#` begins a comment. What others can read is not used."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        return Addresses((), f"can't read {path}: {(error.strerror or str(error)).lower()}")
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _BIGGEST:
            return Addresses((), f"{path} is no file of addresses")
        if status.st_mode & 0o077 or status.st_uid not in (0, os.geteuid()):
            return Addresses((), f"{path} can be read by others: chmod 600 {path}")
        lines = os.read(fd, _BIGGEST).decode("utf-8", "replace").splitlines()
    finally:
        os.close(fd)
    urls = tuple(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))
    return Addresses(urls) if urls else Addresses((), f"{path} holds no address")


def secrets_of(urls: tuple[str, ...]) -> dict[str, str]:
    """What of these must stand nowhere: they as a whole, and their parts."""
    found: dict[str, str] = {}
    for number, url in enumerate(urls):
        rest = url.partition("://")[2]
        parts = re.split("[/@?&:=]", rest)
        for place, part in enumerate((url, rest, *parts[1:], *parts[:1])):
            for form in dict.fromkeys((part, unquote(part))):
                if len(form) >= _SHORTEST:
                    found[f"address {number}.{place}.{form == part}"] = form
    return found
