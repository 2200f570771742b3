"""The door to the process in which people's regular expressions are tried out before they are used on every line.

It makes no hostile line (`ordeal` does) and says nothing of what becomes of a rule that is too slow (`loading`).
A verdict is kept under the hash of what was tried; the file may be deleted at any time, and then it is tried again.
"""

import marshal
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Final, NamedTuple

from board.journal import ordeal

_PATIENCE: Final = 20.0  # seconds of wall clock: an ordeal ends by its own CPU time long before, unless it gets none
_SLOW: Final = -27  # SIGPROF: the search was still running when its time was over


class Tried(NamedTuple):
    literal: str
    regex: str


class Verdict(StrEnum):
    QUICK = "quick"
    SLOW = "slow"
    UNKNOWN = "unknown"  # no process could be had, or it got no CPU: this is not kept


def verdicts(rules: Sequence[Tried], folder: str) -> list[Verdict]:
    """One each; `folder` keeps them. A new rule costs some tens of milliseconds, a known one the reading of a file."""
    found = {rule: known for rule in rules if (known := _recall(folder, rule)) is not None}
    fresh = [rule for rule in dict.fromkeys(rules) if rule not in found]
    while fresh:
        told = _tried(fresh)
        for rule, verdict in zip(fresh, told, strict=False):
            found[rule] = verdict
            if verdict is not Verdict.UNKNOWN:
                _keep(folder, rule, verdict)
        fresh = fresh[len(told) :]
    return [found[rule] for rule in rules]


def _tried(rules: Sequence[Tried]) -> list[Verdict]:
    """Of the first rules, up to and with the one that the process ended at; of at least one."""
    import subprocess

    argv = [sys.executable, "-I", "-S", ordeal.__file__]
    try:
        process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, close_fds=True
        )
    except OSError:
        return [Verdict.UNKNOWN] * len(rules)
    with process:
        try:
            said, _ = process.communicate(marshal.dumps([tuple(rule) for rule in rules]), _PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
    through = [Verdict.QUICK] * min(said.count(b"ok\n"), len(rules))
    if len(through) == len(rules):
        return through
    return [*through, Verdict.SLOW if process.returncode == _SLOW else Verdict.UNKNOWN]


def _path(folder: str, rule: Tried) -> str:
    from hashlib import blake2b

    terms = (ordeal.SIZES, ordeal.PER_CHARACTER, ordeal.LEAST, sys.version_info[:3])
    name = blake2b(repr((tuple(rule), terms)).encode("utf-8", "replace"), digest_size=16).hexdigest()
    return os.path.join(folder, name)


def _recall(folder: str, rule: Tried) -> Verdict | None:
    try:
        fd = os.open(_path(folder, rule), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with suppress(OSError, ValueError), open(fd, "rb") as file:
        verdict = Verdict(file.read(16).decode("ascii"))
        return verdict if verdict is not Verdict.UNKNOWN else None
    return None


def _keep(folder: str, rule: Tried, verdict: Verdict) -> None:
    """Whole or not at all. Where there is no cache yet none is begun: who only looks leaves nothing behind."""
    path = _path(folder, rule)
    aside = f"{path}.{os.getpid()}"
    with suppress(OSError):
        if not os.path.isdir(folder):
            os.mkdir(folder, 0o700)
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(verdict.encode())
        os.replace(aside, path)
