"""What the supervisor remembers of repositories: asked once, and never of another one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from board import git, worktree
from board.errors import BoardError
from supervisor.tools import Tops
from tests.repositories import commit, isolate
from tests.repositories import git as run


def repository(folder: Path) -> Path:
    folder.mkdir(parents=True)
    run(folder, "init", "-q", "-b", "main")
    commit(folder)
    return folder


def test_the_main_tree_is_asked_for_once_and_anew_for_another_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of the repository and a linked tree of it lead to the same top; a repository that was taken away is
    none, and one that was made anew as somebody else's linked tree has another.
    Mutants killed: known by the folder alone; nothing remembered."""
    isolate(monkeypatch)
    repo, other = repository(tmp_path / "repo"), repository(tmp_path / "other")
    (repo / "deep/er").mkdir(parents=True)
    run(repo, "worktree", "add", "-q", "-b", "task", str(tmp_path / "linked"))
    tops, asked = Tops(), []

    def main_top(folder: str) -> str:
        asked.append(folder)
        return original(folder)

    original = worktree.main_top
    monkeypatch.setattr(worktree, "main_top", main_top)
    for _ in range(3):
        assert {tops.of(str(repo)), tops.of(str(repo / "deep/er")), tops.of(str(tmp_path / "linked"))} == {str(repo)}
    assert len(asked) == 3
    shutil.rmtree(repo)
    with pytest.raises(BoardError, match="not in a git repository"):
        tops.of(str(repo))
    run(other, "worktree", "add", "-q", "-b", "task", str(repo))
    assert tops.of(str(repo)) == str(other)


def test_where_a_tree_stands_is_told_by_one_question_or_by_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a branch, detached, before the first commit, outside of any: the same as the three questions say, one by one.
    Mutant killed: a detached HEAD taken for a branch of that name."""
    isolate(monkeypatch)
    repo = repository(tmp_path / "a\nstrange name")
    (empty := tmp_path / "empty").mkdir()
    run(empty, "init", "-q", "-b", "trunk")
    places = [repo, empty]
    for place in places:
        stands = git.standing(str(place))
        assert stands == (git.root(str(place)), git.branch(str(place)), git.head(str(place)))
    assert git.standing(str(repo)) == (str(repo), "main", git.head(str(repo)))
    run(repo, "checkout", "-q", "--detach")
    assert git.standing(str(repo)) == (str(repo), None, git.head(str(repo)))
    assert git.standing(str(tmp_path)) is None
