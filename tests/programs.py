"""`board` as a real process, with an environment of its own: exit code, stdout and stderr apart."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
_KEPT = ("PATH", "HOME", "TMPDIR", "XDG_STATE_HOME", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")


class Ended(NamedTuple):
    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """Nothing of the machine's but where programs are; plain output of a known width; an account with a name."""
    kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
    plain = {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "100", "LANG": "C.UTF-8", "USER": "tester"}
    quiet_git = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    return {**kept, **plain, **quiet_git, "PYTHONPATH": str(ROOT), **more}


def argv(*words: str) -> list[str]:
    return [sys.executable, "-m", "board", *words]


def board(*words: str, cwd: Path, stdin: str = "", env: Mapping[str, str] | None = None) -> Ended:
    """Runs `board WORDS` to its end; `env` is added to the scrubbed environment."""
    done = subprocess.run(
        argv(*words),
        cwd=cwd,
        env=environment(**(env or {})),
        input=stdin.encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def started(*words: str, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Starts `board WORDS` and doesn't wait; the caller does."""
    return subprocess.Popen(
        argv(*words),
        cwd=cwd,
        env=environment(**(env or {})),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
