"""`board check --watch` beside an editor: real processes, real saves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from board.cli.watch import _saves
from tests.programs import environment
from tests.waiting import eventually

GOOD = "version: 1\ntasks:\n  - id: a\n  - id: b\n"


def in_place(path: Path, text: str) -> None:
    path.write_text(text)


def by_rename(path: Path, text: str) -> None:
    aside = path.with_suffix(".swp")
    aside.write_text(text)
    aside.rename(path)


@pytest.fixture(params=[[], ["--json"]], ids=["words", "json"])
def watching(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    (tmp_path / "tasks.yaml").write_text(GOOD)
    out = tmp_path / "out"
    argv = [sys.executable, "-m", "board", "check", "--watch", *request.param]
    with (
        out.open("w") as file,
        subprocess.Popen(argv, cwd=tmp_path, env=environment(), stdout=file, stderr=file, text=True) as process,
    ):
        yield process, out
        process.kill()


@pytest.mark.parametrize("save", [in_place, by_rename])
def test_each_save_is_judged(watching: tuple[subprocess.Popen[str], Path], save: Callable[[Path, str], None]) -> None:
    """Good, broken with its place, good again; a save that changes no verdict says nothing; an interrupt ends it.

    Mutants: only the first look; only renames seen; each look told.
    """
    process, out = watching
    path = out.parent / "tasks.yaml"
    is_json = "--json" in str(process.args)
    eventually(lambda: out.read_text().count("\n") == 1)
    save(path, GOOD + "# a comment\n")
    save(path, GOOD.replace("- id: b", "- id: b\n    priority: x"))
    eventually(lambda: "5:15" in out.read_text() or '"column": 15' in out.read_text())
    save(path, GOOD + "  - id: c\n")
    eventually(lambda: "ok: 3 tasks" in out.read_text() or '"tasks_count": 3' in out.read_text())
    told = out.read_text().splitlines()
    assert len(told) == 3
    if is_json:
        assert [json.loads(line)["ok"] for line in told] == [True, False, True]
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130


def test_a_save_before_the_watcher_begins_is_judged(tmp_path: Path) -> None:
    """Between the first look and the first notice of the system lies the time in which the watcher is loaded.
    Mutant killed: the file's state not compared."""
    path = tmp_path / "tasks.yaml"
    path.write_text(GOOD)
    saves = _saves(str(path))
    next(saves)
    in_place(path, GOOD + "# a comment\n")
    seen = threading.Thread(target=lambda: next(saves), daemon=True)
    seen.start()
    seen.join(10)
    assert not seen.is_alive()
