"""Where a task's work lies, by what its `worktree` says."""

from __future__ import annotations

from pathlib import Path

import pytest

from board.check import problems
from board.document import Document
from board.home import home_of, named_folder, work_of
from tests import repositories as repos
from tests.boards import board


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    repos.isolate(monkeypatch)
    return repos.repository(tmp_path / "repo")


@pytest.mark.parametrize(("said", "named"), [(None, None), (True, None), (False, None), ("none", None)])
def test_only_a_path_names_a_folder(repo: Path, said: object, named: str | None) -> None:
    """`true` and nothing are a tree of its own; `false` and `none` are the board's folder."""
    of = board({"id": "t", **({} if said is None else {"worktree": said})}, worktrees={"enabled": True})
    own = str(repo.parent / "repo.worktrees" / "t")
    assert named_folder(of.tasks[0], str(repo)) is named
    assert home_of(of, of.tasks[0], str(repo)) == (own if said in (None, True) else None)
    assert work_of(of, of.tasks[0], str(repo)) == str(repo)


@pytest.mark.parametrize(
    ("said", "place"), [("a/b", "{repo}/a/b"), ("../x", "{top}/x"), ("/abs", "/abs"), ("./none", "{repo}/none")]
)
@pytest.mark.parametrize("enabled", [True, False])
def test_a_path_counts_from_the_board_and_is_never_ours(repo: Path, said: str, place: str, enabled: bool) -> None:
    """There or not: nobody may take the board's folder, or a tree to be removed, for it. Mutant killed: `home_of` that
    answers with it."""
    of = board({"id": "t", "worktree": said}, worktrees={"enabled": enabled})
    wanted = place.format(repo=repo, top=repo.parent)
    assert home_of(of, of.tasks[0], str(repo)) is None
    assert named_folder(of.tasks[0], str(repo)) == work_of(of, of.tasks[0], str(repo)) == wanted


@pytest.mark.parametrize("said", ["yes", "off", "''", "3", "[a]"])
def test_what_is_no_place_is_a_problem(said: str) -> None:
    """A word that YAML 1.1 read as a boolean isn't taken for a folder's name."""
    found = problems(Document(f"version: 1\ntasks:\n  - {{id: t, worktree: {said}}}\n"), [])
    assert [problem.message.split(",")[0] for problem in found] == ["worktree: expected true"]
