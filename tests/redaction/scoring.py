"""What is still readable after redacting, by kind and by mangling. Judges outputs; makes no case and masks nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from board.journal.redact import Redactor
from tests.redaction.corpus import Case
from tests.redaction.mangling import NAMED

RUN = 8  # so many characters of a secret in a row, and it counts as read
Redact = Callable[[Case], str]


class Score(NamedTuple):
    """One case's result: what could be read of its secrets, and which of its public words are gone."""

    case: Case
    read: tuple[str, ...]
    lost: tuple[str, ...]


class Tally(NamedTuple):
    total: int
    missed: int

    @property
    def recall(self) -> float:
        return 1 - self.missed / self.total


def redacted(redactor: Redactor, case: Case) -> str:
    """As a worker's output goes through: by the stream, at once."""
    stream = redactor.stream(width=case.width)
    return stream.feed(case.text) + stream.close()


def score(case: Case, output: str) -> Score:
    views = (output, *NAMED[case.mangling].undo(output))
    runs = {view[i : i + RUN] for view in views for i in range(len(view) - RUN + 1)}
    read = tuple(secret for secret in case.secrets if _is_read(secret, runs, views))
    lost = tuple(word for word in case.keep if not any(word in view for view in views))
    return Score(case, read, lost)


def _is_read(secret: str, runs: set[str], views: tuple[str, ...]) -> bool:
    if len(secret) < RUN:
        return any(secret in view for view in views)
    return any(secret[i : i + RUN] in runs for i in range(len(secret) - RUN + 1))


def scores(some: Iterable[Case], redact: Redact) -> list[Score]:
    return [score(case, redact(case)) for case in some]


def tally(of: Iterable[Score], by: Callable[[Case], str]) -> dict[str, Tally]:
    total, missed = Counter[str](), Counter[str]()
    for one in of:
        total[by(one.case)] += 1
        missed[by(one.case)] += bool(one.read)
    return {name: Tally(total[name], missed[name]) for name in total}


def misses(of: Iterable[Score]) -> list[str]:
    """A line for each format: in which manglings it was read, or, when they are most, in which it was not."""
    return _by_format(of, lambda one: bool(one.read))


def losses(of: Iterable[Score]) -> list[str]:
    """The same for public words that were lost."""
    return _by_format(of, lambda one: bool(one.lost))


def _by_format(of: Iterable[Score], is_bad: Callable[[Score], bool]) -> list[str]:
    bad: dict[str, list[str]] = {}
    good: dict[str, list[str]] = {}
    for one in of:
        (bad if is_bad(one) else good).setdefault(f"{one.case.kind}/{one.case.format}", []).append(one.case.mangling)
    return [f"{name}: {_manglings(found, good.get(name, []))}" for name, found in bad.items()]


def _manglings(bad: list[str], good: list[str]) -> str:
    if not good:
        return f"all of {len(bad)}"
    return f"all but {', '.join(good)}" if len(bad) > len(good) else ", ".join(bad)
