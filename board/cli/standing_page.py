"""The page of `board status` for people: a head, and a line a task within 80 columns. Looks at nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from board.cli.standing import Line, Standing, counts, listening, ports, ready
from board.cli.watched import AT_WORK
from board.drift import Doubt, Tree
from board.instants import format_span
from board.model import ENDED, Status
from board.render import EMPTY, clean, table

_HEADERS: Final = ("TASK", "STATUS", "BRANCH", "+/-", "DIRTY", "PORTS", "POINT", "WORKER")
_OPTIONAL: Final = ("PORTS", "POINT")  # columns that are left out where they would be empty
_WIDTH: Final = 80
_LEAST: Final = 12  # of a cell that is cut
_NO_NEWS: Final = frozenset({"settled", "alive", "restart"})


def page(standing: Standing, env: Mapping[str, str], *, is_quiet: bool = False) -> str:
    head = [] if is_quiet else _head(standing)
    text = "".join(f"{clean(line)}\n" for line in head)
    if not standing.lines:
        return text + ("" if is_quiet else "nothing is under way\n")
    shown, left = _shown(standing.lines, len(head))
    rows = [_row(line, standing) for line in shown]
    return text + table(*_fitted(*_without_empty(rows)), env) + left


def _shown(lines: Sequence[Line], above: int) -> tuple[Sequence[Line], str]:
    """One screen, where there is one."""
    if not sys.stdout.isatty():
        return lines, ""
    room = max(5, os.get_terminal_size(sys.stdout.fileno()).lines - above - 3)
    if len(lines) <= room:
        return lines, ""
    return lines[:room], f"and {len(lines) - room} more: board list\n"


def _head(standing: Standing) -> list[str]:
    board = standing.board
    several = (f"{count} {status}" for status, count in counts(board).items())
    free = ready(board)
    tasks = ", ".join(several) or "no tasks"
    head = [f"{standing.path}: {tasks}" + (f" ({free} ready)" if free else ""), _keeper(standing)]
    if standing.survey.doubt is not None:
        head.append(f"could not look at the trees: {standing.survey.doubt}")
    if standing.findings:
        count = len(standing.findings)
        head.append(f"{count} thing{'' if count == 1 else 's'} drifted: board drift")
    return head


def _keeper(standing: Standing) -> str:
    keeper = standing.keeper
    if keeper.runs is False:
        return "no supervisor runs; supervisor start"
    working = sum(line.seen.get("state") in AT_WORK for line in standing.lines)
    workers = f"{working} worker{'' if working == 1 else 's'}"
    return f"{keeper.by} runs, {workers}" if keeper.runs else f"{keeper.by} can't be asked from here"


def _row(line: Line, standing: Standing) -> tuple[str, ...]:
    task, tree = line.task, line.tree
    point = task.checkpoint
    age = "" if point is None or point.at is None else format_span(max(0.0, standing.now - point.at))
    return (task.id, str(task.status), *_tree_cells(line, tree), _ports(line), age, _worker(line, standing))


def _tree_cells(line: Line, tree: Tree | Doubt | None) -> tuple[str, str, str]:
    match tree:
        case None:
            return "", "", ""
        case Doubt():
            return "?", "?", "?"
        case Tree():
            own = "=" if tree.checked_out == line.task.id else tree.checked_out or "detached"
            branch = own if tree.is_there else "no tree" if tree.tip is not None else ""
            apart = f"+{tree.ahead} -{tree.behind}" if tree.ahead is not None else "?" if tree.tip is not None else ""
            return branch, apart, str(tree.dirty) if tree.dirty else ""


def _ports(line: Line) -> str:
    own = ports(line)
    named = [f"{name}:{each.get('port')}{'*' if each.get('listening') else ''}" for name, each in own.items()]
    known = {each.get("port") for each in own.values()}
    return " ".join([*named, *(f":{port}*" for port in listening(line.seen) if port not in known)])


def _worker(line: Line, standing: Standing) -> str:
    state, rule = str(line.seen.get("state") or ""), str(line.seen.get("rule") or "")
    if state in AT_WORK:
        return state if standing.keeper.runs else f"{state}?"
    if line.task.status is Status.REVIEW or line.task.status in ENDED:
        return ""  # that its worker is gone is as it should be
    blocked = line.task.blocked
    rule = rule if rule not in _NO_NEWS else ""
    why = blocked.on if blocked is not None else str(line.seen.get("why") or "") if rule else ""
    said = [state if state != "none" else "", rule, why]
    return ": ".join(part for part in said if part)


def _without_empty(rows: list[tuple[str, ...]]) -> tuple[list[str], list[list[str]]]:
    used = [any(row[at] not in ("", EMPTY) for row in rows) for at in range(len(_HEADERS))]
    kept = [at for at, name in enumerate(_HEADERS) if used[at] or name not in _OPTIONAL]
    return [_HEADERS[at] for at in kept], [[row[at] for at in kept] for row in rows]


def _fitted(headers: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Within 80 columns: what the worker does is cut first, then branches, then names."""
    for at in (len(headers) - 1, 2, 0):
        over = _total(headers, rows) - _WIDTH
        widest = max(len(row[at]) for row in rows)
        if over > 0:
            room = max(_LEAST if at != 2 else len(headers[2]), widest - over)
            rows = [[*row[:at], _cut(row[at], room), *row[at + 1 :]] for row in rows]
    return headers, rows


def _total(headers: list[str], rows: list[list[str]]) -> int:
    widths = [max(len(clean(each[at])) or 1 for each in (headers, *rows)) for at in range(len(headers))]
    return sum(widths) + 2 * (len(widths) - 1)


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"
