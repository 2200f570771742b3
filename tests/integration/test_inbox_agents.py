"""Agents that need a person, from the screen to the inbox, on real tmux: one stand-in for each thing that they ask."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from board.inbox.finding import items, scene_of
from board.inbox.snoozes import is_put_off, read
from board.store import FileStore
from supervisor.notify.badge import MARK
from supervisor.tmux import Tmux
from tests.house import House
from tests.integration.test_agents import crew, does, tell
from tests.programs import Ended
from tests.screens import FOLDER
from tests.waiting import eventually
from tests.web_hook import web_hook

pytestmark = pytest.mark.tmux


def inbox(house: House, *words: str) -> dict[str, dict[str, Any]]:
    return {each["key"]: each for each in json.loads(house.says("inbox", "--json", *words).out)["items"]}


def shows(house: House, *keys: str) -> dict[str, dict[str, Any]]:
    """Waits until these items, and no others, need somebody; then they are asked for as a person does."""
    store = FileStore(str(house.path))

    def found() -> bool:
        scene = scene_of(store, house.board(), (), time.time())
        put_off = read(store.side)
        return {item.key for item in items(scene) if not is_put_off(put_off, item, scene.now)} == set(keys)

    eventually(found, 20, lambda: f"{keys}: {inbox(house)}")
    return inbox(house)


def attach(house: House, *words: str) -> Ended:
    argv = [sys.executable, "-m", "supervisor", "attach", *words, "--board", str(house.path)]
    done = subprocess.run(argv, env=house.environment(), capture_output=True, text=True, timeout=30, check=False)
    return Ended(done.returncode, done.stdout, done.stderr)


@contextmanager
def watching(house: House) -> Iterator[Path]:
    """`board inbox --watch` in a process; the file that it writes its pages into."""
    out = house.folder / "watched"
    argv = [sys.executable, "-m", "board", "inbox", "--watch", "-q", "--board", str(house.path)]
    with out.open("w") as file, subprocess.Popen(argv, env=house.environment(), stdout=file) as process:
        yield out
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0


def test_a_prompt_is_an_item_until_it_is_answered(house: House) -> None:
    """It appears by itself where somebody watches, says where it is and what answers it, is told once, and marks its
    window; put off, it gives way to the next prompt; its supervisor's end and its own end it.

    Mutants killed: a prompt's cause without its words; what a dead supervisor saw counts.
    """
    secret = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    text = (FOLDER / "claude" / "permission.txt").read_text(encoding="utf-8")
    (house.folder / "leak.txt").write_text(text.replace("touch made-up-file", f"login {secret}"), encoding="utf-8")
    with web_hook() as hook:
        notify = f'  notify: [{{to: ["{hook.url}"], group: 0}}]\n'
        crew(house, ("asks", "claude", "show idle-done"), settings=notify)
        process = house.start()
        does(house, "asks", "idle")
        with watching(house) as out:
            tell(house, "asks", f"show {house.folder}/leak")
            eventually(lambda: out.read_text().split() == ["permission:asks"], 20, out.read_text)
        item = inbox(house)["permission:asks"]
        origin = item["origin"]
        assert item["question"].startswith("Do you want to proceed? Bash command")
        assert origin["session"] == house.status()["session"]
        assert (origin["host"], origin["board"]) == (os.uname().nodename.split(".")[0], str(house.path))
        assert (origin["task"], origin["step"], origin["folder"]) == ("asks", "main", str(house.folder))
        assert item["do"][:2] == [f"board answer asks {word}" for word in ("allow", "deny")]

        record = json.loads(attach(house, "--next", "--json").out)
        assert (record["key"], record["origin"]) == ("permission:asks", origin)
        eventually(lambda: hook.bodies, 15, lambda: house.tail(None))
        assert [each["title"] for each in hook.messages] == ["asks: permission"]
        listing = ("list-windows", "-t", f"={origin['session']}", "-F", f"#{{window_id}} #{{{MARK}}}")
        eventually(lambda: f"{origin['window']} 1" in Tmux(house.socket).run(*listing).splitlines())

        assert house.says("snooze", "permission:asks", "-q").code == 0
        assert inbox(house) == {}
        tell(house, "asks", "show permission-write")
        shows(house, "permission:asks")
        eventually(lambda: len(hook.bodies) == 2, 15, lambda: house.tail(None))
        assert "create made-up.txt" in json.dumps(hook.messages[1])
        everything = f"{record}{hook.messages}{out.read_text()}{house.says('inbox', 'asks').out}"
        assert secret[:12] not in everything
        assert "[REDACTED:" in everything

        house.end(process, signal.SIGKILL)
        assert set(inbox(house)) == {"supervisor"}


def test_each_thing_that_an_agent_needs_is_an_item_of_its_kind(house: House) -> None:
    """A question, a dialog of its first run, a refused login, a service that failed, a limit without an end; and each
    is over when the agent goes on. A limit that says until when needs nobody. Mutant: each kind left out."""
    crew(
        house,
        ("color", "claude", "show question"),
        ("trust", "codex", "show trust"),
        ("login", "claude", "show login"),
        ("broke", "claude", "show api-error"),
        ("rate", "claude", "show rate-limit"),
        ("until", "codex", "show usage-limit"),
    )
    house.start()
    keys = ("question:color", "question:trust", "login:login", "login:broke", "limit:rate")
    found = shows(house, *keys)
    assert found["question:color"]["question"].startswith("Which color?")
    assert found["question:color"]["do"][0] == 'board answer color "..."'
    assert "first-run dialog (trust-dialog): Trust this folder?" in found["question:trust"]["question"]
    assert found["login:login"]["question"].startswith("its login was refused: Invalid API key")
    assert found["login:broke"]["question"].startswith("its service failed: API Error: 529")
    assert found["limit:rate"]["question"].endswith("nobody knows until when")
    does(house, "until", "limited")
    for each in found.values():
        assert all(value for name, value in each["origin"].items() if name != "branch"), each
        assert each["since"] is not None
    for key in keys:
        tell(house, key.partition(":")[2], "show busy")
    shows(house)
