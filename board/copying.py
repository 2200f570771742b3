"""What a fresh tree lacks because git doesn't keep it, such as `.env`: copied from the main tree.

It makes no tree, overwrites no file, follows no link out of the tree, and never copies what is tracked or `.board`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from board import git

_NEVER_COPIED: Final = "/.claude/settings.local.json"  # the agent would run its hooks twice


def copy_missing(top: str, tree: str, patterns: Sequence[str]) -> list[str]:
    """Copies what git doesn't keep (ignored or untracked) and the tree lacks; what couldn't be is in the answer."""
    specs = [f":(top,glob){pattern.strip('/')}" for pattern in patterns if pattern.strip("/")]
    if not specs:
        return []
    listing = ("ls-files", "--others", "-z")
    try:
        names = git.run(top, *listing, "--", *specs).split("\0")
        warnings = [said for name in names if _may_copy(name) and (said := _copy_one(top, tree, name))]
        counted = git.run(tree, *listing, "--exclude-standard", "--", *specs).split("\0")
    except git.GitError as error:
        return [f"could not look for files to copy: {error.message}"]
    shown = [name for name in counted if name in set(names) and _may_copy(name)]
    return warnings + [f"{name} was copied but git doesn't ignore it: `clean` will count it" for name in shown]


def _may_copy(name: str) -> bool:
    """A nested repository is listed with a slash at its end."""
    if not name or name.endswith("/"):
        return False
    return not f"/{name}".endswith(_NEVER_COPIED) and ".board" not in name.split("/")


def _copy_one(top: str, tree: str, name: str) -> str | None:
    source, target = os.path.join(top, name), os.path.join(tree, name)
    folder = os.path.dirname(target)
    try:
        if os.path.lexists(target) or not _is_within(folder, tree):
            return None
        os.makedirs(folder, exist_ok=True)
        if os.path.islink(source):
            os.symlink(os.readlink(source), target)
        elif os.path.isfile(source):
            _copy_file(source, target)
    except OSError as error:
        return f"could not copy {name}: {error.strerror}"
    return None


def _copy_file(source: str, target: str) -> None:
    """Exclusive, and private until the mode of the source is known: these files hold secrets."""
    import shutil

    target_flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with (
        open(os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as reader,
        open(os.open(target, target_flags, 0o600), "wb") as writer,
    ):
        shutil.copyfileobj(reader, writer)
        os.fchmod(writer.fileno(), os.fstat(reader.fileno()).st_mode & 0o777)


def _is_within(folder: str, tree: str) -> bool:
    top = os.path.realpath(tree)
    return os.path.commonpath((os.path.realpath(folder), top)) == top
