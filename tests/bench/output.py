"""What reading workers' output costs: `uv run python -m tests.bench.output`. Judges and tunes nothing.

From SIGKILL to the next start beside 20 workers that print nothing, beside 20 that print 1 MB/s each into panes that
nobody reads, and beside the same 20 when they are read, in one run. Then what the reader makes of such a flood: how
much is written, how much is dropped and counted, its memory and tmux's; how long a line is on its way into the log; and
what 50 quiet workers cost.
"""

from __future__ import annotations

import os
import re
import statistics
import time
from pathlib import Path

import psutil

from board.journal.redact import Redactor
from supervisor.model import Attempt
from supervisor.sink import place
from supervisor.sink.outlog import OutLog
from supervisor.sink.tail import entries
from supervisor.sink.tape import Tape
from tests.bench.supervisor import KILLS, WORKER, Pipe, a_house, kills, running, share_of, sleepers, told, widen
from tests.house import House
from tests.waiting import eventually

NOISY = 20
SECONDS = 10.0
LINE = "2026-11-20T10:13:00 INFO worker.step {number}: compiled module number {number} of the package in 12 ms\n"


def noise(house: House) -> str:
    """Tasks that print 1 MB/s each: a tenth of a megabyte ten times a second."""
    text = "".join(LINE.format(number=number) for number in range(1200))[:100_000]
    (house.folder / "text").write_text(text[: text.rindex("\n") + 1])
    run = f"while :; do cat {house.folder}/text; sleep 0.1; done"
    return "".join(f"  - {{id: noisy{number}, run: '{run}'}}\n" for number in range(NOISY))


def unread(house: House) -> None:
    """Panes are piped nowhere, as without a reader."""
    place_of_pipes = Path(place.folder(str(house.side)))
    place_of_pipes.parent.mkdir(parents=True)
    place_of_pipes.write_text("in the way")


def reaction(*, noisy: bool, read: bool = True) -> list[float]:
    with a_house() as house:
        if not read:
            unread(house)
        pipe = Pipe(house.folder)
        killed = f"  - id: killed\n    priority: 0\n    resumable: true\n    run: {WORKER.format(pipe=pipe.path)}\n"
        others = noise(house) if noisy else sleepers("s", NOISY)
        house.write(killed + others, restart=", intensity: 100000, stale: 100000")
        widen(house, NOISY + 1)
        house.start()
        eventually(lambda: running(house) == NOISY + 1, 60, "all workers run")
        time.sleep(3)
        took = kills(pipe, KILLS, lambda number: eventually(lambda: house.starts("killed") > number, 20))
        pipe.close()
        return took


def reader(house: House) -> psutil.Process:
    found = eventually(lambda: place.holder(str(house.side)), 20)
    assert found is not None
    return psutil.Process(found.pid)


def tmux_memory(house: House) -> float:
    servers = [one for one in psutil.process_iter(["name", "cmdline"]) if house.socket in (one.info["cmdline"] or ())]
    return max(one.memory_info().rss for one in servers if one.info["name"].startswith("tmux")) / 1e6


def flood_unread() -> float:
    with a_house() as house:
        unread(house)
        house.write(noise(house))
        widen(house, NOISY)
        house.start()
        eventually(lambda: running(house) == NOISY, 60, "all workers run")
        time.sleep(SECONDS)
        return tmux_memory(house)


def flood() -> None:
    with a_house() as house:
        house.write(noise(house))
        widen(house, NOISY)
        house.start()
        eventually(lambda: running(house) == NOISY, 60, "all workers run")
        process = reader(house)
        began, used = time.perf_counter(), sum(process.cpu_times()[:2])
        time.sleep(SECONDS)
        share = (sum(process.cpu_times()[:2]) - used) / (time.perf_counter() - began) * 100
        sizes = process.memory_info().rss / 1e6, tmux_memory(house)
        written, dropped = (sum(each) for each in zip(*map(accounted, logs(house)), strict=True))
        spent = time.perf_counter() - began
    print(f"\n{NOISY} workers that print 1 MB/s each, for {spent:.0f} s:")
    print(f"  written {written / spent / 1e6:.1f} MB/s, dropped and counted {dropped / spent / 1e6:.1f} MB/s")
    print(f"  the reader: {share:.0f} % of a core at nice 10, {sizes[0]:.0f} MB")
    print(f"  tmux's server, with its history of all panes: {sizes[1]:.0f} MB; unread {flood_unread():.0f} MB")


def logs(house: House) -> list[str]:
    return [str(path) for path in (house.side / "output").glob("*.log*")]


def accounted(path: str) -> tuple[int, int]:
    found = list(entries(path))
    gaps = (re.fullmatch(r"--- output dropped: ([\d,]+) bytes", each.text) for each in found if each.is_ours)
    written = sum(len(each.text) + 2 for each in found if not each.is_ours)
    return written, sum(int(gap[1].replace(",", "")) for gap in gaps if gap is not None)


def latency() -> list[float]:
    """Seconds from a line's print to its being in the log."""
    with a_house() as house:
        pipe = house.folder / "say"
        os.mkfifo(pipe)
        fd = os.open(pipe, os.O_RDWR)
        house.write(f"  - {{id: echo, run: 'exec cat {pipe}'}}\n")
        house.start()
        log = house.side / "output" / "echo.log"
        eventually(log.exists, 20)
        took = []
        for number in range(40):
            began = time.perf_counter()
            os.write(fd, f"line {number} is said\n".encode())
            while f"line {number} is said" not in log.read_text():
                time.sleep(0.001)
            took.append(time.perf_counter() - began)
        os.close(fd)
        return took


def throughput(folder: Path) -> None:
    """One attempt's way from bytes to the log, without pipes."""
    plain = "".join(LINE.format(number=number) for number in range(20_000)).replace("\n", "\r\n")
    coloured = plain.replace("INFO", "\x1b[32mINFO\x1b[0m")
    bars = "".join(f"\rdownloading {number / 10:.1f} % of the package" for number in range(1000)) * 40 + "\r\n"
    for name, text in (("plain lines", plain), ("coloured lines", coloured), ("progress bars", bars)):
        data = text.encode()
        redactor = Redactor(home="/home/dev", user="dev", host="box", key=b"k" * 32, known={})
        tape = Tape(Attempt("s", "t", 1, 1), redactor, OutLog(str(folder / "t.log")), lambda _: None)
        began = time.perf_counter()
        for start in range(0, len(data), 1 << 14):
            tape.feed(data[start : start + (1 << 14)], 0.0)
        tape.close(0.0, None)
        print(f"  {name:<20}{len(data) / (time.perf_counter() - began) / 1e6:>6.1f} MB/s")


def idle(workers: int) -> None:
    with a_house() as house:
        house.write(sleepers("t", workers))
        widen(house, workers)
        house.start()
        eventually(lambda: running(house) == workers, 120, "all workers run")
        time.sleep(2)
        process = reader(house)
        share = share_of([process])
        cats = [one for one in psutil.process_iter(["cmdline", "memory_info"]) if one.info["cmdline"] == ["cat"]]
        size = sum(one.info["memory_info"].rss for one in cats) / 1e6
        print(f"{workers} quiet workers: the reader {share:.3f} % of a core, {process.memory_info().rss / 1e6:.0f} MB;")
        print(f"  {len(cats)} cats, {size:.0f} MB of which all but some is shared")


def main() -> None:
    print(f"{'from SIGKILL to the next start':<52}{'median':>11}{'p95':>12}")
    quiet, noisy = reaction(noisy=False), reaction(noisy=True)
    unread_ones = reaction(noisy=True, read=False)
    told(f"beside {NOISY} workers that print nothing", quiet)
    told(f"beside {NOISY} that print 1 MB/s each, unread", unread_ones)
    told(f"beside {NOISY} that print 1 MB/s each, read", noisy)
    print(f"read and unread, ratio of the medians: {statistics.median(noisy) / statistics.median(unread_ones):.2f}")
    flood()
    told("\nfrom a print to the log", latency())
    print("one attempt's bytes to its log:")
    with a_house() as house:
        throughput(house.folder)
    idle(50)


if __name__ == "__main__":
    main()
