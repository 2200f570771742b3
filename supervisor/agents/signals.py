"""What an agent says of itself through its terminal, by OSC 7501: `state=blocked:app=codex:kind=permission`. Pure.

Seen with Codex 0.169.0, also under tmux, which hands it on to nobody: whoever reads the pane's output sees it.
"""

from __future__ import annotations

import re
from typing import Final

from supervisor.agents.reading import Reading, Source, State

NUMBER: Final = "7501"
LONGEST: Final = 128  # characters of it
_WORDS: Final = re.compile(r"state=([a-z]{1,16})((?::[a-z]{1,16}=[\w.-]{0,64}){0,8})", re.ASCII)
_STATES: Final = {
    "idle": State.IDLE,
    "working": State.BUSY,
    "blocked": State.ASKING,
    "done": State.IDLE,
    "error": State.FAILED,
}


def is_status(words: str) -> bool:
    """Whatever else a program writes there goes no further."""
    found = _WORDS.fullmatch(words)
    return found is not None and found[1] in _STATES


def read_signal(words: str, at: float, *, has_screens: bool) -> Reading | None:
    """None for what is none. `error` is no word of its own where screens are known: they tell a limit apart."""
    found = _WORDS.fullmatch(words)
    if found is None or found[1] not in _STATES:
        return None
    state = State.UNKNOWN if found[1] == "error" and has_screens else _STATES[found[1]]
    is_permission = "kind=permission" in found[2].split(":")
    return Reading(Source.SIGNAL, state, f"{found[1]}, permission" if is_permission else found[1], at)
