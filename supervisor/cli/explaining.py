"""`supervisor explain`: what an agent does, on whose word, and what the others said; or what one captured screen shows.

It asks files alone: the status of whoever keeps the board, or the capture that it is given.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from board.cli.context import Context
from board.errors import NotFound, UsageError
from board.instants import format_instant, format_span, parse_instant
from board.journal.faces import for_terminal
from board.render import clean, table
from supervisor.agents.needs import fit_to_show
from supervisor.agents.screens import AGENTS, TABLE, read_screen
from supervisor.cli.watching import Sight, look
from supervisor.zones import zones_of

_HEADERS = ("SOURCE", "STATE", "RULE", "SINCE", "COUNTS", "SAID")
_BIGGEST = 1 << 20  # characters of a capture


def explain(ctx: Context) -> None:
    if ctx.args.screen is None and ctx.args.agent is None:
        return _explain_task(ctx)
    if ctx.args.id is not None:
        raise UsageError("a task, or a screen", "leave out the one or the other")
    if ctx.args.screen is None or ctx.args.agent is None:
        raise UsageError("--screen and --agent belong together", f"--screen FILE --agent {AGENTS[0]}")
    return _explain_screen(ctx)


# --- a screen


def _explain_screen(ctx: Context) -> None:
    if ctx.args.agent not in AGENTS:
        raise UsageError(f'no screens are known of "{ctx.args.agent}"', f"known: {', '.join(AGENTS)}")
    redact = for_terminal(ctx.env).text
    found = _screen_record(ctx.args.agent, _capture(ctx.args.screen), redact)
    if ctx.args.json:
        return ctx.emit(found)
    ctx.say(f"{found['state']}: {found['rule']}")
    if not ctx.args.quiet:
        ctx.say("".join(f"{line}\n" for line in _screen_lines(found)))
    return None


def _capture(path: str) -> str:
    try:
        if path == "-":
            return sys.stdin.read(_BIGGEST)
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(_BIGGEST)
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror or error}", "a file of what `tmux capture-pane -p -J` printed"
        ) from None


def _screen_record(agent: str, screen: str, redact: Callable[[str], str]) -> dict[str, Any]:
    reading = read_screen(agent, screen, time.time(), zones_of(os.environ))
    assert reading is not None
    row = next((row for row in TABLE if (row.agent, row.rule) == (agent, reading.rule)), None)
    return {
        "agent": agent,
        "state": str(reading.state),
        "rule": reading.rule,
        "region": str(row.region) if row is not None else None,
        "seen_with": row.version if row is not None else None,
        "until": None if reading.until is None else format_instant(round(reading.until, 3)),
        "detail": fit_to_show(reading.detail, redact) or None,
    }


def _screen_lines(found: Mapping[str, Any]) -> list[str]:
    shown = [
        f"this rule was seen with {found['agent']} {found['seen_with']}" if found["seen_with"] else "no rule decides"
    ]
    shown += [f"until {found['until']}"] if found["until"] else []
    return [*shown, *(f"  {line}" for line in (found["detail"] or "").splitlines())]


# --- a task


def _explain_task(ctx: Context) -> None:
    _, task = ctx.task()
    sight = look(ctx)
    seen = sight.tasks.get(task.id)
    if seen is None:
        raise NotFound(f"{task.id} has no worker that anybody looks at", f"board why {task.id}")
    if ctx.args.json:
        agent = {key: value for key, value in seen.items() if key.startswith("agent_")}
        said = {"question": seen.get("question"), "turn": seen.get("turn"), **agent}
        return ctx.emit({"task": task.id, "running": sight.is_fresh, **said})
    return ctx.write("".join(f"{clean(line)}\n" for line in _lines(sight, task.id, seen)) + _sources(ctx, sight, seen))


def _lines(sight: Sight, task: str, seen: Mapping[str, Any]) -> list[str]:
    state = seen.get("agent_state")
    if state is None:
        meaning = f" ({seen['seen']}: {seen['meaning']})" if seen.get("meaning") else ""
        return [f"{task}: nobody reads what its worker does; it is {seen.get('state')}{meaning}"]
    by = (
        f", says its {seen['agent_source']} ({seen['agent_rule']})" if seen.get("agent_source") else ": nobody can tell"
    )
    lines = [f"{task}: {state}{by}{_age(seen.get('agent_since'), sight, ' for ')}"]
    lines += [f"until      {seen['agent_until']}"] if seen.get("agent_until") else []
    lines += [f"           {line}" for line in str(seen.get("question") or "").splitlines()]
    lines += _turn(seen.get("turn"), sight)
    lines += _reads(seen.get("agent_reads"))
    return lines if sight.is_fresh else [*lines, "nobody looks any more: that was the last that was seen"]


def _turn(turn: object, sight: Sight) -> list[str]:
    """What was done about a turn that is over."""
    if not isinstance(turn, dict):
        return []
    words = [f"ended {_age(turn['ended_at'], sight)} ago"] if turn.get("ended_at") else []
    words += [f"asked to finish {_age(turn['asked_at'], sight)} ago"] if turn.get("asked_at") else []
    words += [f"waits for a person: {turn.get('why')}"] if turn.get("waits") else []
    return [f"turn       {', '.join(words)}"] if words else []


def _reads(order: object) -> list[str]:
    """In whose order the word is given: the profile's, or everybody's."""
    return [f"listens    {', '.join(str(each) for each in order)}"] if isinstance(order, list) and order else []


def _sources(ctx: Context, sight: Sight, seen: Mapping[str, Any]) -> str:
    sources = seen.get("agent_sources")
    if not isinstance(sources, list) or not sources:
        return ""
    rows = [_row(each, sight, str(seen.get("agent_source"))) for each in sources if isinstance(each, dict)]
    return table(_HEADERS, rows, ctx.env)


def _row(each: Mapping[str, Any], sight: Sight, authority: str) -> tuple[str, ...]:
    said = str(each.get("detail") or "").split("\n")
    return (
        str(each.get("source")),
        str(each.get("state")),
        str(each.get("rule")),
        _age(each.get("since"), sight) or "-",
        _counts(each, sight, authority),
        said[0] + (" …" if len(said) > 1 else ""),
    )


def _counts(each: Mapping[str, Any], sight: Sight, authority: str) -> str:
    """Why this source is the authority, or why it is not."""
    if each.get("last_at"):
        return f"no: {_age(each['last_at'], sight)} old"
    if each.get("state") == "unknown":
        return "no: it can't tell"
    if not each.get("stands"):
        return "not yet: read once"
    return "yes" if each.get("source") == authority else f"no: {authority} goes before it"


def _age(at: object, sight: Sight, before: str = "") -> str:
    instant = parse_instant(str(at)) if at else None
    return "" if instant is None else f"{before}{format_span(max(0.0, sight.now - instant))}"
