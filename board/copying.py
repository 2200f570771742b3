"""What a fresh tree lacks because git doesn't keep it, such as `.env`: copied from the main tree.

It makes no tree, overwrites no file, follows no link out of the tree, and never copies what is tracked or `.board`.
Where the file system can share blocks between files, a copy costs neither time nor space.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Final

from board import git, git_making

INCLUDE: Final = ".worktreeinclude"
_NEVER_COPIED: Final = "/.claude/settings.local.json"  # the agent would run its hooks twice
_ASIDE: Final = ".crewboard-copying"
_FICLONE: Final = 0x40049409  # linux/fs.h
_SHOWN: Final = 3
_NOTE: Final = "crewboard-copied"
_NOTED: Final = 100


def copy_missing(top: str, tree: str, patterns: Sequence[str]) -> list[str]:
    """Copies what git doesn't keep (ignored or untracked) and the tree lacks: what the globs name, and what the main
    tree's `.worktreeinclude` does. What couldn't be is in the answer."""
    try:
        names = _wanted(top, tree, patterns)
        copier = _Copier(top, tree)
        warnings = [said for name in names if (said := copier.copy(name))]
        shown = git_making.counted(tree, names) if names else []
    except (git.GitError, OSError) as error:
        return [f"could not look for files to copy: {error}"]
    return _few(warnings) + _few(
        [f"{name} was copied but git doesn't ignore it: `clean` will count it" for name in shown]
    )


def _included(top: str) -> list[str]:
    """The untracked files that `.worktreeinclude` names; none where there is no such file. Raises GitError."""
    path = os.path.join(top, INCLUDE)
    return git_making.others_by(top, path) if os.path.isfile(path) else []


def copied_by_include(tree: str) -> tuple[str, ...]:
    """The files that the tree has by `.worktreeinclude`, as far as they were noted: the first of the shallow ones."""
    try:
        with open(os.path.join(tree, ".git"), encoding="utf-8", errors="surrogateescape") as file:
            admin = file.read().removeprefix("gitdir:").strip()
        with open(os.path.join(tree, admin, _NOTE), encoding="utf-8", errors="surrogateescape") as file:
            return tuple(name for name in file.read().split("\0") if name)
    except OSError:
        return ()


def _note(tree: str, names: Sequence[str]) -> None:
    """For whoever masks the values in them. In git's folder of this tree, and so gone with it."""
    shallow = sorted(names, key=lambda name: (name.count("/"), name))[:_NOTED]
    path = os.path.join(git.git_dir(tree), _NOTE)
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write("\0".join(shallow))


def _wanted(top: str, tree: str, patterns: Sequence[str]) -> list[str]:
    more = [name for name in _included(top) if _may_copy(name)]
    if more:
        _note(tree, more)
    named = [name for name in git_making.others(top, tuple(patterns)) if _may_copy(name)]
    return list(dict.fromkeys([*named, *more]))


def _few(said: list[str]) -> list[str]:
    return (
        said if len(said) <= _SHOWN else [*said[:_SHOWN], f"{said[_SHOWN]}; and {len(said) - _SHOWN - 1} more like it"]
    )


def _may_copy(name: str) -> bool:
    return not f"/{name}".endswith(_NEVER_COPIED) and ".board" not in name.split("/") and not name.endswith(_ASIDE)


class _Copier:
    def __init__(self, top: str, tree: str) -> None:
        self._top = top
        self._tree = tree
        self._folders: dict[str, bool] = {}

    def copy(self, name: str) -> str | None:
        source, target = os.path.join(self._top, name), os.path.join(self._tree, name)
        try:
            if os.path.lexists(target) or not self._has_folder(os.path.dirname(name)):
                return None
            if os.path.islink(source):
                os.symlink(os.readlink(source), target)
            elif os.path.isfile(source):
                _copy_file(source, target)
        except OSError as error:
            return f"could not copy {name}: {error.strerror}"
        return None

    def _has_folder(self, name: str) -> bool:
        """Made where it isn't there, as private as its model; False for one that leads out of the tree."""
        if name not in self._folders:
            self._folders[name] = self._make(name)
        return self._folders[name]

    def _make(self, name: str) -> bool:
        path = os.path.join(self._tree, name)
        if not name or os.path.lexists(path):
            return os.path.isdir(path) and is_within(path, self._tree)
        if not self._has_folder(os.path.dirname(name)):
            return False
        os.mkdir(path, 0o700)
        os.chmod(path, os.stat(os.path.join(self._top, name)).st_mode & 0o777 | 0o700)
        return True


def _copy_file(source: str, target: str) -> None:
    """Whole or not there, whatever is killed when; and private until the mode of the source is known."""
    aside = f"{target}{_ASIDE}"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(aside)  # of an attempt that died: nobody else works here while the trees' lock is held
    reader = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        writer = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _fill(reader, writer)
            os.fchmod(writer, os.fstat(reader).st_mode & 0o777)
        finally:
            os.close(writer)
        _put(aside, target)
    finally:
        os.close(reader)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(aside)


def _put(aside: str, target: str) -> None:
    """Never over a file that has come meanwhile."""
    try:
        os.link(aside, target, follow_symlinks=False)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        os.rename(aside, target)


def _fill(reader: int, writer: int) -> None:
    if _clone(reader, writer):
        return
    if hasattr(os, "copy_file_range"):
        with contextlib.suppress(OSError):  # across file systems, or not of this kind
            while os.copy_file_range(reader, writer, 1 << 30):
                pass
            return
    os.lseek(reader, 0, os.SEEK_SET)
    os.lseek(writer, 0, os.SEEK_SET)
    os.ftruncate(writer, 0)
    import shutil

    with open(reader, "rb", closefd=False) as model, open(writer, "wb", closefd=False) as copy:
        shutil.copyfileobj(model, copy)


def _clone(reader: int, writer: int) -> bool:
    """The same blocks under another name, where the file system (btrfs, XFS, ...) can share them."""
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        fcntl.ioctl(writer, _FICLONE, reader)
    except OSError:
        return False
    return True


def is_within(path: str, tree: str) -> bool:
    top = os.path.realpath(tree)
    return os.path.commonpath((os.path.realpath(path), top)) == top
