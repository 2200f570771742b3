"""What the trees of 20 tasks cost to look at and to remove: `uv run python -m tests.bench.custody`. Judges nothing.

Beside each figure stands what git alone takes for its part of it, in the same run. The best of three counts. With
CREWBOARD_KILLS=200 `tests/crash/test_custody_deaths.py` is the long proof that nothing is lost meanwhile.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests import repositories as repos
from tests.programs import environment

TREES = 20
FILES = 2000
TIMES = 3


def main() -> None:
    os.environ.update(repos.IDENTITY)
    with tempfile.TemporaryDirectory(prefix="crewboard-bench-") as folder:
        repo = _repository(Path(folder) / "repo")
        trees = list(_trees(repo))
        alone = _best(lambda: [_git(tree, "status", "--porcelain") for tree in trees])
        _say("list", _best(lambda: _board(repo, "list", "-q")), f"{TREES} times git status", alone)
        _say("list with sizes", _best(lambda: _board(repo, "list", "--size")), f"{TREES} times git status", alone)
        once = _best(lambda: _git(repo, "rev-parse", "--show-toplevel"))
        _say("open", _best(lambda: _board(repo, "open", "t0")), "git rev-parse", once)
        (trees[0] / "new").write_text("x")
        stash = _best(lambda: _git(trees[1], "stash", "list"))
        _say("park", _best(lambda: _board(repo, "park", "t0")), "git stash list", stash)
        taken = iter(trees[2:])
        alone = _best(lambda: _git(repo, "worktree", "remove", str(next(taken))))
        _say("remove", _best(lambda: _board(repo, "remove", next(taken).name)), "git worktree remove", alone)


def _repository(folder: Path) -> Path:
    repo = repos.repository(folder)
    for number in range(FILES):
        path = repo / f"d{number % 50}" / f"f{number}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{number}\n")
    (repo / ".gitignore").write_text("tasks.yaml\n.board/\n")
    _git(repo, "add", "-A")
    _git(repo, "commit", "--quiet", "-m", "Files")
    tasks = "".join(f"  - id: t{number}\n" for number in range(TREES))
    (repo / "tasks.yaml").write_text(f"version: 1\nsettings: {{worktrees: {{enabled: true}}}}\ntasks:\n{tasks}")
    return repo


def _trees(repo: Path) -> Iterator[Path]:
    for number in range(TREES):
        tree = repo.parent / "repo.worktrees" / f"t{number}"
        _git(repo, "worktree", "add", "--quiet", "--no-track", "-b", tree.name, str(tree))
        yield tree


def _git(where: Path, *words: str) -> None:
    subprocess.run(["git", "-C", where, *words], check=True, capture_output=True, timeout=120)


def _board(repo: Path, *words: str) -> None:
    argv = [sys.executable, "-m", "board", "worktree", *words]
    subprocess.run(argv, cwd=repo, env=environment(), check=True, capture_output=True, timeout=120)


def _best(deed: Callable[[], object]) -> float:
    found = []
    for _ in range(TIMES):
        began = time.perf_counter()
        deed()
        found.append(time.perf_counter() - began)
    return min(found)


def _say(what: str, seconds: float, beside: str, alone: float) -> None:
    sys.stdout.write(f"{what:<16} {seconds * 1000:7.0f} ms   {beside}: {alone * 1000:.0f} ms, {seconds / alone:.1f}x\n")


if __name__ == "__main__":
    main()
