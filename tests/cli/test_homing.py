"""`board drift`, `diff`, `merge` and `status` as they are typed, over a real repository."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests import repositories as repos
from tests.boards import claimed
from tests.cli.conftest import Run, use
from tests.grove import Grove, done
from tests.programs import Ended, board


@pytest.fixture
def grove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Grove:
    made = Grove(repos.repository(tmp_path / "my shop ü"))
    use(monkeypatch, made.repo)
    repos.isolate(monkeypatch)
    return made


def typed(grove: Grove, *words: str) -> Ended:
    """As a real process, for what git itself prints."""
    return board(*words, cwd=grove.repo, env=repos.IDENTITY)


def error(ended: Ended) -> dict[str, Any]:
    return dict(json.loads(ended.out)["error"])


# --- merge


def test_work_that_is_done_comes_home(run: Run, grove: Grove) -> None:
    """Merged, on record, in the journal, with what comes next; asked again it changes nothing and says so."""
    commit, was = grove.work("api"), grove.tip("main")
    grove.write({**done("api", commit), "title": "Build it", "done_when": ["clean", "merged"]})
    ended = run("merge", "api")
    assert ended == Ended(
        0,
        f"merged api into main: 1 commit, fast-forward; main was {was[:7]}, is {commit[:7]}\n"
        "next: board worktree remove api\n",
        "",
    )
    record = grove.board().tasks[0].record["merged"]
    assert (record["into"], record["commit"], record["was"]) == ("main", commit, was)
    assert run("log", "api", "--event", "task_merged", "--json").out.count(f'"into_branch":"main","was":"{was}"') == 1
    again = run("merge", "api", "--json")
    assert (again.code, json.loads(again.out)["merge"]["how"]) == (0, None)
    assert run("log", "api", "--event", "task_merged").out.count("\n") == 1
    assert run("drift").out == "no drift\n"


def test_a_merge_without_a_record_is_recorded_by_the_next(run: Run, grove: Grove) -> None:
    """Whoever died between git's merge and our record is asked again."""
    grove.write(done("api", grove.work("api")))
    repos.git(grove.repo, "merge", "--quiet", "api")
    assert run("merge", "api").out.startswith("api is in main already\n")
    assert grove.board().tasks[0].record["merged"]["commit"] == grove.tip("main")


def test_checks_come_first(run: Run, grove: Grove) -> None:
    """What is not clean is not merged, although it is done; `--force --why` overrules that, on record.
    Mutant: the checks left out."""
    grove.write(done("api", grove.work("api")))
    (grove.tree("api") / "left.txt").touch()
    was = grove.tip("main")
    refused = run("merge", "api", "--json")
    assert (refused.code, error(refused)["reason"], grove.tip("main")) == (5, "not_done", was)
    assert "left.txt" in refused.err
    assert run("merge", "api", "--force").code == 2
    assert run("merge", "api", "--force", "--why", "no need of it").code == 0
    record = grove.board().tasks[0].record["merged"]
    assert (record["forced"], record["why"]) == (True, "no need of it")


@pytest.mark.parametrize("status", ["todo", "in_progress", "failed", "cancelled", "blocked"])
def test_only_what_is_agreed_is_merged(run: Run, grove: Grove, status: str) -> None:
    """Half-made work isn't merged by a slip of the finger. Mutant: any status."""
    grove.work("api")
    held = {"claim": claimed(by="alice", at=time.time())} if status == "in_progress" else {}
    grove.write({"id": "api", "status": status, "blocked": {"on": "x"} if status == "blocked" else None, **held})
    was = grove.tip("main")
    ended = run("merge", "api")
    assert (ended.code, grove.tip("main")) == (5, was)
    assert ended.err == (
        f"board: api is {status}: work is merged once it is done or at review; finish it, or --force --why\n"
    )


def test_work_that_must_be_merged_to_be_done(run: Run, grove: Grove) -> None:
    """`done_when: [clean, merged]`: its holder merges while it is in progress, and is told to settle it then."""
    grove.work("api")
    grove.write({"id": "api", "done_when": ["clean", "merged"]})
    assert run("claim", "api", "--as", "alice").code == 0
    assert run("merge", "api", "--as", "alice").out.endswith("next: board done api\n")
    assert run("done", "api", "--as", "alice").out == "done: api (clean, merged)\n"


def test_a_worker_that_lost_its_claim_merges_nothing(run: Run, grove: Grove, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stale token is refused before anything is asked, and a worker never overrules a check. Mutant: fence unread."""
    grove.work("api")
    grove.write({"id": "api", "done_when": ["clean", "merged"]})
    assert run("claim", "api", "--as", "alice").code == 0
    grant = grove.repo / ".board" / "claims" / "api.1.json"
    monkeypatch.setenv("BOARD_CLAIM", str(grant))
    was = grove.tip("main")
    assert error(run("merge", "api", "--force", "--why", "x", "--json"))["reason"] == "not_a_person"
    monkeypatch.delenv("BOARD_CLAIM")
    assert run("release", "api", "--force").code == 0
    monkeypatch.setenv("BOARD_CLAIM", str(grant))
    refused = run("merge", "api", "--json")
    assert (refused.code, error(refused)["reason"], grove.tip("main")) == (5, "stale_token", was)


def test_conflicts_by_file(run: Run, grove: Grove) -> None:
    """Exit 5, a line a file with what both did, how to go on and how to give up; the merge waits in the checkout."""
    grove.write(done("api", grove.work("api", "a ü.txt")))
    repos.commit(grove.repo, "a ü.txt", "ours\n")
    ended = run("merge", "api", "--json")
    assert ended.code == 5
    told = error(ended)
    assert (told["reason"], told["conflicts"]) == ("conflict", [{"path": "a ü.txt", "how": "added by both"}])
    first, second = ended.err.splitlines()
    assert first.startswith("board: api and main clash in 1 file; the merge is left open in ")
    assert "git merge --abort" in first
    assert second == "  a ü.txt: added by both"
    assert "merge is under way" in run("merge", "api").err
    assert "merged" not in grove.board().tasks[0].record


def test_what_can_not_be_merged_is_said_with_a_remedy(run: Run, grove: Grove) -> None:
    """No branch yet, no trees at all, into itself, into nothing, no such task."""
    grove.write({"id": "api", "status": "review"}, {"id": "own", "status": "review", "worktree": False})
    assert "there is no branch api yet" in run("merge", "api").err
    assert "it works in the board's folder" in run("merge", "own").err
    grove.work("api")
    assert (run("merge", "api", "--into", "api").code, run("merge", "apx").code) == (2, 4)
    refused = run("merge", "api", "--into", "prod")
    assert refused.code == 5
    assert "there is no branch prod here" in refused.err


def test_a_tree_that_was_removed_after_it_was_done(run: Run, grove: Grove) -> None:
    """What was found done at this very commit still is; a commit that came later was never checked."""
    commit = grove.work("api")
    grove.write(done("api", grove.tip("main")))
    repos.git(grove.repo, "worktree", "remove", str(grove.tree("api")))
    refused = run("merge", "api")
    assert refused.code == 5
    assert "api has no tree, so its checks can't be asked" in refused.err
    grove.write(done("api", commit))
    assert run("merge", "api").out.startswith("merged api into main")


def test_a_tree_on_another_branch_is_not_what_would_be_merged(run: Run, grove: Grove) -> None:
    """Checks that ran over other files prove nothing. Mutant: the tree's HEAD not compared."""
    grove.write(done("api", grove.work("api")))
    repos.git(grove.tree("api"), "switch", "--quiet", "--create", "aside", "main")
    was = grove.tip("main")
    refused = run("merge", "api", "--json")
    assert (refused.code, error(refused)["reason"], grove.tip("main")) == (5, "moved", was)


# --- drift


def test_drift_is_exit_5_and_none_is_0(run: Run, grove: Grove) -> None:
    """What it is, and a command that can be copied; of one task when asked; a name that nobody has is exit 4."""
    grove.write(done("api", grove.work("api")), {"id": "web"})
    ended = run("drift")
    assert ended == Ended(
        5,
        "api  unmerged\n  it is done, and 1 commit of it is neither merged nor pushed\n  board merge api\n",
        "",
    )
    found = json.loads(run("drift", "--json").out)
    assert found["could_not_tell"] == []
    assert [(each["task"], each["kind"], each["since"]) for each in found["drift"]] == [("api", "unmerged", None)]
    assert (run("drift", "web").code, run("drift", "-q", "api").out) == (0, "api unmerged\n")
    assert run("drift", "apx").code == 4
    grove.tree("ghost")
    assert run("drift", "ghost", "-q").out == "ghost stray\n"


def test_since_when_the_supervisor_knows(run: Run, grove: Grove) -> None:
    """What stands in the status gives the age, and nothing else: what is over is not shown."""
    grove.write(done("api", grove.work("api")))
    since = "2026-11-20T10:13:00Z"
    drift = [{"task": "api", "kind": kind, "since": since} for kind in ("unmerged", "dirty")]
    (grove.repo / ".board").mkdir(exist_ok=True)
    (grove.repo / ".board" / "status.json").write_text(json.dumps({"v": 1, "drift": [*drift, 3, {}], "tasks": []}))
    found = json.loads(run("drift", "--json").out)["drift"]
    assert [(each["kind"], each["since"]) for each in found] == [("unmerged", since)]
    assert "api  unmerged  since " in run("drift").out


def test_doubt_is_exit_1_and_says_of_what(run: Run, grove: Grove) -> None:
    """A tree that can't be looked at is no drift and no all-clear. Mutant: exit 0."""
    grove.write(done("api", grove.work("api")))
    (grove.repo / ".git" / "worktrees" / "api" / "HEAD").write_text("nonsense\n")
    ended = run("drift")
    assert (ended.code, ended.out) == (1, "no drift\n")
    assert ended.err.startswith("could not tell: api: ")


# --- diff


def test_what_a_branch_changes_with_what_is_not_committed(grove: Grove) -> None:
    """From where it left the base, with changed and new files, and said; plain when piped, whatever git is set to; the
    index stays as it was. Mutants: the base's tip instead of the merge base; new files left out."""
    grove.write({"id": "api"})
    grove.work("api")
    repos.commit(grove.repo, "other.txt")
    home = grove.tree("api")
    (home / "work.txt").write_text("mine\nmore\n")
    (home / "new ü.txt").write_text("new\n")
    repos.git(home, "config", "color.ui", "always")
    repos.git(home, "config", "diff.external", "false")
    before = repos.git(home, "-c", "color.ui=never", "status", "--porcelain")
    ended = typed(grove, "diff", "api")
    assert ended.code == 0
    assert "+more\n" in ended.out
    assert "+new\n" in ended.out
    assert "other.txt" not in ended.out
    assert "\x1b" not in ended.out
    start = repos.git(grove.repo, "rev-parse", "main~1")
    assert ended.err == f"api: 1 commit since it left main at {start[:7]}, and not committed: 1 changed, 1 new\n"
    assert "2 files changed, 3 insertions(+)" in typed(grove, "diff", "api", "--stat").out
    told = json.loads(typed(grove, "diff", "api", "--json").out)
    assert [tuple(each.values()) for each in told["files"]] == [("new ü.txt", 1, 0), ("work.txt", 2, 0)]
    assert told["uncommitted"] == [{"code": "M", "path": "work.txt"}, {"code": "??", "path": "new ü.txt"}]
    assert repos.git(home, "-c", "color.ui=never", "status", "--porcelain") == before


def test_a_branch_that_came_home_is_shown_by_what_it_brought(run: Run, grove: Grove) -> None:
    """Merged, and without a tree: still the same files, as the record knows where the base stood before."""
    grove.write(done("api", grove.work("api")))
    assert run("merge", "api").code == 0
    repos.git(grove.repo, "worktree", "remove", str(grove.tree("api")))
    told = json.loads(run("diff", "api", "--json").out)
    assert ([each["path"] for each in told["files"]], told["commits_count"]) == (["work.txt"], 1)


def test_another_branchs_files_are_not_this_ones(run: Run, grove: Grove) -> None:
    """While its tree is on another branch, the branch is shown as it is committed."""
    grove.write({"id": "api"})
    grove.work("api")
    repos.git(grove.tree("api"), "switch", "--quiet", "--create", "aside", "main")
    (grove.tree("api") / "aside.txt").touch()
    told = json.loads(run("diff", "api", "--json").out)
    assert ([each["path"] for each in told["files"]], told["uncommitted"]) == (["work.txt"], [])


def test_nothing_to_compare(run: Run, grove: Grove) -> None:
    """No branch, or no history in common: exit 5, in one line."""
    grove.write({"id": "api"})
    assert run("diff", "api").code == 5
    repos.git(grove.repo, "checkout", "--quiet", "--orphan", "api")
    repos.git(grove.repo, "commit", "--quiet", "-m", "Another root")
    refused = run("diff", "api")
    assert (refused.code, refused.err.count("\n")) == (5, 1)


# --- status


def test_one_screen_of_80_columns(run: Run, grove: Grove) -> None:
    """Each task that matters, with what git says now and what the supervisor said; long names and reasons are cut."""
    long = "a-task-with-a-very-long-name-that-nobody-would-ever-want-to-type"[:63]
    grove.work(long)
    (grove.tree(long) / "new.txt").touch()
    repos.git(grove.tree(long), "switch", "--quiet", "--create", "feature/with-a-long-name-as-well")
    grove.work("api")
    grove.write(
        {"id": long, "status": "in_progress", "claim": claimed(at=time.time())},
        {"id": "api", "status": "blocked", "blocked": {"on": "a key that somebody has to make " * 4}},
        {"id": "idea"},
        {"id": "old", "status": "done"},
    )
    seen = {"state": "running", "pid": os.getpid(), "ports": {"web": {"port": 20412, "listening": True}}}
    status = {"v": 1, "supervisor": {"by": "supervisor@here"}, "tasks": {long: {**seen, "listening": [20412, 3000]}}}
    (grove.repo / ".board").mkdir(exist_ok=True)
    (grove.repo / ".board" / "status.json").write_text(json.dumps(status))
    page = run("status").out
    lines = page.splitlines()
    assert max(map(len, lines[1:])) <= 80, page
    assert lines[0] == "tasks.yaml: 1 todo, 1 in_progress, 1 blocked, 1 done (1 ready)"
    assert [line.split()[0] for line in lines[-2:]] == ["a-task-with…", "api"]
    assert "web:20412* :3000*" in page
    row = {each["task"]: each for each in json.loads(run("status", "--json").out)["tasks"]}
    assert (row[long]["branch"], row[long]["dirty"], row[long]["ahead"]) == ("feature/with-a-long-name-as-well", 1, 1)
    assert (row["api"]["branch"], row["api"]["ahead"], row["api"]["behind"]) == ("api", 1, 0)
    assert row[long]["listening"] == [20412, 3000]


def test_without_a_repository_and_with_nothing_under_way(run: Run, folder: Path) -> None:
    """It works on any board: then it says what the record says."""
    said = run("status").out.splitlines()
    assert said == ["tasks.yaml: 3 todo (2 ready)", "no supervisor runs; supervisor start", "nothing is under way"]
    assert run("claim", "api", "--as", "alice").code == 0
    assert "api   claimed  -" in run("status").out
    assert run("status", "-q").out.startswith("TASK")
