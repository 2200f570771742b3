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
from dataclasses import dataclass
from pathlib import Path

PROMPTS = {"claude": "\u276f", "codex": "\u203a"}
GHOSTS = {"claude": "Resend your message to try again", "codex": "Ask Codex to do anything"}
BURST = 0.12  # seconds in which Codex takes an Enter for part of a paste
WORK = 0.1  # seconds of a turn
PASTE = re.compile(rb"\x1b\[200~(.*?)\x1b\[201~", re.DOTALL)


@dataclass
class Ask:
    """A question that a hook waits with. `part` is the sub-agent that has it, "-" for the agent itself, and empty where
    nobody else is told of it. It is over once it is answered, whatever becomes of the hook."""

    part: str
    command: str
    hook: subprocess.Popen[bytes]
    is_over: bool = False


def whose(part: str) -> dict[str, str]:
    return {"agent_id": part} if part not in ("", "-") else {}


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
        self.asks: list[Ask] = []
        self.told: list[subprocess.Popen[bytes]] = []

    # --- drawing

    def text(self) -> str:
        path = self.folder / f"{self.screen}.txt" if "/" not in self.screen else Path(self.screen)
        text = path.read_text(encoding="utf-8").partition("# ---\n")[2].rstrip("\n")
        shown = next((each for each in self.asks if each.part and not each.is_over), None)
        return text.replace("touch made-up-file", shown.command) if shown is not None else text

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
            shown = next((each for each in self.asks if each.part and not each.is_over), None)
            if shown is not None:
                return self.over(shown, "PostToolUse" if key == "1" else "")
            if key == "\x1b":
                self.next = "idle"
            self.turn()
        return None

    def edit(self, key: str) -> None:
        if key == "\r" and self.agent == "codex" and time.monotonic() - self.pasted_at < BURST:
            self.draft += "\n"
        elif key == "\r" and self.is_deaf:
            self.log.with_name("entered").touch()
        elif key == "\r":
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
                self.ask("", command)
            case ["ask", words]:
                self.ask(*words.split(" ", 1))
                self.screen, self.until = "permission", None
            case ["ghost", word]:
                self.ghost = word == "on"
            case ["deaf"]:
                self.is_deaf = True
            case ["exit"]:
                sys.exit(0)
            case _:
                raise ValueError(line)
        self.draw()

    def call(self, *words: str, **said: object) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-P", "-m", "supervisor", "hook", "claude", *words]
        hook = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert hook.stdin is not None
        hook.stdin.write(json.dumps({"session_id": "s", **said}).encode())
        hook.stdin.close()
        return hook

    def ask(self, part: str, command: str) -> None:
        """Its hooks for a permission: one tells of it, and the other waits beside the dialog."""
        said = {"hook_event_name": "PermissionRequest", "tool_name": "Bash", "tool_input": {"command": command}}
        self.asks.append(Ask(part, command, self.call("--decide", **said, **whose(part))))
        if part:
            self.told.append(self.call(**said, **whose(part)))

    def over(self, asked: Ask, event: str) -> None:
        """The next one's dialog opens, or all of them go on. Of a no at the pane no hook tells."""
        asked.is_over = True
        if event:
            self.told.append(self.call(hook_event_name=event, tool_name="Bash", **whose(asked.part)))
        if all(each.is_over for each in self.asks):
            self.turn()

    def hear(self) -> None:
        """Whoever answers first has answered."""
        for asked in [each for each in self.asks if each.hook.poll() is not None]:
            assert asked.hook.stdout is not None
            said = asked.hook.stdout.read().decode()
            self.asks.remove(asked)
            command = {"command": asked.command} if asked.part else {}
            if not said:
                self.keep(hook="said nothing", **command)
                continue
            decision = json.loads(said)["hookSpecificOutput"]["decision"]
            self.keep(decided=decision["behavior"], message=decision.get("message", ""), **command)
            self.over(asked, "PostToolUse" if asked.part and not asked.is_over else "")
            self.draw()
        self.told = [each for each in self.told if each.poll() is None]

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
