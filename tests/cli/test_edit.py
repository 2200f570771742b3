"""`board edit` with real editors: small programs that change the copy, and sometimes the board behind our back."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def editor(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of the test's that gets the copy's path as its first argument; `$EDITOR` runs it."""
    script = folder / "editor.py"
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"{sys.executable} {script}")
    return script


CHANGE = "import sys\np = sys.argv[1]\nt = open(p).read().replace({old!r}, {new!r})\nopen(p, 'w').write(t)\n"


def copies(folder: Path) -> list[str]:
    return [path.name for path in (folder / ".board/edits").iterdir()]


def test_an_edit_is_checked_saved_and_told(run: Run, folder: Path, editor: Path) -> None:
    """The person's text is the board, byte for byte; the journal counts what changed; the copy is gone."""
    editor.write_text(CHANGE.format(old="Build the API ", new="Build it  "))
    before = (folder / "tasks.yaml").read_text()
    assert run("edit") == (0, "saved\n", "")
    assert (folder / "tasks.yaml").read_text() == before.replace("Build the API ", "Build it  ")
    record = json.loads(run("log", "--event", "board_edited", "--json").out)
    assert (record["changed_count"], record["added_count"], record["removed_count"]) == (1, 0, 0)
    assert copies(folder) == []


def test_a_claim_made_while_the_editor_is_open_survives(run: Run, folder: Path, editor: Path) -> None:
    """Nothing is locked meanwhile, and the stale buffer takes no claim back. Mutant: no merge."""
    claim = (
        "import subprocess\n"
        f"subprocess.run([{sys.executable!r}, '-m', 'board', 'claim', 'api', '--as', 'bob'], check=True)\n"
    )
    editor.write_text(claim + CHANGE.format(old="title: Build the API", new="title: Build\n    status: cancelled"))
    ended = run("edit")
    assert ended.code == 0
    assert "1 value had changed meanwhile" in ended.out
    task = json.loads(run("show", "api", "--json").out)["task"]
    assert (task["title"], task["status"], task["claim"]["by"]) == ("Build", "claimed", "bob")
    assert "api.status: " in ended.err
    told = json.loads(run("log", "--event", "board_merged", "--json").out)
    assert (told["clashes_count"], told["theirs"]) == (1, "api.title, api.status")
    assert "api.claim" in told["ours"]


def test_an_edit_with_problems_is_kept_and_not_saved(run: Run, folder: Path, editor: Path) -> None:
    """Without a terminal: every problem, exit 3, the copy stays and is named, the board is as it was."""
    editor.write_text(CHANGE.format(old="priority: 1", new="priority: lots"))
    before = (folder / "tasks.yaml").read_bytes()
    ended = run("edit")
    (kept,) = copies(folder)
    assert (ended.code, ended.out) == (3, "")
    problem, last = ended.err.splitlines()
    assert problem.endswith(f'{kept}:6:15: priority: expected a whole number from 0 to 9, got "lots"')
    assert "nothing was saved; your copy is" in last
    assert kept in last
    assert "priority: lots" in (folder / ".board/edits" / kept).read_text()
    assert (folder / "tasks.yaml").read_bytes() == before


def test_a_broken_board_can_be_mended(run: Run, folder: Path, editor: Path) -> None:
    """The one command that takes a broken file: its way out."""
    text = (folder / "tasks.yaml").read_text()
    (folder / "tasks.yaml").write_text(text.replace("priority: 1", "priority: lots"))
    editor.write_text(CHANGE.format(old="priority: lots", new="priority: 2"))
    assert run("edit").code == 0
    assert run("check").out == "ok: 3 tasks\n"


def test_an_editor_that_fails_or_is_missing_changes_nothing(
    run: Run, folder: Path, editor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed editor is exit 1, none at all exit 2; only a changed copy is kept."""
    editor.write_text("raise SystemExit(3)")
    ended = run("edit")
    assert (ended.code, copies(folder)) == (1, [])
    assert "ended with status 3" in ended.err
    editor.write_text(CHANGE.format(old="Ship", new="Sink") + "raise SystemExit(1)")
    assert run("edit").code == 1
    assert len(copies(folder)) == 1
    monkeypatch.setenv("EDITOR", "no-such-editor-here")
    assert run("edit").code == 1
    monkeypatch.delenv("EDITOR")
    assert run("edit").code == 2
