"""What `after` may say: names that exist, no task behind itself, no cycles. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from board.findings import Finding, Path, unknown
from board.shapes import show

LISTED: Final = 200

Record = Mapping[Any, Any]


def is_sound_order(ids: Sequence[str], after: Mapping[str, Sequence[str]]) -> bool:
    """Is each id there once, and does no task wait for itself or for one that doesn't exist? `after` by id."""
    known = frozenset(ids)
    if len(known) < len(ids) or not all(known.issuperset(names) for names in after.values()):
        return False
    edges = {name: [one for one in names if one in after] for name, names in after.items()}
    return all(name not in names for name, names in after.items()) and next(_cycles(edges), None) is None


def order_of(tasks: Mapping[str, tuple[Path, Record]]) -> Iterator[Finding]:
    """`after`: names that exist, no task behind itself, no cycles. Of many cycles the first `LISTED` are told."""
    edges: dict[str, list[str]] = {}
    for name, (path, task) in sorted(tasks.items(), key=lambda item: item[1][0]):
        listed = task.get("after")
        wanted = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
        edges[name] = [one for one in dict.fromkeys(wanted) if one != name and one in tasks]
        if len(edges[name]) < len(wanted):
            for index, one in enumerate(listed or ()):
                if one == name:
                    yield Finding((*path, "after", index), f"after: {show(name)} waits for itself")
                elif isinstance(one, str) and one not in tasks:
                    yield unknown((*path, "after", index), "task", one, tasks, "after: ")
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
