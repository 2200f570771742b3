"""What a living agent needs a person for, by the supervisor's status: it asks, failed, is at a limit, or ended a turn.
Pure. It reads what the status says of one task, and trusts none of it to be there.

Several sources may tell of one prompt, one after the other, each in words of its own: a hook at once, a screen later.
What the item is about is told by the most trusted one of them, so that the others are no news.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from board.inbox.item import Kind, cause_of
from board.inbox.waiting import Asked
from board.instants import format_instant, parse_instant
from board.model import HELD, Task

Seen = Mapping[str, Any]

FAR: Final = 86400.0  # seconds: who is at a limit for longer than that needs somebody, although it says until when

_QUESTIONS: Final = frozenset(
    (
        *("question", "AskUserQuestion", "Elicitation", "elicitation_dialog", "elicitation_url_dialog"),
        *("agent_needs_input", "said"),
    )
)  # rules of those that want words; `said` is a shell's own
_LOGINS: Final = re.compile(
    r"\b(?:login|log in|401|unauthorized|unauthenticated|authentication|api key|oauth|account on hold|credential"
    r"|verification required)\b",
    re.IGNORECASE,
)  # in a rule, such as a hook's `authentication_failed`, or in the agent's own words
_CHOICE: Final = re.compile(r"\W*\d+[.)]\s")
_WORD: Final = re.compile(r"\w+")


class Said(NamedTuple):
    """One source's word that stands. `detail` is redacted already."""

    source: str
    rule: str
    since: float | None
    detail: str


def asked_by_agent(task: Task, seen: Seen, now: float) -> Asked | None:
    """At most one: who asks can't be answered about anything else. None for an agent that is being ended, and of a task
    that waits for somebody by its record."""
    if task.status not in HELD or seen.get("state") == "stopping":
        return None
    said = _said(seen, str(seen.get("agent_state")))
    match seen.get("agent_state"):
        case "asking":
            return _asking(task, seen, said)
        case "failed":
            return _failed(task, seen, said)
        case "limited":
            return _limited(task, seen, said, now) or _ended_turn(task, seen)
        case _:
            return _ended_turn(task, seen)


def _said(seen: Seen, state: str) -> list[Said]:
    """Who says that it does so, the most trusted first; without those that were overtaken: they are fresh, and yet it
    is a less trusted one that counts. Who is too old to count said it first all the same."""
    listed = seen.get("agent_sources")
    found = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    names = [_text(each, "source") for each in found]
    counts, said = _text(seen, "agent_source"), []
    first = names.index(counts) if counts in names else 0
    for at, each in enumerate(found):
        if each.get("state") == state and each.get("stands") and (at >= first or each.get("last_at")):
            said.append(Said(names[at], _text(each, "rule"), _at(each, "since"), _text(each, "detail")))
    return said or [Said(counts, _text(seen, "agent_rule"), _at(seen, "agent_since"), "")]


# --- it asks


def _asking(task: Task, seen: Seen, said: Sequence[Said]) -> Asked:
    first, text = said[0], _text(seen, "question")
    kind, shown = _kind(said), _headline(text)
    dialog = next((each.rule for each in said if _is_dialog(each.rule)), None)
    if dialog is not None:
        question = f"it waits at its first-run dialog ({dialog}){f': {shown}' if shown else ''}"
    elif kind is Kind.PERMISSION:
        question = shown or "it asks for a permission, in words that only its window shows"
    else:
        question = shown or "it asks something that only its window shows"
    lines = tuple(line for line in text.splitlines() if line.strip())
    more = (*(lines if len(lines) > 1 else ()), *_by(said))
    attach = f"supervisor attach {task.id}"
    do: tuple[str, ...] = (attach, f'board answer {task.id} "..."')
    if dialog is not None:
        do = (attach,)
    elif kind is Kind.PERMISSION:
        do = (f"board answer {task.id} allow", f"board answer {task.id} deny", attach)
    elif text:
        do = do[::-1]
    return Asked(kind, question, first.since, more, do, _cause(seen, first, text))


def _kind(said: Sequence[Said]) -> Kind:
    if any(each.rule in _QUESTIONS or _is_dialog(each.rule) for each in said):
        return Kind.QUESTION
    return Kind.PERMISSION if any(map(_asks_permission, said)) else Kind.QUESTION


def _asks_permission(said: Said) -> bool:
    """A hook asks for one unless its rule says otherwise: it names the tool. A status file says what it waits for."""
    named = said.detail if said.source == "file" else said.rule
    return said.source == "hook" or "permission" in named.lower()


def _is_dialog(rule: str) -> bool:
    return rule.endswith("-dialog") or rule == "hooks-review"


def _headline(text: str) -> str:
    """The question before what it is about, without the choices: a table shows little more than its beginning."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    end = next((at for at, line in enumerate(lines) if at and _CHOICE.match(line)), len(lines))
    asked = next((at for at in range(end - 1, -1, -1) if "?" in lines[at][1:]), 0)
    return " ".join([*lines[asked : asked + 1], *lines[:asked], *lines[asked + 1 : end]])


# --- it can't go on


def _failed(task: Task, seen: Seen, said: Sequence[Said]) -> Asked:
    first = said[0]
    detail = next((each.detail for each in said if each.detail), "")
    is_login = any(_LOGINS.search(f"{each.rule.replace('_', ' ')} {each.detail}") for each in said)
    what = "its login was refused" if is_login else "its service failed"
    do = (f"supervisor attach {task.id}", f'board answer {task.id} "go on"', f"supervisor stop {task.id}")
    question = f"{what}: {detail or first.rule}"
    return Asked(Kind.LOGIN, question, first.since, _by(said), do, _cause(seen, first, detail))


def _limited(task: Task, seen: Seen, said: Sequence[Said], now: float) -> Asked | None:
    """None where it said until when, and that is near: then it goes on by itself."""
    first, until = said[0], _at(seen, "agent_until")
    if until is not None and until <= now + FAR:
        return None
    detail = next((each.detail for each in said if each.detail), "") or "it is at a usage limit"
    question = f"{detail}: nobody knows until when" if until is None else f"{detail}: until {format_instant(until)}"
    do = (f"supervisor attach {task.id}", f'board answer {task.id} "go on"', f"supervisor stop {task.id}")
    return Asked(Kind.LIMIT, question, first.since, _by(said), do, _cause(seen, first, ""))


def _ended_turn(task: Task, seen: Seen) -> Asked | None:
    turn = seen.get("turn")
    if not isinstance(turn, Mapping) or turn.get("waits") is not True:
        return None
    ended, asked = _at(turn, "ended_at"), _at(turn, "asked_at")
    question = f"it ended its turn without saying that step {task.step.id} is done, {_once(asked)}"
    if seen.get("agent_state") == "limited":
        question = "its usage limit is over, and it could not be told to go on"
    why = (f"why: {_text(turn, 'why')}",) if turn.get("why") else ()
    more = (*((f"asked: {format_instant(asked)}",) if asked is not None else ()), *why)
    do = (f"supervisor attach {task.id}", f'board answer {task.id} "..."', f"supervisor logs {task.id}")
    since = ended if ended is not None else _at(seen, "agent_until")
    return Asked(Kind.TURN, question, since, more, do, cause_of(seen.get("token"), seen.get("attempt"), since))


def _once(asked: float | None) -> str:
    return "was asked once to, and waits" if asked is not None else "could not be asked to, and waits"


# --- what they have in common


def _cause(seen: Seen, first: Said, text: str) -> str:
    """By its words without their marks: a choice that somebody points at and doesn't take is no other question."""
    words = _WORD.findall(first.detail or text)
    return cause_of(seen.get("token"), seen.get("attempt"), first.source, first.rule, first.since, words)


def _by(said: Sequence[Said]) -> tuple[str, ...]:
    return tuple(f"{each.source} says: {each.rule}" for each in said if each.source)


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""


def _at(record: Mapping[str, Any], name: str) -> float | None:
    return parse_instant(_text(record, name))
