"""Everything that is wrong with a board, at once and with its place; it repairs nothing and knows no lifecycle.

Theory of operation. The plain data (aliases and merges unfolded) are compared with the `vocabulary`, then the rules
that no table of keys can say are asked: names that must be unique, names that must exist, cycles. Each finding carries
a path into the data; `findings` makes problems of them, so that a board without any pays for no place and no hint.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from board.document import Document
from board.errors import InvalidBoard, Problem
from board.findings import Finding, Path, in_order, label, place_of, unknown, wrong
from board.model import ONLY_STEP, Status
from board.ordering import LISTED, order_of
from board.ports import variable
from board.profile import variants
from board.settings import range_of
from board.shapes import (
    MOST_PORTS,
    OWN_PORT,
    Either,
    Items,
    Named,
    Part,
    Shape,
    describe,
    is_in,
    regex_fault,
    show,
)
from board.tree import Tree
from board.vocabulary import OF_ONE_STEP, OWN, TABLES

SHIPPED: Final = ("shell",)  # the profile templates that every installation has

Record = Mapping[Any, Any]


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


def profile_problems(tree: Tree, profiles: Collection[str] = SHIPPED) -> tuple[Problem, ...]:
    """Every problem of one profile in a file of its own. Raises InvalidBoard for aliases that unfold into too much."""
    data = tree.plain(tree.root)
    if tree.root is None or not isinstance(data, dict):
        return (Problem(1, 1, f"a profile is a mapping such as {TABLES['profile'].example}"),)
    # As if it stood in a list: then its keys are named from here.
    return _cut(in_order(tree, [*_part("profile", data, ()), *_profile(data, (), profiles)]))


def is_sound_frame(data: Record, profiles: Collection[str]) -> bool:
    """Is a board without its tasks without a problem?"""
    settings = data.get("settings")
    ours = (_allowed(settings), _range(settings), _told_nowhere(settings))
    surveys = (_part("board", data, ()), _profiles(data, profiles), *ours)
    return all(map(_is_empty, surveys))


def is_sound_task(record: Record, tree: Tree) -> bool:
    """Is a task, read alone as `tree`, without a problem? What it says of others isn't asked."""
    return _is_empty(_part("task", record, ())) and _is_empty(_task(record, (), tree))


def _is_empty(found: Iterator[Any]) -> bool:
    return next(found, None) is None


def _cut(found: list[Problem]) -> tuple[Problem, ...]:
    more = len(found) - LISTED
    return (*found[:LISTED], Problem(0, 0, f"and {more} more")) if more > 0 else tuple(found)


def _survey(document: Document, profiles: Collection[str]) -> list[Problem]:
    found = [*_part("board", document.data, ()), *_meanings(document, profiles)]
    return in_order(document.tree, found)


# --- values, by the tables ---------------------------------------------------------------------------------------


def _part(name: str, value: Any, path: Path) -> Iterator[Finding]:
    table = TABLES[name]
    if not isinstance(value, dict):
        example = f" such as {table.example}" if table.example else ""
        yield wrong(path, f"a mapping{example}", value)
        return
    keys = table.keys
    for key, item in value.items():
        known = keys.get(key)
        if known is not None:
            if item is not None:
                yield from _value(known.shape, item, (*path, key))
            elif not known.nullable:
                yield wrong((*path, key), describe(known.shape), None)
        elif not _is_own(key):
            yield Finding((*path, key), f"unknown key {show(key)}", at_key=True, word=str(key), known=keys)
    for key in _REQUIRED[name]:
        if key not in value:
            yield Finding(path, keys[key].missing or f'missing key "{key}"')


_REQUIRED: Final = {name: [key for key, has in table.keys.items() if has.required] for name, table in TABLES.items()}


def _value(shape: Shape, value: Any, path: Path) -> Iterator[Finding]:
    match shape:
        case Part(name):
            yield from _part(name, value, path)
        case Items(item, expected, least, most):
            if not isinstance(value, list) or not least <= len(value) <= (len(value) if most is None else most):
                yield wrong(path, expected, value)
            else:
                for index, one in enumerate(value):
                    yield from _value(item, one, (*path, index))
        case Named():
            yield from _named(shape, value, path)
        case Either(plain, part):
            if isinstance(value, dict):
                yield from _part(part.name, value, path)
            elif not is_in(plain, value):
                yield wrong(path, describe(shape), value, plain)
        case _:
            if not is_in(shape, value):
                yield wrong(path, describe(shape), value, shape)


def _named(shape: Named, value: Any, path: Path) -> Iterator[Finding]:
    if not isinstance(value, dict):
        yield wrong(path, describe(shape), value)
        return
    for name, item in value.items():
        if _is_own(name):
            continue
        if not is_in(shape.name, name):
            yield Finding((*path, name), f"expected {describe(shape.name)}, got {show(name)}", at_key=True)
        yield from _value(shape.value, item, (*path, name))


def _is_own(key: Any) -> bool:
    return isinstance(key, str) and key.startswith(OWN)


# --- what the tables can't say -----------------------------------------------------------------------------------


def _meanings(document: Document, profiles: Collection[str]) -> Iterator[Finding]:
    data = document.data
    tasks = _mappings(data.get("tasks"), ("tasks",))
    yield from _profiles(data, profiles)
    yield from _allowed(data.get("settings"))
    yield from _range(data.get("settings"))
    yield from _told_nowhere(data.get("settings"))
    known = agents_of(data, profiles)
    for path, task in tasks:
        agent = task.get("agent")
        if isinstance(agent, str) and agent not in known:
            yield unknown((*path, "agent"), "agent", agent, known)
        yield from _task(task, path, document.tree)
    yield from _doubled(tasks, document.tree)
    yield from order_of({task["id"]: (path, task) for path, task in reversed(tasks) if isinstance(task.get("id"), str)})


def _mappings(listed: Any, path: Path) -> list[tuple[Path, Record]]:
    items = enumerate(listed) if isinstance(listed, list) else ()
    return [((*path, index), item) for index, item in items if isinstance(item, dict)]


def agents_of(data: Record, profiles: Collection[str]) -> dict[str, None]:
    """The names that a task's `agent` may have."""
    own = _own_agents(data)
    return dict.fromkeys([*own, *profiles, *variants(own, profiles)])


def _own_agents(data: Record) -> Record:
    listed = data.get("agents")
    agents = listed if isinstance(listed, dict) else {}
    return {name: value for name, value in agents.items() if isinstance(name, str) and not _is_own(name)}


def _profiles(data: Record, profiles: Collection[str]) -> Iterator[Finding]:
    for name, profile in _own_agents(data).items():
        yield from _profile(profile, ("agents", name), profiles)


def _profile(profile: Any, path: Path, profiles: Collection[str]) -> Iterator[Finding]:
    if not isinstance(profile, dict):
        return
    used = profile.get("use")
    if isinstance(used, str) and used not in profiles:
        yield unknown((*path, "use"), "profile template", used, profiles)
    if "use" not in profile and "start" not in profile:
        yield Finding(path, "a profile needs `start` (how to start a worker) or `use` (a template's name)", at_key=True)


def _allowed(settings: Any) -> Iterator[Finding]:
    """False alarms that are patterns, and can't be read."""
    redact = settings.get("redact") if isinstance(settings, dict) else None
    allow = redact.get("allow") if isinstance(redact, dict) else None
    for index, text in enumerate(allow if isinstance(allow, list) else ()):
        fault = regex_fault(text.removeprefix("re:")) if isinstance(text, str) and text.startswith("re:") else None
        if fault is not None:
            path = ("settings", "redact", "allow", index)
            yield Finding(path, f"{label(path)}: {fault}")


def _range(settings: Any) -> Iterator[Finding]:
    """Fewer ports than one task may name."""
    said = settings.get("ports") if isinstance(settings, dict) else None
    if isinstance(said, dict) and all(is_in(OWN_PORT, value) for key, value in said.items() if key in ("from", "to")):
        ports = range_of(said)
        count = max(0, ports.high - ports.low + 1)
        if count < MOST_PORTS:
            room = f"{ports.low} to {ports.high} has room for {count}, and one task may name {MOST_PORTS}"
            yield Finding(("settings", "ports"), f"settings.ports: {room}", at_key=True)


def _told_nowhere(settings: Any) -> Iterator[Finding]:
    listed = settings.get("notify") if isinstance(settings, dict) else None
    for path, rule in _mappings(listed, ("settings", "notify")):
        if "to" not in rule and "command" not in rule:
            yield Finding(path, f"{label(path)}: needs `to` (a list of addresses) or `command`", at_key=True)


def _task(task: Record, path: Path, tree: Tree) -> Iterator[Finding]:
    status = task.get("status", Status.TODO)
    if status == Status.BLOCKED and task.get("blocked") is None:
        yield Finding((*path, "status"), "blocked.on: name what it waits for, as `blocked: {on: ...}`")
    has_command = isinstance(task.get("run"), str)
    if not has_command and task.get("ran") is not None:
        yield Finding(
            (*path, "ran"), "ran: only where `run` is a command; here the attempt stands under `run`", at_key=True
        )
    yield from _port_names(task.get("ports"), (*path, "ports"))
    if "steps" in task:
        yield from _with_steps(task, path, tree)
        names = [str(step["id"]) for _, step in _mappings(task["steps"], ()) if "id" in step]
    else:
        names = [ONLY_STEP]
        if has_command and "prompt" in task:
            yield Finding((*path, "run"), "run: a task has a prompt or a command; write `steps` for both", at_key=True)
        if has_command:
            yield from _for_a_command(task, path)
    step = task.get("step")
    if isinstance(step, str) and names and step not in names:
        yield unknown((*path, "step"), "step", step, names)


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
        elif "run" in step:
            yield from _for_a_command(step, place)


def _for_a_command(item: Record, path: Path) -> Iterator[Finding]:
    if "kind" in item:
        yield Finding((*path, "kind"), "kind: a brief is for an agent, and this is a command", at_key=True)


def _port_names(names: Any, path: Path) -> Iterator[Finding]:
    """Each is a variable, `PORT_NAME`, so that `a-b` and `a_b` are one."""
    seen: dict[str, str] = {}
    for index, name in enumerate(names if isinstance(names, list) else ()):
        if not isinstance(name, str):
            continue
        first = seen.setdefault(variable(name), name)
        if first == name and index != names.index(name):
            yield Finding((*path, index), f"duplicate port name {show(name)}")
        elif first != name:
            yield Finding((*path, index), f"duplicate port name {show(name)}: it is {variable(name)}, as {show(first)}")


def _doubled(items: Iterable[tuple[Path, Record]], tree: Tree, kind: str = "") -> Iterator[Finding]:
    first: dict[str, Path] = {}
    for path, item in items:
        name = item.get("id")
        if not isinstance(name, str):
            continue
        if name in first:
            line, _ = place_of(tree, Finding((*first[name], "id"), ""))
            yield Finding((*path, "id"), f"duplicate {kind}id {show(name)} (first on line {line})")
        else:
            first[name] = path
