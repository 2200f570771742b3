"""A board's file on a real file system: whatever is found there, one clear answer, and never a byte lost."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from board.engine import Engine
from board.errors import BoardError, InvalidBoard
from board.grants import Grants, grant_of_worker, read_grant
from board.journal.redact import Redactor
from board.journal.sink import Journal
from board.model import Claim
from board.store import FileStore, Lost
from tests.crash.sweep import at_once, told
from tests.programs import environment

TEXT = "version: 1\ntasks: []\n"


def changed(store: FileStore, text: str) -> str | Lost:
    with store.locked():
        return store.cas(text, store.read().rev)


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    (tmp_path / "tasks.yaml").write_text(TEXT)
    return FileStore(str(tmp_path / "tasks.yaml"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- compare and swap


def test_a_swap_replaces_what_it_started_from(store: FileStore) -> None:
    """The new revision is that of the new text, byte for byte, in every encoding of line ends."""
    for text in ("a: 1\r\nb: é🎉", "\ufeffversion: 1\n", "x"):
        rev = changed(store, text)
        assert Path(store.path).read_bytes() == text.encode()
        assert store.read() == (text, rev)


def test_a_swap_is_lost_when_somebody_was_faster(store: FileStore) -> None:
    """Theirs stays, and nothing of ours is left about. Mutant killed: no second look before the rename."""
    rev = store.read().rev
    Path(store.path).write_text("theirs: 1\n")
    with store.locked():
        assert store.cas("ours: 1\n", rev) == Lost()
    assert Path(store.path).read_text() == "theirs: 1\n"
    assert names(Path(store.folder)) == [".board", "tasks.yaml"]


def test_a_swap_whose_board_is_gone_writes_none(store: FileStore) -> None:
    """Some editors move a file away before they write it anew: that is a torn file, not a licence to write."""
    rev = store.read().rev
    Path(store.path).rename(store.path + "~")
    with pytest.raises(BoardError), store.locked():
        store.cas("ours: 1\n", rev)
    assert names(Path(store.folder)) == [".board", "tasks.yaml~"]


def test_of_many_makers_one_makes_it(tmp_path: Path) -> None:
    """`create` never replaces a board."""
    path = tmp_path / "tasks.yaml"

    def make(number: int) -> Callable[[], object]:
        return lambda: FileStore(str(path)).create(f"version: {number}\n")

    codes = at_once([make(number) for number in range(8)])
    assert codes.count(0) == 1
    assert path.read_text() == f"version: {codes.index(0)}\n"
    assert names(tmp_path) == ["tasks.yaml"]
    with pytest.raises(BoardError, match="exists already"):
        FileStore(str(path)).create("x")


# --- what is kept


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o664, 0o755])
def test_mode_is_kept(store: FileStore, mode: int) -> None:
    """Whatever the umask; a board that was private stays so at every moment."""
    Path(store.path).chmod(mode)
    before = os.umask(0o077)
    try:
        changed(store, "x: 1\n")
    finally:
        os.umask(before)
    assert stat.S_IMODE(Path(store.path).stat().st_mode) == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_owner_is_kept(store: FileStore) -> None:
    """A command run with sudo doesn't take the board from the person."""
    os.chown(store.path, 1234, 2345)
    changed(store, "x: 1\n")
    status = Path(store.path).stat()
    assert (status.st_uid, status.st_gid) == (1234, 2345)


def test_a_symlink_stays_one(tmp_path: Path) -> None:
    """The file that it leads to is replaced, and `.board` stands beside that: both names are one board."""
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    project.mkdir()
    (home / "board.yaml").write_text(TEXT)
    (project / "tasks.yaml").symlink_to("../home/board.yaml")
    store = FileStore(str(project / "tasks.yaml"))
    changed(store, "x: 1\n")
    assert (project / "tasks.yaml").is_symlink()
    assert (home / "board.yaml").read_text() == "x: 1\n"
    assert names(project) == ["tasks.yaml"]
    assert store.side == FileStore(str(home / "board.yaml")).side


def test_hard_links_are_refused(store: FileStore) -> None:
    """Replacing one name would part it from the other in silence."""
    os.link(store.path, store.path + ".other")
    with pytest.raises(BoardError, match="2 names"):
        changed(store, "x: 1\n")
    assert Path(store.path).read_text() == TEXT
    assert names(Path(store.folder)) == [".board", "tasks.yaml", "tasks.yaml.other"]


def test_what_stands_beside_is_private(store: FileStore) -> None:
    """`.board` is the person's alone and ignored by git, also when its `.gitignore` was left half made."""
    before = os.umask(0)
    try:
        store.prepare()
        (Path(store.side) / ".gitignore").write_text("")
        changed(store, "x: 1\n")
    finally:
        os.umask(before)
    assert stat.S_IMODE(Path(store.side).stat().st_mode) == 0o700
    assert (Path(store.side) / ".gitignore").read_text() == "*\n"
    for path in Path(store.side).glob("history/*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_a_version_that_can_not_be_kept_costs_no_write(store: FileStore) -> None:
    """The history is a copy: the board is what counts."""
    store.prepare()
    Path(store.history.folder).write_text("a file where a folder should be")
    changed(store, "x: 1\n")
    assert store.read().text == "x: 1\n"


# --- when it can't be written


def test_a_full_disk_changes_nothing(store: FileStore) -> None:
    """The old board stands, nothing is left about, and the answer says why.
    Mutant killed: a failed write not undone."""

    def work() -> object:
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
        return changed(store, "# " + "x" * 100_000)

    assert told(work).startswith("Unwritable: can't write")
    assert Path(store.path).read_text() == TEXT
    assert names(Path(store.folder)) == [".board", "tasks.yaml"]
    changed(store, "x: 1\n")


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that other accounts may look into, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="cb"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def as_a_stranger(work: Callable[[], object]) -> str:
    """The answer of `work` done by an account that may only read; for root that is somebody else."""

    def dropped() -> object:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        return work()

    return told(dropped)


@pytest.mark.parametrize("prepared", [False, True])
def test_a_folder_that_may_only_be_read(public: Path, prepared: bool) -> None:
    """The board can be read there; a write is refused in one line with what stands in its way."""
    path = public / "tasks.yaml"
    path.write_text(TEXT)
    store = FileStore(str(path))
    if prepared:
        store.prepare()
        Path(store.side).chmod(0o555)
    public.chmod(0o555)
    assert as_a_stranger(lambda: FileStore(str(path)).read().text) == TEXT
    answer = as_a_stranger(lambda: changed(FileStore(str(path)), "x: 1\n"))
    assert answer.startswith(("BoardError: can't ", "Unwritable: can't "))
    assert answer.partition(";")[0].endswith("permission denied")
    assert path.read_text() == TEXT
    public.chmod(0o755)


def test_a_board_that_may_not_be_read(public: Path) -> None:
    """It says so, not that there is none."""
    path = public / "tasks.yaml"
    path.write_text(TEXT)
    path.chmod(0)
    assert "permission denied" in as_a_stranger(lambda: FileStore(str(path)).read())


# --- what is no board


def a_folder(path: Path) -> None:
    path.mkdir()


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        os.chdir(path.parent)  # a socket's path has room for about 100 characters
        made.bind(path.name)


def sparse(mebibytes: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.truncate(mebibytes << 20)

    return make


def written(raw: bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(raw)

    return make


BOMB = b"".join(b"x-%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9) if n else b"1") for n in range(12))
HOSTILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing": (lambda path: None, "there is no"),
    "folder": (a_folder, "is a folder"),
    "FIFO": (os.mkfifo, "is a FIFO"),
    "socket": (a_socket, "can't read"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "is a device"),
    "tty": (lambda path: path.symlink_to("/dev/tty"), "is a device|can't read"),
    "dangling": (lambda path: path.symlink_to("nowhere.yaml"), "is a symlink to nothing"),
    "loop": (lambda path: path.symlink_to(path.name), "can't read|to nothing"),
    "through a file": (lambda path: path.symlink_to("/dev/null/tasks.yaml"), "can't read"),
    "NUL": (written(b"version: 1\ntasks: \0\n"), "p:2:8: byte 0x00"),
    "not UTF-8": (written("version: 1\n# \u00e9\n".encode("latin-1")), "p:2:3: byte 0xe9"),
    "UTF-16": (written("version: 1\n".encode("utf-16")), "byte 0x"),
    "empty": (written(b""), "is empty"),
    "only comments": (written(b"# nothing\n"), "is empty"),
    "100 MB": (sparse(100), "100 MiB"),
    "60 MB of zeros": (sparse(60), "p:1:1: byte 0x00"),
    "deep": (written(b"tasks: " + b"[" * 10_000), "deeper"),
    "deep blocks": (written(b"tasks: \n" + b"- " * 10_000), "deeper"),
    "alias bomb": (written(BOMB + b"version: 1\ntasks: []\n"), "alias bomb"),
    "long number": (written(b"version: " + b"9" * 100_000), ""),
    "binary": (written(bytes(range(256)) * 100), "byte 0x00"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_is_found_there_is_answered_at_once(tmp_path: Path, name: str) -> None:
    """One InvalidBoard, within a second of the processor and 200 MB of memory; the file stays as it is.
    Mutants killed: opened without O_NONBLOCK; no limit of size; no limit of depth."""
    make, words = HOSTILE[name]
    path = tmp_path / "tasks.yaml"
    before = Path.cwd()
    make(path)
    os.chdir(before)
    was = path.lstat() if name != "missing" else None
    program = (
        "import re, resource, sys\n"
        "from board.engine import Engine\nfrom board.errors import InvalidBoard\nfrom board.store import FileStore\n"
        "try:\n    Engine(FileStore(sys.argv[1]), None).read()\n"
        "except InvalidBoard as error:\n    print(error, *[problem.at('p') for problem in error.problems])\n"
        # ru_maxrss is inherited over fork and exec from whoever started us; VmHWM begins anew (proc(5)).
        "print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1], end=' ')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_utime)\n"
    )
    argv = [sys.executable, "-c", program, str(path)]
    done = subprocess.run(argv, env=environment(), capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr[-1000:]
    *told_words, usage = done.stdout.splitlines()
    assert len(told_words) == 1
    assert len(told_words[0]) < 500
    if words:
        assert any(word in told_words[0] for word in words.split("|")), told_words[0]
    memory, seconds = usage.split()
    assert int(memory) < 200 * 1024
    assert float(seconds) < 1.5
    if was is not None:
        assert path.lstat().st_mtime_ns == was.st_mtime_ns


def test_a_relative_path_is_a_board_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing file is one that is being saved when a `.board` stands beside it. Mutant killed: looked for in `/`."""
    monkeypatch.chdir(tmp_path)
    for is_torn in (False, True):
        with pytest.raises(InvalidBoard) as missing:
            FileStore("tasks.yaml").read()
        assert missing.value.torn is is_torn
        FileStore("tasks.yaml").prepare()


# --- grants


def test_a_grant_is_written_once(tmp_path: Path) -> None:
    """An old worker never reads a newer token from its file. Mutant killed: the file truncated and written again."""
    grants = Grants(str(tmp_path / "claims"))
    path = grants.write("a", Claim("alice", 7, 0.0, 1.0))
    assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600
    assert grants.write("a", Claim("bob", 7, 5.0, 9.0)) == path
    assert read_grant(path) == ("a", 7, "alice", path)


def test_grants_are_found_by_task_and_name(tmp_path: Path) -> None:
    """The newest of that name; a task whose name begins alike, or a file of somebody else's, is none."""
    grants = Grants(str(tmp_path))
    for task, token, by in (("a", 2, "alice"), ("a", 10, "bob"), ("a", 9, "alice"), ("a-b", 30, "alice")):
        grants.write(task, Claim(by, token, 0.0, 1.0))
    (tmp_path / "a.x.json").write_text("{}")
    (tmp_path / "a.11.json").write_text("half a gra")
    assert grants.highest("a") == 11
    found = grants.find("a", "alice")
    assert found is not None
    assert found.token == 9
    assert grants.find("a", "carol") is None
    assert grants.highest("new") == 0


def test_a_worker_without_its_grant_is_no_person(tmp_path: Path) -> None:
    """A path that leads nowhere is told, not ignored."""
    path = Grants(str(tmp_path)).write("a", Claim("bob", 3, 0.0, 1.0))
    found = grant_of_worker({"BOARD_CLAIM": path})
    assert found is not None
    assert found.token == 3
    assert grant_of_worker({}) is None
    Path(path).unlink()
    with pytest.raises(BoardError, match="no grant"):
        grant_of_worker({"BOARD_CLAIM": path})


def test_reading_writes_nothing(tmp_path: Path) -> None:
    """Who only looks leaves no trace, takes no lock and needs no right to write."""
    (tmp_path / "tasks.yaml").write_text(TEXT)
    redactor = Redactor(home="", user="", host="", key=b"k", known={})
    Engine(FileStore(str(tmp_path / "tasks.yaml")), Journal(str(tmp_path / ".board/journal"), redactor)).read()
    assert names(tmp_path) == ["tasks.yaml"]
