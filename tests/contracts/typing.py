"""The contract of a turn that ends unfinished, and of words that a person sends to an agent that is idle."""

from __future__ import annotations

import subprocess

from tests.contracts.bodies import Case, comes_to, crew, seen, shown
from tests.contracts.rig import Rig
from tests.house import House
from tests.waiting import eventually

TASK = "stops"
TEXTS = (
    "one plain-word line",
    'first line plain-word\nsecond, (c) `d` $HOME "e" é漢\n\n  a deep one',
    "plain-word " * 120,
)
LONG = "\n".join(f"line {number} of a long plain-word text" for number in range(40))


def stops_and_is_told(house: House, rig: Rig) -> None:
    """Idle and not done it is asked once, and then a person's. What the person then sends arrives once and whole, of
    one line and of many, also where the agent shows a placeholder for it; over somebody's draft nothing is typed."""
    crew(house, rig, str(rig.kind.screen), [Case(TASK, "HELLO")])
    house.start(env=rig.environment())
    eventually(lambda: _waits(house), 2 * rig.patience, lambda: f"{shown(house, TASK)} {house.tail(TASK)}")
    assert _arrivals(rig, "is neither finished nor blocked") == 1
    assert len(house.journal(TASK, "agent_nudged")) == 1
    texts = (*TEXTS, LONG) if rig.is_real else (TEXTS[1], LONG)
    for number, text in enumerate(texts):
        comes_to(house, rig, TASK, "idle")
        said = house.says("answer", TASK, text)
        assert said.code == 0, (number, said, shown(house, TASK))
        eventually(lambda told=text: _arrivals(rig, told) == 1, rig.patience, lambda: str(rig.texts("plain-word")))
    comes_to(house, rig, TASK, "idle")
    _keys(house, "-l", "half a th")
    eventually(lambda: "half a th" in shown(house, TASK), rig.patience, lambda: shown(house, TASK))
    said = house.says("answer", TASK, "never typed plain-word")
    assert (said.code, "half-written line" in said.err) == (5, True), said
    assert "half a th" in shown(house, TASK)
    assert _arrivals(rig, "never typed") == 0
    assert [_arrivals(rig, text) for text in texts] == [1] * len(texts)


def _waits(house: House) -> bool:
    return bool((seen(house, TASK).get("turn") or {}).get("waits"))


def _arrivals(rig: Rig, text: str) -> int:
    """Turns that began with it."""
    wanted = "".join(text.split())
    return sum(wanted in "".join(texts[-1].split()) for texts in rig.texts(""))


def _keys(house: House, *words: str) -> None:
    argv = ["tmux", "-L", house.socket, "send-keys", "-t", seen(house, TASK)["pane"], *words]
    subprocess.run(argv, env=house.environment(), check=True, timeout=10)
