"""What a fresh tree is given beside what git keeps: copies, links and submodules, with the real git."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from board import copying, git, making, worktree
from board.treelock import WorktreeError
from board.worktree import ensure
from tests import repositories as repos
from tests.repositories import plan

LOCK = '{"lockfileVersion": 3}\n'


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    repos.isolate(monkeypatch)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repos.repository(tmp_path / "my repo ü", "develop")


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{name}\n", encoding="utf-8")


def kept(tree: str) -> list[str]:
    """All files of the tree that git doesn't keep."""
    said = git.run(tree, "ls-files", "--others", "-z")
    return sorted(name for name in said.split("\0") if name)


# --- .worktreeinclude


def test_what_worktreeinclude_names_is_copied_by_gitignores_own_rules(repo: Path) -> None:
    """A folder, a file anywhere, an exception, a comment: read by git itself, beside `copy`; tracked files stay.
    Mutants killed: the file read as globs; tracked files copied, too."""
    repos.commit(repo, ".gitignore", "build/\n*.local\n.env\n")
    repos.commit(repo, "kept.local", "kept\n")
    (repo / "kept.local").write_text("changed here\n")
    fill(repo, ".env", "build/a/b.o", "build/c d.o", "conf/ü.local", "conf/not.local", "notes.txt", "other.txt")
    fill(repo, ".worktreeinclude")
    (repo / ".worktreeinclude").write_text("# mine\nbuild/\n*.local\n!not.local\n/notes.txt\n", encoding="utf-8")
    made = ensure(plan(repo))
    assert kept(made.path) == [".env", "build/a/b.o", "build/c d.o", "conf/ü.local", "notes.txt"]
    assert (Path(made.path) / "kept.local").read_text() == "kept\n"
    assert made.warnings == ("notes.txt was copied but git doesn't ignore it: `clean` will count it",)
    included = copying.copied_by_include(made.path)
    assert included == ("notes.txt", "build/c d.o", "conf/ü.local", "build/a/b.o")


def test_a_worktreeinclude_that_can_not_be_used_costs_no_tree(repo: Path) -> None:
    """A folder of that name is none; a pattern that names all neither takes `.board` nor nested repositories."""
    (repo / ".worktreeinclude").mkdir()
    assert ensure(plan(repo, "one")).warnings == ()
    (repo / ".worktreeinclude").rmdir()
    repos.repository(repo / "nested")
    fill(repo, ".board/lock", "a.txt")
    (repo / ".worktreeinclude").write_text("*\n")
    assert kept(ensure(plan(repo, "two")).path) == [".worktreeinclude", "a.txt"]


def test_many_copies_are_warned_about_in_a_few_words(repo: Path) -> None:
    """A thousand such files are not a thousand warnings."""
    fill(repo, *(f"data/{number}" for number in range(10)))
    warnings = ensure(plan(repo, copy=("data",))).warnings
    assert len(warnings) == 4
    assert warnings[-1].endswith("and 6 more like it")


def test_a_private_folder_stays_private(repo: Path) -> None:
    """What nobody else may list there, nobody may list here. Mutant killed: folders made with the usual mode."""
    repos.commit(repo, ".gitignore", "keys/\n")
    fill(repo, "keys/deep/one", "keys/two")
    (repo / "keys").chmod(0o700)
    (repo / "keys" / "deep").chmod(0o750)
    tree = Path(ensure(plan(repo, copy=("keys",))).path)
    assert [stat.S_IMODE((tree / name).stat().st_mode) for name in ("keys", "keys/deep")] == [0o700, 0o750]


def test_a_copy_that_died_half_way_is_made_whole(repo: Path) -> None:
    """What a killed copy left is neither taken for the file nor left behind. Mutant killed: written in place."""
    repos.commit(repo, ".gitignore", ".env*\n")
    fill(repo, ".env")
    made = ensure(plan(repo, copy=()))
    (Path(made.path) / ".env.crewboard-copying").write_text("hal")
    ensure(plan(repo))
    assert kept(made.path) == [".env"]
    assert (Path(made.path) / ".env").read_text() == ".env\n"


# --- links


def test_a_linked_folder_is_the_main_trees_and_keeps_the_tree_clean(repo: Path) -> None:
    """`node_modules/` in a `.gitignore` doesn't mean a link: git is told so, and `clean` holds. Once.
    Mutant killed: no line in info/exclude."""
    repos.commit(repo, ".gitignore", "node_modules/\ncache*/\n")
    repos.commit(repo, "web/package-lock.json", LOCK)
    fill(repo, "web/node_modules/x/index.js", "cache [1]/y")
    made = ensure(plan(repo, link=("**/node_modules", "cache*"), copy=()))
    tree = Path(made.path)
    assert made.warnings == ()
    assert (tree / "web" / "node_modules").readlink() == repo / "web" / "node_modules"
    assert (tree / "cache [1]" / "y").read_text() == "cache [1]/y\n"
    assert git.dirty(made.path) == []
    before = (repo / ".git" / "info" / "exclude").read_text()
    again = ensure(plan(repo, "two", link=("**/node_modules", "cache*"), copy=()))
    assert git.dirty(again.path) == []
    assert (repo / ".git" / "info" / "exclude").read_text() == before


def test_a_link_that_git_would_show_is_warned_about(repo: Path) -> None:
    """What isn't ignored as a folder either is not hidden behind a person's back."""
    fill(repo, "data/x")
    made = ensure(plan(repo, link=("data",)))
    assert made.warnings == ("data was linked but git doesn't ignore it: `clean` will count it",)
    assert git.dirty(made.path) == ["?? data"]


@pytest.mark.parametrize("lock", ["package-lock.json", "web/pnpm-lock.yaml", "web/bun.lock", "yarn.lock"])
@pytest.mark.parametrize("where", ["changed in the main tree", "new in the main tree"])
def test_node_modules_with_another_lock_file_is_never_linked(repo: Path, lock: str, where: str) -> None:
    """One beside it or above counts, changed or new. Mutants killed: only the folder's own; only one that both have."""
    repos.commit(repo, ".gitignore", "node_modules/\n")
    if where.startswith("changed"):
        repos.commit(repo, lock, "old\n")
    fill(repo, lock, "web/node_modules/x/index.js")
    made = ensure(plan(repo, link=("web/node_modules",)))
    assert made.warnings == (f"web/node_modules is not linked: {lock} differs between the trees",)
    assert not os.path.lexists(f"{made.path}/web/node_modules")


def test_what_trees_can_not_share_is_never_linked(repo: Path, tmp_path: Path) -> None:
    """A `target`, what git keeps, what leads out, `.git` and `.board`. Mutant killed: no look at the name."""
    repos.commit(repo, ".gitignore", "target/\n.board/\n")
    repos.commit(repo, "src/kept.py")
    fill(repo, "crate/target/debug/x", ".board/lock", "src/new.py")
    fill(tmp_path, "outside/x")
    made = ensure(plan(repo, link=("crate/target", "src", "../outside", ".board", ".git", "/", "gone")))
    assert sorted(made.warnings) == [
        "../outside is not linked: it belongs to one tree only",
        ".board is not linked: it belongs to one tree only",
        "crate/target is not linked: two builds would wait for each other, and mix what they build",
    ]
    assert [path.name for path in Path(made.path).iterdir() if path.is_symlink()] == []


def test_nothing_is_linked_unless_asked_for(repo: Path) -> None:
    """By default a copy is a copy."""
    repos.commit(repo, ".gitignore", "node_modules/\n")
    fill(repo, "node_modules/x")
    tree = Path(ensure(plan(repo, copy=("node_modules",))).path)
    assert not (tree / "node_modules").is_symlink()
    assert (tree / "node_modules" / "x").read_text() == "node_modules/x\n"


# --- submodules


def allow_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a person does who trusts the repositories of this machine."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.file.allow")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "always")


@pytest.fixture
def nested(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`repo` with a submodule at a path with a blank, which has one itself."""
    allow_files(monkeypatch)
    inner = repos.repository(tmp_path / "inner")
    middle = repos.repository(tmp_path / "middle")
    repos.git(middle, "submodule", "--quiet", "add", inner.as_uri(), "in")
    repos.git(middle, "commit", "--quiet", "-m", "A submodule")
    repos.git(repo, "submodule", "--quiet", "add", middle.as_uri(), "lib/a b")
    repos.git(repo, "commit", "--quiet", "-m", "A submodule")
    repos.git(repo, "submodule", "--quiet", "update", "--init", "--recursive")
    return repo


def test_submodules_are_there_with_those_in_them(nested: Path) -> None:
    """What a clone has to be told to fetch, a task's tree has. Mutants killed: no --recursive; no --init."""
    made = ensure(plan(nested))
    assert made.warnings == ()
    assert (Path(made.path) / "lib" / "a b" / "in" / "README.md").exists()
    assert git.dirty(made.path) == []
    alternates = Path(git.git_dir(f"{made.path}/lib/a b")) / "objects" / "info" / "alternates"
    assert not alternates.exists(), "it needs nothing of the main tree's clone"


def test_a_submodule_that_a_worker_moved_is_left_alone(nested: Path) -> None:
    """Once a tree is ready its submodules are the worker's. Mutant killed: an update at each start."""
    made = ensure(plan(nested))
    inside = Path(made.path) / "lib" / "a b"
    mine = repos.commit(inside, "mine.txt")
    ensure(plan(nested))
    assert git.head(str(inside)) == mine


def test_a_submodule_that_the_main_tree_has_must_be_there(nested: Path, tmp_path: Path) -> None:
    """Where it can't be had the tree isn't ready, and the words say which; the next attempt goes on from there.
    Mutant killed: a failure that is only a warning."""
    (tmp_path / "middle").rename(tmp_path / "away")
    with pytest.raises(WorktreeError, match="submodule lib/a b is missing"):
        ensure(plan(nested))
    (tmp_path / "away").rename(tmp_path / "middle")
    assert (Path(ensure(plan(nested)).path) / "lib" / "a b" / "in" / "README.md").exists()


def test_a_submodule_that_is_not_in_the_main_tree_either_is_a_warning(
    nested: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever works without it goes on so; and git's own refusal of file URLs isn't overruled."""
    fresh = repos.clone(nested, tmp_path / "fresh")
    monkeypatch.delenv("GIT_CONFIG_COUNT")
    made = ensure(plan(fresh))
    assert made.created
    assert made.warnings == ("submodule lib/a b is not there: fatal: transport 'file' not allowed",)


# --- what git itself does with files


def test_attributes_hold_in_a_tree(repo: Path) -> None:
    """Line ends and filters are git's business: a fresh tree has what a checkout has, and is clean."""
    repos.git(repo, "config", "filter.shout.clean", "tr A-Z a-z")
    repos.git(repo, "config", "filter.shout.smudge", "tr a-z A-Z")
    repos.commit(repo, ".gitattributes", "*.bat text eol=crlf\n*.loud filter=shout\n")
    repos.commit(repo, "run.bat", "one\r\ntwo\r\n")
    repos.commit(repo, "a.loud", "HELLO\n")
    made = ensure(plan(repo))
    assert (Path(made.path) / "run.bat").read_bytes() == b"one\r\ntwo\r\n"
    assert (Path(made.path) / "a.loud").read_text() == "HELLO\n"
    assert git.dirty(made.path) == []


def test_a_hook_that_fails_behind_a_whole_tree_is_a_warning(repo: Path) -> None:
    """git made the tree and says 1 because of the hook: it is the task's, told as made, and set up."""
    hook = repo / ".git" / "hooks" / "post-checkout"
    hook.write_text("#!/bin/sh\necho 'no such thing' >&2\nexit 1\n")
    hook.chmod(0o755)
    made = ensure(plan(repo, setup=("true",)))
    assert (made.created, made.is_ready) == (True, False)
    assert "no such thing" in made.warnings[0]


# --- readiness


def test_a_tree_is_ready_once_its_setup_is_said_to_have_succeeded(repo: Path) -> None:
    """Until then each call says that it isn't, and `created` until somebody has begun with it; without setup it is at
    once. Mutants killed: the note forgotten by `ensure`; made only behind git's own work."""
    wanted = plan(repo, setup=("make",))
    assert (ensure(wanted).created, ensure(wanted).created, ensure(wanted).is_ready) == (True, True, False)
    assert [worktree.note_try(wanted), worktree.note_try(wanted)] == [0, 1]
    again = ensure(wanted)
    assert (again.created, again.is_ready) == (False, False)
    worktree.note_ready(wanted)
    assert ensure(wanted).is_ready
    other = ensure(plan(repo, "other"))
    assert (other.created, other.is_ready, ensure(plan(repo, "other")).created) == (True, True, False)


def test_a_branch_without_its_tree_is_begun_anew_from_todays_base(repo: Path) -> None:
    """An attempt that died between the two left a branch: nobody has it, and the next one starts from what is new.
    One that somebody has moved is theirs. Mutant killed: the branch taken up as it is."""
    old = repos.git(repo, "rev-parse", "HEAD")
    for task in ("refund", "moved"):
        repos.git(repo, "branch", task, old)
        making.write(making.path(git.common_dir(str(repo)), task), making.Making(old))
    mine = repos.git(repo, "commit-tree", "-m", "Mine", "-p", old, f"{old}^{{tree}}")
    repos.git(repo, "branch", "--force", "moved", mine)
    newest = repos.commit(repo)
    assert ensure(plan(repo)).commit == newest
    assert ensure(plan(repo, "moved")).commit == mine


def test_the_only_name_of_a_commit_is_never_deleted(repo: Path) -> None:
    """Where the base is gone from everywhere else, the branch that holds it stays. Mutant killed: no look."""
    old = repos.git(repo, "rev-parse", "HEAD")
    lost = repos.git(repo, "commit-tree", "-m", "Lost", "-p", old, f"{old}^{{tree}}")
    repos.git(repo, "branch", "refund", lost)
    making.write(making.path(git.common_dir(str(repo)), "refund"), making.Making(lost))
    assert ensure(plan(repo)).commit == lost


def test_a_half_made_tree_without_its_git_file_is_made_again(repo: Path) -> None:
    """Even where everything died while such a tree was taken back. A tree that was given to somebody is not touched."""
    made = ensure(plan(repo, setup=("make",)))
    admin = Path(git.git_dir(made.path))
    (admin / "locked").write_text("initializing")
    (admin / "index").unlink()
    (Path(made.path) / ".git").unlink()
    again = ensure(plan(repo))
    assert again.created
    assert git.dirty(again.path) == []
