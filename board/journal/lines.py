"""One visible line, redacted until nothing changes: so a second time finds nothing to do. It knows no other line.

Known values first, then what shows by its form, by a name, or in other clothes.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Final

from board.journal import announced, keyblocks
from board.journal.hidden import Run, decoded, runs
from board.journal.idioms import called
from board.journal.known import Needles, masked, places
from board.journal.marks import CUT, FAILED, Marks
from board.journal.notations import noted
from board.journal.pairs import named_secrets
from board.journal.patterns import compiled
from board.journal.plenty import BEHIND, MOST, MOST_CODED, Cut
from board.journal.records import still_json
from board.journal.tokens import Span, merged, tokens
from board.journal.units import Text, Unit, walk

if TYPE_CHECKING:
    from board.journal.own import Own

_ROUNDS: Final = 6
_FEW: Final = 8  # texts that are looked at without asking first which of them are worth it
_RUNS_AT_ONCE: Final = 64


class Lines:
    def __init__(
        self,
        marks: Marks,
        needles: Callable[[], list[tuple[str, str]]],
        placed: Callable[[str], str],
        hot: Callable[[str], list[int]],
        own: "Own | None",
    ) -> None:
        """`needles` is asked at the first line only: most commands write none. `placed` takes people's places out, and
        `hot` tells where in a text of many lines a secret may be."""
        self._placed = placed
        self._hot = hot
        self._marks = marks
        self._given = needles
        self._own = own

    @cached_property
    def _needles(self) -> Needles:
        return Needles(self._given())

    def settled(self, line: str) -> str:
        s = line
        for _ in range(_ROUNDS):
            done = self.once(s)
            if done == s:
                kept = done if done == line else still_json(line, done, self._values, self._marks)
                # What a cut record was closed with may be taken for a part of a value.
                return self.settled(kept) if kept != done and done.endswith(CUT) else kept
            s = done
        return FAILED

    def _values(self, texts: list[str]) -> dict[str, str]:
        """What texts become that are redacted one by one."""
        hot = self._hot_of(texts) if len(texts) > _FEW else set(texts)
        values: dict[str, str] = {}
        looked = 0
        for text in dict.fromkeys(texts):
            looked += text in hot
            values[text] = self._placed(text) if text not in hot else self.settled(text) if looked <= MOST else CUT
        return values

    def once(self, s: str) -> str:
        s = masked(s, self._needles.there(s), self._marks)
        cut = Cut(len(s))
        cut.behind_known(s)
        s, end = self._replaced(s, merged(self._by_form(cut.near(s), cut)), cut)
        cut = Cut(end)
        s, end = self._replaced(s, self._named(s, cut), cut)
        return self._placed(s if end == len(s) else s[:end] + CUT)

    def _by_form(self, s: str, cut: Cut) -> Iterator[Span]:
        yield from cut.first(self.shown(s))
        yield from self._hidden(cut.near(s), cut)

    def spans(self, s: str) -> list[Span]:
        """All that is seen at one look, in order and apart: for a line that is not written as it is."""
        cut = Cut(len(s))
        found = merged((*self._known(s), *self._by_form(s, cut), *self._named(s, cut)))
        return merged((*found, Span(cut.at, len(s), "secret")))

    def _known(self, s: str) -> Iterator[Span]:
        for needle, _ in self._needles.there(s):
            yield from (Span(at, at + len(needle), "known") for at in places(s, needle))

    def _named(self, s: str, cut: Cut) -> list[Span]:
        said: list[Span] = []
        for way in self._ways(s, cut):
            spans = (Span(start, end, kind) for kind, start, end in way)
            said += cut.first(span for span in spans if not self._marks.is_marked(s[span.start : span.end]))
        return [span for span in merged(said) if not self._marks.is_marked(s[span.start : span.end])]

    def _ways(self, s: str, cut: Cut) -> Iterator[Iterator[tuple[str, int, int]]]:
        """What is behind a cut that one way made is not gone through by the next."""
        yield named_secrets(s, self._marks)
        yield from called(cut.near(s))
        yield from noted(cut.near(s))

    def shown(self, s: str) -> list[Span]:
        """What shows by its form, also by people's own rules."""
        found = tokens(s, self._marks)
        if keyblocks.may_hold(s):
            found = merged((*(Span(start, end, keyblocks.KIND) for start, end in keyblocks.in_line(s)), *found))
        if self._own is None:
            return found
        theirs = [Span(start, end, kind) for kind, start, end in self._own.find(s)]
        return [span for span in merged((*theirs, *found)) if not self._own.is_allowed(s[span.start : span.end])]

    def _replaced(self, s: str, spans: list[Span], cut: Cut) -> tuple[str, int]:
        """The text with the secrets before the cut marked, and the place in it where it is to be cut."""
        done, out = 0, list[str]()
        for start, end, kind in spans:
            secret = s[start:end]
            if start >= cut.at:
                break
            if start < done or self._marks.is_marked(secret) or self._is_allowed(secret):
                continue
            mark = self._marks.mark(kind, secret)
            out += [s[done:start], f'"{mark}"' if _is_a_number_in_json(s, start, secret) else mark]
            done = end
        place = max(cut.at, done)
        head = "".join((*out, s[done:place]))
        return head + s[place : place + BEHIND], len(head)

    def _is_allowed(self, secret: str) -> bool:
        return self._own is not None and self._own.is_allowed(secret)

    # --- what is written in other clothes

    def _hidden(self, s: str, cut: Cut) -> Iterator[Span]:
        if (view := decoded(s)) is not None:
            inner = Cut(len(view.text))
            yield from (Span(*view.span(start, end), kind) for start, end, kind in self._seen_in(view.text, inner))
            if inner.at < len(view.text):
                cut.back_to(view.span(inner.at, inner.at)[0])
        for way in runs(cut.near(s)):
            yield from cut.first(self._told(way), MOST_CODED)

    def _seen_in(self, text: str, cut: Cut) -> Iterator[Span]:
        yield from cut.first(self.shown(text))
        yield from self._known(text)
        yield from (span._replace(end=_quoted_to(text, span)) for span in self._named(cut.near(text), cut))
        text = cut.near(text)
        if "\n" in text:
            yield from cut.first(
                Span(start, end, unit.kind)
                for unit in units_of(Text(text, is_all=True), self._marks, MOST + 1)
                for start, end in unit.spans
            )

    def _told(self, way: Iterator[Run]) -> Iterator[Span]:
        """Words that have a secret, each once."""
        done = 0
        while few := list(islice(way, _RUNS_AT_ONCE)):
            for text, start, end in self._likely(few):
                if start >= done and (seen := next(self._seen_in(text, Cut(len(text))), None)) is not None:
                    yield Span(start, end, seen.kind)
                    done = end

    def _likely(self, few: list[Run]) -> list[Run]:
        if len(few) <= _FEW:
            return few
        hot = self._hot_of([run.text for run in few])
        return [run for run in few if run.text in hot]

    def _hot_of(self, texts: list[str]) -> set[str]:
        """Those that have to be looked at closely. Of those of several lines that is not asked."""
        lines = [text for text in texts if "\n" not in text]
        starts = [0, *accumulate(len(line) + 1 for line in lines)]
        hot = {bisect_right(starts, place) - 1 for place in self._hot("\n".join(lines))}
        return {lines[number] for number in hot}.union(text for text in texts if "\n" in text)


def _quoted_to(text: str, span: Span) -> int:
    """A decoded text stands in somebody's quotes: what seems to be a value ends with them."""
    m = compiled("[\"'](?=[\\s,;)}\\]]|\\Z)").search(text, span.start + 1, span.end)
    return span.end if m is None else m.start()


def units_of(text: Text, marks: Marks, most: int | None = None) -> list[Unit]:
    """Lines that belong together in a whole text, but for those that a terminal cut; at most so many."""
    return walk(text, [*keyblocks.candidates(text), *announced.candidates(text, marks)], most)[0]


def _is_a_number_in_json(s: str, start: int, secret: str) -> bool:
    return secret.replace(".", "", 1).isdigit() and s[max(0, start - 8) : start].rstrip().endswith('":')
