"""A stand-in for an agent that is answered: it draws captured screens, takes keys and bracketed pastes, and keeps what
it was given in a file of JSON lines, one for each thing submitted, picked or cancelled.

As `AGENT-CLIS` has them measured: Codex takes an Enter within 120 ms of a paste for a line break, Claude's menus take a
digit at once and Escape as no, and a long paste is shown as one word. A named pipe of words makes it do what agents and
people do in between.
"""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import termios
import textwrap
import time
import tty
from pathlib import Path

PROMPTS = {"claude": "\u276f", "codex": "\u203a"}
GHOSTS = {"claude": "Resend your message to try again", "codex": "Ask Codex to do anything"}
BURST = 0.12  # seconds in which Codex takes an Enter for part of a paste
WORK = 0.3  # seconds of a turn
PASTE = re.compile(rb"\x1b\[200~(.*?)\x1b\[201~", re.DOTALL)


class Prompter:
    def __init__(self, agent: str, folder: str, log: str) -> None:
        self.agent, self.folder, self.log = agent, Path(folder), Path(log)
        self.screen, self.next = "idle", "idle"
        self.draft = ""
        self.shown = ""
        self.pasted_at = 0.0
        self.until: float | None = None
        self.ghost = True
        self.on_paste: list[str] = []
        self.is_deaf = False
        self.hook: subprocess.Popen[bytes] | None = None

    # --- drawing

    def text(self) -> str:
        path = self.folder / f"{self.screen}.txt" if "/" not in self.screen else Path(self.screen)
        return path.read_text(encoding="utf-8").partition("# ---\n")[2].rstrip("\n")

    def box(self) -> list[str]:
        if not self.draft:
            ghost = GHOSTS[self.agent] if self.ghost else ""
            return [f"{PROMPTS[self.agent]} \x1b[7m{ghost[:1] or ' '}\x1b[0m\x1b[2m{ghost[1:]}\x1b[0m"]
        shown = self.shown or self.draft
        wide = [part for line in shown.split("\n") for part in textwrap.wrap(line, 70) or [""]]
        return [f"{PROMPTS[self.agent] if not at else ' '} {line}" for at, line in enumerate(wide)]

    def draw(self) -> None:
        lines = self.text().splitlines()
        at = max((at for at, line in enumerate(lines) if line.startswith(PROMPTS[self.agent])), default=None)
        if self.screen.startswith(("idle", "busy")) and at is not None:
            lines[at : at + 1] = self.box()
        out = "\x1b[2J\x1b[H" + "\r\n".join(lines)
        if self.screen.startswith(("idle", "busy")) and at is not None:
            box = self.box()
            out += f"\x1b[{at + len(box)};{len(box[-1]) + 1 if self.draft else 3}H"
        os.write(1, out.encode())

    def go(self, screen: str) -> None:
        self.screen = screen
        self.draw()

    def keep(self, **what: str) -> None:
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(what) + "\n")

    # --- what it is given

    def take(self, data: bytes) -> None:
        while data:
            found = PASTE.match(data)
            if found:
                self.paste(found[1].decode())
                data = data[found.end() :]
                continue
            size = len(data) if data[:1] == b"\x1b" and b"\x1b[200~" not in data[1:] else 1
            while data[size:] and data[size] & 0xC0 == 0x80:
                size += 1
            self.key(data[:size].decode("utf-8", "replace"))
            data = data[size:]
        self.draw()

    def paste(self, text: str) -> None:
        self.pasted_at = time.monotonic()
        if not self.screen.startswith(("idle", "busy")):
            return self.keep(pasted_into=self.screen)
        self.draft += text.replace("\r", "\n")
        if self.agent == "codex" and len(text) > 1000:
            self.shown = f"[Pasted Content {len(text)} chars]"
        elif self.agent == "claude" and (len(text) > 800 or text.count("\r") > 2):
            self.shown = f"[Pasted text #1 +{text.count(chr(13))} lines]"
        for word in self.on_paste:
            self.obey(word)
        self.on_paste = []
        return None

    def key(self, key: str) -> None:
        if self.screen.startswith(("idle", "busy")):
            return self.edit(key)
        if self.screen.startswith(("permission", "question", "/")) and not self.is_deaf:
            names = {"\r": "Enter", "\x1b": "Escape"}
            self.keep(picked=names.get(key, key), on=self.screen)
            if key == "\x1b":
                self.next = "idle"
            self.turn()
        return None

    def edit(self, key: str) -> None:
        if key == "\r" and self.agent == "codex" and time.monotonic() - self.pasted_at < BURST:
            self.draft += "\n"
        elif key == "\r" and not self.is_deaf:
            if self.draft:
                self.keep(submitted=self.draft)
                self.draft = self.shown = ""
                self.turn()
        elif key == "\x15":
            self.clear()
        elif key.isprintable():
            self.draft += key

    def clear(self) -> None:
        """What was typed since the last break, or that break; Claude clears no more than the row, as it is drawn."""
        is_row = self.agent == "claude" and not self.shown
        self.draft, self.shown = "" if self.agent == "claude" and self.shown else self.draft, ""
        head, nl, tail = self.draft.rpartition("\n")
        rows = textwrap.wrap(tail, 70) if is_row else []
        self.draft = f"{head}{nl}{''.join(rows[:-1])}" if tail else head

    def turn(self) -> None:
        self.screen, self.until = "busy", time.monotonic() + WORK

    # --- what it is told

    def obey(self, line: str) -> None:
        match line.split(" ", 1):
            case ["show", name]:
                self.screen, self.until = name, None
            case ["next", name]:
                self.next = name
            case ["type", text]:
                self.draft += text
            case ["paste", words]:
                self.on_paste.append(words)
            case ["hook", command]:
                self.call(command)
            case ["ghost", word]:
                self.ghost = word == "on"
            case ["deaf"]:
                self.is_deaf = True
            case ["exit"]:
                sys.exit(0)
            case _:
                raise ValueError(line)
        self.draw()

    def call(self, command: str) -> None:
        """Its hook for a permission, which waits beside the dialog."""
        argv = [sys.executable, "-P", "-m", "supervisor", "hook", "claude", "--decide"]
        self.hook = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        said = {"session_id": "s", "hook_event_name": "PermissionRequest", "tool_name": "Bash"}
        assert self.hook.stdin is not None
        self.hook.stdin.write(json.dumps({**said, "tool_input": {"command": command}}).encode())
        self.hook.stdin.close()

    def hear(self) -> None:
        """Whoever answers first has answered."""
        if self.hook is None or self.hook.poll() is None:
            return None
        assert self.hook.stdout is not None
        said, self.hook = self.hook.stdout.read().decode(), None
        if not said:
            return self.keep(hook="said nothing")
        decision = json.loads(said)["hookSpecificOutput"]["decision"]
        self.keep(decided=decision["behavior"], message=decision.get("message", ""))
        self.turn()
        return self.draw()

    def run(self, pipe: str, first: list[str]) -> None:
        words = os.open(pipe, os.O_RDWR)
        tty.setraw(0, termios.TCSANOW)
        os.write(1, b"\x1b[?2004h")  # before anything is drawn: who sees the box may paste
        for line in first:
            self.obey(line)
        self.draw()
        while True:
            ready = select.select([0, words], [], [], 0.02)[0]
            if 0 in ready:
                data = os.read(0, 1 << 16)
                while b"\x1b[200~" in data and b"\x1b[201~" not in data:
                    data += os.read(0, 1 << 16)
                self.take(data)
            if words in ready:
                for line in os.read(words, 1 << 16).decode().splitlines():
                    self.obey(line)
            self.hear()
            if self.until is not None and time.monotonic() > self.until:
                self.until = None
                self.screen, self.next = self.next, "idle"
                self.draw()


if __name__ == "__main__":
    agent, folder, log, pipe, *first = sys.argv[1:]
    Prompter(agent, folder, log).run(pipe, first)
