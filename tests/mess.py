"""Trees in every state that people and agents leave behind, drawn from seeded dice, and all bytes that they hold."""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import os
import random
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests import repositories as repos
from tests.repositories import git

NAMES = (
    "a",
    "b c.txt",
    "ünï-码.md",
    "dir/one",
    "dir/two",
    "dir/deep/three",
    "run.sh",
    "-dash",
    "tab\there",
    "x.bin",
)


def project(folder: Path, *, submodule: Path | None = None) -> Path:
    """A repository with files of all kinds, on `main`, with an origin that has it all."""
    shutil.copytree(_template(), folder, symlinks=True, dirs_exist_ok=True)
    repo = folder / "my project"
    git(repo, "remote", "set-url", "origin", str(folder / "origin.git"))
    if submodule is not None:
        git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(submodule), "lib")
        git(repo, "commit", "--quiet", "-m", "A library")
        git(repo, "push", "--quiet", "origin", "HEAD")
    return repo


@functools.cache
def _template() -> Path:
    """Made once by each process of a test run."""
    folder = Path(tempfile.mkdtemp(prefix="crewboard-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    repo = repos.repository(folder / "my project")
    for number, name in enumerate((*NAMES, *(f"many/{number}" for number in range(100)))):
        path = repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{number} {name}\n".encode() * 3 + bytes((0, number, 255)))
    (repo / "run.sh").chmod(0o755)
    (repo / "link").symlink_to("a")
    (repo / ".gitignore").write_text(".env*\nbuilt/\n")
    git(repo, "add", "-A")
    git(repo, "commit", "--quiet", "-m", "Files of all kinds")
    repos.bare_remote(repo, folder / "origin.git")
    return folder


def mess(tree: Path, dice: random.Random, deeds: int = 8) -> None:
    """Some of everything, in any order; a deed that the state before it forbids is left out."""
    for number in range(deeds):
        deed = dice.choice(_DEEDS)
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            deed(tree, dice, f"{number} {dice.random()}\n".encode())


def _tracked(tree: Path, dice: random.Random) -> Path | None:
    """A file that git knows. What it was told to skip is left alone: deleted, it would be one of a sparse tree."""
    rows = [row for row in git(tree, "ls-files", "-v", "-z").split("\0") if row and row[0] != "S"]
    found = [name for row in rows if (name := row[2:]) not in ("lib", ".gitmodules", ".gitignore")]
    there = [name for name in found if (tree / name).is_file() and not (tree / name).is_symlink()]
    return tree / dice.choice(there) if there else None


def _modify(tree: Path, dice: random.Random, text: bytes) -> None:
    if (path := _tracked(tree, dice)) is not None:
        path.write_bytes(text * dice.choice((1, 50)))


def _stage(tree: Path, dice: random.Random, text: bytes) -> None:
    if (path := _tracked(tree, dice)) is not None:
        path.write_bytes(text)
        git(tree, "add", "--", str(path))


def _stage_then_modify(tree: Path, dice: random.Random, text: bytes) -> None:
    if (path := _tracked(tree, dice)) is not None:
        path.write_bytes(b"staged " + text)
        git(tree, "add", "--", str(path))
        path.write_bytes(b"then " + text)


def _delete(tree: Path, dice: random.Random, text: bytes) -> None:
    if (path := _tracked(tree, dice)) is not None:
        path.unlink()


def _delete_staged(tree: Path, dice: random.Random, text: bytes) -> None:
    if (path := _tracked(tree, dice)) is not None:
        git(tree, "rm", "--quiet", "--force", "--", str(path))


def _untrack(tree: Path, dice: random.Random, text: bytes) -> None:
    if (path := _tracked(tree, dice)) is not None:
        git(tree, "rm", "--quiet", "--cached", "--force", "--", str(path))


def _rename(tree: Path, dice: random.Random, text: bytes) -> None:
    path, target = _tracked(tree, dice), tree / f"moved-{dice.randrange(10**6)}"
    if path is not None:
        git(tree, "mv", "--", str(path), str(target))


def _mode(tree: Path, dice: random.Random, text: bytes) -> None:
    if (path := _tracked(tree, dice)) is not None:
        path.chmod(path.stat().st_mode ^ 0o111)


def _untracked(tree: Path, dice: random.Random, text: bytes) -> None:
    path = tree / dice.choice(("new", "neu ü", "sub/new", "sub/deep/n\new", "-new"))
    if not any(parent.is_file() or parent.is_symlink() for parent in (path.parent, path.parent.parent, path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_dir():
            path.write_bytes(text)


def _announce(tree: Path, dice: random.Random, text: bytes) -> None:
    (tree / "announced").write_bytes(text)
    git(tree, "add", "--intent-to-add", "announced")


def _link(tree: Path, dice: random.Random, text: bytes) -> None:
    path = tree / dice.choice(("link", "other link"))
    if path.is_symlink() or path.exists():
        path.unlink()
    path.symlink_to(f"../nowhere {dice.random()}")


def _file_for_link(tree: Path, dice: random.Random, text: bytes) -> None:
    if (tree / "link").is_symlink():
        (tree / "link").unlink()
        (tree / "link").write_bytes(text)


def _folder_for_file(tree: Path, dice: random.Random, text: bytes) -> None:
    path = _tracked(tree, dice)
    if path is not None and path.name != ".gitignore":
        path.unlink()
        path.mkdir()
        (path / "inner").write_bytes(text)


def _file_for_folder(tree: Path, dice: random.Random, text: bytes) -> None:
    folder = tree / "dir"
    if folder.is_dir():
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        folder.rmdir()
        folder.write_bytes(text)


def _unseen(tree: Path, dice: random.Random, text: bytes) -> None:
    path = _tracked(tree, dice)
    if path is not None:
        flag = dice.choice(("--assume-unchanged", "--skip-worktree"))
        git(tree, "update-index", flag, "--", str(path.relative_to(tree)))
        path.write_bytes(b"unseen " + text)


def _commit(tree: Path, dice: random.Random, text: bytes) -> None:
    git(tree, "commit", "--quiet", "--allow-empty", "-m", f"Work {dice.random()}")


def _amend(tree: Path, dice: random.Random, text: bytes) -> None:
    git(tree, "commit", "--quiet", "--allow-empty", "-m", f"First {dice.random()}")
    git(tree, "commit", "--quiet", "--allow-empty", "--amend", "-m", f"Amended {dice.random()}")


Deed = Callable[[Path, random.Random, bytes], None]
_DEEDS: tuple[Deed, ...] = (
    *(_modify, _stage, _stage_then_modify, _delete, _delete_staged, _untrack, _rename, _mode, _untracked, _untracked),
    *(_announce, _link, _file_for_link, _folder_for_file, _file_for_folder, _unseen, _commit, _amend),
)


# --- what there is


def files(tree: Path) -> dict[str, tuple[str, str]]:
    """Each file that git doesn't ignore, with its kind and its content's id."""
    ignored = set(git(tree, "ls-files", "--others", "--ignored", "--exclude-standard", "-z").split("\0"))
    found = {}
    for folder, folders, names in os.walk(tree):
        folders[:] = [name for name in folders if name not in (".git", "lib")]
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in (*names, *links):
            path = Path(folder) / name
            told = str(path.relative_to(tree))
            if name != ".git" and told not in ignored:
                found[told] = _content(path)
    return found


def _content(path: Path) -> tuple[str, str]:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return "120000", _blob(os.fsencode(path.readlink()))
    return "100755" if status.st_mode & 0o100 else "100644", _blob(path.read_bytes())


def _blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def staged(tree: Path) -> list[str]:
    """The index, line by line, without names that were only announced."""
    rows = git(tree, "ls-files", "--stage", "-z").split("\0")
    empty = f" {_blob(b'')} 0\t"
    return sorted(row for row in rows if row and empty not in row)


def precious(repo: Path, tree: Path) -> set[str]:
    """All blobs and commits that the tree has or that anything refers to; the tree's own past counts."""
    found = referred(repo)
    if (tree / ".git").exists():
        found |= {content for _, content in files(tree).values()}
        found |= {row.split()[1] for row in staged(tree)}
        found |= set(git(tree, "rev-list", "--walk-reflogs", "HEAD").split())
        found |= set(git(tree, "rev-list", "--objects", "HEAD", "--no-object-names").split())
    return found


def referred(repo: Path) -> set[str]:
    return set(git(repo, "rev-list", "--objects", "--no-object-names", "--all").split())
