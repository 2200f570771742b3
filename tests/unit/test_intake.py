"""Taking in signals: what is told of many, what is kept before a file goes, and who is waited for."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from supervisor.agents.reading import Source, State
from supervisor.hooks import tray
from supervisor.hooks.folder import make_room, put
from supervisor.hooks.intake import PATIENCE, Intake
from supervisor.keeping import Keeping
from supervisor.model import Attempt
from supervisor.processes import ProcessId
from supervisor.sight import Known
from tests.agents import waiting
from tests.boards import HOME, NOW, task

WORKER = ProcessId(70, 5)


@dataclass
class Machine:
    """The supervisor's other parts, as far as an intake asks for them."""

    side: str
    kept: dict[str, Keeping] = field(default_factory=dict)
    told: list[tuple[str, str | None, dict[str, Any]]] = field(default_factory=list)
    wakes: int = 0
    now: float = NOW

    def clock(self) -> float:
        return self.now

    def tell(self, name: str, task: str | None, **fields: Any) -> None:
        self.told.append((name, task, fields))

    def wake(self) -> None:
        self.wakes += 1

    def text(self, said: str) -> str:
        return said.replace("secret", "[masked]")

    @property
    def engine(self) -> Machine:
        return self

    @property
    def store(self) -> Machine:
        return self

    @property
    def redactor(self) -> Machine:
        return self

    @property
    def board(self) -> Any:
        return self if self.kept else None

    def find(self, name: str) -> object:
        return self.kept.get(name)

    def worker(self, name: str, process: ProcessId | None = WORKER) -> Known:
        known = Known(Attempt(HOME, name, 3, 1), process)
        self.kept[name] = Keeping(task(id=name, run="work"), known)
        return known

    def intake(self) -> Intake:
        return Intake(cast("Any", self), cast("Any", self), self.wake)

    def says(self, order: int, name: str, kind: str, **more: Any) -> None:
        said = {
            "at": NOW,
            "mark": f"{HOME}/{name}.3.1",
            "agent": "claude",
            "chain": [[900, 9, ""], [70, 5, ""]],
            **more,
        }
        make_room(self.side)
        put(self.side, name, kind, order, json.dumps(said).encode())


def taken(intake: Intake) -> None:
    asyncio.run(intake.round())


def test_a_storm_is_one_piece_of_news_for_each_task(tmp_path: Path) -> None:
    """A thousand words within one round, of whatever order: each task's last one is told, once; no file is left. What
    it asks stands, masked, with what other sources say, and not in this event.
    Mutants killed: told for each signal; the loop's turn asked for each; files that stay; the question told twice."""
    machine = Machine(str(tmp_path))
    workers = [machine.worker(f"t{number}") for number in range(5)]
    for order in range(1000):
        machine.says(order, f"t{order % 5}", "tool" if order < 990 else "asking", text=f"secret {order}")
    taken(machine.intake())
    assert [known.hooked.state for known in workers if known.hooked] == [State.ASKING] * 5
    seen = [(task, fields["state"]) for name, task, fields in machine.told if name == "agent_signal_seen"]
    assert seen == [(f"t{number}", "asking") for number in range(5)]
    assert [known.heard[Source.HOOK].newest.detail for known in workers] == [f"[masked] {995 + n}" for n in range(5)]
    assert (len(machine.told), machine.wakes) == (5, 1)
    assert not any(word in str(machine.told) for word in ("secret", "masked"))
    assert waiting(tmp_path) == []


def test_a_hook_that_nobody_listens_to_is_known_and_no_reading(tmp_path: Path) -> None:
    """Its profile's `reads` doesn't name hooks: what it says tells no state, only whose
    conversation it is. Mutants killed: heard in spite of that; not even remembered."""
    machine = Machine(str(tmp_path))
    known = machine.worker("t")
    known.listen_to((Source.SCREEN,))
    machine.says(1, "t", "asking", session="abc")
    taken(machine.intake())
    assert known.heard == {}
    assert known.hooked is not None
    assert known.hooked.session == "abc"


def test_a_signal_waits_until_its_worker_was_seen(tmp_path: Path) -> None:
    """As after our own start; and not for ever. Mutants killed: judged at once; waited for without end."""
    machine = Machine(str(tmp_path))
    intake = machine.intake()
    machine.says(1, "t", "asking")
    taken(intake)  # there is no board yet
    known = machine.worker("t", None)
    taken(intake)
    assert len(waiting(tmp_path)) == 1
    known.process = WORKER
    taken(intake)
    assert known.hooked is not None
    assert waiting(tmp_path) == []
    machine.worker("late", None)
    machine.says(2, "late", "asking")
    machine.now = NOW + PATIENCE + 1
    taken(intake)
    assert waiting(tmp_path) == []


def test_what_was_heard_outlives_us_and_no_other_attempt(tmp_path: Path) -> None:
    """It is known to the next supervisor, under the same attempt alone, and isn't told again. Mutants killed: kept
    without its mark; not kept."""
    machine = Machine(str(tmp_path))
    machine.worker("t")
    machine.says(1, "t", "asking", text="a secret?")
    taken(machine.intake())
    path = tmp_path / "cache" / "agents" / "t.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert "secret" not in path.read_text()
    known = Machine(str(tmp_path)).worker("t")
    assert tray.kept(str(tmp_path), "t", known.attempt.mark) is not None
    assert tray.kept(str(tmp_path), "t", f"{HOME}/t.3.2") is None
    later = Machine(str(tmp_path))
    known = later.worker("t")
    taken(later.intake())
    assert known.hooked is not None
    assert (known.hooked.state, known.hooked.text) == (State.ASKING, "a [masked]?")
    assert later.told == []


def test_a_damaged_memory_is_none(tmp_path: Path) -> None:
    """Whatever stands there, the supervisor goes on."""
    path = tmp_path / "cache" / "agents" / "t.json"
    path.parent.mkdir(parents=True)
    wrong = json.dumps({"mark": f"{HOME}/t.3.1", "agent": "x", "state": "busy", "since": 1, "at": 1, "order": "7"})
    for text in ("", "[]", "{}", '{"state": "x"}', '{"mark": 1}', wrong):
        path.write_text(text)
        machine = Machine(str(tmp_path))
        known = machine.worker("t")
        taken(machine.intake())
        assert known.hooked is None


def test_losses_are_told_with_their_number(tmp_path: Path) -> None:
    """What a full folder lost stands in the journal, once."""
    machine = Machine(str(tmp_path))
    machine.worker("t")
    machine.says(1, "t", "tool", dropped=3)
    machine.says(2, "t", "idle", dropped=4)
    taken(machine.intake())
    assert ("agent_signals_dropped", None, {"dropped_count": 7}) in machine.told
