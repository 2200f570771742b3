"""What is shown of a board: tables that line up, filters, ids for scripts, completion."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from board.cli.planning import free_id, slug
from board.render import clean, table
from tests.cli.conftest import Run
from tests.programs import board, environment


def test_a_list_lines_up_and_can_be_cut_apart(run: Run, folder: Path) -> None:
    """Piped: plain text, every cell filled, columns aligned."""
    assert run("claim", "ship", "--as", "alice").code == 0
    lines = run("list").out.splitlines()
    assert lines[0].split() == ["ID", "STATUS", "STEP", "HOLDER", "AGE", "WAITS-FOR", "TITLE"]
    assert lines[1].split() == ["api", "todo", "-", "-", "-", "-", "Build", "the", "API"]
    assert lines[2].split() == ["tests", "todo", "-", "-", "-", "api", "Cover", "it"]
    assert lines[3].split()[:4] == ["ship", "claimed", "build", "alice"]
    assert len({line.index(word) for line, word in zip(lines[1:], ("Build the", "Cover", "Ship it"), strict=True)}) == 1


def test_filters_and_json_agree(run: Run, folder: Path) -> None:
    """`--status`, `--ready` and `--label` choose the same tasks in every form of the answer."""
    for words, expected in (
        (["--ready"], ["api", "ship"]),
        (["--label", "quality"], ["tests"]),
        (["--status", "todo,done"], ["api", "tests", "ship"]),
        (["--status", "done"], []),
    ):
        assert run("list", "-q", *words).out.split() == expected
        listed = json.loads(run("list", "--json", *words).out)["tasks"]
        assert [task["id"] for task in listed] == expected
    assert run("list", "--status", "done").out == "no such tasks\n"


def test_a_claim_prints_the_task_as_it_now_stands(run: Run, folder: Path) -> None:
    """`claim --json` is `{"task": ...}` and nothing else, equal to what `show` says afterwards."""
    claimed = json.loads(run("claim", "--next", "--as", "alice", "--json").out)
    assert list(claimed) == ["task"]
    assert claimed["task"]["claim"]["by"] == "alice"
    assert json.loads(run("show", "api", "--json").out) == claimed


def test_wide_letters_take_two_cells() -> None:
    """Alignment counts terminal cells, not characters."""
    lines = table(("A", "B"), [("日本", "x"), ("ab", "y")], {"NO_COLOR": "1"}).splitlines()
    assert lines[1:] == ["日本  x", "ab    y"]
    assert clean("a\tb\nc\x07") == "a b c\\x07"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Cover the refund path", "cover-the-refund-path"),
        ("Don't panic: v2.0!", "dont-panic-v2-0"),
        ("Grüße an Zoë", "grusse-an-zoe"),
        ("日本語", "task"),
        ("a" * 80, "a" * 48),
        ("word " * 30, "-".join(["word"] * 9)),
    ],
)
def test_an_id_from_a_title_is_a_dns_label(title: str, expected: str) -> None:
    """Whole words where they fit, and never a name that the board would refuse."""
    assert slug(title) == expected
    assert free_id(title, {slug(title)}) == f"{slug(title)}-2"


def test_a_prompt_from_stdin_is_kept_line_by_line(empty: Path) -> None:
    """`--prompt -` takes a whole text; it reads back as it was."""
    (empty / "tasks.yaml").write_text("version: 1\n")
    text = "First line.\n\n  - an item\nLast: line # not a comment\n"
    assert board("add", "x", "--prompt", "-", cwd=empty, stdin=text).code == 0
    assert json.loads(board("show", "x", "--json", cwd=empty).out)["task"]["prompt"] == text


def completed(folder: Path, line: str) -> list[str]:
    """What the shell would be told after `line`, asked as a shell asks."""
    out = folder / "completions"
    env = environment(
        _ARGCOMPLETE="1",
        COMP_LINE=line,
        COMP_POINT=str(len(line)),
        _ARGCOMPLETE_STDOUT_FILENAME=str(out),
        _ARGCOMPLETE_IFS="\n",
    )
    out.touch()
    subprocess.run([sys.executable, "-m", "board"], cwd=folder, env=env, timeout=60, check=False, capture_output=True)
    return [word.strip() for word in out.read_text().split("\n") if word.strip()]


def test_completion_knows_commands_ids_and_statuses(folder: Path) -> None:
    """A TAB offers what the board holds; a broken board offers nothing and says nothing."""
    assert completed(folder, "board cl") == ["claim"]
    assert {"api", "tests", "ship", "--next"} <= set(completed(folder, "board claim "))
    assert completed(folder, "board show te") == ["tests"]
    assert completed(folder, "board list --status in") == ["in_progress"]
    (folder / "tasks.yaml").write_text("]")
    assert completed(folder, "board show te") == []


def test_a_hot_command_imports_nothing_that_it_does_not_need(folder: Path) -> None:
    """What is known to be slow stays away from a claim. Mutant: `import json` and friends at the head of a module."""
    code = (
        "import sys\nfrom board.cli import main\nmain(['claim', '--next', '-q'])\n"
        "slow = {'dataclasses', 'pathlib', 'asyncio', 'subprocess', 'shutil', 'difflib', 'rich', 'tempfile', 'logging',"
        " 'inspect', 'argcomplete', 'orjson', 'watchfiles', 'importlib.metadata', 'unicodedata', 'board.git'}\n"
        "print(sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "api\n[]\n"
    assert (folder / ".board/claims").is_dir()
