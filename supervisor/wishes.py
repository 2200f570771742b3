"""Wishes of people's commands about workers and the supervisor itself, taken once a cycle. Answers are the desk's.

It decides nothing: whose worker is to end has it ended by the law's own hands.
"""

from __future__ import annotations

from collections.abc import Callable

from board.model import Board
from supervisor import signals
from supervisor.enforce import Enforcer
from supervisor.keeping import CalledOff
from supervisor.overview import RETRY, Overview
from supervisor.tools import Tools


class Wishes:
    def __init__(self, eyes: Overview, tools: Tools, law: Enforcer) -> None:
        self._eyes = eyes
        self._tools = tools
        self._law = law

    def take(self, board: Board, stop: Callable[..., None]) -> None:
        """`stop` ends the supervisor, and with `workers` all of those too."""
        side = self._tools.engine.store.side
        for request in signals.take(side):
            self._tools.tell("request_received", request.task, by=request.by, request=request.kind)
            if request.task is None:
                stop(request.by, workers=request.workers)
            elif (keeping := self._eyes.kept.get(request.task)) is not None and keeping.operation is None:
                self._law.operate(keeping, "stopping", self._law.hands.wind_down(keeping, request.by, block=True))
            elif board.find(request.task) is not None:
                if keeping is not None:
                    keeping.called_off = CalledOff(request.by, is_final=True)
                signals.ask(side, request)  # busy just now: it is asked again in a moment
                self._eyes.look_again_at(self._tools.engine.clock() + RETRY)
