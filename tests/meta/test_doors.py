"""Every way out takes `Redacted` and nothing else: the type checker says so, and nobody goes past the doors."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from mypy import api

from tests.programs import ROOT, environment

# What each door is handed below; the ok ones show that the refusals are about the type alone.
TRIES = """\
from collections.abc import Mapping
from typing import Any

from board.cli import outlet
from board.journal.redact import Redacted, Redactor
from board.journal.sink import Journal
from supervisor.notify.queue import Queue
from supervisor.sink.outlog import OutLog
from supervisor.status import write_status


def tried(text: str, view: Mapping[str, Any], journal: Journal) -> None:
    journal._write(text, 0.0)  # refused: the journal
    write_status(".", text)  # refused: the status
    write_status(".", view)  # refused: the status, as it was seen
    OutLog("x").append([text])  # refused: a worker's log
    Queue("x").put(text)  # refused: a message to people
    Queue("x").remember(text)  # refused: what was told
    outlet.complain([text])  # refused: stderr
    outlet.complain(outlet.lines([text]) + [text])  # refused: stderr, with one line too many
    outlet.answer(text)  # refused: an error for scripts


def fitting(redactor: Redactor, text: str, view: Mapping[str, Any], journal: Journal) -> None:
    safe: Redacted = redactor.text(text)
    journal._write(safe, 0.0)
    write_status(".", outlet.record(view))
    OutLog("x").append([safe])
    Queue("x").put(safe)
    outlet.complain([safe])
    outlet.complain(outlet.lines([text]))
    outlet.answer(safe)
"""


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """What mypy says of the tries, by line: one run for all doors."""
    tries = tmp_path_factory.mktemp("doors") / "tries.py"
    tries.write_text(TRIES, encoding="utf-8")
    words = ["--strict", "--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(ROOT / ".mypy_cache")]
    out, err, _ = api.run([*words, "--no-error-summary", "--hide-error-context", str(tries)])
    assert err == ""
    found = {}
    for line in out.splitlines():
        path, _, rest = line.partition(":")
        if Path(path).name == tries.name and ": error: " in rest:
            found[int(rest.partition(":")[0])] = rest
    return found


@pytest.mark.parametrize("at", [n for n, line in enumerate(TRIES.splitlines(), 1) if "# refused" in line])
def test_a_door_refuses_a_plain_text(complaints: dict[int, str], at: int) -> None:
    """A `str`, or what was merely seen, fits no door. Mutants: a door that takes `str` again, one for each."""
    door = TRIES.splitlines()[at - 1].partition("# refused: ")[2]
    assert at in complaints, door
    assert "Redacted" in complaints[at]


def test_a_door_takes_what_is_redacted(complaints: dict[int, str]) -> None:
    """Nothing else in the tries is wrong: the refusals are the type's."""
    refused = {n for n, line in enumerate(TRIES.splitlines(), 1) if "# refused" in line}
    assert complaints.keys() == refused


def _goes_past(path: Path) -> bool:
    """Does a module write to stderr itself, print a trace-back, or make a `Redacted` without redacting?"""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if name in ("sys.stderr.write", "sys.stderr.writelines", "print", "Redacted", "warnings.warn"):
            return True
        if name.startswith("traceback.print"):
            return True
        if name == "cast" and isinstance(node, ast.Call) and "Redacted" in ast.unparse(node.args[0]):
            return True
    return False


def test_nobody_goes_past_the_doors() -> None:
    """Stderr is written by `outlet` alone, and `Redacted` is made by the redactor and by whom it lends its name.

    Mutants: `sys.stderr.write` in a command, a `Redacted(...)` around a plain text.
    """
    found = {
        str(path.relative_to(ROOT))
        for package in ("board", "supervisor")
        for path in (ROOT / package).rglob("*.py")
        if _goes_past(path)
    }
    makers = {"board/journal/marks.py", "board/journal/redact.py", "board/journal/stream.py"}
    assert found - makers == {"board/journal/faces.py", "board/cli/outlet.py", "supervisor/sink/outlog.py"}


def _imported(folder: Path, *words: str) -> set[str]:
    argv = [sys.executable, "-X", "importtime", "-m", "board", *words]
    done = subprocess.run(argv, cwd=folder, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


def test_who_complains_of_nothing_pays_for_no_redactor(tmp_path: Path) -> None:
    """A command that goes well and writes nothing imports neither the door nor the redactor; one that fails does.

    Mutant: `outlet` or `faces` imported at the head of `failure`.
    """
    (tmp_path / "tasks.yaml").write_text("version: 1\ntasks: [{id: a}]\n")
    paid = {"board.cli.outlet", "board.cli.hooks", "board.fault", "board.journal.faces", "board.journal.redact"}
    assert not _imported(tmp_path, "list") & paid
    assert paid - {"board.cli.hooks", "board.fault"} <= _imported(tmp_path, "show", "none")
