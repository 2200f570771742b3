"""`read_settings`: what a board says is kept as said, and what it leaves out has its default."""

from __future__ import annotations

from typing import Any

import pytest

from board.check import problems
from board.document import Document
from board.records import read_task
from board.settings import Journaling, Redact, RedactRule, Worktrees, read_settings


@pytest.mark.parametrize(
    ("said", "copy"),
    [
        ({}, (".env*",)),
        ({"copy": None}, (".env*",)),
        ({"copy": []}, ()),
        ({"copy": ["conf/*"]}, ("conf/*",)),
    ],
)
def test_an_empty_list_of_copies_means_no_copies(said: dict[str, Any], copy: tuple[str, ...]) -> None:
    """Secrets stay where they are when the board says `copy: []`; only a missing list has the default.

    Mutant killed: an empty list that counts as none at all (`or`).
    """
    assert read_settings({"worktrees": said}).worktrees == Worktrees(copy=copy)


@pytest.mark.parametrize(
    ("said", "bytes_"),
    [("64MiB", 64 << 20), ("1.5kB", 1500), ("2GB", 2 * 10**9), (4096, 4096), (0, 0), ("0kB", 0)],
)
def test_sizes_are_read_as_they_are_written(said: object, bytes_: int) -> None:
    """Powers of two for `KiB`, of ten for `kB`, plain numbers are bytes; 0 is a word too, not a silence.

    Mutant killed: `parse_size(…) or default`.
    """
    assert read_settings({"journal": {"max_bytes": said}}).journal == Journaling(max_bytes=bytes_)


def test_a_wrong_size_is_told_with_its_place_and_a_right_one() -> None:
    """Whoever writes `64 megs` is told where, and what to write instead."""
    board = "version: 1\nsettings:\n  journal: {max_bytes: 64 megs, segment_bytes: 12}\n"
    want = "a size such as 64MiB or 500kB, or a number of bytes"
    assert [problem.at("f") for problem in problems(Document(board))] == [
        f'f:3:24: settings.journal.max_bytes: expected {want}, 0 or more, got "64 megs"',
        f"f:3:48: settings.journal.segment_bytes: expected {want}, 1000 or more, got 12",
    ]


def test_a_board_without_a_word_on_stalls_has_none() -> None:
    """Nobody is looked at who didn't ask for it."""
    assert read_settings({}).stall_after == 0
    assert read_settings({"stall_after": "10m"}).stall_after == 600


def test_a_step_has_its_own_word_before_its_tasks() -> None:
    """What a task says of stalls and runtime holds for each of its steps that says nothing; 0 is a word too.

    Mutants killed: the task's word before the step's; a task's word that its steps don't hear.
    """
    shared = {"stall_after": "10m", "on_stall": "restart", "max_runtime": "2h"}
    own = {"stall_after": 0, "on_stall": "tell", "max_runtime": "1h"}
    steps = [{"id": "one", "run": "true", **own}, {"id": "two", "run": "true"}]
    one, two = read_task({"id": "t", **shared, "steps": steps}).steps
    assert (one.stall_after, one.on_stall, one.max_runtime) == (0, "tell", 3600)
    assert (two.stall_after, two.on_stall, two.max_runtime) == (600, "restart", 7200)
    assert read_task({"id": "t", "run": "true", **shared}).step == two._replace(id="main")
    plain = read_task({"id": "t", "run": "true"}).step
    assert (plain.stall_after, plain.on_stall, plain.max_runtime) == (None, "tell", None)


def test_redaction_is_kept_as_said() -> None:
    """Each key of `settings.redact`, in the order of the lists; without a word it is what every board has.
    Mutants killed: `literal` and `regex` exchanged; a key forgotten."""
    assert read_settings({}).redact == read_settings({"redact": {}}).redact == Redact()
    said = {
        "rules": [
            {"kind": "a", "literal": "AAA", "regex": "A+", "x-why": 1},
            {"kind": "b", "literal": "B", "regex": "C"},
        ],
        "allow": ["x", "re:y"],
        "values_from": [".env", "env:X_*"],
        "prompts": "keep",
        "gitleaks": "g.toml",
    }
    rules = (RedactRule("a", "AAA", "A+"), RedactRule("b", "B", "C"))
    assert read_settings({"redact": said}).redact == Redact(rules, ("x", "re:y"), (".env", "env:X_*"), "keep", "g.toml")
