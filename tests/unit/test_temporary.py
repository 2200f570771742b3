"""A task's temporary folder: its own, short, and closed to everybody else, or not used at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from board import temporary
from board.environs import environs
from board.errors import BoardError
from tests.boards import task

LONG = "a" * 63


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def test_each_task_of_each_board_has_its_own_and_the_same_again(base: Path) -> None:
    """Two boards with a task of one name, and two long names that begin alike, don't meet. It stays short."""
    names = {temporary.place(*each) for each in (("/a/b.yaml", LONG), ("/a/b.yaml", LONG[1:]), ("/a/c.yaml", LONG))}
    assert len(names) == 3
    assert names >= {temporary.place("/a/b.yaml", LONG)}
    assert max(len(name) for name in names) - len(str(base)) < 50


def test_it_is_private_whatever_the_umask_and_twice_is_harmless(base: Path) -> None:
    """0700, and what is in it stays. Mutant killed: the mode left to the umask."""
    path = temporary.place("/a/b.yaml", "t")
    before = os.umask(0)
    try:
        temporary.make(path)
    finally:
        os.umask(before)
    (Path(path) / "kept").touch()
    temporary.make(path)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (Path(path), Path(path).parent)] == [0o700, 0o700]
    assert (Path(path) / "kept").exists()
    assert temporary.is_there(path)


@pytest.mark.parametrize("where", ["folder", "task"])
@pytest.mark.parametrize("what", ["open", "link", "file"])
def test_one_that_somebody_else_may_have_made_is_refused(base: Path, where: str, what: str) -> None:
    """A name in /tmp can be guessed. Mutants killed: `stat` for `lstat`; no look at the folder above."""
    path = Path(temporary.place("/a/b.yaml", "t"))
    taken = path.parent if where == "folder" else path
    if where == "task":
        path.parent.mkdir(mode=0o700)
    if what == "open":
        taken.mkdir()
        taken.chmod(0o755)
    elif what == "link":
        (base / "theirs").mkdir(mode=0o700)
        taken.symlink_to(base / "theirs")
    else:
        taken.touch()
    with pytest.raises(BoardError):
        temporary.make(str(path))
    assert not temporary.is_there(str(path))


def test_a_program_is_told_of_it_only_where_it_is_there() -> None:
    """A TMPDIR that isn't there would fail whatever makes a temporary file; a shared tree has none of its own."""
    one = task()
    assert "TMPDIR" not in environs(one, "/a/b.yaml", "/a/x", is_own_tree=True)
    path = temporary.place("/a/b.yaml", one.id)
    temporary.make(path)
    told = environs(one, "/a/b.yaml", "/a/x", is_own_tree=True)
    assert (told["TMPDIR"], told["TMP"], told["TEMP"]) == (path, path, path)
    assert "TMPDIR" not in environs(one, "/a/b.yaml", "/a", is_own_tree=False)
