"""`supervisor hook AGENT`: what agents' hooks call. It leaves one file for the supervisor and is gone.

It never disturbs an agent: exit 0, nothing on stdout or stderr, whatever it is given. Who is no worker of ours leaves
nothing. What a worker is told (prompts) never reaches the disk, what it asks and what it says last only redacted. It
imports next to nothing, and doesn't decide whether a signal counts: that takes a process table and a board.
"""

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from supervisor.hooks import folder
from supervisor.hooks.ancestry import ancestors
from supervisor.hooks.words import AGENTS, KINDS, SILENT, Said, heard

MOST_BYTES: Final = 8 << 20  # of a payload
PATIENCE: Final = 1.0  # seconds for a payload that doesn't come
_TEXT: Final = 1000  # characters of what it asks
_MESSAGE: Final = 6000  # bytes of what it says last: a report of some length
_LONG: Final = ("text", "message")
_NAME: Final = 300  # characters of an id or a path


def call(words: Sequence[str], env: Mapping[str, str]) -> None:
    """Never raises."""
    try:
        _call(words, env)
    except Exception:  # noqa: BLE001 - an agent is never disturbed
        return


def _call(words: Sequence[str], env: Mapping[str, str]) -> None:
    order, at = time.monotonic_ns(), time.time()
    agent, more = words[0], words[1:]
    if agent not in AGENTS:
        return
    raw = _raw(agent, more)
    found = place(env)
    said = None if found is None else _said(agent, more, raw)
    if found is None or said is None:
        return
    side, task, mark = found
    record = {
        "v": 1,
        "at": at,
        "mark": mark,
        "agent": agent,
        "chain": ancestors(os.getpid()),
        **fields(said, side, env),
    }
    record["dropped"] = folder.make_room(side)
    folder.put(side, task, said.kind, order, _line(record))


def _line(record: dict[str, Any]) -> bytes:
    import json

    data = json.dumps(record, ensure_ascii=False).encode("utf-8", "replace")
    return data if len(data) <= folder.LARGEST else json.dumps({**record, **dict.fromkeys(_LONG, "")}).encode()


def place(env: Mapping[str, str]) -> tuple[str, str, str] | None:
    """The board's side folder, the task and the attempt's mark, by the grant that is the task's newest one."""
    grant, mark = env.get("BOARD_CLAIM", ""), env.get("CREWBOARD_ATTEMPT", "")
    claims, name = os.path.split(grant)
    task, _, token = name.removesuffix(".json").partition(".")
    if not os.path.isabs(grant) or not mark.partition("/")[2].startswith(f"{task}.{token}.") or not token.isdigit():
        return None
    tokens = (each[len(task) + 1 : -5] for each in os.listdir(claims) if each.startswith(f"{task}."))
    newest = max((int(each) for each in tokens if each.isdigit()), default=0)
    return (os.path.dirname(claims), task, mark) if newest == int(token) else None


def _raw(agent: str, words: Sequence[str]) -> bytes:
    """Read before anything else: who hands it over must get rid of it, wanted or not."""
    if agent == "shell" or agent in SILENT:
        return b""
    return os.fsencode(words[0]) if words else stdin()


def _said(agent: str, words: Sequence[str], raw: bytes) -> Said | None:
    if agent == "shell":
        return _typed(words)
    if agent in SILENT:
        return SILENT[agent]
    import json

    try:
        payload = json.loads(raw)
    except (ValueError, RecursionError):
        return Said("unread", "no JSON came")
    return heard(agent, payload) if isinstance(payload, dict) else Said("unread", "no JSON object came")


def _typed(words: Sequence[str]) -> Said | None:
    """`--state busy [--text WORDS]`."""
    given = dict(zip(words[::2], words[1::2], strict=False))
    kind = given.get("--state", "")
    return Said(kind, "said", text=given.get("--text", "")) if kind in KINDS[:-1] else None


def stdin() -> bytes:
    """All of it, or as much as may come: who still writes is never left with a broken pipe."""
    import select

    parts, size, until = [], 0, time.monotonic() + PATIENCE
    while select.select([0], [], [], max(0.0, until - time.monotonic()))[0]:
        part = os.read(0, 1 << 16)
        if not part:
            break
        size += len(part)
        if size <= MOST_BYTES:
            parts.append(part)
    return b"".join(parts) if size <= MOST_BYTES else b""


def fields(said: Said, side: str, env: Mapping[str, str]) -> dict[str, Any]:
    # No background at all is a word too, unlike an empty text.
    found = {name: value for name, value in said._asdict().items() if value or name == "background"}
    found.update({name: value[:_NAME] for name, value in found.items() if isinstance(value, str) and name not in _LONG})
    if said.prompt:
        found["prompt"] = prompt_mark(said.prompt, side)
    if said.text or said.message:
        from board.journal.longlines import cut
        from board.journal.sink import make_redactor

        # Shortened only after it was redacted: half a secret looks like none.
        redactor = make_redactor(side, env)
        found["text"] = redactor.text(cut(said.text))[:_TEXT]
        found["message"] = _shortened(redactor.text(cut(said.message)), _MESSAGE)
    return found


def prompt_mark(text: str, side: str) -> str:
    """Fingerprints a prompt, whatever an agent does to its blanks."""
    from board.journal.marks import fingerprint

    return fingerprint(" ".join(text.split()), key(side))


def _shortened(text: str, most: int) -> str:
    """At most so many bytes; an ellipsis says that there was more."""
    data = text.encode("utf-8", "replace")
    return text if len(data) <= most else f"{data[: most - 3].decode('utf-8', 'ignore')}…"


def key(side: str) -> bytes:
    try:
        with open(os.path.join(side, "redact.key"), "rb") as file:
            return file.read(32) or os.urandom(32)
    except OSError:
        return os.urandom(32)


def run(words: Sequence[str]) -> None:
    """As a program; the process ends here. It returns only where a person may have typed it: then there is a page, or
    a mistake to be told."""
    known = bool(words) and words[0] in AGENTS and not {"-h", "--help"}.intersection(words)
    if words[1:] == ["--decide"] and known:
        from supervisor.hooks import deciding

        deciding.decide(words[0], os.environ)
        os._exit(0)
    if known or "BOARD_CLAIM" in os.environ:
        call(words, os.environ)
        os._exit(0)
