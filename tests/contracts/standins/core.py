"""What the stand-ins for agents share: a terminal in raw mode, keys, captured screens, a conversation on disk, hooks.

Each is a small real machine that does what the real program was measured to do, and knows nothing of the supervisor.
No model stands behind it: the steering words of a prompt say how its turn goes (`steer`).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import termios
import time
import tty
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from tests.contracts.words import note, steer
from tests.screens import read_sample

CLEAR = "\x1b[2J\x1b[H"
PASTE = re.compile(rb"\x1b\[200~(.*?)\x1b\[201~", re.DOTALL)
KEYS = {
    b"\r": "enter", b"\x15": "clear", b"\x03": "interrupt", b"\x1b": "escape", b"\t": "tab",
    b"\x1b[A": "up", b"\x1b[B": "down", b"\x1b[C": "right", b"\x1b[D": "left",
}  # fmt: skip
BURST = 3  # characters that come at once are a paste to whoever watches for one
REPAINT = 0.5  # seconds: an agent at work never rests


class Gone(Exception):
    """It is told to end, by this signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Key(NamedTuple):
    """`name` is one of KEYS', `text`, `paste`, or `rest` where nothing came."""

    name: str
    text: str = ""


class Said(NamedTuple):
    """A command line: `flags` by name, each with all that it was given, and the words that are none."""

    flags: Mapping[str, list[str]]
    words: list[str]

    def one(self, *names: str) -> str | None:
        return next((self.flags[name][-1] for name in names if self.flags.get(name)), None)

    def has(self, *names: str) -> bool:
        return any(name in self.flags for name in names)


def refuse(line: str, code: int = 1) -> NoReturn:
    sys.stderr.write(f"{line}\n")
    sys.exit(code)


def understand(argv: Sequence[str], takes: Sequence[str], bare: Sequence[str], unknown: tuple[str, int]) -> Said:
    """`takes` are the flags with a value; any that is in neither list is refused with these words and this code."""
    flags: dict[str, list[str]] = {}
    words: list[str] = []
    rest = iter(argv)
    for each in rest:
        name, is_joined, value = each.partition("=")
        if each == "--":
            words.extend(rest)
        elif not each.startswith("-"):
            words.append(each)
        elif name in takes:
            flags.setdefault(name, []).append(value if is_joined else next(rest, ""))
        elif each in bare:
            flags.setdefault(each, [])
        else:
            refuse(unknown[0].format(each), unknown[1])
    return Said(flags, words)


class Terminal:
    """The pane: drawn whole, read key by key. `enter_after` is how long an Enter behind pasted text is a newline, by
    the kind of paste: the measured trap of each agent."""

    def __init__(self, agent: str, enter_after: Mapping[str, float]) -> None:
        self._agent = agent
        self._enter_after = enter_after
        self._pasted: tuple[str, float] | None = None
        self._waiting: list[Key] = []
        self.shown = ""

    def __enter__(self) -> Terminal:
        self._before = termios.tcgetattr(0)
        tty.setraw(0)
        self.write("\x1b[?2004h")
        return self

    def __exit__(self, *_: object) -> None:
        termios.tcsetattr(0, termios.TCSADRAIN, self._before)
        self.write("\x1b[?2004l\n")

    def write(self, text: str) -> None:
        os.write(1, text.encode())

    def draw(self, text: str) -> None:
        self.shown = text
        self.write(CLEAR + text.rstrip("\n").replace("\n", "\r\n"))

    def sample(self, name: str, swaps: Mapping[str, str]) -> str:
        """The captured screen of this name, with other words in it."""
        text = read_sample(self._agent, name).text
        for old, new in swaps.items():
            assert old in text, (name, old)
            text = text.replace(old, new)
        return text

    def title(self, text: str) -> None:
        self.write(f"\x1b]0;{text}\x07")

    def key(self, within: float | None) -> Key:
        """The next one; `rest` after so many seconds, None waits for ever."""
        if not self._waiting:
            ready = select.select([0], [], [], within)[0]
            self._waiting = list(self._decode(os.read(0, 65536))) if ready else []
        return self._waiting.pop(0) if self._waiting else Key("rest")

    def _decode(self, raw: bytes) -> Iterator[Key]:
        if not raw:
            raise Gone(signal.SIGHUP)
        while raw:
            if found := PASTE.match(raw):
                yield self._text("paste", found[1])
                raw = raw[found.end() :]
                continue
            token = next((each for each in sorted(KEYS, key=len, reverse=True) if raw.startswith(each)), b"")
            if token:
                yield self._enter() if KEYS[token] == "enter" else Key(KEYS[token])
                raw = raw[len(token) :]
                continue
            plain = re.match(rb"[^\x00-\x1f\x7f]+|.", raw, re.DOTALL)
            assert plain is not None
            yield self._text("text", plain[0])
            raw = raw[plain.end() :]

    def _text(self, kind: str, raw: bytes) -> Key:
        if kind == "paste" or len(raw) >= BURST:
            self._pasted = (kind, time.monotonic())
        return Key(kind, raw.decode(errors="replace").replace("\r", "\n"))

    def _enter(self) -> Key:
        kind, at = self._pasted or ("", 0.0)
        is_swallowed = time.monotonic() - at < self._enter_after.get(kind, 0.0)
        return Key("text", "\n") if is_swallowed else Key("enter")


class Menu:
    """Choices as they stand on a captured screen, of which one is marked."""

    def __init__(self, text: str, mark: str, choice: str) -> None:
        self._lines = text.splitlines()
        self._mark = mark
        pattern = re.compile(rf"^([│ ]*)(?:{mark}| )( (?:\d\. )?(?:{choice}).*)$")
        self.places = [place for place, line in enumerate(self._lines) if pattern.match(line)]
        self._parts = [pattern.match(self._lines[place]) for place in self.places]
        self.at = 0

    def text(self) -> str:
        lines = list(self._lines)
        for number, (place, part) in enumerate(zip(self.places, self._parts, strict=True)):
            assert part is not None
            lines[place] = f"{part[1]}{self._mark if number == self.at else ' '}{part[2]}"
        return "\n".join(lines)

    def press(self, key: Key) -> int | None:
        """The choice that this key makes, if it makes one; -1 for Escape."""
        match key:
            case Key("up" | "down"):
                self.at = (self.at + (1 if key.name == "down" else -1)) % len(self.places)
            case Key("enter"):
                return self.at
            case Key("escape"):
                return -1
            case Key("text", text) if text.isdigit() and 1 <= int(text) <= len(self.places):
                return int(text) - 1
        return None


class Talk:
    """A conversation, flushed with each line unless it is held; read again by whoever resumes it."""

    def __init__(self, path: Path, agent: str) -> None:
        self.path = path
        self._held: list[Mapping[str, Any]] | None = None
        self._agent = agent
        self.texts = [each["text"] for each in _records(path) if each.get("role") == "user"]

    def add(self, role: str, text: str) -> None:
        self.write({"role": role, "text": text})
        if role == "user":
            self.texts.append(text)
            note(self._agent, self.texts)

    def hold(self) -> None:
        """Keeps new lines in memory, unless there is something on disk already."""
        self._held = None if self.path.exists() else []

    def release(self) -> None:
        held, self._held = self._held or [], None
        for record in held:
            self.write(record)

    def write(self, record: Mapping[str, Any]) -> None:
        if self._held is not None:
            self._held.append(record)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


def _records(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


class Hook:
    """One call of a person's command, under way: its answer is what it prints."""

    def __init__(self, command: str, payload: Mapping[str, Any], env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **env},
        )
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self._process.stdin as pipe:
            pipe.write(json.dumps(payload).encode())

    @property
    def is_over(self) -> bool:
        return self._process.poll() is not None

    def answer(self) -> dict[str, Any]:
        """Waits for its end."""
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            raw = pipe.read()
        self._process.wait()
        try:
            said = json.loads(raw or b"{}")
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}


class Hooks:
    """`table` is as settings say it: `{event: [{matcher, hooks: [{type, command}]}]}`."""

    def __init__(self, table: Mapping[str, Any], common: Mapping[str, Any], env: Mapping[str, str]) -> None:
        self._table = table
        self.common = dict(common)
        self._env = env

    def begin(self, event: str, **fields: Any) -> list[Hook]:
        groups = self._table.get(event) or []
        commands = [each["command"] for group in groups for each in group["hooks"] if each["type"] == "command"]
        payload = {**self.common, "hook_event_name": event, **fields}
        return [Hook(command, payload, self._env) for command in commands]

    def fire(self, event: str, **fields: Any) -> dict[str, Any]:
        """Waits for all of them; the last answer that says anything."""
        answers = [each.answer() for each in self.begin(event, **fields)]
        return next((each for each in reversed(answers) if each), {})


class Agent:
    """One that has a screen. Its own file says how it starts, shows itself and asks; the turns are alike.

    `shows` maps what it does to a captured screen and its title; `typed` is the prompt that stands on that screen.
    """

    name = ""
    enter_after: Mapping[str, float] = {}
    echo: Mapping[str, str] = {}

    def __init__(self, said: Said) -> None:
        self.said = said
        self.home = Path(os.environ["HOME"])
        self.cwd = os.getcwd()  # noqa: PTH109 - the text that hooks are told
        self.terminal = Terminal(self.name, self.enter_after)
        self.hooks = Hooks({}, {}, {})
        self.box = self.drawn = ""  # what is typed, and how that is shown: a long paste is a word
        self.talk: Talk | None = None

    # --- what each does in its own way

    def open(self) -> None:
        """Its first-run dialogs, then its conversation."""
        raise NotImplementedError

    def show(self, what: str, prompt: str = "", **more: str) -> None:
        raise NotImplementedError

    def ask(self, command: str, prompt: str) -> str:
        """`allow`, `deny` (and the turn goes on) or `stop`."""
        raise NotImplementedError

    def pasted(self, text: str) -> str:
        """What its box shows for a paste."""
        return text

    def began(self, prompt: str) -> None: ...
    def ran(self, command: str) -> None: ...
    def ended(self, said: str) -> None: ...
    def broke(self, word: str, prompt: str) -> None:
        self.show(word, prompt)

    def left(self, code: int) -> None: ...

    # --- what they have in common

    def main(self) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _told_to_end)
        with self.terminal:
            try:
                self.open()
                self._live(self.said.words[-1] if self.said.words else "")
            except Gone as gone:
                self.left(gone.number)
                sys.exit(128 + gone.number)
            except SystemExit:
                self.left(0)
                raise

    def _live(self, prompt: str) -> None:
        if prompt:
            self.turn(prompt)
        else:
            self.show("idle")
        interrupts = 0
        while interrupts < 2:
            key = self.terminal.key(None)
            interrupts = interrupts + 1 if key.name == "interrupt" else 0
            self._type(key)
        sys.exit(0)

    def _type(self, key: Key) -> None:
        match key:
            case Key("clear"):
                self.box = self.drawn = ""
            case Key("text" | "paste", text):
                self.box += text
                self.drawn += self.pasted(text) if key.name == "paste" else text
            case Key("enter") if self.box.strip():
                text, self.box, self.drawn = self.box, "", ""
                self.turn(text)
                return
        self.show("idle")

    def turn(self, prompt: str) -> None:
        assert self.talk is not None
        self.show("busy", prompt)
        self.began(prompt)
        self.talk.add("user", prompt)
        results = 0
        while (step := steer(prompt, results))[0] == "RUN":
            if not self._run(step[1], prompt):
                self.show("interrupted", prompt, command=step[1])
                return
            results += 1
        match step[0]:
            case "SLOW":
                self._work(prompt)
            case "RATELIMIT" | "AUTHFAIL":
                self.broke(step[0], prompt)
            case _:
                self._finish("All done, mock reply.", prompt)

    def _run(self, command: str, prompt: str) -> bool:
        """Does the turn go on? A command that was denied is a result like any other."""
        answer = self.ask(command, prompt)
        if answer == "allow":
            self.show("busy", prompt)
            subprocess.run(["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, check=False)
            self.ran(command)
        return answer != "stop"

    def _finish(self, said: str, prompt: str) -> None:
        assert self.talk is not None
        self.talk.add("assistant", said)
        self.show("done", prompt)
        self.ended(said)

    def _work(self, prompt: str) -> None:
        """Until it is interrupted, with a spinner that never rests."""
        began = time.monotonic()
        while (key := self.terminal.key(REPAINT)).name not in ("escape", "interrupt"):
            if key.name == "rest":
                self.show("busy", prompt, seconds=str(int(time.monotonic() - began)))
        self.show("interrupted", prompt)

    def choose(self, menu: Menu, hooks: Sequence[Hook] = ()) -> int | dict[str, Any]:
        """Who answers first: a key, or a hook that decides."""
        waiting = list(hooks)
        while True:
            self.terminal.draw(menu.text())
            key = self.terminal.key(0.05 if waiting else None)
            if (made := menu.press(key)) is not None:
                return made
            for hook in [each for each in waiting if each.is_over]:
                waiting.remove(hook)
                if answer := hook.answer():
                    return answer


def _told_to_end(number: int, _: object) -> None:
    raise Gone(number)


def folders() -> list[str]:
    """Where trust may be recorded for this folder: it, those above it, and its repository's main checkout."""
    argv = ["git", "rev-parse", "--path-format=absolute", "--git-common-dir"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    common = [Path(done.stdout.strip()).parent] if done.returncode == 0 else []
    here = Path.cwd()
    return [str(each) for each in (here, *here.parents, *common)]
