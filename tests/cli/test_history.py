"""`board history`: what was written when, what changed, and the way back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def written(run: Run, folder: Path) -> Path:
    """A board with a claim, a checkpoint and an edit by hand."""
    assert run("claim", "api", "--as", "bob").code == 0
    assert run("checkpoint", "api", "--as", "bob", "--note", "half").code == 0
    path = folder / "tasks.yaml"
    path.write_text(path.read_text().replace("Build the API", "Build it all"))
    assert run("checkpoint", "api", "--as", "bob", "--note", "more").code == 0
    return path


def revisions(run: Run) -> list[str]:
    return [str(version["rev"]) for version in json.loads(run("history", "--json").out)["versions"]]


def test_versions_are_listed_newest_first(run: Run, written: Path) -> None:
    """One is marked as the one that stands; each can be shown whole. Mutants: oldest first; every version current."""
    found = json.loads(run("history", "--json").out)["versions"]
    assert [version["current"] for version in found] == [True] + [False] * (len(found) - 1)
    assert len(found) >= 4
    assert run("history", "show", found[0]["rev"][:8]).out == written.read_text()
    assert "half" in run("history", "show", found[2]["rev"]).out
    lines = run("history", "--limit", "2").out.splitlines()
    assert len(lines) == 3
    assert lines[1].startswith(found[0]["rev"][:12])
    assert run("history", "-q", "--limit", "1").out.strip() == found[0]["rev"][:12]


def test_a_difference_is_a_unified_diff(run: Run, written: Path) -> None:
    """Between two versions, or one and what stands on disk."""
    newest, *_, oldest = revisions(run)
    out = run("history", "diff", oldest, newest).out
    assert "-    title: Build the API" in out.replace("  # the first", "")
    assert "+    title: Build it all" in out
    assert run("history", "diff", newest).out == ""
    written.write_text(written.read_text() + "# mine\n")
    assert "+# mine" in run("history", "diff").out


def test_a_version_comes_back_as_a_new_one(run: Run, written: Path) -> None:
    """The old words are back, the one who held the task holds a number that will not be granted again, and the way
    back of the way back is there. Mutants: the file written without a version; tokens that fall."""
    newest, *_, oldest = revisions(run)
    ended = run("history", "restore", oldest[:10])
    assert ended.code == 0
    task = json.loads(run("show", "api", "--json").out)["task"]
    assert task["title"].startswith("Build the API")
    assert task["claim"] is None
    assert "last_token: 1" in written.read_text()
    assert run("checkpoint", "api", "--as", "bob", "--note", "late").code == 5
    claimed = run("claim", "api", "--as", "eve", "--json")
    assert json.loads(claimed.out)["task"]["claim"]["token"] == 2
    assert run("history", "restore", newest).code == 0
    assert json.loads(run("show", "api", "--json").out)["task"]["title"].startswith("Build it all")
    assert run("log", "--event", "board_restored").out.count("board_restored") == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("restore",), 2, "name a version"),
        (("show", "zz"), 4, "no version zz"),
        (("restore", "0" * 32), 4, "no version"),
        (("list", "--limit", "0"), 2, "--limit"),
        (("show", ""), 2, "give more of its digits"),
        (("burn", "x"), 2, "burn"),
    ],
)
def test_what_can_not_be(run: Run, written: Path, words: tuple[str, ...], code: int, said: str) -> None:
    """One line, the documented exit code, and the board as it was."""
    before = written.read_bytes()
    ended = run("history", *words)
    assert (ended.code, written.read_bytes()) == (code, before)
    assert said in ended.err
    assert len(ended.err.splitlines()) == 1


def test_damaged_versions_are_told(run: Run, written: Path) -> None:
    """Listed as damaged, refused by `restore`, and no trace-back."""
    folder = written.parent / ".board" / "history"
    *_, rev = revisions(run)
    for path in folder.glob(f"*.{rev}.*"):
        path.write_bytes(b"nothing of use")
    assert "damaged" in run("history").out
    assert run("history", "restore", rev).code == 4


def test_no_history_is_no_error(run: Run, folder: Path) -> None:
    assert run("history").out == "no version was written yet\n"
    assert json.loads(run("history", "--json").out) == {"versions": []}
