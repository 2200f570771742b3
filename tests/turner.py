"""The body of a stand-in for Claude Code (`tests.agents.agent`) that takes turns: it draws captured screens with a box
that takes bracketed pastes and keys, calls our hook as a turn begins and ends, and keeps what was submitted in a file.

What it does in each turn is said beforehand, turn for turn; behind the last one it stops, again and again.
"""

from __future__ import annotations

from pathlib import Path

from tests.agents import agent
from tests.screens import read_sample

_BODY = r"""
import re, select, textwrap, tty
NAME, SCREENS, TURNS = {name!r}, {screens!r}, {turns!r}
PASTE = re.compile(rb"\x1b\[200~(.*?)\x1b\[201~", re.DOTALL)
tty.setraw(0)
os.write(1, b"\x1b[?2004h")

def draw(screen, draft=""):
    lines = SCREENS[screen].rstrip("\n").splitlines()
    box = max((at for at, line in enumerate(lines) if line.startswith("\u276f")), default=None)
    typed = textwrap.wrap(draft, 70) if len(draft) < 800 else [f"[Pasted text #1 +{{draft.count(chr(10))}} lines]"]
    typed = typed or ["\x1b[7m \x1b[0m"]
    if box is not None and screen in ("idle", "busy"):
        lines[box : box + 1] = [("  " if at else "\u276f ") + line for at, line in enumerate(typed)]
    os.write(1, ("\x1b[2J\x1b[H" + "\r\n".join(lines)).encode())

def given(text):
    with open(os.path.join(HERE, NAME + ".given"), "a") as file:
        file.write(text + "\n")

def stop(**more):
    hook("Stop", **{{"background_tasks": [], "session_crons": [], **more}})
    draw("idle")

def turn(what):
    if what == "waits":
        return draw("idle")
    draw("busy")
    hook("UserPromptSubmit", prompt="go")
    word, _, rest = what.partition(" ")
    if word == "checkpoint":
        subprocess.run([sys.executable, "-m", "board", "checkpoint", "-q", "--note", rest], env=ENV, check=True)
    if word == "done":
        subprocess.run([sys.executable, "-m", "board", "done", "-q"], env=ENV, check=True)
    if word == "left":
        return stop(background_tasks=[{{"id": "b1", "status": "running"}}])
    if word == "refused":
        hook("StopFailure", error="authentication_failed")
        return draw("login")
    if word == "asks":
        hook("PermissionRequest", tool_name="Bash", tool_input={{"command": rest}})
        return draw("permission")
    return None if word == "works" else stop()

turn(TURNS.pop(0))
draft = {draft!r}
if draft:
    draw("idle", draft)
while True:
    data = os.read(0, 1 << 16)
    while b"\x1b[200~" in data and b"\x1b[201~" not in data:
        data += os.read(0, 1 << 16)
    found = PASTE.fullmatch(data)
    if found:
        draft += found[1].decode().replace("\r", "\n")
        draw("idle", draft)
    elif data == b"\r" and draft:
        given(draft)
        draft = ""
        turn(TURNS.pop(0) if TURNS else "")
    elif data == b"\x1b":  # interrupted: no hook tells of it
        draw("idle")
    else:
        given(repr(data))
"""


def turner(folder: Path, name: str, *turns: str, draft: str = "") -> str:
    """An executable that stands for `claude` in a folder of its own; `draft` is what a person has half typed."""
    names = ("idle", "busy", "permission", "login")
    screens = {each: read_sample("claude", each).text for each in names}
    place = folder / f"of-{name}"
    place.mkdir()
    body = _BODY.format(name=name, screens=screens, turns=[*turns], draft=draft)
    return agent(place, "claude", body.replace("HERE, NAME", f"{str(folder)!r}, NAME"))
