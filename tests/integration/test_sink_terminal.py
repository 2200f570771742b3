"""tmux itself is asked what a reader of a pane sees: the rows that we make of a text are those that it shows."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from supervisor.sink.rows import Rows
from tests.waiting import eventually

pytestmark = [pytest.mark.tmux, pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")]

TEXTS = ["abc", "XYZ w", "12345", "é", "e\u0301", *["\r\n"] * 4, "\n", "\r", "\b", "\t"]
SHORT = ["\x1bM", "\x1b7", "\x1b8", "\x1bE", "\x1bD", "\x1b]0;a title\x07", "\x1bPq0\x1b\\", "\x1b[31m"]
FINALS = "ABCDEFGHJKPX@dfsu"
# What tmux makes of half of a wide character depends on what cuts it: they are not cut here.
WIDE, AMONG_WIDE = ["日本", "日本語", "🙂", *["\r\n"] * 3, "\r"], "ABEFJK"
SEEDS = range(48)
HAND_MADE = [
    "".join(f"\rloading {number}%" for number in range(101)) + "\r\ndone\r\n",
    "one\r\ntwo\r\nthree\r\n\x1b[2A\x1b[2KTWO\x1b[2B\rfour\r\n",
    "".join(f"line {number}\r\n" for number in range(200)) + "\x1b[10A\x1b[Jnew end\r\n",
    "".join(f"line {number}\r\n" for number in range(60)) + "\x1b[Htop\x1b[K",
    "\x1b[32m✔\x1b[0m passed\r\n\x1b[31m✘\x1b[0m failed\r\n",
    "before\r\n\x1b[?1049h\x1b[2J\x1b[5;5Hpainted\x1b[?1049lafter\r\n",
    "w" * 600 + "\r\n" + "日" * 300 + "\r\n",
]


def made_up(seed: int) -> str:
    dice = random.Random(seed)
    texts, finals = (WIDE, AMONG_WIDE) if seed % 4 == 0 else (TEXTS, FINALS)

    def one() -> str:
        if dice.random() < 0.5:
            return dice.choice(texts)
        numbers = dice.choice(["", "0", "1", "2", "3", "5", "2;3"] if texts is TEXTS else ["", "0", "2"])
        return dice.choice([*SHORT, *[f"\x1b[{numbers}{dice.choice(finals)}"] * 8])

    return "".join(one() for _ in range(dice.randint(1, 30)))


def ours(text: str) -> list[str]:
    rows = Rows()
    lines = rows.feed(text, 0.0) + rows.close()
    return [line.text for line in lines if not line.is_notice]


def compared(text: str, lines: list[str]) -> list[str]:
    """How many empty rows a cleared screen leaves in tmux's history is its own affair."""
    return [line for line in lines if line] if "J" in text else "\n".join(lines).rstrip("\n").split("\n")


def test_rows_are_what_tmux_shows(tmux_socket: str, tmp_path: Path) -> None:
    """Hand-made and made-up streams, each in a pane of its own that is wide enough for every line.

    Mutants: a line feed that returns; an erase that keeps half of a wide character; `J` without the rows below.
    """

    def tmux(*words: str) -> str:
        argv = ["tmux", "-u", "-L", tmux_socket, "-f", "/dev/null", *words]
        return subprocess.run(argv, capture_output=True, check=True, timeout=20).stdout.decode()

    tmux("new-session", "-d", "-s", "s", "-x", "1200", "-y", "50", "exec sleep 1000")
    texts = [*HAND_MADE, *map(made_up, SEEDS)]
    panes = []
    for number, text in enumerate(texts):
        (tmp_path / f"{number}").write_bytes(text.encode())
        # The terminal answers when all before the question is shown.
        ask = r"printf '\033[6n'; head -c 3 >/dev/null"
        script = f"stty raw -echo; cat {tmp_path}/{number}; {ask}; touch {tmp_path}/{number}.shown; exec sleep 1000"
        panes.append(tmux("new-window", "-d", "-P", "-F", "#{pane_id}", "-t", "s:", script).strip())
    eventually(lambda: len(list(tmp_path.glob("*.shown"))) == len(texts), 60)
    wrong = []
    for text, pane in zip(texts, panes, strict=True):
        shown = tmux("capture-pane", "-p", "-J", "-S", "-", "-t", pane).rstrip("\n").split("\n")
        theirs = [line.rstrip(" ") for line in shown]
        mine = ours(text)
        if compared(text, theirs) != compared(text, mine):
            wrong.append((text, theirs, mine))
    assert wrong == []
