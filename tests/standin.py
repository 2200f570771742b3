"""A stand-in for an agent: it shows captured screens, sets titles, rings, and keeps a status file, as it is told.

A small real machine: run as a worker's program, with a named pipe of words to obey. It knows nothing of the supervisor.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

CLEAR = "\x1b[2J\x1b[H"


def show(folder: str, name: str) -> None:
    """The whole screen anew, as agents draw it; the head of a sample is not part of it."""
    text = (Path(folder) / f"{name}.txt").read_text(encoding="utf-8").partition("# ---\n")[2]
    sys.stdout.write(CLEAR + text.rstrip("\n"))
    sys.stdout.flush()


def keep_file(status: str) -> None:
    """As Claude Code does: by this process' pid and its start in ticks since boot."""
    ticks = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19]
    folder = Path(os.environ["CLAUDE_CONFIG_DIR"]) / "sessions"
    folder.mkdir(parents=True, exist_ok=True)
    said = {"pid": os.getpid(), "procStart": ticks, "status": status, "statusUpdatedAt": int(time.time() * 1000)}
    (folder / f"{os.getpid()}.json").write_text(json.dumps({**said, "waitingFor": "permission prompt"}))


def obey(folder: str, line: str) -> None:
    match line.split(" ", 1):
        case ["show", name]:
            show(folder, name)
        case ["title", title]:
            sys.stdout.write(f"\x1b]0;{title}\x07")
            sys.stdout.flush()
        case ["bell"]:
            sys.stdout.write("\x07")
            sys.stdout.flush()
        case ["file", status]:
            keep_file(status)
        case ["say", text]:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
        case ["exit", code]:
            sys.exit(int(code))
        case _:
            raise ValueError(line)


def repaint(folder: str, name: str, pause: float) -> None:
    """For ever, with a counter in it, as a spinner does."""
    count = 0
    while True:
        show(folder, name)
        count += 1
        sys.stdout.write(f"\x1b[H{count}")
        sys.stdout.flush()
        time.sleep(pause)


def main(folder: str, pipe: str, *first: str) -> None:
    for line in first:
        obey(folder, line)
    while True:  # each writer ends the pipe, and the next one opens it again
        with Path(pipe).open(encoding="utf-8") as words:
            for line in words:
                obey(folder, line.rstrip("\n"))


if __name__ == "__main__":
    if sys.argv[1] == "--repaint":
        repaint(sys.argv[2], sys.argv[3], float(sys.argv[4]))
    else:
        main(*sys.argv[1:])
