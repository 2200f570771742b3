"""SIGKILL of the supervisor at any executed line: no step that may not be repeated is ever started twice."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house import House
from tests.waiting import eventually

pytestmark = [pytest.mark.tmux, pytest.mark.slow]

DYING = str(Path(__file__).with_name("dying_supervisor.py"))
SHARDS = 4
KILLS_A_SHARD = 10
LINES = 12_000  # about what is executed until both tasks below have ended; later lines are the idle loop's

TASKS = """
  - {id: pay, run: "echo paid >> $HERE/paid; sleep 0.2"}
  - id: work
    steps:
      - {id: one, resumable: true, run: "echo one >> $HERE/work"}
      - {id: two, resumable: true, run: "echo two >> $HERE/work"}
"""


def settled(house: House, name: str) -> bool:
    task = house.task(name)
    return task.status == "done" or (task.blocked is not None and task.blocked.rule is not None)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_kill_between_any_two_steps_repeats_nothing(house: House, shard: int) -> None:
    """Wherever the supervisor dies, its successor ends every task: done, or held with a rule, and `pay` ran at most
    once. Mutant: the started-record written after the respawn."""
    dice = random.Random(shard)
    for _ in range(KILLS_A_SHARD):
        # A board begun anew: over its own history this text would be an old save, and the newer tasks would stay.
        shutil.rmtree(house.folder / ".board" / "history", ignore_errors=True)
        house.write(TASKS)
        for name in ("paid", "work"):
            (house.folder / name).unlink(missing_ok=True)
        dying = house.start(str(dice.randrange(LINES)), script=DYING, ready=False)
        try:
            dying.wait(4)
        except subprocess.TimeoutExpired:  # it did less than so many lines: it is told to stop
            house.end(dying)
        after = house.start()
        for name in ("pay", "work"):
            eventually(lambda name=name: settled(house, name), 15, f"{name} ends: {house.tail(name)}")
        house.end(after)
        assert house.lines("paid") in ([], ["paid"]), house.tail("pay")
        if house.task("work").status == "done":
            assert set(house.lines("work")) == {"one", "two"}
