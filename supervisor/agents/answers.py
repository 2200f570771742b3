"""How an agent is answered, as its profile says: keys by the rule that told its question, or its hook. Pure.

It presses no key. A rule that isn't named here is answered by a person at the pane.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from board.instants import parse_span

Choice = Literal["allow", "deny"]
CHOICES: Final[tuple[Choice, ...]] = ("allow", "deny")
PAUSE: Final = 0.15  # seconds: two of the agents take an Enter right behind a text for a line break


@dataclass(frozen=True, slots=True)
class Answers:
    """`hook`: the hook that is told of a question may decide it. `pause` are seconds between a text and its Enter.

    `keys` are as tmux names them, by the screen's rule; a choice that is missing there is a person's. `sure` are
    patterns by rule: only where one is found on the screen do that rule's keys for `allow` mean what they say.
    """

    hook: bool = False
    pause: float = PAUSE
    keys: Mapping[str, Mapping[Choice, tuple[str, ...]]] = field(default_factory=dict)
    sure: Mapping[str, re.Pattern[str]] = field(default_factory=dict)


def read_answers(data: Mapping[str, Any] | None) -> Answers | None:
    """From a profile that `check` has passed; None where it says nothing of answers."""
    if not data:
        return None
    rules = {name: said for name, said in data.items() if isinstance(said, Mapping)}
    pause = parse_span(str(data["pause"])) if "pause" in data else None
    return Answers(
        hook=data.get("hook") is True,
        pause=PAUSE if pause is None else pause,
        keys={name: _keys(said) for name, said in rules.items()},
        sure={name: re.compile(str(said["sure"]), re.MULTILINE) for name, said in rules.items() if said.get("sure")},
    )


def _keys(said: Mapping[str, Any]) -> dict[Choice, tuple[str, ...]]:
    return {choice: tuple(map(str, said[choice])) for choice in CHOICES if said.get(choice)}
