"""A real supervisor's journal is decided again: alike by the law that kept the board, otherwise by another one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from supervisor.replay import DECISIONS
from tests.house import House
from tests.programs import Ended
from tests.waiting import eventually

pytestmark = pytest.mark.tmux

TASKS = """
  - id: long
    resumable: true
    run: |
      echo run >> $HERE/out
      if [ $(wc -l < $HERE/out) = 1 ]; then board checkpoint -q --note half; kill -9 $$; fi
  - id: pay
    run: echo paid >> $HERE/paid; sleep 60
  - id: loop
    resumable: true
    run: exit 3
  - id: ship
    steps: [{id: build, gate: human, run: "true"}, {id: send, run: "true"}]
  - id: made
    run: exit 1
    done_if: test -e $HERE/tasks.yaml
  - id: off
    run: echo on >> $HERE/on; sleep 60
"""


def replay(house: House, *words: str) -> Ended:
    done = subprocess.run(
        [sys.executable, "-m", "supervisor", "replay", *words],
        cwd=house.folder,
        env=house.environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def keep(house: House) -> None:
    """A restart, two holds, a gate, settled steps, and a worker that is ended; then nobody keeps the board."""
    house.write(TASKS)
    process = house.start()
    for name, status in (("long", "done"), ("loop", "blocked"), ("made", "done")):
        house.reaches(name, status)
    house.wrote("paid")
    os.kill(house.pid("pay"), signal.SIGKILL)
    house.reaches("pay", "blocked")
    house.happened("ship", "decision_made")
    assert house.says("approve", "ship", "--as", "alice").code == 0
    house.reaches("ship", "done")
    house.wrote("on")
    assert house.says("cancel", "off", "--as", "alice").code == 0
    house.happened("off", "worker_stopped")
    house.end(process)


def decisions(house: House) -> list[dict[str, Any]]:
    return [line for line in house.journal() if line["event"] in DECISIONS and "rule" in line]


def test_a_recorded_history_is_decided_again(house: House) -> None:
    """Every decision of a real history has its case and comes out alike; with another policy the restarts do not.

    Mutants seen red: the case as it stands once the deed is done; a decision that is told without its case.
    """
    keep(house)
    told = decisions(house)
    assert {line["rule"] for line in told} >= {
        "restart",
        "not-resumable",
        "no-progress",
        "gated",
        "settled",
        "already-done",
    }
    assert [line["event"] for line in told if "case_v" not in line or "seen" not in line] == []
    same = replay(house, "--all")
    assert (same.code, same.err) == (0, "")
    assert same.out.endswith(f"\n{len(told)} decisions, 0 differ\n")
    other = replay(house, "--intensity", "0", "--json")
    assert other.code == 5
    found = json.loads(other.out)
    assert found["differ_count"] == len(found["decisions"])
    assert {each["task"] for each in found["decisions"]} == {"long", "loop"}
    assert {(each["rule_now"], each["outcome_now"]) for each in found["decisions"]} == {("too-often", "hold")}


def test_why_tells_what_the_journal_holds(house: House) -> None:
    """The same decisions, as people read them, with the source of each look."""
    house.write("""
  - {id: loop, resumable: true, run: exit 3}
""")
    house.start()
    house.reaches("loop", "blocked")
    eventually(lambda: "no-progress" in house.says("why", "loop").out.split("verdicts:")[-1], 5)
    told = json.loads(house.says("why", "loop", "--json").out)["verdicts"]
    assert [(each["rule"], each["outcome"]) for each in told] == [
        ("restart", "start"),
        ("restart", "resume, counted, stale 1"),
        ("no-progress", "hold"),
    ]
    assert [each["seen"] for each in told] == ["nothing was started yet", "dead: exit 3", "dead: exit 3"]
    assert all(each["source"] in ("pidfd", "tmux", "process tree") for each in told[1:])
    assert all(each["seen_at"] <= each["ts"] for each in told[1:])
