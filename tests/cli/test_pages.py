"""The words of every page and every refusal, as they were last agreed to.

`BOARD_UPDATE_SNAPSHOTS=1` writes them anew; the diff is then to be read.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from board.cli.table import COMMANDS
from tests.cli.conftest import Run, steady
from tests.programs import Ended, board

SNAPSHOTS = Path(__file__).parent / "snapshots"


def agreed(name: str, text: str) -> None:
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("BOARD_UPDATE_SNAPSHOTS"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", COMMANDS)
def test_a_help_page_is_short_and_has_an_example_and_exit_codes(run: Run, folder: Path, name: str) -> None:
    """Every command's page says what was agreed, fits a screen, and ends well."""
    page = run(name, "--help")
    assert (page.code, page.err) == (0, "")
    assert "example:\n  " in page.out
    assert "exit codes:\n  0 " in page.out
    assert len(page.out.splitlines()) <= 42
    assert run(name, "-h") == page
    agreed(f"help-{name}", page.out)


def test_the_overview_names_every_command(run: Run, folder: Path) -> None:
    """`board`, `board -h` and `board --help` are one page, in a real process too."""
    page = board("--help", cwd=folder)
    assert page.code == 0
    assert run() == run("-h") == page
    for name in COMMANDS:
        assert f"\n  {name} " in page.out
    agreed("help", page.out)


REFUSALS = {
    "unknown-command": (2, "clam"),
    "unknown-option": (2, "claim", "--foo"),
    "unknown-option-alone": (2, "--foo"),
    "missing-required": (2, "block", "api"),
    "missing-title": (2, "add"),
    "not-a-number": (2, "add", "x", "--priority", "high"),
    "bad-priority": (2, "add", "x", "--priority", "12"),
    "bad-id": (2, "add", "x", "--id", "Not A Label"),
    "doubled-id": (2, "add", "x", "--id", "api"),
    "unknown-after": (2, "add", "x", "--after", "apj"),
    "prompt-and-run": (2, "add", "x", "--prompt", "a", "--run", "b"),
    "no-task-named": (2, "show"),
    "both-next-and-id": (2, "claim", "api", "--next"),
    "no-name": (2, "claim", "api", "--as", " "),
    "force-without-why": (2, "done", "api", "--force"),
    "unknown-status": (2, "list", "--status", "open"),
    "unknown-event": (2, "log", "--event", "task_don"),
    "bad-span": (2, "log", "--since", "yesterday"),
    "bad-pattern": (2, "log", "--grep", "("),
    "unknown-shell": (2, "completion", "tcsh"),
    "unknown-task": (4, "show", "apj"),
    "claim-unknown-task": (4, "claim", "nothing-like-it"),
    "not-ready": (5, "claim", "tests", "--as", "bob"),
    "illegal-from-todo": (5, "done", "api", "--as", "bob"),
    "renew-unheld": (5, "renew", "api", "--as", "bob"),
    "nothing-to-approve": (5, "approve", "api"),
    "reopen-todo": (5, "reopen", "api"),
    "unblock-todo": (5, "unblock", "api"),
    "init-twice": (5, "init"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_one_line_with_a_remedy_and_changes_nothing(run: Run, folder: Path, name: str) -> None:
    """What is refused says so on stderr alone, in one line, with the documented exit code; the board stays."""
    code, *words = REFUSALS[name]
    before = (folder / "tasks.yaml").read_bytes()
    ended = run(*map(str, words))
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith("board")
    assert ended.err.count("\n") == 1
    assert (folder / "tasks.yaml").read_bytes() == before
    agreed(f"refused-{name}", steady(ended.err, folder))


def test_a_refusal_tells_a_script_the_same_in_json(run: Run, folder: Path) -> None:
    """With `--json`, wherever it stands, stdout holds one error object and stderr still has the line."""
    held = claim_by_alice(run)
    assert held.code == 0
    for words in (("--json", "claim", "api", "--as", "bob"), ("claim", "--as", "bob", "api", "--json")):
        ended = run(*words)
        assert ended.code == 5
        assert ended.err.startswith("board: api is held by alice (token 1)")
        agreed("refused-json", steady(ended.out, folder))


def test_held_by_another_and_by_a_made_up_name(run: Run, folder: Path) -> None:
    """Who was never named can't prove to be the holder, and is told how to."""
    assert run("claim", "api").code == 0
    ended = run("claim", "api")
    assert ended.code == 5
    agreed("refused-made-up-name", steady(ended.err, folder))
    assert run("claim", "ship", "--as", "alice").code == 0
    agreed("refused-held", steady(run("done", "ship", "--as", "bob").err, folder))


def test_nothing_ready_is_exit_4(run: Run, folder: Path) -> None:
    """`next` and `claim --next` agree on what there is, down to nothing."""
    assert run("claim", "--next", "-q").out == "api\n"
    assert run("next", "-q").out == "ship\n"
    assert run("claim", "--next", "-q").out == "ship\n"
    refused = run("claim", "--next")
    assert refused == run("next")
    assert refused.code == 4
    agreed("refused-nothing-ready", refused.err)


def claim_by_alice(run: Run) -> Ended:
    return run("claim", "api", "--as", "alice")
