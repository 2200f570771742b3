"""A board in a folder of its own with a real supervisor process on a private tmux socket."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from board.document import Document
from board.errors import InvalidBoard
from board.journal.read import records
from board.model import Board, Task
from board.records import read_board
from tests.programs import Ended, board, environment
from tests.waiting import eventually

_HEAD = """\
version: 1
settings:
  tmux: {{socket: {socket}}}
  grace: 200ms
  max_workers: 8
  done_when: []
  restart: {{backoff: 0, spacing: 100ms{restart}}}
{settings}tasks:
"""


class House:
    def __init__(self, folder: Path, socket: str) -> None:
        self.folder = folder
        self.socket = socket
        self.path = folder / "tasks.yaml"
        self.side = folder / ".board"
        self._processes: list[subprocess.Popen[bytes]] = []

    def write(self, tasks: str, *, settings: str = "", restart: str = "") -> None:
        """`tasks` are the list's items at indent 2; `$HERE` in them is this house's folder."""
        head = _HEAD.format(socket=self.socket, settings=settings, restart=restart)
        self.path.write_text(head + tasks.replace("$HERE", str(self.folder)), encoding="utf-8")

    # --- the supervisor

    def start(
        self,
        *words: str,
        script: str | None = None,
        ready: bool = True,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """A supervisor; with `ready` it has written its status on return. `script` runs instead of the module."""
        program = ["-m", "supervisor", "run", "-q"] if script is None else [script]
        process = subprocess.Popen(
            [sys.executable, *program, *words, "--board", str(self.path)],
            cwd=self.folder,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._processes.append(process)
        if ready:
            eventually(lambda: self._is_up(process), 15, "the supervisor writes its status")
        return process

    def _is_up(self, process: subprocess.Popen[bytes]) -> bool:
        if process.poll() is not None:
            assert process.stderr is not None
            raise AssertionError(process.stderr.read().decode())
        return self.status().get("supervisor", {}).get("pid") == process.pid

    def environment(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        return environment(TMUX_TMPDIR=os.environ["TMUX_TMPDIR"], **(env or {}))

    def end(self, process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
        """Signals it by its own pid and waits; its exit code."""
        if process.poll() is None:
            process.send_signal(number)
        code = process.wait(15)
        if process.stderr is not None:
            process.stderr.close()
        return code

    def close(self) -> None:
        for process in self._processes:
            self.end(process, signal.SIGKILL)

    # --- looking

    def board(self) -> Board:
        return read_board(Document(self.path.read_text(encoding="utf-8")).data)

    def task(self, name: str) -> Task:
        def found() -> Task | None:
            try:
                return self.board().find(name)
            except InvalidBoard:
                return None

        return eventually(found, 2, f"task {name}")

    def has(self, name: str, status: str) -> bool:
        return self.task(name).status == status

    def reaches(self, name: str, status: str, within: float = 15) -> Task:
        eventually(lambda: self.has(name, status), within, lambda: f"{name} is {status}; {self.tail(name)}")
        return self.task(name)

    def journal(self, task: str | None = None, *events: str) -> list[dict[str, Any]]:
        return [
            line for line in records(str(self.side / "journal"), task=task) if not events or line["event"] in events
        ]

    def happened(self, task: str | None, *events: str, within: float = 15) -> list[dict[str, Any]]:
        return eventually(lambda: self.journal(task, *events), within, f"{task}: {events}")

    def tail(self, task: str | None) -> list[str]:
        words = ("event", "task", "rule", "cause", "why", "source", "problem")
        told = (
            self.journal(None)
            if task is None
            else [line for line in self.journal(None) if line.get("task") in (task, None)]
        )
        return [" ".join(str(line[word]) for word in words if word in line) for line in told][-12:]

    def status(self) -> dict[str, Any]:
        from supervisor.status import read_status

        return read_status(str(self.side)) or {}

    def pid(self, task: str, start: int = 1) -> int:
        """The pid of this task's worker, as its `start`-th start was journalled; waits for that line."""
        eventually(lambda: self.starts(task) >= start, 15, f"start {start} of {task}: {self.tail(task)}")
        return int(self.journal(task, "worker_started", "worker_restarted")[start - 1]["pid"])

    def starts(self, task: str) -> int:
        return len(self.journal(task, "worker_started", "worker_restarted"))

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def wrote(self, name: str, lines: int = 1, within: float = 15) -> list[str]:
        return eventually(
            lambda: len(self.lines(name)) >= lines and self.lines(name), within, f"{name} has {lines} lines"
        )

    def says(self, *words: str) -> Ended:
        """One `board` command as a person types it."""
        return board(*words, cwd=self.folder)
