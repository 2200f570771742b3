"""A real repository with a board in it, and trees for its tasks as the supervisor would make them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from board.document import Document
from board.model import Board
from board.records import read_board
from board.worktree import Plan, ensure
from tests import repositories as repos

_HEAD = "version: 1\nsettings:\n  lease: 2h\n  worktrees: {enabled: true, copy: []}\n"


class Grove:
    """`repo` may have any main branch; its board is not committed, and `.board` is ignored as it is anywhere."""

    def __init__(self, repo: Path) -> None:
        self.repo = repo
        self.path = repo / "tasks.yaml"
        self.root = repo.parent / f"{repo.name}.worktrees"

    def write(self, *records: dict[str, Any], settings: Iterable[str] = ()) -> Board:
        import json

        lines = "".join(f"  {line}\n" for line in settings)
        tasks = "".join(f"  - {json.dumps(record)}\n" for record in records)
        self.path.write_text(f"{_HEAD}{lines}tasks:\n{tasks}", encoding="utf-8")
        return self.board()

    def board(self) -> Board:
        return read_board(Document(self.path.read_text(encoding="utf-8")).data)

    def tree(self, task: str) -> Path:
        """The task's tree, made when it isn't there."""
        place = self.root / task
        return (
            place
            if place.is_dir()
            else Path(ensure(Plan(str(self.repo), "../{repo}.worktrees", task, "origin/HEAD", ())).path)
        )

    def work(self, task: str, name: str = "work.txt", text: str = "mine\n") -> str:
        """A commit in the task's tree."""
        return repos.commit(self.tree(task), name, text, f"Work on {task}")

    def tip(self, branch: str) -> str:
        return repos.git(self.repo, "rev-parse", f"refs/heads/{branch}")


def done(task: str, commit: str) -> dict[str, Any]:
    return {"id": task, "status": "done", "done": {"by": "alice", "commit": commit}}
