"""`read_settings`: what a board says is kept as said, and what it leaves out has its default."""

from __future__ import annotations

from typing import Any

import pytest

from board.settings import Worktrees, read_settings


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
