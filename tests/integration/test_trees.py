"""`board.trees` and `board.drift` over the real git: what agrees, what doesn't, and what could not be told."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from board import drift, git_refs, trees
from board.drift import Doubt, Kind, Survey, Tree
from board.trees import Look
from tests import repositories as repos
from tests.boards import claimed, ran
from tests.grove import Grove, done


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    repos.isolate(monkeypatch)


@pytest.fixture
def grove(tmp_path: Path) -> Grove:
    return Grove(repos.repository(tmp_path / "my repo ü", "develop"))


def surveyed(grove: Grove, **how: Any) -> Survey:
    board = grove.board()
    return trees.survey(board, drift.judged(board), str(grove.repo), Look(**how))


def tree(grove: Grove, task: str = "api") -> Tree:
    found = surveyed(grove).trees[task]
    assert isinstance(found, Tree), found
    return found


def found(grove: Grove) -> list[tuple[str, Kind]]:
    return [(each.task, each.kind) for each in drift.find(grove.board(), surveyed(grove), {}, time.time())]


def test_a_tree_as_it_is(grove: Grove) -> None:
    """Branch, changes and both distances, whatever the main branch is called and whatever is in the path."""
    grove.work("api")
    commit = grove.work("api", "a b/ü.txt")
    repos.commit(grove.repo, "other.txt")
    (grove.tree("api") / "new ü.txt").write_text("x")
    (grove.tree("api") / "work.txt").write_text("changed")
    (grove.tree("api") / ".board").mkdir()
    (grove.tree("api") / ".board" / "lock").touch()
    grove.write(done("api", commit))
    seen = tree(grove)
    assert (seen.path, seen.is_there, seen.checked_out, seen.tip) == (str(grove.root / "api"), True, "api", commit)
    assert (seen.dirty, seen.ahead, seen.behind, seen.unkept, seen.since) == (2, 2, 1, 2, 0)
    assert found(grove) == [("api", Kind.DIRTY), ("api", Kind.UNMERGED)]


def test_side_by_side_and_one_by_one_see_the_same(grove: Grove) -> None:
    """How many are looked at together changes nothing of what is seen."""
    names = [f"t{n}" for n in range(5)]
    grove.write(*(done(name, grove.work(name)) for name in names))
    rests: list[int] = []
    slow = surveyed(grove, at_once=1, pause=lambda: rests.append(1))
    assert surveyed(grove) == slow
    assert list(slow.trees) == names
    assert len(rests) == 5


def test_pushed_merged_rebased_or_picked_work_is_kept(grove: Grove, tmp_path: Path) -> None:
    """A push to any branch of a remote over file:// is enough; so is the base, here or as it was last fetched.
    Mutants: `--remotes` left out; patches not compared."""
    repos.bare_remote(grove.repo, tmp_path / "origin.git")
    grove.write(done("api", grove.work("api")), done("web", grove.work("web", "web.txt")))
    assert found(grove) == [("api", Kind.UNMERGED), ("web", Kind.UNMERGED)]
    repos.git(grove.tree("api"), "push", "--quiet", "origin", "api")
    repos.commit(grove.repo, "other.txt")
    repos.git(grove.repo, "cherry-pick", grove.tip("web"))
    assert found(grove) == []
    assert (tree(grove).ahead, tree(grove).unkept) == (1, 0)


def test_commits_after_done_and_a_rewritten_branch(grove: Grove) -> None:
    """How many came after, or that the agreed commit is not in it any more."""
    grove.write(done("api", grove.work("api")))
    grove.work("api", "more.txt")
    assert tree(grove).since == 1
    repos.git(grove.tree("api"), "reset", "--quiet", "--hard", "develop")
    grove.work("api", "else.txt")
    assert tree(grove).since == -1
    assert ("api", Kind.MOVED) in found(grove)
    repos.git(grove.repo, "merge", "--quiet", "api")
    assert found(grove) == []


def test_a_detached_head_another_branch_and_a_rebase(grove: Grove) -> None:
    """HEAD elsewhere is drift of done work; a rebase that waits is under way, and no other branch."""
    grove.work("api")
    repos.git(grove.repo, "merge", "--quiet", "api")
    grove.write(done("api", grove.tip("api")))
    home = grove.tree("api")
    repos.git(home, "switch", "--quiet", "--detach")
    assert found(grove) == [("api", Kind.ELSEWHERE)]
    repos.git(home, "switch", "--quiet", "--create", "aside")
    assert (tree(grove).checked_out, found(grove)) == ("aside", [("api", Kind.ELSEWHERE)])
    repos.git(home, "switch", "--quiet", "api")
    grove.work("api", "work.txt", "theirs\n")
    repos.commit(grove.repo, "work.txt", "ours\n")
    with pytest.raises(Exception, match="rebase"):
        repos.git(home, "rebase", "--quiet", "develop")
    assert (tree(grove).checked_out, tree(grove).under_way) == (None, "rebase")
    assert Kind.ELSEWHERE not in [kind for _, kind in found(grove)]


def test_a_commit_that_nothing_reaches(grove: Grove) -> None:
    """Tree and branch are gone: drift only while no branch, tag, stash of ours or detached head has the commit.
    Mutant: every missing branch is a loss."""
    commits = {name: grove.work(name, f"{name}.txt") for name in ("api", "web", "ops", "doc")}
    for name in commits:
        repos.git(grove.repo, "worktree", "remove", "--force", str(grove.tree(name)))
    repos.git(grove.repo, "tag", "kept", commits["web"])
    repos.git(grove.repo, "update-ref", "refs/crewboard/preserved/ops", commits["ops"])
    repos.git(grove.repo, "worktree", "add", "--quiet", "--detach", str(grove.repo.parent / "theirs"), commits["doc"])
    for name in commits:
        repos.git(grove.repo, "branch", "--quiet", "-D", name)
    grove.write(*(done(name, commit) for name, commit in commits.items()), done("old", "3" * 40))
    assert found(grove) == [("api", Kind.GONE)]
    assert tree(grove).lost == commits["api"]


def test_a_tree_gone_from_under_work(grove: Grove) -> None:
    """In progress, begun, and its folder is away; the branch in another tree is where the work is."""
    grove.work("api")
    grove.write({"id": "api", "status": "in_progress", "claim": claimed(at=time.time()), "run": ran()})
    assert found(grove) == []
    away = grove.repo.parent / "moved"
    repos.git(grove.repo, "worktree", "move", str(grove.tree("api")), str(away))
    assert (found(grove), tree(grove).path) == ([], str(away))
    shutil.rmtree(away)
    assert found(grove) == [("api", Kind.GONE)]


def test_still_or_moving(grove: Grove) -> None:
    """A changed file, or a commit, is a sign of somebody where the record has none."""
    grove.work("api")
    grove.write({"id": "api", "status": "in_progress"})
    assert found(grove) == []
    old = git_refs.reflog_at(str(grove.tree("api")))
    assert old is not None
    later = drift.find(grove.board(), surveyed(grove), {}, old + 7200)
    assert [each.kind for each in later] == [Kind.ABANDONED]
    new = grove.tree("api") / "new.txt"
    new.touch()
    assert tree(grove).touched_at == pytest.approx(new.stat().st_mtime)


def test_only_trees_of_ours_are_strays(grove: Grove) -> None:
    """Below our root and named by no task; a person's trees elsewhere, folders that are no trees, and a task's branch
    in an odd place are not. Mutant: every tree that no task has."""
    grove.write({"id": "api"}, {"id": "web"})
    for name in ("api", "ghost"):
        grove.tree(name)
    repos.git(grove.repo, "worktree", "add", "--quiet", "-b", "mine", str(grove.repo.parent / "mine"))
    repos.git(grove.repo, "worktree", "add", "--quiet", "-b", "web", str(grove.root / "elsewhere"))
    repos.git(grove.repo, "worktree", "add", "--quiet", "-b", "deep", str(grove.root / "x" / "deep"))
    (grove.root / "folder").mkdir()
    assert found(grove) == [("ghost", Kind.STRAY)]


def test_a_shallow_clone_can_not_always_tell(grove: Grove, tmp_path: Path) -> None:
    """Work that may be below the edge of what was cloned is no drift; work that is clearly there is.
    Mutant: the edge not asked for."""
    grove.work("api")
    repos.commit(grove.repo, "other.txt")
    repos.git(grove.repo, "merge", "--quiet", "--no-edit", "api")
    remote = repos.bare_remote(grove.repo, tmp_path / "origin.git")
    repos.git(grove.repo, "push", "--quiet", "origin", "api")
    repos.commit(grove.repo, "last.txt")
    repos.git(grove.repo, "push", "--quiet", "origin", "develop")
    shallow = Grove(repos.clone(remote, tmp_path / "shallow", "--depth=1", "--no-single-branch"))
    repos.git(shallow.repo, "branch", "--quiet", "--no-track", "api", "origin/api")
    repos.git(shallow.repo, "update-ref", "-d", "refs/remotes/origin/api")
    shallow.write(done("api", shallow.tip("api")), done("web", shallow.work("web", "web.txt")))
    assert (tree(shallow).ahead, tree(shallow).unkept) == (None, None)
    assert found(shallow) == [("web", Kind.UNMERGED)]


def test_boards_without_trees_and_repositories_without_commits(grove: Grove, tmp_path: Path) -> None:
    """No repository, none wanted, none of its own, nothing committed: nothing to say, and no error."""
    commit = grove.work("api")
    grove.write({**done("api", commit), "worktree": False})
    assert surveyed(grove).trees == {}
    grove.path.write_text(grove.path.read_text().replace("enabled: true", "enabled: false"))
    assert surveyed(grove) == Survey()
    fresh, plain = Grove(repos.unborn(tmp_path / "fresh")), Grove(tmp_path / "plain")
    plain.repo.mkdir()
    for each in (fresh, plain):
        each.write(
            {"id": "api", "status": "done"}, {"id": "web", "status": "claimed", "claim": claimed(at=time.time())}
        )
        assert found(each) == []


def test_a_tree_that_git_can_not_read_is_in_doubt(grove: Grove) -> None:
    """Nothing is said of it, and the others are looked at all the same. Mutant: one failure for all."""
    grove.write(done("api", grove.work("api")), done("web", grove.work("web", "web.txt")))
    (grove.repo / ".git" / "worktrees" / "api" / "HEAD").write_text("nonsense\n")
    seen = surveyed(grove)
    assert isinstance(seen.trees["api"], Doubt)
    assert found(grove) == [("web", Kind.UNMERGED)]


def test_a_look_is_bounded_in_time(grove: Grove) -> None:
    """What has no answer in time is doubt, not drift; whoever asked goes on."""
    grove.write(done("api", grove.work("api")))
    assert surveyed(grove, patience=0).trees == {"api": Doubt("no answer within 0 s")}
