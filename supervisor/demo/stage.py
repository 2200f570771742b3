"""The demo's stage: a scratch git repository with a board, a tmux server of its own, and a real supervisor process.

Everything is made in one temporary folder and taken down again; nothing of the person's is touched.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from board.document import Document
from board.errors import BoardError
from board.journal.read import records
from board.model import Board, Task
from board.records import read_board
from supervisor.control import TmuxError
from supervisor.demo.script import board_text, worker_scripts
from supervisor.processes import identify, send
from supervisor.tmux import Tmux

_IDENTITY = {
    "GIT_AUTHOR_NAME": "Crewboard demo",
    "GIT_AUTHOR_EMAIL": "demo@example.invalid",
    "GIT_COMMITTER_NAME": "Crewboard demo",
    "GIT_COMMITTER_EMAIL": "demo@example.invalid",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


class Stage:
    def __init__(self, broken: int | None) -> None:
        self.top = Path(tempfile.mkdtemp(prefix="crewboard-demo-"))
        self.repo = self.top / "shop"
        self.socket = f"crewboard-demo-{secrets.token_hex(4)}"
        self.secret = "ghp_" + "".join(
            secrets.choice("abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(36)
        )
        self.broken = broken
        self._supervisor: subprocess.Popen[bytes] | None = None

    # --- building and taking down

    def build(self) -> None:
        self.repo.mkdir()
        (self.top / "secret.txt").write_text(f"{self.secret}\n", encoding="utf-8")
        for name, text in worker_scripts(self.top, self.broken).items():
            path = self.repo / "bin" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755)
        (self.repo / ".gitignore").write_text("tasks.yaml\n.board/\n", encoding="utf-8")
        self.git("init", "-q", "-b", "main")
        self.git("add", ".")
        self.git("commit", "-q", "-m", "A shop, and the workers of this demo")
        self.board_path.write_text(board_text(self.socket, self.broken), encoding="utf-8")

    def start_supervisor(self) -> None:
        argv = [sys.executable, "-m", "supervisor", "run", "-q", "--board", str(self.board_path)]
        env = {**self.environment, "COLUMNS": "100", "TMPDIR": str(self.top)}  # tasks' own folders go with the rest
        log = (self.top / "supervisor.log").open("wb")
        with log:
            self._supervisor = subprocess.Popen(
                argv, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def take_down(self, *, keep: bool) -> None:
        if self._supervisor is not None:
            self._supervisor.terminate()
            try:
                self._supervisor.wait(5)
            except subprocess.TimeoutExpired:
                self._supervisor.kill()
                self._supervisor.wait()
        with suppress(TmuxError):
            Tmux(self.socket).kill_server()
        if not keep:
            import shutil

            shutil.rmtree(self.top, ignore_errors=True)

    # --- acting in it

    @property
    def board_path(self) -> Path:
        return self.repo / "tasks.yaml"

    @property
    def side(self) -> Path:
        return self.repo / ".board"

    @property
    def environment(self) -> dict[str, str]:
        inner = ("BOARD_", "CREWBOARD_", "GIT_")
        return {**{key: value for key, value in os.environ.items() if not key.startswith(inner)}, **_IDENTITY}

    def git(self, *args: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.repo), *args], env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BoardError(f"git {args[0]}: {done.stderr.strip()}")
        return done.stdout

    def command(self, *words: str) -> str:
        """One `board` command, as a person would type it; its output."""
        argv = [sys.executable, "-m", "board", *words, "--board", str(self.board_path)]
        done = subprocess.run(argv, env=self.environment, capture_output=True, text=True, check=False, cwd=self.repo)
        return done.stdout + done.stderr

    def kill_worker(self, task: str) -> int | None:
        """SIGKILL to the process of this task's worker, by its identity; its pid, or None when there is none."""
        for line in reversed(self.journal(task)):
            if line["event"] in ("worker_started", "worker_restarted"):
                found = identify(int(line["pid"]))
                return found.pid if found is not None and send(found, signal.SIGKILL) else None
        return None

    # --- looking at it

    def board(self) -> Board:
        return read_board(Document(self.board_path.read_text(encoding="utf-8")).data)

    def task(self, name: str) -> Task:
        task = self.board().find(name)
        assert task is not None
        return task

    def journal(self, task: str | None = None, *events: str) -> list[dict[str, Any]]:
        found = records(str(self.side / "journal"), task=task)
        return [line for line in found if not events or line["event"] in events]

    def commits(self, branch: str) -> list[str]:
        try:
            return self.git("log", "--format=%s", f"main..{branch}").splitlines()
        except BoardError:
            return []

    def lines(self, name: str) -> list[str]:
        try:
            return (self.top / name).read_text(encoding="utf-8").splitlines()
        except OSError:
            return []

    def files_with(self, text: str) -> list[str]:
        """Every file under `.board/` that holds this text. The supervisor is at work, and takes files away too."""
        needle, found = text.encode(), []
        for path in self.side.rglob("*"):
            with suppress(FileNotFoundError):
                if path.is_file() and needle in path.read_bytes():
                    found.append(str(path.relative_to(self.side)))
        return found

    def why(self, task: str) -> str:
        return self.command("why", task)


def wait_until(condition: Callable[[], bool], deadline: float) -> bool:
    """Asks again every 50 ms; False when the deadline (monotonic) passes first."""
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
