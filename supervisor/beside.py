"""Who looks at workers beside the loop, each on a timer of its own: no cycle and no restart waits for them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from supervisor.ears import Ears
from supervisor.gaze import Gaze
from supervisor.hooks.intake import Intake
from supervisor.overview import Overview
from supervisor.results import Results
from supervisor.tools import Tools
from supervisor.turns.keeper import Turns
from supervisor.vigil import Vigil


class Looker(Protocol):
    """`keep` goes on until it is cancelled."""

    def keep(self) -> Coroutine[Any, Any, None]: ...


def lookers(eyes: Overview, tools: Tools, wake: Callable[[], None], say: Callable[[], None]) -> tuple[Looker, ...]:
    """`wake` asks for a cycle, `say` for the status to be written."""
    return (
        Vigil(eyes, tools, wake),
        Ears(eyes, say),
        Gaze(eyes, tools, wake, say),
        Intake(eyes, tools, wake),
        Turns(eyes, tools, say),
        Results(eyes, tools),
    )
