"""`board instructions`: printed, and kept in the file that an agent reads."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from tests.cli.conftest import Run


def test_they_are_printed_for_a_pipe(run: Run, empty: Path) -> None:
    """No board is needed; what to do with it is said on stderr, so that `>>` takes the text alone."""
    said = run("instructions", "--agent", "claude")
    assert said.code == 0
    assert said.err == "claude reads CLAUDE.md in your repository: board instructions --write CLAUDE.md\n"
    for word in ("claim", "checkpoint", "block", "advance", "done", "fail", "result"):
        assert f"board {word}" in said.out
    assert "Never edit `tasks.yaml`" in said.out
    assert run("instructions", "-q") == said._replace(err="")
    told = json.loads(run("instructions", "--json").out)
    assert (told["text"], told["files"]["codex"]) == (said.out, "AGENTS.md")
    assert not list(empty.iterdir())


def test_a_section_is_written_and_kept_up(run: Run, empty: Path) -> None:
    """Through a link, with the file's mode, and a second time with nothing to do."""
    there = empty / "AGENTS.md"
    there.write_bytes(b"# Ours\r\nno end")
    there.chmod(0o640)
    (empty / "CLAUDE.md").symlink_to("AGENTS.md")
    assert run("instructions", "--write", "CLAUDE.md").out == "wrote CLAUDE.md\n"
    assert (empty / "CLAUDE.md").is_symlink()
    data = there.read_bytes()
    assert data.startswith(b"# Ours\r\nno end\r\n\r\n<!-- crewboard: begin")
    assert data.count(b"\n") == data.count(b"\r\n")
    assert stat.S_IMODE(there.stat().st_mode) == 0o640
    number = there.stat().st_ino
    assert run("instructions", "--write", "AGENTS.md").out == "AGENTS.md is as it should be\n"
    assert there.stat().st_ino == number
    there.write_bytes(data.replace(b"## Working", b"## Something older") + b"behind\r\n")
    assert json.loads(run("instructions", "--write", "AGENTS.md", "--json").out) == {
        "path": "AGENTS.md",
        "changed": True,
    }
    assert there.read_bytes() == data + b"behind\r\n"
    assert sorted(path.name for path in empty.iterdir()) == ["AGENTS.md", "CLAUDE.md"]


def test_what_cannot_be_written_is_one_line(run: Run, empty: Path) -> None:
    """Broken marks, a folder, no folder at all, no name: nothing is written."""
    (empty / "A.md").write_text("x\n<!-- crewboard: end -->\n")
    said = run("instructions", "--write", "A.md")
    assert said.code == 5
    assert said.err.startswith("board: A.md:2: an end without a begin; nothing was written; mend or remove")
    assert (empty / "A.md").read_text() == "x\n<!-- crewboard: end -->\n"
    (empty / "folder").mkdir()
    assert run("instructions", "--write", "folder").err == "board: folder is no file; name a file such as CLAUDE.md\n"
    missing = run("instructions", "--write", "nowhere/A.md")
    assert (missing.code, missing.err) == (1, "board: can't write nowhere/A.md: no such file or directory\n")
    assert run("instructions", "--write", "").code == 2
    assert run("instructions", "--agent", "gpt").code == 2
    assert sorted(path.name for path in empty.iterdir()) == ["A.md", "folder"]
