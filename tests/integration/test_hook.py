"""The hook as a real process: whatever it is given, wherever it is killed, an agent never notices it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from string import ascii_letters, digits

import pytest

from supervisor.hooks import call, folder, tray
from supervisor.hooks.latest import Signal
from supervisor.processes import identify
from tests.agents import as_worker, hook, payload, waiting
from tests.programs import environment

ASKS = payload("PermissionRequest", tool_name="Bash", tool_input={"command": "rm x"})


def only(side: Path) -> Signal:
    [signal] = tray.take(str(side))
    return signal


def test_a_signal_says_who_sent_it(tmp_path: Path) -> None:
    """The hook itself and every process above it, each with its start: whoever judges it needs nothing else."""
    hook(ASKS, as_worker(tmp_path))
    signal = only(tmp_path)
    assert (signal.task, signal.kind, signal.agent, signal.mark) == ("t", "asking", "claude", "home/t.3.1")
    assert (signal.detail, signal.text) == ("Bash", "rm x")
    me = identify(os.getpid())
    assert me is not None
    assert (me.pid, me.ticks) == signal.chain[1][:2]


def test_nothing_left_behind_is_a_word_too(tmp_path: Path) -> None:
    """An agent that says that nothing goes on in the background isn't one that says nothing of it. Mutant killed: 0
    left out like an empty text."""
    hook(payload("Stop", background_tasks=[], session_crons=[]), as_worker(tmp_path))
    assert only(tmp_path).background == 0
    hook(payload("Stop"), as_worker(tmp_path))
    assert only(tmp_path).background is None


def test_a_prompt_is_only_a_length_and_a_fingerprint_and_a_question_is_redacted(tmp_path: Path) -> None:
    """On the disk already, before anybody reads it. Mutants killed: the prompt written; the text written raw; cut
    before it is redacted."""
    token = "ghp_" + "".join(Random(11).choices(ascii_letters + digits, k=36))
    env = as_worker(tmp_path)
    hook(payload("UserPromptSubmit", prompt=f"use {token} well"), env)
    hook(payload("PermissionRequest", tool_name="Bash", tool_input={"command": "x" * 980 + f" {token}"}), env)
    hook(payload("StopFailure", error="rate_limit", error_details=f"sent {token}"), env)
    texts = [(tmp_path / "signals" / name).read_text() for name in waiting(tmp_path)]
    assert len(texts) == 3
    assert not [text for text in texts if token[:12] in text or "well" in text]
    assert json.loads(texts[0])["prompt"].startswith(f"{len(token) + 9} characters, ")


def test_who_is_no_worker_of_ours_leaves_nothing(tmp_path: Path) -> None:
    """Without a grant, with another's, or with one that a newer grant has replaced. Mutants killed: the token not
    compared with the mark; the newest grant not looked for."""
    env = as_worker(tmp_path)
    hook(ASKS, {})
    hook(ASKS, {**env, "CREWBOARD_ATTEMPT": "home/t.2.1"})
    hook(ASKS, {**env, "CREWBOARD_ATTEMPT": "home/other.3.1"})
    hook(ASKS, {**env, "BOARD_CLAIM": "claims/t.3.json"})
    hook(ASKS, {**env, "BOARD_CLAIM": str(tmp_path / "nowhere" / "t.3.json")})
    as_worker(tmp_path, token=12)
    hook(ASKS, env)
    assert waiting(tmp_path) == []


STRANGE = ["", "{", "[]", "null", "7", "\0", '{"hook_event_name": 7}', '{"hook_event_name": "Nothing"}', "[" * 100_000]


@pytest.mark.parametrize("agent", ["claude", "gemini", "aider", "nobody", "--state"])
def test_what_nobody_foresaw_disturbs_nobody(tmp_path: Path, agent: str) -> None:
    """Exit 0 and not a byte, in-process for all and as a process for the worst. Mutant killed: a fault let through."""
    env = as_worker(tmp_path)
    for text in STRANGE if agent == "claude" else STRANGE[-1:]:
        hook(text, env, agent)
    kinds = {name.split(".")[2] for name in waiting(tmp_path)}
    assert kinds == {"claude": {"unread"}, "gemini": {"unread"}, "aider": {"idle"}}.get(agent, set())


def test_a_payload_without_an_end_ends(tmp_path: Path) -> None:
    """More than is read is taken off its hands, and one that never comes is not waited for for long."""
    env = environment(**as_worker(tmp_path))
    argv = [sys.executable, "-m", "supervisor", "hook", "claude"]
    huge = json.dumps(payload("Stop", last_assistant_message="x" * (call.MOST_BYTES + 100)))
    subprocess.run(argv, input=huge.encode(), env=env, timeout=60, check=True)
    out, into = os.pipe()
    try:
        subprocess.run(argv, stdin=out, env=env, timeout=60, check=True)
    finally:
        os.close(out)
        os.close(into)
    subprocess.run(["sh", "-c", 'exec "$0" "$@" <&-', *argv], env=env, timeout=60, check=True)
    assert {name.split(".")[2] for name in waiting(tmp_path)} == {"unread"}


def test_a_full_disk_is_no_fault_of_the_agent(tmp_path: Path) -> None:
    """A signal that can't be written whole is none."""
    env = environment(**as_worker(tmp_path))
    argv = ["sh", "-c", 'ulimit -f 0; exec "$0" -m supervisor hook claude', sys.executable]
    done = subprocess.run(argv, input=json.dumps(ASKS).encode(), env=env, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert waiting(tmp_path) == []


def test_a_shell_says_what_it_does(tmp_path: Path) -> None:
    """`--state` and `--text` make a signal; a state that is none makes no file."""
    env = environment(**as_worker(tmp_path))
    argv = [sys.executable, "-m", "supervisor", "hook", "shell"]
    for words in (["--state", "asking", "--text", "Which port?"], ["--state", "well"], ["--state"], []):
        subprocess.run([*argv, *words], env=env, stdin=subprocess.DEVNULL, timeout=60, check=True)
    signal = only(tmp_path)
    assert (signal.kind, signal.text) == ("asking", "Which port?")


# --- killed anywhere


def dies_at(line: int, work: Callable[[], None]) -> bool:
    """In a child that ends at the `line`-th executed line; False when it survived."""
    pid = os.fork()
    if pid == 0:
        left = line

        def trace(*_: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                os._exit(9)
            return trace

        sys.settrace(trace)  # type: ignore[arg-type]
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9


def test_a_hook_killed_at_any_line_leaves_a_whole_signal_or_none(tmp_path: Path) -> None:
    """No torn file is ever read. Mutant killed: written under its own name."""
    side = str(tmp_path)
    data = json.dumps({"at": 1.0, "mark": "m", "agent": "claude", "chain": []}).encode()

    def leave() -> None:
        folder.make_room(side)
        folder.put(side, "t", "idle", 7, data)

    leave()  # the folder is there: from now on each life takes the same way
    tray.take(side)
    torn = 0
    deaths = 0
    while dies_at(deaths, leave):
        deaths += 1
        torn += any(path.name.startswith(".") for path in (tmp_path / "signals").iterdir())
        assert all(each.signal is not None for each in tray.waiting(side))
        tray.take(side)
        tray.sweep(side, time.time() + 2 * tray.LEFT_AFTER)  # or each death would make the next life longer
    assert 20 < deaths < 500
    assert torn > 1  # some died in between
    assert only(tmp_path).kind == "idle"


# --- what it costs


def imported(side: Path, text: str) -> set[str]:
    argv = [sys.executable, "-X", "importtime", "-m", "supervisor", "hook", "claude"]
    env = environment(**as_worker(side))
    done = subprocess.run(argv, input=text.encode(), env=env, capture_output=True, timeout=60, check=True)
    lines = done.stderr.decode().splitlines()
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}


def test_a_hook_imports_next_to_nothing(tmp_path: Path) -> None:
    """Of ours only its own four rooms, of the library nothing that costs more than Python itself; the redactor where
    there is a question. Mutants killed: the command line's parser, `subprocess` or `dataclasses` imported."""
    plain = imported(tmp_path, json.dumps(payload("Stop")))
    ours = {name for name in plain if name.startswith(("board", "supervisor"))}
    rooms = {f"supervisor.hooks.{name}" for name in ("call", "folder", "words", "ancestry")}
    assert ours == {"supervisor", "supervisor.cli", "supervisor.hooks", *rooms}
    assert not plain & {"argparse", "asyncio", "dataclasses", "hashlib", "inspect", "logging", "pathlib", "subprocess"}
    assert "board.journal.redact" in imported(tmp_path, json.dumps(ASKS))


def test_what_an_agent_says_last_is_redacted_and_bounded(tmp_path: Path) -> None:
    """In the very file that the hook leaves: no secret, and not more than fits. Mutant killed: the message written as
    it came."""
    secret = "ghp_" + "A1b2" * 9
    hook(payload("Stop", last_assistant_message=f"The key is {secret}.\n" + "é" * 20_000), as_worker(tmp_path))
    (name,) = waiting(tmp_path)
    data = (tmp_path / "signals" / name).read_bytes()
    assert secret.encode() not in data
    message = json.loads(data)["message"]
    assert message.startswith("The key is [REDACTED:")
    assert message.endswith("…")
    assert len(message.encode()) <= 6000
