"""Stalls, loops and `max_runtime` on real tmux with real processes: what is told, what is ended, and what is let be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from board.instants import parse_instant
from supervisor.processes import ProcessId, age_of, identify, is_alive
from tests.house import House
from tests.waiting import eventually

pytestmark = pytest.mark.tmux

BRISK = "  stall_after: 1s\n"


def alive(process: ProcessId | None) -> bool:
    return process is not None and is_alive(process) is not False


def shown(house: House, task: str) -> dict[str, Any]:
    seen: dict[str, Any] = house.status().get("tasks", {}).get(task, {})
    return seen


def test_a_silent_worker_is_told_and_left_alone(house: House) -> None:
    """Once in the journal with what was seen, in the status and in `why` with what a person can type; and it is told
    again when it moves on. Mutants killed: told at each look; ended without `on_stall: restart`."""
    house.write(
        """
  - {id: silent, resumable: true, run: "echo up; read word < $HERE/pipe; echo on; sleep 60"}
""",
        settings=BRISK,
    )
    os.mkfifo(house.folder / "pipe")
    house.start()
    stalled = house.happened("silent", "worker_stalled")[0]
    assert stalled["quiet_for_s"] >= 1
    assert (stalled["source"], stalled["sure"], stalled["worker"]) == ("tmux, process tree", "likely", "silent.1")
    eventually(lambda: shown(house, "silent").get("state") == "stalled", 10, "the status says so")
    worker = identify(house.pid("silent"))
    house.path.write_text(house.path.read_text() + '  - {id: quick, run: "true"}\n')
    house.reaches("quick", "done")  # and everything was looked at some times more
    why = house.says("why", "silent").out
    assert "without output and CPU since" in why
    assert "supervisor attach silent" in why
    assert "supervisor stop silent" in why
    argv = [sys.executable, "-m", "supervisor", "status", "--board", str(house.path)]
    page = subprocess.run(argv, env=house.environment(), capture_output=True, text=True, timeout=30, check=True).stdout
    assert "stalled" in next(line for line in page.splitlines() if line.startswith("silent"))
    assert "neither output nor CPU for 1s" in page
    assert alive(worker)
    (house.folder / "pipe").write_text("go\n")
    house.happened("silent", "worker_resumed")
    assert len(house.journal("silent", "worker_stalled")) == 1
    eventually(lambda: len(house.journal("silent", "worker_stalled")) == 2, 10, "it stalls once more")
    assert alive(worker)
    assert house.starts("silent") == 1


def test_a_stalled_worker_is_restarted_under_the_law_where_the_step_says_so(house: House) -> None:
    """Ended, on record as stalled, started again as after any death, and held at `no-progress`; who may not be
    repeated is only told. Mutants killed: `on_stall` that ends whatever is resumable or not; a restart past the law."""
    house.write(
        """
  - {id: again, resumable: true, on_stall: restart, run: "echo run >> $HERE/out; sleep 60"}
  - {id: pay, on_stall: restart, run: "echo paid >> $HERE/paid; sleep 60"}
""",
        settings=BRISK,
    )
    house.start()
    task = house.reaches("again", "blocked", 30)
    assert task.blocked is not None
    assert task.blocked.rule == "no-progress"
    assert task.run is not None
    assert task.run.last_exit == "stalled"
    assert house.lines("out") == ["run", "run"]
    assert [line["cause"] for line in house.journal("again", "worker_died")] == ["stalled", "stalled"]
    assert [line["cause"] for line in house.journal("again", "worker_stopped")] == ["stalled", "stalled"]
    house.happened("pay", "worker_stalled")
    assert alive(identify(house.pid("pay")))
    assert house.lines("paid") == ["paid"]


def test_who_works_is_not_stalled(house: House) -> None:
    """CPU in silence, a child's CPU, and talk without CPU are work. Mutants killed: either source ignored; the
    worker's own process alone counted."""
    loop = "on_stall: restart, resumable: true, run:"
    house.write(
        f"""
  - {{id: thinks, {loop} "while :; do :; done"}}
  - {{id: has-a-child, {loop} "(while :; do :; done) & wait"}}
  - {{id: talks, {loop} "while :; do date +%N; sleep 0.3; done"}}
  - {{id: sleeps, run: sleep 1000}}
""",
        settings=BRISK,
    )
    house.start()
    told = house.happened("sleeps", "worker_stalled")
    workers = {name: identify(house.pid(name)) for name in ("thinks", "has-a-child", "talks")}
    # Until the next stall of a worker that began after all this, the others have been looked at twice as long.
    text = house.path.read_text()
    house.path.write_text(text + "  - {id: late, run: sleep 1000}\n")
    told += house.happened("late", "worker_stalled")
    assert all(alive(worker) for worker in workers.values())
    assert house.journal(None, "worker_stalled") == told


def test_the_same_again_and_again_is_told_and_nothing_more(house: House) -> None:
    """A worker that repeats itself for `stall_after` is told as looping, whatever `on_stall` says, with what it says,
    redacted; one that counts is not. Mutant killed: a line that is cut before it is redacted."""
    house.write(
        """
  - {id: loops, on_stall: restart, resumable: true, run: "while :; do echo trying; cat $HERE/said; sleep 0.02; done"}
  - {id: counts, run: "n=0; while :; do n=$((n+1)); echo attempt $n; sleep 0.02; done"}
""",
        settings=BRISK,
    )
    secret = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    (house.folder / "said").write_text(f"{'wait ' * 11}{secret}\n")
    house.start()
    seen = house.happened("loops", "loop_seen")[0]
    assert seen["lines_count"] == 2
    assert seen["times_count"] >= 4
    assert (seen["source"], seen["sure"]) == ("screen", "likely")
    assert "[REDACTED:" in seen["line"]
    assert secret[:12] not in str(seen)
    eventually(lambda: shown(house, "loops").get("state") == "looping", 10, "the status says so")
    assert "the same 2 lines again and again" in house.says("why", "loops").out
    assert alive(identify(house.pid("loops")))
    assert house.journal(None, "worker_stalled", "worker_stopped") == []
    assert house.journal("counts", "loop_seen") == []


def test_a_checkpoint_is_progress_whatever_is_said(house: House) -> None:
    """A worker that says the same each time and checkpoints is no loop. Mutant killed: progress left out."""
    house.write(
        """
  - {id: goes-on, run: "n=0; while :; do n=$((n+1)); board checkpoint -q --note $n; echo one more; done"}
  - {id: loops, run: "while :; do echo trying; sleep 0.02; done"}
""",
        settings=BRISK,
    )
    house.start()
    house.happened("loops", "loop_seen")
    eventually(lambda: house.task("goes-on").checkpoint is not None, 10)
    assert house.journal("goes-on", "loop_seen") == []


def test_a_worker_past_its_max_runtime_is_ended(house: House) -> None:
    """One that may not be repeated is held with that reason, though it ends with exit 0 when it is told to; a resumable
    one goes on under the law. Mutants killed: exit 0 of a worker that we ended taken for
    success; no look when the time is over."""
    house.write("""
  - {id: pay, max_runtime: 1s, run: "trap 'exit 0' INT TERM; echo paid >> $HERE/paid; while :; do sleep 0.1; done"}
  - {id: crawl, max_runtime: 1s, resumable: true, run: "echo run >> $HERE/out; sleep 60"}
""")
    house.start()
    task = house.reaches("pay", "blocked", 20)
    assert task.blocked is not None
    assert task.blocked.rule == "not-resumable"
    assert "max_runtime" in task.blocked.on
    assert task.run is not None
    assert (task.run.last_exit, task.run.ending) == ("max_runtime", "max_runtime")
    assert house.lines("paid") == ["paid"]
    assert 1 <= house.journal("pay", "worker_died")[0]["ran_for_s"] < 8  # the sweep would see it after 10
    held = house.reaches("crawl", "blocked", 20)
    assert held.blocked is not None
    assert held.blocked.rule == "no-progress"
    assert house.lines("out") == ["run", "run"]


def test_a_worker_that_ignores_it_is_killed_in_the_end(house: House) -> None:
    """Interrupt, terminate, kill: the whole tree, and nothing of it is left. Mutants killed: no SIGINT; no SIGTERM."""
    told = "trap 'echo INT >> $HERE/told' INT; trap 'echo TERM >> $HERE/told' TERM"
    house.write(f"""
  - id: deaf
    max_runtime: 500ms
    run: |
      (trap '' INT TERM; sleep 1000) &
      {told}
      while :; do sleep 0.1; done
""")
    house.start()
    worker = identify(house.pid("deaf"))
    assert house.reaches("deaf", "blocked", 30).blocked is not None
    assert not alive(worker)
    assert house.lines("told")[0] == "INT"
    assert "TERM" in house.lines("told")
    died = house.journal("deaf", "worker_died")[0]
    assert (died["cause"], died["signal"]) == ("max_runtime", 9)


def test_an_ending_outlives_the_supervisor_that_began_it(house: House) -> None:
    """A supervisor that is killed between the record and the last signal: the next one brings it to its end, and the
    worker's exit 0 is still no success. Mutant killed: nothing on record of it."""
    house.write("""
  - {id: slow, max_runtime: 500ms, run: "trap 'sleep 3; exit 0' INT; trap '' TERM; while :; do sleep 0.1; done"}
""")
    first = house.start()
    eventually(lambda: (run := house.task("slow").run) is not None and run.ending is not None, 20, "it is on record")
    house.end(first, signal.SIGKILL)
    house.start()
    task = house.reaches("slow", "blocked", 30)
    assert task.run is not None
    assert task.run.last_exit == "max_runtime"


def test_a_runtime_goes_on_under_another_supervisor(house: House) -> None:
    """What a worker has run is its own age, not its supervisor's. Mutant killed: counted from the adoption."""
    house.write("""
  - {id: long, max_runtime: 5s, run: "echo run >> $HERE/out; sleep 1000"}
""")
    first = house.start()
    worker = identify(house.pid("long"))
    assert worker is not None
    begun = house.journal("long", "worker_started")[0]["ts"]
    eventually(lambda: (age_of(worker) or 0.0) > 4, 10, "it has run for a while")
    house.end(first, signal.SIGKILL)
    house.start()
    house.reaches("long", "blocked", 20)
    died = house.journal("long", "worker_died")[0]["ts"]
    ran_for = (parse_instant(died) or 0) - (parse_instant(begun) or 0)
    assert 4.9 < ran_for < 8.9


def test_a_rehearsal_tells_what_it_would_end(house: House) -> None:
    """`--dry-run` beside the keeper ends nobody, and says who is due."""
    house.write("""
  - {id: late, run: "echo run >> $HERE/out; sleep 1000"}
""")
    first = house.start()
    house.wrote("out")
    worker = identify(house.pid("late"))
    house.end(first, signal.SIGKILL)
    house.path.write_text(house.path.read_text().replace("id: late,", "id: late, max_runtime: 10ms,"))
    house.start("--dry-run", ready=False).wait(15)
    would = house.happened("late", "would_act")[-1]
    assert (would["rule"], would["action"]) == ("alive", "end")
    assert "10ms at most" in would["why"]
    assert alive(worker)
    assert "ending" not in house.task("late").record["ran"]


def test_three_that_are_ended_at_once_are_no_mass_death(house: House) -> None:
    """Each is a death of its own, and counts, also when all are seen in one look: here by the supervisor that comes
    after the one that began it. Mutant killed: our own endings among those who died together."""
    names = ("a", "b", "c")
    slow = "trap 'touch $HERE/told.$BOARD_TASK; sleep 2; exit 0' INT; trap '' TERM; while :; do sleep 0.1; done"
    house.write("".join(f'  - {{id: {name}, max_runtime: 500ms, resumable: true, run: "{slow}"}}\n' for name in names))
    first = house.start()
    workers = [identify(house.pid(name)) for name in names]
    # Being on record comes before being told: who is not told yet when the supervisor dies would go on for ever.
    eventually(lambda: all((house.folder / f"told.{name}").exists() for name in names), 20, "all are told")
    assert all(house.task(name).record["ran"].get("ending") for name in names)
    house.end(first, signal.SIGKILL)
    eventually(lambda: not any(alive(worker) for worker in workers), 20, "they have ended")
    house.start()
    for name in names:
        held = house.reaches(name, "blocked", 30)
        assert held.blocked is not None
        assert held.blocked.rule == "no-progress"
        assert held.run is not None
        assert len(held.run.restarts) == 1
    assert house.journal(None, "mass_death_seen") == []
