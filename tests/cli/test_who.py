"""Who may write: workers by their grant file, people by name, and nobody by a made-up one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def worker(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """We are the worker of `api`, as a supervisor starts one; the grant's path."""
    assert run("claim", "api", "--as", "supervisor@devbox").code == 0
    grant = folder / ".board/claims/api.1.json"
    monkeypatch.setenv("BOARD_CLAIM", str(grant))
    monkeypatch.setenv("BOARD_TASK", "api")
    return grant


def shown(run: Run, task: str) -> dict[str, object]:
    found = json.loads(run("show", task, "--json").out)["task"]
    assert isinstance(found, dict)
    return found


def test_a_worker_writes_by_its_grant_file(run: Run, worker: Path) -> None:
    """`$BOARD_CLAIM` and `$BOARD_TASK` are all that a worker needs."""
    assert run("checkpoint", "--note", "half").code == 0
    assert run("done").code == 0


def test_a_stale_worker_is_refused_and_its_words_are_kept(
    run: Run, folder: Path, worker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the claim went to somebody else: exit 5, stale_token, «stop working», and the note in the journal.

    Mutant: a worker's token that is looked up by its name.
    """
    monkeypatch.delenv("BOARD_CLAIM")
    assert run("release", "api", "--force").code == 0
    assert run("claim", "api", "--as", "supervisor@devbox").code == 0
    monkeypatch.setenv("BOARD_CLAIM", str(worker))
    for words in (["checkpoint", "--note", "my last words"], ["done"], ["renew"], ["block", "--on", "x"]):
        ended = run(*words, "--json")
        assert ended.code == 5
        assert json.loads(ended.out)["error"]["reason"] == "stale_token"
        assert "stop working on it" in ended.err
    refused = run("log", "--event", "write_refused")
    assert "my last words" in refused.out
    assert shown(run, "api")["status"] == "claimed"


def test_a_stale_worker_runs_no_checks(run: Run, folder: Path, worker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`done` with a stale token is refused before any check of the definition of done is run. Mutant: checks first."""
    text = (folder / "tasks.yaml").read_text().replace("    priority: 1\n", "    done_when: [touch ran]\n")
    (folder / "tasks.yaml").write_text(text)
    monkeypatch.delenv("BOARD_CLAIM")
    assert run("release", "api", "--force").code == 0
    monkeypatch.setenv("BOARD_CLAIM", str(worker))
    assert run("done").code == 5
    assert not (folder / "ran").exists()


def test_a_worker_is_no_person_on_other_tasks(run: Run, worker: Path) -> None:
    """Whatever name it gives, a worker may not say what a person says, nor write to what others of its name hold.

    Mutant: `--as` that makes a person of a worker.
    """
    for words in (["approve", "ship"], ["cancel", "tests"], ["approve", "ship", "--as", "alice"]):
        ended = run(*words, "--json")
        assert (ended.code, json.loads(ended.out)["error"]["reason"]) == (5, "not_a_person")


def test_a_grant_that_cannot_be_read_is_no_licence(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker whose grant file is gone is refused, not taken for a person. Mutant: falling back to the name."""
    monkeypatch.setenv("BOARD_CLAIM", str(folder / "gone.json"))
    assert run("cancel", "api").code == 2
    assert shown_status(folder) == 0


def shown_status(folder: Path) -> int:
    return (folder / "tasks.yaml").read_text().count("status:")


def test_a_named_person_may_claim_again_and_write(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same name is the same grant, by `--as` or by `$BOARD_WORKER`, before or behind the command."""
    assert "token 1" in run("claim", "api", "--as", "alice").out
    again = run("--as", "alice", "claim", "api")
    assert again.code == 0
    assert again.out.startswith("held already, renewed: api as alice: token 1")
    monkeypatch.setenv("BOARD_WORKER", "alice")
    assert run("checkpoint", "api", "--note", "x").code == 0
    assert run("--as=bob", "checkpoint", "api").code == 5


def test_an_unnamed_account_holds_by_its_grant(run: Run, folder: Path) -> None:
    """Who claimed without a name may go on without one; only the race for a claim is stricter."""
    assert run("claim", "api").code == 0
    assert run("start", "api").code == 0
    assert run("checkpoint", "api").code == 0
    assert run("done", "api").code == 0


def test_a_step_of_the_environment_counts_for_its_own_task_alone(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`$BOARD_STEP` guards `advance` of `$BOARD_TASK`: a later step is safe from it."""
    assert run("claim", "ship", "--as", "alice").code == 0
    monkeypatch.setenv("BOARD_STEP", "migrate")
    monkeypatch.setenv("BOARD_TASK", "ship")
    assert run("advance", "--as", "alice").code == 5
    monkeypatch.setenv("BOARD_TASK", "api")
    assert run("advance", "ship", "--as", "alice").code == 0
