"""What becomes of agents that stop, on real tmux: asked once, told to a person, and never typed over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from supervisor.agents.reading import FRESH, Source
from supervisor.hooks.folder import make_room, put
from supervisor.processes import identify
from tests.house import House
from tests.turner import turner
from tests.waiting import eventually

pytestmark = pytest.mark.tmux

BOTH = ("goes", "typed")


def crew(house: House, **agents: str) -> None:
    """Tasks by id, each with a program of its own."""
    head = "".join(f"  {name}: {{use: claude, start: [{path}]}}\n" for name, path in agents.items())
    house.write("".join(f"  - {{id: {name}, prompt: work, agent: {name}, resumable: true}}\n" for name in agents))
    text = house.path.read_text(encoding="utf-8")
    house.path.write_text(text.replace("tasks:\n", f"agents:\n{head}tasks:\n", 1), encoding="utf-8")


def seen(house: House, task: str) -> dict[str, Any]:
    found: dict[str, Any] = house.status().get("tasks", {}).get(task, {})
    return found


def given(house: House, task: str) -> list[str]:
    return house.lines(f"{task}.given")


def keys(house: House, task: str, *names: str) -> None:
    argv = ["tmux", "-L", house.socket, "send-keys", "-t", seen(house, task)["pane"], *names]
    subprocess.run(argv, env=house.environment(), check=True, timeout=10)


def waits(house: House, task: str) -> bool:
    return bool((seen(house, task).get("turn") or {}).get("waits"))


def test_who_stops_is_asked_once_and_then_a_persons(house: House) -> None:
    """Without progress it is a person's, also by a supervisor that was killed in between; with a checkpoint it is asked
    again, and finishes. Who has work in the background, whose login was refused and whose box holds a person's line is
    typed nothing. Mutants killed: asked at each stop; what was asked isn't on the disk; a failure or work left behind
    taken for a stop; a text over a person's line; the state of a turn isn't told.
    """
    place = house.folder
    crew(
        house,
        stops=turner(place, "stops", "", ""),
        moves=turner(place, "moves", "", "checkpoint half of it", "done"),
        left=turner(place, "left", "left"),
        refused=turner(place, "refused", "refused"),
        typed=turner(place, "typed", "", draft="please don't"),
    )
    first = house.start()
    house.happened("stops", "agent_nudged")
    house.end(first, signal.SIGKILL)
    house.start()
    told = house.happened("stops", "turn_unfinished")[0]
    assert (told["worker"], told["why"]) == ("stops.1", "it was asked to finish, and stopped without progress")
    eventually(lambda: waits(house, "stops"), 15, lambda: str(seen(house, "stops")))
    turn = seen(house, "stops")["turn"]
    assert turn["asked_at"] < turn["ended_at"]
    assert len(given(house, "stops")) == 1
    assert "neither finished nor blocked" in given(house, "stops")[0]
    assert "`stops`" in given(house, "stops")[0]
    house.reaches("moves", "done")
    assert len(given(house, "moves")) == 2

    refused = house.happened("typed", "nudge_undelivered")[0]
    assert "half-written line" in refused["why"]
    assert (seen(house, "typed")["turn"]["asked_at"], waits(house, "typed")) == (None, False)
    assert house.happened("refused", "agent_failed")[0]["rule"] == "authentication_failed"
    assert (seen(house, "left")["agent_state"], seen(house, "left")["agent_rule"]) == ("busy", "background")
    quiet = ("agent_nudged", "nudge_undelivered", "turn_unfinished")
    assert not [line for task in ("left", "refused") for line in house.journal(task, *quiet)]
    assert [given(house, task) for task in ("left", "refused", "typed")] == [[], [], []]
    argv = [sys.executable, "-m", "supervisor", "explain", "stops", "--board", str(house.path)]
    page = subprocess.run(argv, env=house.environment(), capture_output=True, text=True, timeout=30, check=True)
    assert "waits for a person: it was asked to finish, and stopped without progress" in page.stdout


def test_a_hooks_word_is_one_among_others(house: House) -> None:
    """An interrupted agent, of which no hook tells, is idle by its screen, and isn't asked anything at once; a question
    is told once, with the hook's words, and stands past the hook's window while its screen shows it.

    Mutants killed: a busy hook holds for its window; a waiting one isn't confirmed.
    """
    place = house.folder
    crew(
        house,
        cut=turner(place, "cut", "works"),
        asks=turner(place, "asks", "asks rm -r build"),
        old=turner(place, "old", "asks rm -r old"),
    )
    house.start()
    eventually(lambda: seen(house, "cut").get("agent_source") == "hook", 15, lambda: str(seen(house, "cut")))
    told = house.happened("asks", "agent_asked")
    assert (told[0]["source"], told[0]["rule"]) == ("hook", "Bash")
    assert "rm -r build" in told[0]["question"]
    keys(house, "cut", "Escape")

    # A word that would be too old in a moment, of the very worker.
    worker = identify(house.pid("old"))
    assert worker is not None
    house.happened("old", "agent_asked")
    kept = json.loads((house.side / "cache" / "agents" / "old.json").read_text())
    said = {"at": kept["at"] - 117, "mark": kept["mark"], "agent": "claude", "text": "rm -r old", "detail": "Bash"}
    make_room(str(house.side))
    chain = [[os.getpid(), 1, ""], [worker.pid, worker.ticks, "claude"]]
    put(str(house.side), "old", "asking", kept["order"] + 1, json.dumps({**said, "chain": chain}).encode())

    eventually(
        lambda: (seen(house, "cut").get("agent_state"), seen(house, "cut").get("agent_source")) == ("idle", "screen"),
        15,
        lambda: str(seen(house, "cut")),
    )
    eventually(lambda: (seen(house, "cut").get("turn") or {}).get("ended_at"), 15, lambda: str(seen(house, "cut")))
    assert given(house, "cut") == []
    eventually(lambda: time.time() > said["at"] + FRESH[Source.HOOK] + 2, 15, "the word is too old by itself")
    view = seen(house, "old")
    assert (view["agent_state"], view["agent_source"]) == ("asking", "hook")
    assert len(house.journal("asks", "agent_asked")) == 1


def test_who_goes_on_is_typed_its_brief(house: House) -> None:
    """Where it can't be given it on its command line: once, also by a supervisor that was killed, and where it has a
    person's line in its box it waits for that person, with the reason. Mutants killed: not recorded at the start; a
    first start is typed it too; typed over a draft."""
    place, heads = house.folder, []
    for name, draft in zip(BOTH, ("", "please don't"), strict=True):
        path = turner(place, name, "waits", "done", draft=draft)
        first = f"[ -e {place}/{name}.ran ] && exec board done -q; touch {place}/{name}.ran; exit 1"
        more = f'resume: [{path}, --resume, "${{session}}"], session: chosen, prompt: typed'
        heads.append(f"  {name}: {{use: claude, start: [sh, -c, {json.dumps(first)}, sh, '${{prompt}}'], {more}}}\n")
    house.write("".join(f"  - {{id: {each}, prompt: work hard, agent: {each}, resumable: true}}\n" for each in BOTH))
    text = house.path.read_text(encoding="utf-8")
    house.path.write_text(text.replace("tasks:\n", f"agents:\n{''.join(heads)}tasks:\n", 1), encoding="utf-8")
    began = house.start()
    house.happened("typed", "worker_restarted")
    house.end(began, signal.SIGKILL)
    house.start()
    house.reaches("goes", "done")
    assert len(house.journal("goes", "agent_briefed")) == 1
    told = "\n".join(given(house, "goes"))
    assert "(continued)" in told
    assert told.count("work hard") == 1
    why = house.happened("typed", "nudge_undelivered")[0]["why"]
    assert why == "its input box holds a half-written line"
    assert given(house, "typed") == []
