"""What an agent's hook costs: `uv run python -m tests.bench.hook`. Judges and tunes nothing.

Each call beside a bare Python in the same run, in turns; a full folder beside an empty one; a storm taken in; and a
hook that waits for a person's word, as it does beside each open dialog.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from supervisor.hooks import tray
from supervisor.hooks.folder import MOST, make_room, put
from supervisor.hooks.latest import follow
from supervisor.hooks.wiring import hook_words
from tests.agents import as_worker, payload
from tests.programs import environment
from tests.waiting import eventually

ROUNDS = 100
WAITED = 30.0  # seconds that a hook waits
PAYLOADS = {
    "Stop": payload("Stop", background_tasks=[], session_crons=[]),
    "PreToolUse": payload("PreToolUse", tool_name="Bash", tool_input={"command": "pytest -q"}),
    "UserPromptSubmit": payload("UserPromptSubmit", prompt="Cover the refund path with tests. " * 50),
    "PermissionRequest": payload("PermissionRequest", tool_name="Bash", tool_input={"command": "pytest -q tests"}),
}


def took(argv: Sequence[str], stdin: str, env: Mapping[str, str]) -> float:
    """Milliseconds of a whole process, by a wait that doesn't poll."""
    actions = [(os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0)]
    began = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, env, file_actions=actions)
    os.waitpid(pid, 0)
    return (time.perf_counter() - began) * 1000


def shown(name: str, many: list[float], bare: list[float]) -> None:
    ratio = statistics.median(many) / statistics.median(bare)
    p99 = statistics.quantiles(many, n=100)[98]
    print(f"{name:<46} {statistics.median(many):>7.1f} ms  p99 {p99:>7.1f}  least {min(many):>6.1f}  {ratio:.2f}x bare")


def calls(folder: Path) -> None:
    env = environment(**as_worker(folder / ".board"))
    del env["PYTHONPATH"]
    bare: list[float] = []
    found: dict[str, list[float]] = {name: [] for name in PAYLOADS}
    for name, said in PAYLOADS.items():
        (folder / name).write_text(json.dumps(said))
    for _ in range(ROUNDS):
        bare.append(took([sys.executable, "-c", "pass"], os.devnull, env))
        for name, many in found.items():
            many.append(took(hook_words("claude"), str(folder / name), env))
        tray.take(str(folder / ".board"))
    shown("python -c pass", bare, bare)
    for name, many in found.items():
        shown(f"hook, {name}", many, bare)


def storm(side: str) -> None:
    """What a thousand signals a second leave to be done."""
    data = json.dumps({"at": 1.0, "mark": "m", "agent": "claude", "chain": [[pid, 1, ""] for pid in range(6)]}).encode()
    began = time.perf_counter()
    for order in range(MOST):
        put(side, f"t{order % 20}", "tool", order, data)
    print(f"{MOST} signals written one by one{(time.perf_counter() - began) * 1000:>23.1f} ms")
    began = time.perf_counter()
    make_room(side)
    print(f"room made for one more in a full folder{(time.perf_counter() - began) * 1000:>15.2f} ms")
    began = time.perf_counter()
    latest = None
    for signal in tray.take(side):
        latest = follow(latest, signal)
    print(f"all of them read, folded and put away{(time.perf_counter() - began) * 1000:>17.1f} ms")


def waited(folder: Path) -> None:
    """A hook that waits, from when its question is on disk: its time on a processor, and its memory."""
    env = environment(**as_worker(folder / ".board"))
    with (folder / "PermissionRequest").open() as stdin:
        process = subprocess.Popen(
            [*hook_words("claude"), "--decide"], env=env, stdin=stdin, stdout=subprocess.PIPE, start_new_session=True
        )
    try:
        place = folder / ".board" / "decisions"
        ask = eventually(lambda: next(iter(place.glob("*.ask")), None), 30, "it waits")
        assert ask is not None
        ours = psutil.Process(process.pid)
        before = ours.cpu_times()
        time.sleep(WAITED)
        after, size = ours.cpu_times(), ours.memory_info().rss / 2**20
        took = after.user + after.system - before.user - before.system
        print(f"a hook that waits, over {WAITED:g} s{took * 1000:>27.0f} ms of a processor, {size:.1f} MiB")
        ask.unlink()
        process.communicate(timeout=30)
    finally:
        process.kill()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="cb") as folder:
        calls(Path(folder))
        waited(Path(folder))
        storm(f"{folder}/storm")


if __name__ == "__main__":
    main()
