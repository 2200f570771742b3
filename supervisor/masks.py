"""What a supervisor masks: the rules of its board, taken over when they, or the files that they name, change.

It redacts nothing itself: it makes the redactor that the journal and the hands have from then on.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from board.journal.redact import Redactor
from board.journal.sink import Journal, make_redactor
from board.settings import Redact


class Trouble(NamedTuple):
    """Where in the board's settings, and what."""

    path: str
    problem: str


class Taken(NamedTuple):
    """The redactor of the moment, and what of the settings is newly in trouble."""

    redactor: Redactor
    troubles: list[Trouble]


class KeptJournal(Journal):
    """A journal whose redactor can be another one from the next line on."""

    @property
    def redactor(self) -> Redactor:
        return self._redactor

    def redact_with(self, redactor: Redactor) -> None:
        self._redactor = redactor


class Masks:
    """Decides how the journal is redacted; whoever else redacts is given the same redactor."""

    def __init__(self, journal: KeptJournal, side: str, env: Mapping[str, str]) -> None:
        self._journal = journal
        self._side = side
        self._env = env
        self._seen: object = None
        self._told: frozenset[Trouble] = frozenset()

    @property
    def redactor(self) -> Redactor:
        """The one of the moment."""
        return self._journal.redactor

    def take(self, wanted: Redact) -> Redactor:
        """The redactor for these settings, which the journal has from now on."""
        redactor = make_redactor(self._side, self._env, wanted)
        self._journal.redact_with(redactor)
        return redactor

    def follow(self, wanted: Redact) -> Taken | None:
        """Takes these settings over; None where they, and the files that they name, are as they were."""
        seen = (wanted, self._stamp(wanted))
        if seen == self._seen:
            return None
        self._seen = seen
        troubles = self._troubles(wanted)
        new = [trouble for trouble in troubles if trouble not in self._told]
        self._told = frozenset(troubles)
        return Taken(self.take(wanted), new)

    def _stamp(self, wanted: Redact) -> object:
        files = wanted.values_from if wanted.gitleaks is None else (*wanted.values_from, wanted.gitleaks)
        if not files:
            return ()
        from board.journal.values import stamp

        return stamp(os.path.dirname(self._side), files, self._env)

    def _troubles(self, wanted: Redact) -> list[Trouble]:
        if wanted == Redact():
            return []
        from board.findings import label
        from board.journal.loading import load

        found = load(self._side, self._env, wanted).troubles
        return [Trouble(label(("settings", "redact", *trouble.path)), trouble.message) for trouble in found]
