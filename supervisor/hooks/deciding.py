"""`supervisor hook claude --decide`: beside the dialog that a permission is asked with, waiting for a person's word.

The first answer wins: a key in the pane, or what is printed here. It leaves no signal, and prints nothing unless a
decision for this very question comes. What is asked reaches the disk redacted, and as a keyed fingerprint. It ends with
its agent, with its attempt, and when the supervisor or anybody takes its question away.
"""

import contextlib
import json
import os
import select
import time
from collections.abc import Mapping
from typing import Any, Final

from supervisor.hooks import call
from supervisor.hooks.ancestry import ancestors
from supervisor.hooks.words import heard

EVERY: Final = 200  # milliseconds between two looks for a decision
SELDOM: Final = 25  # looks between two at whether the attempt is still the newest one
LARGEST: Final = 1 << 20  # bytes of a decision
QUESTIONS: Final = ("AskUserQuestion", "ExitPlanMode")  # a yes would be no answer to these


def folder(side: str) -> str:
    return os.path.join(side, "decisions")


def decide(agent: str, env: Mapping[str, str]) -> None:
    """Never raises, and disturbs nobody."""
    with contextlib.suppress(Exception):
        _decide(agent, env)


def _decide(agent: str, env: Mapping[str, str]) -> None:
    order = time.monotonic_ns()
    payload = json.loads(call.stdin())
    place = call.place(env)
    if place is None or not _is_permission(payload):
        return
    side, task, mark = place
    said = heard(agent, payload)
    if said is None:
        return
    chain = ancestors(os.getpid())
    record = {
        "mark": mark,
        "agent": agent,
        "chain": chain,
        "text": call.fields(said, side, env).get("text", ""),
        "prompt": _fingerprint(payload, side),
    }
    stem = os.path.join(folder(side), f"{order:020d}.{task}.{os.getpid()}")
    os.makedirs(folder(side), 0o700, exist_ok=True)
    _write(f"{stem}.ask", json.dumps(record))
    try:
        decision = _wait(stem, record["prompt"], _watched(chain), env)
        if decision is not None:
            os.write(1, json.dumps(_output(decision)).encode())
    finally:
        with contextlib.suppress(OSError):
            os.unlink(f"{stem}.ask")


def _is_permission(payload: Any) -> bool:
    return (
        isinstance(payload, dict)
        and payload.get("hook_event_name") == "PermissionRequest"
        and payload.get("tool_name") not in QUESTIONS
    )


def _fingerprint(payload: Mapping[str, Any], side: str) -> str:
    from hashlib import blake2b

    asked = json.dumps([payload.get("tool_name"), payload.get("tool_input")], sort_keys=True)
    return blake2b(asked.encode("utf-8", "replace"), key=call.key(side), digest_size=16).hexdigest()


def _write(path: str, text: str) -> None:
    aside = f"{path}.tmp"
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
    os.rename(aside, path)


def _watched(chain: list[tuple[int, int, str]]) -> select.poll:
    """Wakes when whoever reads our answer, our parent or the agent is gone."""
    poller = select.poll()
    poller.register(1, 0)  # a broken pipe is told in any case
    agents = [pid for pid, _, name in chain if name]
    for pid in {os.getppid(), *agents[:1]}:
        with contextlib.suppress(OSError, AttributeError):
            poller.register(os.pidfd_open(pid), select.POLLIN)
    return poller


def _wait(stem: str, prompt: str, poller: select.poll, env: Mapping[str, str]) -> dict[str, Any] | None:
    parent, count = os.getppid(), 0
    while not poller.poll(EVERY) and os.getppid() == parent and os.path.exists(f"{stem}.ask"):
        if os.path.exists(f"{stem}.json"):
            return _taken(stem, prompt)
        count += 1
        if count % SELDOM == 0 and call.place(env) is None:
            return None
    return None


def _taken(stem: str, prompt: str) -> dict[str, Any] | None:
    """The decision, if it is about this question; its new name says that we have it. Nobody else gets it then."""
    with open(f"{stem}.json", encoding="utf-8") as file:
        given = json.loads(file.read(LARGEST))
    if given.get("prompt") != prompt or given.get("behavior") not in ("allow", "deny"):
        return None
    os.rename(f"{stem}.json", f"{stem}.taken")
    return dict(given)


def _output(given: Mapping[str, Any]) -> dict[str, Any]:
    decision = {"behavior": given["behavior"]}
    if given["behavior"] == "deny" and given.get("message"):
        decision["message"] = given["message"]
    return {"hookSpecificOutput": {"hookEventName": "PermissionRequest", "decision": decision}}
