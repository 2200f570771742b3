"""Claude Code 2.1.329 as it was measured: its trust dialog, permission menu, status file, transcript, hooks, exits."""

from __future__ import annotations

import json
import os
import re
import sys
import textwrap
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.contracts.standins.core import Agent, Hooks, Menu, Said, Talk, folders, refuse, understand
from tests.contracts.words import steer

TAKES = ("--session-id", "--resume", "--settings", "--permission-mode", "--output-format", "--input-format", "--model",
         "--mcp-config", "--add-dir", "--allowedTools", "--append-system-prompt")  # fmt: skip
BARE = ("-p", "--print", "--verbose", "--continue", "--fork-session", "--strict-mcp-config", "--version")
UNKNOWN = ("error: unknown option '{}'", 1)
NOTIFIED_AFTER = 6.0  # seconds from a question to its notification
SCREENS = {
    "idle": ("idle", None), "busy": ("busy", "SLOW please"), "done": ("idle-done", "hello there"),
    "RATELIMIT": ("rate-limit", "RATELIMIT"), "AUTHFAIL": ("login", "AUTHFAIL"),
    "interrupted": ("idle-interrupted", "RUN[touch made-up-file]"),
}  # fmt: skip
ERRORS = {"RATELIMIT": "rate_limit", "AUTHFAIL": "authentication_failed"}
PRINTED = {
    "RATELIMIT": "API Error: Request rejected (429) · This would exceed your rate limit",
    "AUTHFAIL": "Invalid API key · Fix external API key",
}


def main() -> None:
    said = understand(sys.argv[1:], TAKES, BARE, UNKNOWN)
    if said.has("--version"):
        print("2.1.329 (Claude Code)")
    elif said.has("-p", "--print"):
        _print(said)
    else:
        Claude(said).main()


def _folder() -> Path:
    return Path(os.environ.get("CLAUDE_CONFIG_DIR") or Path(os.environ["HOME"]) / ".claude")


def _projects() -> Path:
    return _folder() / "projects"


def _open(said: Said) -> tuple[Talk, str]:
    """The conversation that the command line names, and how it was opened."""
    chosen, resumed = said.one("--session-id"), said.one("--resume")
    name = chosen or resumed or str(uuid.uuid4())
    if chosen and not _is_uuid(chosen):
        refuse("Error: Invalid session ID. Must be a valid UUID.")
    there = next(_projects().glob(f"*/{name}.jsonl"), None) if _projects().is_dir() else None
    if chosen and there is not None:
        refuse(f"Error: Session ID {chosen} is already in use.")
    if resumed and there is None:
        refuse(f"No conversation found with session ID: {resumed}")
    slug = re.sub(r"[^a-zA-Z0-9]", "-", str(Path.cwd()))
    return Talk(there or _projects() / slug / f"{name}.jsonl", "claude"), "resume" if resumed else "startup"


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _print(said: Said) -> None:
    """Headless: no dialog, no screen; a command that would have to be asked for is denied, and that is no error. A
    conversation is on disk from its first reply on, not before: seen with 2.1.329."""
    talk, _ = _open(said)
    prompt = said.words[-1]
    results = 0
    talk.hold()
    talk.add("user", prompt)
    while (word := steer(prompt, results)[0]) == "RUN":
        talk.add("assistant", "denied")
        talk.release()
        results += 1
    if word == "SLOW":
        time.sleep(3600)
    talk.release()
    if word in PRINTED:
        print(PRINTED[word])
        sys.exit(1)
    talk.add("assistant", "All done, mock reply.")
    print("All done, mock reply.")


class Claude(Agent):
    name = "claude"

    def open(self) -> None:
        self._status: str | None = None
        self._pastes = 0
        self.terminal.title("✳ Claude Code")
        if not self._is_trusted():
            self._ask_for_trust()
        self.talk, source = _open(self.said)
        common = {
            "session_id": self.talk.path.stem,
            "transcript_path": str(self.talk.path),
            "cwd": self.cwd,
            "permission_mode": "auto",
        }
        self.hooks = Hooks(_hooks_of(self.said), common, {"CLAUDE_PROJECT_DIR": self.cwd})
        self._keep("idle")
        self.hooks.fire("SessionStart", source=source)

    def show(self, what: str, prompt: str = "", **more: str) -> None:
        screen, typed = SCREENS[what]
        swaps = {} if typed is None else {f"❯ {typed}": f"❯ {_echo(prompt)}"}
        if command := more.get("command"):
            swaps["$ touch made-up-file"] = f"$ {command}"
        if seconds := more.get("seconds"):
            swaps["Actioning…"] = f"Actioning… ({seconds}s · ↓ 64 tokens)"
        self._keep("busy" if what == "busy" else "idle")
        self.terminal.draw(_boxed(self.terminal.sample(screen, swaps), self.drawn))

    def pasted(self, text: str) -> str:
        """Two lines are shown as they are, four are not, and neither are 900 characters: seen with 2.1.329."""
        lines = text.count("\n")
        if lines < 3 and len(text) < 900:
            return text
        self._pastes += 1
        return f"[Pasted text #{self._pastes}{f' +{lines} lines' if lines else ''}]"

    def began(self, prompt: str) -> None:
        self.hooks.fire("UserPromptSubmit", prompt=prompt)

    def ask(self, command: str, prompt: str) -> str:
        """The hook runs beside the dialog, and the first answer counts; the notification comes six seconds later."""
        use = {"tool_name": "Bash", "tool_input": {"command": command, "description": "run it"}}
        self._use = {**use, "tool_use_id": "toolu_1"}
        self.hooks.fire("PreToolUse", **self._use)
        swaps = {"❯ RUN[touch made-up-file]": f"❯ {_echo(prompt)}", "touch made-up-file": command}
        menu = Menu(self.terminal.sample("permission", swaps), "❯", "Yes|No")
        self._keep("waiting", "permission prompt")
        with self._notified():
            made = self.choose(menu, self.hooks.begin("PermissionRequest", **use, permission_suggestions=[]))
        if isinstance(made, dict):
            decision = made.get("hookSpecificOutput", {}).get("decision", {})
            return "allow" if decision.get("behavior") == "allow" else "deny"
        return "allow" if 0 <= made < len(menu.places) - 1 else "stop"

    def _notified(self) -> Any:
        return Later(
            NOTIFIED_AFTER,
            lambda: self.hooks.begin(
                "Notification", message="Claude needs your permission", notification_type="permission_prompt"
            ),
        )

    def ran(self, command: str) -> None:
        self.hooks.fire("PostToolUse", **self._use, tool_response={"stdout": ""}, duration_ms=3)
        self.hooks.fire("PostToolBatch")

    def ended(self, said: str) -> None:
        more: dict[str, Any] = {"background_tasks": [], "session_crons": []}
        self.hooks.fire("Stop", stop_hook_active=False, last_assistant_message=said, **more)

    def broke(self, word: str, prompt: str) -> None:
        """No Stop then."""
        super().broke(word, prompt)
        self.hooks.fire("StopFailure", error=ERRORS[word], error_details=PRINTED[word])

    def left(self, code: int) -> None:
        (_folder() / "sessions" / f"{os.getpid()}.json").unlink(missing_ok=True)
        self.hooks.fire("SessionEnd", reason="other" if code else "prompt_input_exit")

    # --- what it keeps on disk

    def _keep(self, status: str, waits_for: str = "") -> None:
        """By this process' pid and its start in ticks since boot; written when it changes."""
        if status == self._status:
            return
        self._status = status
        assert self.talk is not None
        ticks = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19]
        now = int(time.time() * 1000)
        said = {"pid": os.getpid(), "sessionId": self.talk.path.stem, "cwd": self.cwd, "procStart": ticks}
        said |= {"status": status, "statusUpdatedAt": now}
        said |= {"waitingFor": waits_for} if waits_for else {}
        folder = _folder() / "sessions"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{os.getpid()}.json").write_text(json.dumps(said), encoding="utf-8")

    def _is_trusted(self) -> bool:
        projects = _read(self.home / ".claude.json").get("projects", {})
        return any(projects.get(each, {}).get("hasTrustDialogAccepted") for each in folders())

    def _ask_for_trust(self) -> None:
        """Its first choice refuses: an Enter that nobody thought about ends it."""
        text = self.terminal.sample("trust", {"/home/dev/fresh": self.cwd})
        if self.choose(Menu(text, "❯", "No, exit|Yes, I trust this folder")) != 1:
            sys.exit(0)
        path = self.home / ".claude.json"
        known = _read(path)
        known.setdefault("projects", {})[self.cwd] = {"hasTrustDialogAccepted": True}
        path.write_text(json.dumps(known), encoding="utf-8")


class Later:
    """Does it after so many seconds, unless that is left before."""

    def __init__(self, after: float, what: Any) -> None:
        from threading import Timer

        self._timer = Timer(after, what)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def _boxed(screen: str, drawn: str) -> str:
    """With this in its input box, wrapped and indented."""
    lines = screen.splitlines()
    place = max(at for at, line in enumerate(lines) if line.startswith("❯"))
    typed = [part for line in drawn.split("\n") for part in textwrap.wrap(line, 116, drop_whitespace=False) or [""]]
    lines[place : place + 1] = [f"{'  ' if number else '❯ '}{line}" for number, line in enumerate(typed)]
    return "\n".join(lines) if drawn else screen


def _echo(prompt: str) -> str:
    return "\n  ".join(prompt.strip().splitlines())


def _read(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _hooks_of(said: Said) -> Mapping[str, Any]:
    """The person's own, and those that the command line adds, as a file or as JSON."""
    given = said.one("--settings") or "{}"
    ours = json.loads(given) if given.startswith("{") else _read(Path(given))
    merged: dict[str, Any] = {}
    for table in (_read(_folder() / "settings.json"), ours):
        for event, groups in table.get("hooks", {}).items():
            merged.setdefault(event, []).extend(groups)
    return merged
