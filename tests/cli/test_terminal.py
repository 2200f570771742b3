"""What differs on a terminal: colour, progress, and the question whether to edit again. A real pseudo-terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import BOARD
from tests.programs import argv, environment


def on_terminal(
    folder: Path, *words: str, typed: str = "", heard: Callable[[bytes], object] = len, **env: str
) -> tuple[int, str]:
    """`board WORDS` with a terminal for all three streams; the exit code and all that was shown, of which `heard` is
    told as it comes."""
    ours, theirs = pty.openpty()
    full = environment(**{"TERM": "xterm-256color", "NO_COLOR": "", **env})
    process = subprocess.Popen(argv(*words), cwd=folder, env=full, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not part:
            break
        shown += part
        heard(shown)
    os.close(ours)
    return process.wait(60), shown.decode()


def test_colour_is_for_terminals_that_want_it(folder: Path) -> None:
    """Colour on a terminal, none under NO_COLOR or TERM=dumb; an id is never cut."""
    text = BOARD.replace("id: api", f"id: {'long-' * 12}api").replace("after: [api]", "after: []")
    (folder / "tasks.yaml").write_text(text.replace("title: Ship it", "title: Ship it\n    status: cancelled"))
    code, shown = on_terminal(folder, "list")
    assert code == 0
    assert "\x1b[" in shown
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        code, shown = on_terminal(folder, "list", **env)
        assert (code, "\x1b" in shown) == (0, False)


def test_done_says_what_it_is_waiting_for(folder: Path) -> None:
    """A check that takes a while is named while it runs, on a terminal alone."""
    (folder / "tasks.yaml").write_text("version: 1\ntasks:\n  - id: a\n    done_when: ['true']\n")
    assert on_terminal(folder, "claim", "a", "--as", "alice")[0] == 0
    code, shown = on_terminal(folder, "done", "a", "--as", "alice")
    assert code == 0
    assert "checking true ... ok (" in shown


def test_a_check_that_takes_long_shows_its_seconds(folder: Path) -> None:
    """They tick on one line, which is written over and never longer than the terminal. Mutants: no thread;
    the command uncut."""
    wait = f"until [ -e go ]; do sleep 0.05; done; : {'long ' * 60}"
    task = f"{{id: a, done_timeout: 5s, done_when: ['{wait}', 'true']}}"
    (folder / "tasks.yaml").write_text(f"version: 1\ntasks:\n  - {task}\n")
    assert on_terminal(folder, "claim", "a", "--as", "alice")[0] == 0

    def heard(shown: bytes) -> None:
        if b" ... 1s" in shown:
            (folder / "go").touch()

    code, shown = on_terminal(folder, "done", "a", "--as", "alice", heard=heard)
    assert code == 0
    assert "… ... ok (" in shown
    assert "checking true ... ok (" in shown
    assert max(len(part) for part in re.split("[\r\n]", shown) if part.startswith("checking")) < 80


def test_an_edit_with_problems_can_be_gone_on_with(folder: Path) -> None:
    """Enter opens the same copy again; `g` gives up and keeps it."""
    script = folder / "editor.py"
    script.write_text(
        "import sys\np = sys.argv[1]\nt = open(p).read()\n"
        "new = t.replace('lots', '2') if 'lots' in t else t.replace('priority: 1', 'priority: lots')\n"
        "open(p, 'w').write(new)\n"
    )
    editor = f"{sys.executable} {script}"
    code, shown = on_terminal(folder, "edit", typed="\n", EDITOR=editor)
    assert code == 0
    assert "edit again, or give up" in shown
    assert "priority: 2" in (folder / "tasks.yaml").read_text()
    (folder / "tasks.yaml").write_text(BOARD)
    code, shown = on_terminal(folder, "edit", typed="g\n", EDITOR=editor)
    assert code == 3
    assert (folder / "tasks.yaml").read_text() == BOARD
