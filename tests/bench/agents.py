"""What looking at agents costs, and how late it tells: `uv run python -m tests.bench.agents`. Judges and tunes nothing.

What a hook costs (`tests.bench.hook`); how long it takes from a permission prompt to its item in the inbox, by what a
screen shows and by what a hook says; how long from `board answer` to what the agent gets, by its hook, by keys and
typed, with a command that only says its version beside them; and a supervisor's share of a core with fifty workers that
repaint their screens twice a second, once as agents whose state is read and once as plain commands, in the same run;
the same at rest.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import time

import psutil

from board.inbox.finding import items, scene_of
from board.inbox.item import Kind
from board.store import FileStore
from supervisor.agents.screens import TABLE, read_screen
from tests.agents import agent
from tests.bench import hook
from tests.bench.supervisor import a_house, share_of
from tests.house import House
from tests.integration.test_agents import STANDIN, crew, seen, tell
from tests.integration.test_answering import Crew
from tests.screens import FOLDER, samples
from tests.waiting import eventually

WORKERS = 50
PAUSE = 0.5  # seconds between two repaints
PROMPTS = 10


def reads() -> None:
    """One screen read, by all rules for its agent."""
    took = []
    for sample in samples():
        began = time.perf_counter()
        for _ in range(50):
            read_screen(sample.agent, sample.text, 0.0)
        took.append((time.perf_counter() - began) / 50 * 1000)
    middle, most = statistics.median(took), max(took)
    print(f"one of {len(took)} screens read by {len(TABLE)} rules: median {middle:.2f} ms, {most:.2f} ms at most")


def counted(house: House, key: str, value: str) -> int:
    return sum(seen.get(key) == value for seen in house.status().get("tasks", {}).values())


def repainting(house: House, *, agents: bool, pause: float) -> float:
    argv = json.dumps([sys.executable, str(STANDIN), "--repaint", str(FOLDER / "claude"), "busy", str(pause)])
    tasks = "".join(f"  - {{id: t{n}, prompt: work, agent: mine}}\n" for n in range(WORKERS))
    house.write(tasks)
    use = "claude" if agents else "shell"
    text = house.path.read_text(encoding="utf-8").replace("max_workers: 8", f"max_workers: {WORKERS}")
    house.path.write_text(text.replace("tasks:\n", f"agents: {{mine: {{use: {use}, start: {argv}}}}}\ntasks:\n", 1))
    process = house.start()
    eventually(lambda: counted(house, "state", "running") == WORKERS, 90, "all of them run")
    if agents:
        eventually(lambda: counted(house, "agent_state", "busy") == WORKERS, 60, "all are busy")
    ours = psutil.Process(process.pid)
    return share_of([ours, *(child for child in ours.children() if "tmux" in child.name())])


def has_item(house: House) -> bool:
    """Derived as `board inbox` does it, in this process: what a command's own start takes is no part of it."""
    scene = scene_of(FileStore(str(house.path)), house.board(), (), time.time())
    return any(item.kind is Kind.PERMISSION for item in items(scene))


def told(what: str, took: list[float]) -> None:
    middle, most = statistics.median(took), max(took)
    print(f"from a prompt {what} to its item in the inbox: median {middle:.2f} s, {most:.2f} s at most")


def prompts(house: House) -> None:
    crew(house, ("asks", "claude", "show idle-done"))
    house.start()
    eventually(lambda: seen(house, "asks").get("agent_state") == "idle", 30)
    took = []
    for _ in range(PROMPTS):
        time.sleep(random.random())  # at any moment between two looks
        tell(house, "asks", "show permission")
        began = time.perf_counter()
        eventually(lambda: has_item(house), 30)
        took.append(time.perf_counter() - began)
        tell(house, "asks", "show idle-done")
        eventually(lambda: seen(house, "asks").get("agent_state") == "idle", 30)
    told("on the screen", took)


def spoken(house: House) -> None:
    """The agent writes down when it asks, and calls its hook, which is a process of its own."""
    body = f"""
hook("UserPromptSubmit", prompt="go")
for turn in range({PROMPTS}):
    wait_for(f"ask{{turn}}")
    with open(os.path.join(HERE, "asked"), "w") as file:
        file.write(repr(time.time()))
    hook("PermissionRequest", tool_name="Bash", tool_input={{"command": f"make {{turn}}"}})
    wait_for(f"go{{turn}}")
    hook("PostToolUse", tool_name="Bash")
wait_for("end")
"""
    argv = json.dumps([agent(house.folder, "claude", body)])
    house.write("  - {id: asks, prompt: work, agent: mine}\n")
    text = house.path.read_text(encoding="utf-8")
    house.path.write_text(text.replace("tasks:\n", f"agents: {{mine: {{use: claude, start: {argv}}}}}\ntasks:\n", 1))
    house.start()
    eventually(lambda: house.journal("asks", "agent_signal_seen"), 30, "its hook is heard")
    took = []
    for turn in range(PROMPTS):
        (house.folder / f"ask{turn}").touch()
        eventually(lambda: has_item(house), 30, "it asks")
        took.append(time.time() - float((house.folder / "asked").read_text()))
        (house.folder / f"go{turn}").touch()
        eventually(lambda: not has_item(house), 30, "it goes on")
    told("that a hook tells", took)


def answers(house: House) -> None:
    """From the start of the command, a process of its own, to the line that the agent writes once it has the answer."""
    made = Crew(house)
    made.has(("hook", "claude"), ("keys", "claude"), ("text", "claude"))
    words = {"hook": ("allow",), "keys": ("allow",), "text": ("go on",)}
    took: dict[str, list[float]] = {name: [] for name in (*words, "bare")}
    for turn in range(1, PROMPTS + 1):
        for name, said in words.items():
            if name == "hook":
                made.tell(name, f"ask - touch file-{turn}")
                made.does(name, "asking", f"file-{turn}")
                eventually(lambda: made.waits("hook"), 30, "its hook waits")
            else:
                made.does(name, "idle")
            if name == "keys":
                made.tell(name, "show permission")
                made.does(name, "asking")
            began = time.perf_counter()
            asking = answer_of(made, name, *said)
            eventually(lambda name=name, turn=turn: len(made.given(name)) == turn, 30, name)  # type: ignore[misc]
            took[name].append(time.perf_counter() - began)
            assert asking.wait(30) == 0, name
        began = time.perf_counter()
        assert house.says("--version").code == 0
        took["bare"].append(time.perf_counter() - began)
    ways = {"hook": "by its hook", "keys": "by keys", "text": "typed", "bare": "and all of `board --version`"}
    for name, what in ways.items():
        middle, most = statistics.median(took[name]), max(took[name])
        print(f"from `board answer` to the agent, {what}: median {middle:.2f} s, {most:.2f} s at most")


def answer_of(made: Crew, *words: str) -> subprocess.Popen[bytes]:
    house = made.house
    argv = [sys.executable, "-m", "board", "answer", "-q", *words]
    return subprocess.Popen(argv, cwd=house.folder, env=house.environment())


def main() -> None:
    hook.main()
    reads()
    for measured in (answers, spoken, prompts):
        with a_house() as house:
            measured(house)
    for pause, what in ((PAUSE, f"that repaint every {PAUSE:g} s"), (1e6, "at rest")):
        with a_house() as house:
            plain = repainting(house, agents=False, pause=pause)
        with a_house() as house:
            read = repainting(house, agents=True, pause=pause)
        print(f"{WORKERS} workers {what}: {plain:.2f} % of a core as commands, {read:.2f} % as agents")


if __name__ == "__main__":
    main()
