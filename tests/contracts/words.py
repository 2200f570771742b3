"""The words of a prompt that steer a turn, and the record of what the model was told: for stand-ins and API alike.

A prompt's words are taken one by one: the first for what the person said, the next ones for each tool's result.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HEARD = "CONTRACT_HEARD"  # the variable that names the record's file
_WORDS = re.compile(r"\b(?:RUN\[(?P<command>[^\]]*)\]|(?P<word>SLOW|RATELIMIT|AUTHFAIL|OVERLOAD|ASKQ)\b)")


def steer(text: str, results: int = 0) -> tuple[str, str]:
    """The word and what it was given, after so many results; `DONE` where there is none left."""
    found = list(_WORDS.finditer(text))[results : results + 1]
    if not found:
        return "DONE", ""
    word = found[0]
    return (word["word"], "") if word["word"] else ("RUN", word["command"])


def note(agent: str, texts: Sequence[str], path: str | None = None) -> None:
    """One request of a model: all that the person has said in this conversation so far."""
    where = path or os.environ[HEARD]
    line = json.dumps({"agent": agent, "texts": list(texts)})
    fd = os.open(where, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(fd, f"{line}\n".encode())
    finally:
        os.close(fd)


def heard(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]
