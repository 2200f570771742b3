"""When live workers are looked at, how little is asked for it, and what a look that failed does: nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from board.settings import Settings
from supervisor.activity import LOOKS, Stalled, doing_of
from supervisor.census import Tree, Usage
from supervisor.control import TmuxError, TmuxTimeout
from supervisor.keeping import Keeping
from supervisor.model import Alive, Attempt, Dead, Exit, Verdict
from supervisor.panes import Output
from supervisor.processes import ProcessId
from supervisor.sight import Known
from supervisor.vigil import SHORTEST, Vigil
from tests.boards import HOME, NOW, task

LIMIT = 600.0
PAUSE = LIMIT / LOOKS


@dataclass
class Machine:
    """The tmux server, the process table and the supervisor's other parts, as far as a vigil asks for them."""

    outputs_now: dict[str, Output] = field(default_factory=dict)
    usage: dict[str, Usage] | None = field(default_factory=dict)
    fails: Exception | None = None
    lists: int = 0
    tails: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    kept: dict[str, Keeping] = field(default_factory=dict)
    wakes: int = 0
    session: str = HOME
    board: Any = None

    async def outputs(self, session: str) -> dict[str, Output]:
        self.lists += 1
        if self.fails is not None:
            raise self.fails
        return dict(self.outputs_now)

    async def tail(self, pane: str, lines: int) -> list[str]:
        self.tails.append(pane)
        return ["done with it"]

    def take(self, trees: Sequence[Tree]) -> dict[str, Usage] | None:
        return self.usage

    def clock(self) -> float:
        return NOW

    def tell(self, name: str, task: str | None, **fields: Any) -> None:
        self.told.append(name)

    def wake(self) -> None:
        self.wakes += 1

    @property
    def server(self) -> Machine:
        return self

    @property
    def engine(self) -> Machine:
        return self

    def worker(self, name: str, *, verdict: Verdict | None = None, **record: Any) -> Known:
        number = len(self.kept) + 1
        known = Known(Attempt(HOME, name, 3, 1), ProcessId(70 + number, 1), f"%{number}")
        said = task(**{"id": name, "run": "work", "stall_after": "10m", **record})
        self.kept[name] = Keeping(said, known, verdict or Alive(70 + number, f"%{number}"))
        self.outputs_now[f"%{number}"] = Output("0/0/0/7", is_full_screen=False)
        assert self.usage is not None
        self.usage[known.attempt.mark] = {(70 + number, 1): 1.0}
        return known


def vigil_of(machine: Machine) -> Vigil:
    made = Vigil(cast("Any", machine), cast("Any", machine), machine.wake)
    made._census = cast("Any", machine)
    return made


def rounds(machine: Machine, *instants: float) -> Vigil:
    vigil = vigil_of(machine)
    for now in instants:
        asyncio.run(vigil.round(now))
    return vigil


def test_nobody_is_looked_at_who_has_no_stall_after() -> None:
    """Neither the one without, nor the one that says never, nor a dead one. Mutant killed: everybody is due."""
    machine = Machine()
    machine.worker("plain", stall_after=None)
    machine.worker("never", stall_after=0)
    machine.worker("dead", verdict=Dead(Exit(1), NOW))
    rounds(machine, 0.0, 1000.0)
    assert machine.lists == 0


def test_the_boards_word_holds_for_who_says_none() -> None:
    """A board with `stall_after` has all of its workers followed."""
    machine = Machine()
    machine.worker("plain", stall_after=None)
    machine.board = type("View", (), {"board": type("Board", (), {"settings": Settings(stall_after=60.0)})})
    rounds(machine, 0.0)
    assert machine.lists == 1


def test_a_worker_is_looked_at_four_times_within_its_limit() -> None:
    """However often the timer comes round. Mutant killed: a look each round."""
    machine = Machine()
    machine.worker("t")
    rounds(machine, *range(int(LIMIT)))
    assert machine.lists == LOOKS


def test_a_stall_within_a_moment_is_no_busy_loop() -> None:
    """Whatever a person writes, there is time between two looks. Mutant killed: a pause as short as the limit asks."""
    machine = Machine()
    machine.worker("t", stall_after="1ms")
    rounds(machine, *(number / 1000 for number in range(1000)))
    assert machine.lists <= 1 / SHORTEST


def test_one_look_serves_all_that_are_due() -> None:
    """Workers that began at other times are looked at together from the second time on. Mutant killed: each has a
    timer of its own."""
    machine = Machine()
    machine.worker("a")
    vigil = rounds(machine, 10.0)
    for number, name in enumerate("bcde"):
        machine.worker(name)
        asyncio.run(vigil.round(11.0 + number))
    assert machine.lists == 5
    for now in range(20, 20 + int(PAUSE)):
        asyncio.run(vigil.round(float(now)))
    assert machine.lists == 6


def test_a_screen_is_read_only_where_there_was_output() -> None:
    """And never one that a program draws as a whole. Mutant killed: a screen a look."""
    machine = Machine()
    machine.worker("talks")
    machine.worker("draws")
    machine.outputs_now["%2"] = Output("0/0/0/7", is_full_screen=True)
    vigil = rounds(machine, 0.0, PAUSE, 2 * PAUSE)
    assert machine.tails == ["%1"]
    machine.outputs_now["%1"] = Output("1/0/0/8", is_full_screen=False)
    asyncio.run(vigil.round(3 * PAUSE))
    assert machine.tails == ["%1", "%1"]


def test_a_stall_is_followed_and_a_cycle_asked_for_once() -> None:
    """Only what newly means something wakes the loop. Mutant killed: a cycle a look."""
    machine = Machine()
    known = machine.worker("t")
    rounds(machine, *(number * PAUSE for number in range(LOOKS)))
    assert machine.wakes == 0
    rounds(machine, *(number * PAUSE for number in range(LOOKS, 3 * LOOKS)))
    assert machine.wakes == 1
    assert isinstance(doing_of(known.activity, LIMIT), Stalled)


@pytest.mark.parametrize("harm", ["tmux", "table", "pane", "tree"])
def test_a_look_that_failed_is_no_evidence(harm: str) -> None:
    """A listing or a table that can't be had, a pane or a tree that isn't in it: nothing is followed, so nobody stalls
    by it. Mutants killed: an empty tree taken for an idle one; a missing pane taken for a silent one."""
    machine = Machine()
    known = machine.worker("t")
    vigil = rounds(machine, 0.0)
    before = known.activity
    match harm:
        case "tmux":
            machine.fails = TmuxTimeout("list-panes: no answer within 2 s")
        case "table":
            machine.usage = None
        case "pane":
            machine.outputs_now = {}
        case _:
            machine.usage = {}
    for number in range(1, 9):
        asyncio.run(vigil.round(number * PAUSE))
    assert known.activity is before
    assert machine.lists == 9
    assert machine.told == (["look_failed"] if harm in ("tmux", "table") else [])


def test_one_that_can_not_be_read_keeps_no_other_from_being_followed() -> None:
    """A pane that goes while it is read is one failed look, not everybody's."""

    class Fickle(Machine):
        async def tail(self, pane: str, lines: int) -> list[str]:
            if pane == "%1":
                raise TmuxError("can't find pane: %1")
            return []

    machine = Fickle()
    first, second = machine.worker("a"), machine.worker("b")
    rounds(machine, 0.0)
    assert first.activity is None
    assert second.activity is not None


def test_a_failure_is_told_again_once_it_was_over() -> None:
    """Told once while it lasts, and the next one is news."""
    machine = Machine()
    machine.worker("t")
    vigil = vigil_of(machine)
    for number, fails in enumerate([True, True, False, True]):
        machine.fails = TmuxError("refused") if fails else None
        asyncio.run(vigil.round(number * PAUSE))
    assert machine.told == ["look_failed", "look_failed"]
