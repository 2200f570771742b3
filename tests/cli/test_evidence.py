"""What `board done` rests on: a tree and a token that stay meanwhile, no lock, and a person's word behind it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import repositories as repos
from tests.cli.conftest import Run, use
from tests.programs import Ended, started

BOARD = f"{sys.executable} -m board"


class Shop:
    """A repository with a board of one task beside it, held by alice."""

    def __init__(self, folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._run = run
        self._monkeypatch = monkeypatch
        self.repo = repos.repository(folder / "repo")
        self.board = folder / "repo" / "tasks.yaml"

    def write(self, done_when: str, settings: str = "", **task: str) -> None:
        keys = "".join(f"    {key}: {value}\n" for key, value in task.items())
        text = f"version: 1\n{settings}tasks:\n  - id: a\n    done_when: {done_when}\n{keys}  - {{id: b}}\n"
        repos.commit(self.repo, "tasks.yaml", text)
        assert self.says("claim", "a", "--as", "alice").code == 0

    def says(self, *words: str, **env: str) -> Ended:
        with self._monkeypatch.context() as within:
            for name, value in env.items():
                within.setenv(name, value)
            return self._run(*words)

    def done(self, name: str = "alice", *more: str) -> Ended:
        return self.says("done", "a", "--as", name, *more)

    def task(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.says("show", "a", "--json").out)["task"]
        return found

    def ran(self, name: str = "ran") -> int:
        path = self.folder / name
        return len(path.read_text().splitlines()) if path.exists() else 0


@pytest.fixture
def shop(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Shop:
    repos.isolate(monkeypatch)
    made = Shop(tmp_path, run, monkeypatch)
    use(monkeypatch, made.repo)
    return made


def test_the_board_is_free_while_a_check_runs(shop: Shop) -> None:
    """A check that writes to the very board gets through, and so does who asked. Mutant: the checks run in the move,
    under the lock."""
    shop.write(f"['{BOARD} block b --on lunch --as bob']")
    assert shop.done().out.startswith("done: a (")
    assert json.loads(shop.says("show", "b", "--json").out)["task"]["status"] == "blocked"


def test_a_commit_that_nobody_asked_is_not_recorded(shop: Shop) -> None:
    """HEAD is looked at again right before the write: where it moved, exit 5 says from where to where, and nothing is
    settled. Mutant: the second look is left out."""
    shop.write("['git commit --quiet --allow-empty -m More', 'true']")
    was = repos.git(shop.repo, "rev-parse", "HEAD")
    ended = shop.done()
    now = repos.git(shop.repo, "rev-parse", "HEAD")
    assert ended.code == 5
    assert "a is not done: its tree moved while it was asked" in ended.err
    assert f"HEAD: it went from {was[:9]} to {now[:9]} while it was asked; ask again" in ended.err
    assert shop.task()["status"] == "claimed"


def test_a_check_that_changes_files_undoes_clean_wherever_it_stands(shop: Shop) -> None:
    """Items are asked in their order: behind a formatter `clean` fails, before it the last look does. Mutant: only HEAD
    is looked at again."""
    shop.write("['echo x >>made', clean]")
    behind = shop.done()
    assert (behind.code, "1 of 2 checks failed (clean)" in behind.err) == (5, True)
    (shop.repo / "made").unlink()
    (shop.repo / "tasks.yaml").write_text(
        shop.board.read_text().replace("['echo x >>made', clean]", "[clean, 'echo x >>made']")
    )
    before = shop.done()
    assert before.code == 5
    assert "clean: it held, and then a later check, or somebody, changed the tree: not committed: ?? made" in before.err


def test_a_token_that_gets_stale_while_a_check_runs_settles_nothing(shop: Shop) -> None:
    """Whoever lost the task meanwhile is refused at the write, and what they said is kept. Mutant: the write is made
    for whoever passed the first look."""
    shop.write(f"['{BOARD} release a --force --as bob && {BOARD} claim a --as bob']")
    ended = shop.done("alice", "--why", "all of it")
    assert ended.code == 5
    assert "stale" in ended.err
    assert (shop.task()["status"], shop.task()["claim"]["by"]) == ("claimed", "bob")
    told = json.loads(shop.says("log", "a", "--event", "write_refused", "--json").out)
    assert (told["command"], told["said"]) == ("done", "why: all of it")


def test_two_who_say_it_at_once_settle_it_once(shop: Shop) -> None:
    """Both run the checks, one writes, the other is refused; the record is the first one's. Mutant: the second write
    isn't guarded."""
    meet = shop.folder / "meet.sh"
    meet.write_text(f"echo x >>{shop.folder}/ran\nuntil [ $(wc -l <{shop.folder}/ran) -ge 2 ]; do :; done\n")
    shop.write(f"['sh {meet}']")
    both = [started("done", "a", "--as", "alice", cwd=shop.repo, env=repos.IDENTITY) for _ in range(2)]
    said = [process.communicate(timeout=60) for process in both]
    assert sorted(process.returncode for process in both) == [0, 5], said
    assert len(shop.says("log", "a", "--event", "task_done", "--json").out.splitlines()) == 1
    assert (shop.task()["status"], shop.task()["last_token"]) == ("done", 1)


def test_a_check_has_the_tasks_environment_and_its_time(shop: Shop) -> None:
    """Commands know their task as its worker does; the task's own `done_timeout` goes before the board's. Mutants: our
    own environment alone; the default time."""
    here = '[ "$BOARD_TASK.$BOARD_STEP" = a.main ] && [ "$BOARD_FILE" = "$PWD/tasks.yaml" ]'
    shop.write(f"""['{here}', 'sleep 60']""", "settings: {done_timeout: 60s}\n", done_timeout="200ms")
    ended = shop.done()
    assert ended.code == 5
    assert "1 of 2 checks failed (sleep 60)" in ended.err
    assert "not over after 0.2 s, so all of its processes were ended; fix it or raise done_timeout" in ended.err


def test_in_a_tree_of_its_own_a_check_has_that_trees_names(shop: Shop) -> None:
    """Docker Compose's project is the task's, as for its worker."""
    shop.write(
        "['[ -n \"$COMPOSE_PROJECT_NAME\" ] && [ ! -e tasks.yaml ]']", "settings: {worktrees: {enabled: true}}\n"
    )
    tree = shop.folder / "repo.worktrees" / "a"
    repos.git(shop.repo, "worktree", "add", "--quiet", "-b", "a", str(tree), "HEAD~1")
    assert shop.done().code == 0
    assert shop.task()["done"]["commit"] == repos.git(tree, "rev-parse", "HEAD")


def test_a_tree_that_is_gone_is_not_answered_for_by_the_boards_folder(shop: Shop) -> None:
    """A clean main tree says nothing of work whose own tree was taken away; a checkpoint names no commit of it either.
    Who never had a tree works in the board's folder. Mutant: whatever is there is asked."""
    shop.write("[clean]", "settings: {worktrees: {enabled: true}}\n")
    tree = shop.folder / "repo.worktrees" / "a"
    repos.git(shop.repo, "worktree", "add", "--quiet", "-b", "a", str(tree), "HEAD~1")
    repos.git(shop.repo, "worktree", "remove", str(tree))
    assert shop.says("checkpoint", "a", "--as", "alice", "--note", "x").code == 0
    assert shop.task()["checkpoint"].get("commit") is None
    ended = shop.done()
    assert ended.code == 5
    assert "repo.worktrees/a is not a folder; the task's tree is gone" in ended.err
    repos.git(shop.repo, "branch", "--quiet", "-D", "a")
    assert shop.done().code == 0


# --- a person's word behind a worker's


def handed_over(shop: Shop) -> str:
    """alice's worker called it done; the commit."""
    shop.write(f"['echo x >>{shop.folder}/ran', clean]", review="human")
    ended = shop.says("done", "a", BOARD_CLAIM=str(shop.repo / ".board/claims/a.1.json"))
    assert ended.code == 0, ended.err
    assert "a is up for review" in ended.out
    assert "somebody else's `board done a` ends it" in ended.out
    return repos.git(shop.repo, "rev-parse", "HEAD")


def test_a_workers_word_is_kept_with_its_evidence_until_a_person_agrees(shop: Shop) -> None:
    """The commands are not run again for a commit at which they held; cleanliness is asked again, and the record says
    when each command was run. Mutants: everything again; the evidence of review taken for all of it."""
    commit = handed_over(shop)
    said = shop.task()["said_done"]
    assert (shop.task()["status"], shop.task()["done"], said["commit"], shop.ran()) == ("review", None, commit, 1)
    (shop.repo / "left").touch()
    left = shop.done("bob")
    assert (left.code, shop.ran()) == (5, 2)
    assert "left" in left.err
    (shop.repo / "left").unlink()
    assert (shop.done("bob").code, shop.ran()) == (0, 2)
    done = shop.task()["done"]
    assert (done["by"], done["commit"], shop.task()["said_done"]) == ("bob", commit, None)
    assert [(held["check"], held.get("at")) for held in done["checks"]] == [
        (said["checks"][0]["check"], said["at"]),
        ("clean", None),
    ]


def test_another_commit_than_the_one_at_review_is_asked_anew(shop: Shop) -> None:
    """What held at one commit says nothing of the next. Mutant: the commit is not compared."""
    handed_over(shop)
    commit = repos.commit(shop.repo)
    assert (shop.done("bob").code, shop.ran()) == (0, 2)
    assert shop.task()["done"]["commit"] == commit
    assert all("at" not in held for held in shop.task()["done"]["checks"])


def test_who_says_it_twice_settles_nothing(shop: Shop) -> None:
    """An agent under a name of its own that asks again gets no further, forced or not, and no check is run for it."""
    shop.write(f"['echo x >>{shop.folder}/ran']", review="human")
    assert "is up for review" in shop.done().out
    for more in ((), ("--force", "--why", "I say so")):
        again = shop.done("alice", *more)
        assert again.code == 5
        assert "alice is who calls a done: it takes somebody else's word" in again.err
    assert (shop.task()["status"], shop.ran()) == ("review", 1)


def test_a_forced_word_waits_for_a_person_too_and_proves_nothing(shop: Shop) -> None:
    """`--force` overrules the checks, not the person, whose own word asks them. Both stand in record and journal."""
    shop.write(f"['echo x >>{shop.folder}/ran; exit 1']", review="human")
    assert shop.done("alice", "--force", "--why", "flaky").code == 0
    said = shop.task()["said_done"]
    assert (shop.task()["status"], said["forced"], said["why"], shop.ran()) == ("review", True, "flaky", 0)
    assert (shop.done("bob").code, shop.ran()) == (5, 1)
    assert shop.done("bob", "--force", "--why", "known").code == 0
    assert (shop.task()["done"]["by"], shop.task()["done"]["forced"]) == ("bob", True)
    told = json.loads(shop.says("log", "a", "--event", "task_done", "--json").out)
    assert (told["by"], told["forced"], told["why"]) == ("bob", True, "known")


def test_what_is_sent_back_says_why(shop: Shop) -> None:
    """`board reopen --why` is what a review that says no comes to; `show` and the record have the reason."""
    handed_over(shop)
    assert shop.says("reopen", "a", "--why", "the error paths", "--as", "bob").code == 0
    assert shop.task()["reopened"]["why"] == "the error paths"
    assert "the error paths" in shop.says("show", "a").out
    assert shop.says("claim", "a", "--as", "carol").code == 0


def test_what_comes_after_begins_at_review_where_that_is_said(shop: Shop) -> None:
    """The same by a board that was read before and by one that is cut anew: what is known without reading knows it."""
    shop.write("['true']", review="human", unlock="review")
    text = shop.board.read_text().replace("{id: b}", "{id: b, after: [a]}")
    shop.board.write_text(text)
    assert shop.says("next", "-q").code == 4
    assert shop.done().code == 0
    assert shop.says("next", "-q").out == "b\n"
    shop.board.write_text(shop.board.read_text() + "  - {id: c, after: [a, b]}\n")
    assert shop.says("next", "-q").out == "b\n"
    assert shop.says("reopen", "a", "--as", "bob").code == 0
    assert shop.says("next", "-q").out == "a\n"
