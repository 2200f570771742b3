"""Gemini CLI 0.61.0 as it was measured: a trust dialog by path, titles, chats by id, exit codes of its own."""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from tests.contracts.standins.core import Agent, Hooks, Menu, Said, Talk, refuse, understand
from tests.contracts.words import steer

TAKES = ("-i", "--prompt-interactive", "-p", "--prompt", "--session-id", "--resume", "-r", "-o", "--output-format",
         "--approval-mode", "-m", "--model", "--include-directories")  # fmt: skip
BARE = ("--yolo", "--skip-trust", "--list-sessions", "--version")
UNKNOWN = ("Unknown argument: {}", 1)
SCREENS = {
    "idle": ("idle", None), "busy": ("busy", "SLOW please"), "done": ("idle-done", "hello"),
    "AUTHFAIL": ("error", "AUTHFAIL"), "interrupted": ("idle-done", "hello"),
}  # fmt: skip
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


def main() -> None:
    said = understand(sys.argv[1:], TAKES, BARE, UNKNOWN)
    if said.has("--version"):
        print("0.61.0")
    elif said.has("-p", "--prompt"):
        _print(said)
    else:
        Gemini(said).main()


def _folder() -> Path:
    return Path(os.environ.get("GEMINI_CLI_HOME") or os.environ["HOME"]) / ".gemini"


def _is_trusted(said: Said) -> bool:
    """By path alone: what is below a trusted folder is trusted, and a repository's main checkout says nothing."""
    path = _folder() / "trustedFolders.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    here = [str(each) for each in (Path.cwd(), *Path.cwd().parents)]
    return said.has("--skip-trust") or any(known.get(each) == "TRUST_FOLDER" for each in here)


def _open(said: Said) -> tuple[Talk, str, str]:
    chosen, resumed = said.one("--session-id"), said.one("--resume", "-r")
    name = chosen or resumed or str(uuid.uuid4())
    found = [path for path in _folder().glob(f"tmp/*/chats/session-*-{name[:8]}.jsonl") if name in path.read_text()]
    if chosen and found:
        refuse(f"Error: Session ID {chosen} already exists.", 42)
    if resumed and not found:
        refuse(f'Error resuming session: Invalid session identifier "{resumed}".', 42)
    slug, stamp = Path.cwd().name, time.strftime("%Y-%m-%dT%H-%M")
    talk = Talk(
        found[0] if found else _folder() / "tmp" / slug / "chats" / f"session-{stamp}-{name[:8]}.jsonl", "gemini"
    )
    if not found:
        talk.write({"sessionId": name, "startTime": stamp, "kind": "main"})
    return talk, name, "resume" if resumed else "startup"


def _print(said: Said) -> None:
    """Headless: a refused login ends with 1 where it prints text, with the HTTP code mod 256 where it prints JSON."""
    talk, _, _ = _open(said)
    prompt = said.one("-p", "--prompt") or ""
    talk.add("user", prompt)
    word, _ = steer(prompt)
    if word == "SLOW":
        time.sleep(3600)
    if word == "AUTHFAIL":
        refuse(
            "Error when talking to Gemini API: API key not valid", 401 % 256 if said.has("-o", "--output-format") else 1
        )
    talk.add("assistant", "All done, mock reply.")
    print("All done, mock reply.")


class Gemini(Agent):
    name = "gemini"
    enter_after = {"text": 0.15, "paste": 0.05}

    def __init__(self, said: Said) -> None:
        super().__init__(said)
        self._drawn = 0
        said.words.append(said.one("-i", "--prompt-interactive") or "")

    def open(self) -> None:
        self._title("◇  Ready")
        if not _is_trusted(self.said):
            self._ask_for_trust()
        self.talk, name, source = _open(self.said)
        common = {"session_id": name, "transcript_path": str(self.talk.path), "cwd": self.cwd}
        self.hooks = Hooks(self._table(), {**common, "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ")}, {})
        self.hooks.fire("SessionStart", source=source)

    def _table(self) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for place in (os.environ.get("GEMINI_CLI_SYSTEM_SETTINGS_PATH"), str(_folder() / "settings.json")):
            if place and Path(place).exists():
                for event, groups in json.loads(Path(place).read_text(encoding="utf-8")).get("hooks", {}).items():
                    merged.setdefault(event, []).extend(groups)
        return merged

    def _title(self, text: str) -> None:
        self.terminal.title(f"{text} ({Path(self.cwd).name})".ljust(80))

    def show(self, what: str, prompt: str = "", **more: str) -> None:
        screen, typed = SCREENS[what]
        swaps = {} if typed is None else {f" > {typed}": " > " + "\n   ".join(prompt.strip().splitlines())}
        if what == "busy":
            self._drawn += 1
            swaps |= {"⠧": SPINNER[self._drawn % len(SPINNER)], "cancel, 3s": f"cancel, {more.get('seconds', '0')}s"}
        self._title("✦  Working…" if what == "busy" else "◇  Ready")
        self.terminal.draw(self.terminal.sample(screen, swaps))

    def began(self, prompt: str) -> None:
        self.hooks.fire("BeforeAgent", prompt=prompt)

    def ask(self, command: str, prompt: str) -> str:
        """Its hooks are told of the question and can't decide it."""
        use = {"tool_name": "run_shell_command", "tool_input": {"command": command}}
        self._use = use
        self.hooks.fire("BeforeTool", **use)
        self.hooks.fire("Notification", notification_type="ToolPermission", message="Action required", details={})
        echo = " > " + "\n   ".join(prompt.strip().splitlines())
        text = self.terminal.sample("permission", {" > RUN[touch x]": echo, "touch x": command})
        self._title("✋  Action Required")
        made = self.choose(Menu(text, "●", "Allow|No"))
        return "allow" if made in (0, 1) else "stop"

    def ran(self, command: str) -> None:
        self.hooks.fire("AfterTool", **self._use, tool_response={})

    def ended(self, said: str) -> None:
        self.hooks.fire("AfterAgent", prompt_response=said)

    def left(self, code: int) -> None:
        self.hooks.fire("SessionEnd", reason="exit")

    def _ask_for_trust(self) -> None:
        menu = Menu(self.terminal.sample("trust", {}), "●", "Trust|Don't trust")
        if self.choose(menu) == 0:
            path = _folder() / "trustedFolders.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({self.cwd: "TRUST_FOLDER"}), encoding="utf-8")
