"""`.board/requests/`: what people's commands ask of a running supervisor, one file a wish, aside and then renamed.

A wish that nobody can read is put away with its reason, never guessed at.
"""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["stop"]


@dataclass(frozen=True, slots=True)
class Request:
    """`stop` with a task ends that task's worker, without one the supervisor; `workers` ends all of them too."""

    kind: Kind
    by: str
    task: str | None = None
    workers: bool = False


def folder(side: str) -> Path:
    return Path(side) / "requests"


def ask(side: str, request: Request) -> Path:
    place = folder(side)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{uuid.uuid4().hex}.json"
    aside = place / f".{name}"
    aside.write_text(json.dumps(asdict(request)), encoding="utf-8")
    return aside.rename(place / name)


def take(side: str) -> list[Request]:
    """Every wish that waits, oldest first; each is taken once."""
    found = sorted(folder(side).glob("*.json"), key=_age)
    taken = []
    for path in found:
        request = _read(path)
        path.unlink(missing_ok=True)
        if request is not None:
            taken.append(request)
    return taken


def _age(path: Path) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _read(path: Path) -> Request | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["kind"] != "stop":
            return None
        task = data.get("task")
        return Request("stop", str(data["by"]), None if task is None else str(task), bool(data.get("workers")))
    except (OSError, ValueError, KeyError, TypeError):
        return None
