"""Workers' output on its way into their logs: real workers, real tmux, a real reader that is stopped and killed."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from supervisor.processes import ProcessId, is_alive, send
from supervisor.sink import place
from supervisor.sink.tail import entries
from tests.house import House
from tests.waiting import eventually

pytestmark = [pytest.mark.tmux, pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")]

SAID = {"output", "journal", ".sink", ".board"}  # where what a worker says could be
COUNTER = "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.05; done"


def log(house: House, task: str) -> list[str]:
    """What stands in a task's log by now, without the instants."""
    return [each.text for each in entries(str(house.side / "output" / f"{task}.log"))]


def said(house: House, task: str, text: str, within: float = 15) -> list[str]:
    def look() -> list[str]:
        lines = log(house, task)
        return lines if any(text in line for line in lines) else []

    return eventually(look, within, lambda: f"{text!r} in {log(house, task)[-5:]}; {house.tail(None)}")


def reader(house: House) -> ProcessId:
    """The reader that runs, not one that ran."""

    def look() -> ProcessId | None:
        found = place.holder(str(house.side))
        return found if found is not None and is_alive(found) else None

    found = eventually(look, 15, "a reader runs")
    assert found is not None
    return found


def leaks(house: House, *needles: str) -> list[Path]:
    """The files that hold one of them, raw."""
    found = []
    for path in house.side.rglob("*"):
        with suppress(FileNotFoundError):  # one that was put in another's place since
            if path.is_file() and any(needle.encode() in path.read_bytes() for needle in needles):
                found.append(path)
    return found


def numbers(lines: list[str]) -> list[int]:
    return [int(line.removeprefix("line ")) for line in lines if re.fullmatch(r"line \d+", line)]


def test_output_is_in_the_log_while_the_worker_runs(house: House) -> None:
    """Each line with its instant, what was overwritten as its last state, and a last line that says how it ended."""
    house.write("""
  - id: talk
    run: 'printf "1%%\\r50%%\\r"; sleep 0.5; printf "100%%\\nnext\\n"; while [ ! -e go ]; do sleep 0.02; done; exit 3'
""")
    house.start()
    said(house, "talk", "next")
    assert house.has("talk", "in_progress")
    (house.folder / "go").touch()
    lines = said(house, "talk", "ended")
    assert lines == ["=== attempt 1 (token 1)", "100%", "next", "=== attempt 1 (token 1) ended: exit 3"]
    stamps = [each.ts or "" for each in entries(str(house.side / "output" / "talk.log"))]
    assert "" not in stamps
    assert stamps == sorted(stamps)
    assert (house.side / "output" / "talk.log").stat().st_mode & 0o777 == 0o600
    (event,) = house.happened("talk", "worker_output_captured")
    assert (event["lines_count"], event["worker"], event["path"]) == (2, "talk.1", "output/talk.log")


def test_no_secret_is_in_any_file_of_ours(house: House) -> None:
    """Of the server's environment, of the worker's own, of a `.env` file, and by its shape in two pieces: neither while
    it runs nor afterwards. Mutants: `known` not handed to the redactor; of_tree forgotten; rows fed by pieces."""
    inherited, own, kept = (secrets.token_hex(12) for _ in range(3))
    token = f"ghp_{secrets.token_hex(20)}"
    (house.folder / ".env").write_text(f"PLAIN_NAME={kept}\n")
    (house.folder / "token").write_text(token)
    (house.folder / "say.sh").write_text("""
echo "inherited $SOME_TOKEN own $OWN_SECRET kept $(cat .env)"
head -c 9 token; sleep 0.4; tail -c +10 token; echo; echo all said
printf '\\033[1m%s\\033[0m%s\\n' "$(head -c 12 token)" "$(tail -c +13 token)"
echo "$OWN_SECRET" | tr -d '\\n'; sleep 0.4
while [ ! -e go ]; do sleep 0.02; done
""")
    agents = f"agents:\n  own: {{start: [sh, say.sh], env: {{OWN_SECRET: {own}}}, settles: exit}}\n"
    house.write("  - {id: leak, agent: own, prompt: go}\n")
    house.path.write_text(house.path.read_text().replace("tasks:\n", f"{agents}tasks:\n"))
    house.start(env={"SOME_TOKEN": inherited})
    planted = (inherited, kept, token, token[:20])

    def all_said() -> bool:
        assert leaks(house, *planted) == []
        assert not {path.parent.name for path in leaks(house, own)} & SAID  # it stands on the board
        return any("all said" in line for line in log(house, "leak"))

    eventually(all_said, 15, lambda: f"{log(house, 'leak')} {house.tail('leak')}")
    (house.folder / "go").touch()
    lines = said(house, "leak", "ended")
    assert leaks(house, *planted) == []
    assert not {path.parent.name for path in leaks(house, own)} & SAID
    assert sum(line.count("[REDACTED:") for line in lines) >= 6, lines


def test_what_tmux_was_started_with_is_known_too(house: House) -> None:
    """Workers inherit from tmux's server, whoever started it, and what a person has set there since.

    Mutant: `inherited` forgotten.
    """
    inherited, later = secrets.token_hex(12), secrets.token_hex(12)
    house.write("  - {id: other, run: 'exec sleep 600'}\n")
    first = house.start(env={"SOME_TOKEN": inherited})
    house.pid("other")
    assert house.end(first) == 0
    argv = ["tmux", "-L", house.socket, "set-environment", "-g", "LATER_TOKEN", later]
    subprocess.run(argv, check=True, timeout=10)
    house.write("  - {id: leak, run: 'echo $SOME_TOKEN $LATER_TOKEN; sleep 0.3; echo all said'}\n")
    house.start()
    lines = said(house, "leak", "ended")
    assert [line.count("[REDACTED:known:") for line in lines[1:3]] == [2, 0]
    assert leaks(house, inherited, later) == []


def test_a_reader_that_is_killed_is_followed_by_another(house: House) -> None:
    """The worker goes on, so does its log, and the log says where something may be missing. Nothing comes twice.

    Mutants: the pipes not held by the supervisor; `again` not said.
    """
    house.write(f"  - {{id: count, run: '{COUNTER}'}}\n")
    house.start()
    said(house, "count", "line 5")
    first = reader(house)
    send(first, signal.SIGKILL)
    house.happened(None, "sink_died")
    lines = said(house, "count", "goes on: output may be missing here")
    last = max(numbers(lines))
    lines = said(house, "count", f"line {last + 10}")
    assert reader(house) != first
    found = numbers(lines)
    assert found == sorted(set(found))
    missing = set(range(1, found[-1] + 1)) - set(found)
    assert len(missing) <= 10, missing
    assert house.starts("count") == 1


@pytest.mark.slow
def test_a_reader_that_is_stopped_blocks_nobody(house: House) -> None:
    """A worker prints 10 MB to the end while nobody reads; then the reader is found stuck, and another one reads.

    Mutant: a reader that doesn't answer taken for a well one.
    """
    house.write("""
  - id: flood
    run: |
      while [ ! -e go ]; do sleep 0.02; done
      seq -f "a line of ten words or so, number %.0f" 1 250000
      touch out
      exec sleep 600
""")
    house.start()
    house.pid("flood")
    said(house, "flood", "=== attempt 1")
    stuck = reader(house)
    send(stuck, signal.SIGSTOP)
    (house.folder / "go").touch()
    eventually((house.folder / "out").exists, 30, "all is printed")
    assert is_alive(stuck)
    (event,) = house.happened(None, "sink_died", within=30)
    assert event["problem"] == "it stuck"
    said(house, "flood", "goes on", within=30)
    assert is_alive(stuck) is False
    eventually(lambda: house.journal("flood", "output_dropped") or "number 250000" in log(house, "flood")[-1], 30)


def test_a_supervisor_that_is_killed_leaves_the_reader_to_the_next(house: House) -> None:
    """The log grows in between, and no line is there twice or missing. Mutant: adopted workers begun again."""
    house.write(f"  - {{id: count, resumable: true, run: '{COUNTER}'}}\n")
    first = house.start()
    said(house, "count", "line 5")
    one = reader(house)
    house.end(first, signal.SIGKILL)
    last = max(numbers(log(house, "count")))
    said(house, "count", f"line {last + 10}")
    house.start()
    house.happened("count", "worker_adopted")
    last = max(numbers(log(house, "count")))
    lines = said(house, "count", f"line {last + 10}")
    found = numbers(lines)
    assert found == list(range(1, found[-1] + 1))
    assert reader(house) == one
    os.kill(house.pid("count"), signal.SIGKILL)
    lines = said(house, "count", "=== attempt 2")
    assert "=== attempt 1 (token 1) ended: signal 9" in lines
    assert not [line for line in lines if "goes on" in line]


def test_a_worker_that_nobody_read_is_read_by_the_next(house: House) -> None:
    """Supervisor and reader are both killed: the worker runs on, and the next supervisor has it read again."""
    house.write(f"  - {{id: count, resumable: true, run: '{COUNTER}'}}\n")
    first = house.start()
    said(house, "count", "line 5")
    one = reader(house)
    house.end(first, signal.SIGKILL)
    send(one, signal.SIGKILL)
    house.start()
    lines = said(house, "count", "goes on: output may be missing here")
    last = max(numbers(lines))
    found = numbers(said(house, "count", f"line {last + 5}"))
    assert found == sorted(set(found))
    assert house.starts("count") == 1


def test_where_nobody_can_read_the_pane_is_kept_at_the_end(house: House) -> None:
    """A folder that can't be made: workers run all the same, and what their panes show is in the log."""
    (house.side / "output").mkdir(parents=True)
    (house.side / "output" / ".sink").write_text("in the way")
    house.write("  - {id: talk, run: 'echo some words; sleep 0.3'}\n")
    house.start()
    house.reaches("talk", "done")
    lines = said(house, "talk", "some words")
    assert lines == ["=== attempt 1 (token 1) as its pane showed it", "some words"]


def accounted(house: House, task: str) -> tuple[int, int]:
    """Bytes that stand in the log, as the terminal had them, and bytes of which it says that they are missing."""
    side = house.side / "output"
    found = [*entries(str(side / f"{task}.log.1")), *entries(str(side / f"{task}.log"))]
    written = sum(len(each.text) + 2 for each in found if not each.is_ours)
    gaps = [re.fullmatch(r"--- output dropped: ([\d,]+) bytes", each.text) for each in found if each.is_ours]
    return written, sum(int(gap[1].replace(",", "")) for gap in gaps if gap is not None)


def test_a_flood_before_the_end_is_accounted_for(house: House) -> None:
    """With a worker's window goes what tmux holds of its output: that waits for a reader that is behind, while how the
    worker ended is known at once. The terminal's last page is the kernel's, and may be lost with the process.

    Mutants: the window closed at once; an exit that counts only once the pane is dead.
    """
    lines, text = 60_000, "some words of output as programs have them"
    script = f'while [ ! -e go ]; do sleep 0.02; done; seq -f "%.0f {text}" 1 {lines}'
    house.write(f"  - {{id: flood, run: '{script}'}}\n")
    house.start()
    said(house, "flood", "=== attempt 1")
    behind = reader(house)
    send(behind, signal.SIGSTOP)
    (house.folder / "go").touch()
    house.reaches("flood", "done")
    send(behind, signal.SIGCONT)
    house.happened("flood", "worker_output_captured", within=30)
    printed = sum(len(f"{number} {text}\r\n") for number in range(1, lines + 1))
    assert 0 <= printed - sum(accounted(house, "flood")) <= 8192


def test_a_reader_that_is_stuck_keeps_nobody_from_being_started_again(house: House) -> None:
    """A pane that still has to be read out can't be used again: the next attempt gets another one, and none is spent.

    Mutant: the window kept.
    """
    script = "while [ ! -e go ]; do sleep 0.02; done; seq 1 500000; rm go; kill -9 $$"
    house.write(f"  - {{id: flood, resumable: true, run: '{script}'}}\n")
    house.start()
    said(house, "flood", "=== attempt 1")
    send(reader(house), signal.SIGSTOP)
    (house.folder / "go").touch()
    eventually(lambda: house.starts("flood") == 2, 15, lambda: str(house.tail("flood")))
    (death,) = house.journal("flood", "worker_died")
    assert death["signal"] == 9
    said(house, "flood", "=== attempt 2", within=30)


def test_all_that_noisy_workers_print_is_written_or_counted(house: House) -> None:
    """Ten of them, 3 MB each at once: each byte is in the log or in a gap that the log and the journal tell of."""
    lines, text = 60_000, "some words of output as programs have them"
    script = f'seq -f "%.0f {text}" 1 {lines}; echo over; while [ ! -e go ]; do sleep 0.1; done'
    house.write("".join(f"  - {{id: n{number}, run: '{script}'}}\n" for number in range(10)))
    house.path.write_text(house.path.read_text().replace("max_workers: 8", "max_workers: 10"))
    house.start()
    printed = sum(len(f"{number} {text}\r\n") for number in range(1, lines + 1)) + len("over\r\n")
    for number in range(10):
        eventually(lambda: sum(accounted(house, f"n{number}")) == printed, 60, f"{printed} of n{number}")  # noqa: B023
    (house.folder / "go").touch()
    for number in range(10):
        (event,) = house.happened(f"n{number}", "worker_output_captured", within=30)
        dropped = accounted(house, f"n{number}")[1]
        assert event.get("dropped_bytes", 0) == dropped
        assert sum(each["dropped_bytes"] for each in house.journal(f"n{number}", "output_dropped")) == dropped


def test_a_folder_whose_name_tmux_and_the_shell_would_read(tmp_path: Path, tmux_socket: str) -> None:
    """Formats, strftime's letters, quotes and blanks in a path are only a path. Mutant: the path as it is."""
    folder = tmp_path / "a #{pid} %H 'b\" $c #[x]"
    folder.mkdir()
    house = House(folder, tmux_socket)
    try:
        house.write("  - {id: talk, run: 'echo some words; sleep 0.3'}\n")
        house.start()
        said(house, "talk", "ended")
        assert log(house, "talk")[1] == "some words"
    finally:
        house.close()


def test_the_reader_leaves_with_the_last_worker(house: House) -> None:
    """A supervisor that is stopped leaves it to the workers that stay; when they have gone, so has the reader."""
    house.write("  - {id: talk, run: 'while [ ! -e go ]; do sleep 0.02; done; echo last words'}\n")
    process = house.start()
    said(house, "talk", "=== attempt 1")
    found = reader(house)
    house.end(process)
    assert is_alive(found)
    (house.folder / "go").touch()
    eventually(lambda: any("last words" in line for line in log(house, "talk")), 5)
    house.start()
    said(house, "talk", "=== attempt 1 (token 1) ended")


def test_without_workers_a_stop_ends_the_reader(house: House) -> None:
    house.write("  - {id: talk, run: 'echo some words'}\n")
    process = house.start()
    said(house, "talk", "ended")
    found = reader(house)
    house.end(process)
    eventually(lambda: is_alive(found) is False, 5)
    assert place.leftover_pipes(str(house.side)) == []
