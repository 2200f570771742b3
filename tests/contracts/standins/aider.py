"""Aider 0.86 with one message, as its source says: a history file instead of ids, and exit 0 whatever came of it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.contracts.standins.core import CLEAR, refuse, understand
from tests.contracts.words import note, steer
from tests.screens import read_sample

TAKES = ("--message", "-m", "--message-file", "-f", "--chat-history-file", "--input-history-file", "--model",
         "--notifications-command", "--load")  # fmt: skip
BARE = ("--no-check-update", "--no-show-release-notes", "--no-gitignore", "--restore-chat-history", "--notifications",
        "--yes-always", "--no-auto-commits", "--analytics-disable", "--version")  # fmt: skip
UNKNOWN = ("aider: error: unrecognized arguments: {}", 2)
ASKED = "#### "  # what a person said, in the history
SPINNER = ("░█         ", " ░█        ", "  ░█       ")


def main() -> None:
    said = understand(sys.argv[1:], TAKES, BARE, UNKNOWN)
    if said.has("--version"):
        print("aider 0.86.2")
        return
    prompt = said.one("--message", "-m")
    if prompt is None:
        refuse("no message: that is a person's own session", 1)
    top = subprocess.run(["git", "rev-parse", "--show-toplevel"], capture_output=True, text=True, check=False)
    history = Path(said.one("--chat-history-file") or Path(top.stdout.strip() or ".") / ".aider.chat.history.md")
    before = _said(history) if said.has("--restore-chat-history") else []
    history.parent.mkdir(parents=True, exist_ok=True)
    with history.open("a", encoding="utf-8") as file:
        file.write("\n# aider chat started\n\n" + "".join(f"{ASKED}{line}\n" for line in prompt.splitlines()))
    note("aider", [*before, prompt])
    _work(prompt)


def _work(prompt: str) -> None:
    shown, results = read_sample("aider", "busy-message").text.splitlines()[:-1], 0
    while (step := steer(prompt, results))[0] == "RUN":
        if _asks(shown, step[1]):
            subprocess.run(["/bin/sh", "-c", step[1]], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        results += 1
    match step[0]:
        case "SLOW":
            _wait(shown)
        case "AUTHFAIL":
            print("litellm.AuthenticationError: Incorrect API key provided")
        case _:
            print("All done, mock reply.")


def _wait(shown: Sequence[str]) -> None:
    for turn in range(7200):
        _draw(shown, f"{SPINNER[turn % len(SPINNER)]}Waiting for openai/gpt-4o")
        time.sleep(0.5)


def _asks(shown: Sequence[str], command: str) -> bool:
    """Its line reads a word and Enter, as a terminal hands them over; an empty one is the Yes in brackets."""
    _draw(shown, f"{command}\nRun shell command? (Y)es/(N)o/(D)on't ask again [Yes]: ")
    return not sys.stdin.readline().strip().lower().startswith(("n", "d"))


def _draw(shown: Sequence[str], last: str) -> None:
    sys.stdout.write(CLEAR + "\n".join((*shown, last)))
    sys.stdout.flush()


def _said(history: Path) -> list[str]:
    """Each message of the person's, of the lines that stand together."""
    lines = history.read_text(encoding="utf-8").splitlines() if history.exists() else []
    many = "\n".join(lines).split("# aider chat started")
    kept = [
        "\n".join(line.removeprefix(ASKED) for line in part.splitlines() if line.startswith(ASKED)) for part in many
    ]
    return [text for text in kept if text]
