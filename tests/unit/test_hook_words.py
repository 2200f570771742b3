"""What each agent's payloads mean: the tables, payload by payload as they were seen."""

from __future__ import annotations

from typing import Any

import pytest

from supervisor.hooks.words import AGENTS, KINDS, SILENT, TABLES, Said, heard
from tests.agents import SESSION, payload

ASKED = {"tool_name": "Bash", "tool_input": {"command": "rm x", "description": "remove"}}
QUESTION = {
    "tool_name": "AskUserQuestion",
    "tool_input": {"questions": [{"question": "Which?"}, {"question": "When?"}]},
}


def notified(what: str, **more: Any) -> dict[str, Any]:
    return payload("Notification", notification_type=what, message="needs you", **more)


def told(event: str, **properties: Any) -> dict[str, Any]:
    return {"type": event, "properties": {"sessionID": "ses_1", **properties}}


ROWS = [
    ("claude", payload("SessionStart", source="startup"), "started", "startup"),
    ("claude", payload("SessionStart", source="compact"), None, ""),
    ("claude", payload("UserPromptSubmit", prompt="do"), "busy", "UserPromptSubmit"),
    ("claude", payload("PreToolUse", **ASKED), "tool", "PreToolUse"),
    ("claude", payload("PermissionRequest", **ASKED), "asking", "Bash"),
    ("claude", notified("permission_prompt"), "asking", "permission_prompt"),
    ("claude", notified("idle_prompt"), "idle", "idle_prompt"),
    ("claude", notified("auth_success"), None, ""),
    ("claude", payload("Stop", background_tasks=[], session_crons=[]), "idle", "Stop"),
    ("claude", payload("StopFailure", error="rate_limit"), "limited", "rate_limit"),
    ("claude", payload("StopFailure", error="authentication_failed"), "failed", "authentication_failed"),
    ("claude", payload("StopFailure"), "failed", "unknown"),
    ("claude", payload("SubagentStop", agent_id="a1"), "tool", "SubagentStop"),
    ("claude", payload("SessionEnd", reason="clear"), None, ""),
    ("claude", payload("SessionEnd", reason="other"), "ended", "other"),
    ("claude", payload("FileChanged"), None, ""),
    ("codex", payload("Stop", last_assistant_message="done"), "idle", "Stop"),
    ("codex", payload("Interrupt"), "idle", "interrupted"),
    ("codex", {"type": "agent-turn-complete", "thread-id": SESSION}, "idle", "agent-turn-complete"),
    ("gemini", payload("BeforeAgent", prompt="do"), "busy", "BeforeAgent"),
    ("gemini", notified("ToolPermission"), "asking", "ToolPermission"),
    ("gemini", payload("AfterAgent"), "idle", "AfterAgent"),
    ("opencode", told("session.status", status={"type": "retry", "message": "Rate limit reached"}), "limited", "retry"),
    ("opencode", told("session.status", status={"type": "idle"}), "idle", "idle"),
    ("opencode", told("permission.asked", permission="bash", patterns=["rm x"]), "asking", "bash"),
    ("opencode", told("permission.replied"), "tool", "permission.replied"),
    ("opencode", told("session.error", error={"name": "MessageAbortedError"}), "idle", "interrupted"),
    ("opencode", told("message.updated"), None, ""),
]


@pytest.mark.parametrize(("agent", "given", "kind", "detail"), ROWS)
def test_an_event_says_what_it_was_seen_to_mean(
    agent: str, given: dict[str, Any], kind: str | None, detail: str
) -> None:
    """Each documented event, and no state from one that is none: a shortened or cleared conversation goes on."""
    said = heard(agent, given)
    assert (said.kind if said else None, said.detail if said else "") == (kind, detail)


def test_what_a_person_is_asked_stands_in_the_text() -> None:
    """A command, each question of several, a message where there is no more."""
    texts = [
        heard("claude", each)
        for each in (payload("PermissionRequest", **ASKED), payload("PermissionRequest", **QUESTION))
    ]
    assert [said.text for said in texts if said] == ["rm x", "Which?\nWhen?"]
    said = heard("opencode", told("permission.asked", permission="bash", patterns=["rm x", "ls"]))
    assert said is not None
    assert (said.text, said.session) == ("rm x ls", "ses_1")


@pytest.mark.parametrize(
    ("tasks", "crons", "count"),
    [
        ([], [], 0),
        ([{"status": "running"}, {"status": "completed"}], [], 1),
        ([], [{"id": 1}], 1),
        (None, [], 0),
        (["?"], None, 1),
    ],
)
def test_a_turn_says_what_it_left_running(tasks: Any, crons: Any, count: int) -> None:
    """Claude's own lists are counted; what has ended is none. Mutant killed: every task of the list counted."""
    said = heard("claude", payload("Stop", background_tasks=tasks, session_crons=crons))
    assert said is not None
    assert said.background == count
    assert heard("codex", payload("Stop")) == Said("idle", "Stop", session=SESSION)


def test_a_sub_agent_is_named() -> None:
    """By its id in whatever event, and by its own session where it has one."""
    for given in (payload("PreToolUse", agent_id="a1"), payload("SubagentStop", agent_id="a1")):
        said = heard("claude", given)
        assert said is not None
        assert said.part == "a1"
    said = heard("opencode", {"type": "session.created", "properties": {"info": {"id": "ses_2", "parentID": "ses_1"}}})
    assert said is not None
    assert said.part == said.session == "ses_2"


@pytest.mark.parametrize("agent", TABLES)
@pytest.mark.parametrize("strange", [None, 7, "x", [], {}, [[]], {"x": []}, True])
def test_a_payload_of_any_shape_is_no_fault(agent: str, strange: Any) -> None:
    """Wherever a field holds what nobody foresaw, the event still says something or nothing; it never raises."""
    names = ("tool_input", "properties", "prompt", "error", "background_tasks", "source", "message", "session_id")
    for event in TABLES[agent]:
        said = heard(agent, {"hook_event_name": event, **dict.fromkeys(names, strange)})
        assert said is None or (said.kind in KINDS and isinstance(said.text, str) and isinstance(said.session, str))


def test_every_kind_is_a_known_one() -> None:
    """No row is a word that the folder's names or the supervisor don't know."""
    plain = {row for table in TABLES.values() for row in table.values() if isinstance(row, str)}
    assert plain | {said.kind for said in SILENT.values()} <= set(KINDS)
    assert set(SILENT) < set(AGENTS)
