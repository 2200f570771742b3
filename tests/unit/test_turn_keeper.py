"""Asking agents to finish: what stands on the disk when the first key is pressed, and whom a fault may reach."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from board.journal.redact import Redacted
from supervisor.agents.reading import Heard, Reading, Source, State
from supervisor.answering.receipt import UNSURE, Receipt
from supervisor.hooks.call import prompt_mark
from supervisor.hooks.latest import Signal, follow
from supervisor.keeping import Keeping
from supervisor.launch import Site, brief_path
from supervisor.model import Alive, Attempt
from supervisor.processes import ProcessId
from supervisor.profiles import Profile
from supervisor.sight import Known
from supervisor.turns import record
from supervisor.turns.keeper import Turns
from supervisor.turns.turn import Pace, Turn
from tests.boards import HOME, NOW, task

QUICK = Pace(0.0, 0.0, 0.0, 0.0, 60.0, 0.0)
RUN = {"step": "main", "attempt": 1, "token": 3, "started_at": "2026-11-20T10:00:00Z"}
CLAIM = {"by": "me", "token": 3, "at": "2026-11-20T10:00:00Z", "expires_at": "2026-11-20T12:00:00Z"}


@dataclass
class Machine:
    """The supervisor's other parts, as far as turns ask for them; texts end up in `typed` unless `way` says why not."""

    side: str
    now: float = NOW
    kept: dict[str, Keeping] = field(default_factory=dict)
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    way: str = ""
    on_disk: list[Turn | None] = field(default_factory=list)
    session: str = HOME
    settles: str = "said"
    screens: str | None = "claude"

    def __getattr__(self, name: str) -> Machine:
        if name in ("board", "engine", "store", "redactor", "server"):
            return self
        raise AttributeError(name)

    def clock(self) -> float:
        return self.now

    def text(self, said: str) -> str:
        return said.replace("secret", "[masked]")

    def tell(self, name: str, task: str | None, **fields: Any) -> None:
        self.told.append((name, fields))

    def say(self) -> None:
        pass

    def is_ours(self, _: Any) -> bool:
        return True

    def profile(self, *_: Any) -> Profile:
        return Profile("claude", ("x",), ("x",), {}, settles=self.settles, screens=self.screens)

    def site(self, *_: Any) -> Site:
        return Site("/b/tasks.yaml", self.side, self.side)

    def worker(self) -> Known:
        known = Known(Attempt(HOME, "t", 3, 1), ProcessId(7, 1), "%1", born=(0.0, 0.0))
        given = task(id="t", prompt="work", status="in_progress", step="main", claim=CLAIM, run=RUN)
        self.kept["t"] = Keeping(given, known, Alive(7, "%1"))
        return known

    async def deliver(self, _: Any, pane: str, agent: str, text: str, pause: float) -> Receipt:
        if not self.way or self.way.startswith(UNSURE):
            self.typed.append(text)
        self.on_disk.append(record.kept(self.side, "t", f"{HOME}/t.3.1"))
        return Receipt(delivered=not self.way, why=self.way)

    def turns(self, deliver: Callable[..., Awaitable[Receipt]] | None = None) -> Turns:
        return Turns(cast("Any", self), cast("Any", self), self.say, deliver or self.deliver, QUICK)

    def names(self) -> list[str]:
        return [name for name, _ in self.told]


def does(machine: Machine, known: Known, state: State, **more: Any) -> None:
    machine.now += 1
    reading = Reading(Source.HOOK, state, "said", machine.now, since=machine.now, **more)
    known.heard[Source.HOOK] = Heard(reading, 1, reading)


def prompted(machine: Machine, known: Known, text: str) -> None:
    """As its hook tells of a turn's beginning, whatever the agent did to the blanks; then it stops."""
    said = prompt_mark(f" {text}\n".replace(" ", "  "), machine.side)
    kinds = {"at": machine.now, "task": "t", "mark": known.attempt.mark, "agent": "claude"}
    order = 1 if known.hooked is None else known.hooked.order + 1
    known.hooked = follow(known.hooked, Signal(order, kind="busy", prompt=said, **kinds))
    does(machine, known, State.BUSY)
    looked(machine.turns())
    known.hooked = follow(known.hooked, Signal(order + 1, kind="idle", background=0, **kinds))
    does(machine, known, State.IDLE)


def looked(turns: Turns, times: int = 3) -> None:
    async def look() -> None:
        for _ in range(times):
            turns.round()
            pending = [*turns._under_way.values()]
            await asyncio.gather(*pending, return_exceptions=True)
            await asyncio.sleep(0)

    asyncio.run(look())


def test_it_stands_on_the_disk_before_a_key_is_pressed(tmp_path: Path) -> None:
    """And is known to the next supervisor, which asks no more. Mutants killed: written behind the text; not read."""
    machine = Machine(str(tmp_path))
    known = machine.worker()
    does(machine, known, State.IDLE)
    looked(machine.turns())
    [written] = machine.on_disk
    assert written is not None
    assert written.asked_at == machine.now
    assert (machine.names(), len(machine.typed)) == (["agent_nudged"], 1)
    path = tmp_path / "turns" / "t.json"
    assert path.stat().st_mode & 0o777 == 0o600
    later = Machine(str(tmp_path), now=machine.now)
    known = later.worker()
    does(later, known, State.IDLE)
    looked(later.turns())
    assert (later.typed, later.names()) == ([], ["turn_unfinished"])
    looked(later.turns())
    assert later.names() == ["turn_unfinished"]


def test_a_persons_turn_is_told_apart_from_ours(tmp_path: Path) -> None:
    """Its first prompt and our own text are ours, also to the next supervisor; any other prompt is a person's, and
    nobody is told of its stop. Mutants killed: what was sent isn't kept; no prompt is a person's."""
    (tmp_path / "redact.key").write_bytes(b"k" * 32)
    machine = Machine(str(tmp_path))
    known = machine.worker()
    prompted(machine, known, "the brief")
    looked(machine.turns())
    assert machine.names() == ["agent_nudged"]
    for text in ("what do you need?", "and now?"):
        prompted(machine, known, text)
        looked(machine.turns())
    assert machine.names() == ["agent_nudged"]
    later = Machine(str(tmp_path), now=machine.now)
    again = later.worker()
    again.hooked = known.hooked
    does(later, again, State.IDLE)
    looked(later.turns())
    assert later.names() == []
    prompted(later, again, machine.typed[0])
    looked(later.turns())
    assert later.names() == ["turn_unfinished"]


def test_who_is_told_to_leave_lets_a_text_end(tmp_path: Path) -> None:
    """What came of it is on the disk, however often it is told: a text that was taken back is typed anew by the next
    one. Mutant killed: cancelled, and not waited for."""
    has_begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(*_: Any) -> Receipt:
        has_begun.set()
        await may_end.wait()
        return Receipt(delivered=False, why="the supervisor had to leave; taken back")

    async def leaving() -> None:
        keeping = asyncio.create_task(turns.keep())
        await has_begun.wait()
        for _ in range(3):
            keeping.cancel()
            await asyncio.sleep(0)
        may_end.set()
        await asyncio.wait([keeping])

    machine = Machine(str(tmp_path))
    known = machine.worker()
    does(machine, known, State.IDLE)
    turns = machine.turns(slow)
    asyncio.run(leaving())
    kept = record.kept(str(tmp_path), "t", known.attempt.mark)
    assert kept is not None
    assert (kept.asked_at, kept.why) == (None, "the supervisor had to leave; taken back")


def test_who_is_killed_between_asks_no_more(tmp_path: Path) -> None:
    """Nobody knows whether it came through. Mutant killed: the record is written once it was typed."""

    async def dies(*_: Any) -> Receipt:
        raise asyncio.CancelledError

    machine = Machine(str(tmp_path))
    known = machine.worker()
    does(machine, known, State.IDLE)
    with contextlib.suppress(asyncio.CancelledError):
        looked(machine.turns(dies), 1)
    later = Machine(str(tmp_path), now=machine.now)
    known = later.worker()
    does(later, known, State.IDLE)
    looked(later.turns())
    assert (later.typed, later.names()) == ([], ["turn_unfinished"])


def test_what_did_not_come_through_is_taken_back_and_what_may_have_is_not(tmp_path: Path) -> None:
    """Masked, and on the disk. Mutants killed: an unsure text is typed again; the reason raw."""
    machine = Machine(str(tmp_path), way="a secret stands in the box")
    known = machine.worker()
    does(machine, known, State.IDLE)
    turns = machine.turns()
    looked(turns)
    kept = record.kept(str(tmp_path), "t", known.attempt.mark)
    assert kept is not None
    assert (kept.asked_at, kept.tries, kept.why) == (None, 1, "a [masked] stands in the box")
    assert (machine.names(), "secret" in str(machine.told)) == (["nudge_undelivered"], False)
    machine.now, machine.way = machine.now + 20, f"{UNSURE}: it died"
    looked(turns)
    machine.now += 90
    looked(turns)
    assert (len(machine.typed), machine.names()) == (1, ["nudge_undelivered"] * 2 + ["turn_unfinished"])


@pytest.mark.parametrize("text", ["", "[]", "{", '{"mark": 7}', '{"mark": "%s", "asked_at": "x"}'])
def test_who_cannot_know_asks_nobody(tmp_path: Path, text: str) -> None:
    """A record that can't be read may have said that it was asked; it is told once. Another attempt's is none.
    Mutant killed: an unreadable record is no record."""
    machine = Machine(str(tmp_path))
    known = machine.worker()
    path = tmp_path / "turns" / "t.json"
    path.parent.mkdir()
    path.write_text(text.replace("%s", known.attempt.mark))
    does(machine, known, State.IDLE)
    looked(machine.turns())
    is_other = text == '{"mark": 7}'
    assert (len(machine.typed), machine.names()) == ((1, ["agent_nudged"]) if is_other else (0, ["look_failed"]))


def test_what_cannot_be_written_down_is_not_typed(tmp_path: Path) -> None:
    """Told with each of its few tries. Mutant killed: typed all the same."""
    machine = Machine(str(tmp_path))
    (tmp_path / "turns").write_text("in the way")
    known = machine.worker()
    known.turn = Turn(known.attempt.mark)
    does(machine, known, State.IDLE)
    looked(machine.turns())
    assert (machine.typed, machine.names()) == ([], ["look_failed"])


def test_only_live_interactive_agents_of_ours_are_asked(tmp_path: Path) -> None:
    """Not one whose exit settles its step, not another attempt's, not one whose task is blocked by now. Mutants killed:
    each of the three."""
    for name in ("settles", "attempt", "status"):
        machine = Machine(str(tmp_path), settles="exit" if name == "settles" else "said")
        known = machine.worker()
        kept = machine.kept["t"]
        if name == "attempt":
            known.attempt = replace(known.attempt, number=2)
        if name == "status":
            kept.task = task(id="t", prompt="work", status="blocked", step="main", claim=CLAIM, run=RUN)
        does(machine, known, State.IDLE)
        looked(machine.turns())
        assert (machine.typed, machine.told) == ([], []), name


def test_a_limit_that_is_over_is_told_once(tmp_path: Path) -> None:
    """Its end stands on the disk as soon as it is known: behind it the same clock means tomorrow's. Mutant killed: the
    end known to one supervisor alone."""
    machine = Machine(str(tmp_path))
    known = machine.worker()
    does(machine, known, State.LIMITED, until=NOW + 30)
    looked(machine.turns())
    assert machine.typed == []
    later = Machine(str(tmp_path), now=NOW + 31)
    known = later.worker()
    does(later, known, State.LIMITED, until=NOW + 30 + 86400)
    turns = later.turns()
    looked(turns)
    assert (later.names(), len(later.typed)) == (["agent_continued"], 1)
    assert "usage limit" in later.typed[0]
    looked(turns)
    assert len(later.typed) == 1


def owes(machine: Machine, known: Known, brief: str | None = "go on from there\n") -> None:
    record.keep(machine.side, "t", Turn(known.attempt.mark, owes=True), Redacted(""))
    path = Path(brief_path(machine.side, known.attempt))
    path.parent.mkdir(parents=True, exist_ok=True)
    if brief is not None:
        path.write_text(brief)
    reading = Reading(Source.SCREEN, State.IDLE, "input-box", machine.now, since=machine.now)
    known.heard[Source.SCREEN] = Heard(reading, 2, reading)


def test_a_brief_that_is_owed_is_typed_once_across_our_death(tmp_path: Path) -> None:
    """By the supervisor after the one that started it, too; and whoever may have typed it types it no more.
    Mutants killed: it is only remembered; still owed on the disk when the first key is pressed."""

    async def dies(*_: Any) -> Receipt:
        raise asyncio.CancelledError

    machine = Machine(str(tmp_path))
    owes(machine, machine.worker())
    looked(machine.turns())
    assert (machine.names(), machine.typed) == (["agent_briefed"], ["go on from there\n"])
    assert [turn.owes for turn in machine.on_disk if turn is not None] == [False]
    looked(machine.turns())
    assert len(machine.typed) == 1
    later = Machine(str(tmp_path))
    owes(later, later.worker())
    with contextlib.suppress(asyncio.CancelledError):
        looked(later.turns(dies), 1)
    third = Machine(str(tmp_path))
    known = third.worker()
    reading = Reading(Source.SCREEN, State.IDLE, "input-box", third.now, since=third.now)
    known.heard[Source.SCREEN] = Heard(reading, 2, reading)
    looked(third.turns())
    assert third.typed == []
    third.now += 61
    later_reading = replace(reading, at=third.now)
    known.heard[Source.SCREEN] = Heard(later_reading, 2, later_reading)
    looked(third.turns())
    assert (third.typed, third.names()) == ([], ["turn_unfinished"])
    assert third.told[0][1]["why"] == "it was told its brief, and did not begin"


def test_a_brief_that_is_gone_or_not_taken_is_told_of(tmp_path: Path) -> None:
    """With the reason, masked, and owed still, on the disk too. Mutants killed: a look that fails at each round; owed
    no more."""
    machine = Machine(str(tmp_path), way="a secret is in its box")
    known = machine.worker()
    owes(machine, known, None)
    looked(machine.turns())
    kept = record.kept(str(tmp_path), "t", known.attempt.mark)
    assert kept is not None
    assert (kept.owes, kept.asked_at, kept.tries, kept.why) == (True, None, 1, "a [masked] is in its box")
    assert machine.names() == ["nudge_undelivered"]
