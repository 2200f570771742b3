"""What a hook's payload says, by agent: one table each, from an event to a kind of signal. Pure, and cheap to import.

An event that no row names says nothing. Texts come out as they were: whoever writes them redacts them first.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

Payload = Mapping[str, Any]

KINDS: Final = ("started", "tool", "busy", "asking", "idle", "limited", "failed", "ended", "unread")
MINOR: Final = ("started", "tool", "busy")  # what a full folder loses first: the next one says it again
LIMITS: Final = ("rate_limit", "billing_error")
_ENDED_TASKS: Final = ("completed", "failed", "killed", "stopped", "cancelled")
_ASKING: Final = (
    *("permission_prompt", "worker_permission_prompt", "elicitation_dialog", "elicitation_url_dialog"),
    *("agent_needs_input", "ToolPermission"),
)
_SHOWN: Final = ("command", "question", "file_path", "path", "url", "pattern", "description", "plan")


class Said(NamedTuple):
    """`prompt`, `text` and `message` (the last one of a turn) are raw. `is_weak`: it says so only where nothing better
    is known. `background` counts what goes on behind the turn's end; None where the agent doesn't say. `part` names the
    sub-agent that it is about."""

    kind: str
    detail: str = ""
    session: str = ""
    part: str = ""
    text: str = ""
    prompt: str = ""
    transcript: str = ""
    background: int | None = None
    is_weak: bool = False
    message: str = ""


def heard(agent: str, payload: Payload) -> Said | None:
    """None for an event that is no news, or an agent that nobody knows."""
    table = TABLES.get(agent)
    event = _text(payload, "hook_event_name") or _text(payload, "type")
    row = table.get(event) if table is not None else None
    if row is None:
        return None
    said = Said(row) if isinstance(row, str) else row(payload)
    if said is None:
        return None
    return said._replace(
        detail=said.detail or event,
        session=said.session or _text(payload, "session_id"),
        part=said.part or _text(payload, "agent_id"),
        transcript=_text(payload, "transcript_path"),
    )


def _text(payload: Payload, *names: str) -> str:
    found: Any = payload
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


# --- Claude Code, Codex, Gemini


def _started(payload: Payload) -> Said | None:
    """A conversation that is only made shorter goes on with what it did."""
    source = _text(payload, "source")
    return None if source == "compact" else Said("started", source)


def _prompted(payload: Payload) -> Said:
    return Said("busy", prompt=_text(payload, "prompt"))


def _asked(payload: Payload) -> Said:
    return Said("asking", _text(payload, "tool_name"), text=_question(payload) or _text(payload, "message"))


def _question(payload: Payload) -> str:
    """What a person has to decide about, as far as a tool's own words tell."""
    given = payload.get("tool_input")
    if not isinstance(given, dict):
        return ""
    questions = given.get("questions")
    many = questions if isinstance(questions, list) else [given]
    found = (next((each[name] for name in _SHOWN if isinstance(each.get(name), str)), "") for each in _dicts(many))
    return "\n".join(text for text in found if text)


def _dicts(many: list[Any]) -> list[dict[str, Any]]:
    return [each for each in many if isinstance(each, dict)]


def _notified(payload: Payload) -> Said | None:
    what = _text(payload, "notification_type")
    if what == "idle_prompt":
        return Said("idle", what, is_weak=True)
    return Said("asking", what, text=_text(payload, "message"), is_weak=True) if what in _ASKING else None


def _stopped(payload: Payload) -> Said:
    """The turn is over. What goes on in the background will wake it again."""
    message = _text(payload, "last_assistant_message")
    if "background_tasks" not in payload and "session_crons" not in payload:
        return Said("idle", message=message)
    tasks, crons = (payload.get(name) for name in ("background_tasks", "session_crons"))
    running = [each for each in tasks if not _has_ended(each)] if isinstance(tasks, list) else []
    count = len(running) + (len(crons) if isinstance(crons, list) else 0)
    return Said("idle", background=count, message=message)


def _has_ended(task: Any) -> bool:
    return isinstance(task, dict) and task.get("status") in _ENDED_TASKS


def _broke(payload: Payload) -> Said:
    error = _text(payload, "error") or "unknown"
    return Said("limited" if error in LIMITS else "failed", error, text=_text(payload, "error_details"))


def _ended(payload: Payload) -> Said | None:
    """`/clear` and `/resume` end a conversation, not the agent."""
    reason = _text(payload, "reason")
    return None if reason in ("clear", "resume") else Said("ended", reason)


def _part(payload: Payload) -> Said:
    return Said("tool", part=_text(payload, "agent_id") or _text(payload, "agent_type") or "sub-agent")


def _interrupted(_: Payload) -> Said:
    return Said("idle", "interrupted")


def _notify(payload: Payload) -> Said:
    """Codex's `notify`, which is about a thread and knows no hook's names."""
    return Said("idle", session=_text(payload, "thread-id"), message=_text(payload, "last-assistant-message"))


# --- OpenCode: its plugin hands on `{type, properties}`


def _session_of(payload: Payload) -> str:
    return _text(payload, "properties", "sessionID") or _text(payload, "properties", "info", "id")


def _of_session(kind: str) -> Callable[[Payload], Said]:
    return lambda payload: Said(kind, session=_session_of(payload))


def _created(payload: Payload) -> Said:
    session = _session_of(payload)
    is_part = bool(_text(payload, "properties", "info", "parentID"))
    return Said("started", session=session, part=session if is_part else "")


def _status(payload: Payload) -> Said | None:
    what = _text(payload, "properties", "status", "type")
    kinds = {"busy": "busy", "idle": "idle", "retry": "limited"}
    if what not in kinds:
        return None
    message = _text(payload, "properties", "status", "message")
    return Said(kinds[what], what, session=_session_of(payload), text=message)


def _permission(payload: Payload) -> Said:
    given = payload.get("properties")
    patterns = given.get("patterns") if isinstance(given, dict) else None
    text = " ".join(map(str, patterns)) if isinstance(patterns, list) else ""
    return Said("asking", _text(payload, "properties", "permission"), session=_session_of(payload), text=text)


def _error(payload: Payload) -> Said:
    name = _text(payload, "properties", "error", "name") or "error"
    text = _text(payload, "properties", "error", "data", "message")
    if name == "MessageAbortedError":
        return Said("idle", "interrupted", session=_session_of(payload))
    return Said("failed", name, session=_session_of(payload), text=text)


Row = str | Callable[[Payload], Said | None]

_CLAUDE: Final[dict[str, Row]] = {
    "SessionStart": _started,
    "UserPromptSubmit": _prompted,
    "PreToolUse": "tool",
    "PostToolUse": "tool",
    "PostToolUseFailure": "tool",
    "PermissionRequest": _asked,
    "PermissionDenied": "tool",
    "Elicitation": _asked,
    "ElicitationResult": "tool",
    "Notification": _notified,
    "SubagentStart": _part,
    "SubagentStop": _part,
    "Stop": _stopped,
    "StopFailure": _broke,
    "SessionEnd": _ended,
}
_CODEX: Final[dict[str, Row]] = {
    "SessionStart": _started,
    "UserPromptSubmit": _prompted,
    "PreToolUse": "tool",
    "PostToolUse": "tool",
    "PermissionRequest": _asked,
    "SubagentStart": _part,
    "SubagentStop": _part,
    "Stop": _stopped,
    "Interrupt": _interrupted,
    "SessionEnd": _ended,
    "agent-turn-complete": _notify,
}
_GEMINI: Final[dict[str, Row]] = {
    "SessionStart": _started,
    "BeforeAgent": _prompted,
    "BeforeTool": "tool",
    "AfterTool": "tool",
    "Notification": _notified,
    "AfterAgent": "idle",
    "SessionEnd": _ended,
}
_OPENCODE: Final[dict[str, Row]] = {
    "session.created": _created,
    "session.status": _status,
    "session.idle": _of_session("idle"),
    "session.error": _error,
    "permission.asked": _permission,
    "permission.replied": _of_session("tool"),
    "tool.execute.before": _of_session("tool"),
    "tool.execute.after": _of_session("tool"),
}
TABLES: Final[dict[str, dict[str, Row]]] = {
    "claude": _CLAUDE,
    "codex": _CODEX,
    "gemini": _GEMINI,
    "opencode": _OPENCODE,
}
AGENTS: Final = (*TABLES, "aider", "shell")
# Aider runs its command when it waits for a person, and says nothing with it.
SILENT: Final[dict[str, Said]] = {"aider": Said("idle", "waits for input", is_weak=True)}
