"""What a ready tree costs: `uv run python -m tests.bench.worktree`. Judges and tunes nothing.

On a repository of 10,000 files with an origin, in one run: a tree by plain `git worktree add`, and by us, from the
question to origin to the last copied file; then one beside 13 others; then twelve at once; then with a 200 MB folder in
1,000 files that git ignores, copied and linked, beside `cp -a` of it. Ratios are what carries over to another machine.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from board.worktree import Plan, ensure
from tests import repositories as repos

FILES = 10_000
ROUNDS = 3
HEAVY = 1_000  # files of 200 kB
ROOT = "../{repo}.worktrees"


def filled(folder: Path) -> Path:
    """A repository of `FILES` files of about 2 kB in 200 folders, with an origin and a `.env`."""
    repo = repos.repository(folder / "repo")
    for number in range(FILES):
        path = repo / f"src/{number % 200}" / f"{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"value_{number} = {number}\n" * 100)
    (repo / ".gitignore").write_text(".env*\nheavy/\n")
    repos.git(repo, "add", "--all")
    repos.git(repo, "commit", "--quiet", "-m", "Files")
    repos.bare_remote(repo, folder / "origin.git")
    (repo / ".env").write_text("TOKEN=1\n")
    return repo


def took(deed: Callable[[], object]) -> float:
    began = time.perf_counter()
    deed()
    return time.perf_counter() - began


class Trees:
    """Each of them new, and each removed behind its measurement."""

    def __init__(self, repo: Path) -> None:
        self.repo = repo
        self._number = 0

    def name(self) -> str:
        self._number += 1
        return f"task-{self._number}"

    def plan(self, **changed: object) -> Plan:
        return Plan(str(self.repo), ROOT, self.name(), "origin/HEAD")._replace(**changed)

    def plain(self) -> float | None:
        """None where git failed, as it may beside others that make trees."""
        name = self.name()
        path = str(self.repo.parent / "repo.worktrees" / name)
        argv = ("worktree", "add", "-q", "--no-track", "-b", name, path, "HEAD")
        try:
            return took(lambda: repos.git(self.repo, *argv))
        except subprocess.CalledProcessError:
            return None

    def ours(self, **changed: object) -> float:
        wanted = self.plan(**changed)
        return took(lambda: ensure(wanted))

    def unfetched(self) -> None:
        """As if nobody had asked origin lately."""
        (self.repo / ".git" / "crewboard-worktree.lock").unlink(missing_ok=True)

    def clear(self) -> None:
        for path in (self.repo.parent / "repo.worktrees").iterdir():
            repos.git(self.repo, "worktree", "remove", "--force", str(path))


def at_once(what: str, trees: Trees, one: Callable[[], float | None], beside: float | None = None) -> float:
    """Twelve; shown with the ratio to `beside`, or to itself."""
    with ThreadPoolExecutor(12) as pool:
        began = time.perf_counter()
        made = list(pool.map(lambda _: one(), range(12)))
        taken = time.perf_counter() - began
    trees.clear()
    show(f"{what}, twelve at once ({made.count(None)} failed)", [taken], beside or taken)
    return taken


def show(what: str, seconds: list[float], beside: float) -> None:
    middle = statistics.median(seconds)
    print(f"{what:<52} {middle * 1000:>8.0f} ms  {middle / beside:>5.2f}x")


def measured(trees: Trees, repo: Path) -> None:
    plain: list[float] = []
    ours: list[float] = []
    again: list[float] = []
    ways = [
        lambda: plain.append(trees.plain() or 0.0),
        lambda: trees.unfetched() or ours.append(trees.ours()),
        lambda: again.append(trees.ours()),
    ]
    trees.ours()
    for first in range(ROUNDS):  # each of them goes first once: the disk remembers what was removed before
        for way in ways[first % 3 :] + ways[: first % 3]:
            way()
        trees.clear()
    beside = statistics.median(plain)
    show("git worktree add", plain, beside)
    show("ready, with a question to origin and .env", ours, beside)
    show("ready, within 30 s of such a question", again, beside)
    twelve = at_once("git worktree add", trees, trees.plain)
    at_once("ready", trees, trees.ours, twelve)
    heavy(trees, repo, beside)


def heavy(trees: Trees, repo: Path, plain: float) -> None:
    block = os.urandom(200_000)
    for number in range(HEAVY):
        path = repo / "heavy" / f"{number % 40}" / f"{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(block)
    copied, linked, beside = [], [], []
    for number in range(2):
        target = repo.parent / f"cp-{number}"
        argv = ["cp", "-a", "--reflink=auto", str(repo / "heavy"), str(target)]
        beside.append(plain + took(lambda argv=argv: subprocess.run(argv, check=True)))
        shutil.rmtree(target)
        copied.append(trees.ours(copy=(".env*", "heavy")))
        linked.append(trees.ours(link=("heavy",)))
        trees.clear()
    middle = statistics.median(beside)
    print(f"\nwith 200 MB in {HEAVY:,} ignored files:")
    show("git worktree add, then cp -a", beside, middle)
    show("ready, copied", copied, middle)
    show("ready, linked", linked, middle)


def main() -> None:
    os.environ |= repos.IDENTITY
    with tempfile.TemporaryDirectory(prefix="crewboard-bench-") as folder:
        repo = filled(Path(folder))
        print(f"a repository of {FILES:,} files; medians of {ROUNDS}\n")
        measured(Trees(repo), repo)


if __name__ == "__main__":
    sys.exit(main())
