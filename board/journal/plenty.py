"""Where a line is cut that has more secrets than anybody reads: thousands of them cost no more than some hundreds.

It finds no secret. What stands before the cut was looked at as in any line, and what stands behind it is left out.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from board.journal.patterns import compiled
from board.journal.tokens import Span

BEHIND: Final = 4096  # characters behind a cut that are gone through, to see what begins before it
MOST: Final = 96  # secrets of one way of writing them that are told one by one
_KNOWN: Final = "[REDACTED:known:"
MOST_CODED: Final = 48  # of those in base64 or hexadecimal, each of which is decoded and looked at by itself


class Cut:
    """`at` is where the text is over, as far as is known by now."""

    def __init__(self, end: int) -> None:
        self.at = end
        self._told = 0

    def first(self, found: Iterable[Span], most: int = MOST) -> Iterator[Span]:
        """As many as are told one by one, of secrets that come in the order in which they start."""
        most = max(most // 4, most - self._told)  # fewer of each, where there are many ways
        for place, span in enumerate(found):
            if place == most:
                self.back_to(span.start)
                return
            self._told += 1
            yield span

    def behind_known(self, s: str) -> None:
        """Values that are known were marked before anything else, all of them at once."""
        if s.count(_KNOWN) > MOST:
            self.back_to(next(islice(compiled(re.escape(_KNOWN)).finditer(s), MOST, None)).start())

    def near(self, s: str) -> str:
        """The text up to the cut and a bit more: a secret that begins before it may be told by its end."""
        return s[: self.at + BEHIND]

    def back_to(self, at: int) -> None:
        self.at = min(self.at, at)
