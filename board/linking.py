"""What a tree shares with the main tree instead of having a copy of it: symbolic links, only where they are asked for.

It overwrites nothing, links nothing that git keeps, and refuses with a warning what two trees can't share: a `target`,
and a `node_modules` whose lock files differ.
"""

from __future__ import annotations

import filecmp
import glob
import os
from collections.abc import Sequence
from typing import Final

from board import git, git_making
from board.copying import is_within

_LOCKS: Final = (
    *("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock"),
    *("bun.lock", "bun.lockb"),
)


def link_missing(top: str, tree: str, patterns: Sequence[str]) -> list[str]:
    """Links what the globs name in the main tree and the tree lacks; what is refused is in the answer."""
    try:
        found = [(name, _link_one(top, tree, name)) for name in _named(top, patterns)]
        made = [name for name, said in found if said is None]
        shown = _ignore(top, tree, made) if made else []
    except git.GitError as error:
        return [f"could not look for what to link: {error.message}"]
    return [said for _, said in found if said] + shown


def _named(top: str, patterns: Sequence[str]) -> list[str]:
    sought = (pattern.strip("/") for pattern in patterns)
    names = {
        os.path.normpath(name)
        for each in sought
        if each and not os.path.isabs(each)
        for name in glob.iglob(each, root_dir=top, recursive=True, include_hidden=True)
    }
    return sorted(names)


def _link_one(top: str, tree: str, name: str) -> str | None:
    """None: it is a link, "" when the tree has something there already; else why not."""
    source, target = os.path.join(top, name), os.path.join(tree, name)
    if os.path.islink(target) and os.path.realpath(target) == os.path.realpath(source):
        return None
    if os.path.lexists(target):
        return ""
    refused = _refused(top, tree, name)
    if refused:
        return f"{name} is not linked: {refused}"
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(source, target)
    except OSError as error:
        return f"could not link {name}: {error.strerror}"
    return None


def _refused(top: str, tree: str, name: str) -> str:
    parts = name.split(os.sep)
    if ".." in parts or ".git" in parts or ".board" in parts or name == os.curdir:
        return "it belongs to one tree only"
    if "target" in parts:
        return "two builds would wait for each other, and mix what they build"
    if not is_within(os.path.dirname(os.path.join(tree, name)), tree):
        return "its folder leads out of the tree"
    if git_making.has_tracked(top, name) or git_making.has_tracked(tree, name):
        return "git keeps it"
    if "node_modules" in parts:
        different = _other_lock(top, tree, parts[: parts.index("node_modules")])
        return f"{different} differs between the trees" if different else ""
    return ""


def _other_lock(top: str, tree: str, folder: list[str]) -> str | None:
    """The first lock file beside it, or above, that isn't the same in both."""
    for depth in range(len(folder), -1, -1):
        for lock in _LOCKS:
            name = os.path.join(*folder[:depth], lock)
            if not _is_same_file(os.path.join(top, name), os.path.join(tree, name)):
                return name
    return None


def _is_same_file(one: str, other: str) -> bool:
    if os.path.isfile(one) and os.path.isfile(other):
        return filecmp.cmp(one, other, shallow=False)
    return not os.path.lexists(one) and not os.path.lexists(other)


def _ignore(top: str, tree: str, names: list[str]) -> list[str]:
    """A `.gitignore` that says `folder/` doesn't mean a link of that name: `clean` would count it. So the repository's
    own list, which is nobody's file, gets it; what isn't ignored as a folder either is warned about."""
    shown = git_making.counted(tree, names)
    meant = [name for name in shown if git_making.is_ignored(top, name)]
    if meant:
        _exclude(os.path.join(git.common_dir(tree), "info", "exclude"), meant)
    return [
        f"{name} was linked but git doesn't ignore it: `clean` will count it" for name in shown if name not in meant
    ]


def _exclude(path: str, names: list[str]) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "a+", encoding="utf-8", errors="surrogateescape") as file:
        file.seek(0)
        before = file.read()
        lines = "".join(f"/{_escaped(name)}\n" for name in names)
        file.write(f"{'' if not before or before.endswith(chr(10)) else chr(10)}# linked by crewboard\n{lines}")


def _escaped(name: str) -> str:
    """As a pattern that means this very name."""
    plain = "".join(f"\\{char}" if char in "\\*?[]" else char for char in name)
    return f"{plain[:-1]}\\ " if plain.endswith(" ") else plain
