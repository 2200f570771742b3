"""Small real git repositories for tests, isolated from the person's own configuration."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from board.worktree import Plan

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_PAGER": "cat",
}
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CONFIG_COUNT", "XDG_CONFIG_HOME")


ROOT = "../{repo}.worktrees"


def plan(repo: Path, task: str = "refund", **changed: object) -> Plan:
    return Plan(str(repo), ROOT, task, "origin/HEAD")._replace(**changed)


def isolate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives git an identity by environment, and hides every configuration but the repository's own."""
    for key in _ELSEWHERE:
        monkeypatch.delenv(key, raising=False)
    for key, value in IDENTITY.items():
        monkeypatch.setenv(key, value)


def git(where: Path, *args: str) -> str:
    done = subprocess.run(("git", "-C", where, *args), check=True, capture_output=True, text=True, timeout=60)
    return done.stdout.strip()


def commit(repo: Path, name: str = "file.txt", text: str = "text\n", message: str = "Change") -> str:
    (repo / name).parent.mkdir(parents=True, exist_ok=True)
    (repo / name).write_text(text, encoding="utf-8")
    git(repo, "add", "--force", "--", name)
    git(repo, "commit", "--quiet", "-m", message)
    return git(repo, "rev-parse", "HEAD")


def unborn(folder: Path, branch: str = "main") -> Path:
    """A repository without a commit."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", f"--initial-branch={branch}")
    return folder


def repository(folder: Path, branch: str = "main") -> Path:
    """A repository with one commit and no remote."""
    repo = unborn(folder, branch)
    commit(repo, "README.md", "# A project\n", "Start")
    return repo


def bare_remote(repo: Path, folder: Path) -> Path:
    """A bare origin of `repo` under a file path, with the current branch pushed and known as origin/HEAD."""
    git(repo, "init", "--quiet", "--bare", f"--initial-branch={git(repo, 'branch', '--show-current')}", str(folder))
    git(repo, "remote", "add", "origin", str(folder))
    git(repo, "push", "--quiet", "--set-upstream", "origin", "HEAD")
    git(repo, "remote", "set-head", "origin", "--auto")
    return folder


def clone(remote: Path, folder: Path, *options: str) -> Path:
    subprocess.run(("git", "clone", "--quiet", *options, remote.as_uri(), folder), check=True, timeout=60)
    return folder
