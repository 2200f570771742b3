"""The README is true: its sessions are run, its tables and diagrams are the code's, its map names real files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from board.cli.table import COMMANDS
from board.journal.events import markdown
from board.lifecycle import diagram
from supervisor.decide import TABLE
from tests.programs import ROOT, environment
from tests.waiting import eventually

README = (ROOT / "README.md").read_text(encoding="utf-8")
SESSIONS = re.findall(r"^```console\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
TYPO = """\
version: 1
tasks:
  - id: a
    stauts: todo
    after: [b]
"""


def commands(session: str) -> list[tuple[str, list[str]]]:
    """Each `$ command` with the lines that the README shows below it."""
    found: list[tuple[str, list[str]]] = []
    for line in session.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def pattern(lines: list[str]) -> re.Pattern[str]:
    """`…` alone on a line stands for any lines, within a line for anything in it; runs of blanks are one."""
    parts = []
    for line in lines:
        if line.strip() == "…":
            parts.append(r"(?:.*\n)*?")
        else:
            words = ["[ \t]+".join(map(re.escape, re.split("[ \t]+", part))) for part in line.split("…")]
            parts.append("[^\n]*?".join(words) + "[ \t]*\n")
    return re.compile("".join(parts))


def run(command: str, folder: Path, env: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout + done.stderr


@pytest.fixture
def shell(tmux_socket: str) -> dict[str, str]:
    """An environment in which our programs are found and tmux has a folder of its own."""
    env = environment(TMUX_TMPDIR=os.environ["TMUX_TMPDIR"])
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    return env


@pytest.mark.tmux
@pytest.mark.parametrize("number", range(len(SESSIONS)))
def test_each_session_runs_as_it_is_shown(number: int, tmp_path: Path, shell: dict[str, str]) -> None:
    """Every command of a session is typed in its order; what it prints is what the README shows."""
    steps = commands(SESSIONS[number])
    if steps[0][0] == "cat tasks.yaml":
        (tmp_path / "tasks.yaml").write_text("\n".join(steps[0][1]) + "\n", encoding="utf-8")
    (tmp_path / "typo.yaml").write_text(TYPO, encoding="utf-8")
    try:
        for command, shown in steps:
            wanted = pattern(shown)
            # A supervisor works beside us: what it brings about is waited for, as a reader would.
            eventually(lambda: wanted.fullmatch(run(command, tmp_path, shell)), 20, f"{command}: {shown}")  # noqa: B023
    finally:
        if (tmp_path / ".board").exists():
            run("supervisor stop --workers", tmp_path, shell)
        run("tmux -L crewboard kill-server", tmp_path, shell)


def test_the_law_is_the_law() -> None:
    """The README's table of rules is the code's, in its order."""
    rows = "\n".join(f"| `{rule}` | {when} | {then} |" for rule, when, then in TABLE)
    assert f"| rule | when | what happens |\n|---|---|---|\n{rows}\n" in README


def test_the_events_are_the_table() -> None:
    """The README's list of events is printed from the table that the journal is written by."""
    assert f"\n\n{markdown()}\n</details>" in README


def test_the_diagram_is_the_table() -> None:
    """The README's state diagram is printed from the lifecycle table."""
    assert f"```mermaid\n{diagram()}\n```" in README


def test_the_quoted_board_stands_in_the_example() -> None:
    """What the README quotes of the example is in it, line for line."""
    quoted = re.search(r"^```yaml\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    assert quoted is not None
    example = (ROOT / "tasks.example.yaml").read_text(encoding="utf-8").splitlines()
    missing = [line for line in quoted[1].splitlines() if line not in example]
    assert missing == []


def test_the_map_names_what_is_there() -> None:
    """Every path in «to change X, look in Y» exists."""
    section = README.split("## To change X, look in Y")[1].split("##")[0]
    paths = set(re.findall(r"`((?:board|supervisor|templates)/[\w/.]*)`", section))
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_command_stands_in_the_readme_or_in_the_overview() -> None:
    """No command is hidden: each is listed by `board --help`."""
    done = subprocess.run(
        [sys.executable, "-m", "board", "--help"], env=environment(), capture_output=True, text=True, check=True
    )
    assert [name for name in COMMANDS if not re.search(rf"^\s+{name}\b", done.stdout, re.MULTILINE)] == []


def test_the_two_commands_of_the_first_screen() -> None:
    """The set-up is these two commands and no more."""
    assert "pip install uv && uv run supervisor demo" in README
    assert "\nuv run pytest" in README
