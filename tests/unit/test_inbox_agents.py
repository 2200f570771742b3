"""What a living agent needs a person for, from the status alone: which kind, in which words, and until when."""

from __future__ import annotations

from typing import Any

import pytest

from board.inbox.item import Item, Kind
from board.instants import format_instant
from tests.boards import NOW, claimed
from tests.scenes import Record, found

WORK: Record = {"id": "a", "status": "in_progress", "claim": claimed()}
AT = format_instant(NOW - 60)
PERMISSION = "Bash command\nrun it\ntouch x\nDo you want to proceed?\n> 1. Yes\n2. No\nEsc to cancel · Tab to amend"


def said(source: str, rule: str, state: str = "asking", detail: str | None = None, since: str = AT) -> dict[str, Any]:
    return {"source": source, "rule": rule, "state": state, "stands": True, "since": since, "detail": detail}


def seen(state: Any, *sources: Record, **more: Any) -> dict[str, Any]:
    """One task's part of a status, on the word of the first of these sources."""
    first = sources[0] if sources else {}
    by = {f"agent_{name}": first.get(name) for name in ("source", "rule", "since")}
    plain = {"state": "running", "token": 3, "attempt": 1, "window": "@2", "pane": "%2", "agent_until": None}
    return {**plain, "question": None, "agent_state": state, **by, "agent_sources": list(sources), **more}


def items(view: Record, **more: Any) -> dict[str, Item]:
    return found(WORK, status={"tasks": {"a": view}}, **more)


def the_item(view: Record) -> Item:
    [item] = items(view).values()
    return item


def asks(*sources: Record, question: str | None = PERMISSION, **more: Any) -> Item:
    return the_item(seen("asking", *sources, question=question, **more))


@pytest.mark.parametrize(
    ("sources", "kind"),
    [
        ([said("screen", "permission-prompt")], Kind.PERMISSION),
        ([said("hook", "Bash", detail="touch x")], Kind.PERMISSION),
        ([said("hook", "permission_prompt")], Kind.PERMISSION),
        ([said("file", "waiting", detail="waits for: permission prompt")], Kind.PERMISSION),
        ([said("title", "action-required"), said("screen", "permission-prompt")], Kind.PERMISSION),
        ([said("screen", "question")], Kind.QUESTION),
        ([said("hook", "AskUserQuestion", detail="Which?"), said("screen", "question")], Kind.QUESTION),
        ([said("hook", "permission_prompt"), said("screen", "question")], Kind.QUESTION),
        ([said("file", "waiting", detail="waits for: input needed")], Kind.QUESTION),
        ([said("title", "action-required")], Kind.QUESTION),
        ([said("hook", "said", detail="Which port?")], Kind.QUESTION),
        ([said("screen", "question", detail="Do you have a permission?")], Kind.QUESTION),
        ([said("screen", "trust-dialog")], Kind.QUESTION),
        ([said("screen", "hooks-review")], Kind.QUESTION),
    ],
)
def test_what_is_asked_is_told_by_whoever_knows(sources: list[Record], kind: Kind) -> None:
    """A permission is answered by a word, a question in words. Mutants: the first source alone asked; every hook a
    permission; a question that speaks of one."""
    assert asks(*sources).kind is kind


def test_the_question_comes_first_and_whole_behind_it() -> None:
    """A table has room for its beginning alone; the page has every line. The commands answer it.

    Mutant: the lines as they stand.
    """
    item = asks(said("screen", "permission-prompt"))
    assert item.question == "Do you want to proceed? Bash command run it touch x"
    assert item.more == (*PERMISSION.splitlines(), "screen says: permission-prompt")
    assert item.do == ("board answer a allow", "board answer a deny", "supervisor attach a")
    assert item.since == NOW - 60
    item = asks(said("screen", "question"), question="Which color?\n1. Red")
    assert (item.question, item.do) == ("Which color?", ('board answer a "..."', "supervisor attach a"))


def test_a_first_run_dialog_is_said_to_be_one_and_is_not_answered_blindly() -> None:
    """What trusts a folder or a server is looked at first. Mutant: `allow` offered for it."""
    item = asks(said("screen", "trust-dialog"), question="Trust this folder?\n1. Trust and continue")
    assert item.question == "it waits at its first-run dialog (trust-dialog): Trust this folder?"
    assert item.do == ("supervisor attach a",)


def test_a_question_that_nobody_can_read_is_an_item_all_the_same() -> None:
    """Its window shows it."""
    item = asks(said("title", "action-required"), question=None)
    assert "only its window shows" in item.question
    assert item.do[0] == "supervisor attach a"


def test_the_same_prompt_stays_the_same_when_others_tell_of_it_too() -> None:
    """A hook tells at once, a screen two seconds later and in other words, and after a while only the screen is fresh:
    one message, and a snooze that lasts. Mutants: the cause by the shown question; by the authority of the moment."""
    hook, screen = said("hook", "Bash", detail="touch x"), said("screen", "permission-prompt", detail=PERMISSION)
    late = {**screen, "since": format_instant(NOW - 50)}
    first = asks(hook, question="touch x")
    both = asks(hook, late)
    old = asks({**hook, "last_at": AT}, late, agent_source="screen", agent_rule="permission-prompt")
    assert first.cause == both.cause == old.cause
    assert first.since == both.since == old.since
    pointed = PERMISSION.replace("> 1. Yes\n2.", "1. Yes\n> 2.")
    assert asks(screen).cause == asks({**screen, "detail": pointed}, question=pointed).cause


def test_a_word_that_was_overtaken_is_about_an_older_prompt() -> None:
    """A hook that nobody took back still says that it asks, and counts no more: the screen's prompt is the next one.

    Mutant: the most trusted one taken whatever counts.
    """
    hook, screen = said("hook", "Bash", detail="touch x"), said("screen", "question", detail="Which color?")
    late = {**screen, "since": format_instant(NOW - 5)}
    item = asks(hook, late, question="Which color?", agent_source="screen", agent_rule="question")
    assert (item.kind, item.since) == (Kind.QUESTION, NOW - 5)
    assert item.cause != asks(hook, late).cause


@pytest.mark.parametrize(
    "other",
    [
        {"detail": PERMISSION.replace("touch x", "touch y")},
        {"since": format_instant(NOW)},
        {"rule": "mcp-dialog"},
    ],
)
def test_the_next_prompt_is_another_cause_under_the_same_key(other: Record) -> None:
    """Who put the one off hears of the next. Mutants: each of the three left out of the cause."""
    one, screen = said("screen", "permission-prompt", detail=PERMISSION), said("screen", "permission-prompt")
    assert asks(one).cause != asks({**screen, "detail": PERMISSION, **other}).cause
    assert asks(one).cause != asks(one, attempt=2).cause


def test_a_login_that_was_refused_is_told_from_a_service_that_failed() -> None:
    """By the rule, the hook's error or the agent's own words; in these. Mutant: one sentence for both."""
    for rule, detail in (
        ("login", "Invalid API key · Fix external API key"),
        ("authentication_failed", None),
        ("error", '[API Error: {"code":401,"message":"API key not valid"}]'),
    ):
        item = the_item(seen("failed", said("screen", rule, "failed", detail)))
        assert (item.kind, item.question.partition(": ")) == (
            Kind.LOGIN,
            ("its login was refused", ": ", detail or rule),
        )
    item = the_item(seen("failed", said("screen", "api-error", "failed", "API Error: 529 Overloaded.")))
    assert item.question == "its service failed: API Error: 529 Overloaded."


@pytest.mark.parametrize(("after", "is_item"), [(None, True), (3600.0, False), (-60.0, False), (3 * 86400.0, True)])
def test_a_limit_that_ends_soon_needs_nobody(after: float | None, *, is_item: bool) -> None:
    """It goes on by itself; at an unknown time, or days away, somebody decides. Mutants: each end of the range."""
    until = None if after is None else format_instant(NOW + after)
    view = seen("limited", said("screen", "usage-limit", "limited", "You've hit your limit"), agent_until=until)
    assert list(items(view)) == (["limit:a"] if is_item else [])
    if is_item:
        assert ("nobody knows" in the_item(view).question) is (after is None)


def test_an_agent_that_ended_its_turn_is_an_item_when_it_waits() -> None:
    """Not while it is yet to be asked, nor after; also while it looks stalled, and with why it could not be asked.

    Mutants: `waits` not asked; told as a stall.
    """
    turn = {"ended_at": AT, "asked_at": AT, "waits": True}
    item = the_item({**seen("idle", turn=turn), "state": "stalled", "odd_since": AT})
    assert (item.key, item.since) == ("turn:a", NOW - 60)
    assert 'board answer a "..."' in item.do
    for waits in (False, None, "yes"):
        assert items(seen("idle", turn={**turn, "waits": waits})) == {}
    for nonsense in (None, [], "turn", {}):
        assert items(seen("idle", turn=nonsense)) == {}
    item = the_item(seen("idle", turn={**turn, "asked_at": None, "why": "a person types there"}))
    assert "could not be asked" in item.question
    assert item.more == ("why: a person types there",)
    limited = seen("limited", said("screen", "usage-limit", "limited"), agent_until=AT)
    item = the_item({**limited, "turn": {**turn, "ended_at": None, "why": "a person types there"}})
    assert (item.key, item.since, "told to go on" in item.question) == ("turn:a", NOW - 60, True)
    again = {**turn, "ended_at": format_instant(NOW)}
    assert the_item(seen("idle", turn=turn)).cause != the_item(seen("idle", turn=again)).cause


@pytest.mark.parametrize("state", ["starting", "busy", "idle", "unknown", None, 7])
def test_who_needs_nobody_is_no_item(state: Any) -> None:
    """`unknown` is an answer, and none of these asks."""
    assert items(seen(state, said("screen", "busy", "busy"))) == {}


@pytest.mark.parametrize("state", ["asking", "failed", "limited"])
def test_what_an_agent_asks_ends_with_it(state: str) -> None:
    """With the supervisor that saw it, with the task, and when it is being ended; a task that waits for somebody by its
    record has that item alone. Mutants: a dead supervisor's last word; the record's status not asked."""
    view = seen(state, said("screen", "x", state))
    assert len(items(view)) == 1
    assert [key for key in items(view, runs=False) if key.endswith(":a")] == []
    assert items({**view, "state": "stopping"}) == {}
    for status in ("todo", "done", "cancelled"):
        assert found({"id": "a", "status": status}, status={"tasks": {"a": view}}) == {}
    blocked = {"id": "a", "status": "blocked", "blocked": {"on": "a key", "by": "ann", "at": AT}}
    assert list(found(blocked, status={"tasks": {"a": view}})) == ["blocked:a"]


@pytest.mark.parametrize("state", ["asking", "failed", "limited"])
@pytest.mark.parametrize("listed", [None, [], [None, 7], [{}], [{"state": "asking"}], "x"])
def test_a_status_of_another_version_is_read_as_far_as_it_goes(state: str, listed: Any) -> None:
    """Sources that are missing or nonsense lose no item: what the supervisor made of them still stands there."""
    view = {**seen(state), "agent_sources": listed, "agent_rule": "permission-prompt", "agent_since": AT}
    item = the_item(view)
    assert item.since == NOW - 60
    assert items({"agent_state": state, "agent_since": 7, "question": ["x"]}).keys() == {
        item.key.replace("permission", "question")
    }
