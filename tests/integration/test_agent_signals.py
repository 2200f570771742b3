"""What agents say of themselves reaches the supervisor: real process trees, real tmux, a supervisor that is down."""

from __future__ import annotations

import json
import signal
from functools import partial
from random import Random
from string import ascii_letters, digits
from typing import Any

import pytest

from tests.agents import agent, hook, payload, waiting
from tests.house import House
from tests.waiting import eventually

pytestmark = pytest.mark.tmux


def told(house: House, task: str) -> list[str]:
    return [str(line["state"]) for line in house.journal(task, "agent_signal_seen")]


def says(house: House, task: str, state: str) -> dict[str, Any]:
    return eventually(
        lambda: next((each for each in house.journal(task, "agent_signal_seen") if each["state"] == state), None) or {},
        15,
        lambda: f"{task} says {state}: {house.tail(task)}",
    )


def left_behind(house: House, task: str) -> bool:
    return any(each.get("background_count") for each in house.journal(task, "agent_signal_seen"))


def go(house: House, name: str) -> None:
    (house.folder / name).touch()


def test_an_agent_that_asks_is_seen_and_its_secret_is_not(house: House) -> None:
    """The question is told, redacted, and lies nowhere else; each file is gone once it was read.
    Mutants killed: the text written as it came; files that stay."""
    token = "ghp_" + "".join(Random(7).choices(ascii_letters + digits, k=36))
    body = f"""
hook("SessionStart", source="startup")
hook("UserPromptSubmit", prompt="use {token}")
hook("PermissionRequest", tool_name="Bash", tool_input={{"command": "deploy --token {token}"}})
wait_for("answered")
hook("PostToolUse", tool_name="Bash")
hook("Stop", background_tasks=[], session_crons=[])
wait_for("end")
"""
    house.write(f"  - {{id: t, run: {agent(house.folder, 'claude', body)}}}\n")
    house.start()
    asked = says(house, "t", "asking")
    assert (asked["agent"], asked["source"], asked["worker"]) == ("claude", "hook", "t.1")
    need = house.happened("t", "agent_asked")[0]
    assert (need["source"], need["rule"]) == ("hook", "Bash")
    assert "deploy --token [REDACTED:" in need["question"]
    assert "question" not in asked
    go(house, "answered")
    says(house, "t", "idle")
    eventually(lambda: not waiting(house.side), 5, "every file is read")
    everything = [path for path in house.side.rglob("*") if path.is_file()]
    assert not [path for path in everything if token.encode() in path.read_bytes()]
    go(house, "end")


def test_signals_of_a_worker_count_while_the_supervisor_was_down(house: House) -> None:
    """What was said meanwhile is read in its order by the next supervisor, and what was said before is still known: an
    agent that waits says nothing more. Mutants killed: what was heard isn't kept; the order of the folder's listing."""
    body = """
hook("UserPromptSubmit", prompt="go")
hook("PermissionRequest", tool_name="Bash", tool_input={"command": "first"})
wait_for("down")
for event in ("PostToolUse", "PreToolUse"):
    hook(event, tool_name="Bash")
hook("PermissionRequest", tool_name="Bash", tool_input={"command": "second"})
open(os.path.join(HERE, "said"), "w").close()
wait_for("end")
"""
    house.write(f"  - {{id: t, run: {agent(house.folder, 'claude', body)}}}\n")
    first = house.start()
    says(house, "t", "asking")
    house.end(first, signal.SIGKILL)
    before = len(told(house, "t"))
    house.start()
    house.happened("t", "worker_adopted")
    go(house, "down")
    eventually(lambda: [each["question"] for each in house.journal("t", "agent_asked")][-1:] == ["second"], 15)
    again = house.journal("t", "agent_signal_seen")[before:]
    assert [line["state"] for line in again] in (
        ["asking"],
        ["busy", "asking"],
    )  # read together, or one after the other
    assert again[0]["state_was"] == "asking"
    go(house, "end")


def test_nobody_else_speaks_for_the_worker(house: House) -> None:
    """A stale attempt's mark, a process outside the tree, an agent that the worker's agent started: each is told once,
    and changes nothing; nor does a sub-agent that ends. Mutants killed: each of these let through."""
    nested = agent(house.folder, "codex", 'hook("PermissionRequest", agent="codex", tool_name="Bash")')
    body = f"""
hook("UserPromptSubmit", prompt="go")
hook("PreToolUse", tool_name="Bash")
subprocess.run(["sh", "-c", "{nested}; true"], check=True)
hook("SubagentStop", agent_id="a1")
hook("Stop", env={{"CREWBOARD_ATTEMPT": ENV["CREWBOARD_ATTEMPT"][:-1] + "7"}})
hook("Stop", env={{"BOARD_CLAIM": "/nowhere/t.1.json"}})
hook("Stop", raw="{{no json")
with open(os.path.join(HERE, "env"), "w") as file:
    json.dump({{name: ENV[name] for name in ("BOARD_CLAIM", "CREWBOARD_ATTEMPT")}}, file)
wait_for("outside")
hook("Notification", notification_type="permission_prompt", message="now")
wait_for("end")
"""
    house.write(f"  - {{id: t, run: {agent(house.folder, 'claude', body)}}}\n")
    house.start()
    house.wrote("env")
    foreign = json.loads((house.folder / "env").read_text())
    hook(payload("Stop"), foreign)
    eventually(lambda: len(house.journal("t", "agent_signal_ignored")) == 4, 15, lambda: str(house.tail("t")))
    go(house, "outside")
    says(house, "t", "asking")
    assert told(house, "t") == ["busy", "asking"]
    assert {line["problem"] for line in house.journal("t", "agent_signal_ignored")} == {
        "one an earlier attempt's",
        "one from an agent that the worker started",
        "one from outside the worker's process tree",
        "no JSON came",
    }
    go(house, "end")


def test_work_in_the_background_is_not_done(house: House) -> None:
    """Whether the agent says so itself or its process tree shows it; and it is done when that has ended. What ran
    before the turn is no work of it. Mutants killed: each of the two ignored; everything in the tree counted."""
    claude = """
hook("UserPromptSubmit", prompt="go")
hook("Stop", background_tasks=[{"id": "b1", "status": "running"}], session_crons=[])
hook("Notification", notification_type="idle_prompt", message="waits")
wait_for("woken")
hook("Stop", background_tasks=[{"id": "b1", "status": "completed"}], session_crons=[])
wait_for("end")
"""
    gemini = """
server = subprocess.Popen(["sleep", "1000"])
hook("BeforeAgent", agent="gemini", prompt="go")
work = subprocess.Popen(["sleep", "1000"])
hook("AfterAgent", agent="gemini")
wait_for("woken")
work.kill()
work.wait()
wait_for("end")
"""
    tasks = (
        f"  - {{id: {name}, run: {agent(house.folder, name, body)}}}\n"
        for name, body in (("claude", claude), ("gemini", gemini))
    )
    house.write("".join(tasks))
    house.start()
    for name in ("claude", "gemini"):
        eventually(partial(left_behind, house, name), 15)
        assert told(house, name)[-1] == "busy"
    go(house, "woken")
    for name in ("claude", "gemini"):
        says(house, name, "idle")
        assert "idle" not in told(house, name)[:-1]
    go(house, "end")
