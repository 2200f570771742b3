"""What looking at agents costs: `uv run python -m tests.bench.agents`. Judges and tunes nothing.

A supervisor's share of a core with fifty workers that repaint their screens ten times a second, once as agents whose
state is read and once as plain commands, in the same run; the same at rest; and how long it takes from a permission
prompt on a screen to the status that tells of it.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import psutil

from supervisor.agents.screens import TABLE, read_screen
from tests.bench.supervisor import a_house, share_of
from tests.house import House
from tests.integration.test_agents import STANDIN, crew, seen, tell
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


def prompts(house: House) -> None:
    crew(house, ("asks", "claude", "show idle-done"))
    house.start()
    eventually(lambda: seen(house, "asks").get("agent_state") == "idle", 30)
    took = []
    for _ in range(PROMPTS):
        tell(house, "asks", "show permission")
        began = time.perf_counter()
        eventually(lambda: seen(house, "asks").get("agent_state") == "asking", 30)
        took.append(time.perf_counter() - began)
        tell(house, "asks", "show idle-done")
        eventually(lambda: seen(house, "asks").get("agent_state") == "idle", 30)
    print(
        f"from a prompt on the screen to the status: median {statistics.median(took):.1f} s, {max(took):.1f} s at most"
    )


def main() -> None:
    reads()
    with a_house() as house:
        prompts(house)
    for pause, what in ((PAUSE, f"that repaint every {PAUSE:g} s"), (1e6, "at rest")):
        with a_house() as house:
            plain = repainting(house, agents=False, pause=pause)
        with a_house() as house:
            read = repainting(house, agents=True, pause=pause)
        print(f"{WORKERS} workers {what}: {plain:.2f} % of a core as commands, {read:.2f} % as agents")


if __name__ == "__main__":
    main()
