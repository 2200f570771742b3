"""`supervisor explain` on captured screens and on a status: what is told, and every way to ask wrongly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supervisor.cli import main
from tests.cli.conftest import Run
from tests.programs import Ended
from tests.screens import read_sample


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """`supervisor explain WORDS` within this process."""

    def ran(*words: str) -> Ended:
        code = main(("explain", *words))
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return ran


def captured(folder: Path, text: str) -> str:
    path = folder / "pane.txt"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_capture_is_told_without_a_board(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """State, rule, the version that it was seen with, and the question; redacted. Mutant: the detail is told raw."""
    monkeypatch.chdir(tmp_path)
    secret = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    text = read_sample("claude", "permission").text.replace("touch made-up-file", f"login {secret}")
    told = run("--screen", captured(tmp_path, text), "--agent", "claude")
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("asking: permission-prompt\nthis rule was seen with claude 2.1.329\n")
    assert "Do you want to proceed?" in told.out
    assert secret[:12] not in told.out
    record = json.loads(run("--json", "--screen", captured(tmp_path, text), "--agent", "claude").out)
    assert (record["state"], record["rule"], record["region"]) == ("asking", "permission-prompt", "open")
    assert secret[:12] not in str(record)


def test_what_nobody_knows_is_unknown(run: Run, tmp_path: Path) -> None:
    """An answer, and no failure: also for an empty file and one that is no text."""
    assert run("--screen", captured(tmp_path, "$ ls\n"), "--agent", "codex").out.startswith("unknown: no rule\n")
    (tmp_path / "pane.txt").write_bytes(b"\xff\x00\x1b[31m" * 1000)
    told = run("--screen", str(tmp_path / "pane.txt"), "--agent", "codex")
    assert (told.code, told.out.splitlines()[0]) == (0, "unknown: no rule")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--screen", "none.txt", "--agent", "claude"), "none.txt: No such file"),
        (("--screen", "/", "--agent", "claude"), "/: Is a directory"),
        (("--screen", "none.txt"), "--screen and --agent belong together"),
        (("--agent", "claude"), "--screen and --agent belong together"),
        (("--screen", "none.txt", "--agent", "clod"), 'no screens are known of "clod"; known: claude, codex'),
        (("api", "--screen", "none.txt", "--agent", "claude"), "a task, or a screen"),
    ],
)
def test_a_wrong_question_is_one_line_and_exit_2(run: Run, folder: Path, words: tuple[str, ...], said: str) -> None:
    """With what was meant instead."""
    told = run(*words)
    assert (told.code, told.out) == (2, "")
    assert said in told.err
    assert len(told.err.splitlines()) == 1


def test_a_task_that_nobody_looks_at_is_exit_4(run: Run, folder: Path) -> None:
    """A task without a worker, and no task at all, are told apart."""
    assert "has no worker that anybody looks at" in run("api").err
    assert (run("api").code, run("apj").code) == (4, 4)
