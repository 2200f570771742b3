"""What agents do, seen on real tmux: stand-ins that show captured screens, set titles, ring and keep status files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from supervisor.panes import BELLS_OPTION
from supervisor.processes import identify, is_alive
from supervisor.tmux import Tmux
from tests.house import House
from tests.screens import FOLDER
from tests.waiting import eventually

pytestmark = pytest.mark.tmux

STANDIN = Path(__file__).parent.parent / "standin.py"


def crew(house: House, *tasks: tuple[str, ...], settings: str = "", more: str = "") -> None:
    """Tasks by id, agent and first words; each obeys the named pipe of its id."""
    lines, agents = [], []
    for name, agent, *first in tasks:
        os.mkfifo(house.folder / name)
        argv = json.dumps([sys.executable, str(STANDIN), str(FOLDER / agent), str(house.folder / name), *first])
        env = json.dumps({"CLAUDE_CONFIG_DIR": str(house.folder / "config")})
        agents.append(f"  {name}: {{use: {agent}, start: {argv}, resume: {argv}, env: {env}}}\n")
        lines.append(f"  - {{id: {name}, prompt: work, agent: {name}, resumable: true, on_stall: restart}}\n")
    house.write("".join(lines) + more, settings=settings)
    text = house.path.read_text(encoding="utf-8")
    house.path.write_text(text.replace("tasks:\n", f"agents:\n{''.join(agents)}tasks:\n", 1), encoding="utf-8")


def tell(house: House, task: str, *lines: str) -> None:
    with (house.folder / task).open("w", encoding="utf-8") as pipe:
        pipe.write("".join(f"{line}\n" for line in lines))


def seen(house: House, task: str) -> dict[str, Any]:
    found: dict[str, Any] = house.status().get("tasks", {}).get(task, {})
    return found


def _sources(house: House, task: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = seen(house, task).get("agent_sources") or []
    return [each for each in found if each["stands"]]


def does(house: House, task: str, state: str, source: str | None = "screen") -> dict[str, Any]:
    """Waits until this task's agent is told to do so, on this source's word."""

    def found() -> bool:
        return (seen(house, task).get("agent_state"), seen(house, task).get("agent_source")) == (state, source)

    eventually(found, 20, lambda: f"{task} is {state} by {source}: {seen(house, task)}")
    return seen(house, task)


def explain(house: House, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "supervisor", "explain", *words, "--board", str(house.path)]
    return subprocess.run(argv, env=house.environment(), capture_output=True, text=True, timeout=30, check=False)


def test_what_agents_do_is_told_with_its_source_and_rule(house: House) -> None:
    """By screen, title and status file; who asks is told once with its question, is never ended for its silence, and
    is told again when it goes on; who is no agent isn't read.

    Mutants: a need is a stall; the question told raw; told at each look; a file believed that is another process'; the
    order of trust is the table's, or that of the start.
    """
    secret = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    asked = (FOLDER / "claude" / "permission.txt").read_text(encoding="utf-8")
    (house.folder / "leak.txt").write_text(asked.replace("touch made-up-file", f"login {secret}"), encoding="utf-8")
    crew(
        house,
        ("asks", "claude", f"show {house.folder}/leak"),
        ("filed", "claude", "show idle", "file waiting"),
        ("limited", "codex", "show usage-limit"),
        ("titled", "codex", "title [ ! ] Action Required | repo"),
        ("refused", "gemini", "show error"),
        ("spoken", "codex", "show idle", "say \x1b]7501;state=blocked:app=codex:kind=permission\x1b\\"),
        settings="  stall_after: 4s\n",
        more='  - {id: plain, run: "echo Do you want to proceed?; sleep 1000"}\n',
    )
    house.start()
    view = does(house, "asks", "asking")
    assert (view["state"], view["agent_rule"]) == ("asking", "permission-prompt")
    assert "Do you want to proceed?" in view["question"]
    told = house.happened("asks", "agent_asked")[0]
    assert (told["rule"], told["source"], told["sure"]) == ("permission-prompt", "screen", "likely")
    assert "[REDACTED:" in told["question"]
    assert secret[:12] not in f"{told}{view}"
    assert "waits for an answer (permission-prompt" in house.says("why", "asks").out

    assert does(house, "filed", "asking", "file")["agent_rule"] == "waiting"
    view = does(house, "limited", "limited")
    assert view["agent_until"] is not None
    assert house.happened("limited", "agent_limited")[0]["rule"] == "usage-limit"
    assert does(house, "titled", "asking", "title")["agent_rule"] == "action-required"
    assert does(house, "spoken", "asking", "signal")["agent_rule"] == "blocked, permission"
    assert does(house, "refused", "failed")["agent_rule"] == "error"
    assert "API key not valid" in house.happened("refused", "agent_failed")[0]["said"]
    assert (seen(house, "plain")["agent_state"], seen(house, "plain")["agent_sources"]) == (None, [])

    # `plain` is as silent as the others and has stalled by now; of those that need a person nobody was ended.
    house.happened("plain", "worker_stalled")
    assert all(is_alive(identify(house.pid(name)) or pytest.fail(name)) for name in ("asks", "limited", "titled"))
    assert len(house.journal("asks", "agent_asked")) == 1

    page = explain(house, "asks").stdout
    assert "asks: asking, says its screen (permission-prompt) for " in page
    assert secret[:12] not in page
    record = json.loads(explain(house, "filed", "--json").stdout)
    sources = {each["source"]: each for each in record["agent_sources"]}
    assert record["agent_source"] == "file"
    assert sources["screen"]["state"] == "idle"
    assert "no: file goes before it" in explain(house, "filed").stdout
    assert explain(house, "nobody").returncode == 4
    assert "listens    hook, file, bell, screen\n" in explain(house, "filed").stdout
    tell(house, "filed", "show permission")
    eventually(lambda: ["screen", "asking"] in [[each["source"], each["state"]] for each in _sources(house, "filed")])
    # A profile's own order holds for who runs already.
    text = house.path.read_text(encoding="utf-8")
    house.path.write_text(
        text.replace("  filed: {use: claude,", "  filed: {use: claude, reads: [screen, file],", 1), encoding="utf-8"
    )
    does(house, "filed", "asking", "screen")
    page = explain(house, "filed").stdout
    assert "listens    screen, file\n" in page
    assert "no: screen goes before it" in page

    tell(house, "asks", "show idle-done")
    does(house, "asks", "idle")
    assert house.happened("asks", "worker_resumed")[0]["source"] == "screen"
    text = house.path.read_text(encoding="utf-8")
    house.path.write_text(text.replace("reads: [screen, file]", "reads: [file, screen]", 1), encoding="utf-8")
    tell(house, "filed", "file busy")
    does(house, "filed", "busy", "file")


def test_a_bell_is_counted_by_the_server(tmux_socket: str, tmp_path: Path) -> None:
    """Each bell of a window, also between two looks, and nobody has to be attached. Mutant: no hook."""
    tmux = Tmux(tmux_socket)
    tmux.ensure_server_and_session("crew", str(tmp_path))
    tmux.run("new-window", "-d", "-t", "=crew:", "-n", "rings", "printf '\\a'; sleep 0.1; printf '\\a'; sleep 1000")
    eventually(
        lambda: tmux.run("list-windows", "-t", "=crew", "-F", f"#W #{{{BELLS_OPTION}}}").splitlines()[1:] == ["rings 2"]
    )
