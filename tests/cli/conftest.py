"""A folder with a small board, and `board` run inside this process for the long tail of cases."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from board.cli import main
from tests.programs import Ended, environment

BOARD = """\
# a comment that stays
version: 1
tasks:
  - id: api
    title: Build the API   # two blanks before this
    priority: 1
  - id: tests
    title: Cover it
    after: [api]
    labels: [quality]
  - id: ship
    title: Ship it
    steps:
      - id: build
        prompt: Build it
      - id: migrate
        run: ./migrate.sh
        gate: human
"""

Run = Callable[..., Ended]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a board of three tasks, and an environment that holds nothing of the machine's."""
    (tmp_path / "tasks.yaml").write_text(BOARD, encoding="utf-8")
    use(monkeypatch, tmp_path)
    return tmp_path


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use(monkeypatch, tmp_path)
    return tmp_path


def use(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in ("BOARD_FILE", "BOARD_TASK", "BOARD_CLAIM", "BOARD_WORKER", "BOARD_STEP", "BOARD_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """`board WORDS` within this process: the same door as the real program's, without its start."""

    def ran(*words: str) -> Ended:
        try:
            code = main(words)
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return ran


def steady(text: str, folder: Path) -> str:
    """`text` without what differs from run to run: the folder, the host, instants and spans."""
    text = text.replace(str(folder), "FOLDER")
    text = re.sub(r"tester@[\w.-]+", "tester@HOST", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "INSTANT", text)
    return re.sub(r"\b\d+(\.\d+)?(ms|s|m|h)(\d\d[sm])?\b", "SPAN", text)
