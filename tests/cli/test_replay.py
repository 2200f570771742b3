"""`supervisor replay` on files: whole ones, hostile ones, and none."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from board.journal.events import instant
from supervisor.cli import main
from tests.cli.conftest import Run
from tests.planted import KINDS, planted
from tests.programs import Ended
from tests.unit.test_replay import HELD, LOOPING, RESTART, line


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """`supervisor replay WORDS` within this process."""

    def ran(*words: str) -> Ended:
        code = main(("replay", *words))
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return ran


def dump(*lines: dict[str, Any]) -> str:
    return "".join(json.dumps(each) + "\n" for each in lines)


def journal(folder: Path, text: str | bytes, name: str = "2026-11-20.jsonl") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_history_without_a_difference(run: Run, folder: Path) -> None:
    """This board's own journal by default; a count and exit 0; `--all` shows each."""
    journal(folder / ".board/journal", dump(line(RESTART), line(HELD)))
    assert run() == Ended(0, "2 decisions, 0 differ\n", "")
    assert run("-q") == Ended(0, "", "")
    shown = run("--all").out.splitlines()
    assert shown[0].split() == ["TIME", "TASK", "THEN", "NOW", "WHY"]
    assert "not-resumable: hold" in shown[2]
    assert "the same" in shown[2]
    assert len(shown) == 4


def test_a_difference_is_exit_5_and_a_row(run: Run, folder: Path) -> None:
    """What was decided then, what would be now, and why. Mutant seen red: exit 0 whatever differs."""
    journal(folder / ".board/journal", dump(line(RESTART, rule="backoff", outcome="wait 2 s"), line(HELD)))
    ended = run()
    assert (ended.code, ended.err) == (5, "")
    row = "t/main  backoff: wait 2 s  restart: resume, counted  signal 9; step main is resumable and it progressed"
    assert row in ended.out
    assert ended.out.endswith("\n2 decisions, 1 differs\n")
    assert run("-q").out == "t\n"


def test_in_json(run: Run, folder: Path) -> None:
    """One object: counts, what was passed over, and the decisions that differ, or all."""
    journal(folder / ".board/journal", dump(line(RESTART, rule="backoff"), line(HELD)) + '{"ts":')
    told = json.loads(run("--json").out)
    assert (told["decisions_count"], told["differ_count"], told["passed_over"]) == (2, 1, {"torn": 1})
    assert [(each["rule"], each["rule_now"], each["differs"]) for each in told["decisions"]] == [
        ("backoff", "restart", True)
    ]
    assert len(json.loads(run("--json", "--all").out)["decisions"]) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_in_a_history_is_not_shown(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """A file may have been written under fewer rules. Mutant seen red: rows, ids or JSON as they are in the file."""
    secret = planted(kind)
    for name, value in secret.env.items():
        monkeypatch.setenv(name, value)
    odd = {**line(RESTART, rule="backoff", outcome=secret.text), "task": f"t {secret.text}"}
    journal(folder / ".board/journal", dump(odd))
    for words in ((), ("--all",), ("--json",), ("-q",)):
        ended = run(*words)
        assert ended.code == 5
        assert "REDACTED" in ended.out
        assert secret.secret not in f"{ended.out}{ended.err}"


def test_filters(run: Run, folder: Path) -> None:
    """One task, and a last while, narrow what is decided. Mutant seen red: `--since` without effect."""
    old, new = line(RESTART), {**line(HELD), "task": "b", "ts": instant(time.time() - 60)}
    journal(folder / ".board/journal", dump(old, new))
    assert run("--task", "b").out == "1 decision, 0 differ\n"
    assert run("--task", "nobody").out == "0 decisions, 0 differ\n"
    assert run("--since", "1h").out == "1 decision, 0 differ\n"
    assert run("--since", "0").out == "0 decisions, 0 differ\n"


@pytest.mark.parametrize(
    ("words", "now"),
    [
        (("--intensity", "2"), "too-often: hold"),
        (("--intensity", "3", "--period", "1m", "--backoff", "0"), "restart: resume, counted"),
        (("--backoff", "10m"), "backoff: wait 570 s"),
    ],
)
def test_what_if(run: Run, folder: Path, words: tuple[str, ...], now: str) -> None:
    """A policy that was not in force shows what it would have changed. Mutant seen red: an override left out."""
    journal(folder / ".board/journal", dump(line(LOOPING, rule="backoff", outcome="wait 1 s")))
    assert f"backoff: wait 1 s  {now}  " in run(*words).out


def test_paths(run: Run, empty: Path) -> None:
    """Files and folders in their order: a journal's own, the `.board` around it, a board's; no board is needed."""
    first = journal(empty / "a/.board/journal", dump(line(RESTART)))
    journal(empty / "a/.board/journal", dump(line(HELD)), "2026-11-20.2.jsonl")
    for named in ("a", "a/.board", "a/.board/journal"):
        assert run(named).out == "2 decisions, 0 differ\n"
    assert run(str(first), "a").out == "3 decisions, 0 differ\n"
    assert run().code == 3


HOSTILE = {
    "empty": (b"", ""),
    "cut": (dump(line(HELD)).encode()[:-9], "passed over: 1 torn\n"),
    "closed": (dump(line(HELD)).encode()[:-9] + b"\n\n", "passed over: 1 foreign, 1 torn\n"),
    "binary": (bytes(range(256)) * 40 + b"\n", "passed over: 41 foreign\n"),
    "foreign": (b'[1]\n"x"\n{}\n{"ts":1}\n' + b"[" * 9000 + b"\n", "passed over: 5 foreign\n"),
    "version": (dump({**line(RESTART), "v": 2}, {**line(RESTART), "v": None}).encode(), "passed over: 2 of another"),
    "huge": (b'{"ts":"' + b"x" * 9_000_000 + b'"}\n', "passed over: 1 foreign\n"),
    "endless": (b"x" * 9_000_000, "passed over: 1 foreign\n"),
    "kinds": (
        dump(
            {**line(RESTART), "task": {}}, {**line(RESTART), "step": 3}, {**line(RESTART), "case_now_s": 1e300}
        ).encode(),
        "passed over: 3 damaged\n",
    ),
    "surrogates": (
        dump({**line(RESTART), "task": "\ud800\x1b[2J"}).encode(),
        "",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_lines_are_counted_and_hide_nothing(run: Run, folder: Path, name: str) -> None:
    """Whatever stands in a file, no trace-back, and the whole lines around it are decided.

    Mutant seen red: a line of any length taken into memory whole (`huge` is then torn, not foreign).
    """
    text, told = HOSTILE[name]
    files = [journal(folder, text, "odd.jsonl"), journal(folder, dump(line(RESTART)), "good.jsonl")]
    ended = run(*map(str, files), "--all")
    assert (ended.code, ended.err) == (0, "")
    assert told in ended.out
    assert "\x1b" not in ended.out
    assert f"{2 if name == 'surrogates' else 1} decision" in ended.out


@pytest.mark.parametrize("what", ["missing", "folder", "pipe", "forbidden-word", "bad-span", "negative"])
def test_a_path_that_can_not_be_read_is_one_line(run: Run, folder: Path, what: str) -> None:
    """Usage, with a remedy; a pipe is not waited for. Mutant seen red: `open` before it is known to be a file."""
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    words = {"forbidden-word": ("a\0b",), "bad-span": ("--since", "x"), "negative": ("--stale", "-1")}.get(
        what, (what,)
    )
    ended = run(*words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("supervisor: ")
    assert ended.err.count("\n") == 1
    assert "; " in ended.err


def test_a_board_without_a_journal_has_no_decisions_yet(run: Run, folder: Path) -> None:
    """Nothing was decided, so nothing differs."""
    assert run() == Ended(0, "0 decisions, 0 differ\n", "")
