"""Faults that the kernel deals out: a child in which one system call of its work fails, or is its last.

By strace, which counts each kind of call by itself. The child is traced from a moment on when only the work is left to
do, so nothing else is counted.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.crash.sweep import ended, fork

Work = Callable[[], object]
_CALL = re.compile(r"^(?:\d+ +)?(\w+)\(", re.MULTILINE)


def can_trace() -> bool:
    """Is there a strace, and may it trace us? Some containers forbid it."""
    return shutil.which("strace") is not None and _traced(lambda: None, "trace=none") == 0


def calls_of(work: Work, log: Path) -> Counter[str]:
    """How often `work` makes each system call, by name; the one that the child waited in is among them."""
    assert _traced(work, "trace=all", log) == 0
    return Counter(_CALL.findall(log.read_text()))


def killed_at(call: str, number: int, work: Work) -> int:
    """How a child ended that was to be killed as it began the `number`th call of this name, counted from 1."""
    return _traced(work, f"inject={call}:signal=SIGKILL:when={number}")


def failing(call: str, error: str, number: int, work: Work) -> int:
    """The exit code of a child in which the `number`th call of this name did nothing but fail with `error`."""
    return _traced(work, f"inject={call}:error={error}:when={number}")


def _traced(work: Work, expression: str, log: Path | None = None) -> int:
    waits, opens = os.pipe()

    def behind_the_gate() -> None:
        os.close(opens)
        with suppress(OSError):  # this read is traced, too, and may be the one that fails
            os.read(waits, 1)
        work()

    pid = fork(behind_the_gate)
    os.close(waits)
    argv = ["strace", "-f", "-o", str(log or os.devnull), "-e", expression, "-p", str(pid)]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        is_attached = any("attached" in line for line in tracer.stderr)
        os.close(opens)
        code = ended(pid)
    return code if is_attached else -1
