"""Codex CLI 0.169.0 as it was measured: trust and hook reviews, titles and OSC 7501, rollouts, a hook that blocks."""

from __future__ import annotations

import json
import os
import sys
import time
import tomllib
import uuid
from pathlib import Path
from typing import Any

from tests.contracts.standins.core import Agent, Hooks, Menu, Said, Talk, folders, refuse, understand
from tests.contracts.words import steer

TAKES = ("-c", "--config", "-s", "--sandbox", "-a", "--ask-for-approval", "-m", "--model", "-C", "--cd", "-o")
BARE = ("--no-daemon", "--no-alt-screen", "--last", "--all", "--json", "--yolo", "--dangerously-bypass-hook-trust",
        "--skip-git-repo-check", "--include-non-interactive", "--approve-for-me", "--version", "--trust")  # fmt: skip
UNKNOWN = ("error: unexpected argument '{}' found", 2)
SCREENS = {
    "idle": ("idle", None), "busy": ("busy", "SLOW please"), "done": ("idle-done", "hello"),
    "RATELIMIT": ("usage-limit", "RATELIMIT"), "AUTHFAIL": ("error", "AUTHFAIL"),
    "interrupted": ("idle-interrupted", "SLOW please"),
}  # fmt: skip
PROGRAM = {"busy": "working", "RATELIMIT": "error", "AUTHFAIL": "error", "done": "done"}
SPINNER = "⠋⠙⠹⠸⠼⠴"
PRINTED = {
    "RATELIMIT": "ERROR: You’ve hit your usage limit. Upgrade to Pro or try again at 4:30 AM.",
    "AUTHFAIL": "ERROR: unexpected status 401 Unauthorized: Incorrect API key provided",
}


def main() -> None:
    said = understand(sys.argv[1:], TAKES, BARE, UNKNOWN)
    if said.has("--version"):
        print("codex-cli 0.169.0")
    elif said.words[:1] == ["exec"]:
        _exec(said)
    else:
        Codex(said).main()


def _folder() -> Path:
    return Path(os.environ.get("CODEX_HOME") or Path(os.environ["HOME"]) / ".codex")


def _config() -> dict[str, Any]:
    path = _folder() / "config.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _given(said: Said) -> dict[str, Any]:
    """What the command line puts over the configuration."""
    told: dict[str, Any] = {}
    for each in said.flags.get("-c", []) + said.flags.get("--config", []):
        told |= tomllib.loads(each)
    return told


def _open(words: list[str], said: Said) -> tuple[Talk, str]:
    """The conversation: a new one, the newest of this folder, or the one that is named."""
    if words[:1] != ["resume"]:
        return _begin()
    found = {path.stem[-36:]: path for path in sorted(_folder().glob("sessions/*/*/*/rollout-*.jsonl"))}
    if said.has("--last"):
        here = [name for name, path in found.items() if said.has("--all") or _meta(path)["cwd"] == str(Path.cwd())]
        if not here:
            return _begin()
        return Talk(found[here[-1]], "codex"), here[-1]
    name = words[1]
    if name not in found:
        refuse(f"Error: thread/resume: no rollout found for thread id {name}")
    return Talk(found[name], "codex"), name


def _begin() -> tuple[Talk, str]:
    name, stamp = str(uuid.uuid4()), time.strftime("%Y-%m-%dT%H-%M-%S")
    talk = Talk(_folder() / "sessions" / time.strftime("%Y/%m/%d") / f"rollout-{stamp}-{name}.jsonl", "codex")
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    meta = {"id": name, "timestamp": now, "cwd": str(Path.cwd()), "originator": "codex-tui", "source": "cli"}
    talk.write({"timestamp": now, "type": "session_meta", "payload": {**meta, "cli_version": "0.169.0"}})
    return talk, name


def _meta(path: Path) -> dict[str, Any]:
    first: dict[str, Any] = json.loads(path.read_text(encoding="utf-8").splitlines()[0])["payload"]
    return first


def _is_trusted() -> bool:
    projects = _config().get("projects", {})
    return any(projects.get(each, {}).get("trust_level") == "trusted" for each in folders())


def _exec(said: Said) -> None:
    """Headless: it reads a standard input that is no terminal before anything else."""
    if not sys.stdin.isatty():
        sys.stderr.write("Reading additional input from stdin...\n")
        sys.stdin.read()
    is_git = any((each / ".git").exists() for each in (Path.cwd(), *Path.cwd().parents))
    if not (is_git or said.has("--skip-git-repo-check")):  # trust alone isn't enough: seen with 0.169.0
        refuse("Not inside a trusted directory and --skip-git-repo-check was not specified.")
    talk, _ = _open(said.words[1:], said)
    prompt = said.words[-1]
    talk.add("user", prompt)
    word, _ = steer(prompt)
    if word == "SLOW":
        time.sleep(3600)
    if word in PRINTED:
        refuse(PRINTED[word])
    talk.add("assistant", "All done, mock reply.")
    print("All done, mock reply.")


class Codex(Agent):
    name = "codex"
    enter_after = {"text": 0.12}

    def open(self) -> None:
        self._drawn = 0
        self._program_state = ""
        self._mark(str(Path(self.cwd).name), "idle")
        if not _is_trusted():
            self._ask_for_trust()
        table = _given(self.said).get("hooks", {})
        own = _folder() / "hooks.json"
        table = {**table, **(json.loads(own.read_text(encoding="utf-8"))["hooks"] if own.exists() else {})}
        if table and not self._is_reviewed(table):
            table = {}
        self.talk, name = _open([each for each in self.said.words if each], self.said)
        common = {"session_id": name, "transcript_path": str(self.talk.path), "cwd": self.cwd}
        self.hooks = Hooks(table, {**common, "model": "gpt-mock", "permission_mode": "default"}, {})
        self.hooks.fire("SessionStart", source="resume" if "resume" in self.said.words[:1] else "startup")

    def main(self) -> None:
        if self.said.words[:1] == ["resume"] and len(self.said.words) < (2 if self.said.has("--last") else 3):
            self.said.words.append("")
        super().main()

    def show(self, what: str, prompt: str = "", **more: str) -> None:
        screen, typed = SCREENS[what]
        swaps = {} if typed is None else {f"› {typed}": "› " + "\n  ".join(prompt.strip().splitlines())}
        if seconds := more.get("seconds"):
            swaps["(8s"] = f"({seconds}s"
        self._drawn += 1
        folder = Path(self.cwd).name
        spin = SPINNER[self._drawn % len(SPINNER)]
        self._mark(f"{spin} {folder}" if what == "busy" else folder, PROGRAM.get(what, "idle"))
        self.terminal.draw(self.terminal.sample(screen, swaps))

    def began(self, prompt: str) -> None:
        self.hooks.common["turn_id"] = str(uuid.uuid4())
        self.hooks.fire("UserPromptSubmit", prompt=prompt)

    def ask(self, command: str, prompt: str) -> str:
        """The hook comes first and blocks: no dialog is shown before it has ended without a decision."""
        use = {"tool_name": "Bash", "tool_input": {"command": command}}
        self._use = {**use, "tool_use_id": "call_1"}
        self.hooks.fire("PreToolUse", **self._use)
        decision = self.hooks.fire("PermissionRequest", **use).get("hookSpecificOutput", {}).get("decision", {})
        if decision:
            return "allow" if decision.get("behavior") == "allow" else "deny"
        echo = "› " + "\n  ".join(prompt.strip().splitlines())
        swaps = {"› RUN[touch /etc/made-up] ESC": echo, "touch /etc/made-up": command}
        menu = Menu(self.terminal.sample("permission", swaps), "›", "Yes|No")
        self._mark(f"[ ! ] Action Required | {Path(self.cwd).name}", "blocked:app=codex:kind=permission")
        made = self.choose(_Keyed(menu))
        return "allow" if made in (0, 1) else "stop"

    def ran(self, command: str) -> None:
        self.hooks.fire("PostToolUse", **self._use, tool_response="")

    def ended(self, said: str) -> None:
        self.hooks.fire("Stop", stop_hook_active=False, last_assistant_message=said)

    def left(self, code: int) -> None:
        self.hooks.fire("SessionEnd", reason="other")

    # --- what else is seen of it

    def _mark(self, title: str, state: str) -> None:
        self.terminal.title(title)
        if state != self._program_state:
            self._program_state = state
            more = "" if ":" in state else ":app=codex"
            self.terminal.write(f"\x1b]7501;state={state}{more}\x1b\\")

    def _ask_for_trust(self) -> None:
        text = self.terminal.sample("trust", {"/home/dev/other": self.cwd})
        if self.choose(Menu(text, "›", "Trust and continue|Back to Agent Command Center")) != 0:
            sys.exit(0)
        _note(f'[projects."{self.cwd}"]\ntrust_level = "trusted"\n')

    def _is_reviewed(self, table: dict[str, Any]) -> bool:
        """Nobody's hook runs before a person has looked at it, once for each that is new or changed."""
        state = _config().get("hooks", {}).get("state", {})
        mark = str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(table, sort_keys=True)))
        if self.said.has("--dangerously-bypass-hook-trust") or mark in state:
            return True
        text = self.terminal.sample("hooks", {})
        if self.choose(Menu(text, "›", "Review hooks|Trust all and continue|Continue without trusting")) != 1:
            return False
        _note(f'[hooks.state."{mark}"]\ntrusted = true\n')
        return True


class _Keyed(Menu):
    """With a letter for each choice, besides."""

    def __init__(self, menu: Menu) -> None:
        self.__dict__ = menu.__dict__

    def press(self, key: Any) -> int | None:
        return {"y": 0, "p": 1}.get(key.text) if key.name == "text" and key.text in ("y", "p") else super().press(key)


def _note(text: str) -> None:
    path = _folder() / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{text}")
