"""The shipped agent profiles: each can be read, is found by its name, and keeps its conversation over a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from board.check import problems
from board.document import Document
from board.errors import InvalidBoard
from board.model import Board
from board.records import read_board
from board.templates import template_names
from supervisor.launch import Site, prepare
from supervisor.model import Attempt
from supervisor.profiles import Profiles

SHIPPED = [name.removesuffix(".yaml") for name in template_names("agents")]
BOARD = """\
version: 1
agents:
  mine: {{use: {name}, env: {{EXTRA: "${{task}}"}}}}
tasks:
  - {{id: t, title: Do it, agent: mine, prompt: "the words; $HOME and $1 stay"}}
"""


def board_of(name: str) -> Board:
    return read_board(Document(BOARD.format(name=name)).data)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_profile_starts_and_resumes(tmp_path: Path, name: str) -> None:
    """No placeholder is left over, the words arrive as one argument, and the session's id is the same both times."""
    board = board_of(name)
    profile = Profiles(str(tmp_path)).find(board, "mine")
    site = Site(str(tmp_path / "tasks.yaml"), str(tmp_path), str(tmp_path))
    first, later = (
        prepare(board.tasks[0], Attempt("home", "t", number, number), profile, site, "grant") for number in (1, 2)
    )
    for launch in (first, later):
        assert not any("${" in word for word in launch.argv)
        assert any("the words; $HOME and $1 stay" in word for word in launch.argv)
        assert launch.env["EXTRA"] == "t"
    assert "continued" in later.brief
    if "${session}" in profile.start:
        at = profile.start.index("${session}")
        assert first.argv[at] == later.argv[profile.resume.index("${session}")]


def test_an_unknown_profile_names_the_known_ones(tmp_path: Path) -> None:
    """The remedy lists what there is."""
    with pytest.raises(InvalidBoard, match='no agent profile "nobody"') as refused:
        Profiles(str(tmp_path)).find(board_of("nobody"), "mine")
    assert set(SHIPPED) <= set(refused.value.remedy.removeprefix("known: ").split(", "))


def test_a_board_needs_no_more_than_the_names() -> None:
    """`agents: {claude: {use: claude}}` is enough for each shipped one. Mutant: the names aren't given to `check`."""
    assert {"claude", "codex", "gemini", "shell"} <= set(SHIPPED)
    for name in SHIPPED:
        assert problems(Document(BOARD.format(name=name)), SHIPPED) == ()


@pytest.mark.parametrize(
    ("said", "hooks"),
    [("", "claude"), (", start: [./wrapper, go]", None), (", start: [./wrapper, go], hooks: claude", "claude")],
)
def test_a_start_of_ones_own_takes_no_hooks_unasked(tmp_path: Path, said: str, hooks: str | None) -> None:
    """They are words on its command line, which it may not know.
    Mutant killed: the template's hooks go with any start."""
    board = read_board(Document(f"version: 1\nagents:\n  mine: {{use: claude{said}}}\ntasks: []\n").data)
    assert Profiles(str(tmp_path)).find(board, "mine").hooks == hooks
