"""The leak table of the command lines: whatever goes wrong with a secret in hand, no way out holds it.

Searched are stdout, stderr and every byte under `.board` but what holds the board's own text: the grants, the lock, the
history, the derived cache of records, an editor's copy. What a person wrote into the board is theirs, and `board show`
shows it; what a command says back on success are the words that it was just given.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.planted import KINDS, Planted, files, holding, planted
from tests.programs import Ended, board, environment

BOARD = """\
version: 1
tasks:
  - {id: api, title: Build it}
  - {id: ship, title: Ship it, done_when: ["sh ./check.sh"]}
"""


class World:
    """A folder with a board, and everything that its processes said."""

    def __init__(self, folder: Path, secret: Planted) -> None:
        self.folder = folder
        self.secret = secret
        self.text = secret.text
        self.side = folder / ".board"
        self.said: list[Ended] = []
        self.write(BOARD)

    def write(self, text: str) -> None:
        (self.folder / "tasks.yaml").write_text(text, encoding="utf-8")

    def fails(self, *words: str, code: int | None = None, env: dict[str, str] | None = None) -> None:
        """Each as people see it and as scripts do; `code` is how it ends."""
        for more in ((), ("--json",)):
            self.says(*words, *more, code=code, env=env)
            assert self.said[-1].code != 0, (words, self.said[-1])

    def says(self, *words: str, code: int | None = None, env: dict[str, str] | None = None) -> Ended:
        ended = board(*words, cwd=self.folder, env={**self.secret.env, **(env or {})})
        assert code is None or ended.code == code, (words, ended)
        self.said.append(ended)
        return ended

    def does(self, *words: str, env: dict[str, str] | None = None) -> None:
        """Goes well; what it says back isn't searched."""
        ended = board(*words, cwd=self.folder, env={**self.secret.env, **(env or {})})
        assert ended.code == 0, (words, ended)

    def supervisor(self, *words: str) -> None:
        argv = [sys.executable, "-m", "supervisor", *words]
        env = environment(**self.secret.env, TMUX_TMPDIR=str(self.folder))
        done = subprocess.run(argv, cwd=self.folder, env=env, capture_output=True, timeout=60, check=False)
        self.said.append(Ended(done.returncode, done.stdout.decode(), done.stderr.decode()))

    def python(self, program: str, env: dict[str, str] | None = None) -> None:
        """A program that goes wrong in its own way, with our hooks in place. It reads the secret from its stdin."""
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=self.folder,
            env=environment(**self.secret.env, **(env or {})),
            input=self.text.encode(),
            capture_output=True,
            timeout=60,
            check=False,
        )
        self.said.append(Ended(done.returncode, done.stdout.decode(), done.stderr.decode()))

    def plant(self, name: str, content: str) -> None:
        path = self.side / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

    def journal(self) -> str:
        return "".join(path.read_text(encoding="utf-8") for path in sorted((self.side / "journal").glob("*")))

    def leaks(self, planted_files: tuple[str, ...] = ()) -> list[str]:
        told = [f"{ended.out}{ended.err}" for ended in self.said]
        found = [text for text in told if self.secret.secret in text]
        kept = [path for path in files(self.side, own=False) if str(path.relative_to(self.side)) not in planted_files]
        return found + holding(kept, self.secret.secret)


Row = Callable[[World], tuple[str, ...] | None]


# --- words that a command can't use


def unknown_words(world: World) -> None:
    world.fails("claim", "api", world.text, world.text, code=2)
    world.fails("block", "api", f"--{world.text}", code=2)
    world.fails(world.text, code=2)
    world.fails(f"--{world.text}", code=2)


def wrong_values(world: World) -> None:
    world.fails("list", "--status", world.text, code=2)
    world.fails("history", "--limit", world.text, code=2)
    world.fails("log", "--event", world.text, code=2)
    world.fails("log", "--since", world.text, code=2)
    world.fails("log", "--grep", f"({world.text}", code=2)
    world.fails("claim", "api", "--ttl", world.text, code=2)


def no_such_thing(world: World) -> None:
    world.fails("show", world.text, code=4)
    world.fails("why", world.text, code=4)
    world.fails("claim", world.text, code=4)
    world.fails("list", env={"BOARD_FILE": world.text}, code=3)
    world.fails("--board", f"{world.text}/tasks.yaml", "list", code=3)
    world.fails("history", "show", world.text)
    world.fails("edit", env={"EDITOR": f"./{world.text}"})


# --- a board that can't be used


def torn_line(world: World) -> None:
    world.write(f'version: 1\ntasks:\n  - id: a\n    title: "{world.text}\n  - {{id: b\n')
    _every_reader_fails(world)


def line_that_is_no_yaml(world: World) -> None:
    world.write(f"version: 1\ntasks:\n  - id: a\n    token: {world.text}: : @{world.text}\n   bad: {world.text}\n")
    _every_reader_fails(world)


def wrong_record(world: World) -> None:
    world.write(
        f'version: 1\n"{world.text}": 1\ntasks:\n  - id: "{world.text}"\n    status: "{world.text}"\n'
        f'    "{world.text}": "{world.text}"\n    after: ["{world.text}"]\n    priority: "{world.text}"\n'
        f'    agent: "{world.text}"\n    claim: "{world.text}"\n    stall_after: "{world.text}"\n'
        f'    steps: [{{id: "{world.text}", gate: "{world.text}"}}]\n'
    )
    _every_reader_fails(world)


def _every_reader_fails(world: World) -> None:
    for words in (("check",), ("list",), ("claim", "a"), ("why", "a"), ("add", "x")):
        world.fails(*words, code=3)
    world.supervisor("status")
    world.supervisor("status", "--json")
    world.supervisor("doctor")
    world.supervisor("doctor", "--json")
    world.supervisor("run", "--once")
    assert any("tasks.yaml:" in ended.err for ended in world.said)


def edit_that_is_no_board(world: World) -> None:
    editor = world.folder / "editor.sh"
    editor.write_text(f'#!/bin/sh\necho \'  - {{id: "{world.text}", status: "{world.text}"}}\' >> "$1"\n')
    editor.chmod(0o755)
    world.fails("edit", env={"EDITOR": str(editor)}, code=3)


# --- what is refused, and what is on record


def refused_writes(world: World) -> None:
    world.does("claim", "api", "--as", "old")
    grant = str(world.side / "claims" / "api.1.json")
    world.does("release", "api", "--as", "old")
    world.does("claim", "api", "--as", "new")
    stale = {"BOARD_CLAIM": grant, "BOARD_TASK": "api"}
    world.fails("checkpoint", "--note", world.text, env=stale, code=5)
    world.fails("block", "--on", world.text, env=stale, code=5)
    world.fails("fail", "--why", world.text, env=stale, code=5)
    world.fails("checkpoint", "--note", f"a\n{world.text}\x1b[0m", env=stale, code=5)
    world.fails("claim", "api", "--as", world.text, code=5)
    assert world.journal().count("write_refused") >= 4


def writes_on_record(world: World) -> None:
    world.does("claim", "api", "--as", "ann")
    world.does("start", "api", "--as", "ann")
    world.does("checkpoint", "api", "--note", world.text, "--as", "ann")
    world.does("block", "api", "--on", world.text, "--as", "ann")
    world.does("unblock", "api")
    world.does("cancel", "api", "--why", world.text)
    world.does("reopen", "api")
    world.does("claim", "ship", "--as", "ann")
    world.does("done", "ship", "--force", "--why", world.text, "--as", "ann")
    assert "REDACTED" in world.journal()
    world.says("log", code=0)
    world.says("log", "--json", code=0)


def held_by(world: World) -> None:
    """A name is a text as well: who is refused is told who holds it."""
    world.does("claim", "api", "--as", world.text)
    world.fails("claim", "api", "--as", "ann", code=5)


def merged_by_hand(world: World) -> None:
    """Two wrote other titles while an editor was open: both stand in the journal and on stderr."""
    editor = world.folder / "editor.sh"
    lines = [f"sed -i \"s|title: Build it|title: '{whose} {world.text}'|\"" for whose in ("ours", "theirs")]
    editor.write_text(f'#!/bin/sh\n{lines[0]} tasks.yaml\n{lines[1]} "$1"\n')
    editor.chmod(0o755)
    assert world.says("edit", code=0, env={"EDITOR": str(editor)}).err.count("REDACTED") == 2


# --- what commands of the board print


def definition_of_done(world: World) -> None:
    (world.folder / "check.sh").write_text(f"echo '{world.text}'; echo 'more {world.text}' >&2; exit 3\n")
    world.does("claim", "ship", "--as", "ann")
    world.fails("done", "ship", "--as", "ann", code=5)
    assert "done_check_failed" in world.journal()


def item_of_done(world: World) -> None:
    world.write(f"version: 1\ntasks:\n  - {{id: ship, done_when: [\"echo '{world.text}'; exit 3\"]}}\n")
    world.does("claim", "ship", "--as", "ann")
    world.fails("done", "ship", "--as", "ann", code=5)


# --- files that aren't what they should be


def paths_in_the_way(world: World) -> None:
    """A folder where a file is wanted, a file where a folder is; their names are in the system's own words."""
    odd = world.folder / world.text
    odd.mkdir(parents=True)
    (odd / "tasks.yaml").mkdir()
    (odd / "other.yaml").write_text(BOARD)
    (odd / ".board").write_text("no folder")
    world.fails("--board", f"{world.text}/tasks.yaml", "list")
    world.fails("--board", f"{world.text}/tasks.yaml", "claim", "api")
    world.fails("--board", f"{world.text}/other.yaml", "claim", "api")
    world.supervisor("doctor", "--board", f"{world.text}/other.yaml")
    world.supervisor("run", "--once", "--board", f"{world.text}/other.yaml")


def status_of_another(world: World) -> tuple[str, ...]:
    """A status that somebody else wrote, or an older version with fewer rules."""
    seen = dict.fromkeys(("status", "step", "state", "why", "seen", "source", "sure", "rule", "next"), world.text)
    view = {"v": 1, "at": "2026-11-20T10:13:00Z", "tasks": {"api": {**seen, "do": [world.text]}, world.text: seen}}
    more = {"supervisor": {"by": world.text, "pid": 1, "ticks": 1}, "incident": {"cause": world.text, "at": world.text}}
    world.plant("status.json", json.dumps({**view, **more, "session": world.text, "socket": world.text}))
    for words in (("status",), ("status", "--json"), ("why", "api"), ("doctor",), ("stop",)):
        world.supervisor(*words)
    world.says("why", "api", code=0)
    world.says("why", "api", "--json", code=0)
    assert any("REDACTED" in ended.out for ended in world.said)
    return ("status.json",)


def damaged_files(world: World) -> tuple[str, ...]:
    """Cut in the middle, with the secret in what is left."""
    world.does("claim", "api", "--as", "ann")
    for path in files(world.side, own=True):
        if path.name != "lock" and "claims" not in path.parts:
            path.write_text('{"' + world.text)
    world.plant("status.json", '{"tasks": {"api": "' + world.text)
    world.plant("supervisor.lock", '{"by": "' + world.text)
    world.plant("requests/a.json", '{"kind": "' + world.text)
    for words in (("list",), ("show", "api"), ("why", "api"), ("log",), ("history",), ("history", "diff"), ("check",)):
        world.says(*words)
    world.says("claim", "ship", "--as", "bob")
    world.supervisor("status")
    world.supervisor("doctor")
    world.supervisor("stop")
    return tuple(str(path.relative_to(world.side)) for path in files(world.side, own=False))


def journal_of_another(world: World) -> tuple[str, ...]:
    """Lines that were written under fewer rules: whole, torn, and none of ours."""
    line = {"ts": "2026-11-20T10:13:00.000Z", "level": "warn", "event": "decision_made", "task": "api"}
    fields = {"rule": world.text, "seen": world.text, "why": world.text, world.text: world.text}
    whole = json.dumps({**line, **fields, "v": 1})
    world.plant("journal/2026-11-20.jsonl", f"{whole}\nno json {world.text}\n{whole[:-9]}")
    for words in (("log",), ("log", "--json"), ("why", "api"), ("why", "api", "--json")):
        assert "REDACTED" in world.says(*words, code=0).out
    return ("journal/2026-11-20.jsonl",)


def grant_of_another(world: World) -> None:
    world.does("claim", "api", "--as", "ann")
    (world.folder / "grant.json").write_text(f'{{"by": "{world.text}", "token": "{world.text}"}}')
    for path in ("grant.json", world.text):
        world.says("renew", "api", env={"BOARD_CLAIM": path})
        world.says("checkpoint", "api", "--note", "x", env={"BOARD_CLAIM": path})


# --- what nobody foresaw

_BROKEN = """\
import os, sys
import board.queries
def broken(*_):
    held = {text!r}  # a source line and a local that hold it
    raise LookupError(held, {text!r})  # and the exception itself
board.queries.waits_for = broken
"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("debug", [False, True])
def test_an_unforeseen_exception(tmp_path: Path, kind: str, *, debug: bool) -> None:
    """Its message, its source lines and its locals: none of them shows a secret, with a trace-back or without.

    A trace-back is handed on, so it doesn't show the person's home either. Mutants: `failure.lines` unredacted; the
    trace-back printed as Python prints it; `outlet.report` as for a terminal.
    """
    world = World(tmp_path, planted(kind))
    (tmp_path / "sitecustomize.py").write_text(_BROKEN.format(text=world.text))
    env = {"PYTHONPATH": f"{tmp_path}:{environment()['PYTHONPATH']}", **({"BOARD_DEBUG": "1"} if debug else {})}
    env["HOME"] = str(tmp_path)
    world.fails("list", env=env, code=1)
    assert str(tmp_path) not in world.said[0].err
    assert ("Traceback" in world.said[0].err) is debug
    assert world.said[0].err.count("REDACTED") >= (2 if debug else 1)
    assert world.leaks() == []


_START = "import sys\nfrom board.cli import guard, hooks\nguard('supervisor')\nhooks.guard_threads('supervisor')\n"
_START += "text = sys.stdin.read()\n"
_ENDS = {
    "main thread": "raise LookupError(text)",
    "another thread": "import threading\ndef f():\n    raise LookupError(text)\nt = threading.Thread(target=f)\n"
    "t.start()\nt.join()",
    "what can't be raised": "class X:\n    def __del__(self):\n        raise LookupError(text)\nX()",
    "a task nobody waits for": "import asyncio, gc\nfrom supervisor import faults\n"
    "async def f(x):\n    raise LookupError(x)\nasync def g():\n"
    "    faults.listen(asyncio.get_running_loop(), lambda error: hooks.tell('supervisor', error))\n"
    "    asyncio.create_task(f(text), name=text)\n    await asyncio.sleep(0)\n    await asyncio.sleep(0)\n"
    "    gc.collect()\n"
    "asyncio.run(g())",
    "a call of the loop's": "import asyncio\nfrom supervisor import faults\n"
    "def f(x):\n    raise LookupError(x)\nasync def g():\n"
    "    faults.listen(asyncio.get_running_loop(), lambda error: hooks.tell('supervisor', error))\n"
    "    asyncio.get_running_loop().call_soon(f, text)\n    await asyncio.sleep(0)\n    await asyncio.sleep(0)\n"
    "asyncio.run(g())",
    "an exception that can't be shown": "class X(Exception):\n    def __str__(self):\n        raise LookupError(text)\n"
    "    __repr__ = __str__\nraise X(text)",
    "one behind another": "try:\n    raise LookupError(text)\nexcept LookupError:\n"
    "    raise ValueError('more ' + text)",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", _ENDS)
@pytest.mark.parametrize("debug", [False, True])
def test_the_last_resort(tmp_path: Path, how: str, kind: str, *, debug: bool) -> None:
    """Whatever escapes every handler is told, in one line unless somebody asked for more, and without the secret.

    Mutants: no `sys.excepthook`, no `threading.excepthook`, no `sys.unraisablehook`, no handler of the loop.
    """
    world = World(tmp_path, planted(kind))
    world.python(_START + _ENDS[how], {"BOARD_DEBUG": "1"} if debug else None)
    err = world.said[0].err
    assert "supervisor: internal error: " in err
    assert debug or err.count("\n") == 1, err
    assert ("Traceback" in err) is debug
    assert world.leaks() == []


ROWS: tuple[Row, ...] = (
    *(unknown_words, wrong_values, no_such_thing),
    *(torn_line, line_that_is_no_yaml, wrong_record, edit_that_is_no_board),
    *(refused_writes, writes_on_record, held_by, merged_by_hand),
    *(definition_of_done, item_of_done),
    *(paths_in_the_way, status_of_another, damaged_files, journal_of_another, grant_of_another),
)


# A folder's name is no address: `https:/dev:...` has lost the slash that made it one.
CASES = [(row, kind) for row in ROWS for kind in KINDS if (row, kind) != (paths_in_the_way, "url")]


@pytest.mark.parametrize(("row", "kind"), CASES, ids=lambda each: getattr(each, "__name__", each))
def test_no_way_out_shows_a_secret(tmp_path: Path, row: Row, kind: str) -> None:
    """Mutants, each red in its rows: errors, JSON errors, doctor, status, why and log unredacted."""
    world = World(tmp_path, planted(kind))
    own = row(world) or ()
    assert world.said or world.journal()
    assert world.leaks(own) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("may not mount")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], capture_output=True, check=False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_shows_no_secret(small_disk: Path, kind: str) -> None:
    """A write that finds no room is refused in words of its own, and leaves nothing half-said under `.board`."""
    world = World(small_disk, planted(kind))
    world.does("claim", "api", "--as", "ann")
    with suppress(OSError), (small_disk / "filler").open("wb", buffering=0) as filler:
        while filler.write(b"x" * 4096):
            pass
    world.fails("checkpoint", "api", "--note", world.text * 20, "--as", "ann", code=1)
    world.fails("fail", "api", "--why", world.text, "--as", "ann", code=1)
    world.supervisor("doctor")
    assert world.leaks() == []


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    """The table can fail: a secret that was written is found, in a file, in its name, and in what was said."""
    world = World(tmp_path, planted("forge"))
    assert world.leaks() == []
    world.plant("journal/a", f"x{world.text}x")
    world.plant(f"output/{world.text}.log", "")
    world.says("show", "api", code=0)
    world.said.append(Ended(0, world.text, ""))
    assert len(world.leaks()) == 3


def test_places_stay_for_people_and_scripts_but_not_in_files(tmp_path: Path) -> None:
    """An error names its file as it can be opened; what is written under `.board` has `~` for the person's home."""
    world = World(tmp_path, planted("forge"))
    home = {"HOME": str(tmp_path)}
    (tmp_path / "check.sh").write_text('echo "$HOME/x"; exit 3\n')
    world.does("claim", "ship", "--as", "ann", env=home)
    world.says("done", "ship", "--as", "ann", "--json", env=home, code=5)
    world.says("done", "ship", "--force", "--why", f"see {tmp_path}/x", "--as", "ann", env=home, code=0)
    assert "~/x" in world.journal()
    assert holding(files(world.side, own=False), str(tmp_path)) == []
    world.write("version: 1\ntasks: 3\n")
    error = json.loads(world.says("--board", str(tmp_path / "tasks.yaml"), "list", "--json", env=home, code=3).out)
    assert Path(error["error"]["problems"][0]["path"]).is_file()
    assert world.said[-1].err.startswith(f"{tmp_path}/tasks.yaml:2:8: ")
