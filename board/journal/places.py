"""People's own places: the home folder becomes `~`, this user and this machine `user` and `host`. Masks no secret.

A name of a person or a machine is also an ordinary word, so it is replaced only where it is meant as one.
"""

import re
from collections.abc import Container, Iterable, Iterator
from functools import cached_property
from typing import Final, NamedTuple

from board.journal.patterns import compiled

_BEFORE: Final = (r"(?<![A-Za-z0-9_.~]", r"(?<=\\[nrt]", "(?<=-[ILF]")
_BEFORE_CODED: Final = ("(?<![A-Za-z0-9_.~]", "(?<=%[0-9A-Fa-f][0-9A-Fa-f]")
_AFTER: Final = r"(?![A-Za-z0-9_-]|\.[A-Za-z0-9])"
_ADDRESS: Final = "[A-Za-z0-9_.+-]"
_AFTER_HOST: Final = "(?![A-Za-z0-9_-])"
_OWN_WORD: Final = 8  # characters from which on a machine's name is no common word
_LONG: Final = 4096  # characters from which on one search for all needles costs less than one for each


class Shape(NamedTuple):
    """A text without `needle`, which ends with `word`, is not searched for `pattern`."""

    word: str
    needle: str
    pattern: str
    put: str


class Shapes:
    def __init__(self, home: str, user: str, host: str) -> None:
        """All that is looked for; an empty or common name (`/`, `localhost`) is none."""
        self._all = (*_homes(home), *_users(user, host), *_hosts(host))

    def placed(self, s: str) -> str:
        there = self._there(s)
        for shape in self._all:
            if shape in there and shape.needle in s:
                s = compiled(shape.pattern).sub(shape.put, s)
        return s

    def _there(self, s: str) -> Container[Shape]:
        """Those whose needles stand in a text, and perhaps others."""
        if len(s) < _LONG:
            return self._all
        found: set[Shape] = set()
        for each in self._endings:
            found.update(*each.there(s))
        return found

    @cached_property
    def _endings(self) -> list["_Ending"]:
        words = dict.fromkeys(shape.word for shape in self._all)
        return [_Ending(word, [shape for shape in self._all if shape.word == word]) for word in words]


class _Ending:
    """Shapes whose needles end with the same word: one search for it tells which of them are there."""

    def __init__(self, word: str, shapes: list[Shape]) -> None:
        shapes = sorted(shapes, key=lambda each: -len(each.needle))
        before = "|".join(rf"(?<={re.escape(shape.needle)})()" for shape in shapes)
        self._word = word
        self._pattern = f"{re.escape(word)}(?:{before})"
        # Who finds the longest needle at a place has found all that it ends with.
        self._found = [(), *(tuple(each for each in shapes if shape.needle.endswith(each.needle)) for shape in shapes)]
        # One that begins in a word that is found is not seen.
        self._unsure = [each for each in shapes if set(each.needle.removesuffix(word)[-1:]) & set(word)]

    def there(self, s: str) -> Iterator[Iterable[Shape]]:
        if self._word in s:
            yield self._unsure
            for number in {m.lastindex or 0 for m in compiled(self._pattern).finditer(s)}:
                yield self._found[number]


def _homes(home: str) -> Iterator[Shape]:
    home = home.rstrip("/")
    if not home.startswith("/") or len(home) < 3:
        return
    name = home.rpartition("/")[2]
    for slash in ("/", "\\/"):
        written = home.replace("/", slash)
        yield Shape(name, written, _behind(_BEFORE, written) + _AFTER, "~")
    for slash in ("%2F", "%2f"):
        written = home.replace("/", slash)
        yield Shape(name, written, _behind(_BEFORE_CODED, written) + _AFTER, "~")
    # A folder named after a path. `-root` alone may be an option's name, so a short one needs its slash.
    slug, name = (re.sub("[^A-Za-z0-9]", "-", each) for each in (home, name))
    edge = "(?<![A-Za-z0-9_.~-]" if home.count("/") > 1 else "(?<=/"
    yield Shape(name, slug, _behind((edge,), slug) + r"(?![A-Za-z0-9_])", "~")


def _behind(edges: tuple[str, ...], written: str) -> str:
    """The literal first, then a look back at what stands before it: `re` finds literals fast."""
    literal = re.escape(written)
    return literal + "(?:" + "|".join(f"{edge}{literal})" for edge in edges) + ")"


def _users(user: str, host: str) -> Iterator[Shape]:
    if _is_a_host(host):
        if user:
            written = f"{user}@{host}"
            yield Shape(host, written, _behind((rf"(?<!{_ADDRESS}",), written) + _AFTER_HOST, "user@host")
        yield Shape(host, f"@{host}", _behind((rf"(?<={_ADDRESS}",), f"@{host}") + _AFTER_HOST, "@host")
    if not user or user == "root":
        return
    after = "(?![A-Za-z0-9_.-])"
    variables = ("USER", "LOGNAME", "USERNAME", "SUDO_USER")
    yield Shape(user, f"={user}", _behind(_set(*variables), user) + after, "user")
    yield Shape(user, f"({user}", _behind((r"(?<=[0-9]\(",), user) + r"(?=\))", "user")  # `id`
    for folder in ("/home/", "/Users/"):
        yield Shape(user, folder + user, _behind((rf"(?<=(?<![A-Za-z0-9_.~]){folder}",), user) + after, "user")
    for slash in ("\\", "\\\\"):
        folder = f"(?i:{re.escape(slash)}Users{re.escape(slash)})"
        yield Shape(user, slash + user, _behind((rf"(?<=(?<![A-Za-z0-9_.~]){folder}",), user) + after, "user")


def _hosts(host: str) -> Iterator[Shape]:
    """A machine's name as a word of its own where no ordinary word looks so, else only where a name is announced."""
    if not _is_a_host(host):
        return
    yield Shape(host, f"={host}", _behind(_set("HOSTNAME", "HOST", "COMPUTERNAME"), host) + _AFTER_HOST, "host")
    if len(host) >= _OWN_WORD and not host.isalpha():
        yield Shape(host, host, _behind((r"(?<![A-Za-z0-9_.-]",), host) + _AFTER_HOST, "host")


def _set(*variables: str) -> tuple[str, ...]:
    return tuple(rf"(?<=\b{name}=" for name in variables)


def _is_a_host(host: str) -> bool:
    return bool(host) and host != "localhost"
