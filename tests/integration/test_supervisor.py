"""The supervisor on real tmux with real processes: what is started, settled, restarted, held and ended."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

from board.instants import parse_instant
from supervisor.processes import ProcessId, identify, is_alive
from tests.house import House
from tests.waiting import eventually

pytestmark = pytest.mark.tmux

ZONED = ("servers", "own", "named")
LIMITED = r"'again at (?P<until>[^.]+)\.'"


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def alive(process: ProcessId) -> bool:
    return is_alive(process) is not False


def test_each_step_of_a_task_runs_once_and_in_order(house: House) -> None:
    """An earlier step's exit 0, still on the pane, never settles a later one. Mutant: no look at the attempt."""
    house.write("""
  - id: chain
    steps:
      - {id: one, run: "echo one >> $HERE/out"}
      - {id: two, run: "echo two >> $HERE/out"}
      - {id: three, run: "echo three >> $HERE/out"}
""")
    house.start()
    house.reaches("chain", "done")
    assert house.lines("out") == ["one", "two", "three"]


def test_a_worker_knows_its_task_its_step_and_its_claim(house: House) -> None:
    """The five variables of the contract are in the worker's environment, and `board` finds its way by them alone."""
    names = "$BOARD_FILE $BOARD_TASK $BOARD_STEP $BOARD_CLAIM $BOARD_WORKER"
    house.write(f"""
  - id: told
    run: 'echo "{names}" > $HERE/env; board checkpoint --note seen > $HERE/said 2>&1; sleep 30'
""")
    house.start()
    eventually(lambda: house.task("told").checkpoint is not None, 10, str(house.lines("said")))
    board, task, step, grant, worker = house.lines("env")[0].split(" ")
    assert (board, task, step, worker) == (str(house.path), "told", "main", "told.1")
    assert grant == str(house.side / "claims" / "told.1.json")
    assert house.task("told").checkpoint == house.task("told").checkpoint._replace(note="seen")


def test_a_killed_resumable_step_that_progressed_comes_back(house: House) -> None:
    """SIGKILL, a checkpoint since the start, `resumable: true`: the same step starts again under a higher token."""
    house.write("""
  - id: long
    resumable: true
    run: |
      echo run >> $HERE/out
      if [ $(wc -l < $HERE/out) = 1 ]; then board checkpoint --note half; sleep 60; fi
""")
    house.start()
    eventually(lambda: house.task("long").checkpoint is not None, 10)
    kill(house.pid("long"))
    task = house.reaches("long", "done")
    died, again = house.journal("long", "worker_died"), house.journal("long", "worker_restarted")
    assert [line["cause"] for line in died] == ["signal 9"]
    assert [(line["rule"], line["attempt"]) for line in again] == [("restart", 2)]
    assert task.last_token == 2
    assert house.lines("out") == ["run", "run"]


def test_a_killed_step_that_may_not_be_repeated_is_held_with_its_evidence(house: House) -> None:
    """Default no: a step without `resumable: true` starts once; a person gets the signal and the rule.
    Mutant: `not_resumable` that always passes."""
    house.write("""
  - id: pay
    run: echo paid >> $HERE/out; sleep 60
""")
    house.start()
    house.wrote("out")
    kill(house.pid("pay"))
    task = house.reaches("pay", "blocked")
    assert task.blocked is not None
    assert task.blocked.rule == "not-resumable"
    assert "signal 9" in task.blocked.on
    assert task.claim is None
    why = house.says("why", "pay").out
    assert "not-resumable" in why
    assert "board approve pay" in why
    assert house.lines("out") == ["paid"]


def test_one_approval_is_one_attempt(house: House) -> None:
    """An approved step runs once more; when it dies again it is held again."""
    house.write("""
  - id: pay
    run: echo paid >> $HERE/out; sleep 60
""")
    house.start()
    for attempt in (1, 2):
        house.wrote("out", attempt)
        kill(house.pid("pay", attempt))
        eventually(lambda attempt=attempt: house.has("pay", "blocked") and house.starts("pay") == attempt, 10)
        if attempt == 1:
            assert house.says("approve", "pay", "--as", "alice").code == 0
    assert house.lines("out") == ["paid", "paid"]


def test_a_loop_stops_at_its_second_death_without_progress(house: House) -> None:
    """Resumable or not, a run that only repeats is stopped. Mutant: progress ignored."""
    house.write("""
  - id: loop
    resumable: true
    run: echo try >> $HERE/out; exit 3
""")
    house.start()
    task = house.reaches("loop", "blocked")
    assert task.blocked is not None
    assert task.blocked.rule == "no-progress"
    assert house.lines("out") == ["try", "try"]
    assert [line["cause"] for line in house.journal("loop", "worker_died")] == ["exit 3", "exit 3"]


def test_progress_in_each_run_is_stopped_by_the_intensity(house: House) -> None:
    """Three restarts within the period, then a person: also for a worker that checkpoints each time."""
    house.write("""
  - id: loop
    resumable: true
    run: echo try >> $HERE/out; board checkpoint -q --note $(wc -l < $HERE/out); exit 3
""")
    house.start()
    task = house.reaches("loop", "blocked", 25)
    assert task.blocked is not None
    assert task.blocked.rule == "too-often"
    assert len(house.lines("out")) == 4


def test_done_if_settles_a_step_that_is_finished_already(house: House) -> None:
    """`done_if` is asked before anything starts: what is there already isn't made again."""
    house.write("""
  - id: made
    run: echo made >> $HERE/out
    done_if: test -e $HERE/tasks.yaml
""")
    house.start()
    house.reaches("made", "done")
    assert house.starts("made") == 0
    assert house.lines("out") == []


def test_a_gate_waits_for_a_person(house: House) -> None:
    """A gated step starts after its approval and not before. Mutant: the gate is not looked at."""
    house.write("""
  - id: ship
    gate: human
    run: echo shipped >> $HERE/out
""")
    house.start()
    house.happened("ship", "decision_made")
    assert house.starts("ship") == 0
    assert house.says("approve", "ship", "--as", "alice").code == 0
    house.reaches("ship", "done")
    order = [line["event"] for line in house.journal("ship", "step_approved", "worker_started")]
    assert order == ["step_approved", "worker_started"]


def test_priority_decides_who_gets_the_free_place(house: House) -> None:
    """With one place, 0 goes before 5, and the file's order decides among equals."""
    house.write(
        """
  - {id: late, priority: 7, run: "echo late >> $HERE/out"}
  - {id: plain, run: "echo plain >> $HERE/out"}
  - {id: urgent, priority: 0, run: "echo urgent >> $HERE/out"}
  - {id: second, run: "echo second >> $HERE/out"}
""",
    )
    house.path.write_text(house.path.read_text().replace("max_workers: 8", "max_workers: 1"))
    house.start()
    assert house.wrote("out", 4) == ["urgent", "plain", "second", "late"]


def test_a_program_that_is_not_there_is_said_before_anything_starts(house: House) -> None:
    """A missing agent blocks its task by name, costs no attempt, and starts once it is unblocked and there."""
    agents = 'agents:\n  ghost: {start: [no-such-agent-here, "${prompt}"]}\n'
    house.write("""
  - {id: haunt, agent: ghost, prompt: boo}
""")
    house.path.write_text(house.path.read_text().replace("tasks:\n", agents + "tasks:\n"))
    house.start()
    task = house.reaches("haunt", "blocked")
    assert task.blocked is not None
    assert "no-such-agent-here" in task.blocked.on
    assert task.run is None


def test_an_agent_that_ends_without_a_word_is_a_death(house: House) -> None:
    """Exit 0 settles a command, not a prompt: an agent has to say that it is done."""
    agents = 'agents:\n  quiet: {start: [sh, -c, "exit 0"]}\n'
    house.write("""
  - {id: silent, agent: quiet, prompt: do it}
""")
    text = house.path.read_text()
    house.path.write_text(text.replace("tasks:\n", agents + "tasks:\n"))
    house.start()
    task = house.reaches("silent", "blocked")
    assert task.blocked is not None
    assert task.blocked.rule == "not-resumable"
    assert "exit 0" in task.blocked.on


def test_a_usage_limit_is_waited_for(house: House) -> None:
    """An agent that names the end of its limit is started again after it, not before, and not as a mere death. (It
    lingers, since tmux may drop what a process says in its last millisecond.)"""
    said = "usage limit reached, try again in 2s"
    start = f"echo run >> $HERE/out; [ $(wc -l < $HERE/out) = 1 ] || exec board done; echo '{said}'; sleep 0.2; exit 1"
    agents = f"""agents:
  capped:
    start: [sh, -c, {start!r}]
    limited: "usage limit .* in (?P<seconds>[0-9a-z]+)"
""".replace("$HERE", str(house.folder))
    house.write("""
  - {id: cap, agent: capped, prompt: do it, resumable: true}
""")
    house.path.write_text(house.path.read_text().replace("tasks:\n", agents + "tasks:\n"))
    house.start()
    waited = house.happened("cap", "decision_made")
    assert [line["rule"] for line in waited] == ["limited"]
    house.reaches("cap", "done")
    again = house.journal("cap", "worker_restarted")
    assert len(again) == 1
    assert again[0]["ts"] >= waited[0]["next_at"]


def test_a_limits_end_is_read_by_its_workers_clock(house: House) -> None:
    """Whoever says a time says it in the zone of his environment: that of the tmux server, the one that his profile
    gives him, or one that he names; each is three hours ahead. Mutants killed: UTC; our own zone; the server's
    alone."""
    says = 'echo "usage limit, again at $(date -d "+3 hours" "+%I:%M %p") $1."; sleep 0.2; exit 1'
    agents = "".join(
        f"  {name}: {{start: [sh, -c, {json.dumps(says)}, sh, {more}], env: {{{env}}}, limited: {LIMITED}}}\n"
        for name, env, more in (
            ("servers", "", "''"),
            ("own", "TZ: America/Lima", "''"),
            ("named", "TZ: Asia/Kolkata", "(Asia/Kolkata)"),
        )
    )
    house.write("".join(f"  - {{id: {name}, agent: {name}, prompt: do it, resumable: true}}\n" for name in ZONED))
    house.path.write_text(house.path.read_text().replace("tasks:\n", f"agents:\n{agents}tasks:\n"))
    began = time.time()
    first = house.start(env={"TZ": "Asia/Tokyo"})
    ends = {}
    for name in ZONED:
        until = parse_instant(str(house.happened(name, "decision_made")[0]["next_at"]))
        assert until is not None
        assert began + 3 * 3600 - 61 <= until <= time.time() + 3 * 3600
        ends[name] = until
    # A later supervisor in another zone reads the same off the same screens.
    house.end(first)
    house.start(env={"TZ": "Pacific/Auckland"})
    for name, until in ends.items():
        again = eventually(lambda name=name: parse_instant(str(house.status()["tasks"][name]["next_at"])), 15)
        assert again == pytest.approx(until, abs=61)


def test_an_agent_that_says_done_is_wound_down(house: House) -> None:
    """`board done` ends the task; the process that said it is ended after the grace, and it is no death."""
    agents = 'agents:\n  chatty: {start: [sh, -c, "board done -q; sleep 60"]}\n'
    house.write("""
  - {id: talk, agent: chatty, prompt: do it}
""")
    text = house.path.read_text()
    house.path.write_text(text.replace("tasks:\n", agents + "tasks:\n"))
    house.start()
    house.reaches("talk", "done")
    worker = identify(house.pid("talk"))
    stopped = house.happened("talk", "worker_stopped")
    assert stopped[0]["rule"] == "settled"
    assert worker is None or not alive(worker)
    assert house.journal("talk", "worker_died") == []


def test_a_cancelled_task_loses_its_worker(house: House) -> None:
    """A person's cancel ends what runs after a grace; nothing starts again."""
    house.write("""
  - {id: stop-me, resumable: true, run: "echo run >> $HERE/out; sleep 60"}
""")
    house.start()
    house.wrote("out")
    worker = identify(house.pid("stop-me"))
    assert worker is not None
    assert house.says("cancel", "stop-me", "--as", "alice").code == 0
    eventually(lambda: not alive(worker), 10, "the worker is ended")
    assert house.starts("stop-me") == 1


def test_a_superseded_worker_is_ended_before_its_successor_starts(house: House) -> None:
    """A claim taken away by a person fences the worker off and ends it; a resumable step then starts anew.
    Mutant: the token is not compared."""
    house.write("""
  - {id: taken, resumable: true, run: "echo run $$ >> $HERE/out; sleep 60"}
""")
    house.start()
    house.wrote("out")
    worker = identify(house.pid("taken"))
    assert worker is not None
    assert house.says("release", "taken", "--force", "--as", "alice").code == 0
    house.wrote("out", 2)
    assert not alive(worker)
    house.pid("taken", 2)
    events = [line["event"] for line in house.journal("taken", "worker_superseded", "worker_restarted")]
    assert events == ["worker_superseded", "worker_restarted"]


def test_what_a_dead_worker_left_running_is_ended_first(house: House) -> None:
    """A child that ignores SIGHUP outlives its worker; it is gone before the next attempt starts."""
    child = "(trap '' HUP; echo $(exec sh -c 'echo $PPID') > $HERE/child; sleep 60) &"
    house.write(f"""
  - id: parent
    resumable: true
    run: |
      echo run >> $HERE/out
      [ $(wc -l < $HERE/out) = 1 ] || exit 0
      {child}
      sleep 60
""")
    house.start()
    pid = int(house.wrote("child")[0])
    child_process = identify(pid)
    assert child_process is not None
    kill(house.pid("parent"))
    house.reaches("parent", "done")
    assert not alive(child_process)
    assert house.journal("parent", "orphan_ended")


def test_a_lease_is_renewed_while_its_worker_lives(house: House) -> None:
    """A worker that runs for many leases keeps its claim. Mutant: no renewal."""
    house.write(
        """
  - {id: patient, run: "echo run >> $HERE/out; sleep 4"}
""",
        settings="  lease: 1s\n",
    )
    house.start()
    house.wrote("out")
    assert house.says("claim", "patient", "--as", "thief").code == 5
    expiries = {house.task("patient").claim}
    eventually(lambda: expiries.add(house.task("patient").claim) or len(expiries) > 3, 6, "renewals")
    assert house.says("claim", "patient", "--as", "thief").code == 5
    house.reaches("patient", "done")
    assert house.starts("patient") == 1


@pytest.mark.parametrize("harm", ["vanishes", "broken", "empty"])
def test_a_board_that_is_unusable_for_a_while_loses_nothing(house: House, harm: str) -> None:
    """Workers go on, the file isn't touched, the journal says it once; when it is back, work goes on."""
    house.write("""
  - {id: go-on, run: "echo run >> $HERE/out; while [ ! -e $HERE/stop ]; do sleep 0.05; done"}
""")
    house.start()
    house.wrote("out")
    worker, good = identify(house.pid("go-on")), house.path.read_text()
    assert worker is not None
    if harm == "vanishes":
        house.path.unlink()
    else:
        house.path.write_text("" if harm == "empty" else good + "  - {id: [\n")
    house.happened(None, "board_broken")
    assert alive(worker)
    eventually(lambda: house.status()["board"]["ok"] is False, 5, "the status says so")
    house.path.write_text(good)
    house.happened(None, "board_recovered")
    (house.folder / "stop").touch()
    house.reaches("go-on", "done")
    assert house.starts("go-on") == 1
    assert len(house.journal(None, "board_broken")) == 1


def test_sighup_reads_the_profiles_again(house: House) -> None:
    """A profile that was mended under `.board/agents/` is used after SIGHUP, without a new supervisor."""
    agents = house.side / "agents"
    agents.mkdir(parents=True)
    (agents / "own.yaml").write_text("start: [no-such-agent-here]\n")
    house.write("""
  - {id: mend, agent: own, prompt: do it}
""")
    process = house.start()
    house.reaches("mend", "blocked")
    (agents / "own.yaml").write_text('start: [sh, -c, "board done -q"]\n')
    process.send_signal(signal.SIGHUP)
    assert house.says("unblock", "mend", "--as", "alice").code == 0
    house.reaches("mend", "done")


def test_a_hand_edit_is_seen_at_once(house: House) -> None:
    """A task that a person types into the file starts without any command."""
    house.write("""
  - {id: first, run: "true"}
""")
    house.start()
    house.reaches("first", "done")
    text = house.path.read_text()
    house.path.write_text(text + '  - {id: second, run: "echo hi > ' + str(house.folder) + '/out"}\n')
    house.reaches("second", "done")


def test_last_words_are_heard(house: House) -> None:
    """Workers that say a word and end at once: tmux may drop one of many, not one of seven.
    Mutant killed: the pane isn't piped."""
    count = 150
    house.write("".join(f"  - {{id: t{number}, run: echo said-{number}}}\n" for number in range(count)))
    house.start()
    eventually(lambda: house.path.read_text().count("status: done") == count, 30, "all are done")
    eventually(lambda: len(house.journal(None, "worker_output_captured")) == count, 30, "all are read to their end")
    said = [(house.side / "output" / f"t{number}.log").read_text() for number in range(count)]
    assert sum(f"said-{number}\n" not in text for number, text in enumerate(said)) <= 6


def test_the_output_of_a_worker_is_kept_redacted(house: House) -> None:
    """What a worker printed can be read afterwards; a secret-named value in it can't, in no file of ours."""
    secret = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"[::-1]
    (house.folder / "secret").write_text(secret)
    house.write("""
  - {id: leak, run: 'echo "before"; echo "STRIPE_KEY=$(cat $HERE/secret)"; echo after; sleep 0.2'}
""")
    house.start()
    house.reaches("leak", "done")
    house.happened("leak", "worker_output_captured")
    kept = (house.side / "output" / "leak.log").read_text()
    assert "before" in kept
    assert "after" in kept
    assert "[REDACTED:" in kept
    assert [path for path in house.side.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()] == []
