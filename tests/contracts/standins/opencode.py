"""OpenCode 1.18.33 as it was measured: no trust, ids of its own, retries instead of limits, 0 for a refusal."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from tests.contracts.standins.core import Agent, Key, Menu, Said, Talk, refuse, understand
from tests.contracts.words import steer

TAKES = ("--port", "--prompt", "-m", "--model", "--agent", "--session", "-s", "--format")
BARE = ("--auto", "-c", "--continue", "--version")
UNKNOWN = ("Unknown argument: {}", 1)
SCREENS = {
    "idle": ("idle", None), "busy": ("busy", "SLOW SLOW please"), "done": ("idle-done", "SLOW SLOW please"),
    "RATELIMIT": ("retrying", "RATELIMIT"), "interrupted": ("idle-done", "SLOW SLOW please"),
}  # fmt: skip


def main() -> None:
    said = understand(sys.argv[1:], TAKES, BARE, UNKNOWN)
    if said.has("--version"):
        print("1.18.33")
    elif said.words[:1] == ["run"]:
        _run(said)
    else:
        OpenCode(said).main()


def _open(said: Said) -> Talk:
    data = Path(os.environ.get("XDG_DATA_HOME") or Path(os.environ["HOME"]) / ".local" / "share") / "opencode"
    resumed = said.one("--session", "-s")
    name = resumed or f"ses_{uuid.uuid4().hex[:26]}"
    path = data / "sessions" / f"{name}.jsonl"
    if resumed and not path.exists():
        refuse("Error: Session not found")
    talk = Talk(path, "opencode")
    talk.write({"role": "system", "text": name})
    if not resumed:
        _note(data, name)
    return talk


def _note(data: Path, name: str) -> None:
    """In its database, as it has it, of which nobody but itself is to read more than this."""
    data.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(sqlite3.connect(data / "opencode.db", timeout=30)) as db, db:
        db.execute("CREATE TABLE IF NOT EXISTS session (id TEXT, parent_id TEXT, directory TEXT, time_created INTEGER)")
        row = (name, None, str(Path.cwd()), int(time.time() * 1000))
        db.execute("INSERT INTO session VALUES (?, ?, ?, ?)", row)


def _run(said: Said) -> None:
    """Headless: what would have to be asked for is rejected, and that is no error."""
    talk = _open(said)
    prompt = said.words[-1]
    talk.add("user", prompt)
    results = 0
    while (word := steer(prompt, results)[0]) == "RUN":
        sys.stderr.write("! permission requested: bash (*); auto-rejecting\n")
        results += 1
    if word in ("SLOW", "RATELIMIT"):  # it tries again for minutes
        time.sleep(3600)
    talk.add("assistant", "All done, mock reply.")
    print("All done, mock reply.")


class OpenCode(Agent):
    name = "opencode"

    def __init__(self, said: Said) -> None:
        super().__init__(said)
        self._drawn = 0
        # The prompt is ignored beside a session.
        said.words.append("" if said.has("--session", "-s") else said.one("--prompt") or "")

    def open(self) -> None:
        self.terminal.title("OpenCode")
        self.talk = _open(self.said)

    def show(self, what: str, prompt: str = "", **more: str) -> None:
        screen, typed = SCREENS[what]
        swaps = {} if typed is None else {f"  ┃  {typed}": "  ┃  " + "\n  ┃  ".join(prompt.strip().splitlines())}
        if what == "idle" and self.box:
            swaps['Ask anything… "Fix a TODO in the codebase"'] = _drawn(self.box)
        if what == "busy":
            self._drawn += 1
            swaps["⬝⬝⬝⬝⬝⬝⬝⬝"] = "".join("⬝■"[place == self._drawn % 8] for place in range(8))
        self.terminal.draw(self.terminal.sample(screen, swaps))

    def ask(self, command: str, prompt: str) -> str:
        echo = "  ┃  " + "\n  ┃  ".join(prompt.strip().splitlines())
        text = self.terminal.sample("permission", {"  ┃  RUN[touch x]": echo, "$ touch x": f"$ {command}"})
        return "allow" if self.choose(_Row(text)) in (0, 1) else "stop"


def _drawn(box: str) -> str:
    """A paste of some lines is shown as one word."""
    lines = box.rstrip("\n").splitlines()
    return f"[Pasted ~{len(lines)} lines]" if len(lines) > 2 else "\n                       ┃  ".join(lines)


class _Row(Menu):
    """Three choices side by side; which one is marked is told by its colour alone."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "┃", "never")
        self.places = [0, 1, 2]
        self._text = text

    def text(self) -> str:
        return self._text

    def press(self, key: Key) -> Any:
        match key:
            case Key("left" | "right"):
                self.at = (self.at + (1 if key.name == "right" else -1)) % 3
            case Key("enter"):
                return self.at
            case Key("escape"):
                return -1
        return None
