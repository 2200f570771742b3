"""The door to the files in which agents keep their conversations, and to ours of what a start was told. Read only.

Bounded: what is too much, too long or no file of an agent's is not looked at. It decides nothing (`conversation` does).
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import re
import sqlite3
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any, Final

from board.instants import parse_instant
from supervisor.agents.conversation import Talk

MOST: Final = 2000  # files of one agent
LINE: Final = 1 << 20  # bytes of a first line: one agent's instructions stand in it
_ROLLOUT: Final = re.compile(r"-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$")

LEARNT_OF: Final = ("codex", "opencode")  # the agents whose files tell of conversations that they named themselves

Env = Mapping[str, str]


# --- is this id in use?


def is_in_use(agent: str, name: str, env: Env, ours: str) -> bool | None:
    """Does the agent have a conversation of this id? None where nobody can tell. `ours` is the file that we named."""
    match agent:
        case "claude":
            return _has(os.path.join(_claude(env), "projects"), "*", f"{name}.jsonl")
        case "gemini":
            return _gemini_has(os.path.join(_gemini(env), "tmp"), name)
        case "aider":
            return os.path.exists(ours)
        case _:
            return None


def _claude(env: Env) -> str:
    return env.get("CLAUDE_CONFIG_DIR") or os.path.join(_home(env), ".claude")


def _gemini(env: Env) -> str:
    return os.path.join(env.get("GEMINI_CLI_HOME") or _home(env), ".gemini")


def _home(env: Env) -> str:
    return env.get("HOME") or os.path.expanduser("~")


def _has(top: str, *parts: str) -> bool | None:
    found = _found(top, *parts)
    return None if found is None else next(found, None) is not None


def _found(top: str, *parts: str) -> Iterator[str] | None:
    """None where the folder can't be read; one that isn't there holds nothing."""
    try:
        os.listdir(top)
    except FileNotFoundError:
        return iter(())
    except OSError:
        return None
    return glob.iglob(os.path.join(glob.escape(top), *parts))


def _gemini_has(top: str, name: str) -> bool | None:
    """Its files bear the id's first eight digits, and the whole of it in their first line."""
    found = _found(top, "*", "chats", f"session-*-{name[:8]}.json*")
    if found is None:
        return None
    return any(name in (_first_line(path) or name) for path in found)


# --- which conversations are there?


def talks(agent: str, since: float, env: Env) -> list[Talk] | None:
    """The agent's conversations, of those that it goes on with by an id that it chose; None where nobody can tell.
    Of what was last written before `since` only the id need be told."""
    match agent:
        case "codex":
            return _codex(os.path.join(env.get("CODEX_HOME") or os.path.join(_home(env), ".codex"), "sessions"), since)
        case "opencode":
            return _opencode(_opencode_file(env))
        case _:
            return None


def _codex(top: str, since: float) -> list[Talk] | None:
    found = _found(top, "*", "*", "*", "rollout-*.jsonl")
    if found is None:
        return None
    newest = sorted(found, key=os.path.basename, reverse=True)[:MOST]
    read = (_rollout(path) if _written(path) >= since else _by_name(path) for path in newest)
    return [talk for talk in read if talk is not None]


def _written(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _by_name(path: str) -> Talk | None:
    """One that is too old to have begun here: that it is there is all that may be asked of it."""
    found = _ROLLOUT.search(os.path.basename(path))
    return None if found is None else Talk(found[1], "", 0.0)


def _rollout(path: str) -> Talk | None:
    """None for a sub-agent's, and for what isn't one."""
    try:
        data = json.loads(_first_line(path) or "")
        meta = data["payload"]
        began_at = parse_instant(str(meta["timestamp"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    is_whole = isinstance(meta.get("id"), str) and isinstance(meta.get("cwd"), str) and began_at is not None
    if not is_whole or began_at is None or data.get("type") != "session_meta" or not _is_a_persons(meta):
        return None
    return Talk(meta["id"], os.path.realpath(meta["cwd"]), began_at)


def _is_a_persons(meta: Mapping[str, Any]) -> bool:
    return isinstance(meta.get("source"), str) and meta.get("thread_source", "user") == "user"


def _first_line(path: str) -> str | None:
    """None where it can't be read, or is too long."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as file:
            line = file.readline(LINE + 1)
    except OSError:
        return None
    return line.decode("utf-8", "replace") if len(line) <= LINE else None


def _opencode_file(env: Env) -> str:
    own = env.get("OPENCODE_DB")
    data = env.get("XDG_DATA_HOME") or os.path.join(_home(env), ".local", "share")
    return own or os.path.join(data, "opencode", "opencode.db")


def _opencode(path: str) -> list[Talk] | None:
    """Of its database, which is never written to; a sub-agent's conversations have a parent."""
    if not os.path.exists(path):
        return []
    query = "SELECT id, directory, time_created FROM session WHERE parent_id IS NULL ORDER BY time_created DESC LIMIT ?"
    try:
        with contextlib.closing(
            sqlite3.connect(f"file:{urllib.parse.quote(path)}?mode=ro", uri=True, timeout=2.0)
        ) as db:
            rows = db.execute(query, (MOST,)).fetchall()
        return [Talk(str(name), os.path.realpath(folder), float(at) / 1000) for name, folder, at in rows]
    except (sqlite3.Error, TypeError, ValueError):
        return None


# --- what a start was told


def session_file(side: str, name: str) -> str:
    """The file of a conversation, for an agent that knows no ids."""
    return os.path.join(os.path.abspath(side), "cache", "conversations", f"{name}.md")


def _note(side: str, task: str) -> str:
    return os.path.join(side, "cache", "conversations", f"{task}.json")


def remember(side: str, task: str, mark: str, name: str) -> None:
    """The conversation that an attempt was started with. Aside, then renamed. Raises OSError."""
    path = _note(side, task)
    os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    aside = f"{path}.{os.getpid()}.tmp"
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        json.dump({"mark": mark, "conversation": name}, file)
    os.replace(aside, path)


def remembered(side: str, task: str, mark: str) -> str:
    """Empty where nothing is known of this very attempt."""
    try:
        with open(_note(side, task), encoding="utf-8") as file:
            said = json.loads(file.read(LINE))
        return str(said["conversation"]) if said["mark"] == mark else ""
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
