"""The leak table of the supervisor: real workers, real git, real tmux, and a secret in each thing that goes wrong.

Searched are its own stdout and stderr, every byte under `.board` but what holds the board's own text, what it wrote
into the board, and what the system shows of our processes and our tmux server.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house import House
from tests.planted import KINDS, NAMES, Several, files, holding, planted, several
from tests.programs import Ended, environment
from tests.repositories import git, isolate, repository
from tests.waiting import eventually
from tests.web_hook import web_hook

pytestmark = pytest.mark.tmux


class World:
    def __init__(self, house: House, secret: Several) -> None:
        self.house = house
        self.secret = secret
        self.text = secret.text
        self.home = str(house.folder)
        self.env = {**secret.env, "HOME": self.home}
        self.said: list[Ended] = []

    def script(self, name: str, text: str) -> None:
        """What only a file of the project says, and not the board."""
        (self.house.folder / name).write_text(text, encoding="utf-8")

    def supervisor(self, *words: str, **env: str) -> Ended:
        argv = [sys.executable, "-m", "supervisor", *words]
        done = subprocess.run(
            argv,
            cwd=self.house.folder,
            env=self.house.environment({**self.env, **env}),
            capture_output=True,
            timeout=60,
            check=False,
        )
        self.said.append(Ended(done.returncode, done.stdout.decode(), done.stderr.decode()))
        return self.said[-1]

    def faces(self) -> None:
        for words in (("status",), ("status", "--json"), ("doctor", "--json"), ("logs",), ("run", "--dry-run")):
            self.supervisor(*words)
        for task in ("a", "b"):
            self.supervisor("why", task)
            self.supervisor("logs", task)

    def passes(self, count: int = 2) -> None:
        """So many looks, each by a supervisor that leaves again."""
        for _ in range(count):
            self.supervisor("run", "--once", "-q")

    def comes(self, *events: str) -> None:
        """Looks until the journal has it."""

        def looked() -> bool:
            self.passes(1)
            return bool(self.house.journal(None, *events))

        eventually(
            looked, 15, lambda: f"{events}: {self.house.tail(None)} {self.said[-1:]} {self.supervisor('why', 'a')}"
        )

    def leaks(self, *, board: bool) -> list[str]:
        """`board`: also what was written into the board; false where the person wrote the secrets there."""
        paths = [*files(self.house.side, own=board), *([self.house.path] if board else [])]
        told = [f"{ended.out}{ended.err}" for ended in self.said]
        found = [text for text in told for secret in self.secret.secrets if secret in text]
        found += [path for secret in self.secret.secrets for path in holding(paths, secret)]
        home = re.compile(re.escape(self.home.encode()) + rb"(?![\w.-])")
        kept = files(self.house.side, own=False)
        return found + [f"$HOME in {path}" for path in kept if home.search(path.read_bytes())]

    def count(self) -> int:
        """How often the first of the secrets stands on the board."""
        return self.house.path.read_text(encoding="utf-8").count(self.secret.secrets[0])


Row = Callable[[World], bool]  # whether the board itself must be free of it


def printed(world: World) -> bool:
    """By a worker, on its terminal: cut by colours, wrapped in words, and in its last line."""
    world.script("work.sh", f"echo 'using {world.text}'; printf '\\033[31m{world.text}\\033[0m\\n'; exit 3\n")
    world.house.write("  - {id: a, run: sh ./work.sh}\n")
    world.comes("worker_output_captured")
    assert "REDACTED" in (world.house.side / "output" / "a.log").read_text()
    return True


def command_that_is_not_there(world: World) -> bool:
    world.house.write(f"  - {{id: a, run: \"./none-such '{world.text}'\"}}\n")
    world.comes("step_held")
    return False


def program_that_is_not_there(world: World) -> bool:
    """It is named in what the task waits for, which stands on the board."""
    agent = f'agents:\n  odd: {{start: ["none-such-{world.text}"]}}\n'
    world.house.write("  - {id: a, agent: odd, prompt: x}\n")
    text = world.house.path.read_text()
    world.house.path.write_text(text.replace("tasks:\n", f"{agent}tasks:\n"))
    world.comes("task_blocked")
    return False


def definition_of_done(world: World) -> bool:
    """What a command printed stays out of what the task waits for."""
    world.script("check.sh", f"echo 'no {world.text}'; exit 3\n")
    world.house.write('  - {id: a, run: "true", done_when: ["sh ./check.sh"]}\n')
    world.comes("done_check_failed")
    return True


def forge_that_refuses(world: World) -> bool:
    """A program's own words are what the task waits for. Mutant: `hands` holds it unredacted."""
    folder = world.house.folder / "bin"
    folder.mkdir()
    (folder / "gh").write_text(f"#!/bin/sh\necho 'HTTP 401 with {world.text}' >&2\nexit 1\n", encoding="utf-8")
    (folder / "gh").chmod(0o755)
    world.env["PATH"] = f"{folder}:{environment()['PATH']}"
    world.house.write('  - {id: a, run: "true", done_when: [pr]}\n')
    world.comes("task_blocked")
    assert "HTTP 401" in world.house.path.read_text()
    return True


def already_done(world: World) -> bool:
    world.script("check.sh", f"echo 'no {world.text}' >&2; exit 3\n")
    world.house.write('  - {id: a, run: "true", done_if: "sh ./check.sh"}\n')
    world.comes("worker_started")
    return True


def _with_worktrees(world: World, more: str) -> None:
    world.house.write('  - {id: a, run: "true"}\n', settings=f"  worktrees: {{enabled: true, base: main, {more}}}\n")


def setup_of_a_worktree(world: World) -> bool:
    world.script("setup.sh", f"echo '{world.text}'; echo '{world.text}' >&2; exit 3\n")
    _with_worktrees(world, f'setup: ["sh {world.house.folder}/setup.sh"]')
    world.comes("setup_failed")
    return True


def setup_that_holds_it(world: World) -> bool:
    """What the task waits for names the command: its copy in the record is redacted, and the person's own stays."""
    _with_worktrees(world, f"setup: [\"false '{world.text}'\"]")
    world.comes("setup_failed")
    assert world.count() == 1
    return False


def worktree_that_fails(world: World) -> bool:
    """git's last words, here a folder's name, are what the task waits for. Mutant: `Starter._block` unredacted."""
    git(world.house.folder, "worktree", "add", "-q", "-b", "a", str(world.house.folder.parent / world.text))
    _with_worktrees(world, "setup: []")
    world.comes("task_blocked")
    assert "REDACTED" in world.house.path.read_text()
    return True


def brief_that_is_not_there(world: World) -> bool:
    world.house.write(f'  - {{id: a, agent: sh, brief: "{world.text}.md"}}\n')
    text = world.house.path.read_text()
    world.house.path.write_text(text.replace("tasks:\n", 'agents:\n  sh: {start: ["sh", "-c", "true"]}\ntasks:\n'))
    world.comes("look_failed")
    return False


def told_to_people(world: World) -> bool:
    """By a command and over the web: what they are given, and what waits in the queue for a way that is gone.

    Mutant: neither the message nor the queue's record redacted; one alone hides behind the other.
    """
    got = world.house.folder / "got.txt"
    with web_hook() as hook:
        world.script("tell.sh", f"cat >> '{got}'; env | grep CREWBOARD_T >> '{got}'; echo 'no {world.text}'; exit 3\n")
        ways = f'to: ["{hook.url}/x", "env:NOT_SET"], command: sh ./tell.sh, group: 0'
        world.house.write(
            f"  - {{id: a, gate: human, run: \"./x '{world.text}'\"}}\n", settings=f"  notify: [{{{ways}}}]\n"
        )
        keeper = world.house.start(env=world.env)
        eventually(lambda: got.exists() and hook.bodies, 15, lambda: f"told: {world.house.tail(None)}")
        eventually(lambda: len(world.house.journal(None, "notification_failed")) >= 2, 15, "the others failed")
        world.supervisor("notify")
        world.supervisor("notify", "--json")
        world.supervisor("notify", "--test")
        told = b"".join((got.read_bytes(), *hook.bodies))
    assert told.count(b"REDACTED") >= 2
    assert [secret for secret in world.secret.secrets if secret.encode() in told] == []
    world.house.end(keeper)
    return False


def broken_board(world: World) -> bool:
    """While a supervisor keeps it: the problems stand in the status and in the journal, and it goes on."""
    world.house.write('  - {id: a, run: "sleep 60"}\n')
    keeper = world.house.start(env=world.env)
    text = world.house.path.read_text()
    world.house.path.write_text(f'{text}  - {{id: b, status: "{world.text}", "{world.text}": 1}}\n')
    world.house.happened(None, "board_broken")
    eventually(lambda: world.house.status()["board"]["problems"], 10, "the status names them")
    world.faces()
    world.house.end(keeper)
    return False


_FAULT = """\
import os, sys
if "run" in sys.orig_argv:
    import {module}
    def broken(*_):
        raise LookupError({text!r})
    {module}.{name} = broken
"""


def _broken(world: World, module: str, name: str) -> dict[str, str]:
    world.script("sitecustomize.py", _FAULT.format(module=module, name=name, text=world.text))
    return {"PYTHONPATH": f"{world.house.folder}:{environment()['PYTHONPATH']}"}


def fault_of_an_operation(world: World) -> bool:
    """One task's fault: told with its place, tried again later, and the loop goes on. Mutant: nobody catches it."""
    world.house.write('  - {id: a, run: "true", done_if: "false"}\n')
    ended = world.supervisor("run", "--once", **_broken(world, "supervisor.looks", "done_if"))
    assert ended.code == 0, ended
    told = world.house.happened("a", "internal_error_seen", within=1)
    assert str(told[0]["where"]).startswith("supervisor.")
    assert "REDACTED" in str(told[0]["problem"])
    return True


def fault_of_the_loop(world: World) -> bool:
    """It ends the supervisor: in one line, and on record. Mutant: only stderr hears of it, which nobody reads."""
    world.house.write('  - {id: a, run: "true"}\n')
    ended = world.supervisor("run", "--once", **_broken(world, "supervisor.signals", "take"))
    assert (ended.code, ended.err.count("\n")) == (1, 1), ended
    assert "REDACTED" in str(world.house.happened(None, "internal_error_seen", within=1)[0]["problem"])
    return True


def fault_beside_the_loop(world: World) -> bool:
    """What runs beside the loop is missed when it ends. Mutant: its end is heard of by nobody."""
    world.house.write('  - {id: a, run: "sleep 60"}\n')
    env = {**world.env, **_broken(world, "supervisor.vigil", "stall_limit")}
    keeper = world.house.start(ready=False, env=env)
    assert "REDACTED" in str(world.house.happened(None, "internal_error_seen")[0]["problem"])
    world.house.end(keeper)
    return True


_THREAD = """\
import os, sys, threading
def broken():
    while not os.path.exists(".board/status.json"):
        threading.Event().wait(0.05)
    raise LookupError({text!r})
if "run" in sys.orig_argv:
    threading.Thread(target=broken, daemon=True).start()
"""


def fault_of_a_thread(world: World) -> bool:
    """Also what no loop hears of is on record, for a background's stderr is read by nobody. Mutant: no listener."""
    world.house.write('  - {id: a, run: "sleep 60"}\n')
    world.script("sitecustomize.py", _THREAD.format(text=world.text))
    python_path = f"{world.house.folder}:{environment()['PYTHONPATH']}"
    keeper = world.house.start(env={**world.env, "PYTHONPATH": python_path})
    assert "REDACTED" in str(world.house.happened(None, "internal_error_seen")[0]["problem"])
    keeper.terminate()
    world.said.append(Ended(0, "", keeper.communicate(timeout=15)[1].decode()))
    assert world.said[-1].err.startswith("supervisor: internal error: LookupError")
    return True


ROWS: tuple[Row, ...] = (
    *(printed, command_that_is_not_there, program_that_is_not_there),
    *(definition_of_done, forge_that_refuses, already_done),
    *(setup_of_a_worktree, setup_that_holds_it, worktree_that_fails, brief_that_is_not_there),
    *(told_to_people, broken_board, fault_of_an_operation, fault_of_the_loop, fault_beside_the_loop, fault_of_a_thread),
)
_IN_GIT = (forge_that_refuses, setup_of_a_worktree, setup_that_holds_it, worktree_that_fails)


_IN_NAMES = (brief_that_is_not_there, worktree_that_fails)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.__name__)
def test_no_way_out_of_the_supervisor_shows_a_secret(
    tmp_path: Path, tmux_socket: str, monkeypatch: pytest.MonkeyPatch, row: Row
) -> None:
    """Mutants, each red in its rows: see there; and the status, the journal and the output unredacted."""
    isolate(monkeypatch)
    folder = tmp_path / "home"
    folder.mkdir() if row not in _IN_GIT else repository(folder)
    house = House(folder, tmux_socket)
    try:
        world = World(house, several(NAMES if row in _IN_NAMES else KINDS))
        is_free = row(world)
        world.faces()
        assert world.leaks(board=is_free) == []
    finally:
        house.close()


def test_the_system_shows_no_secret_of_ours(house: House) -> None:
    """Neither the command lines of the supervisor, the tmux server and the worker, nor tmux's options and names.

    The worker knows the secret by its environment, which others can't read.
    """
    secret = planted("known")
    house.write('  - {id: a, run: "test -n \\"$BILLING_SECRET\\" && exec sleep 60"}\n')
    house.start(env=secret.env)
    worker = house.pid("a")
    argv = ["tmux", "-L", house.socket, "-f", "/dev/null"]
    asked = [
        ["list-panes", "-a", "-F", "#{pane_pid} #{window_name} #{pane_title} #{pane_start_command} #{session_name}"],
        *(["show-options", *flags] for flags in (["-g"], ["-s"], ["-gw"], ["-p", "-t", "a"], ["-w", "-t", "a"])),
        ["display-message", "-p", "#{pid}"],
    ]
    shown = [subprocess.run([*argv, *words], capture_output=True, check=False, timeout=10).stdout for words in asked]
    pids = [worker, int(shown[-1]), house.status()["supervisor"]["pid"]]
    lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids]
    eventually(lambda: b"sleep" in Path(f"/proc/{worker}/cmdline").read_bytes(), 10, "the worker has the secret")
    assert all(shown[:1])
    assert not any(secret.secret.encode() in each for each in (*shown, *lines))
