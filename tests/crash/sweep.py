"""Forked children: one that does some work, many at once, and one that dies at the Nth executed line.

The lines of the standard library count too, so that no gap between two system calls is left out. It can't show what a
loss of power does to caches; the order of syncs is a test of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from tests.programs import environment

DIED = 9
_FAILED = 8

Work = Callable[[], object]
Tracer = Callable[[FrameType, str, Any], Any]


def fork(work: Work) -> int:
    """The pid of a child that does `work` and ends: 0, or 8 with a traceback when that raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # test runners have threads; the child uses none of them
        pid = os.fork()
    if pid:
        return pid
    try:
        work()
    except BaseException:  # the child must never run on as a second test runner
        sys.settrace(None)
        traceback.print_exc()
        os._exit(_FAILED)
    os._exit(0)


def ended(pid: int) -> int:
    """Waits for the child; its exit code, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def at_once(works: Sequence[Work]) -> list[int]:
    """Does all of them in children that start together; their exit codes."""
    waits, opens = os.pipe()

    def behind_the_gate(work: Work) -> Work:
        def run() -> None:
            os.close(opens)
            os.read(waits, 1)  # returns when the last end that could write is closed
            work()

        return run

    pids = [fork(behind_the_gate(work)) for work in works]
    os.close(opens)
    codes = [ended(pid) for pid in pids]
    os.close(waits)
    return codes


def told(work: Work) -> str:
    """What `work` answered in a child of its own, or how it failed: `InvalidBoard: …`."""
    reads, writes = os.pipe()

    def run() -> None:
        try:
            answer = str(work())
        except Exception as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(writes, answer.encode("utf-8", "replace")[:60_000])

    pid = fork(run)
    os.close(writes)
    with os.fdopen(reads, "rb") as pipe:
        answer = pipe.read().decode()
    code = ended(pid)
    assert code == 0, f"the child ended with {code}"
    return answer


def alone(work: Callable[[Path], object], folder: Path) -> None:
    """Calls a module's function in an interpreter of its own: forking a test runner costs ten times as much."""
    program = f"import pathlib, sys, {work.__module__} as tests\ntests.{work.__name__}(pathlib.Path(sys.argv[1]))\n"
    root = Path(__file__).parents[2]
    argv = [sys.executable, "-c", program, str(folder)]
    done = subprocess.run(argv, cwd=root, env=environment(), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def sweep(prepare: Work, work: Work, verify: Callable[[int], object]) -> int:
    """How many deaths there were: `work` dies at line 0, 1, 2 … until it survives; `verify` looks after each."""
    line = 0
    while True:
        prepare()
        code = ended(fork(partial(_die_at, line, work)))
        assert code in (0, DIED), f"line {line}: the child ended with {code}"
        verify(line)
        if code == 0:
            return line
        line += 1


def _die_at(line: int, work: Work) -> None:
    left = line

    def trace(_frame: FrameType, event: str, _arg: object) -> Tracer:
        nonlocal left
        if event == "line":
            left -= 1
            if left < 0:
                os._exit(DIED)
        return trace

    sys.settrace(trace)
    work()
    sys.settrace(None)
