"""Stand-ins for agents: small programs that call our hook as the real ones do, with the payloads that were seen."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.programs import ROOT, environment

SESSION = "5c1b6b4e-0000-4000-8000-000000000001"

_AGENT = """\
import json, os, subprocess, sys, time
HOOK = [sys.executable, "-m", "supervisor", "hook"]
ENV = {**os.environ, "PYTHONPATH": ROOT}

def hook(event, agent="claude", env=None, **fields):
    payload = {"session_id": SESSION, "hook_event_name": event, **fields}
    raw = payload.pop("raw", None) or json.dumps(payload)
    done = subprocess.run([*HOOK, agent], input=raw.encode(), capture_output=True, env={**ENV, **(env or {})})
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), done

def wait_for(name):
    while not os.path.exists(os.path.join(HERE, name)):
        time.sleep(0.02)
"""


def agent(folder: Path, name: str, body: str) -> str:
    """An executable in the folder, named as an agent would be; `body` may say `hook("Stop", ...)`, `wait_for(file)`."""
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    head = _AGENT.replace("ROOT", repr(str(ROOT))).replace("SESSION", repr(SESSION), 1)
    path.write_text(f"#!{sys.executable}\nSESSION = {SESSION!r}\nHERE = {str(folder)!r}\n{head}\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def payload(event: str, **fields: Any) -> dict[str, Any]:
    return {"session_id": SESSION, "hook_event_name": event, **fields}


def hook(said: Mapping[str, Any] | str, env: Mapping[str, str], agent: str = "claude") -> None:
    """Our hook, called with this payload by whoever calls this; it must have been of no trouble to it."""
    raw = said if isinstance(said, str) else json.dumps(said)
    argv = [sys.executable, "-m", "supervisor", "hook", agent]
    done = subprocess.run(
        argv, input=raw.encode(), env=environment(**env), capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def as_worker(side: Path, task: str = "t", token: int = 3, number: int = 1) -> dict[str, str]:
    """The environment of a worker whose grant is the task's newest one."""
    claims = side / "claims"
    claims.mkdir(parents=True, exist_ok=True)
    grant = claims / f"{task}.{token}.json"
    grant.write_text(json.dumps({"task": task, "token": token}))
    return {"BOARD_CLAIM": str(grant), "CREWBOARD_ATTEMPT": f"home/{task}.{token}.{number}"}


def waiting(side: Path) -> list[str]:
    """Names of the signals that wait, oldest first."""
    place = side / "signals"
    return sorted(path.name for path in place.iterdir()) if place.is_dir() else []
