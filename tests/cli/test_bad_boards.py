"""What can be wrong with a board file, each with its exit code 3 and its place, and never a traceback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.conftest import Run

BROKEN = {
    "empty": (b"", "tasks.yaml:1:1: the file is empty"),
    "comments-only": (b"# nothing\n", "tasks.yaml:1:1: "),
    "syntax": (b"version: 1\ntasks: [\n", "tasks.yaml:3:1: "),
    "wrong-type": (b"version: 1\ntasks:\n  - id: a\n    priority: high\n", "tasks.yaml:4:15: priority: "),
    "a-list": (b"- a\n", "tasks.yaml:1:1: "),
    "unknown-key": (b"version: 1\ntasks:\n  - id: a\n    stauts: todo\n", 'tasks.yaml:4:5: unknown key "stauts"'),
    "second-document": (b"version: 1\n---\nversion: 1\n", "tasks.yaml:"),
    "not-utf-8": (b"version: 1\ntasks:\n  - id: a\n    title: \xff\n", "tasks.yaml:4:12: byte 0xff is not UTF-8"),
    "nul": (b"version: 1\ntasks:\n  - id: a\n    title: a\0b\n", "tasks.yaml:4:"),
    "tabs": (b"version: 1\ntasks:\n\t- id: a\n", "tasks.yaml:3:1: "),
    "alias-cycle": (b"version: 1\ntasks: &a\n  - *a\n", "tasks.yaml:3:"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_told_by_place_and_never_touched(run: Run, folder: Path, name: str) -> None:
    """Each problem is a line `path:line:col: message` on stderr, exit 3; no command overwrites the file."""
    raw, expected = BROKEN[name]
    path = folder / "tasks.yaml"
    path.write_bytes(raw)
    for words in (["check"], ["claim", "--next"], ["add", "x"]):
        ended = run(*words)
        assert (ended.code, ended.out) == (3, "")
        assert ended.err.startswith(expected)
        assert "Traceback" not in ended.err
    assert path.read_bytes() == raw


def test_every_problem_is_told_at_once(run: Run, folder: Path) -> None:
    """Two mistakes are two lines, and a script gets both with their places."""
    (folder / "tasks.yaml").write_text("version: 1\ntasks:\n  - id: a\n    priority: x\n    stauts: y\n")
    ended = run("check", "--json")
    assert [line[:15] for line in ended.err.splitlines()] == ["tasks.yaml:4:15", "tasks.yaml:5:5:"]
    import json

    error = json.loads(ended.out)["error"]
    assert (error["exit_code"], error["reason"]) == (3, "invalid_board")
    assert [(item["line"], item["column"]) for item in error["problems"]] == [(4, 15), (5, 5)]


def test_a_missing_board_says_where_it_looked_and_what_makes_one(run: Run, empty: Path) -> None:
    """No board anywhere is exit 3, with the folder and the remedy."""
    ended = run("list")
    assert ended.code == 3
    assert str(empty) in ended.err
    assert "`board init`" in ended.err


def test_a_folder_of_a_board_whose_file_is_away_is_not_skipped(run: Run, folder: Path) -> None:
    """While an editor saves, no board further up is taken instead. Mutant: looking for `tasks.yaml` alone."""
    inner = folder / "inner"
    (inner / ".board").mkdir(parents=True)
    os.chdir(inner)
    ended = run("claim", "--next")
    assert ended.code == 3
    assert ended.err.startswith("board: there is no tasks.yaml")


def test_a_folder_a_fifo_and_a_dangling_link_are_named_for_what_they_are(run: Run, folder: Path) -> None:
    """Things that are no file end at once, with a word for what they are. A FIFO doesn't wait for a writer."""
    (folder / "folder").mkdir()
    os.mkfifo(folder / "fifo")
    (folder / "link").symlink_to("nothing")
    for name, words in (("folder", "a folder"), ("fifo", "a FIFO"), ("link", "a symlink to nothing")):
        ended = run("list", "--board", name)
        assert (ended.code, ended.out) == (3, "")
        assert f"{name} is {words}" in ended.err
        assert ended.err.count("\n") == 1


def test_a_link_to_a_board_is_followed_and_stays_a_link(run: Run, folder: Path) -> None:
    """The file behind the link is replaced, not the link."""
    (folder / "link.yaml").symlink_to("tasks.yaml")
    assert run("claim", "api", "--board", "link.yaml").code == 0
    assert (folder / "link.yaml").is_symlink()
    assert "status: claimed" in (folder / "tasks.yaml").read_text()


def test_words_that_are_no_text_are_refused(run: Run, folder: Path) -> None:
    """Bytes that are not UTF-8, or a NUL, never reach the board: exit 2."""
    for words in (
        ["add", "caf\udce9"],
        ["add", "a\0b"],
        ["block", "api", "--on", "\udcff"],
        ["fail", "api", "--why", "\0"],
    ):
        ended = run(*words)
        assert (ended.code, ended.err.count("\n")) == (2, 1)


def test_what_a_board_says_cannot_move_the_cursor(run: Run, folder: Path) -> None:
    """Control characters of a title are shown as escapes, in tables, pages and errors."""
    (folder / "tasks.yaml").write_text('version: 1\ntasks:\n  - id: a\n    title: "\\e[2J\\e]0;x\\a"\n')
    for words in (["list"], ["show", "a"], ["why", "a"], ["next"]):
        ended = run(*words)
        assert ended.code == 0
        assert "\x1b" not in ended.out
        assert "\\x1b[2J" in ended.out


def test_a_profile_in_a_file_of_its_own_is_checked_with_the_board(run: Run, folder: Path) -> None:
    """With its own path and place, exit 3; mended, the board is well. Mutant killed: only the board is read."""
    (folder / "tasks.yaml").write_text("version: 1\ntasks: []\n")
    own = folder / ".board" / "agents" / "vim.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("start: [vim]\nstrat: [vi]\n")
    ended = run("check")
    assert ended.code == 3
    assert 'agents/vim.yaml:2:1: unknown key "strat" (did you mean "start"?)' in ended.err
    assert "Traceback" not in ended.err
    own.write_text("start: [vim]\n")
    assert run("check").code == 0
