"""The boards that we ship are right, teach every common key, and work with what fills them in."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

import jsonschema
import pytest

from board.check import problems
from board.document import Document, append
from board.queries import claimable
from board.records import read_board
from board.schema import schema
from board.vocabulary import TABLES

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "tasks.example.yaml").read_text("utf-8")
INIT = Template((ROOT / "templates/boards/init.yaml").read_text("utf-8"))
FILLED = [
    INIT.substitute(done_when="[clean, committed]", worktrees="{enabled: true}"),
    INIT.substitute(done_when="[]", worktrees="{enabled: false}"),
]
MODELINE = "# yaml-language-server: $schema=.board/tasks.schema.json"


@pytest.mark.parametrize("text", [EXAMPLE, *FILLED], ids=["example", "init in git", "init elsewhere"])
def test_shipped_boards_are_right(text: str) -> None:
    """`check` and the schema find nothing, and the first line tells editors where the schema is."""
    document = Document(text)
    assert problems(document) == ()
    assert list(jsonschema.Draft202012Validator(schema()).iter_errors(document.data)) == []
    assert text.splitlines()[0] == MODELINE


def test_the_example_shows_every_common_key() -> None:
    """Whoever reads the example has met each key that people write."""
    data = Document(EXAMPLE).data
    tasks = data["tasks"]
    assert _keys(tasks) >= {
        *("id", "title", "status", "agent", "brief", "prompt", "run", "resumable", "priority", "after", "steps"),
        *("done_when", "labels", "worktree", "blocked", "x-ticket"),
    }
    assert _keys([step for task in tasks for step in task.get("steps", [])]) == set(TABLES["step"].keys)
    assert _keys([data["settings"]]) == set(TABLES["settings"].keys)
    assert _keys([data["settings"]["worktrees"]]) == set(TABLES["worktrees"].keys)
    assert _keys(list(data["agents"].values())) >= {"use", "about", "start", "resume", "env", "settles", "limited"}


def _keys(mappings: list[dict[str, Any]]) -> set[str]:
    return {key for mapping in mappings for key in mapping}


def test_the_example_has_work_to_claim() -> None:
    """It means what its comments say: one task is done, so the one behind it is ready, by priority before the rest."""
    board = read_board(Document(EXAMPLE).data)
    assert [task.id for task in claimable(board, now=0.0)] == ["refund-api", "warm-cache"]


def test_the_example_can_be_read_in_two_minutes() -> None:
    """It teaches by being short: at some 250 words a minute."""
    assert len(EXAMPLE.split()) < 700
    assert len(EXAMPLE.splitlines()) < 110


def test_what_machines_write_is_shown_as_it_is() -> None:
    """The records in the example's last comment are right when they stand in a task."""
    lines = [line.removeprefix("#") for line in EXAMPLE.splitlines() if line.startswith("#     ")]
    text = EXAMPLE.replace(
        "  - id: refund-tests\n", "  - id: refund-tests\n" + "\n".join(line[1:] for line in lines) + "\n"
    )
    assert len(lines) == 5
    assert problems(Document(text)) == ()


@pytest.mark.parametrize("text", FILLED)
def test_the_first_board_takes_tasks(text: str) -> None:
    """Its commented example is a right task once the marks are taken away, and `append` finds its place."""
    assert problems(Document(text.replace("\n#  ", "\n  "))) == ()
    assert Document(text.replace("\n#  ", "\n  ")).data["tasks"][0]["id"] == "a-first-task"
    assert problems(Document(append(Document(text), {"id": "a", "title": "A"}))) == ()
