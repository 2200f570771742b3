"""`.board/requests/`: an answer that a person wishes an agent to get, and what the supervisor made of it.

One file a wish (`<id>.answer`), written aside and renamed, 0600, for it holds the answer's own words; the supervisor
renames it (`.underway`) before it touches the agent, and puts a receipt (`.receipt`) in its place when it is done. It
knows nothing of agents, and carries nothing out. A door to files.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from board.journal.redact import Redacted

LONGEST: Final = 65_536  # characters of an answer
LEFT_AFTER: Final = 3600.0  # seconds after which nobody comes for a receipt any more
WISH, UNDERWAY, RECEIPT = ".answer", ".underway", ".receipt"
UNSURE: Final = "unknown whether it was delivered: the supervisor ended while it was under way"


class Wish(NamedTuple):
    """`answer` is `allow`, `deny` or `text`; `text` are its words, raw. `question`, `since` and `attempt` are what the
    status said when the person answered, and `until` the instant after which it is not to be carried out."""

    id: str
    by: str
    task: str
    answer: str
    text: str
    at: float
    until: float
    question: str = ""
    since: str = ""
    attempt: str = ""


class Answered(NamedTuple):
    """What became of a wish: `how` is `hook`, `keys` or `typing`, and empty where nothing was touched."""

    delivered: bool
    how: str = ""
    why: str = ""


def folder(side: str) -> str:
    return os.path.join(side, "requests")


def new_id() -> str:
    return uuid.uuid4().hex


def unfit(text: str) -> str:
    """Why nobody could type that; empty where somebody could."""
    if not text.strip():
        return "an answer needs words"
    if len(text) > LONGEST:
        return f"{len(text)} characters are too many: at most {LONGEST}"
    if not all(each.isprintable() or each in "\n\t" for each in text):
        return "it holds control characters: an agent would take them for keys"
    return ""


def put(side: str, wish: Wish) -> None:
    """Raises OSError, and then there is no wish."""
    os.makedirs(folder(side), 0o700, exist_ok=True)
    _write(_path(side, wish.id, WISH), json.dumps(wish._asdict(), ensure_ascii=False))


def waiting(side: str) -> list[Wish]:
    """Oldest first. What can't be read is no wish, and is put away."""
    found = []
    for name in _names(side, WISH):
        wish = _read(_path(side, name, WISH))
        if wish is None or wish.id != name:
            _drop(_path(side, name, WISH))
        else:
            found.append(wish)
    return sorted(found, key=lambda each: each.at)


def begin(side: str, wish: Wish) -> bool:
    """From here on it may have reached the agent, and is never carried out again. False: it was withdrawn."""
    try:
        os.rename(_path(side, wish.id, WISH), _path(side, wish.id, UNDERWAY))
    except FileNotFoundError:
        return False
    return True


def underway(side: str) -> list[Wish]:
    """Those that were begun and have no receipt: at a supervisor's start, those that the last one died with."""
    found = (_read(_path(side, name, UNDERWAY)) for name in _names(side, UNDERWAY))
    return [wish for wish in found if wish is not None]


def end(side: str, wish_id: str, answered: Answered, why: Redacted) -> None:
    """The receipt, and then the wish is gone. Raises OSError; then it still counts as under way."""
    _write(_path(side, wish_id, RECEIPT), json.dumps(answered._replace(why=why)._asdict(), ensure_ascii=False))
    for state in (WISH, UNDERWAY):
        _drop(_path(side, wish_id, state))


def withdraw(side: str, wish_id: str) -> bool:
    """False: it is under way, or done."""
    return _drop(_path(side, wish_id, WISH))


def receipt(side: str, wish_id: str) -> Answered | None:
    """Once: who got it is the one who asked."""
    path = _path(side, wish_id, RECEIPT)
    try:
        with open(path, encoding="utf-8") as file:
            given = json.load(file)
        found = Answered(bool(given["delivered"]), str(given["how"]), str(given["why"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    _drop(path)
    return found


def sweep(side: str, now: float) -> None:
    """Removes receipts that nobody came for, and what who was killed has left aside."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder(side)):
            path = os.path.join(folder(side), name)
            is_ours = name.endswith((RECEIPT, f"{WISH}.tmp", f"{RECEIPT}.tmp"))
            if is_ours and now - os.lstat(path).st_mtime > LEFT_AFTER:
                os.unlink(path)


def _path(side: str, name: str, state: str) -> str:
    return os.path.join(folder(side), f"{name}{state}")


def _names(side: str, state: str) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for name in os.listdir(folder(side)):
            if name.endswith(state) and not name.startswith("."):
                yield name.removesuffix(state)


def _write(path: str, text: str) -> None:
    aside = f"{path}.tmp"
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
    os.replace(aside, path)


def _read(path: str) -> Wish | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(fd, encoding="utf-8") as file:
            given = json.load(file)
        return _wish(given)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _wish(given: Mapping[str, Any]) -> Wish | None:
    texts = {name: given[name] for name in ("id", "by", "task", "answer", "text", "question", "since", "attempt")}
    is_sound = all(isinstance(each, str) for each in texts.values()) and given["answer"] in ("allow", "deny", "text")
    return Wish(**texts, at=float(given["at"]), until=float(given["until"])) if is_sound else None


def _drop(path: str) -> bool:
    try:
        os.unlink(path)
    except OSError:
        return False
    return True
