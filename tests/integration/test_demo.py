"""`supervisor demo` as a person types it: six promises kept, and each of its six checks can fail."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import environment
from tests.waiting import eventually

pytestmark = [pytest.mark.tmux, pytest.mark.slow]

NUMBERS = {1, 2, 3, 4, 5, 6}


def demo(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Without a terminal, in a temporary folder of the test's own."""
    env = environment(TMPDIR=str(tmp_path), TMUX_TMPDIR=os.environ["TMUX_TMPDIR"])
    argv = [sys.executable, "-m", "supervisor", "demo", *words]
    return subprocess.run(
        argv, env=env, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL
    )


def kept(output: str) -> set[int]:
    return {int(number) for number in re.findall(r"^\s+(\d)\s+kept\b", output, re.MULTILINE)}


def test_all_six_promises_are_kept(tmp_path: Path, tmux_socket: str) -> None:
    """Exit 0, six times kept, nothing left behind: no folder, no tmux server, no process."""
    ended = demo(tmp_path)
    assert (ended.returncode, kept(ended.stdout)) == (0, NUMBERS), ended.stdout + ended.stderr
    assert "6 of 6 promises kept" in ended.stdout
    assert list(tmp_path.iterdir()) == []
    sockets = Path(os.environ["TMUX_TMPDIR"]).glob("tmux-*/crewboard-demo-*")
    eventually(lambda: not any(_answers(socket) for socket in sockets), 5, "its tmux server has ended")


@pytest.mark.parametrize("number", sorted(NUMBERS))
def test_a_broken_promise_is_noticed(tmp_path: Path, tmux_socket: str, number: int) -> None:
    """With the scene of one promise spoilt, exactly that one is told as broken, and the exit code is 1."""
    ended = demo(tmp_path, "--break", str(number), "--within", "10")
    assert (ended.returncode, kept(ended.stdout)) == (1, NUMBERS - {number}), ended.stdout + ended.stderr


def test_keep_leaves_the_folder(tmp_path: Path, tmux_socket: str) -> None:
    """With `--keep` the board, the journal and the branches are there to look at."""
    ended = demo(tmp_path, "--keep")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (made,) = tmp_path.iterdir()
    assert (made / "shop" / "tasks.yaml").is_file()
    assert list((made / "shop" / ".board" / "journal").glob("*.jsonl"))


@pytest.mark.parametrize("missing", ["tmux", "git"])
def test_a_missing_program_is_one_line_with_its_remedy(tmp_path: Path, missing: str) -> None:
    """No traceback, no half-made scene: the program that lacks, and how it is installed."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in {"tmux", "git", "sh"} - {missing}:
        (tools / name).symlink_to(next(f"{p}/{name}" for p in os.environ["PATH"].split(":") if Path(p, name).exists()))
    env = {**environment(), "PATH": str(tools)}
    argv = [sys.executable, "-m", "supervisor", "demo"]
    ended = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert re.fullmatch(rf"supervisor: {missing} is missing: .*apt install {missing}.*\n", ended.stderr), ended.stderr


def _answers(socket: Path) -> bool:
    argv = ["tmux", "-N", "-S", str(socket), "list-sessions"]
    return subprocess.run(argv, capture_output=True, timeout=5, check=False).returncode == 0
