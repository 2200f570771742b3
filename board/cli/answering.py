"""`board answer`: a person's answer to an agent. It asks the running supervisor, waits, and says what became of it.

It types nothing itself. What the agent asked is taken from the status as it stands, or, behind the supervisor's own
start, as soon as it tells: if that changes before the supervisor gets there, it answers nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from board import presence, requests
from board.cli.context import Context
from board.errors import Busy, NotFound, RefusedError, UsageError
from board.inbox.scene import status_of
from board.instants import parse_instant, parse_span
from board.model import Board

_WAIT: Final = 20.0  # seconds for which an answer may be carried out
_LOOK_EVERY: Final = 0.03  # seconds
_SETTLES: Final = 10.0  # seconds behind the supervisor's start in which it may not have seen yet what an agent does
_UNTOLD: Final = (None, "unknown", "starting")
_GRACE: Final = 30.0  # seconds more for one that is under way
_CHOICES: Final = ("allow", "deny")


class Said(NamedTuple):
    task: str
    answer: str
    text: str


def answer(ctx: Context) -> None:
    until = ctx.engine.clock() + _patience(ctx.args.wait)
    board = ctx.read().board
    status = _status_that_tells(ctx, board, until)
    said = _said(ctx.args.words, board, status)
    wish = _wish(ctx, said, _seen(status, said.task), until)
    requests.put(ctx.store.side, wish)
    if ctx.args.no_wait:
        return _tell(ctx, wish, None)
    found = _await(ctx.store.side, wish)
    if found is None:
        raise Busy(f"{said.task}: the answer is still under way", f"board log {said.task} --event answer_given")
    if not found.delivered:
        raise RefusedError(f"{said.task}: undelivered: {found.why}", f"supervisor attach {said.task}", "undelivered")
    return _tell(ctx, wish, found)


def _patience(given: str | None) -> float:
    span = _WAIT if given is None else parse_span(given)
    if span is None or span <= 0:
        raise UsageError(f'--wait takes a span, not "{given}"', "such as 20s or 2m")
    return span


def _status_of_running(ctx: Context) -> Mapping[str, Any]:
    status = status_of(ctx.store.side)
    if presence.runs(status) is not True:
        raise RefusedError("no supervisor runs: nobody could deliver it", "supervisor start", "no_supervisor")
    return status


def _status_that_tells(ctx: Context, board: Board, until: float) -> Mapping[str, Any]:
    """What the agent does, or all of them where none is named; or whatever is known when it is time."""
    first = ctx.args.words[0]
    named = (first,) if board.find(first) is not None else None
    while True:
        status = _status_of_running(ctx)
        started = parse_instant(str(status["supervisor"].get("started_at")))
        time_is_up = started is None or ctx.engine.clock() >= min(until, started + _SETTLES)
        if time_is_up or _tells(status, named):
            return status
        time.sleep(_LOOK_EVERY)


def _tells(status: Mapping[str, Any], named: Sequence[str] | None) -> bool:
    tasks = status.get("tasks")
    found = tasks.items() if isinstance(tasks, Mapping) else ()
    seen = [each for name, each in found if isinstance(each, Mapping) and (named is None or name in named)]
    return not any(each.get("pid") is not None and each.get("agent_state") in _UNTOLD for each in seen)


def _said(words: Sequence[str], board: Board, status: Mapping[str, Any]) -> Said:
    """The task may be left out where one alone asks, as long as no word can be meant for its name."""
    first, more = words[0], list(words[1:])
    if board.find(first) is not None:
        if not more:
            raise UsageError(f"no answer for {first}", f"board answer {first} allow|deny|TEXT")
        return Said(first, *_answer(more))
    asking = _asking(status)
    listed = f"asking now: {', '.join(asking)}" if asking else "no agent asks now"
    if (more and first not in _CHOICES) or _is_like_a_task(first, board):
        raise NotFound(f'no task "{first}"', listed)
    if len(asking) != 1:
        raise NotFound("no task was named" if asking else "no agent asks", listed if asking else "board inbox")
    return Said(asking[0], *_answer(list(words)))


def _is_like_a_task(word: str, board: Board) -> bool:
    """A name that was mistyped must not be typed into an agent."""
    from difflib import get_close_matches

    return word not in (*_CHOICES, "-") and bool(get_close_matches(word, [task.id for task in board.tasks], 1))


def _asking(status: Mapping[str, Any]) -> list[str]:
    tasks = status.get("tasks")
    found = tasks.items() if isinstance(tasks, Mapping) else ()
    return [str(name) for name, seen in found if isinstance(seen, Mapping) and _needs_answer(seen)]


def _needs_answer(seen: Mapping[str, Any]) -> bool:
    turn = seen.get("turn")
    return seen.get("agent_state") == "asking" or (isinstance(turn, Mapping) and turn.get("waits") is True)


def _answer(words: list[str]) -> tuple[str, str]:
    """`deny` may say why; `allow` has nothing to say."""
    if words == ["allow"]:
        return "allow", ""
    if words[0] == "allow":
        raise UsageError("allow takes no words", "answer allow alone, or quote the whole text")
    if words[0] == "deny":
        return "deny", _fit(" ".join(words[1:])) if words[1:] else ""
    return "text", _fit(sys.stdin.read() if words == ["-"] else " ".join(words))


def _fit(text: str) -> str:
    text = text.strip("\r\n").replace("\r\n", "\n")
    problem = requests.unfit(text)
    if problem:
        raise UsageError(problem, "board answer ID allow|deny|TEXT, or - to read it from stdin")
    return text


def _seen(status: Mapping[str, Any], task: str) -> Mapping[str, Any]:
    """Raises RefusedError where nobody is there to be answered."""
    tasks = status.get("tasks")
    seen = tasks.get(task) if isinstance(tasks, Mapping) else None
    if not isinstance(seen, Mapping) or seen.get("pid") is None:
        raise RefusedError(f"{task} has no living agent to answer", f"board why {task}", "no_agent")
    return seen


def _wish(ctx: Context, said: Said, seen: Mapping[str, Any], until: float) -> requests.Wish:
    is_asking = seen.get("agent_state") == "asking"
    if said.answer in _CHOICES and not is_asking:
        state = seen.get("agent_state") or "not read"
        raise RefusedError(
            f"{said.task} doesn't ask: its agent is {state}", f"supervisor attach {said.task}", "asks_not"
        )
    now = ctx.engine.clock()
    return requests.Wish(
        id=requests.new_id(),
        by=ctx.asker.name,
        task=said.task,
        answer=said.answer,
        text=said.text,
        at=now,
        until=until,
        question=str(seen.get("question") or "") if is_asking else "",
        since=str(seen.get("agent_since") or "") if is_asking else "",
        attempt=f"{seen.get('token')}.{seen.get('attempt')}",
    )


def _await(side: str, wish: requests.Wish) -> requests.Answered | None:
    """None: it was begun, and has not ended in time. What was not begun in time never will be."""
    span = wish.until - wish.at
    until = time.monotonic() + span
    while (found := requests.receipt(side, wish.id)) is None:
        if time.monotonic() >= until:
            if requests.withdraw(side, wish.id):
                return requests.Answered(delivered=False, why=f"the supervisor did not take it within {span:g} s")
            if time.monotonic() >= until + _GRACE:
                return None
        time.sleep(_LOOK_EVERY)
    return found


def _tell(ctx: Context, wish: requests.Wish, found: requests.Answered | None) -> None:
    if ctx.args.json:
        told = {"delivered": None, "how": None} if found is None else {"delivered": found.delivered, "how": found.how}
        return ctx.emit({"answer": {"task": wish.task, "answer": wish.answer, "request": wish.id, **told}})
    if not ctx.args.quiet:
        what = "asked the supervisor to answer" if found is None else f"answered {wish.task}: {wish.answer}, by"
        ctx.say(f"{what} {wish.task if found is None else found.how}")
    return None
