"""git's own comparison of trees, shown by git or as numbers. It chooses nothing that is compared."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from typing import NamedTuple

from board import git
from board.git import GitError, GitMissing
from board.program import environment, run_program

TIMEOUT = 120.0


class File(NamedTuple):
    """Lines added and removed; None for a file that git takes for binary."""

    path: str
    added: int | None
    removed: int | None


def numbers(tree: str, words: Sequence[str], index: str | None = None) -> list[File]:
    said = _with_index(tree, ("diff", "--numstat", "--no-renames", "--no-ext-diff", "-z", *words, "--"), index)
    return [_file(line) for line in said.split("\0") if line]


def _file(line: str) -> File:
    added, removed, path = line.split("\t", 2)
    return File(path, None if added == "-" else int(added), None if removed == "-" else int(removed))


def index_with_untracked(tree: str, copy: str) -> str:
    """A copy of the tree's index at `copy` that names its untracked files too, without their content."""
    shutil.copyfile(os.path.join(git.git_dir(tree), "index"), copy)
    _with_index(tree, ("add", "--intent-to-add", "--", "."), copy)
    return copy


def show(tree: str, words: Sequence[str], index: str | None = None) -> int:
    """git's exit status, once it has shown it on our own output, through its own pager. Raises GitMissing."""
    import subprocess

    argv = ("git", "-C", tree, *words)
    try:
        code = subprocess.run(argv, env=_environment(index), check=False).returncode
    except FileNotFoundError as error:
        raise GitMissing(argv, None, "git is not installed or not on PATH", "install git 2.30 or newer") from error
    return 128 - code if code < 0 else code


def _with_index(tree: str, words: Sequence[str], index: str | None) -> str:
    argv = ("git", "-C", tree, *words)
    ended = run_program(argv, {**_environment(index), "LC_ALL": "C"}, TIMEOUT)
    if ended.status != 0:
        raise GitError(argv, ended.status, os.fsdecode(ended.stderr))
    return os.fsdecode(ended.stdout)


def _environment(index: str | None) -> dict[str, str]:
    quiet = {**environment(), "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    return quiet if index is None else {**quiet, "GIT_INDEX_FILE": index}
