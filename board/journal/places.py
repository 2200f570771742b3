"""People's own places: the home folder becomes `~`, this user and this machine `user` and `host`. Masks no secret.

A name of a person or a machine is also an ordinary word, so it is replaced only where it is meant as one.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from board.journal.patterns import compiled

_BEFORE: Final = (r"(?<![A-Za-z0-9_.~]", r"(?<=\\[nrt]", "(?<=-[ILF]")
_BEFORE_CODED: Final = ("(?<![A-Za-z0-9_.~]", "(?<=%[0-9A-Fa-f][0-9A-Fa-f]")
_AFTER: Final = r"(?![A-Za-z0-9_-]|\.[A-Za-z0-9])"
_OWN_WORD: Final = 8  # characters from which on a machine's name is no common word


class Shape(NamedTuple):
    """A text without `needle` is not searched for `pattern`."""

    needle: str
    pattern: str
    put: str | Callable[[re.Match[str]], str]


def shapes_of(home: str, user: str, host: str) -> list[Shape]:
    """All that is looked for; an empty or common name (`/`, `localhost`) is none."""
    return [*_homes(home), *_users(user, host), *_hosts(host)]


def placed(s: str, shapes: list[Shape]) -> str:
    for shape in shapes:
        if shape.needle in s:
            s = compiled(shape.pattern).sub(shape.put, s)
    return s


def _homes(home: str) -> Iterator[Shape]:
    home = home.rstrip("/")
    if not home.startswith("/") or len(home) < 3:
        return
    for slash in ("/", "\\/"):
        written = home.replace("/", slash)
        yield Shape(written, _behind(_BEFORE, written) + _AFTER, "~")
    for slash in ("%2F", "%2f"):
        written = home.replace("/", slash)
        yield Shape(written, _behind(_BEFORE_CODED, written) + _AFTER, "~")
    # A folder named after a path. `-root` alone may be an option's name, so a short one needs its slash.
    slug = re.sub("[^A-Za-z0-9]", "-", home)
    edge = "(?<![A-Za-z0-9_.~-]" if home.count("/") > 1 else "(?<=/"
    yield Shape(slug, _behind((edge,), slug) + r"(?![A-Za-z0-9_])", "~")


def _behind(edges: tuple[str, ...], written: str) -> str:
    """The literal first, then a look back at what stands before it: `re` finds literals fast."""
    literal = re.escape(written)
    return literal + "(?:" + "|".join(f"{edge}{literal})" for edge in edges) + ")"


def _users(user: str, host: str) -> Iterator[Shape]:
    if _is_a_host(host):
        pattern = rf"(?<![A-Za-z0-9_.+-])([A-Za-z0-9_.+-]++)@{re.escape(host)}(?![A-Za-z0-9_-])"
        yield Shape(f"@{host}", pattern, lambda m: f"{'user' if m[1] == user else m[1]}@host")
    if not user or user == "root":
        return
    name = re.escape(user)
    yield Shape(f"={user}", rf"\b((?:USER|LOGNAME|USERNAME|SUDO_USER)=){name}(?![A-Za-z0-9_.-])", r"\1user")
    yield Shape(f"({user})", rf"(?<=[0-9])\({name}\)", "(user)")  # `id`
    for folders, slash in ((r"/(?:home|Users)/", "/"), (r"(?i:\\Users\\)", "\\"), (r"(?i:\\\\Users\\\\)", "\\")):
        yield Shape(slash + user, rf"(?<![A-Za-z0-9_.~])((?:[A-Za-z]:)?{folders}){name}(?![A-Za-z0-9_.-])", r"\1user")


def _hosts(host: str) -> Iterator[Shape]:
    """A machine's name as a word of its own where no ordinary word looks so, else only where a name is announced."""
    if not _is_a_host(host):
        return
    name = re.escape(host)
    yield Shape(f"={host}", rf"\b((?:HOSTNAME|HOST|COMPUTERNAME)=){name}(?![A-Za-z0-9_-])", r"\1host")
    if len(host) >= _OWN_WORD and not host.isalpha():
        yield Shape(host, rf"(?<![A-Za-z0-9_.-]){name}(?![A-Za-z0-9_-])", "host")


def _is_a_host(host: str) -> bool:
    return bool(host) and host != "localhost"
