"""What a tree holds beside its HEAD, written as git trees without touching the tree, its index or its HEAD.

No reference is made here: whoever wants to keep a snapshot refers to it (`board.parking`).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from board import git, git_trees
from board.errors import RefusedError

SLOW: Final = 600.0  # large files that were never written to git take their time
_PREFIX: Final = "crewboard-aside-"
_OLD: Final = 3600.0
_UNDER_WAY: Final = (
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("BISECT_LOG", "bisect"),
    ("sequencer", "cherry-pick"),
)
# What git believes without a look (a file monitor, a cache of untracked files) is asked anew, no hook of anybody's
# runs, and what is written is on the disk before it is referred to.
_STRICT: Final = (
    *("-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false", "-c", "core.splitIndex=false"),
    *("-c", "core.sparseCheckout=false", "-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.fsync=all", "-c", "core.fsyncMethod=batch", "-c", "advice.addEmbeddedRepo=false"),
)


class Snapshot(NamedTuple):
    """git trees: `base` of the commit `head`; `staged` of the index; `work` of the files that the index knows; `loose`
    of those it doesn't; `whole` of both. `links` are paths at which another repository has changed."""

    head: str
    base: str
    staged: str
    work: str
    loose: str
    whole: str
    links: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        return self.base == self.staged == self.whole


class _Index:
    """git with an index of our own."""

    def __init__(self, tree: str, path: str, *options: str) -> None:
        self._tree = tree
        self._options = options
        self._env = {"GIT_INDEX_FILE": path, "GIT_LITERAL_PATHSPECS": "1"}

    def __call__(self, *args: str) -> str:
        return git.run(self._tree, *self._options, *_STRICT, *args, timeout=SLOW, env=self._env).removesuffix("\n")

    def each(self, args: Sequence[str], paths: Sequence[str]) -> None:
        for some in git_trees.batches(paths):
            self(*args, *some)


def under_way(tree: str) -> str | None:
    """The operation of git's that was begun in the tree and not ended."""
    admin = git.git_dir(tree)
    return next((what for name, what in _UNDER_WAY if os.path.lexists(os.path.join(admin, name))), None)


def take(tree: str, also: Sequence[str] = ()) -> Snapshot:
    """Everything that is staged, modified or untracked, and of what is ignored only `also`.

    Raises RefusedError where git can't say it as trees (a merge under way, no commit, a file that can't be read).
    """
    head = git.head(tree)
    if head is None:
        raise RefusedError(f"{tree} has no commit yet", "make a first one there", "no_commit")
    if (what := under_way(tree)) is not None:
        raise RefusedError(f"a {what} is under way in {tree}", f"finish it, or `git {what} {_end(what)}`", "under_way")
    with _aside(tree) as folder:
        index = _Index(tree, os.path.join(folder, "index"))
        return _take(tree, head, index, _Index(tree, os.path.join(folder, "loose")), also)


def staged(admin: str, folder: str) -> str:
    """The tree of the index in `admin`, a tree whose folder is gone; `folder` is any of the same repository."""
    with _copied(admin) as copy:
        env = {"GIT_INDEX_FILE": os.path.join(copy, "index")}
        return git.run(folder, f"--git-dir={admin}", *_STRICT, "write-tree", env=env).strip()


def remains(common: str, folder: str, whole: str) -> list[git_trees.Entry]:
    """How what is left in a folder, registered as a tree or not, differs from `whole`. What git was told to ignore
    there is still ignored: files that say so are put back first."""
    with _copied(common) as copy:
        index = _Index(folder, os.path.join(copy, "remains"), f"--git-dir={common}", f"--work-tree={folder}")
        index("read-tree", whole)
        _put_back(index, folder, [path for path in paths(common, whole) if os.path.basename(path) == ".gitignore"])
        index("add", "-A")
        return git_trees.differences(common, whole, index("write-tree"))


def put_back(common: str, folder: str, whole: str, missing: Sequence[str]) -> None:
    """Files of `whole` that aren't in the folder; whatever is there stays as it is."""
    with _copied(common) as copy:
        index = _Index(folder, os.path.join(copy, "remains"), f"--git-dir={common}", f"--work-tree={folder}")
        index("read-tree", whole)
        _put_back(index, folder, missing)


def _put_back(index: _Index, folder: str, missing: Sequence[str]) -> None:
    absent = [path for path in missing if not os.path.lexists(os.path.join(folder, path))]
    index.each(("checkout-index", "--quiet", "--"), absent)


def paths(top: str, tree: str) -> list[str]:
    """All files of a tree or a commit of git's."""
    return [path for path in git.run(top, "ls-tree", "-r", "-z", "--name-only", tree, timeout=60.0).split("\0") if path]


def _take(tree: str, head: str, index: _Index, other: _Index, also: Sequence[str]) -> Snapshot:
    base = git_trees.tree_of(tree, head)
    try:
        at_first = index("write-tree")
        _drop_announced(index, at_first)
        _unhide(tree, index)
        index("add", "-u")
        work = index("write-tree")
        index("add", "-A")
        index.each(("add", "--force", "--"), also)
        whole = index("write-tree")
    except git.GitTimeout:
        raise
    except git.GitError as error:
        raise RefusedError(f"{tree} can't be recorded: {_said(error)}", _remedy(error), "unreadable") from error
    found = git_trees.differences(tree, work, whole)
    changed = (*git_trees.differences(tree, base, whole), *git_trees.differences(tree, base, at_first))
    links = tuple(dict.fromkeys(each.path for each in changed if git_trees.LINK in (each.old_mode, each.mode)))
    return Snapshot(head, base, at_first, work, _loose(other, found), whole, links)


def _unhide(tree: str, index: _Index) -> None:
    """Files whose changes git was told not to see count. One that is away because it was told to be (skip-worktree, in
    a sparse tree) isn't deleted."""
    rows = [row for row in index("ls-files", "-v", "-z").split("\0") if row]
    seen = [row for row in rows if row[0] not in "Ss" or not _is_away(os.path.join(tree, row[2:]))]
    index.each(("update-index", "--no-assume-unchanged", "--"), [row[2:] for row in seen if row[0].islower()])
    index.each(("update-index", "--no-skip-worktree", "--"), [row[2:] for row in seen if row[0] in "Ss"])


def _is_away(path: str) -> bool:
    """Not where something else has its folder's place."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return True
    except NotADirectoryError:
        return False
    return False


def _drop_announced(index: _Index, at_first: str) -> None:
    """Names without a content (`git add -N`): their files are as untracked as any."""
    recorded = set(index("ls-tree", "-r", "-z", "--name-only", at_first).split("\0"))
    named = [name for name in index("ls-files", "-z").split("\0") if name not in recorded]
    index.each(("update-index", "--force-remove", "--"), named)


def _loose(index: _Index, found: Sequence[git_trees.Entry]) -> str:
    index("read-tree", "--empty")
    words = [word for each in found for word in ("--cacheinfo", f"{each.mode},{each.blob},{each.path}")]
    index.each(("update-index", "--add"), words)
    return index("write-tree")


@contextlib.contextmanager
def _aside(tree: str) -> Iterator[str]:
    with _copied(git.git_dir(tree)) as folder:
        yield folder


@contextlib.contextmanager
def _copied(admin: str) -> Iterator[str]:
    """A folder beside the index with a copy of it. Its time is kept: by it git tells which files it must look into."""
    import tempfile

    _sweep(admin)
    folder = tempfile.mkdtemp(prefix=_PREFIX, dir=admin)
    try:
        with contextlib.suppress(FileNotFoundError):
            shutil.copy2(os.path.join(admin, "index"), os.path.join(folder, "index"))
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(admin: str) -> None:
    """What killed ones left; a git that outlived its caller may still write into a fresh one."""
    for name in os.listdir(admin):
        path = os.path.join(admin, name)
        if name.startswith(_PREFIX) and time.time() - os.lstat(path).st_mtime > _OLD:
            shutil.rmtree(path, ignore_errors=True)


def _end(what: str) -> str:
    return "reset" if what == "bisect" else "--abort"


def _said(error: git.GitError) -> str:
    lines = [line for line in error.stderr.splitlines() if line.startswith(("error:", "fatal:"))]
    return lines[0].partition(":")[2].strip() if lines else error.message


def _remedy(error: git.GitError) -> str:
    return error.remedy or "mend that file, move it away, or let .gitignore name it"
