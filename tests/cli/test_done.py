"""`board done`: the definition of done is asked first, and what fails it is named, journaled and never settled."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests import repositories as repos
from tests.cli.conftest import Run
from tests.programs import board


def with_checks(folder: Path, checks: str) -> None:
    text = (folder / "tasks.yaml").read_text().replace("    priority: 1\n", f"    done_when: {checks}\n")
    (folder / "tasks.yaml").write_text(text)


@pytest.fixture
def held(run: Run, folder: Path) -> Path:
    with_checks(folder, "['test -e built', 'true']")
    assert run("claim", "api", "--as", "alice").code == 0
    return folder


def test_checks_that_fail_are_named_and_the_task_stays(run: Run, held: Path) -> None:
    """Exit 5, each failed item with its detail, the journal has it, the status is as it was. Mutant: `ok` unread."""
    ended = run("done", "api", "--as", "alice", "--json")
    assert ended.code == 5
    first, item = ended.err.splitlines()
    assert first.startswith("board: api is not done: 1 of 2 checks failed (test -e built); ")
    assert item.startswith("  test -e built: exit status 1")
    error = json.loads(ended.out)["error"]
    assert error["reason"] == "not_done"
    assert [check["check"] for check in error["checks"]] == ["test -e built"]
    assert "done_check_failed api/main" in run("log", "api").out
    assert json.loads(run("show", "api", "--json").out)["task"]["status"] == "claimed"


def test_what_held_goes_on_record(run: Run, held: Path) -> None:
    """A task that is done says by whom and by which checks."""
    (held / "built").touch()
    ended = run("done", "api", "--as", "alice")
    assert (ended.code, ended.out) == (0, "done: api (test -e built, true)\n")
    record = json.loads(run("show", "api", "--json").out)["task"]["done"]
    assert [(held["check"], held["exit"]) for held in record["checks"]] == [("test -e built", 0), ("true", 0)]
    assert all(re.fullmatch(r"\d+\.\ds", held["took"]) for held in record["checks"])
    assert record["by"] == "alice"
    line = next(line for line in (held / "tasks.yaml").read_text().splitlines() if "    done: {" in line)
    assert ', checks: [{check: test -e built, exit: 0, took: 0.0s}, {check: "true", exit: 0, took: 0.0s}]}' in line
    told = json.loads(run("log", "api", "--event", "done_check_passed", "--json").out.splitlines()[-1])
    assert (told["check"], told["exit_status"], told["by"]) == ("true", 0, "alice")


def test_force_is_on_record_and_runs_nothing(run: Run, held: Path) -> None:
    """`--force --why` settles without asking, and the record says so for ever."""
    assert run("done", "api", "--as", "alice", "--force", "--why", "the check is wrong").code == 0
    record = json.loads(run("show", "api", "--json").out)["task"]["done"]
    assert (record["forced"], record["why"]) == (True, "the check is wrong")
    assert "checks" not in record


def test_output_of_a_check_is_redacted(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that a check prints is neither shown nor kept. Mutant: the finding's own tail."""
    monkeypatch.setenv("API_TOKEN", "hunter2-hunter2-hunter2")
    with_checks(folder, "['echo $API_TOKEN; false']")
    assert run("claim", "api", "--as", "alice").code == 0
    ended = run("done", "api", "--as", "alice", "--json")
    assert ended.code == 5
    assert "hunter2" not in ended.err + ended.out + run("log").out


def test_in_a_repository_done_means_clean_and_the_board_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a definition of its own a board in a git repository asks for `clean`, itself left aside."""
    repos.isolate(monkeypatch)
    repo = repos.repository(tmp_path / "repo")
    (repo / "tasks.yaml").write_text("version: 1\ntasks:\n  - id: a\n")
    repos.commit(repo, "tasks.yaml", (repo / "tasks.yaml").read_text())
    assert board("claim", "a", "--as", "alice", cwd=repo).code == 0
    (repo / "left.txt").write_text("x")
    refused = board("done", "a", "--as", "alice", cwd=repo)
    assert refused.code == 5
    assert "left.txt" in refused.err
    assert "tasks.yaml" not in refused.err
    (repo / "left.txt").unlink()
    assert board("done", "a", "--as", "alice", cwd=repo).out == "done: a (clean)\n"
    task = json.loads(board("show", "a", "--json", cwd=repo).out)["task"]
    assert task["done"]["commit"] == repos.git(repo, "rev-parse", "HEAD")


def test_a_checkpoint_records_the_trees_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --commit it is HEAD where the work lies; a given one is taken as it is."""
    repos.isolate(monkeypatch)
    repo = repos.repository(tmp_path / "repo")
    (repo / "tasks.yaml").write_text("version: 1\ntasks:\n  - id: a\n")
    assert board("claim", "a", "--as", "alice", cwd=repo).code == 0
    assert board("checkpoint", "a", "--as", "alice", cwd=repo).code == 0
    point = json.loads(board("show", "a", "--json", cwd=repo).out)["task"]["checkpoint"]
    assert point["commit"] == repos.git(repo, "rev-parse", "HEAD")
    assert board("checkpoint", "a", "--commit", "3f2a9c1", "--as", "alice", cwd=repo).code == 0
    point = json.loads(board("show", "a", "--json", cwd=repo).out)["task"]["checkpoint"]
    assert point["commit"] == "3f2a9c1"


def test_init_knows_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A board that is made in a git repository asks for a clean tree; elsewhere there is none to ask for."""
    repos.isolate(monkeypatch)
    repo = repos.repository(tmp_path / "repo")
    plain = tmp_path / "plain"
    plain.mkdir()
    for where, expected in ((repo, "done_when: [clean]"), (plain, "done_when: []")):
        assert board("init", cwd=where).code == 0
        assert expected in (where / "tasks.yaml").read_text()
        assert board("check", cwd=where).out == "ok: 0 tasks\n"
    assert "?? tasks.yaml" in repos.git(repo, "status", "--porcelain", "--untracked-files=all")
    assert ".board" not in repos.git(repo, "status", "--porcelain", "--untracked-files=all")
