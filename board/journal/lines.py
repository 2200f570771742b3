"""One visible line, redacted until nothing changes: so a second time finds nothing to do. It knows no other line.

Known values first, then what shows by its form, by a name, or in other clothes.
"""

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from board.journal import announced, keyblocks
from board.journal.hidden import views
from board.journal.idioms import called
from board.journal.known import masked, places
from board.journal.marks import FAILED, Marks
from board.journal.notations import noted
from board.journal.pairs import named_secrets
from board.journal.patterns import compiled
from board.journal.rules import is_plain, secret_kind
from board.journal.tokens import Span, merged, tokens
from board.journal.units import Text, Unit, walk

if TYPE_CHECKING:
    from board.journal.own import Own

_ROUNDS: Final = 6


class Lines:
    def __init__(
        self,
        marks: Marks,
        needles: Callable[[], list[tuple[str, str]]],
        placed: Callable[[str], str],
        own: "Own | None",
    ) -> None:
        """`needles` is asked at the first line only: most commands write none. `placed` takes people's places out."""
        self._placed = placed
        self._marks = marks
        self._needles = needles
        self._own = own

    def settled(self, line: str) -> str:
        s = line
        for _ in range(_ROUNDS):
            done = self.once(s)
            if done == s:
                return done if done == line else self._still_json(line, done)
            s = done
        return FAILED

    def once(self, s: str) -> str:
        s = masked(s, self._needles(), self._marks)
        s = self.replaced(s, merged((*self.shown(s), *self._hidden(s))))
        return self._placed(self.replaced(s, self._named(s)))

    def spans(self, s: str) -> list[Span]:
        """All that is seen at one look, in order and apart: for a line that is not written as it is."""
        return merged((*self._known(s), *self.shown(s), *self._hidden(s), *self._named(s)))

    def _known(self, s: str) -> Iterator[Span]:
        for needle, _ in self._needles():
            yield from (Span(at, at + len(needle), "known") for at in places(s, needle))

    def _named(self, s: str) -> list[Span]:
        said = (*named_secrets(s, self._marks), *called(s), *noted(s))
        return [
            span
            for span in merged(Span(start, end, kind) for kind, start, end in said)
            if not self._marks.is_marked(s[span.start : span.end])
        ]

    def shown(self, s: str) -> list[Span]:
        """What shows by its form, also by people's own rules."""
        found = tokens(s, self._marks)
        if keyblocks.may_hold(s):
            found = merged((*(Span(start, end, keyblocks.KIND) for start, end in keyblocks.in_line(s)), *found))
        if self._own is None:
            return found
        theirs = [Span(start, end, kind) for kind, start, end in self._own.find(s)]
        return [span for span in merged((*theirs, *found)) if not self._own.is_allowed(s[span.start : span.end])]

    def replaced(self, s: str, spans: list[Span]) -> str:
        done, out = 0, []
        for start, end, kind in spans:
            secret = s[start:end]
            if start < done or self._marks.is_marked(secret) or self._is_allowed(secret):
                continue
            mark = self._marks.mark(kind, secret)
            out += [s[done:start], f'"{mark}"' if _is_a_number_in_json(s, start, secret) else mark]
            done = end
        return "".join(out) + s[done:] if out else s

    def _is_allowed(self, secret: str) -> bool:
        return self._own is not None and self._own.is_allowed(secret)

    def _hidden(self, s: str) -> Iterator[Span]:
        for view in views(s):
            for start, end, kind in self._seen_in(view.text, is_whole=view.is_whole):
                yield Span(*view.span(start, end), kind)

    def _seen_in(self, text: str, *, is_whole: bool) -> Iterator[Span]:
        yield from self.shown(text)
        yield from self._known(text)
        if is_whole:
            yield from self._named(text)
        else:
            yield from (span._replace(end=_quoted_to(text, span)) for span in self._named(text))
        if "\n" in text:
            for unit in units_of(Text(text, is_all=True), self._marks):
                yield from (Span(start, end, unit.kind) for start, end in unit.spans)

    # --- JSON in stays JSON out

    def _still_json(self, line: str, done: str) -> str:
        text = line.strip()
        if text[:1] + text[-1:] not in ("{}", "[]") or _parsed(done) is not None:
            return done
        value = _parsed(line)
        if value is None:
            return done
        separators = (", ", ": ") if '": ' in text else (",", ":")
        return json.dumps(self._walked(value[0]), ensure_ascii=False, separators=separators)

    def _walked(self, value: Any, kind: str | None = None) -> Any:
        match value:
            case dict():
                return {self.settled(key): self._walked(item, secret_kind(key)) for key, item in value.items()}
            case list():
                return [self._walked(item, kind) for item in value]
            case bool() | None:
                return value
            case str() if kind is None or self._marks.is_marked(value):
                return self.settled(value)
            case _:
                text = str(value)
                return value if kind is None or is_plain(text, kind) else self._marks.mark(kind, text)


def _quoted_to(text: str, span: Span) -> int:
    """A decoded text stands in somebody's quotes: what seems to be a value ends with them."""
    m = compiled("[\"'](?=[\\s,;)}\\]]|\\Z)").search(text, span.start + 1, span.end)
    return span.end if m is None else m.start()


def units_of(text: Text, marks: Marks) -> list[Unit]:
    """Lines that belong together in a whole text, but for those that a terminal cut."""
    return walk(text, [*keyblocks.candidates(text), *announced.candidates(text, marks)])[0]


def _is_a_number_in_json(s: str, start: int, secret: str) -> bool:
    return secret.replace(".", "", 1).isdigit() and s[max(0, start - 8) : start].rstrip().endswith('":')


def _parsed(text: str) -> tuple[Any] | None:
    try:
        return (json.loads(text),)
    except (ValueError, RecursionError):
        return None
