"""Boards as people write them, drawn by hypothesis. It knows which bytes are whose, and asks no code of ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, cast

from hypothesis import strategies as st

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[Any]], Any]

MACHINE_KEYS = ("status", "step", "claim", "last_token", "checkpoint", "run", "blocked")
AT = "2026-11-20T10:00:00Z"

_WORDS = (
    "todo",
    "claimed",
    "a b",
    "it's",
    'say "x"',
    "ünï 🎉",
    "x: y",
    "# no",
    "- id: z",
    "yes",
    "1:30",
    "0x1f",
    "a\tb",
    "",
)
_BLOCKS = (
    ("status: claimed", "  claim: {by: x}", "- id: fake", "tasks:"),
    ("# not a comment", "", "--- not a marker", "last_token: 9"),
    ("{flow: [", "'quote \"", "\ttab", "end:"),
)


class Piece(NamedTuple):
    """Whole lines of a board: of one key of one task, or of nobody (`key` is None)."""

    text: str
    key: str | None = None


class Written(NamedTuple):
    """A board's text in pieces. `comments` are marks that each stand in exactly one comment."""

    head: str
    tasks: dict[str, tuple[Piece, ...]]
    tail: str
    comments: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.head + "".join(piece.text for pieces in self.tasks.values() for piece in pieces) + self.tail

    def around(self, task_id: str) -> tuple[str, str]:
        """The bytes before and behind a task's own pieces."""
        names = list(self.tasks)
        at = names.index(task_id)
        joined = {name: "".join(piece.text for piece in pieces) for name, pieces in self.tasks.items()}
        before = self.head + "".join(joined[name] for name in names[:at])
        return before, "".join(joined[name] for name in names[at + 1 :]) + self.tail


class Pen:
    """Writes values in drawn styles. One pen writes one board."""

    def __init__(self, draw: Draw, *, strange: bool) -> None:
        self._draw = draw
        self.strange = strange
        self.comments: list[str] = []

    def pick(self, options: Sequence[T]) -> T:
        return cast("T", self._draw(st.sampled_from(options)))

    def chance(self, one_in: int) -> bool:
        return bool(self._draw(st.integers(1, one_in)) == one_in)

    def shuffled(self, names: list[str]) -> list[str]:
        return list(self._draw(st.permutations(names)))

    # --- comments

    def comment(self) -> str:
        mark = f"c{len(self.comments)}c"
        self.comments.append(mark)
        return "#" + self.pick(("", " ", "!")) + mark + self.pick(("", " status: done", " - id: x", " 'open", " ünï"))

    def trailing(self) -> str:
        return self.pick((" ", "   ")) + self.comment() if self.chance(5) else self.pick(("", "", "", " "))

    def between(self, deepest: int) -> list[str]:
        """Blank and comment lines, none deeper than column `deepest`."""
        if not self.chance(5):
            return []
        lines = [self.pick(("", "  "))] if self.chance(2) else []
        return [*lines, " " * self.pick((0, deepest // 2, deepest)) + self.comment()] if self.chance(2) else lines

    # --- values

    def key(self, name: str) -> str:
        quoted = self.pick((name,) * 6 + (f'"{name}"', f"'{name}'"))
        return quoted + self.pick((":",) * 6 + (" :",))

    def word(self, text: str) -> str:
        """A string in one line, so that a YAML 1.2 reader reads this very string."""
        plain = text.isascii() and text.isalpha() and text not in ("yes", "null", "true")
        doubled = json.dumps(text, ensure_ascii=False)
        single = doubled if "\n" in text else "'" + text.replace("'", "''") + "'"
        return self.pick((text, doubled, single) if plain else (doubled, single))

    def flow(self, value: Any) -> str:
        if isinstance(value, Mapping):
            items = [
                f"{self.pick((name, chr(34) + name + chr(34)))}: {self.flow(item)}" for name, item in value.items()
            ]
            return self.pick(("{%s}", "{ %s }")) % ", ".join(items)
        if isinstance(value, list):
            return "[" + ", ".join(self.flow(item) for item in value) + "]"
        return self.atom(value)

    def atom(self, value: Any) -> str:
        if value is None:
            return self.pick(("null", "~"))
        if isinstance(value, int):
            return str(value)
        return value if value == AT else self.word(value)

    def lines(self, name: str, value: Any, column: int) -> list[str]:
        """`name: value` at `column`; the first line without its indent."""
        key = self.key(name)
        if isinstance(value, Mapping) and value:
            return self._mapping(key, value, column)
        if isinstance(value, list) and value:
            return self._sequence(key, value, column)
        if isinstance(value, str) and "\n" in value:
            return self._block(key, value, column)
        if value is None and self.chance(2):
            return [key + self.trailing()]
        return [f"{key}{self.pick((' ', ' ', '   '))}{self.flow(value)}{self.trailing()}"]

    def _mapping(self, key: str, value: Mapping[str, Any], column: int) -> list[str]:
        style = self.pick(("flow", "flow", "wide", "block", "block"))
        if style == "flow":
            return [f"{key} {self.flow(value)}{self.trailing()}"]
        inner = column + self.pick((1, 2, 4))
        if style == "wide":
            return self._wide(key, value, inner)
        lines = [key + self.trailing()]
        for name, item in value.items():
            first, *rest = self.lines(name, item, inner)
            lines += [*self.between(inner), " " * inner + first, *rest]
        return lines

    def _wide(self, key: str, value: Mapping[str, Any], inner: int) -> list[str]:
        """A flow mapping over several lines, with comments inside."""
        pairs = [f"{self.pick((name, repr(name)))}: {self.flow(item)}" for name, item in value.items()]
        comma = [","] * (len(pairs) - 1) + [self.pick(("", ","))]
        body = [f"{' ' * inner}{pair}{end}{self.trailing()}" for pair, end in zip(pairs, comma, strict=True)]
        return [f"{key} {{{self.trailing()}", *body, f"{' ' * inner}}}{self.trailing()}"]

    def _sequence(self, key: str, value: list[Any], column: int) -> list[str]:
        if self.chance(2):
            return [f"{key} {self.flow(value)}{self.trailing()}"]
        dash = column + self.pick((0, 2))
        lines = [key + self.trailing()]
        for item in value:
            lines += [*self.between(dash), f"{' ' * dash}- {self.flow(item)}{self.trailing()}"]
        return lines

    def _block(self, key: str, value: str, column: int) -> list[str]:
        head = self.pick(("|", ">")) + self.pick(("", "-", "+"))
        inner = column + self.pick((1, 2, 3))
        body = [" " * inner + line if line else "" for line in value.splitlines()]
        return [f"{key} {head}{self.pick(('', ' '))}{' ' + self.comment() if self.chance(4) else ''}", *body]


def _value(pen: Pen, name: str) -> Any:
    word, number = pen.pick(_WORDS), pen.pick((0, 1, 17))
    match name:
        case "claim":
            return {"by": word or "bob", "token": number, "at": AT, "expires_at": AT}
        case "checkpoint":
            return {"commit": "3f2a9c1", "note": word, "at": AT}
        case "run":
            return {"step": "main", "attempt": number, "restarts": [AT], "last_exit": None}
        case "blocked":
            return {"on": word, "x-more": {"deep": [1, word]}}
        case "last_token":
            return number
        case "after":
            return ["a", word]
        case "steps":
            return [{"id": "main", "prompt": word}, {"id": "more"}]
        case "prompt":
            return "\n".join(pen.pick(_BLOCKS))
        case _:
            return pen.pick((word, word, word, "two\nlines", None if name not in ("id", "title") else word))


_KEYS = ("title", "status", "step", "claim", "last_token", "checkpoint", "run", "blocked", "after", "steps", "prompt")


def _task(pen: Pen, task_id: str, dash: int) -> list[Piece | str]:
    """Lines of one task, as (line, key) pieces yet without line ends; a plain string is nobody's line."""
    names = ["id", *(name for name in (*_KEYS, "x-own") if pen.chance(3))]
    if pen.chance(2):
        names = pen.shuffled(names)
    if pen.strange and pen.chance(4):
        record = {name: task_id if name == "id" else _value(pen, name) for name in names}
        return [Piece(f"{' ' * dash}- {pen.flow(record)}{pen.trailing()}", "*")]
    gap = pen.pick((1, 1, 1, 3))
    column = dash + 1 + gap
    made: list[Piece | str] = []
    after_block = False
    for index, name in enumerate(names):
        value = task_id if name == "id" else _value(pen, name)
        first, *rest = pen.lines(name, value, column)
        lead = " " * column if index else " " * dash + "-" + " " * gap
        if index:
            made += pen.between(column if after_block else column + 2)
        made.append(Piece("\n".join([lead + first, *rest]), name))
        after_block = isinstance(value, str) and "\n" in value
    if pen.strange and pen.chance(3):
        made.append(Piece(" " * column + "<<: *base" + pen.trailing(), "<<"))
    return made


def _head(pen: Pen) -> list[str]:
    lines = [pen.comment()] if pen.chance(3) else []
    if pen.chance(5):
        lines += ["---" + pen.trailing()]
    lines += ["version: 1" + pen.trailing()]
    if pen.strange:
        lines += ["x-base: &base {x-by: ann, x-n: 3}" + pen.trailing()]
    if pen.chance(3):
        lines += ["settings: {lease: 2h}", *pen.between(2)]
    return [*lines, pen.key("tasks") + pen.trailing(), *pen.between(0)]


def _tail(pen: Pen) -> list[str]:
    lines = ["agents: {a: {use: shell}}" + pen.trailing()] if pen.chance(3) else []
    lines += pen.between(0)
    if pen.chance(6):
        lines += ["..." + pen.trailing()]
    return lines


@st.composite
def boards(draw: Draw, *, strange: bool = False, listed: int = 3) -> Written:
    """`strange` ones also have flow-style tasks, merges and aliases, which may be refused."""
    pen = Pen(draw, strange=strange)
    ending = pen.pick(("\n", "\n", "\r\n", "mixed"))

    def ended(lines: Sequence[str]) -> str:
        return "".join(
            line + (pen.pick(("\n", "\r\n")) if ending == "mixed" else ending)
            for block in lines
            for line in block.split("\n")
        )

    head = pen.pick(("", "", "", "\ufeff")) + ended(_head(pen))
    dash = pen.pick((0, 2, 2, 4))
    tasks: dict[str, tuple[Piece, ...]] = {}
    for number in range(draw(st.integers(1, listed))):
        pieces = _task(pen, f"t{number}", dash)
        tasks[f"t{number}"] = tuple(
            Piece(ended([piece])) if isinstance(piece, str) else Piece(ended([piece.text]), piece.key)
            for piece in pieces
        )
    tail = ended(_tail(pen))
    if pen.chance(4):
        tasks, tail = _without_last_end(tasks, tail)
    return Written(head, tasks, tail, tuple(pen.comments))


def _without_last_end(tasks: dict[str, tuple[Piece, ...]], tail: str) -> tuple[dict[str, tuple[Piece, ...]], str]:
    if tail:
        return tasks, chomped(tail)
    name = list(tasks)[-1]
    last = tasks[name][-1]
    return {**tasks, name: (*tasks[name][:-1], last._replace(text=chomped(last.text)))}, tail


def chomped(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(_WORDS)


_AT = st.just(AT)
_RECORDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "claim": {"by": _TEXT, "token": st.integers(0, 99), "at": _AT, "expires_at": _AT},
    "checkpoint": {"commit": st.from_regex(r"\A[0-9a-f]{7,12}\Z"), "note": _TEXT, "at": _AT},
    "run": {"step": st.just("main"), "attempt": st.integers(1, 9), "restarts": st.lists(_AT, max_size=2)},
    "blocked": {"on": _TEXT, "by": _TEXT},
}


def _record(draw: Draw, name: str) -> dict[str, Any]:
    fields = _RECORDS[name].items()
    return {key: draw(value) for key, value in fields if draw(st.booleans()) or key in ("by", "step")}


@st.composite
def patches(draw: Draw) -> dict[str, Any]:
    """What the engine may ask of a task: machine keys with new values, or None for a key that is to go."""
    patch: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(MACHINE_KEYS), min_size=1, max_size=4, unique=True)):
        if draw(st.integers(0, 2)) == 0 and name != "status":
            patch[name] = None
        elif name == "last_token":
            patch[name] = draw(st.integers(0, 10**9))
        elif name in ("status", "step"):
            patch[name] = draw(st.sampled_from(("todo", "in_progress", "write")) | _TEXT)
        else:
            patch[name] = _record(draw, name) or {"x-none": 1}
    return patch


@st.composite
def records(draw: Draw) -> dict[str, Any]:
    """A new task as `board add` makes one."""
    lines = st.lists(_TEXT | st.sampled_from([line for block in _BLOCKS for line in block]), max_size=4).map("\n".join)
    record: dict[str, Any] = {"id": "new", "title": draw(_TEXT)}
    for name in draw(st.lists(st.sampled_from(("prompt", "after", "x-more", "priority")), unique=True)):
        record[name] = draw(
            {
                "prompt": lines,
                "after": st.lists(st.just("t0")),
                "x-more": st.dictionaries(_TEXT, _TEXT | st.integers(-(10**9), 10**9), max_size=2),
                "priority": st.integers(0, 9),
            }[name]
        )
    return record
