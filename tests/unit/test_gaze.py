"""How agents are looked at: how little is asked for it, what is remembered, and that a failed look says nothing."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any, cast

from supervisor.agents.needs import settled_of
from supervisor.agents.reading import FRESH, Settled, Source, State, hear
from supervisor.agents.screens import LAYOUTS
from supervisor.control import TmuxTimeout
from supervisor.gaze import SOON, TICK, YOUNG, Gaze
from supervisor.hooks.latest import Latest, reading_of
from supervisor.keeping import Keeping
from supervisor.model import Alive, Attempt, Dead, Exit, Verdict
from supervisor.panes import Output
from supervisor.processes import ProcessId
from supervisor.profiles import Profile
from supervisor.screen import NOWHERE, Zones
from supervisor.sight import Known
from supervisor.sink.messages import Spoken
from tests.boards import HOME, NOW, task
from tests.screens import read_sample


@dataclass
class Machine:
    """The tmux server and the supervisor's other parts, as far as a gaze asks for them; its clock is moved by hand."""

    now: float = 0.0
    screens: dict[str, str] = field(default_factory=dict)
    outputs_now: dict[str, Output] = field(default_factory=dict)
    agents: dict[str, str | None] = field(default_factory=dict)
    kept: dict[str, Keeping] = field(default_factory=dict)
    captured: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    fails: Exception | None = None
    lists: int = 0
    wakes: int = 0
    session: str = HOME
    writes: int = 0
    spoken: dict[str, Spoken] = field(default_factory=dict)

    async def outputs(self, session: str) -> dict[str, Output]:
        self.lists += 1
        if self.fails is not None:
            raise self.fails
        return dict(self.outputs_now)

    async def capture(self, pane: str, *, history: bool) -> str:
        assert not history
        self.captured.append(pane)
        return self.screens[pane]

    def profile(self, board: Any, task: Any) -> Profile:
        return Profile(task.id, ("x",), ("x",), {}, screens=self.agents[task.id])

    def zones(self, profile: Profile) -> Zones:
        return NOWHERE

    def clock(self) -> float:
        return NOW + self.now

    def tell(self, name: str, task: str | None, **fields: Any) -> None:
        self.told.append(name)

    def wake(self) -> None:
        self.wakes += 1

    @property
    def recorder(self) -> Machine:
        return self

    @property
    def board(self) -> Machine:
        return self

    @property
    def server(self) -> Machine:
        return self

    @property
    def engine(self) -> Machine:
        return self

    def worker(self, name: str, agent: str | None, sample: str = "busy", verdict: Verdict | None = None) -> Known:
        pane = f"%{len(self.kept) + 1}"
        known = Known(Attempt(HOME, name, 3, 1), None, pane)
        self.agents[name] = agent
        self.kept[name] = Keeping(task(id=name, prompt="work"), known, verdict or Alive(7, pane))
        self.show(pane, agent if agent in LAYOUTS else "claude", sample)
        return known

    def show(self, pane: str, agent: str | None, sample: str, *, title: str = "", bells: int = 0) -> None:
        self.writes += 1
        self.screens[pane] = read_sample(str(agent), sample).text
        self.outputs_now[pane] = Output(str(self.writes), is_full_screen=True, title=title, bells=bells)


def look(machine: Machine, seconds: int, gaze: Gaze | None = None) -> Gaze:
    """Once a second."""
    found = gaze or Gaze(cast("Any", machine), cast("Any", machine), machine.wake, lambda: None)
    for _ in range(seconds):
        asyncio.run(found.round(machine.now))
        machine.now += 1
    return found


def state(machine: Machine, known: Known) -> Settled:
    return settled_of(known.heard, machine.clock())


def test_only_live_agents_with_rules_are_looked_at() -> None:
    """Neither a dead one, nor one without rules, nor one with rules that nobody knows; then tmux isn't even asked.

    Mutant: everybody is looked at."""
    machine = Machine()
    machine.worker("dead", "claude", verdict=Dead(Exit(1), NOW))
    machine.worker("plain", None)
    machine.worker("odd", "clod")
    look(machine, 5)
    assert (machine.lists, machine.captured) == (0, [])


def test_a_screen_at_rest_is_read_twice_and_stays_true() -> None:
    """Long past its window: each listing confirms it, without another read. Mutants: not confirmed; read each time."""
    machine = Machine()
    known = machine.worker("a", "claude", "permission")
    look(machine, 1)
    assert state(machine, known).state is State.UNKNOWN
    look_on = look(machine, int(FRESH[Source.SCREEN]) * 3)
    assert state(machine, known).state is State.ASKING
    assert len(machine.captured) <= 4
    before = len(machine.captured)
    look(machine, 60, look_on)
    assert len(machine.captured) == before


def test_a_change_is_told_once() -> None:
    """One cycle is asked for as it starts to ask, and one as it goes on; none in between. Mutant: each look wakes."""
    machine = Machine()
    machine.worker("a", "claude", "permission")
    gaze = look(machine, 10)
    assert machine.wakes == 1
    machine.show("%1", "claude", "idle-done")
    look(machine, 10, gaze)
    assert machine.wakes == 2


def test_who_was_seen_to_ask_but_once_is_looked_at_again_soon() -> None:
    """A person waits for that. Others wait for the usual moment, however often they repaint, so that it costs nothing.

    Mutants: always; never; for whatever was read once.
    """
    machine = Machine()
    machine.worker("a", "claude", "busy")
    gaze = Gaze(cast("Any", machine), cast("Any", machine), machine.wake, lambda: None)
    for _ in range(12):
        machine.show("%1", "claude", "busy")
        look(machine, 1, gaze)
        assert gaze.pause == TICK
    machine.show("%1", "claude", "permission")
    pauses = []
    for _ in range(8):
        look(machine, 1, gaze)
        pauses.append(gaze.pause)
    assert pauses.count(SOON) == 1
    assert pauses[-1] == TICK


def test_the_next_prompt_is_told_although_only_its_words_differ() -> None:
    """The status is written for it, once, and no cycle is asked for: nothing is to be decided anew. Mutant: it waits
    for whatever is written next."""
    machine, said = Machine(), []
    known = machine.worker("a", "claude", "permission")
    gaze = Gaze(cast("Any", machine), cast("Any", machine), machine.wake, lambda: said.append(machine.now))
    look(machine, 10, gaze)
    before = len(said)
    machine.show("%1", "claude", "permission-write")
    look(machine, 10, gaze)
    reading = state(machine, known).reading
    assert reading is not None
    assert "create made-up.txt" in reading.detail
    assert (len(said), machine.wakes) == (before + 1, 1)


def test_a_look_that_failed_says_nothing_and_is_told_once() -> None:
    """What was heard grows old, and then nobody can tell. Mutants: a failure confirms; it is told each time."""
    machine = Machine()
    known = machine.worker("a", "claude", "permission")
    gaze = look(machine, 5)
    machine.fails = TmuxTimeout("no answer")
    look(machine, int(FRESH[Source.SCREEN]) + 2, gaze)
    assert state(machine, known).state is State.UNKNOWN
    assert machine.told == ["look_failed"]
    machine.fails = None
    look(machine, 1, gaze)
    assert state(machine, known).state is State.ASKING


def test_a_title_goes_before_the_screen_and_a_bell_has_it_read() -> None:
    """A bell alone changes nothing but that the screen is read once more. Mutants: a bell is a question; no read."""
    machine = Machine()
    known = machine.worker("a", "codex", "idle-done")
    gaze = look(machine, 8)
    assert state(machine, known).state is State.IDLE
    reads = len(machine.captured)
    machine.outputs_now["%1"] = Output("1", is_full_screen=True, bells=1)
    look(machine, 3, gaze)
    assert len(machine.captured) > reads
    assert (state(machine, known).state, known.heard[Source.BELL].newest.state) == (State.IDLE, State.UNKNOWN)
    machine.show("%1", "codex", "permission", title="[ ! ] Action Required | repo", bells=1)
    look(machine, 2, gaze)
    assert state(machine, known).reading is not None
    assert (state(machine, known).state, str(state(machine, known).reading).count("title")) == (State.ASKING, 1)


def test_a_young_worker_of_which_nobody_says_anything_is_starting() -> None:
    """Until somebody says something, or it is young no more. Mutants: starting goes before a question; for ever."""
    machine = Machine()
    known = machine.worker("a", "codex", "idle")
    machine.screens["%1"] = ""
    known.process, known.born = ProcessId(7, 1), (time.monotonic(), 0.0)
    gaze = look(machine, 3)
    assert state(machine, known).state is State.STARTING
    machine.show("%1", "codex", "permission")
    look(machine, 6, gaze)
    assert state(machine, known).state is State.ASKING
    other = machine.worker("b", "codex", "idle")
    machine.screens["%2"] = ""
    other.process, other.born = ProcessId(8, 1), (time.monotonic(), YOUNG)
    look(machine, 3, gaze)
    assert state(machine, other).state is State.UNKNOWN


# --- what agents say themselves, once


def spoke(machine: Machine, known: Known, state_now: State, *, ago: float = 0.0, background: int | None = None) -> None:
    at = machine.clock() - ago
    mark = known.attempt.mark
    known.hooked = Latest(mark, "claude", state_now, at, at, 1, detail="said", background=background)
    known.heard[Source.HOOK] = hear(known.heard.get(Source.HOOK), reading_of(known.hooked))


def written(machine: Machine, pane: str, at: float) -> None:
    """tmux's own clock stands in what it tells of a pane's output."""
    machine.outputs_now[pane] = Output(f"0/0/{machine.writes}/{int(at)}", is_full_screen=True)


def test_an_old_question_stands_while_nothing_is_written() -> None:
    """Of a worker without screens, long past the hook's window; not once it was written to, and no screen is captured
    for it. Mutants killed: never confirmed; confirmed whatever is written; confirmed from look to look."""
    machine = Machine()
    known = machine.worker("a", None)
    spoke(machine, known, State.ASKING)
    written(machine, "%1", machine.clock() + 1)
    gaze = look(machine, 400)
    assert state(machine, known).state is State.ASKING
    written(machine, "%1", machine.clock() - 5)  # within reach of the last look, not of the word
    look(machine, int(FRESH[Source.HOOK]) + 2, gaze)
    assert state(machine, known).state is State.UNKNOWN
    assert machine.captured == []


def test_a_screen_that_shows_the_same_confirms_the_agents_word() -> None:
    """However often it is repainted; when it shows another state for some seconds, that is believed, long before the
    hook's window ends. Mutants killed: a repaint breaks it; the hook's word holds for its whole window."""
    machine = Machine()
    known = machine.worker("a", "claude", "permission")
    spoke(machine, known, State.ASKING)
    gaze = None
    for _ in range(60):
        machine.show("%1", "claude", "permission")
        written(machine, "%1", machine.clock())
        gaze = look(machine, 3, gaze)
    assert (state(machine, known).state, str(state(machine, known).reading).count("hook")) == (State.ASKING, 1)
    machine.show("%1", "claude", "busy")
    look(machine, 9, gaze)
    assert state(machine, known).state is State.BUSY


def test_an_interrupted_agent_is_idle_by_its_screen() -> None:
    """No hook tells of it; but a turn that left work behind it is busy though its box is there. Mutant killed: a busy
    word lasts for its window."""
    machine = Machine()
    known, other = machine.worker("a", "claude", "busy"), machine.worker("b", "claude", "busy")
    gaze = look(machine, 5)
    spoke(machine, known, State.BUSY)
    spoke(machine, other, State.BUSY, background=1)
    machine.show("%1", "claude", "idle-done")
    machine.show("%2", "claude", "idle-done")
    look(machine, 9, gaze)
    assert (state(machine, known).state, state(machine, other).state) == (State.IDLE, State.BUSY)


def test_who_says_it_last_long_ago_is_told_to_have_stopped_saying_it() -> None:
    """A word that grows too old is news by itself. Mutant killed: only what a look heard is compared."""
    machine = Machine()
    known = machine.worker("a", None)
    spoke(machine, known, State.BUSY)
    gaze = look(machine, 2)
    before = machine.wakes
    look(machine, int(FRESH[Source.HOOK]) + 2, gaze)
    assert (state(machine, known).state, machine.wakes) == (State.UNKNOWN, before + 1)


def test_a_terminal_signal_goes_before_the_title() -> None:
    """Each is heard once, and holds like a hook's word; an error leaves the word to a screen that can tell. Mutants
    killed: heard anew at each look; `error` hides the limit."""
    machine = Machine()
    known = machine.worker("a", "codex", "permission")
    machine.spoken[known.attempt.mark] = Spoken(known.attempt.mark, "state=blocked:app=codex:kind=permission", NOW)
    gaze = look(machine, 5)
    reading = state(machine, known).reading
    assert reading is not None
    assert (reading.source, reading.state, reading.rule) == (Source.SIGNAL, State.ASKING, "blocked, permission")
    assert known.heard[Source.SIGNAL].reads == 1
    machine.spoken[known.attempt.mark] = Spoken(known.attempt.mark, "state=error:app=codex", machine.clock())
    machine.show("%1", "codex", "usage-limit")
    look(machine, 6, gaze)
    assert state(machine, known).state is State.LIMITED


def test_who_is_not_in_the_order_is_neither_asked_nor_heard() -> None:
    """A screen is not even captured, a title not read, a bell no cause for a look; what was said before the order was
    another one is forgotten. Mutants killed: the screen captured all the same; an old word kept; a title
    heard all the same."""
    machine = Machine()
    known = machine.worker("a", "codex", "permission")
    gaze = look(machine, 6)
    assert state(machine, known).state is State.ASKING
    captured = len(machine.captured)
    known.listen_to((Source.TITLE,))
    assert known.heard.keys() <= {Source.TITLE}
    machine.show("%1", "codex", "permission", title="⠴ repo", bells=3)
    look(machine, 6, gaze)
    assert (len(machine.captured), set(known.heard)) == (captured, {Source.TITLE})
    assert settled_of(known.heard, machine.clock(), known.order).state is State.BUSY
    known.listen_to((Source.SCREEN,))
    look(machine, 6, gaze)
    assert set(known.heard) == {Source.SCREEN}
