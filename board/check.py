"""Everything that is wrong with a board, at once and with its place; it repairs nothing and knows no lifecycle.

Theory of operation. The plain data (aliases and merges unfolded) are compared with the `vocabulary`, then the rules
that no table of keys can say are asked: names that must be unique, names that must exist, cycles. Each finding carries
a path into the data; only findings look up their place in the tree of nodes and ask for the nearest known word, so
that a board without problems pays for neither.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple, assert_never

from board.document import Document
from board.errors import InvalidBoard, Problem
from board.model import ONLY_STEP, Status
from board.syntax import Node, Tree
from board.vocabulary import (
    OF_ONE_STEP,
    OWN,
    SPAN_ABOVE_ZERO_PATTERN,
    SPAN_PATTERN,
    TABLES,
    Choice,
    Either,
    Flag,
    Items,
    Named,
    Number,
    Part,
    Regex,
    Shape,
    Span,
    Text,
    Whole,
)

LISTED: Final = 200
SHIPPED: Final = ("shell",)  # the profile templates that every installation has
_COMPARISONS: Final = 30_000  # about half a second of looking for near words, in one report
_SHOWN: Final = 60

Path = tuple[str | int, ...]
Record = Mapping[Any, Any]


class Finding(NamedTuple):
    """What is wrong where. `word` is looked up among `known` for the nearest one."""

    path: Path
    message: str
    at_key: bool = False
    word: str = ""
    known: Collection[str] = ()


def problems(document: Document, profiles: Collection[str] = SHIPPED) -> tuple[Problem, ...]:
    """Every problem of the board, by place; beyond `LISTED` the last one says how many more there are.

    `profiles` are the names of the profile templates that agents may use.
    """
    return _cut(_survey(document, profiles))


def check(document: Document, profiles: Collection[str] = SHIPPED) -> None:
    """Raises InvalidBoard with the problems where there are any."""
    found = _survey(document, profiles)
    if found:
        raise InvalidBoard("1 problem" if len(found) == 1 else f"{len(found)} problems", problems=_cut(found))


def _cut(found: list[Problem]) -> tuple[Problem, ...]:
    more = len(found) - LISTED
    return (*found[:LISTED], Problem(0, 0, f"and {more} more")) if more > 0 else tuple(found)


def _survey(document: Document, profiles: Collection[str]) -> list[Problem]:
    found = [*_part("board", document.data, ()), *_meanings(document, profiles)]
    placed = sorted(((_place(document.tree, finding), finding.message, finding) for finding in found), key=_by_place)
    hints = _Hints()
    listed = (Problem(*place, message + hints.of(finding)) for place, message, finding in placed)
    return list(dict.fromkeys(listed))


def _by_place(item: tuple[tuple[int, int], str, Finding]) -> tuple[tuple[int, int], str]:
    return item[:2]


# --- values, by the tables ---------------------------------------------------------------------------------------


def _part(name: str, value: Any, path: Path) -> Iterator[Finding]:
    table = TABLES[name]
    if not isinstance(value, dict):
        example = f" such as {table.example}" if table.example else ""
        yield _wrong(path, f"a mapping{example}", value)
        return
    keys = table.keys
    for key, item in value.items():
        known = keys.get(key)
        if known is not None:
            if item is not None:
                yield from _value(known.shape, item, (*path, key))
            elif not known.nullable:
                yield _wrong((*path, key), _expected(known.shape), None)
        elif not _is_own(key):
            yield Finding((*path, key), f"unknown key {_shown(key)}", at_key=True, word=str(key), known=keys)
    for key in _REQUIRED[name]:
        if key not in value:
            yield Finding(path, keys[key].missing or f'missing key "{key}"')


_REQUIRED: Final = {name: [key for key, has in table.keys.items() if has.required] for name, table in TABLES.items()}


def _value(shape: Shape, value: Any, path: Path) -> Iterator[Finding]:
    match shape:
        case Part(name):
            yield from _part(name, value, path)
        case Items(item, expected, least):
            if not isinstance(value, list) or len(value) < least:
                yield _wrong(path, expected, value)
            else:
                for index, one in enumerate(value):
                    yield from _value(item, one, (*path, index))
        case Named():
            yield from _named(shape, value, path)
        case Either(plain, part):
            if isinstance(value, dict):
                yield from _part(part.name, value, path)
            elif not _is_in(plain, value):
                yield _wrong(path, _expected(shape), value, plain)
        case _:
            if not _is_in(shape, value):
                yield _wrong(path, _expected(shape), value, shape)


def _named(shape: Named, value: Any, path: Path) -> Iterator[Finding]:
    if not isinstance(value, dict):
        yield _wrong(path, _expected(shape), value)
        return
    for name, item in value.items():
        if _is_own(name):
            continue
        if not _is_in(shape.name, name):
            yield Finding((*path, name), f"expected {shape.name.expected}, got {_shown(name)}", at_key=True)
        yield from _value(shape.value, item, (*path, name))


def _is_in(shape: Text | Span | Regex | Whole | Number | Flag | Choice, value: Any) -> bool:
    match shape:
        case Text(_, pattern):
            return isinstance(value, str) and _matches(pattern, value)
        case Choice(words):
            return isinstance(value, str) and value in words
        case Flag():
            return isinstance(value, bool)
        case Whole(low, high):
            return _is_whole(value) and low <= value and (high is None or value <= high)
        case Number(low):
            return (_is_whole(value) or isinstance(value, float)) and low <= value < math.inf
        case Span(above_zero):
            if isinstance(value, str):
                return _matches(SPAN_ABOVE_ZERO_PATTERN if above_zero else SPAN_PATTERN, value)
            return not above_zero and _is_whole(value) and value == 0
        case Regex():
            return isinstance(value, str) and _is_regex(value)
        case _:
            assert_never(shape)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_own(key: Any) -> bool:
    return isinstance(key, str) and key.startswith(OWN)


_compiled: Final[dict[str, re.Pattern[str]]] = {}


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled.get(pattern)
    if compiled is None:
        # Python's `$` also matches before a last newline; the patterns mean what other validators mean by it.
        strict = pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern
        compiled = _compiled[pattern] = re.compile(strict)
    return compiled.search(value) is not None


def _is_regex(value: str) -> bool:
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


# --- what the tables can't say -----------------------------------------------------------------------------------


def _meanings(document: Document, profiles: Collection[str]) -> Iterator[Finding]:
    data = document.data
    tasks = _mappings(data.get("tasks"), ("tasks",))
    listed = data.get("agents")
    agents = listed if isinstance(listed, dict) else {}
    own = [name for name in agents if isinstance(name, str) and not _is_own(name)]
    for name in own:
        yield from _profile(agents[name], ("agents", name), profiles)
    known = dict.fromkeys([*own, *profiles])
    for path, task in tasks:
        agent = task.get("agent")
        if isinstance(agent, str) and agent not in known:
            yield _unknown((*path, "agent"), "agent", agent, known)
        yield from _task(task, path, document.tree)
    yield from _doubled(tasks, document.tree)
    yield from _order({task["id"]: (path, task) for path, task in reversed(tasks) if isinstance(task.get("id"), str)})


def _mappings(listed: Any, path: Path) -> list[tuple[Path, Record]]:
    items = enumerate(listed) if isinstance(listed, list) else ()
    return [((*path, index), item) for index, item in items if isinstance(item, dict)]


def _profile(profile: Any, path: Path, profiles: Collection[str]) -> Iterator[Finding]:
    if not isinstance(profile, dict):
        return
    used = profile.get("use")
    if isinstance(used, str) and used not in profiles:
        yield _unknown((*path, "use"), "profile template", used, profiles)
    if "use" not in profile and "start" not in profile:
        yield Finding(path, "a profile needs `start` (how to start a worker) or `use` (a template's name)", at_key=True)


def _task(task: Record, path: Path, tree: Tree) -> Iterator[Finding]:
    status = task.get("status", Status.TODO)
    if status == Status.TODO and task.get("claim") is not None:
        yield Finding((*path, "claim"), "claim: a todo task has no claim", at_key=True)
    if status == Status.BLOCKED and task.get("blocked") is None:
        yield Finding((*path, "status"), "blocked.on: name what it waits for, as `blocked: {on: ...}`")
    has_command = isinstance(task.get("run"), str)
    if not has_command and task.get("ran") is not None:
        yield Finding(
            (*path, "ran"), "ran: only where `run` is a command; here the attempt stands under `run`", at_key=True
        )
    if "steps" in task:
        yield from _with_steps(task, path, tree)
        names = [str(step["id"]) for _, step in _mappings(task["steps"], ()) if "id" in step]
    else:
        names = [ONLY_STEP]
        if has_command and "prompt" in task:
            yield Finding((*path, "run"), "run: a task has a prompt or a command; write `steps` for both", at_key=True)
    step = task.get("step")
    if isinstance(step, str) and names and step not in names:
        yield _unknown((*path, "step"), "step", step, names)


def _with_steps(task: Record, path: Path, tree: Tree) -> Iterator[Finding]:
    for key in OF_ONE_STEP:
        if key in task:
            yield Finding((*path, key), f"{key}: belongs into a step where a task has `steps`", at_key=True)
    if isinstance(task.get("run"), str):
        yield Finding((*path, "run"), "run: a command belongs into a step where a task has `steps`", at_key=True)
    steps = _mappings(task["steps"], (*path, "steps"))
    yield from _doubled(steps, tree, "step ")
    for place, step in steps:
        if ("prompt" in step) == ("run" in step):
            has = "has both" if "run" in step else "has neither"
            yield Finding(place, f"a step needs exactly one of `prompt` and `run`; this one {has}")


def _doubled(items: Iterable[tuple[Path, Record]], tree: Tree, kind: str = "") -> Iterator[Finding]:
    first: dict[str, Path] = {}
    for path, item in items:
        name = item.get("id")
        if not isinstance(name, str):
            continue
        if name in first:
            line, _ = _place(tree, Finding((*first[name], "id"), ""))
            yield Finding((*path, "id"), f"duplicate {kind}id {_shown(name)} (first on line {line})")
        else:
            first[name] = path


def _order(tasks: Mapping[str, tuple[Path, Record]]) -> Iterator[Finding]:
    """`after`: names that exist, no task behind itself, no cycles. Of many cycles the first `LISTED` are told."""
    edges: dict[str, list[str]] = {}
    for name, (path, task) in sorted(tasks.items(), key=lambda item: item[1][0]):
        listed = task.get("after")
        wanted = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
        edges[name] = [one for one in dict.fromkeys(wanted) if one != name and one in tasks]
        if len(edges[name]) < len(wanted):
            for index, one in enumerate(listed or ()):
                if one == name:
                    yield Finding((*path, "after", index), f"after: {_shown(name)} waits for itself")
                elif isinstance(one, str) and one not in tasks:
                    yield _unknown((*path, "after", index), "task", one, tasks, "after: ")
    for cycle in islice(_cycles(edges), LISTED):
        start = min(range(len(cycle)), key=lambda index: tasks[cycle[index]][0])
        turned = [*cycle[start:], *cycle[: start + 1]]
        path, task = tasks[turned[0]]
        yield Finding((*path, "after", task["after"].index(turned[1])), f"after: a cycle: {' -> '.join(turned)}")


def _cycles(edges: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Each edge that leads back into the walked path closes one cycle; a walk without recursion, of any depth."""
    settled: set[str] = set()
    for root in edges:
        path, depth = [root], {root: 0}
        walks = [iter(edges[root])] if root not in settled else []
        while walks:
            target = next(walks[-1], None)
            if target is None:
                walks.pop()
                settled.add(path[-1])
                del depth[path.pop()]
            elif target in depth:
                yield path[depth[target] :]
            elif target not in settled:
                depth[target] = len(path)
                path.append(target)
                walks.append(iter(edges[target]))


# --- words and places --------------------------------------------------------------------------------------------


def _wrong(path: Path, expected: str, value: Any, shape: Shape | None = None) -> Finding:
    words = shape.words if isinstance(shape, Choice) and isinstance(value, str) else ()
    message = f"{_label(path)}: expected {expected}, got {_got(shape, value)}"
    return Finding(path, message, at_key=value is None, word=str(value) if words else "", known=words)


def _unknown(path: Path, kind: str, name: str, known: Collection[str], label: str = "") -> Finding:
    return Finding(path, f"{label}unknown {kind} {_shown(name)}", word=name, known=known)


def _expected(shape: Shape) -> str:
    match shape:
        case Text(expected) | Items(_, expected):
            return expected
        case Span(above_zero):
            return (
                "a span above 0 such as 30s, 10m or 1h30m" if above_zero else "a span such as 30s, 10m or 1h30m, or 0"
            )
        case Regex():
            return "a regular expression"
        case Whole(low, high):
            to = f" from {low} to {high}" if high is not None else f", {low} or more"
            return str(low) if low == high else f"a whole number{to}"
        case Number(low):
            return f"a number, {low} or more"
        case Flag():
            return "true or false"
        case Choice(words):
            return f"one of {', '.join(words)}" if len(words) > 1 else words[0]
        case Part() | Named():
            return "a mapping"
        case Either(plain, _):
            return f"{_expected(plain)}, or a mapping"
        case _:
            assert_never(shape)


_BOOLEAN_WORDS: Final = {
    **dict.fromkeys(("y", "yes", "on", "true"), "true"),
    **dict.fromkeys(("n", "no", "off", "false"), "false"),
}


def _got(shape: Shape | None, value: Any) -> str:
    if isinstance(shape, Flag) and isinstance(value, str) and value.lower() in _BOOLEAN_WORDS:
        return f"{_shown(value)}: in YAML 1.2 that is text; write {_BOOLEAN_WORDS[value.lower()]}"
    if isinstance(shape, Text) and isinstance(value, bool | int | float):
        # The value itself stays unsaid: a number among an agent's variables may be a secret.
        return f"{'a boolean' if isinstance(value, bool) else 'a number'}; put it in quotes"
    return _shown(value)


def _shown(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping"
        case list():
            return "a list" if value else "an empty list"
        case str():
            text = value if len(value) <= _SHOWN else value[: _SHOWN - 3] + "..."
            return '"' + "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text) + '"'
        case _:
            return str(value)


def _label(path: Path) -> str:
    """The keys that lead here from the nearest list item: `priority`, `claim.token`, `settings.restart.stale`."""
    parts = list(path)
    while isinstance(parts[-1], int):
        parts.pop()
    last = max((index for index, part in enumerate(parts) if isinstance(part, int)), default=-1)
    return ".".join(str(part) for part in parts[last + 1 :])


class _Hints:
    """Near words, within a budget of comparisons: ten thousand misspelt names must not cost minutes."""

    def __init__(self) -> None:
        self._left = _COMPARISONS

    def of(self, finding: Finding) -> str:
        if not finding.known or self._left <= 0:
            return ""
        import difflib

        self._left -= len(finding.known)
        near = difflib.get_close_matches(finding.word[:_SHOWN], finding.known, 1, 0.6)
        return f' (did you mean "{near[0]}"?)' if near else ""


def _place(tree: Tree, finding: Finding) -> tuple[int, int]:
    """Line and column, from 1, of the value or its key; of the nearest node where an alias or a merge stands there."""
    node, key = tree.root, None
    assert node is not None
    for part in finding.path:
        following = _child(node, part)
        if following is None:
            merge = node.pair("<<")
            node, key = (merge[0] if merge else node), None
            break
        key, node = following
    shown = key if finding.at_key and key is not None else node
    return shown.line + 1, shown.column + 1


def _child(node: Node, part: str | int) -> tuple[Node | None, Node] | None:
    if node.kind == "seq" and isinstance(part, int):
        return None, node.items[part]
    name = str(part)
    return next((pair for pair in node.pairs if pair[0].kind == "scalar" and pair[0].text == name), None)
