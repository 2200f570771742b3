"""The hook that waits beside a dialog: what it prints, and everything upon which it ends without a word."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.agents import as_worker, payload
from tests.programs import environment
from tests.waiting import eventually

ALLOWED = {"hookSpecificOutput": {"hookEventName": "PermissionRequest", "decision": {"behavior": "allow"}}}
SECRET = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"


def waiting(side: Path, env: dict[str, str], tool: str = "Bash") -> subprocess.Popen[bytes]:
    said = payload("PermissionRequest", tool_name=tool, tool_input={"command": f"login {SECRET}"})
    process = subprocess.Popen(
        [sys.executable, "-m", "supervisor", "hook", "claude", "--decide"],
        env=environment(**env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(json.dumps(said).encode())
    process.stdin.close()
    process.stdin = None
    return process


def ask_of(side: Path) -> Path:
    found: Path = eventually(lambda: next(iter((side / "decisions").glob("*.ask")), None), 20)  # type: ignore[assignment]
    return found


def decide(ask: Path, **fields: Any) -> None:
    given = {"prompt": json.loads(ask.read_text())["prompt"], "behavior": "allow", "message": "", **fields}
    aside = ask.with_suffix(".aside")
    aside.write_text(json.dumps(given))
    aside.rename(ask.with_suffix(".json"))


def test_a_decision_is_printed_and_acknowledged(tmp_path: Path) -> None:
    """As the agent documents it; the question stands on disk for us alone, and without what is secret in it, and no
    signal is left. Mutant killed: the question written raw."""
    side = tmp_path / ".board"
    process = waiting(side, as_worker(side))
    ask = ask_of(side)
    assert ask.stat().st_mode & 0o777 == 0o600
    assert SECRET not in ask.read_text()
    assert "[REDACTED:" in ask.read_text()
    decide(ask)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, json.loads(out), err) == (0, ALLOWED, b"")
    assert [path.suffix for path in (side / "decisions").iterdir()] == [".taken"]
    assert not (side / "signals").exists()


ENDS: dict[str, Callable[[Path, Path], None]] = {
    "another prompt's decision": lambda ask, _: decide(ask, prompt="0" * 32),
    "what is no decision": lambda ask, _: decide(ask, behavior="maybe"),
    "the question taken away": lambda ask, _: ask.unlink(),
}


@pytest.mark.parametrize("how", ENDS)
def test_it_ends_without_a_word(tmp_path: Path, how: str) -> None:
    """Mutants killed: the fingerprint not compared; any behavior printed; the question's file not looked for."""
    side = tmp_path / ".board"
    process = waiting(side, as_worker(side))
    ENDS[how](ask_of(side), side)
    assert process.communicate(timeout=20) == (b"", b"")
    assert process.returncode == 0


def test_it_ends_with_who_reads_it(tmp_path: Path) -> None:
    """An agent that is gone leaves no process of its mark behind, which would stand in the way of its restart. Mutant
    killed: only a decision wakes it."""
    side = tmp_path / ".board"
    process = waiting(side, as_worker(side))
    ask_of(side)
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stderr:
        process.stdout.close()
        assert process.wait(20) == 0


@pytest.mark.parametrize("tool", ["AskUserQuestion", "ExitPlanMode"])
def test_a_question_is_not_waited_with(tmp_path: Path, tool: str) -> None:
    """A yes would be no answer to it. Mutant killed: any tool's question waits."""
    side = tmp_path / ".board"
    assert waiting(side, as_worker(side), tool).communicate(timeout=20) == (b"", b"")
    assert not (side / "decisions").exists()


def test_who_is_no_worker_waits_for_nothing(tmp_path: Path) -> None:
    """Outside of a worker, and under a grant that isn't the newest one, it is gone at once."""
    side = tmp_path / ".board"
    old = as_worker(side, token=3)
    as_worker(side, token=4)
    for env in ({}, old):
        assert waiting(side, env).communicate(timeout=20) == (b"", b"")
    assert not (side / "decisions").exists()
